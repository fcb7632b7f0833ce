//! Collections too large to commit: how to build them, and the SHA-256 of what rkyv writes.

use crate::describe::{declaration, hex, schema};
use crate::vectors::{line, Vector};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// `rule` says in words what entry `i` of `count` is; ../README.md lists the rules.
fn add<T: Vector>(into: &mut String, name: &str, rule: &str, count: u32, value: T) {
    let bytes = value.archive();
    let back = T::read(&bytes).unwrap_or_else(|error| panic!("rkyv refuses its own {name}: {error}"));
    assert_eq!(back.archive()[..], bytes[..], "{name} changes when read and written again");
    line(
        into,
        json!({
            "name": name,
            "rust": declaration::<T>(),
            "schema": schema::<T>(),
            "rule": rule,
            "count": count,
            "bytes": bytes.len(),
            "sha256": hex(&Sha256::digest(&bytes)),
        }),
    );
}

fn spread(i: u32) -> u32 {
    i.wrapping_mul(2_654_435_761)
}

fn padded(i: u32, width: usize) -> String {
    format!("{:x<width$}", format!("{i:06}"))
}

pub fn lines() -> String {
    let mut out = String::new();
    for count in [512, 5_000, 300_000] {
        let name = format!("btreemap/u32_u32/{count}");
        add(&mut out, &name, "spread", count, (0..count).map(|i| (spread(i), i)).collect::<BTreeMap<_, _>>());
    }
    for count in [600, 5_000, 300_000] {
        let name = format!("btreeset/u64/{count}");
        add(&mut out, &name, "spread", count, (0..count).map(|i| u64::from(spread(i))).collect::<BTreeSet<_>>());
    }
    // Entries of 600 and 1,500 bytes leave few to a node: trees of three levels and more.
    for (rule, width, count) in [("padded16", 16, 5_000), ("padded600", 600, 400), ("padded1500", 1_500, 400)] {
        let name = format!("btreemap/string_u32/{rule}/{count}");
        add(&mut out, &name, rule, count, (0..count).map(|i| (padded(i, width), i)).collect::<BTreeMap<_, _>>());
    }
    for count in [1_000, 5_000] {
        let name = format!("hashmap/u32_u32/{count}");
        add(&mut out, &name, "spread", count, (0..count).map(|i| (spread(i), i)).collect::<HashMap<_, _>>());
        let name = format!("hashmap/string_u32/{count}");
        add(&mut out, &name, "padded16", count, (0..count).map(|i| (padded(i, 16), i)).collect::<HashMap<_, _>>());
        let name = format!("hashset/u64/{count}");
        add(&mut out, &name, "spread", count, (0..count).map(|i| u64::from(spread(i))).collect::<HashSet<_>>());
    }
    let count = 100_000;
    add(&mut out, "vec/u32/100000", "spread", count, (0..count).map(spread).collect::<Vec<_>>());
    add(&mut out, "vec/string/100000", "padded16", count, (0..count).map(|i| padded(i, 16)).collect::<Vec<_>>());
    out
}
