//! How a Rust type says what it is: its name, its schema and its values in JSON (format: ../README.md).

use serde_json::{json, Value};

/// The definitions a type needs, each once, those it is built from first.
#[derive(Default)]
pub struct Definitions {
    seen: Vec<&'static str>,
    pub text: Vec<String>,
}

impl Definitions {
    /// False when `name` is defined already, or is being defined (a recursive type).
    pub fn enter(&mut self, name: &'static str) -> bool {
        let new = !self.seen.contains(&name);
        if new {
            self.seen.push(name);
        }
        new
    }
}

pub trait Shape {
    /// The type as Rust writes it.
    fn rust() -> String;
    /// Adds the definitions of the named types this one is built from.
    fn define(_into: &mut Definitions) {}
    /// The schema. `within` holds the named types around it, which become `ref`.
    fn schema(within: &mut Vec<&'static str>) -> Value;
}

pub trait Describe: Shape + Sized {
    fn value(&self) -> Value;
    /// A `Vec`, slice or array of this type: an array, but for bytes.
    fn items(items: &[Self]) -> Value {
        items.iter().map(Describe::value).collect()
    }
}

/// `struct Inner { a: u8 } => Vec<Inner>`: the definitions, if any, and the type.
pub fn declaration<T: Shape>() -> String {
    let mut definitions = Definitions::default();
    T::define(&mut definitions);
    if definitions.text.is_empty() {
        return T::rust();
    }
    format!("{} => {}", definitions.text.join(" "), T::rust())
}

/// The schema of a type that stands alone.
pub fn schema<T: Shape>() -> Value {
    T::schema(&mut Vec::new())
}

/// The schema of a named type: `ref` inside itself, else what `body` makes of it.
pub fn named(
    name: &'static str,
    within: &mut Vec<&'static str>,
    body: impl FnOnce(&mut Vec<&'static str>) -> Value,
) -> Value {
    if within.contains(&name) {
        return json!({ "k": "ref", "name": name });
    }
    within.push(name);
    let schema = body(within);
    within.pop();
    schema
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
