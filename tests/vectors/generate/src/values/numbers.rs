//! Integers, floats, `bool`, `char`, `()` and `NonZero`.

use crate::vectors::Vectors;
use std::num::*;

macro_rules! integers {
    ($vectors:ident, $($type:ident $nonzero:ident),*) => {$(
        let some = <$type>::MAX / 3 * 2 + 1;
        $vectors.add(concat!("number/", stringify!($type)), [0, 1, some, <$type>::MIN, <$type>::MAX]);
        $vectors.add(
            concat!("nonzero/", stringify!($type)),
            [1, some, <$type>::MAX].map(|value| <$nonzero>::new(value).expect("not zero")),
        );
    )*};
}

pub fn add(vectors: &mut Vectors) {
    integers!(
        vectors, u8 NonZeroU8, i8 NonZeroI8, u16 NonZeroU16, i16 NonZeroI16, u32 NonZeroU32, i32 NonZeroI32,
        u64 NonZeroU64, i64 NonZeroI64, u128 NonZeroU128, i128 NonZeroI128
    );
    // Four bytes in an archive, whatever the host.
    vectors.add("number/usize", [0usize, 1, 4_294_967_295]);
    vectors.add("number/isize", [0isize, 1, -1, -2_147_483_648, 2_147_483_647]);
    vectors.add("nonzero/usize", [NonZeroUsize::MIN, NonZeroUsize::new(4_294_967_295).expect("not zero")]);
    vectors.add("nonzero/isize", [NonZeroIsize::new(-1).expect("not zero")]);
    vectors.add(
        "number/f32",
        [0.0f32, -0.0, 1.0, -1.5, 0.1, f32::MIN_POSITIVE, f32::MAX, f32::EPSILON, f32::INFINITY, -f32::INFINITY]
            .into_iter()
            .chain([f32::from_bits(0x7fc0_0000), f32::from_bits(1)]),
    );
    vectors.add(
        "number/f64",
        [0.0f64, -0.0, 1.0, -1.5, 0.1, f64::MIN_POSITIVE, f64::MAX, f64::EPSILON, f64::INFINITY, -f64::INFINITY]
            .into_iter()
            .chain([f64::from_bits(0x7ff8_0000_0000_0000), f64::from_bits(1)]),
    );
    vectors.add("bool", [false, true]);
    vectors.add("char", ['\0', 'a', 'é', '€', '\u{d7ff}', '\u{e000}', '😀', char::MAX]);
    vectors.add("unit", [()]);
}
