//! The types of [`echo`](super::echo).

use crate::json::{item, json_enum, json_struct, Bad, Json};
use hardlight::*;
use serde_json::{json, Value};

#[codable]
#[derive(Debug, PartialEq, Clone)]
pub struct Inner {
    pub id: u16,
    pub label: String,
    pub score: f32,
}
json_struct!(Inner { id, label, score });

#[codable]
#[derive(Debug, PartialEq, Clone)]
pub struct Outer {
    pub flag: bool,
    pub inner: Inner,
    pub list: Vec<Inner>,
    pub opt: Option<Inner>,
    pub pair: (u8, u64),
}
json_struct!(Outer { flag, inner, list, opt, pair });

#[codable]
#[derive(Debug, PartialEq, Clone)]
pub enum Shape {
    Unit,
    Circle(f64),
    Rect { w: u32, h: u32 },
    Named(String, u8),
    Nested(Inner),
    Many(Vec<Inner>),
}
json_enum!(Shape { Unit, Circle(a 0), Rect { w, h }, Named(a 0, b 1), Nested(a 0), Many(a 0) });

#[codable]
#[derive(Debug, PartialEq, Clone)]
pub enum CStyle {
    A,
    B,
    C,
}
json_enum!(CStyle { A, B, C });

#[codable]
#[derive(Debug, PartialEq, Clone)]
pub struct Newtype(pub u32);

impl Json for Newtype {
    fn to_json(&self) -> Value {
        json!([self.0])
    }
    fn from_json(value: &Value) -> Result<Self, Bad> {
        item(value, 0).map(Newtype)
    }
}

#[codable]
#[derive(Debug, PartialEq, Clone)]
pub struct UnitStruct;

impl Json for UnitStruct {
    fn to_json(&self) -> Value {
        Value::Null
    }
    fn from_json(_: &Value) -> Result<Self, Bad> {
        Ok(UnitStruct)
    }
}

#[codable]
#[derive(Debug, PartialEq, Clone)]
pub struct Mixed {
    pub a: u8,
    pub b: u64,
    pub c: u16,
    pub d: u32,
    pub e: u8,
}
json_struct!(Mixed { a, b, c, d, e });

#[codable]
#[derive(Debug, PartialEq, Clone)]
pub enum Tick {
    Tick { n: u32 },
    Text(String),
}
json_enum!(Tick { Tick { n }, Text(a 0) });
