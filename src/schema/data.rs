//! The built-in schemas. Each version of Kubernetes is one file in `data/` and one line here.
//!
//! A file is the output of `compile` for the `swagger.json` of that version (`api/openapi-spec/` in the Kubernetes
//! repository): `cargo run --example schema-data swagger.json > src/schema/data/VERSION.txt`.

use std::sync::atomic::AtomicU32;

use super::table::{Counts, Table, find_lines};

/// A table from the text of a file. Its lines are found at compile time.
macro_rules! table {
    ($file:literal) => {{
        const TEXT: &str = include_str!($file);
        const COUNTS: Counts = Counts::of(TEXT.as_bytes());
        const INDEX: ([u32; COUNTS.lines + 1], [u32; COUNTS.definitions + 1]) = {
            let (mut lines, mut definitions) = ([0; COUNTS.lines + 1], [0; COUNTS.definitions + 1]);
            find_lines(TEXT.as_bytes(), &mut lines, &mut definitions);
            (lines, definitions)
        };
        static LINES: [u32; COUNTS.lines + 1] = INDEX.0;
        static DEFINITIONS: [u32; COUNTS.definitions + 1] = INDEX.1;
        static LINKS: [AtomicU32; COUNTS.lines + 1] =
            [const { AtomicU32::new(0) }; COUNTS.lines + 1];
        Table::in_program(TEXT, &LINES, &DEFINITIONS, &LINKS, COUNTS.kinds as u32)
    }};
}

/// The versions of Kubernetes, oldest first.
pub(super) static VERSIONS: [(&str, Table); 1] = [("v1.21.2", table!("data/v1.21.2.txt"))];

/// The version that is built into kustomize. Its scopes apply whatever schema is in force.
pub(super) static DEFAULT: &Table = &VERSIONS[0].1;

/// The fields of the kinds of the newest version of Kubernetes that is known, without scopes and merge keys: the output of
/// `cargo run --example schema-data internal.go` for the schema of client-go (July 2026, Kubernetes v1.37).
pub(super) static FIELDS: Table = table!("data/fields.txt");

/// Kinds that kustomize adds to every schema: its own, and two cluster-scoped ones that are newer than v1.21.2.
pub(super) static KUSTOMIZE: Table = table!("data/kustomize.txt");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiler_finds_the_lines_as_the_program_does() {
        for (text, table) in [
            (include_str!("data/v1.21.2.txt"), &VERSIONS[0].1),
            (include_str!("data/fields.txt"), &FIELDS),
            (include_str!("data/kustomize.txt"), &KUSTOMIZE),
        ] {
            assert!(Table::new(text.to_owned()) == *table);
        }
    }
}
