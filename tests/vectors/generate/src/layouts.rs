//! Where rustc puts the fields of archived structs and tuples: definitions by build.rs, offsets by rustc.

#![allow(unused_imports)]

use crate::describe::{declaration, schema, Shape};
use crate::vectors::line;
use rkyv::Archive;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::mem::offset_of;
use std::net::*;
use std::num::*;
use std::ops::*;
use std::time::Duration;

fn add<T: Shape + Archive>(into: &mut String, offsets: &[usize]) {
    line(
        into,
        json!({
            "rust": declaration::<T>(),
            "schema": schema::<T>(),
            "size": size_of::<T::Archived>(),
            "align": align_of::<T::Archived>(),
            "offsets": offsets,
        }),
    );
}

// Defines the types, and `pub fn lines() -> String` with one `add` for each.
include!(concat!(env!("OUT_DIR"), "/layouts.rs"));
