//! Enums: every kind of variant, explicit numbers, and tags of two bytes.

use crate::define;
use crate::vectors::Vectors;
use rkyv::{Archive, Deserialize, Serialize};

define! {
    #![derive(Archive, Serialize, Deserialize)]
    enum Color { Red, Green, Blue }
    enum Single { Only(a: u32) }
    enum SingleUnit { Only }
    enum Numbered { A = 5, B = 9, C = 200 }
    enum Shape {
        Unit,
        Tup(a: u8, b: u32),
        Str(a: String),
        Named { a: u8, b: u64, c: u8 },
        Vecs { x: Vec<u8>, y: Vec<String> },
        Empty {},
    }
    struct HoldsShape { a: u8, s: Shape, b: u16 }
    enum Wide { A(a: u8, b: u128), B(a: u16) }
    enum Order { A(a: u8, b: u16, c: u8, d: u32, e: u8), B(a: [u8; 17]) }
    #[repr(u8)] enum Repr { A, B(a: u32) }
    enum Deep { Leaf(a: Color), Boxed(a: Box<Shape>), Both { left: Option<Shape>, right: Result<Color, Single> } }
    #[archive_attr(check_bytes(bound = "__C: rkyv::validation::ArchiveContext, <__C as rkyv::Fallible>::Error: std::error::Error"))]
    #[archive(bound(serialize = "__S: rkyv::ser::Serializer + rkyv::ser::ScratchSpace"))]
    enum Expr {
        Num(a: i64),
        Add(#[omit_bounds] #[archive_attr(omit_bounds)] a: Box<Expr>, #[omit_bounds] #[archive_attr(omit_bounds)] b: Box<Expr>),
        Neg { #[omit_bounds] #[archive_attr(omit_bounds)] of: Box<Expr> },
    }
    struct HoldsE256 { a: u8, e: E256, b: Option<u8>, c: u32 }
}

// E255, E256, E257 and E300: `V0`, `V1` and so on, and the last of each `Last(u8, u32)`.
include!(concat!(env!("OUT_DIR"), "/wide_enums.rs"));

fn shapes() -> Vec<Shape> {
    vec![
        Shape::Unit,
        Shape::Tup(1, 2),
        Shape::Str("s".into()),
        Shape::Str("a longer string".into()),
        Shape::Named { a: 1, b: 2, c: 3 },
        Shape::Vecs { x: vec![1, 2], y: vec!["long string aaa".into(), "b".into()] },
        Shape::Empty {},
    ]
}

fn number(value: i64) -> Box<Expr> {
    Box::new(Expr::Num(value))
}

pub fn add(vectors: &mut Vectors) {
    vectors.add("enum/color", [Color::Red, Color::Green, Color::Blue]);
    vectors.add("enum/single", [Single::Only(7)]);
    vectors.add("enum/single_unit", [SingleUnit::Only]);
    vectors.add("enum/numbered", [Numbered::A, Numbered::B, Numbered::C]);
    vectors.add("enum/shape", shapes());
    vectors.add("enum/vec", [vec![], shapes()]);
    vectors.add("enum/colors", [vec![Color::Blue, Color::Red]]);
    vectors.add("enum/option", [None, Some(Shape::Tup(3, 4))]);
    vectors.add("enum/box", [Box::new(Shape::Str("boxed and long".into()))]);
    vectors.add("enum/in_struct", shapes().into_iter().skip(4).map(|s| HoldsShape { a: 1, s, b: 2 }));
    vectors.add("enum/wide", [Wide::A(1, 2), Wide::B(3)]);
    vectors.add("enum/order", [Order::A(1, 2, 3, 4, 5), Order::B([6; 17])]);
    vectors.add("enum/repr", [Repr::A, Repr::B(5)]);
    vectors.add(
        "enum/deep",
        [
            Deep::Leaf(Color::Green),
            Deep::Boxed(Box::new(Shape::Named { a: 1, b: 2, c: 3 })),
            Deep::Both { left: Some(Shape::Str("left and long".into())), right: Err(Single::Only(1)) },
            Deep::Both { left: None, right: Ok(Color::Blue) },
        ],
    );
    vectors.add("recursive/expr", [*number(5), Expr::Add(number(1), Box::new(Expr::Neg { of: number(2) }))]);
    vectors.add("enum/255", [E255::V0, E255::Last(1, 2)]);
    vectors.add("enum/256", [E256::V0, E256::V200, E256::Last(1, 2)]);
    vectors.add("enum/257", [E257::Last(1, 2)]);
    vectors.add("enum/300", [E300::V255, E300::V256, E300::Last(1, 2)]);
    vectors.add("enum/256_in_struct", [HoldsE256 { a: 1, e: E256::V7, b: Some(2), c: 3 }]);
}
