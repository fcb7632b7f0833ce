"""A connection, from sections 1 and 2 of PROTOCOL.md: Python 3.8, standard library only."""

import base64
import hashlib
import os
import socket
import struct
import zlib

MAX_INFLATED_BYTES = 8 << 20
STORED_BLOCK_BYTES = 65_535
PROTOCOL_ERROR = 4002


class BrokenProtocol(ConnectionError):
    """The peer broke the protocol."""


def stored(archive):
    """A DEFLATE stream of stored blocks."""
    message = b""
    for start in range(0, max(1, len(archive)), STORED_BLOCK_BYTES):
        block = archive[start : start + STORED_BLOCK_BYTES]
        is_final = start + STORED_BLOCK_BYTES >= len(archive)
        message += struct.pack("<BHH", is_final, len(block), len(block) ^ 0xFFFF) + block
    return message


def inflate(message):
    """The archive in a message, which is one DEFLATE stream."""
    inflater = zlib.decompressobj(-15)
    try:
        archive = inflater.decompress(message, MAX_INFLATED_BYTES)
    except zlib.error as error:
        raise BrokenProtocol(str(error)) from None
    if not inflater.eof or inflater.unused_data or not archive:
        raise BrokenProtocol("The message is not one DEFLATE stream")
    return archive


class Connection:
    """A WebSocket: binary messages only, each one raw DEFLATE stream."""

    def __init__(self, host, port, path="/"):
        self.socket = socket.create_connection((host, port), timeout=10)
        self.stream = self.socket.makefile("rb")
        try:
            self._upgrade(host, port, path)
        except BaseException:
            self._hang_up()
            raise

    def _upgrade(self, host, port, path):
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            (
                f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: Upgrade\r\n"
                f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: hl.2\r\n\r\n"
            ).encode()
        )
        status = self.stream.readline()
        headers = {}
        for line in iter(self.stream.readline, b"\r\n"):
            if not line:
                raise ConnectionError("The server hung up")
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        if status.split(b" ")[1:2] != [b"101"]:
            refused = headers.get("x-hl-refused", "no code")
            raise ConnectionError(f"The server refused: {status!r}, {refused}")
        if headers.get("upgrade", "").lower() != "websocket":
            raise ConnectionError("The server did not upgrade")
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
        elif length < 1 << 16:
            head = bytes([0x80 | opcode, 0x80 | 126]) + struct.pack(">H", length)
        else:
            head = bytes([0x80 | opcode, 0x80 | 127]) + struct.pack(">Q", length)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.socket.sendall(head + mask + masked)

    def send(self, archive):
        """Send an archive, without compressing it."""
        self._frame(2, stored(archive))

    def receive(self):
        """The next message's archive. Closes with 4002 if the message is invalid."""
        try:
            return inflate(self._message())
        except BrokenProtocol as error:
            self.close(PROTOCOL_ERROR, str(error))
            raise

    def _message(self):
        message = None
        while True:
            first, second = self._read(2)
            length = second & 0x7F
            opcode = first & 0x0F
            if first & 0x70 or second & 0x80 or (opcode >= 8 and (length > 125 or first < 0x80)):
                raise BrokenProtocol("A frame breaks RFC 6455")
            if length == 126:
                (length,) = struct.unpack(">H", self._read(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", self._read(8))
            if length + len(message or b"") > MAX_INFLATED_BYTES:
                raise BrokenProtocol("A message is too big")
            payload = self._read(length)
            if opcode == 8:
                code = struct.unpack(">H", payload[:2])[0] if payload else 1005
                raise ConnectionError(f"closed with {code}: {payload[2:].decode()}")
            if opcode == 9:
                self._frame(10, payload)
            elif opcode != 10:
                if opcode != (2 if message is None else 0):
                    raise BrokenProtocol(f"A frame of opcode {opcode} came")
                message = (message or b"") + payload
                if first & 0x80:
                    return message

    def _read(self, count):
        data = self.stream.read(count)
        if len(data) != count:
            raise ConnectionError("The server hung up")
        return data

    def _hang_up(self):
        self.stream.close()
        self.socket.close()

    def close(self, code=1000, reason=""):
        try:
            self._frame(8, struct.pack(">H", code) + reason.encode()[:123])
        except OSError:
            pass  # it has gone already
        self._hang_up()
