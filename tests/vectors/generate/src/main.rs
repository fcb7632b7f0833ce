//! Writes values.jsonl, malformed.jsonl, layouts.jsonl and large.jsonl into the folder given, or the one above.

mod define;
mod describe;
mod describe_std;
mod large;
mod layouts;
mod mutations;
mod values;
mod vectors;
mod verdicts;

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let folder =
        std::env::args().nth(1).map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".."), PathBuf::from);
    let mut vectors = vectors::Vectors::default();
    values::add_all(&mut vectors);
    std::fs::create_dir_all(&folder)?;
    for (name, text) in [
        ("values.jsonl", vectors.values),
        ("malformed.jsonl", vectors.malformed),
        ("layouts.jsonl", layouts::lines()),
        ("large.jsonl", large::lines()),
    ] {
        std::fs::write(folder.join(name), &text)?;
        eprintln!("{name}: {} lines, {} bytes", text.lines().count(), text.len());
    }
    Ok(())
}
