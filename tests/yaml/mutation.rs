//! Texts that are nearly YAML: the seeds of the fuzz targets with pieces cut, copied and put in.
#![allow(clippy::disallowed_methods, reason = "a test reads its inputs itself")]

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;

/// A seed with a few edits.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let seed = prop::sample::select(seeds());
    (seed, proptest::collection::vec(edit(), 1..6)).prop_map(|(seed, edits)| {
        let mut text: Vec<char> = seed.chars().collect();
        for (place, edit) in edits {
            edit.apply(&mut text, place);
        }
        text.into_iter().collect()
    })
}

#[derive(Clone, Debug)]
enum Edit {
    /// Removes some characters.
    Cut(usize),
    /// Repeats some characters.
    Copy(usize),
    /// Inserts YAML syntax.
    Insert(&'static str),
}

fn edit() -> impl Strategy<Value = (Index, Edit)> {
    let tokens = [
        " ",
        "  ",
        "\n",
        "\n\n",
        "\t",
        "\r",
        "\r\n",
        "- ",
        ": ",
        ":",
        "? ",
        "#",
        " # {",
        ", ",
        "[",
        "]",
        "{",
        "}",
        "'",
        "\"",
        "\\",
        "|\n",
        ">-\n",
        "|+2\n",
        "&a ",
        "*a",
        "<<: ",
        "! ",
        "!!int ",
        "!!binary ",
        "!x ",
        "!<",
        "%",
        "@",
        "`",
        "---\n",
        "--- x\n",
        "...\n",
        "~",
        "1",
        "0x",
        ".inf",
        "\0",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{7f}",
        "é",
        "😀",
    ];
    let edit = prop_oneof![
        (1..12_usize).prop_map(Edit::Cut),
        (1..30_usize).prop_map(Edit::Copy),
        prop::sample::select(tokens.to_vec()).prop_map(Edit::Insert),
    ];
    (any::<Index>(), edit)
}

impl Edit {
    fn apply(&self, text: &mut Vec<char>, place: Index) {
        let start = place.index(text.len() + 1);
        let end = |length: usize| (start + length).min(text.len());
        match *self {
            Self::Cut(length) => drop(text.drain(start..end(length))),
            Self::Copy(length) => {
                let copy = text[start..end(length)].to_vec();
                text.splice(start..start, copy);
            }
            Self::Insert(token) => drop(text.splice(start..start, token.chars())),
        }
    }
}

fn seeds() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/parse_never_panics");
    let entries = std::fs::read_dir(folder).expect("the folder of seeds is there");
    let mut seeds: Vec<_> =
        entries.map(|entry| entry.expect("the entry is readable").path()).collect();
    seeds.sort_unstable();
    seeds.iter().map(|seed| std::fs::read_to_string(seed).expect("the seed is text")).collect()
}
