//! [`Json`] of the standard library's types, and of `Topic`.

use crate::json::{array, bad, field, hex, item, unhex, Bad, Json};
use hardlight::Topic;
use serde_json::{json, Value};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;

macro_rules! numbers {
    ($($type:ident),*) => {$(
        impl Json for $type {
            fn to_json(&self) -> Value {
                json!(self)
            }
            fn from_json(value: &Value) -> Result<Self, Bad> {
                let number = value.as_i64().and_then(|number| $type::try_from(number).ok());
                number.map_or_else(|| bad(stringify!($type), value), Ok)
            }
        }
    )*};
}

macro_rules! wide_numbers {
    ($($type:ident),*) => {$(
        impl Json for $type {
            fn to_json(&self) -> Value {
                json!(self.to_string())
            }
            fn from_json(value: &Value) -> Result<Self, Bad> {
                let number = value.as_str().and_then(|text| text.parse().ok());
                number.map_or_else(|| bad("a decimal string", value), Ok)
            }
        }
    )*};
}

macro_rules! floats {
    ($($type:ident $bits:ident $format:literal),*) => {$(
        impl Json for $type {
            fn to_json(&self) -> Value {
                json!(format!($format, self.to_bits()))
            }
            fn from_json(value: &Value) -> Result<Self, Bad> {
                let bits = value.as_str().and_then(|text| text.strip_prefix("0x"));
                let bits = bits.and_then(|bits| $bits::from_str_radix(bits, 16).ok());
                bits.map_or_else(|| bad("bits as 0x…", value), |bits| Ok($type::from_bits(bits)))
            }
        }
    )*};
}

numbers!(i8, u16, i16, u32, i32, usize, isize);
wide_numbers!(u64, i64, u128, i128);
floats!(f32 u32 "0x{:08x}", f64 u64 "0x{:016x}");

impl Json for u8 {
    fn to_json(&self) -> Value {
        json!(self)
    }
    fn from_json(value: &Value) -> Result<Self, Bad> {
        let number = value.as_u64().and_then(|number| u8::try_from(number).ok());
        number.map_or_else(|| bad("u8", value), Ok)
    }
    fn items_to_json(items: &[Self]) -> Value {
        hex(items).into()
    }
    fn items_from_json(value: &Value) -> Result<Vec<Self>, Bad> {
        value.as_str().and_then(unhex).map_or_else(|| bad("a hex string", value), Ok)
    }
}

impl Json for bool {
    fn to_json(&self) -> Value {
        json!(self)
    }
    fn from_json(value: &Value) -> Result<Self, Bad> {
        value.as_bool().map_or_else(|| bad("a bool", value), Ok)
    }
}

impl Json for String {
    fn to_json(&self) -> Value {
        json!(self)
    }
    fn from_json(value: &Value) -> Result<Self, Bad> {
        value.as_str().map_or_else(|| bad("a string", value), |text| Ok(text.into()))
    }
}

impl Json for char {
    fn to_json(&self) -> Value {
        json!(self)
    }
    fn from_json(value: &Value) -> Result<Self, Bad> {
        let mut chars = value.as_str().unwrap_or_default().chars();
        match (chars.next(), chars.next()) {
            (Some(one), None) => Ok(one),
            _ => bad("one character", value),
        }
    }
}

impl Json for () {
    fn to_json(&self) -> Value {
        Value::Null
    }
    fn from_json(_: &Value) -> Result<Self, Bad> {
        Ok(())
    }
}

impl<T: Json> Json for Vec<T> {
    fn to_json(&self) -> Value {
        T::items_to_json(self)
    }
    fn from_json(value: &Value) -> Result<Self, Bad> {
        T::items_from_json(value)
    }
}

impl<T: Json, const N: usize> Json for [T; N] {
    fn to_json(&self) -> Value {
        T::items_to_json(self)
    }
    fn from_json(value: &Value) -> Result<Self, Bad> {
        T::items_from_json(value)?.try_into().map_err(|_| format!("expected {N} items, found {value}"))
    }
}

impl<T: Json> Json for Box<T> {
    fn to_json(&self) -> Value {
        (**self).to_json()
    }
    fn from_json(value: &Value) -> Result<Self, Bad> {
        T::from_json(value).map(Box::new)
    }
}

impl<T: Json> Json for Option<T> {
    fn to_json(&self) -> Value {
        self.as_ref().map_or(Value::Null, |some| json!({ "some": some.to_json() }))
    }
    fn from_json(value: &Value) -> Result<Self, Bad> {
        if value.is_null() {
            Ok(None)
        } else {
            field(value, "some").map(Some)
        }
    }
}

impl<T: Json, E: Json> Json for Result<T, E> {
    fn to_json(&self) -> Value {
        match self {
            Ok(ok) => json!({ "ok": ok.to_json() }),
            Err(err) => json!({ "err": err.to_json() }),
        }
    }
    fn from_json(value: &Value) -> Result<Self, Bad> {
        if value.get("ok").is_some() {
            field(value, "ok").map(Ok)
        } else {
            field(value, "err").map(Err)
        }
    }
}

/// Entries as `[[key, value], …]`, sorted by their JSON: hash maps have no order of their own.
fn entries<'a, K: Json + 'a, V: Json + 'a>(map: impl Iterator<Item = (&'a K, &'a V)>) -> Value {
    let mut entries: Vec<Value> = map.map(|(key, value)| json!([key.to_json(), value.to_json()])).collect();
    entries.sort_by_cached_key(Value::to_string);
    entries.into()
}

fn pair<K: Json, V: Json>(entry: &Value) -> Result<(K, V), Bad> {
    Ok((item(entry, 0)?, item(entry, 1)?))
}

impl<K: Json + Eq + Hash, V: Json> Json for HashMap<K, V> {
    fn to_json(&self) -> Value {
        entries(self.iter())
    }
    fn from_json(value: &Value) -> Result<Self, Bad> {
        array(value)?.iter().map(pair).collect()
    }
}

impl<K: Json + Ord, V: Json> Json for BTreeMap<K, V> {
    fn to_json(&self) -> Value {
        self.iter().map(|(key, value)| json!([key.to_json(), value.to_json()])).collect()
    }
    fn from_json(value: &Value) -> Result<Self, Bad> {
        array(value)?.iter().map(pair).collect()
    }
}

impl<T: Json + Eq + Hash> Json for HashSet<T> {
    fn to_json(&self) -> Value {
        let mut items: Vec<Value> = self.iter().map(T::to_json).collect();
        items.sort_by_cached_key(Value::to_string);
        items.into()
    }
    fn from_json(value: &Value) -> Result<Self, Bad> {
        array(value)?.iter().map(T::from_json).collect()
    }
}

impl Json for Topic {
    fn to_json(&self) -> Value {
        let bytes = self.as_bytes().to_vec();
        // The flag is private; a topic made of the same bytes differs if it is set.
        let is_string = *self != bytes.clone().into();
        json!({ "inner": hex(&bytes), "is_string": is_string })
    }
    fn from_json(value: &Value) -> Result<Self, Bad> {
        let inner: Vec<u8> = field(value, "inner")?;
        if !field::<bool>(value, "is_string")? {
            return Ok(inner.into());
        }
        String::from_utf8(inner).map(Into::into).map_err(|error| error.to_string())
    }
}

macro_rules! tuples {
    ($($($part:ident $index:tt)+;)*) => {$(
        impl<$($part: Json),+> Json for ($($part,)+) {
            fn to_json(&self) -> Value {
                json!([$(self.$index.to_json()),+])
            }
            fn from_json(value: &Value) -> Result<Self, Bad> {
                Ok(($(item::<$part>(value, $index)?,)+))
            }
        }
    )*};
}

tuples! {
    A 0 B 1;
    A 0 B 1 C 2;
    A 0 B 1 C 2 D 3 E 4;
}
