//! Structs: plain, tuple, unit and nested, and orders of fields that rustc moves.

use crate::define;
use crate::vectors::Vectors;
use rkyv::{Archive, Deserialize, Serialize};
use std::num::{NonZeroU16, NonZeroU64};
use std::time::Duration;

define! {
    #![derive(Archive, Serialize, Deserialize)]
    struct Nothing;
    struct NoFields {}
    struct Newtype(inner: u32);
    struct NewString(inner: String);
    struct Pair(a: u8, b: u32);
    struct Triple(a: u8, b: String, c: u64);
    struct One { a: u8 }
    struct Ascending { a: u8, b: u16, c: u32, d: u64, e: u128 }
    struct Descending { a: u128, b: u64, c: u32, d: u16, e: u8 }
    struct Mixed { a: u8, b: u64, c: u16, d: u32, e: u8 }
    struct Point { x: f64, y: f64, label: String }
    struct Texts { a: String, b: Vec<u8>, c: String, d: Vec<u32>, e: Option<String> }
    struct Numbers { a: i8, b: i16, c: i32, d: i64, e: i128, f: usize, g: isize, h: f32, i: f64, j: bool, k: char }
    struct Inner { id: u16, label: String, score: f32 }
    struct Outer { flag: bool, inner: Inner, list: Vec<Inner>, opt: Option<Inner>, pair: (u8, u64) }
    struct Niche1 { a: u8, b: bool, c: u16, d: u32 }
    struct Niche2 { a: bool, b: [u8; 16] }
    struct Niche3 { a: u32, b: char, c: u8, d: bool }
    struct Niche4 { a: Option<u64>, b: u8, c: bool }
    struct Niche5 { a: (u8, u8, u8, bool), b: (u8, bool, u8) }
    struct Niche6 { a: u16, b: Option<u8>, c: [u8; 3], d: u64, e: NonZeroU16 }
    struct Niche7 { a: [u8; 3], b: NonZeroU64, c: bool, d: u8, e: Option<bool> }
    struct Niche8 { a: Niche1, b: u8, c: Niche4, d: u16 }
    struct ZeroSized { a: (), b: u8, c: [u64; 0], d: u32, e: Nothing }
    struct Wide { a: u8, b: u128, c: u64, d: i128 }
    struct Pointers { a: Box<u8>, b: Vec<u8>, c: Box<u64>, d: Box<str>, e: Box<[u16]> }
    struct Gaps { a: Vec<u8>, b: Vec<u64>, c: Vec<u8>, d: Vec<u128> }
    struct Options {
        a: Option<u8>, b: Option<u16>, c: Option<u32>, d: Option<u64>, e: Option<String>, f: Option<Vec<u8>>,
    }
    struct Times { a: u8, b: Duration, c: Option<Duration> }
    #[archive_attr(check_bytes(bound = "__C: rkyv::validation::ArchiveContext, <__C as rkyv::Fallible>::Error: std::error::Error"))]
    #[archive(bound(serialize = "__S: rkyv::ser::Serializer + rkyv::ser::ScratchSpace"))]
    struct List { v: u32, #[omit_bounds] #[archive_attr(omit_bounds)] next: Option<Box<List>> }
    #[archive_attr(check_bytes(bound = "__C: rkyv::validation::ArchiveContext, <__C as rkyv::Fallible>::Error: std::error::Error"))]
    #[archive(bound(serialize = "__S: rkyv::ser::Serializer + rkyv::ser::ScratchSpace"))]
    struct Tree { name: String, #[omit_bounds] #[archive_attr(omit_bounds)] kids: Vec<Tree> }
}

fn inner(id: u16, label: &str) -> Inner {
    Inner { id, label: label.into(), score: f32::from(id) / 4.0 }
}

fn list(values: &[u32]) -> List {
    let next = (values.len() > 1).then(|| Box::new(list(&values[1..])));
    List { v: values[0], next }
}

fn tree(name: &str, kids: Vec<Tree>) -> Tree {
    Tree { name: name.into(), kids }
}

pub fn add(vectors: &mut Vectors) {
    vectors.add("struct/unit", [Nothing]);
    vectors.add("struct/no_fields", [NoFields {}]);
    vectors.add("struct/newtype", [Newtype(7)]);
    vectors.add("struct/newtype_string", [NewString("short".into()), NewString("longer than seven".into())]);
    vectors.add("struct/pair", [Pair(1, 2)]);
    vectors.add("struct/triple", [Triple(1, "the second field".into(), 3)]);
    vectors.add("struct/one", [One { a: 1 }]);
    vectors.add("struct/ascending", [Ascending { a: 1, b: 2, c: 3, d: 4, e: 5 }]);
    vectors.add("struct/descending", [Descending { a: 1, b: 2, c: 3, d: 4, e: 5 }]);
    vectors.add("struct/mixed", [Mixed { a: 1, b: 2, c: 3, d: 4, e: 5 }]);
    vectors.add("struct/point", [Point { x: 1.5, y: -2.0, label: "somewhere".into() }]);
    vectors.add(
        "struct/texts",
        [
            Texts {
                a: "first string".into(),
                b: vec![1, 2, 3],
                c: "third string".into(),
                d: vec![4, 5],
                e: Some("fifth string".into()),
            },
            Texts { a: "a".into(), b: vec![], c: "c".into(), d: vec![], e: None },
        ],
    );
    vectors.add(
        "struct/numbers",
        [Numbers { a: -1, b: -2, c: -3, d: -4, e: -5, f: 6, g: -7, h: 8.5, i: -9.25, j: true, k: 'k' }],
    );
    vectors.add("struct/inner", [inner(1, "x"), inner(65_535, "a longer label")]);
    vectors.add(
        "struct/outer",
        [
            Outer {
                flag: true,
                inner: inner(1, "a longer label"),
                list: vec![inner(2, "b"), inner(3, "another long label")],
                opt: Some(inner(4, "d")),
                pair: (5, 6),
            },
            Outer { flag: false, inner: inner(0, ""), list: vec![], opt: None, pair: (0, 0) },
        ],
    );
    vectors.add("struct/niche1", [Niche1 { a: 1, b: true, c: 2, d: 3 }]);
    vectors.add("struct/niche2", [Niche2 { a: true, b: [7; 16] }]);
    vectors.add("struct/niche3", [Niche3 { a: 1, b: 'b', c: 2, d: true }]);
    vectors.add("struct/niche4", [Niche4 { a: Some(1), b: 2, c: true }, Niche4 { a: None, b: 2, c: false }]);
    vectors.add("struct/niche5", [Niche5 { a: (1, 2, 3, true), b: (4, false, 5) }]);
    vectors.add("struct/niche6", [Niche6 { a: 1, b: Some(2), c: [3, 4, 5], d: 6, e: NonZeroU16::MAX }]);
    vectors.add("struct/niche7", [Niche7 { a: [1, 2, 3], b: NonZeroU64::MIN, c: true, d: 4, e: Some(false) }]);
    vectors.add(
        "struct/niche8",
        [Niche8 { a: Niche1 { a: 1, b: false, c: 2, d: 3 }, b: 4, c: Niche4 { a: Some(5), b: 6, c: true }, d: 7 }],
    );
    vectors.add("struct/zero_sized", [ZeroSized { a: (), b: 1, c: [], d: 2, e: Nothing }]);
    vectors.add("struct/wide", [Wide { a: 1, b: 2, c: 3, d: -4 }]);
    vectors.add(
        "struct/pointers",
        [Pointers { a: Box::new(1), b: vec![2, 3], c: Box::new(4), d: "five".into(), e: vec![6, 7].into() }],
    );
    vectors.add(
        "struct/gaps",
        [
            Gaps { a: vec![1], b: vec![], c: vec![2], d: vec![] },
            Gaps { a: vec![1], b: vec![2], c: vec![3], d: vec![4] },
        ],
    );
    vectors.add(
        "struct/options",
        [
            Options { a: None, b: None, c: None, d: None, e: None, f: None },
            Options {
                a: Some(1),
                b: Some(2),
                c: Some(3),
                d: Some(4),
                e: Some("five is longer".into()),
                f: Some(vec![6]),
            },
        ],
    );
    vectors.add("struct/times", [Times { a: 1, b: Duration::new(2, 3), c: Some(Duration::new(4, 5)) }]);
    vectors.add("struct/vec", [vec![Mixed { a: 1, b: 2, c: 3, d: 4, e: 5 }, Mixed { a: 6, b: 7, c: 8, d: 9, e: 10 }]]);
    vectors.add("struct/option", [None, Some(inner(9, "an optional label"))]);
    vectors.add("struct/box", [Box::new(inner(9, "a boxed long label"))]);
    vectors.add("struct/array", [[Pair(1, 2), Pair(3, 4)]]);
    vectors.add("recursive/list", [list(&[1]), list(&[1, 2, 3]), list(&[9; 20])]);
    vectors.add(
        "recursive/tree",
        [
            tree("root", vec![]),
            tree(
                "the root of it all",
                vec![tree("left", vec![tree("a deep leaf node", vec![])]), tree("a long right name", vec![])],
            ),
        ],
    );
}
