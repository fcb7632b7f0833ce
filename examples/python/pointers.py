"""Types that point to their parts, from PROTOCOL.md section 3."""

import struct

from archive import MAX_DEPTH, CodecError, Type, i32, u32
from scalars import Number


def utf8(value):
    try:
        return value.encode()
    except UnicodeEncodeError as error:
        raise CodecError(str(error)) from None


def text_of(data):
    try:
        return bytes(data).decode()
    except UnicodeDecodeError as error:
        raise CodecError(str(error)) from None


class String(Type):
    size, align = 8, 4

    def parts(self, writer, value):
        data = utf8(value)
        start = len(writer.bytes)
        if len(data) > 7:
            writer.bytes.extend(data)
        return start, data

    def place(self, writer, at, value, parts):
        start, data = parts
        if len(data) > 7:
            writer.put(at, "I", len(data))
            return writer.point(at + 4, start, at)
        writer.bytes[at : at + 8] = data.ljust(7, b"\0") + bytes([len(data)])

    def read(self, reader, at):
        last = reader.data[at + 7]
        if last < 0x80:
            if last > 7:
                raise CodecError("an inline string has at most 7 bytes")
            return text_of(reader.data[at : at + last])
        count = u32(reader.data, at)
        start = reader.claim(at, i32(reader.data, at + 4), count, 1)
        reader.low = start + count
        return text_of(reader.data[start : start + count])

    def order(self, value):
        return value.encode()

    def feed(self, value):
        return value.encode() + b"\xff"

    def text(self, met):
        return "string"


class BoxStr(String):
    """`Box<str>`, and with a NUL after the text `CString`."""

    def __init__(self, nul=b""):
        self.nul = nul

    def parts(self, writer, value):
        start = len(writer.bytes)
        data = utf8(value) + self.nul
        writer.bytes.extend(data)
        return start, len(data)

    def place(self, writer, at, value, parts):
        writer.point(at, parts[0])
        writer.put(at + 4, "I", parts[1])

    def read(self, reader, at):
        count = u32(reader.data, at + 4)
        start = reader.claim_bytes(at, count)
        data = reader.data[start : start + count]
        if self.nul and (count == 0 or data[-1] != 0):
            raise CodecError("a CString ends with a NUL")
        return text_of(data[: count - len(self.nul)])

    def feed(self, value):
        if not self.nul:
            return String.feed(self, value)
        data = value.encode() + b"\0"
        return struct.pack("<Q", len(data)) + data

    def text(self, met):
        return "cstring" if self.nul else "boxstr"


class Box(Type):
    size, align = 4, 4

    def __init__(self, item):
        self.item = item

    def parts(self, writer, value):
        parts = self.item.parts(writer, value)
        at = writer.reserve(self.item.size, self.item.align)
        self.item.place(writer, at, value, parts)
        return at

    def place(self, writer, at, value, parts):
        writer.point(at, parts)

    def read(self, reader, at):
        high = reader.high
        start = reader.enter(at, self.item.size, self.item.align)
        value = self.item.read(reader, start)
        reader.leave(start, self.item.size, high)
        return value

    def order(self, value):
        return self.item.order(value)

    def feed(self, value):
        return self.item.feed(value)

    def text(self, met):
        return f"box<{self.item.text(met)}>"


class Lazy(Type):
    """A recursive type at a mention."""

    item = None

    @property
    def size(self):
        return self.item.size

    @property
    def align(self):
        return self.item.align

    @property
    def niche(self):
        return self.item.niche

    def parts(self, writer, value):
        return self.item.parts(writer, value)

    def place(self, writer, at, value, parts):
        self.item.place(writer, at, value, parts)

    def read(self, reader, at):
        reader.depth -= 1
        if reader.depth < 0:
            raise CodecError(f"more than {MAX_DEPTH} levels")
        value = self.item.read(reader, at)
        reader.depth += 1
        return value

    def text(self, met):
        if id(self.item) in met:
            return f"@{met[id(self.item)]}"
        number = met[id(self.item)] = len(met)
        text = f"@{number}={self.item.text(met)}"
        if number == 0:
            met.clear()
        return text


class List(Type):
    """`Vec<T>`, `Box<[T]>`, and with a length `[T; n]`. One of `u8` is hex."""

    size, align = 8, 4

    def __init__(self, name, item, length=None):
        self.name, self.item, self.length = name, item, length
        self.is_bytes = isinstance(item, Number) and item.name == "u8" and not item.non_zero
        if length is not None:
            self.size, self.align = item.size * length, item.align
            self.niche = item.niche if length else None

    def items(self, value):
        return list(bytes.fromhex(value)) if self.is_bytes else value

    def _place_all(self, writer, at, items, parts):
        for i, item in enumerate(items):
            self.item.place(writer, at + i * self.item.size, item, parts[i])

    def _read_all(self, reader, at, count):
        if self.is_bytes:
            return bytes(reader.data[at : at + count]).hex()
        return [self.item.read(reader, at + i * self.item.size) for i in range(count)]

    def parts(self, writer, value):
        items = self.items(value)
        parts = [self.item.parts(writer, item) for item in items]
        if self.length is not None:
            return parts
        at = writer.reserve(self.item.size * len(items), self.item.align)
        self._place_all(writer, at, items, parts)
        return at, len(items)

    def place(self, writer, at, value, parts):
        if self.length is not None:
            return self._place_all(writer, at, self.items(value), parts)
        writer.point(at, parts[0])
        writer.put(at + 4, "I", parts[1])

    def read(self, reader, at):
        if self.length is not None:
            return self._read_all(reader, at, self.length)
        high = reader.high
        count = u32(reader.data, at + 4)
        start = reader.enter(at, count * self.item.size, self.item.align)
        value = self._read_all(reader, start, count)
        reader.leave(start, count * self.item.size, high)
        return value

    def order(self, value):
        return [self.item.order(item) for item in self.items(value)]

    def feed(self, value):
        items = self.items(value)
        return struct.pack("<Q", len(items)) + b"".join(map(self.item.feed, items))

    def text(self, met):
        item = self.item.text(met)
        return f"[{item};{self.length}]" if self.length is not None else f"{self.name}<{item}>"
