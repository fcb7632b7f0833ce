//! `String`, inline up to 7 bytes of UTF-8, and `Box<str>` and `CString`, never inline.

use crate::vectors::Vectors;
use std::ffi::CString;

const TEXTS: &[&str] = &[
    "",
    "a",
    "ab",
    "abc",
    "abcd",
    "abcde",
    "abcdef",
    "abcdefg",
    "abcdefgh",
    "abcdefghi",
    "\0",
    "\0\0\0\0\0\0\0\0",
    // Two, three and four bytes a character, on both sides of the limit.
    "ééé",
    "éééa",
    "éééé",
    "€€",
    "€€a",
    "€€€",
    "😀",
    "😀abc",
    "😀😀",
    "a😀b😀",
    "\u{feff}bom",
    "line\nfeed\t\"quoted\"",
    "The quick brown fox jumps over the lazy dog. Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.",
];

pub fn c_string(text: &str) -> CString {
    CString::new(text).expect("no NUL")
}

pub fn add(vectors: &mut Vectors) {
    vectors.add("string", TEXTS.iter().map(|text| text.to_string()));
    vectors.add("string/long", [127, 128, 255, 256, 1_000].map(|length| "x".repeat(length)));
    vectors.add("boxstr", TEXTS.iter().step_by(3).map(|text| Box::<str>::from(*text)));
    vectors.add("cstring", TEXTS.iter().filter(|text| !text.contains('\0')).map(|text| c_string(text)));
    vectors.add("cstring/vec", [vec![c_string("one"), c_string(""), c_string("zwölf")]]);
}
