//! Damage with a seed, and the names of rkyv's refusals.

use serde_json::Value;

/// Damaged copies made of each value.
const PER_VALUE: usize = 3;

/// Xorshift64*: enough to pick what to damage, the same on every machine.
struct Random(u64);

impl Random {
    /// Seeded with the FNV-1a hash of `name`, so that adding a vector leaves the others alone.
    fn seeded(name: &str) -> Self {
        Random(name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        }))
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as usize % bound
    }
}

pub struct Mutations;

impl Mutations {
    /// Different copies, none equal to `bytes`, each with the name of what was done to it.
    pub fn of(name: &str, bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut random = Random::seeded(name);
        let mut copies: Vec<(String, Vec<u8>)> = Vec::new();
        for _ in 0..PER_VALUE * 4 {
            if copies.len() == PER_VALUE {
                break;
            }
            let mut copy = bytes.to_vec();
            let mut done = vec![damage(&mut random, &mut copy)];
            if random.below(4) == 0 {
                done.push(damage(&mut random, &mut copy));
            }
            if copy != bytes && !copies.iter().any(|(_, other)| *other == copy) {
                copies.push((done.join("+"), copy));
            }
        }
        copies
    }
}

fn damage(random: &mut Random, bytes: &mut Vec<u8>) -> &'static str {
    let length = bytes.len();
    let words = length / 4;
    match random.below(12) {
        0 if length > 0 => {
            bytes.truncate(length - 1 - random.below(length.min(8)));
            "truncate-back"
        }
        1 if length > 0 => {
            bytes.drain(..1 + random.below(length.min(8)));
            "truncate-front"
        }
        2 => {
            bytes.splice(..0, (0..1 + random.below(16)).map(|_| 0));
            "prepend"
        }
        3 => {
            bytes.extend((0..1 + random.below(16)).map(|_| 0));
            "append"
        }
        4 | 5 if length > 0 => {
            bytes[random.below(length)] ^= 1 << random.below(8);
            "bit-flip"
        }
        6 | 7 if length > 0 => {
            bytes[random.below(length)] = random.below(256) as u8;
            "byte-set"
        }
        8 if words > 1 => {
            let (a, b) = (random.below(words) * 4, random.below(words) * 4);
            for i in 0..4 {
                bytes.swap(a + i, b + i);
            }
            "word-swap"
        }
        9.. if words > 0 => {
            // Small steps: pointers and lengths that are nearly right.
            let at = random.below(words) * 4;
            let word: &mut [u8; 4] = (&mut bytes[at..at + 4]).try_into().expect("four bytes");
            let step = [-8i32, -4, -2, -1, 1, 2, 4, 8][random.below(8)];
            *word = i32::from_le_bytes(*word).wrapping_add(step).to_le_bytes();
            "word-edit"
        }
        _ => {
            bytes.push(random.below(256) as u8);
            "append"
        }
    }
}

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
            (Some(bits), 10) => u32::from_str_radix(bits, 16)
                .is_ok_and(|bits| f32::from_bits(bits).is_nan() && bits != 0x7fc0_0000),
            (Some(bits), 18) => u64::from_str_radix(bits, 16)
                .is_ok_and(|bits| f64::from_bits(bits).is_nan() && bits != 0x7ff8_0000_0000_0000),
            _ => false,
        },
        _ => false,
    }
}
