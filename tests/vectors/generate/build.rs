//! Writes Rust: the wide enums, and random but fixed structs and tuples for `layouts.jsonl`.

use std::fmt::Write;
use std::path::Path;

/// Changing it changes every line of layouts.jsonl.
const SEED: u64 = 0x6861_7264_6c69_6768;
const LAYOUTS: usize = 360;

const LEAVES: &[&str] = &[
    "u8",
    "i8",
    "u16",
    "i16",
    "u32",
    "i32",
    "u64",
    "i64",
    "u128",
    "i128",
    "usize",
    "isize",
    "f32",
    "f64",
    "bool",
    "char",
    "()",
    "String",
    "Box<str>",
    "Duration",
    "Ipv4Addr",
    "IpAddr",
    "SocketAddr",
    "NonZeroU8",
    "NonZeroU16",
    "NonZeroU32",
    "NonZeroU64",
    "NonZeroI16",
    "NonZeroUsize",
    "RangeFull",
];
/// Rich in niches, which decide the order of fields: every second pick comes from here.
const NICHES: &[&str] = &[
    "bool",
    "char",
    "u8",
    "u16",
    "u32",
    "u64",
    "NonZeroU8",
    "NonZeroU32",
    "Option<u8>",
    "Option<u64>",
    "Option<bool>",
    "[bool; 2]",
    "[u8; 3]",
    "[u8; 5]",
    "(u8, bool)",
    "(bool, u16, u8)",
];
const KEYS: &[&str] = &["u8", "u32", "u64", "char", "bool", "String", "(u8, u32)", "[u8; 3]"];

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as usize % bound
    }

    fn pick(&mut self, from: &[&str]) -> String {
        from[self.below(from.len())].into()
    }
}

/// Definitions written so far, and how many names are taken.
struct Program {
    random: Random,
    definitions: String,
    names: usize,
}

impl Program {
    fn name(&mut self) -> String {
        self.names += 1;
        format!("L{}", self.names)
    }

    fn types(&mut self, depth: usize, least: usize, most: usize) -> Vec<String> {
        let count = least + self.random.below(most - least + 1);
        (0..count).map(|_| self.any(depth)).collect()
    }

    fn any(&mut self, depth: usize) -> String {
        if self.random.below(2) == 0 {
            return self.random.pick(NICHES);
        }
        if depth == 0 || self.random.below(5) < 2 {
            return self.random.pick(LEAVES);
        }
        let depth = depth - 1;
        match self.random.below(15) {
            0 => format!("Vec<{}>", self.any(depth)),
            1 => format!("Box<{}>", self.any(depth)),
            2 => format!("Box<[{}]>", self.any(depth)),
            3 | 4 => format!("Option<{}>", self.any(depth)),
            5 => format!("Result<{}, {}>", self.any(depth), self.any(depth)),
            6 => {
                let count = self.random.below(5);
                format!("[{}; {count}]", self.any(depth))
            }
            7 => format!("HashMap<{}, {}>", self.random.pick(KEYS), self.any(depth)),
            8 => format!("BTreeSet<{}>", self.random.pick(KEYS)),
            9 => {
                let kind = self.random.pick(&["Range", "RangeInclusive", "RangeFrom", "RangeTo"]);
                let of = self.random.pick(LEAVES);
                format!("{kind}<{of}>")
            }
            10 | 11 => tuple(&self.types(depth, 1, 4)),
            12 => self.enumeration(depth),
            _ => self.structure(depth, 5).0,
        }
    }

    /// A new struct: its name and the names of its fields.
    fn structure(&mut self, depth: usize, most: usize) -> (String, Vec<String>) {
        let types = self.types(depth, 1, most);
        let name = self.name();
        let positional = self.random.below(4) == 0;
        let fields = named("f", &types);
        let shape = if positional { format!("{name}({fields})") } else { format!("{name} {{ {fields} }}") };
        writeln!(self.definitions, "crate::shape! {{ #[derive(Archive)] struct {shape} }}").expect("a string");
        let labels = (0..types.len()).map(|i| if positional { i.to_string() } else { format!("f{i}") });
        (name, labels.collect())
    }

    fn enumeration(&mut self, depth: usize) -> String {
        let count = 1 + self.random.below(4);
        let variants: Vec<String> = (0..count)
            .map(|i| match self.random.below(3) {
                0 => format!("V{i}"),
                1 => format!("V{i}({})", named("g", &self.types(depth, 1, 3))),
                _ => format!("V{i} {{ {} }}", named("g", &self.types(depth, 1, 3))),
            })
            .collect();
        let name = self.name();
        writeln!(self.definitions, "crate::shape! {{ #[derive(Archive)] enum {name} {{ {} }} }}", variants.join(", "))
            .expect("a string");
        name
    }
}

fn named(prefix: &str, types: &[String]) -> String {
    let fields: Vec<String> = types.iter().enumerate().map(|(i, of)| format!("{prefix}{i}: {of}")).collect();
    fields.join(", ")
}

fn tuple(types: &[String]) -> String {
    format!("({},)", types.join(", "))
}

fn layouts() -> String {
    let mut program = Program { random: Random(SEED), definitions: String::new(), names: 0 };
    let mut lines = String::from("pub fn lines() -> String {\n    let mut out = String::new();\n");
    for i in 0..LAYOUTS {
        let depth = program.random.below(3);
        let (of, labels) = if i % 3 == 0 {
            let types = program.types(depth, 1, 8);
            (tuple(&types), (0..types.len()).map(|i| i.to_string()).collect())
        } else {
            program.structure(depth, 9)
        };
        let offsets: Vec<String> =
            labels.iter().map(|label| format!("offset_of!(<{of} as Archive>::Archived, {label})")).collect();
        writeln!(lines, "    add::<{of}>(&mut out, &[{}]);", offsets.join(", ")).expect("a string");
    }
    format!("{}{lines}    out\n}}\n", program.definitions)
}

fn wide_enums() -> String {
    [255, 256, 257, 300]
        .map(|count| {
            let variants: Vec<String> = (0..count - 1).map(|i| format!("V{i}")).collect();
            format!("define! {{ #![derive(Archive, Serialize, Deserialize)] enum E{count} {{ {}, Last(a: u8, b: u32) }} }}\n", variants.join(", "))
        })
        .concat()
}

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let folder = std::env::var("OUT_DIR").expect("set by cargo");
    std::fs::write(Path::new(&folder).join("layouts.rs"), layouts())?;
    std::fs::write(Path::new(&folder).join("wide_enums.rs"), wide_enums())
}
