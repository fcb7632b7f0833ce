"""A client of the counter, written from PROTOCOL.md alone: Python 3.8, standard library only.

Run: python3 examples/python/counter.py HOST PORT, of a counter that is served without TLS.
"""

import struct
import sys

from connection import Connection


def slice_at(archive, at):
    """The bytes at the target of the pointer at `at`; their count follows it (section 3)."""
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
