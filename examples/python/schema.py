"""Types from the schemas of tests/vectors/README.md, and fingerprints from PROTOCOL.md section 1."""

from archive import Type
from composites import Enum, Fields, Keyed, Option, quoted
from maps import BTreeMap, HashMap
from pointers import Box, BoxStr, Lazy, List, String
from scalars import Bool, Char, Duration, Float, Number, Octets, Packed, Unit

SOCKET_V4 = ("sockv4", 6, 2, "4sH", ("ip", "port"))
SOCKET_V6 = ("sockv6", 28, 4, "16sIIH", ("ip", "flowinfo", "scope_id", "port"))
RANGES = {
    "range": ["start", "end"],
    "rangeinc": ["start", "end"],
    "rangefrom": ["start"],
    "rangeto": ["end"],
    "rangetoinc": ["end"],
}


class Stream(Type):
    """Only in fingerprints: it takes no space in an archive."""

    def __init__(self, item):
        self.item = item

    def text(self, met):
        return f"stream({self.item.text(met)})"


def _leaf(kind):
    if kind.startswith("nz_"):
        inner = _leaf(kind[3:])
        return Number(inner.name, inner.size, inner.signed, True)
    if kind in ("usize", "isize"):
        return Number(kind, 4, kind == "isize")
    if kind in ("f32", "f64"):
        return Float(kind, int(kind[1:]) // 8)
    if kind[0] in "ui" and kind[1:].isdigit():
        return Number(kind, int(kind[1:]) // 8, kind[0] == "i")
    octets = {"ipv4": 4, "ipv6": 16, "uuid": 16}
    if kind in octets:
        return Octets(kind, octets[kind])
    if kind == "ip":
        return Keyed("ip", ["v4", "v6"], [_leaf("ipv4"), _leaf("ipv6")])
    if kind == "sock":
        return Keyed("sock", ["v4", "v6"], [Packed(*SOCKET_V4), Packed(*SOCKET_V6)])
    return {
        "bool": Bool,
        "char": Char,
        "unit": Unit,
        "rangefull": Unit,
        "string": String,
        "boxstr": BoxStr,
        "cstring": lambda: BoxStr(b"\0"),
        "duration": Duration,
        "sockv4": lambda: Packed(*SOCKET_V4),
        "sockv6": lambda: Packed(*SOCKET_V6),
    }[kind]()


def build(spec, known=None):
    """The type of a schema. `known` has the enclosing types, by name."""
    if isinstance(spec, str):
        return _leaf(spec)
    known = known or {}
    kind = spec["k"]

    def sub(key):
        return build(spec[key], known)

    if kind == "ref":
        return known[spec["name"]]
    if kind in ("vec", "boxslice"):
        return List(kind, sub("t"))
    if kind == "array":
        return List(kind, sub("t"), spec["n"])
    if kind == "box":
        return Box(sub("t"))
    if kind == "stream":
        return Stream(sub("t"))
    if kind == "option":
        return Option(sub("t"))
    if kind == "result":
        return Keyed("result", ["ok", "err"], [sub("ok"), sub("err")])
    if kind in RANGES:
        names = RANGES[kind]
        return Fields(names, [sub("t") for _ in names], kind)
    if kind in ("hashmap", "btreemap"):
        return (HashMap if kind == "hashmap" else BTreeMap)(kind, sub("key"), sub("val"), False)
    if kind in ("hashset", "btreeset"):
        return (HashMap if kind == "hashset" else BTreeMap)(kind, sub("t"), Unit(), True)
    if kind == "tuple":
        return Fields(None, [build(t, known) for t in spec["ts"]], "", True)
    if kind == "ustruct":
        return Unit()

    # A type may refer to itself by name.
    self = Lazy()
    inner = {**known, spec["name"]: self}
    if kind == "lazy":
        self.item = build(spec["t"], inner)
        return self
    if kind == "struct":
        names = [name for name, _ in spec["fields"]]
        self.item = Fields(names, [build(t, inner) for _, t in spec["fields"]])
    elif kind == "tstruct":
        self.item = Fields(None, [build(t, inner) for t in spec["fields"]])
    elif kind == "enum":
        self.item = Enum([_variant(variant, inner) for variant in spec["variants"]])
    else:
        raise KeyError(kind)
    return self.item


def _variant(variant, known):
    name, shape, fields = (*variant, None, [])[:3]
    if shape == "s":
        return name, [field for field, _ in fields], [build(t, known) for _, t in fields]
    return name, None, [build(t, known) for t in fields]


def _fnv(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def _method(name, arguments, output):
    fields = ",".join(f"{quoted(field)}:{build(t).text({})}" for field, t in arguments)
    return f"{quoted(name)}{{{fields}}}", build(output).text({})


def fingerprint(service):
    """The fingerprint of a service, and its three texts."""
    methods = [_method(*method) for method in service["methods"]]
    calls, outputs = ",".join(m[0] for m in methods), ",".join(m[1] for m in methods)
    # Names of the state are never quoted.
    state = ",".join(f"{name}:{build(t).text({})}" for name, t in service["state"])
    event = service.get("event")
    events = build(event).text({}) if event is not None else ""
    for method in service.get("client", []):
        events += ";%s->%s" % _method(*method)
    texts = [f"enum{{{calls}}}->{outputs}", f"state{{{state}}}", events]
    return ".".join(map(_fnv, texts)), texts
