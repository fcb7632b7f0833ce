//! Why rkyv refuses an archive, in one word.

use serde_json::Value;

/// rkyv's refusals by a part of their text, as the types of its errors can't be named from outside.
const CATEGORIES: &[(&str, &str)] = &[
    ("subtree pointer overran range", "SubtreePointerOverrun"),
    ("subtree pointer out of bounds", "SubtreePointerOutOfBounds"),
    ("pointer overran buffer", "Overrun"),
    ("pointer out of bounds", "OutOfBounds"),
    ("unaligned pointer", "Unaligned"),
    ("archive underaligned", "Underaligned"),
    ("invalid tag for enum", "InvalidTag"),
    ("utf8 error", "Utf8Error"),
    ("missing null terminator", "MissingNullTerminator"),
    ("String representation was inline", "StringRepr"),
    ("check failed for bool", "Bool"),
    ("check failed for char", "Char"),
    ("nonzero integer is zero", "NonZero"),
    ("invalid displacement", "InvalidDisplacement"),
    ("invalid key position", "InvalidKeyPosition"),
    ("entries but there were actually", "LengthMismatch"),
    ("too few leaf node entries", "TooFewLeafNodeEntries"),
    ("too few inner node entries", "TooFewInnerNodeEntries"),
    ("leaf node contains keys in unsorted order", "UnsortedLeafNodeEntries"),
    ("leaf nodes are not linked in the sorted order", "UnlinkedLeafNode"),
    ("leaf nodes are not linked in sorted order", "UnsortedLeafNode"),
    ("the forward pointer of the last leaf was not null", "LastLeafForwardPointerNotNull"),
    ("inner node in leaf level", "InnerNodeInLeafLevel"),
    ("mismatched inner child key", "MismatchedInnerChildKey"),
    ("incorrect child key in inner node", "IncorrectChildKey"),
    ("invalid node size", "InvalidNodeSize"),
    ("Duration", "Duration"),
];

pub fn category(message: &str) -> &'static str {
    CATEGORIES
        .iter()
        .find(|(part, _)| message.contains(part))
        .unwrap_or_else(|| panic!("a refusal without a name: {message}"))
        .1
}

/// Whether a NaN other than the usual one is inside: JavaScript can't tell them apart.
pub fn holds_odd_nan(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_odd_nan),
        Value::Object(fields) => fields.values().any(holds_odd_nan),
        Value::String(text) => match (text.strip_prefix("0x"), text.len()) {
            (Some(bits), 10) => {
                u32::from_str_radix(bits, 16).is_ok_and(|bits| f32::from_bits(bits).is_nan() && bits != 0x7fc0_0000)
            }
            (Some(bits), 18) => u64::from_str_radix(bits, 16)
                .is_ok_and(|bits| f64::from_bits(bits).is_nan() && bits != 0x7ff8_0000_0000_0000),
            _ => false,
        },
        _ => false,
    }
}
