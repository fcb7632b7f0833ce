//! The vectors: a name, a type and its values, family by family. Add yours to the file it fits.

mod applications;
mod collections;
mod enums;
mod extension;
mod maps;
mod net;
mod numbers;
mod protocol;
mod structs;
mod text;

use crate::vectors::Vectors;

pub fn add_all(vectors: &mut Vectors) {
    numbers::add(vectors);
    text::add(vectors);
    collections::add(vectors);
    structs::add(vectors);
    enums::add(vectors);
    maps::add(vectors);
    net::add(vectors);
    protocol::add(vectors);
    extension::add(vectors);
    applications::add(vectors);
}
