// A client of both versions in Go, with what its library has and no more: those that were written for Confluent's proxy are
// from before there were modules. Takes one job a line from stdin, answers one line each, as old_clients.py does.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
)

type job struct {
	Op     string   `json:"op"`
	Client string   `json:"client"`
	URL    string   `json:"url"`
	Group  string   `json:"group"`
	Topic  string   `json:"topic"`
	Values []string `json:"values"`
}

type record struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// client is a consumer instance, and where its records come from.
type client struct {
	version string
	url     string
	topic   string
	baseURI string
}

func mediaType(format, version string) string {
	return "application/vnd.kafka." + format + version + "+json"
}

// call sends a request, and reads the answer into result unless that is nil.
func call(method, url string, headers map[string]string, body, result any) error {
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		payload = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, url, payload)
	if err != nil {
		return err
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, url, response.Status, text)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(text, result)
}

func open(j job) (*client, error) {
	c := &client{version: j.Client, url: j.URL, topic: j.Topic}
	first := map[string]string{"v1": "smallest", "v2": "earliest"}[c.version]
	settings := map[string]string{
		"name": "c", "format": "json", "auto.offset.reset": first, "auto.commit.enable": "false",
	}
	var made struct {
		BaseURI string `json:"base_uri"`
	}
	headers := map[string]string{"Content-Type": mediaType("", c.version)}
	if err := call("POST", c.url+"/consumers/"+j.Group, headers, settings, &made); err != nil {
		return nil, err
	}
	c.baseURI = made.BaseURI
	if c.version == "v1" {
		return c, nil
	}
	topics := map[string][]string{"topics": {c.topic}}
	return c, call("POST", c.baseURI+"/subscription", headers, topics, nil)
}

func (c *client) produce(values []string) error {
	var records []record
	for _, value := range values {
		records = append(records, record{value, value})
	}
	var answer struct {
		Offsets []struct {
			Error *string `json:"error"`
		} `json:"offsets"`
	}
	headers := map[string]string{"Content-Type": mediaType("json.", c.version)}
	body := map[string][]record{"records": records}
	if err := call("POST", c.url+"/topics/"+c.topic, headers, body, &answer); err != nil {
		return err
	}
	for _, offset := range answer.Offsets {
		if offset.Error != nil {
			return fmt.Errorf("not produced: %s", *offset.Error)
		}
	}
	return nil
}

func (c *client) read() ([]string, error) {
	url := c.baseURI + "/records"
	if c.version == "v1" {
		url = c.baseURI + "/topics/" + c.topic
	}
	var records []record
	err := call("GET", url, map[string]string{"Accept": mediaType("json.", c.version)}, nil, &records)
	values := []string{}
	for _, one := range records {
		values = append(values, one.Value)
	}
	return values, err
}

func do(c **client, j job) (answer map[string]any, err error) {
	answer = map[string]any{}
	switch j.Op {
	case "open":
		*c, err = open(j)
		answer["commits"] = true
	case "produce":
		err = (*c).produce(j.Values)
	case "read":
		answer["values"], err = (*c).read()
	case "commit":
		err = call("POST", (*c).baseURI+"/offsets", nil, nil, nil)
	case "close":
		err = call("DELETE", (*c).baseURI, nil, nil, nil)
	default:
		err = fmt.Errorf("no such job: %s", j.Op)
	}
	return answer, err
}

func main() {
	var c *client
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var j job
		err := json.Unmarshal(lines.Bytes(), &j)
		var answer map[string]any
		if err == nil {
			answer, err = do(&c, j)
		}
		if err != nil {
			answer = map[string]any{"error": err.Error()}
		}
		text, _ := json.Marshal(answer)
		fmt.Println(string(text))
	}
}
