"""A client of the counter, written from PROTOCOL.md alone: Python 3.8, standard library only.

Run: python3 examples/python/counter.py HOST PORT, of a counter that is served without TLS.
"""

import base64
import hashlib
import os
import socket
import struct
import sys
import zlib

MAX_INFLATED_BYTES = 1 << 20


class Connection:
    """A WebSocket, section 1: binary messages only, each one raw DEFLATE stream (section 2)."""

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), timeout=10)
        self.stream = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            (
                f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: Upgrade\r\n"
                f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: hl.2\r\n\r\n"
            ).encode()
        )
        status = self.stream.readline()
        if b" 101 " not in status:
            raise ConnectionError(f"The server refused: {status!r}")
        headers = {}
        for line in iter(self.stream.readline, b"\r\n"):
            name, _, value = line.decode().partition(":")
            headers[name.strip().lower()] = value.strip()
        accept = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        if headers.get("sec-websocket-accept") != base64.b64encode(accept).decode():
            raise ConnectionError("The server did not answer this request")
        if headers.get("sec-websocket-protocol") != "hl.2":
            raise ConnectionError("The server does not speak hl.2")

    def _frame(self, opcode, payload):
        mask = os.urandom(4)
        length = len(payload)
        if length < 126:
            head = bytes([0x80 | opcode, 0x80 | length])
        else:
            head = bytes([0x80 | opcode, 0x80 | 126]) + struct.pack(">H", length)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.socket.sendall(head + mask + masked)

    def send(self, archive):
        """Send an archive of less than 64 KiB as one stored block."""
        length = len(archive)
        self._frame(2, b"\x01" + struct.pack("<HH", length, length ^ 0xFFFF) + archive)

    def receive(self):
        """The next message's archive."""
        message = b""
        while True:
            first, second = self._read(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack(">H", self._read(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", self._read(8))
            payload = self._read(length)
            opcode = first & 0x0F
            if opcode == 8:
                code = struct.unpack(">H", payload[:2])[0] if payload else 1005
                raise ConnectionError(f"closed with {code}: {payload[2:].decode()}")
            if opcode == 9:
                self._frame(10, payload)
            if opcode in (0, 2):
                message += payload
                if first & 0x80:
                    break
        inflater = zlib.decompressobj(-15)
        archive = inflater.decompress(message, MAX_INFLATED_BYTES)
        if not inflater.eof or inflater.unused_data:
            raise ValueError("The message is not one DEFLATE stream")
        return archive

    def _read(self, count):
        data = self.stream.read(count)
        if len(data) != count:
            raise ConnectionError("The server hung up")
        return data

    def close(self):
        self._frame(8, struct.pack(">H", 1000))
        self.stream.close()
        self.socket.close()


def slice_at(archive, at):
    """The bytes that the pointer at `at` leads to; their count is behind it (section 3)."""
    offset, count = struct.unpack_from("<iI", archive, at)
    start = at + offset
    if not 0 <= start <= start + count <= len(archive):
        raise ValueError("A pointer leads out of the archive")
    return archive[start : start + count]


class Counter:
    """The service: section 5 for calls, section 6 for state and events."""

    METHODS = {"newCounter": 0, "increment": 1, "decrement": 2, "get": 3}
    EVENTS = ("incremented", "decremented", "serverSentTest")

    def __init__(self, connection):
        self.connection = connection
        self.counter = 0
        self.events = []

    def call(self, method, amount=0):
        # The enum of calls: tag at 0, amount at 4; the root of every call is 8 bytes long.
        call = struct.pack("<B3xI", self.METHODS[method], amount)
        # ClientMessage: tag 0, id, pointer and length. The root is at 8, the pointer at 12.
        self.connection.send(call + struct.pack("<BBxxiI", 0, 1, -12, len(call)))
        while True:
            archive = self.connection.receive()
            root = len(archive) - 24
            kind = archive[root]
            if kind == 0:
                if archive[root + 4] == 1:
                    raise RuntimeError(f"{method} failed with code {archive[root + 5]}")
                return slice_at(archive, root + 8)
            if kind == 1:
                self._event(slice_at(archive, root + 16))
            elif kind == 2:
                self._state(archive, root)

    def _event(self, archive):
        tag, to, before = struct.unpack_from("<B3xII", archive, len(archive) - 12)
        name = self.EVENTS[tag]
        self.events.append(name if tag == 2 else f"{name} from {before} to {to}")

    def _state(self, archive, root):
        offset, count = struct.unpack_from("<iI", archive, root + 4)
        for i in range(count):
            update = root + 4 + offset + 12 * i
            (index,) = struct.unpack_from("<I", archive, update + 8)
            if index == 0:
                (self.counter,) = struct.unpack("<I", slice_at(archive, update))


def main(host, port):
    connection = Connection(host, int(port))
    counter = Counter(connection)
    counter.call("newCounter")
    counter.call("increment", 5)
    counter.call("decrement", 2)
    (value,) = struct.unpack("<I", counter.call("get"))
    print(f"get: {value}")
    print(f"state: {counter.counter}")
    for event in counter.events:
        print(f"event: {event}")
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:3])
