"""Writes and reads topics with Confluent's Python serializers. Takes one job a line from stdin, answers one line each.

{"op": "write", "bootstrap", "registry", "topic", "format", "schema", "values": [...], "message"} -> {"bytes": [base64]}
{"op": "read", ..., "count"} -> {"values": [...]}
"""
import base64
import importlib
import json
import sys
import tempfile
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf.json_format import MessageToDict, ParseDict
from grpc_tools import protoc

TIMEOUT_S = 30
generated = Path(tempfile.mkdtemp(prefix="sluice-proto-"))
sys.path.insert(0, str(generated))


def message_class(schema, name):
    """Compiles a .proto text with protoc, and finds a message in it."""
    module = f"m{abs(hash(schema))}"
    (generated / f"{module}.proto").write_text(schema)
    include = str(importlib.resources.files("grpc_tools") / "_proto")
    status = protoc.main(
        ["", f"-I{generated}", f"-I{include}", f"--python_out={generated}", str(generated / f"{module}.proto")]
    )
    if status != 0:
        raise ValueError("protoc refused the schema")
    found = importlib.import_module(f"{module}_pb2")
    for part in name.split("."):
        found = getattr(found, part)
    return found


def bytes_in(value):
    """Avro's bytes come as {"bytes": "latin1 text"}: JSON has no other way."""
    if isinstance(value, dict):
        if set(value) == {"$bytes"}:
            return value["$bytes"].encode("latin1")
        return {key: bytes_in(item) for key, item in value.items()}
    return [bytes_in(item) for item in value] if isinstance(value, list) else value


def bytes_out(value):
    if isinstance(value, bytes):
        return {"$bytes": value.decode("latin1")}
    if isinstance(value, dict):
        return {key: bytes_out(item) for key, item in value.items()}
    return [bytes_out(item) for item in value] if isinstance(value, list) else value


def serializer(job, client):
    if job["format"] == "avro":
        return AvroSerializer(client, job["schema"], lambda value, _: bytes_in(value))
    if job["format"] == "jsonschema":
        return JSONSerializer(job["schema"], client)
    message = message_class(job["schema"], job["message"])
    protobuf = ProtobufSerializer(message, client, {"use.deprecated.format": False})
    return lambda value, context: protobuf(ParseDict(value, message()), context)


def deserializer(job, client):
    if job["format"] == "avro":
        avro = AvroDeserializer(client)
        return lambda data, context: bytes_out(avro(data, context))
    if job["format"] == "jsonschema":
        return JSONDeserializer(job["schema"])
    protobuf = ProtobufDeserializer(message_class(job["schema"], job["message"]), {"use.deprecated.format": False})
    return lambda data, context: MessageToDict(protobuf(data, context), always_print_fields_with_no_presence=True)


def write(job):
    serialize = serializer(job, SchemaRegistryClient({"url": job["registry"]}))
    context = SerializationContext(job["topic"], MessageField.VALUE)
    payloads = [serialize(value, context) for value in job["values"]]
    producer = Producer({"bootstrap.servers": job["bootstrap"]})
    for payload in payloads:
        producer.produce(job["topic"], payload, partition=0)
    if producer.flush(TIMEOUT_S) > 0:
        raise TimeoutError("records were not delivered")
    return {"bytes": [base64.b64encode(payload).decode() for payload in payloads]}


def read(job):
    deserialize = deserializer(job, SchemaRegistryClient({"url": job["registry"]}))
    context = SerializationContext(job["topic"], MessageField.VALUE)
    consumer = Consumer({"bootstrap.servers": job["bootstrap"], "group.id": f"python-{job['topic']}"})
    consumer.assign([TopicPartition(job["topic"], 0, 0)])
    messages = consumer.consume(job["count"], TIMEOUT_S)
    consumer.close()
    return {
        "values": [deserialize(message.value(), context) for message in messages],
        "bytes": [base64.b64encode(message.value()).decode() for message in messages],
    }


for line in sys.stdin:
    job = json.loads(line)
    try:
        answer = {"write": write, "read": read}[job["op"]](job)
    except Exception as error:  # The test shows it.
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
