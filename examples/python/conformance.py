"""Passes the conformance kit: a client that does the kit's tasks.

Run: python3 examples/python/conformance.py HOST PORT, of `deno task conformance listen`.
"""

import json
import sys

from archive import CodecError, decode, encode
from connection import BrokenProtocol, Connection, inflate
from schema import build, fingerprint

CODES = [
    "ClientNotConnected",
    "TooManyCallsInFlight",
    "ClientEncodeError",
    "ClientDecodeError",
    "ServerEncodeError",
    "ServerDecodeError",
    "ClientCompressError",
    "ClientDecompressError",
    "ServerCompressError",
    "ServerDecompressError",
    "HandlerPanicked",
]
BYTES = {"k": "vec", "t": "u8"}
TOPIC = {"k": "struct", "name": "Topic", "fields": [["inner", BYTES], ["is_string", "bool"]]}
UPDATE = {"k": "struct", "name": "Update", "fields": [["index", "usize"], ["data", BYTES]]}
CODE = {"k": "enum", "name": "Code", "variants": [[code] for code in CODES]}
OUTPUT = {"k": "result", "ok": BYTES, "err": CODE}

CLIENT_MESSAGE = build(
    {
        "k": "enum",
        "name": "ClientMessage",
        "variants": [["RPCRequest", "s", [["id", "u8"], ["internal", BYTES]]]],
    }
)
SERVER_MESSAGE = build(
    {
        "k": "enum",
        "name": "ServerMessage",
        "variants": [
            ["RPCResponse", "s", [["id", "u8"], ["output", OUTPUT]]],
            ["NewEvent", "s", [["topic", TOPIC], ["payload", BYTES]]],
            ["StateChange", "t", [{"k": "vec", "t": UPDATE}]],
        ],
    }
)

# The service: see conformance/README.md.
METHODS = {
    "exchange": ([["text", "string"]], "string"),
    "double": ([["value", "u32"]], "u32"),
    "fail": ([["code", "u8"]], "unit"),
    "change": ([["count", "u32"], ["text", "string"]], "unit"),
    "emit": ([["isText", "bool"], ["topic", BYTES], ["text", "string"]], "unit"),
}
CALL = build(
    {
        "k": "enum",
        "name": "Call",
        "variants": [[name, "s", arguments] for name, (arguments, _) in METHODS.items()],
    }
)
OUTPUTS = {name: build(output) for name, (_, output) in METHODS.items()}
STATE = [("count", build("u32")), ("text", build("string"))]
EVENT = build(
    {"k": "enum", "name": "Event", "variants": [["note", "s", [["text", "string"]]], ["stop"]]}
)


class Client:
    def __init__(self, host, port, path="/"):
        self.connection = Connection(host, port, path)
        self.state = {"count": 0, "text": ""}
        self.events = []
        self.waiting = {}

    def start(self, id_, method, arguments):
        call = encode(CALL, {"v": method, "f": arguments})
        message = {"v": "RPCRequest", "f": {"id": id_, "internal": call.hex()}}
        self.connection.send(encode(CLIENT_MESSAGE, message))
        self.waiting[id_] = method

    def receive(self):
        """The result of the next message: (id, answer), or None."""
        try:
            return self._take(decode(SERVER_MESSAGE, self.connection.receive()))
        except CodecError as error:
            self.connection.close(4002, str(error))
            raise BrokenProtocol(str(error)) from None

    def _take(self, message):
        if message["v"] == "NewEvent":
            topic = message["f"]["topic"]
            payload = decode(EVENT, bytes.fromhex(message["f"]["payload"]))
            self.events.append({"topic": topic, "payload": payload})
        elif message["v"] == "StateChange":
            for update in message["t"][0]:
                if update["index"] < len(STATE):
                    name, type_ = STATE[update["index"]]
                    self.state[name] = decode(type_, bytes.fromhex(update["data"]))
        else:
            id_, output = message["f"]["id"], message["f"]["output"]
            method = self.waiting.pop(id_, None)
            if method is None:
                return None
            if "err" in output:
                return id_, {"err": output["err"]["v"]}
            return id_, {"ok": decode(OUTPUTS[method], bytes.fromhex(output["ok"]))}
        return None

    def call(self, method, arguments, id_=0):
        self.start(id_, method, arguments)
        while True:
            settled = self.receive()
            if settled is not None and settled[0] == id_:
                return settled[1]

    def call_all(self, values):
        for id_, value in enumerate(values):
            self.start(id_, "double", {"value": value})
        answers = {}
        while len(answers) < len(values):
            settled = self.receive()
            if settled is not None:
                answers[settled[0]] = settled[1]["ok"]
        return [answers[id_] for id_ in range(len(values))]


def do(client, task, address):
    """The answer to one task."""
    kind = task["do"]
    if kind == "echo":
        return {"text": task["text"]}
    if kind == "encode":
        return {"hex": encode(build(task["schema"]), task["value"]).hex()}
    if kind == "decode":
        return {"value": decode(build(task["schema"]), bytes.fromhex(task["hex"]))}
    if kind == "recode":
        type_ = build(task["schema"])
        return {"hex": encode(type_, decode(type_, bytes.fromhex(task["hex"]))).hex()}
    if kind == "layout":
        type_ = build(task["schema"])
        return {"size": type_.size, "align": type_.align, "offsets": type_.offsets}
    if kind == "signature":
        return {"text": build(task["schema"]).text({})}
    if kind == "fingerprint":
        return {"fingerprint": fingerprint(task["service"])[0]}
    if kind == "message":
        type_ = CLIENT_MESSAGE if task["from"] == "client" else SERVER_MESSAGE
        return {"message": decode(type_, inflate(bytes.fromhex(task["hex"])))}
    if kind == "call":
        return client.call(task["method"], task["args"])
    if kind == "calls":
        return {"ok": client.call_all(task["values"])}
    if kind == "state":
        return {"state": client.state}
    if kind == "events":
        events, client.events = client.events, []
        return {"events": events}
    if kind == "dial":
        other = Client(*address, task["path"])
        answer = other.call("double", {"value": 21})
        other.connection.close()
        return answer
    return {"unknown": kind}


def main(host, port):
    address = (host, int(port))
    client = Client(*address)
    text = ""
    while True:
        task = client.call("exchange", {"text": text})["ok"]
        if task == "":
            return client.connection.close()
        try:
            answer = do(client, json.loads(task), address)
        except (CodecError, ConnectionError) as error:
            answer = {"refused": str(error)}
        text = json.dumps(answer)


if __name__ == "__main__":
    main(*sys.argv[1:3])
