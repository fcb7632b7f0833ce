"""The hash index, from PROTOCOL.md appendix A."""

import struct

EMPTY = 0xFFFFFFFF
FIRST_SEED = 0x80000000
MASK = (1 << 64) - 1
FACTOR = 0x6EED0E9DA4D94A4F


def _diffuse(x):
    x = x * FACTOR & MASK
    x ^= (x >> 32) >> (x >> 60)
    return x * FACTOR & MASK


def sea_hash(data):
    a, b, c, d = 0x08576FB6170B5F5F, 0x587775EEB84A7E46, 0xAC701115428EE569, 0x910FEB91B92BB1CD
    for i in range(0, len(data), 8):
        word = data[i : i + 8]
        mixed = _diffuse(a ^ int.from_bytes(word, "little"))
        if len(word) == 8:
            a, b, c, d = b, c, d, mixed
        else:
            a = mixed
    return _diffuse(a ^ b ^ c ^ d ^ len(data))


def seeded(displacement, key):
    return sea_hash(struct.pack("<I", displacement) + key)


def build_index(keys):
    """The displacements of keys, and the key at each position."""
    count = len(keys)
    buckets = [[] for _ in keys]
    for i, key in enumerate(keys):
        buckets[sea_hash(key) % count].append(i)
    displacements = [EMPTY] * count
    order = [None] * count
    for bucket in sorted(range(count), key=lambda i: (-len(buckets[i]), i)):
        members = buckets[bucket]
        if not members:
            break
        if len(members) == 1:
            displacement = order.index(None)
            positions = [displacement]
        else:
            displacement = FIRST_SEED
            while True:
                positions = [seeded(displacement, keys[i]) % count for i in members]
                free = all(order[position] is None for position in positions)
                if free and len(set(positions)) == len(positions):
                    break
                displacement += 1
        displacements[bucket] = displacement
        for i, position in zip(members, positions):
            order[position] = i
    return displacements, order
