"""Archives, from PROTOCOL.md section 3: Python 3.8, standard library only.

Values are in the JSON of tests/vectors/README.md; `schema.py` builds types from its schemas.
"""

import struct

from layout import Layout

MAX_DEPTH = 64


class CodecError(ValueError):
    """Bytes or a value that are invalid for the type."""


def u32(data, at):
    return struct.unpack_from("<I", data, at)[0]


def i32(data, at):
    return struct.unpack_from("<i", data, at)[0]


class Writer:
    """A writer of an archive: parts first, then the object that points to them."""

    def __init__(self):
        self.bytes = bytearray()

    def pad(self, align):
        self.bytes.extend(bytes(-len(self.bytes) % align))
        return len(self.bytes)

    def reserve(self, size, align):
        at = self.pad(align)
        self.bytes.extend(bytes(size))
        return at

    def put(self, at, fmt, *values):
        try:
            struct.pack_into("<" + fmt, self.bytes, at, *values)
        except struct.error as error:
            raise CodecError(str(error)) from None

    def point(self, at, target, base=None):
        self.put(at, "i", target - (at if base is None else base))


class Reader:
    """A reader of an archive. A pointer may still claim the bytes in [low, high)."""

    def __init__(self, data):
        self.data = data
        self.end = self.high = len(data)
        self.low = 0
        self.depth = MAX_DEPTH

    def claim(self, base, offset, size, align, low=None, high=None):
        low = self.low if low is None else low
        high = self.high if high is None else high
        at = base + offset
        if not 0 <= at <= self.end or at % align or self.end - at < size:
            raise CodecError(f"the pointer at {base} leads out of the archive")
        if not low <= at <= high or (size > 0 and at == high) or high - at < size:
            raise CodecError(f"the pointer at {base} leads to what is not its own")
        return at

    def claim_bytes(self, at, count, align=1):
        start = self.claim(at, i32(self.data, at), count, align)
        self.low = start + count
        return start

    def enter(self, at, size, align):
        self.high = self.claim(at, i32(self.data, at), size, align)
        return self.high

    def leave(self, start, size, high):
        self.low = start + size
        self.high = high


class Type(Layout):
    """One type. `parts()` writes out-of-line parts; `place()` writes the object at `at`."""

    def parts(self, writer, value):
        return None

    def place(self, writer, at, value, parts):
        raise NotImplementedError

    def read(self, reader, at):
        raise NotImplementedError

    def order(self, value):
        """A key that compares like Rust's `Ord`."""
        return value

    def feed(self, value):
        """The hashed bytes."""
        raise CodecError(f"{self.text({})} is not hashed")

    def text(self, met):
        raise NotImplementedError


def encode(type_, value):
    """The archive of a value."""
    writer = Writer()
    try:
        parts = type_.parts(writer, value)
        at = writer.reserve(type_.size, type_.align)
        type_.place(writer, at, value, parts)
    except (KeyError, TypeError) as error:
        raise CodecError(f"not a value of {type_.text({})}: {error}") from None
    return bytes(writer.bytes)


def decode(type_, data):
    """The value of an archive."""
    reader = Reader(data)
    at = reader.claim(reader.end, -type_.size, type_.size, type_.align)
    reader.high = at
    return type_.read(reader, at)
