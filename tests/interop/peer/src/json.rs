//! Values in JSON, as tests/vectors/README.md writes them. Those of the standard library: `json_std.rs`.

use serde_json::{Map, Value};

/// Why a command could not be understood.
pub type Bad = String;

pub trait Json: Sized {
    fn to_json(&self) -> Value;
    fn from_json(value: &Value) -> Result<Self, Bad>;
    /// A `Vec` or array of this type: an array, but for bytes.
    fn items_to_json(items: &[Self]) -> Value {
        items.iter().map(Json::to_json).collect()
    }
    fn items_from_json(value: &Value) -> Result<Vec<Self>, Bad> {
        array(value)?.iter().map(Json::from_json).collect()
    }
}

pub fn bad<T>(wanted: &str, value: &Value) -> Result<T, Bad> {
    Err(format!("expected {wanted}, found {value}"))
}

pub fn array(value: &Value) -> Result<&Vec<Value>, Bad> {
    value.as_array().map_or_else(|| bad("an array", value), Ok)
}

/// A field of an object; a missing one reads as null.
pub fn field<T: Json>(value: &Value, name: &str) -> Result<T, Bad> {
    T::from_json(value.get(name).unwrap_or(&Value::Null)).map_err(|error| format!("{name}: {error}"))
}

/// An item of an array; a missing one reads as null.
pub fn item<T: Json>(value: &Value, index: usize) -> Result<T, Bad> {
    T::from_json(value.get(index).unwrap_or(&Value::Null)).map_err(|error| format!("{index}: {error}"))
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let pair = |i: usize| text.get(i..i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (text.len() % 2 == 0).then(|| (0..text.len()).step_by(2).map(pair).collect())?
}

/// `Json` of a struct with named fields.
macro_rules! json_struct {
    ($name:ident { $($field:ident),* }) => {
        impl $crate::json::Json for $name {
            fn to_json(&self) -> serde_json::Value {
                serde_json::json!({ $(stringify!($field): self.$field.to_json()),* })
            }
            fn from_json(value: &serde_json::Value) -> Result<Self, $crate::json::Bad> {
                Ok($name { $($field: $crate::json::field(value, stringify!($field))?),* })
            }
        }
    };
}
pub(crate) use json_struct;

/// `Json` of an enum; the fields of a tuple variant are named by their index: `Circle(a 0)`.
macro_rules! json_enum {
    ($name:ident { $($variant:ident $(($($t:ident $i:tt),*))? $({$($s:ident),*})?),* }) => {
        impl $crate::json::Json for $name {
            fn to_json(&self) -> serde_json::Value {
                match self {$(
                    $name::$variant $(($($t),*))? $({$($s),*})? => {
                        let mut _value = serde_json::json!({ "v": stringify!($variant) });
                        $(_value["t"] = serde_json::json!([$($t.to_json()),*]);)?
                        $(_value["f"] = serde_json::json!({ $(stringify!($s): $s.to_json()),* });)?
                        _value
                    }
                )*}
            }
            fn from_json(value: &serde_json::Value) -> Result<Self, $crate::json::Bad> {
                match value["v"].as_str() {
                    $(Some(stringify!($variant)) => Ok($name::$variant
                        $(($($crate::json::item(&value["t"], $i)?),*))?
                        $({$($s: $crate::json::field(&value["f"], stringify!($s))?),*})?
                    ),)*
                    _ => $crate::json::bad(concat!("a variant of ", stringify!($name)), value),
                }
            }
        }
    };
}
pub(crate) use json_enum;

/// An object of fields by name.
pub fn object(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_string(), value)).collect::<Map<_, _>>())
}
