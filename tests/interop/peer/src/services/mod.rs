//! The services of the reference's examples and tests, and `echo`, which has a method for every type.

pub mod conformance;
pub mod counter;
pub mod custom;
pub mod echo;
pub mod echo_types;
pub mod pet;
pub mod todo;
