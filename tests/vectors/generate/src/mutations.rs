//! Damaged copies of archives, the same ones on every run.

/// Damaged copies made of each value.
const PER_VALUE: usize = 3;

/// Xorshift64*: enough to pick what to damage, the same on every machine.
struct Random(u64);

impl Random {
    /// Seeded with the FNV-1a hash of `name`, so that adding a vector leaves the others alone.
    fn seeded(name: &str) -> Self {
        Random(
            name.bytes()
                .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)),
        )
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as usize % bound
    }
}

/// Different copies, none equal to `bytes`, each with the name of what was done to it.
pub fn of(name: &str, bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut random = Random::seeded(name);
    distinct(bytes, PER_VALUE, |copy| {
        let first = damage(&mut random, copy);
        if random.below(4) > 0 {
            return first.into();
        }
        format!("{first}+{}", damage(&mut random, copy))
    })
}

/// The same, but only words that are not zero are edited.
pub fn of_links(name: &str, bytes: &[u8], copies: usize) -> Vec<(String, Vec<u8>)> {
    let mut random = Random::seeded(name);
    let words: Vec<usize> = (0..bytes.len() / 4).filter(|i| bytes[i * 4..i * 4 + 4] != [0; 4]).collect();
    distinct(bytes, copies, |copy| {
        let word = words[random.below(words.len())];
        edit_word(&mut random, copy, word);
        "word-edit".into()
    })
}

fn distinct(bytes: &[u8], count: usize, mut damage: impl FnMut(&mut Vec<u8>) -> String) -> Vec<(String, Vec<u8>)> {
    let mut copies: Vec<(String, Vec<u8>)> = Vec::new();
    // Small archives have few different ones: don't insist.
    for _ in 0..count * 4 {
        let mut copy = bytes.to_vec();
        let done = damage(&mut copy);
        if copies.len() < count && copy != bytes && !copies.iter().any(|(_, other)| *other == copy) {
            copies.push((done, copy));
        }
    }
    copies
}

/// Small steps: pointers and lengths that are nearly right.
fn edit_word(random: &mut Random, bytes: &mut [u8], word: usize) {
    let word: &mut [u8; 4] = (&mut bytes[word * 4..word * 4 + 4]).try_into().expect("four bytes");
    let step = [-8i32, -4, -2, -1, 1, 2, 4, 8][random.below(8)];
    *word = i32::from_le_bytes(*word).wrapping_add(step).to_le_bytes();
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
            let word = random.below(words);
            edit_word(random, bytes, word);
            "word-edit"
        }
        _ => {
            bytes.push(random.below(256) as u8);
            "append"
        }
    }
}
