"""Old clients of Confluent's proxy, as they are in the registry. Takes one job a line from stdin, answers one line each.

{"op": "open", "client", "url", "group", "topic"} -> {"commits": whether it can}
{"op": "produce", "values": [...]} -> {}
{"op": "read"} -> {"values": [...]}
{"op": "commit"} -> {}
{"op": "close"} -> {}
"""
import asyncio
import base64
import json
import os
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer

import requests

# Python 3 has another name for a module that one of them was written with.
sys.modules["urlparse"] = urllib.parse
os.environ["KAFKAREST_LOG_LEVEL"] = "ERROR"
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

TIMEOUT_S = 30
READ_TIMEOUT_MS = 1000
MAX_BYTES = 1 << 20


class BridgeClient:
    """kafka-bridge-client, v2: binary records, and a commit that names offsets."""

    def __init__(self, url, group, topic):
        from kafka_bridge_client.consumer import KafkaBridgeConsumer
        from kafka_bridge_client.producer import KafkaBridgeProducer

        self.topic = topic
        self.producer = KafkaBridgeProducer(url, timeout=TIMEOUT_S)
        self.consumer = KafkaBridgeConsumer(
            topic,
            bootstrap_server=url,
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            consumer_name="c",
            sleep_interval_seconds=0,
            client_timeout_seconds=TIMEOUT_S,
            proxy="confluent",
        )
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self.consumer.__aenter__())

    def produce(self, values):
        records = [{"key": value, "value": value.encode()} for value in values]
        assert self.producer.sends(self.topic, records, binary=True)

    def read(self):
        poll = self.consumer.poll_records(max_bytes=MAX_BYTES, timeout=READ_TIMEOUT_MS)
        return [base64.b64decode(record["value"]).decode() for record in self.loop.run_until_complete(poll)]

    def commit(self):
        self.loop.run_until_complete(self.consumer.commit())

    def close(self):
        self.loop.run_until_complete(self.consumer.__aexit__())


class NlpClient:
    """nlp-kafka-rest-api, v2: writes JSON, and reads the same as bytes. It reads TOPIC-response, and never commits."""

    def __init__(self, url, group, topic):
        from kafka_rest import Consumer, Producer

        read = topic.removesuffix("-response")
        self.producer = Producer(kafka_rest_api_url=url, topic_id=topic)
        self.consumer = Consumer(kafka_rest_api_url=url, topic_id=read, consumer_group=group, instance="c")
        self.consumer.create().subscribe()

    def produce(self, values):
        self.producer.produce(values, "endpoint", keys=values)

    def read(self):
        return [record["value"]["payload"] for record in self.consumer.consume_earliest()]

    def close(self):
        self.consumer.delete()


class MaprClient:
    """pymapr-kafkarest, v2: JSON. It sends what it produces four times, and cannot commit."""

    def __init__(self, url, group, topic):
        from pymapr_kafkarest.kafkarest import MaprKlient, MaprKProducer

        self.topic = topic
        self.producer = MaprKProducer(f"{url}/", headers={})
        self.consumer = MaprKlient(f"{url}/", group, headers={}, topics=[topic], instance="c", follow_base_uri=True)
        self.consumer.connect(clear=True)
        self.consumer.subscribe()

    def produce(self, values):
        self.producer.produce([{"key": value, "value": value} for value in values], topic=self.topic)

    def read(self):
        return [record["value"] for record in self.consumer.consume(max_bytes=MAX_BYTES)]

    def close(self):
        self.consumer._instance_delete()


class TokenServer(BaseHTTPRequestHandler):
    """Gives a token to whoever asks."""

    def do_POST(self):
        body = json.dumps({"access_token": "t", "token_type": "Bearer", "expires_in": 3600}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class ProofpointClient:
    """kafka-rest-client, v1: reads JSON by way of a balancer, with a token. It cannot write; that is done as one would."""

    def __init__(self, url, group, topic):
        from proofpoint.kafka.KafkaRestConsumer import KafkaRestConsumer

        tokens = HTTPServer(("127.0.0.1", 0), TokenServer)
        threading.Thread(target=tokens.serve_forever, daemon=True).start()
        self.topic_url = f"{url}/topics/{topic}"
        self.consumer = KafkaRestConsumer(
            group_name=group,
            client_name="c",
            offset="smallest",
            format="json",
            max_fetch_size=MAX_BYTES,
            oauth_token_url=f"http://127.0.0.1:{tokens.server_port}/token",
            auth_client_id="id",
            auth_client_secret="secret",
            kafka_rest_lb=url,
        )
        self.consumer.subscribe(topic)

    def produce(self, values):
        body = json.dumps({"records": [{"value": value} for value in values]})
        headers = {"Content-Type": "application/vnd.kafka.json.v1+json"}
        requests.post(self.topic_url, data=body, headers=headers, timeout=TIMEOUT_S).raise_for_status()

    def read(self):
        return self.consumer.poll()

    def commit(self):
        self.consumer.commit()

    def close(self):
        self.consumer.close()


CLIENTS = {
    "kafka-bridge-client": BridgeClient,
    "kafka-rest-client": ProofpointClient,
    "nlp-kafka-rest-api": NlpClient,
    "pymapr-kafkarest": MaprClient,
}
client = None
for line in sys.stdin:
    job = json.loads(line)
    answer = {}
    try:
        if job["op"] == "open":
            client = CLIENTS[job["client"]](job["url"], job["group"], job["topic"])
            answer = {"commits": hasattr(client, "commit")}
        elif job["op"] == "produce":
            client.produce(job["values"])
        elif job["op"] == "read":
            answer = {"values": client.read()}
        elif job["op"] == "commit":
            client.commit()
        else:
            client.close()
    except Exception as error:  # The test shows it.
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
