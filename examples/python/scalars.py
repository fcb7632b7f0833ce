"""Types without pointers, from PROTOCOL.md section 3."""

import struct

from archive import CodecError, Type, u32


class Number(Type):
    def __init__(self, name, size, signed=False, non_zero=False):
        self.name, self.size, self.align = name, size, size
        self.signed, self.non_zero = signed, non_zero
        if non_zero:
            self.niche = (1, 0, size)

    def place(self, writer, at, value, parts):
        try:
            data = int(value).to_bytes(self.size, "little", signed=self.signed)
        except OverflowError as error:
            raise CodecError(str(error)) from None
        writer.bytes[at : at + self.size] = data

    def read(self, reader, at):
        value = int.from_bytes(reader.data[at : at + self.size], "little", signed=self.signed)
        if self.non_zero and value == 0:
            raise CodecError("0 is not a NonZero")
        return str(value) if self.size >= 8 else value

    def order(self, value):
        return int(value)

    def feed(self, value):
        return int(value).to_bytes(self.size, "little", signed=self.signed)

    def text(self, met):
        return f"nonzero<{self.name}>" if self.non_zero else self.name


class Float(Number):
    """A float, as its bits in hex."""

    def place(self, writer, at, value, parts):
        Number.place(self, writer, at, int(value, 16), parts)

    def read(self, reader, at):
        bits = int.from_bytes(reader.data[at : at + self.size], "little")
        return f"0x{bits:0{2 * self.size}x}"


class Bool(Type):
    size, align, niche = 1, 1, (254, 0, 1)

    def place(self, writer, at, value, parts):
        writer.bytes[at] = value

    def read(self, reader, at):
        if reader.data[at] > 1:
            raise CodecError("a bool is 0 or 1")
        return reader.data[at] == 1

    def feed(self, value):
        return bytes([value])

    def text(self, met):
        return "bool"


class Char(Type):
    size, align, niche = 4, 4, (4_293_853_184, 0, 4)

    def place(self, writer, at, value, parts):
        writer.put(at, "I", ord(value))

    def read(self, reader, at):
        code = u32(reader.data, at)
        if code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise CodecError("a char is a Unicode scalar value")
        return chr(code)

    def feed(self, value):
        return struct.pack("<I", ord(value))

    def text(self, met):
        return "char"


class Unit(Type):
    size, align = 0, 1

    def place(self, writer, at, value, parts):
        pass

    def read(self, reader, at):
        return None

    def order(self, value):
        return 0

    def feed(self, value):
        return b""

    def text(self, met):
        return "unit"


class Octets(Type):
    """Addresses and `Uuid`: octets in network order."""

    def __init__(self, name, size):
        self.name, self.size, self.align = name, size, 1

    def place(self, writer, at, value, parts):
        writer.bytes[at : at + self.size] = bytes.fromhex(value)

    def read(self, reader, at):
        return bytes(reader.data[at : at + self.size]).hex()

    def text(self, met):
        return self.name


class Packed(Type):
    """An object in a format of `struct`, with fields at fixed offsets."""

    def __init__(self, name, size, align, fmt, fields):
        self.name, self.size, self.align, self.format, self.fields = name, size, align, fmt, fields

    def place(self, writer, at, value, parts):
        values = [value[field] for field in self.fields]
        if "ip" in self.fields:
            values[0] = bytes.fromhex(values[0])
        else:
            values = list(map(int, values))
        writer.put(at, self.format, *values)

    def read(self, reader, at):
        values = struct.unpack_from("<" + self.format, reader.data, at)
        value = dict(zip(self.fields, values))
        if "ip" in value:
            value["ip"] = value["ip"].hex()
        return value

    def text(self, met):
        return self.name


class Duration(Packed):
    def __init__(self):
        Packed.__init__(self, "duration", 16, 8, "QI", ("secs", "nanos"))

    def read(self, reader, at):
        value = Packed.read(self, reader, at)
        # Whole seconds of nanoseconds are carried over.
        secs = value["secs"] + value["nanos"] // 10**9
        if secs >= 1 << 64:
            raise CodecError("a Duration has less than 2^64 seconds")
        return {"secs": str(secs), "nanos": value["nanos"] % 10**9}

    def order(self, value):
        return int(value["secs"]), value["nanos"]

    def feed(self, value):
        return struct.pack("<QI", int(value["secs"]), value["nanos"])
