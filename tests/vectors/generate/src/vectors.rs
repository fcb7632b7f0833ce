//! Collects the lines: each value as rkyv writes it, and what rkyv says to damaged copies of it.

use crate::describe::{declaration, hex, schema, Describe};
use crate::mutations;
use crate::verdicts::{category, holds_odd_nan};
use rkyv::de::deserializers::SharedDeserializeMap;
use rkyv::ser::serializers::AllocSerializer;
use rkyv::validation::validators::DefaultValidator;
use rkyv::{check_archived_root, from_bytes, to_bytes, AlignedVec, Archive, Deserialize, Serialize};
use serde_json::json;

/// Above this many bytes of archive a value gets no malformed lines: they would say little more.
const MAX_MUTATED_BYTES: usize = 240;
/// Above this many characters a declaration is not repeated in malformed lines.
const MAX_MUTATED_DECLARATION: usize = 420;

/// What a type needs to be written, checked and read by rkyv.
pub trait Vector: Describe + Archive + Serialize<AllocSerializer<256>> {
    fn archive(&self) -> AlignedVec;
    /// The value in `bytes`, or why rkyv refuses them.
    fn read(bytes: &[u8]) -> Result<Self, String>;
}

impl<T> Vector for T
where
    T: Describe + Archive + Serialize<AllocSerializer<256>>,
    T::Archived: for<'a> bytecheck::CheckBytes<DefaultValidator<'a>> + Deserialize<T, SharedDeserializeMap>,
{
    fn archive(&self) -> AlignedVec {
        to_bytes::<_, 256>(self).expect("every listed value can be archived")
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut aligned = AlignedVec::new();
        aligned.extend_from_slice(bytes);
        check_archived_root::<T>(&aligned).map_err(|error| error.to_string())?;
        Ok(from_bytes(&aligned).expect("checked just before"))
    }
}

#[derive(Default)]
pub struct Vectors {
    pub values: String,
    pub malformed: String,
    names: Vec<String>,
}

impl Vectors {
    /// A line for each value, `name/0` onwards, and malformed lines from each.
    pub fn add<T: Vector>(&mut self, name: &str, values: impl IntoIterator<Item = T>) {
        for (name, value) in self.numbered(name, values) {
            let bytes = self.write(&name, &value);
            self.damage::<T>(&name, &bytes);
        }
    }

    /// Like [`add`](Self::add), without malformed lines: for types whose damaged values may claim
    /// billions of items that cost no bytes.
    pub fn add_intact<T: Vector>(&mut self, name: &str, values: impl IntoIterator<Item = T>) {
        for (name, value) in self.numbered(name, values) {
            self.write(&name, &value);
        }
    }

    /// Like [`add`](Self::add), for large archives that are mostly zero: damages what is not,
    /// the pointers and lengths, `copies` times.
    pub fn add_links<T: Vector>(&mut self, name: &str, copies: usize, value: T) {
        for (name, value) in self.numbered(name, [value]) {
            let bytes = self.write(&name, &value);
            self.judge::<T>(&name, mutations::of_links(&name, &bytes, copies));
        }
    }

    /// Like [`add`](Self::add), with one malformed line: where `from` is, `to` is put.
    pub fn add_edited<T: Vector>(&mut self, name: &str, value: T, from: &[u8], to: &[u8]) {
        for (name, value) in self.numbered(name, [value]) {
            let mut bytes = self.write(&name, &value).to_vec();
            let at = bytes.windows(from.len()).position(|part| part == from).expect("what is edited is there");
            bytes[at..at + to.len()].copy_from_slice(to);
            self.judge::<T>(&name, vec![("edit".into(), bytes)]);
        }
    }

    fn numbered<T>(&mut self, name: &str, values: impl IntoIterator<Item = T>) -> Vec<(String, T)> {
        assert!(!self.names.iter().any(|other| other == name), "{name} is listed twice");
        self.names.push(name.into());
        values.into_iter().enumerate().map(|(i, value)| (format!("{name}/{i}"), value)).collect()
    }

    fn write<T: Vector>(&mut self, name: &str, value: &T) -> AlignedVec {
        let bytes = value.archive();
        let back = T::read(&bytes).unwrap_or_else(|error| panic!("rkyv refuses its own {name}: {error}"));
        assert_eq!(back.archive()[..], bytes[..], "{name} changes when read and written again");
        assert_eq!(back.value(), value.value(), "{name} is read as another value");
        line(
            &mut self.values,
            json!({
                "name": name,
                "rust": declaration::<T>(),
                "schema": schema::<T>(),
                "value": value.value(),
                "hex": hex(&bytes),
                "size": size_of::<T::Archived>(),
                "align": align_of::<T::Archived>(),
            }),
        );
        bytes
    }

    fn damage<T: Vector>(&mut self, name: &str, bytes: &[u8]) {
        if bytes.len() <= MAX_MUTATED_BYTES && declaration::<T>().len() <= MAX_MUTATED_DECLARATION {
            self.judge::<T>(name, mutations::of(name, bytes));
        }
    }

    fn judge<T: Vector>(&mut self, name: &str, mutations: Vec<(String, Vec<u8>)>) {
        for (mutation, damaged) in mutations {
            let mut entry = json!({
                "name": name,
                "rust": declaration::<T>(),
                "schema": schema::<T>(),
                "mutation": mutation,
                "hex": hex(&damaged),
            });
            match T::read(&damaged) {
                Ok(value) => {
                    let json = value.value();
                    if holds_odd_nan(&json) {
                        continue;
                    }
                    entry["ok"] = true.into();
                    entry["value"] = json;
                    entry["canonical"] = hex(&value.archive()).into();
                }
                Err(message) => {
                    entry["ok"] = false.into();
                    entry["error"] = category(&message).into();
                }
            }
            line(&mut self.malformed, entry);
        }
    }
}

pub fn line(into: &mut String, json: serde_json::Value) {
    into.push_str(&json.to_string());
    into.push('\n');
}
