//! The types of the standard library.

use crate::describe::{hex, Definitions, Describe, Shape};
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ffi::CString;
use std::net::*;
use std::num::*;
use std::ops::*;
use std::time::Duration;

macro_rules! leaf {
    ($type:ty, $schema:literal, |$value:ident| $json:expr) => {
        impl Shape for $type {
            fn rust() -> String {
                stringify!($type).into()
            }
            fn schema(_: &mut Vec<&'static str>) -> Value {
                $schema.into()
            }
        }
        impl Describe for $type {
            fn value(&self) -> Value {
                let $value = self;
                $json
            }
        }
    };
}

macro_rules! leaves {
    (|$value:ident| $json:expr, $($type:ty = $schema:literal),*) => {
        $(leaf!($type, $schema, |$value| $json);)*
    };
}

leaves!(|v| json!(v), i8 = "i8", u16 = "u16", i16 = "i16", u32 = "u32", i32 = "i32");
leaves!(|v| json!(v), usize = "usize", isize = "isize", bool = "bool", char = "char");
leaves!(|v| json!(v), String = "string", Box<str> = "boxstr");
leaves!(|v| json!(v.to_string()), u64 = "u64", i64 = "i64", u128 = "u128", i128 = "i128");
leaves!(|v| json!(v.get()), NonZeroU8 = "nz_u8", NonZeroI8 = "nz_i8", NonZeroU16 = "nz_u16");
leaves!(|v| json!(v.get()), NonZeroI16 = "nz_i16", NonZeroU32 = "nz_u32", NonZeroI32 = "nz_i32");
leaves!(|v| json!(v.get()), NonZeroUsize = "nz_usize", NonZeroIsize = "nz_isize");
leaves!(|v| json!(v.to_string()), NonZeroU64 = "nz_u64", NonZeroI64 = "nz_i64");
leaves!(|v| json!(v.to_string()), NonZeroU128 = "nz_u128", NonZeroI128 = "nz_i128");
leaf!(CString, "cstring", |v| json!(v.to_str().expect("UTF-8")));
leaf!(f32, "f32", |v| json!(format!("0x{:08x}", v.to_bits())));
leaf!(f64, "f64", |v| json!(format!("0x{:016x}", v.to_bits())));
leaves!(|_v| Value::Null, () = "unit", RangeFull = "rangefull");
leaf!(Duration, "duration", |v| json!({ "secs": v.as_secs().to_string(), "nanos": v.subsec_nanos() }));
leaf!(Ipv4Addr, "ipv4", |v| json!(hex(&v.octets())));
leaf!(Ipv6Addr, "ipv6", |v| json!(hex(&v.octets())));
leaf!(IpAddr, "ip", |v| match v {
    IpAddr::V4(ip) => json!({ "v4": ip.value() }),
    IpAddr::V6(ip) => json!({ "v6": ip.value() }),
});
leaf!(SocketAddrV4, "sockv4", |v| json!({ "ip": v.ip().value(), "port": v.port() }));
leaf!(SocketAddrV6, "sockv6", |v| {
    json!({ "ip": v.ip().value(), "port": v.port(), "flowinfo": v.flowinfo(), "scope_id": v.scope_id() })
});
leaf!(SocketAddr, "sock", |v| match v {
    SocketAddr::V4(address) => json!({ "v4": address.value() }),
    SocketAddr::V6(address) => json!({ "v6": address.value() }),
});

impl Shape for u8 {
    fn rust() -> String {
        "u8".into()
    }
    fn schema(_: &mut Vec<&'static str>) -> Value {
        "u8".into()
    }
}

impl Describe for u8 {
    fn value(&self) -> Value {
        json!(self)
    }
    fn items(items: &[Self]) -> Value {
        hex(items).into()
    }
}

/// A type with parameters: its name in Rust, its kind, the schema's keys, and its values.
macro_rules! generic {
    ([$($bounds:tt)*] $type:ty, $rust:literal, $kind:literal,
     $($key:ident: $part:ident),*, |$value:ident| $json:expr) => {
        impl<$($bounds)*> Shape for $type where $($part: Shape),* {
            fn rust() -> String {
                format!($rust, $($part::rust()),*)
            }
            fn define(into: &mut Definitions) {
                $($part::define(into);)*
            }
            fn schema(within: &mut Vec<&'static str>) -> Value {
                json!({ "k": $kind, $(stringify!($key): $part::schema(within)),* })
            }
        }
        impl<$($bounds)*> Describe for $type where $($part: Describe),* {
            fn value(&self) -> Value {
                let $value = self;
                $json
            }
        }
    };
}

generic!([T] Vec<T>, "Vec<{}>", "vec", t: T, |v| T::items(v));
generic!([T] Box<T>, "Box<{}>", "box", t: T, |v| (**v).value());
generic!([T] Box<[T]>, "Box<[{}]>", "boxslice", t: T, |v| T::items(v));
generic!([T] Option<T>, "Option<{}>", "option", t: T, |v| match v {
    None => Value::Null,
    Some(some) => json!({ "some": some.value() }),
});
generic!([T, E] Result<T, E>, "Result<{}, {}>", "result", ok: T, err: E, |v| match v {
    Ok(ok) => json!({ "ok": ok.value() }),
    Err(err) => json!({ "err": err.value() }),
});
generic!([T] Range<T>, "Range<{}>", "range", t: T, |v| {
    json!({ "start": v.start.value(), "end": v.end.value() })
});
generic!([T] RangeInclusive<T>, "RangeInclusive<{}>", "rangeinc", t: T, |v| {
    json!({ "start": v.start().value(), "end": v.end().value() })
});
generic!([T] RangeFrom<T>, "RangeFrom<{}>", "rangefrom", t: T, |v| json!({ "start": v.start.value() }));
generic!([T] RangeTo<T>, "RangeTo<{}>", "rangeto", t: T, |v| json!({ "end": v.end.value() }));
generic!([T] RangeToInclusive<T>, "RangeToInclusive<{}>", "rangetoinc", t: T, |v| {
    json!({ "end": v.end.value() })
});
generic!([K, V] HashMap<K, V>, "HashMap<{}, {}>", "hashmap", key: K, val: V, |v| {
    sorted(v.iter().map(|(key, value)| json!([key.value(), value.value()])))
});
generic!([T] HashSet<T>, "HashSet<{}>", "hashset", t: T, |v| sorted(v.iter().map(T::value)));
generic!([K, V] BTreeMap<K, V>, "BTreeMap<{}, {}>", "btreemap", key: K, val: V, |v| {
    v.iter().map(|(key, value)| json!([key.value(), value.value()])).collect()
});
generic!([T] BTreeSet<T>, "BTreeSet<{}>", "btreeset", t: T, |v| v.iter().map(T::value).collect());

/// Hash maps iterate in another order in every process; the vectors must not.
fn sorted(items: impl Iterator<Item = Value>) -> Value {
    let mut items: Vec<Value> = items.collect();
    items.sort_by_cached_key(Value::to_string);
    items.into()
}

impl<T: Shape, const N: usize> Shape for [T; N] {
    fn rust() -> String {
        format!("[{}; {N}]", T::rust())
    }
    fn define(into: &mut Definitions) {
        T::define(into);
    }
    fn schema(within: &mut Vec<&'static str>) -> Value {
        json!({ "k": "array", "t": T::schema(within), "n": N })
    }
}

impl<T: Describe, const N: usize> Describe for [T; N] {
    fn value(&self) -> Value {
        T::items(self)
    }
}

macro_rules! tuples {
    ($($($part:ident)+;)*) => {$(
        impl<$($part: Shape),+> Shape for ($($part,)+) {
            fn rust() -> String {
                let parts = [$($part::rust()),+];
                if let [one] = &parts[..] { format!("({one},)") } else { format!("({})", parts.join(", ")) }
            }
            fn define(into: &mut Definitions) {
                $($part::define(into);)+
            }
            fn schema(within: &mut Vec<&'static str>) -> Value {
                json!({ "k": "tuple", "ts": [$($part::schema(within)),+] })
            }
        }
        impl<$($part: Describe),+> Describe for ($($part,)+) {
            #[allow(non_snake_case)]
            fn value(&self) -> Value {
                let ($($part,)+) = self;
                json!([$($part.value()),+])
            }
        }
    )*};
}

tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
    A B C D E F G H I;
    A B C D E F G H I J;
    A B C D E F G H I J K;
    A B C D E F G H I J K L;
}
