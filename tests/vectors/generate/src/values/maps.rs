//! `HashMap`, `HashSet`, `BTreeMap` and `BTreeSet`. Larger ones: `large.rs`.
//!
//! rkyv itself can't read back hash maps whose keys are `usize` or enums without `#[repr(u8)]`.

use crate::define;
use crate::values::text::c_string;
use crate::vectors::Vectors;
use rkyv::{Archive, Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::time::Duration;

define! {
    #![derive(Archive, Serialize, Deserialize)]
    #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
    #[archive_attr(derive(PartialEq, Eq, Hash, PartialOrd, Ord))]
    struct KeyStruct { a: u16, b: String }
    #[repr(u8)]
    #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
    #[archive_attr(derive(PartialEq, Eq, Hash, PartialOrd, Ord))]
    enum KeyEnum { A, B(a: u32), C { x: u8 } }
    struct Holder { a: u8, map: HashMap<String, u32>, tree: BTreeMap<u8, String>, b: bool }
}

fn text(value: &str) -> String {
    value.into()
}

fn key_structs() -> [KeyStruct; 3] {
    [(1, "a"), (1, "a longer key"), (2, "")].map(|(a, b)| KeyStruct { a, b: b.into() })
}

fn key_enums() -> [KeyEnum; 4] {
    [KeyEnum::A, KeyEnum::B(7), KeyEnum::B(8), KeyEnum::C { x: 9 }]
}

fn hash<K: Hash + Eq, V>(entries: impl IntoIterator<Item = (K, V)>) -> HashMap<K, V> {
    entries.into_iter().collect()
}

fn tree<K: Ord, V>(entries: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    entries.into_iter().collect()
}

const WORDS: [&str; 12] = [
    "",
    "a",
    "banana",
    "cherry pie",
    "date",
    "elderberry",
    "fig",
    "grapefruit",
    "héron",
    "\u{ffff}",
    "😀",
    "zebra crossing",
];

/// Characters of a key: one more byte is hashed.
const LONG_KEYS: [usize; 8] = [59, 60, 126, 258, 522, 1_050, 2_106, 5_000];

pub fn add(vectors: &mut Vectors) {
    hash_maps(vectors);
    hash_sets(vectors);
    btree_maps(vectors);
    btree_sets(vectors);
    vectors.add(
        "map/holder",
        [Holder {
            a: 1,
            map: hash([(text("one"), 1), (text("twenty-one"), 21)]),
            tree: tree([(1, text("one")), (2, text("a long second"))]),
            b: true,
        }],
    );
}

fn hash_maps(vectors: &mut Vectors) {
    vectors.add("hashmap/u32_u32", [0u32, 1, 2, 3, 10, 100].map(|count| hash((0..count).map(|i| (i * 7, i)))));
    vectors.add(
        "hashmap/string_u32",
        [0u32, 1, 4, 12].map(|count| hash((0..count).map(|i| (text(WORDS[i as usize]), i)))),
    );
    vectors.add("hashmap/string_vec", [hash([(text("a"), vec![1u8]), (text("a longer key"), vec![2, 3])])]);
    vectors.add("hashmap/string_string", [hash(WORDS.map(|word| (text(word), format!("{word}, {word}"))))]);
    vectors.add("hashmap/u8_u8", [hash([(1u8, 2u8)]), hash((0..=255).map(|i: u8| (i, !i)))]);
    vectors.add("hashmap/u64_string", [hash([(1u64, text("one")), (u64::MAX, text("the greatest"))])]);
    vectors.add("hashmap/i64_u8", [hash([(i64::MIN, 1u8), (-1, 2), (i64::MAX, 3)])]);
    vectors.add("hashmap/i16_u64", [hash([(-1i16, 1u64), (0, 2)])]);
    vectors.add("hashmap/u128_u128", [hash([(1u128, 2u128), (u128::MAX, 3)])]);
    vectors.add("hashmap/bool", [hash([(false, 1u32), (true, 2)])]);
    vectors.add("hashmap/char", [hash([('a', text("latin")), ('😀', text("not latin at all"))])]);
    vectors.add("hashmap/tuple", [hash([((1u8, text("x")), 1u16), ((2, text("a longer key")), 2)])]);
    vectors.add("hashmap/array", [hash([([1u8, 2, 3, 4], 1u8), ([5, 6, 7, 8], 2)])]);
    vectors.add("hashmap/vec_u8", [hash([(vec![1u8], 1u8), (vec![], 2)])]);
    vectors.add("hashmap/vec_u32", [hash([(vec![1u32, 2], 1u8), (vec![], 2)])]);
    vectors.add("hashmap/option", [hash([(None, 1u8), (Some(1u8), 2), (Some(2), 3)])]);
    vectors.add("hashmap/boxstr", [hash([(Box::<str>::from("one"), 1u8), (Box::from("another key"), 2)])]);
    vectors.add("hashmap/cstring", [hash([(c_string("one"), 1u8), (c_string("another key"), 2), (c_string(""), 3)])]);
    vectors.add("hashmap/duration", [hash([(Duration::new(1, 2), 1u8), (Duration::new(1, 3), 2)])]);
    vectors.add("hashmap/struct", [hash(key_structs().map(|key| (key.clone(), key.a)))]);
    vectors.add("hashmap/enum", [hash(key_enums().map(|key| (key, 1u8)))]);
    vectors.add("hashmap/unit_value", [hash((0..5u32).map(|i| (i, ())))]);
    vectors.add("hashmap/alignments", [hash([(1u8, (2u8, 3u64))])]);
    vectors.add(
        "hashmap/nested",
        [hash([(text("outer one"), hash([(1u8, text("inner and long"))])), (text("b"), hash([]))])],
    );
    // What a hasher that buffers is fed by a key, around the sizes its buffer grows to.
    vectors.add("hashmap/long_key", LONG_KEYS.map(|length| hash([("k".repeat(length), 7u32)])));
    vectors.add("hashmap/long_and_short_key", [hash([("k".repeat(5_000), 1u32), ("k".repeat(60), 2)])]);
}

fn hash_sets(vectors: &mut Vectors) {
    vectors.add("hashset/u32", [0u32, 1, 5, 50].map(|count| (0..count).map(|i| i * i).collect::<HashSet<_>>()));
    vectors.add("hashset/string", [HashSet::new(), WORDS.map(text).into()]);
    vectors.add("hashset/u8", [HashSet::from([1u8, 2, 3])]);
    vectors.add("hashset/u64", [HashSet::from([1u64, u64::MAX])]);
    vectors.add("hashset/array", [HashSet::from([[u64::MAX, 1, 2, 3, 4, 5, 6, 7], [0; 8]])]);
    vectors.add("hashset/tuple", [HashSet::from([(1u8, 2u32), (3, 4)])]);
}

fn btree_maps(vectors: &mut Vectors) {
    vectors.add("btreemap/u32_u32", [0u32, 1, 2, 5, 600].map(|count| tree((0..count).map(|i| (i * 3, i)))));
    vectors.add("btreemap/cstring", [tree([(c_string("one"), 1u8), (c_string("another key"), 2)])]);
    vectors.add("btreemap/string_u32", [tree(WORDS.iter().zip(0u32..).map(|(word, i)| (text(word), i)))]);
    vectors.add("btreemap/string_vec", [tree([(text("a"), vec![1u8]), (text("a longer key"), vec![2, 3])])]);
    vectors.add("btreemap/string_string", [tree(WORDS.map(|word| (text(word), format!("{word}, {word}"))))]);
    vectors.add("btreemap/levels", [tree((0..8u8).map(|i| (format!("{i:02}{}", "k".repeat(1_400)), i)))]);
    // Entries of 4,090 bytes: each leaf holds one, so small maps have inner nodes.
    vectors.add_links("btreemap/leaves", 14, tree([(1u8, [0u8; 4_090]), (2, [0; 4_090])]));
    vectors.add("btreemap/u64_u8", [tree([(1u64, 1u8)]), tree([(1, 1), (2, 2), (u64::MAX, 3)])]);
    vectors.add("btreemap/u128_u8", [tree([(1u128, 1u8), (2, 2)])]);
    vectors.add("btreemap/u8_u8", [tree([(1u8, 2u8)]), tree((0..40).map(|i| (i, i)))]);
    vectors.add("btreemap/u8_u64", [tree([(1u8, 2u64), (3, 4)])]);
    vectors.add("btreemap/i32_bool", [tree([(-1i32, true), (0, false), (1, true)])]);
    vectors
        .add("btreemap/tuple", [tree([((1u8, text("x")), 1u8), ((1, text("a longer key")), 2), ((0, text("z")), 3)])]);
    vectors.add("btreemap/option", [tree([(None, 1u8), (Some(0u8), 2), (Some(1), 3)])]);
    vectors.add("btreemap/struct", [tree(key_structs().map(|key| (key.clone(), vec![u32::from(key.a)])))]);
    vectors.add("btreemap/enum", [tree(key_enums().map(|key| (key, text("a value of it"))))]);
    // Equal keys, which rkyv takes: the last value wins.
    vectors.add_edited(
        "btreemap/equal_numbers",
        tree([(1u8, 10u8), (2, 20), (3, 30)]),
        &[1, 10, 2, 20],
        &[2, 10, 2, 20],
    );
    vectors.add_edited(
        "btreemap/equal_tuples",
        tree([((1u8, 1u8), 10u8), ((1, 2), 20), ((1, 3), 30)]),
        &[1, 1, 10, 1, 2, 20],
        &[1, 2, 10, 1, 2, 20],
    );
    vectors.add("btreemap/nested", [tree([(1u8, tree([(text("inner key one"), 1u8)])), (2, tree([]))])]);
}

fn btree_sets(vectors: &mut Vectors) {
    vectors.add("btreeset/u32", [0u32, 1, 5].map(|count| (0..count).map(|i| i * i).collect::<BTreeSet<_>>()));
    vectors.add("btreeset/string", [BTreeSet::from(WORDS.map(text))]);
    vectors.add_edited("btreeset/equal_tuples", BTreeSet::from([(1u8, 1u8), (1, 2)]), &[1, 1, 1, 2], &[1, 2, 1, 2]);
    vectors.add("btreeset/i64", [BTreeSet::from([i64::MIN, -1, 0, 1, i64::MAX])]);
    vectors.add("btreeset/u16", [(0..1_100u16).collect::<BTreeSet<_>>()]);
}
