"""Structs, tuples and enums, from PROTOCOL.md section 3."""

import json
import re

from archive import CodecError, Type
from layout import enum_layout, struct_layout, tuple_layout


def quoted(name):
    plain = re.fullmatch(r"[A-Za-z_$][A-Za-z0-9_$]*", name)
    return name if plain else json.dumps(name, ensure_ascii=False)


class Fields(Type):
    """A struct, a tuple struct, a range or a tuple: `names` are the keys of an object, or None."""

    def __init__(self, names, types, prefix="struct", is_tuple=False):
        self.names, self.types, self.prefix, self.is_tuple = names, types, prefix, is_tuple
        self._laid_out = None

    def _layout(self):
        if self._laid_out is None:
            self._laid_out = (tuple_layout if self.is_tuple else struct_layout)(self.types)
        return self._laid_out

    size = property(lambda self: self._layout()[0].size)
    align = property(lambda self: self._layout()[0].align)
    niche = property(lambda self: self._layout()[0].niche)
    offsets = property(lambda self: self._layout()[1])

    def _values(self, value):
        if self.names is None:
            if len(value) != len(self.types):
                raise CodecError(f"expected {len(self.types)} elements")
            return value
        return [value[name] for name in self.names]

    def _order(self):
        """The order of writing parts. For a tuple it is from the last element to the first."""
        order = range(len(self.types))
        return reversed(order) if self.is_tuple else order

    def parts(self, writer, value):
        values = self._values(value)
        parts = [None] * len(values)
        for i in self._order():
            parts[i] = self.types[i].parts(writer, values[i])
        return parts

    def place(self, writer, at, value, parts):
        for i, item in enumerate(self._values(value)):
            self.types[i].place(writer, at + self.offsets[i], item, parts[i])

    def read(self, reader, at):
        values = [None] * len(self.types)
        for i in self._order():
            values[i] = self.types[i].read(reader, at + self.offsets[i])
        return values if self.names is None else dict(zip(self.names, values))

    def order(self, value):
        return [type_.order(item) for type_, item in zip(self.types, self._values(value))]

    def feed(self, value):
        items = zip(self.types, self._values(value))
        return b"".join(type_.feed(item) for type_, item in items)

    def text(self, met):
        texts = [type_.text(met) for type_ in self.types]
        if self.names is None:
            return f"{self.prefix}({','.join(texts)})"
        if self.prefix.startswith("range"):
            return f"{self.prefix}<{texts[0]}>"
        fields = ",".join(f"{quoted(name)}:{text}" for name, text in zip(self.names, texts))
        return f"{self.prefix}{{{fields}}}"


class Enum(Type):
    """Variants of (name, names of fields or None, types). `_split()` finds a value's variant."""

    def __init__(self, variants, hash_bytes=1):
        self.variants, self.hash_bytes = variants, hash_bytes
        self._laid_out = None

    def _layout(self):
        if self._laid_out is None:
            self._laid_out = enum_layout([types for _, _, types in self.variants])
        return self._laid_out

    size = property(lambda self: self._layout()[0].size)
    align = property(lambda self: self._layout()[0].align)
    niche = property(lambda self: self._layout()[0].niche)

    def _split(self, value):
        """The tag, and the values of the fields."""
        for tag, (name, names, types) in enumerate(self.variants):
            if name == value["v"]:
                if names is not None:
                    return tag, [value["f"][field] for field in names]
                return tag, value["t"] if types else []
        raise CodecError(f"no variant is named {value['v']}")

    def _join(self, tag, values):
        name, names, types = self.variants[tag]
        if names is not None:
            return {"v": name, "f": dict(zip(names, values))}
        return {"v": name, "t": values} if types else {"v": name}

    def parts(self, writer, value):
        tag, values = self._split(value)
        types = self.variants[tag][2]
        return [type_.parts(writer, item) for type_, item in zip(types, values)]

    def place(self, writer, at, value, parts):
        tag, values = self._split(value)
        _, tag_bytes, offsets = self._layout()
        writer.bytes[at : at + tag_bytes] = tag.to_bytes(tag_bytes, "little")
        for i, type_ in enumerate(self.variants[tag][2]):
            type_.place(writer, at + offsets[tag][i], values[i], parts[i])

    def read(self, reader, at):
        _, tag_bytes, offsets = self._layout()
        tag = int.from_bytes(reader.data[at : at + tag_bytes], "little")
        if tag >= len(self.variants):
            raise CodecError(f"there is no variant {tag}")
        types = self.variants[tag][2]
        values = [type_.read(reader, at + offset) for type_, offset in zip(types, offsets[tag])]
        return self._join(tag, values)

    def order(self, value):
        tag, values = self._split(value)
        types = self.variants[tag][2]
        return tag, [type_.order(item) for type_, item in zip(types, values)]

    def feed(self, value):
        tag, values = self._split(value)
        head = tag.to_bytes(self.hash_bytes, "little") if len(self.variants) > 1 else b""
        types = self.variants[tag][2]
        return head + b"".join(type_.feed(item) for type_, item in zip(types, values))

    def text(self, met):
        texts = []
        for name, names, types in self.variants:
            parts = [type_.text(met) for type_ in types]
            if names is not None:
                fields = ",".join(f"{quoted(n)}:{text}" for n, text in zip(names, parts))
                texts.append(f"{quoted(name)}{{{fields}}}")
            else:
                texts.append(quoted(name) + (f"({','.join(parts)})" if types else ""))
        return f"enum{{{','.join(texts)}}}"


class Option(Enum):
    def __init__(self, item):
        Enum.__init__(self, [("None", None, []), ("Some", None, [item])], 8)

    def _split(self, value):
        return (0, []) if value is None else (1, [value["some"]])

    def _join(self, tag, values):
        return {"some": values[0]} if tag else None

    def text(self, met):
        return f"option<{self.variants[1][2][0].text(met)}>"


class Keyed(Enum):
    """`Result`, `IpAddr` and `SocketAddr`: an object of one key."""

    def __init__(self, name, keys, types):
        Enum.__init__(self, [(key, None, [type_]) for key, type_ in zip(keys, types)], 8)
        self.name, self.keys = name, keys

    def _split(self, value):
        tag = self.keys.index(next(iter(value)))
        return tag, [value[self.keys[tag]]]

    def _join(self, tag, values):
        return {self.keys[tag]: values[0]}

    def text(self, met):
        if self.name != "result":
            return self.name
        return f"result<{','.join(types[0].text(met) for _, _, types in self.variants)}>"
