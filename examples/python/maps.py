"""Maps and sets, from PROTOCOL.md appendix A. A set is a map whose values are `()`."""

import functools

from archive import CodecError, Type, i32, u32
from composites import Fields
from layout import round_up
from sea_hash import EMPTY, FIRST_SEED, build_index, sea_hash, seeded

HEADER_BYTES = 12
NODE_BYTES = 4096
INNER_NODE = 0x8000


class Map(Type):
    align = 4

    def __init__(self, name, key, item, is_set):
        self.name, self.key, self.item, self.is_set = name, key, item, is_set

    @functools.cached_property
    def entry(self):
        return Fields(["key", "value"], [self.key, self.item])

    def entries(self, value):
        pairs = [(key, None) for key in value] if self.is_set else value
        return [{"key": key, "value": item} for key, item in pairs]

    def value_of(self, entries):
        if self.is_set:
            return [entry["key"] for entry in entries]
        return [[entry["key"], entry["value"]] for entry in entries]

    def text(self, met):
        key = self.key.text(met)
        return f"{self.name}<{key}>" if self.is_set else f"{self.name}<{key},{self.item.text(met)}>"


class HashMap(Map):
    size = 12

    def parts(self, writer, value):
        entries = self.entries(value)
        displacements, order = build_index([self.key.feed(entry["key"]) for entry in entries])
        index = writer.reserve(4 * len(entries), 4)
        for i, displacement in enumerate(displacements):
            writer.put(index + 4 * i, "I", displacement)
        ordered = [entries[i] for i in order]
        parts = [self.entry.parts(writer, entry) for entry in ordered]
        start = writer.reserve(self.entry.size * len(entries), self.entry.align)
        for i, entry in enumerate(ordered):
            self.entry.place(writer, start + i * self.entry.size, entry, parts[i])
        return len(entries), index, start

    def place(self, writer, at, value, parts):
        count, index, start = parts
        writer.put(at, "I", count)
        writer.point(at + 4, index)
        writer.point(at + 8, start)

    def read(self, reader, at):
        high = reader.high
        count = u32(reader.data, at)
        index = reader.claim_bytes(at + 4, 4 * count, 4)
        displacements = [u32(reader.data, index + 4 * i) for i in range(count)]
        if any(count <= displacement < FIRST_SEED for displacement in displacements):
            raise CodecError("a displacement is a position, a seed or none")
        size = self.entry.size
        start = reader.enter(at + 8, count * size, self.entry.align)
        entries = [self.entry.read(reader, start + i * size) for i in range(count)]
        for i, entry in enumerate(entries):
            key = self.key.feed(entry["key"])
            displacement = displacements[sea_hash(key) % count]
            if FIRST_SEED <= displacement < EMPTY:
                displacement = seeded(displacement, key) % count
            if displacement != i:
                raise CodecError("an entry is where its key leads to")
        reader.leave(start, count * size, high)
        return self.value_of(entries)


class Pointer(Type):
    """To a child: `value` is its position."""

    size, align = 4, 4

    def place(self, writer, at, value, parts):
        writer.point(at, value)

    def read(self, reader, at):
        return at


class Node:
    def __init__(self, at, inner, keys, entries, depth):
        self.at, self.inner, self.keys, self.entries, self.depth = at, inner, keys, entries, depth
        self.children = []


class BTreeMap(Map):
    size = 8

    @functools.cached_property
    def inner_entry(self):
        return Fields(["pointer", "key"], [Pointer(), self.key])

    def order(self, value):
        entries = sorted(self.entries(value), key=lambda entry: self.key.order(entry["key"]))
        return [(self.key.order(e["key"]), self.item.order(e["value"])) for e in entries]

    def _node(self, writer, start, type_, entries, parts, align, meta, target):
        """End a node: padding, header, then entries, which were added from the greatest down."""
        size = writer.pad(align) - start
        at = writer.reserve(HEADER_BYTES, 4)
        writer.put(at, "I", size)
        if target is not None:
            writer.point(at + 4, target)
        writer.put(at + 8, "H", meta | len(entries))
        for entry, part in reversed(list(zip(entries, parts))):
            place = writer.reserve(type_.size, type_.align)
            type_.place(writer, place, entry, part)
        return at

    def _full(self, writer, start, type_, count):
        return len(writer.bytes) - start + HEADER_BYTES + count * type_.size >= NODE_BYTES

    def _leaves(self, writer, rest):
        nodes = []
        while rest:
            start, entries, parts = len(writer.bytes), [], []
            while True:
                entries.append(rest.pop())
                parts.append(self.entry.parts(writer, entries[-1]))
                if not rest or self._full(writer, start, self.entry, len(entries)):
                    break
            align = max(4, self.entry.align)
            next_leaf = nodes[-1][0] if nodes else None
            at = self._node(writer, start, self.entry, entries, parts, align, 0, next_leaf)
            nodes.append((at, entries[-1]["key"]))
        return nodes

    def _inner_nodes(self, writer, level):
        nodes, rest = [], list(reversed(level))
        while rest:
            start, entries, parts = len(writer.bytes), [], []

            def take():
                at, key = rest.pop()
                entries.append({"pointer": at, "key": key})
                parts.append(self.inner_entry.parts(writer, entries[-1]))

            while len(rest) > 1:
                take()
                if len(entries) >= 2 and self._full(writer, start, self.inner_entry, len(entries)):
                    break
            if len(rest) == 2:
                take()
            before, key = rest.pop()
            align = max(8, self.inner_entry.align)
            at = self._node(
                writer, start, self.inner_entry, entries, parts, align, INNER_NODE, before
            )
            nodes.append((at, key))
        return nodes

    def parts(self, writer, value):
        entries = sorted(self.entries(value), key=lambda entry: self.key.order(entry["key"]))
        count = len(entries)
        if count == 0:
            return 0, 0
        level = self._leaves(writer, entries)
        while len(level) > 1:
            level = self._inner_nodes(writer, level)
        return count, level[0][0]

    def place(self, writer, at, value, parts):
        writer.put(at, "I", parts[0])
        writer.point(at + 4, parts[1])

    def _inside(self, reader, base, offset, size, align):
        return reader.claim(base, offset, size, align, 0, reader.end)

    def _claim_node(self, reader, base, offset):
        at = reader.claim(base, offset, HEADER_BYTES, 4)
        meta = int.from_bytes(reader.data[at + 8 : at + 10], "little")
        type_ = self.inner_entry if meta & INNER_NODE else self.entry
        count = meta & ~INNER_NODE
        start = at + round_up(HEADER_BYTES, type_.align)
        end = start + count * type_.size
        if not reader.low <= at < reader.high or end > reader.high:
            raise CodecError("a node lies before what points to it")
        return at, bool(meta & INNER_NODE), type_, start, count, end

    def _read_node(self, reader, claimed, depth):
        at, inner, type_, start, count, _ = claimed
        block = self._inside(reader, at, -u32(reader.data, at), 1, 1)
        if count == 0:
            raise CodecError("a node has entries")
        low, reader.low, reader.high = reader.low, block, at
        entries = [None] * count
        for i in reversed(range(count)):
            entries[i] = type_.read(reader, start + i * type_.size)
        reader.high, reader.low = reader.low, low
        return Node(at, inner, [self.key.order(e["key"]) for e in entries], entries, depth)

    def read(self, reader, at):
        count = u32(reader.data, at)
        if count == 0:
            return []
        # A node's parts are before it, and the nodes below it before those.
        root_claim = self._claim_node(reader, at + 4, i32(reader.data, at + 4))
        high, reader.high = reader.high, root_claim[0]
        root = self._read_node(reader, root_claim, 0)
        by_position, inners, queue = {root.at: root}, [], [root]
        while len(inners) < len(queue) and queue[len(inners)].inner:
            node = queue[len(inners)]
            inners.append(node)
            for base in [node.at + 4] + [entry["pointer"] for entry in node.entries]:
                claimed = self._claim_node(reader, base, i32(reader.data, base))
                child = self._read_node(reader, claimed, node.depth + 1)
                node.children.append(child.at)
                by_position[child.at] = child
                queue.append(child)
        leaves = queue[len(inners) :]
        self._check(reader, leaves, count)
        for node in inners:
            for i, key in enumerate(node.keys):
                first = by_position[node.children[i + 1]]
                while first.inner:
                    first = by_position[first.children[0]]
                if key != first.keys[0]:
                    raise CodecError("an inner entry has the first key of its child")
        reader.low, reader.high = root_claim[5], high
        # Of equal keys the first stays, with the value of the last.
        entries, last = [], None
        for leaf in leaves:
            for key, entry in zip(leaf.keys, leaf.entries):
                if entries and key == last:
                    entries[-1]["value"] = entry["value"]
                else:
                    entries.append(entry)
                last = key
        return self.value_of(entries)

    def _check(self, reader, leaves, count):
        if any(leaf.inner or leaf.depth != leaves[0].depth for leaf in leaves):
            raise CodecError("all leaves are at one depth")
        keys = [key for leaf in leaves for key in leaf.keys]
        if any(a > b for a, b in zip(keys, keys[1:])):
            raise CodecError("keys ascend")
        if len(keys) != count:
            raise CodecError(f"the map says {count} entries and has {len(keys)}")
        for leaf, after in zip(leaves, leaves[1:] + [None]):
            offset = i32(reader.data, leaf.at + 4)
            if after is None:
                if offset != 0:
                    raise CodecError("the last leaf has none behind it")
            elif self._inside(reader, leaf.at + 4, offset, HEADER_BYTES, 4) != after.at:
                raise CodecError("a leaf points to the next")
