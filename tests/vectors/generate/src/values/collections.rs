//! `Vec`, `Box`, `Option`, `Result`, arrays and tuples.

use crate::vectors::Vectors;
use std::num::{NonZeroU32, NonZeroU8};
use std::time::Duration;

fn text(value: &str) -> String {
    value.into()
}

macro_rules! vectors_of {
    ($vectors:ident, $($type:ident),*) => {$(
        $vectors.add(
            concat!("vec/", stringify!($type)),
            [vec![], vec![1 as $type], vec![<$type>::MIN, 2, <$type>::MAX]],
        );
    )*};
}

pub fn add(vectors: &mut Vectors) {
    vecs(vectors);
    boxes(vectors);
    options(vectors);
    arrays(vectors);
    tuples(vectors);
}

fn vecs(vectors: &mut Vectors) {
    vectors_of!(vectors, u8, i8, u16, i16, u32, i32, u64, i64, u128, i128);
    vectors.add("vec/usize", [vec![], vec![1usize, 2, 4_294_967_295]]);
    vectors.add("vec/isize", [vec![-1isize, 0, 1]]);
    vectors.add("vec/f32", [vec![], vec![1.5f32, -0.0, f32::INFINITY]]);
    vectors.add("vec/f64", [vec![], vec![1.5f64, -0.0, f64::INFINITY]]);
    vectors.add("vec/bool", [vec![], vec![true, false, true]]);
    vectors.add("vec/char", [vec![], vec!['a', '€', '😀']]);
    vectors.add_intact("vec/unit", [vec![], vec![(), (), ()]]);
    vectors.add("vec/u8/lengths", [7usize, 8, 64, 300].map(|length| (0..length).map(|i| i as u8).collect::<Vec<_>>()));
    vectors.add("vec/u32/lengths", [2u32, 5, 64].map(|length| (0..length).map(|i| i * i).collect::<Vec<_>>()));
    vectors.add("vec/nonzero", [vec![NonZeroU32::MIN, NonZeroU32::MAX]]);
    vectors.add("vec/duration", [vec![Duration::new(1, 2), Duration::new(3, 4)]]);
    vectors.add(
        "vec/string",
        [vec![], vec![text("")], vec![text("short"), text("not so short"), text("é")], vec![text("12345678"); 3]],
    );
    vectors.add("vec/boxstr", [vec![Box::<str>::from("one"), Box::from(""), Box::from("the third one")]]);
    vectors.add("vec/vec_u8", [vec![], vec![vec![]], vec![vec![1u8], vec![], vec![2, 3, 4]]]);
    vectors.add("vec/vec_u32", [vec![vec![], vec![1u32, 2]], vec![vec![3], vec![], vec![4]]]);
    vectors.add("vec/vec_u64", [vec![vec![], vec![1u64], vec![]]]);
    vectors.add("vec/vec_vec_string", [vec![vec![vec![text("a rather deep one")], vec![]], vec![]]]);
    vectors.add("vec/option_u32", [vec![None, Some(1u32), None]]);
    vectors.add("vec/option_string", [vec![None, Some(text("")), Some(text("longer than seven"))]]);
    vectors.add("vec/tuple", [vec![(1u8, 2u32), (3, 4)], vec![]]);
    vectors.add("vec/tuple_string_vec", [vec![(text("a long enough key"), vec![1u16]), (text("b"), vec![])]]);
    vectors.add("vec/array", [vec![[1u16, 2, 3], [4, 5, 6]]]);
    vectors.add("vec/box", [vec![Box::new(1u64), Box::new(2)]]);
    vectors.add("vec/result", [vec![Ok(1u8), Err(text("went wrong badly")), Ok(3)]]);
}

fn boxes(vectors: &mut Vectors) {
    vectors.add("box/u8", [Box::new(7u8)]);
    vectors.add("box/u64", [Box::new(7u64)]);
    vectors.add("box/u128", [Box::new(7u128)]);
    vectors.add_intact("box/unit", [Box::new(())]);
    vectors.add("box/string", [Box::new(text("short")), Box::new(text("longer than seven"))]);
    vectors.add("box/vec", [Box::new(vec![1u32, 2]), Box::new(vec![])]);
    vectors.add("box/box", [Box::new(Box::new(Box::new(9u16)))]);
    vectors.add("box/option", [Box::new(None), Box::new(Some(5u32))]);
    vectors.add("boxslice/u8", [vec![].into_boxed_slice(), vec![1u8, 2, 3].into()]);
    vectors.add("boxslice/u64", [vec![].into_boxed_slice(), vec![1u64, 2].into()]);
    vectors.add("boxslice/string", [vec![text("a"), text("longer than seven")].into_boxed_slice()]);
    vectors.add("boxslice/vec", [vec![vec![1u16], vec![]].into_boxed_slice()]);
}

fn options(vectors: &mut Vectors) {
    vectors.add("option/u8", [None, Some(0u8), Some(255)]);
    vectors.add("option/u16", [None, Some(1u16)]);
    vectors.add("option/u64", [None, Some(1u64)]);
    vectors.add("option/u128", [None, Some(1u128)]);
    vectors.add("option/f64", [None, Some(1.5f64)]);
    vectors.add("option/bool", [None, Some(false), Some(true)]);
    vectors.add("option/char", [None, Some('x')]);
    vectors.add("option/unit", [None, Some(())]);
    vectors.add("option/nonzero", [None, NonZeroU8::new(3)]);
    vectors.add("option/string", [None, Some(text("")), Some(text("seven77")), Some(text("eight888"))]);
    vectors.add("option/vec_u8", [None, Some(vec![]), Some(vec![1u8, 2])]);
    vectors.add("option/vec_u64", [Some(vec![]), Some(vec![1u64])]);
    vectors.add("option/box", [None, Some(Box::new(1u32))]);
    vectors.add("option/option", [None, Some(None), Some(Some(1u8))]);
    vectors.add("option/tuple", [None, Some((1u8, 2u64, text("three is the text")))]);
    vectors.add("result/u32_string", [Ok(1u32), Err(text("x")), Err(text("a long reason"))]);
    vectors.add("result/unit_u8", [Ok(()), Err(7u8)]);
    vectors.add("result/u64_u8", [Ok(1u64), Err(2u8)]);
    vectors.add("result/unit_unit", [Ok::<(), ()>(()), Err(())]);
    vectors.add("result/vec_result", [Ok(vec![1u16]), Err(Ok(2u8)), Err(Err(text("innermost")))]);
}

fn arrays(vectors: &mut Vectors) {
    vectors.add("array/u8_0", [[0u8; 0]]);
    vectors.add("array/u8_5", [[1u8, 2, 3, 4, 5]]);
    vectors.add("array/u16_4", [[1u16, 2, 3, 4]]);
    vectors.add("array/u64_2", [[1u64, u64::MAX]]);
    vectors.add("array/bool_3", [[true, false, true]]);
    vectors.add("array/f32_2", [[1.5f32, -2.5]]);
    vectors.add("array/string_2", [[text("long enough to be out"), text("in")]]);
    vectors.add("array/vec_2", [[vec![1u32], vec![]], [vec![], vec![2]]]);
    vectors.add("array/array", [[[1u8, 2], [3, 4], [5, 6]]]);
    vectors.add("array/option", [[None, Some(1u16)]]);
    vectors.add("array/u8_40", [[9u8; 40]]);
}

fn tuples(vectors: &mut Vectors) {
    vectors.add("tuple/1", [(1u8,)]);
    vectors.add("tuple/1_string", [(text("one but long"),)]);
    vectors.add("tuple/2", [(1u8, 2u32), (255, u32::MAX)]);
    vectors.add("tuple/2_swapped", [(2u32, 1u8)]);
    vectors.add("tuple/2_strings", [(text("the first string"), text("the second one")), (text("a"), text("b"))]);
    vectors.add("tuple/2_vecs", [(vec![1u8], vec![2u32]), (vec![], vec![])]);
    vectors.add("tuple/3", [(1u8, 2u64, 3u16), (0, 0, 0)]);
    vectors.add("tuple/3_mixed", [(text("some longer text"), 5u64, true)]);
    vectors.add("tuple/3_niche", [(1u8, true, 2u8), (1, false, 2)]);
    vectors.add("tuple/4", [(1u8, 2u16, 3u32, 4u64)]);
    vectors.add("tuple/5", [(1u8, 2u64, text("text of the third"), Some(4u32), vec![5u8])]);
    vectors.add("tuple/6", [(true, 1u8, 'c', 2u16, 3u128, 4u8)]);
    vectors.add("tuple/7", [(1u64, 2u32, 3u16, 4u8, 5u16, 6u32, 7u64)]);
    vectors.add("tuple/8", [(1u8, vec![2u8], 3u8, vec![4u16], 5u8, vec![6u32], 7u8, vec![8u64])]);
    vectors.add("tuple/9", [(1i8, 2i16, 3i32, 4i64, 5i128, 6u8, 7u16, 8u32, 9u64)]);
    vectors.add("tuple/10", [(1u8, 2u8, 3u8, 4u8, 5u8, 6u8, 7u8, 8u8, 9u8, 10u64)]);
    vectors.add("tuple/11", [(1u8, 2u16, 3u8, 4u16, 5u8, 6u16, 7u8, 8u16, 9u8, 10u16, 11u8)]);
    vectors
        .add("tuple/12", [(1u8, 2u32, true, 4u16, 'e', 6u64, text("seven"), 8u8, Some(9u8), 10i8, [11u8, 11], 12u32)]);
    vectors.add("tuple/nested", [((1u8, 2u32), (3u64, (4u8, 5u16)), 6u8)]);
    vectors.add("tuple/units", [((), 1u32, ())]);
}
