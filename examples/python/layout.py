"""Offsets of fields, from PROTOCOL.md section 3. A niche is (free patterns, at, bytes)."""


class Layout:
    """Size, alignment and niche."""

    size = 0
    align = 1
    niche = None

    @classmethod
    def of(cls, size, align, niche=None):
        layout = cls()
        layout.size, layout.align, layout.niche = size, align, niche
        return layout


def round_up(n, align):
    return -(-n // align) * align


def _free(field):
    return field.niche[0] if field.niche else 0


def _log2(n):
    return (n & -n).bit_length() - 1


def _place(fields, order, niche_last=False):
    size, align, niche = 0, 1, None
    offsets = [0] * len(fields)
    for i in order:
        field = fields[i]
        at = offsets[i] = round_up(size, field.align)
        free, most = _free(field), niche[0] if niche else 0
        if free > most or (niche_last and free > 0 and free == most):
            niche = (field.niche[0], at + field.niche[1], field.niche[2])
        size = at + field.size
        align = max(align, field.align)
    return Layout.of(round_up(size, align), align, niche), offsets


def _sort(fields, niche_last=False):
    max_align = max(field.align for field in fields)
    largest = max(map(_free, fields))

    def key(i):
        field = fields[i]
        group = _log2(max(field.size, field.align))
        if niche_last:
            behind = field.niche[1] + field.niche[2] - field.size if field.niche else 0
            group = _log2(field.align) if _free(field) == largest else group
            return -group, _free(field), behind
        group = min(group, _log2(max_align)) if largest > 0 else group
        return -group, -_free(field), field.niche[1] if field.niche else 0

    return sorted(range(len(fields)), key=key)


def struct_layout(fields):
    if not fields:
        return Layout.of(0, 1), []
    first = _place(fields, _sort(fields))
    niche = first[0].niche
    if niche is None or len(fields) == 1:
        return first
    before, behind = niche[1], first[0].size - niche[1] - niche[2]
    if before == 0 or behind == 0:
        return first
    last = _place(fields, _sort(fields, True), True)
    return last if last[0].niche[1] > max(before, behind) else first


def tuple_layout(fields):
    if not fields:
        return Layout.of(0, 1), []
    last = len(fields) - 1
    return _place(fields, (_sort(fields[:last]) if last else []) + [last])


def enum_layout(variants):
    """The layout, bytes of the tag, and the offsets of each variant's fields."""
    count = len(variants)
    tag_bytes = 1 if count <= 255 else 2 if count <= 65_535 else 4
    tag = Layout.of(tag_bytes, tag_bytes)
    placed = [_place([tag, *fields], range(len(fields) + 1)) for fields in variants]
    align = max(layout.align for layout, _ in placed)
    size = round_up(max(layout.size for layout, _ in placed), align)
    free = (1 << 8 * tag_bytes) - count
    niche = (free, 0, tag_bytes) if free else None
    return Layout.of(size, align, niche), tag_bytes, [offsets[1:] for _, offsets in placed]
