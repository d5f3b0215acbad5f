//! Comparison of two texts line by line.

use std::ops::Range;

use similar::{ChangeTag, TextDiff};

/// Mark of a line or of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// On both sides.
    Same,
    /// Only on the new side.
    Added,
    /// Only on the old side.
    Removed,
    /// On both sides, with another value.
    Changed,
}

impl Mark {
    /// The character in front of a line.
    pub(crate) const fn symbol(self) -> char {
        match self {
            Self::Same => ' ',
            Self::Added => '+',
            Self::Removed => '-',
            Self::Changed => '~',
        }
    }
}

/// Lines of two texts that differ, with equal lines around them.
pub(crate) struct Hunk {
    /// Its lines in the old text, counted from 0.
    pub(crate) before: Range<usize>,
    /// Its lines in the new text.
    pub(crate) after: Range<usize>,
    /// The lines without line breaks; none is [`Mark::Changed`].
    pub(crate) lines: Vec<(Mark, String)>,
}

/// The differences of two texts, each with up to `context` equal lines on both sides.
pub(crate) fn hunks(before: &str, after: &str, context: usize) -> Vec<Hunk> {
    let difference = TextDiff::from_lines(before, after);
    let hunk = |operations: &Vec<similar::DiffOp>| {
        let (first, last) = (operations.first()?, operations.last()?);
        let changes = operations.iter().flat_map(|operation| difference.iter_changes(operation));
        let line = |change: similar::Change<&str>| {
            let mark = match change.tag() {
                ChangeTag::Equal => Mark::Same,
                ChangeTag::Delete => Mark::Removed,
                ChangeTag::Insert => Mark::Added,
            };
            (mark, change.value().trim_end_matches('\n').to_owned())
        };
        Some(Hunk {
            before: first.old_range().start..last.old_range().end,
            after: first.new_range().start..last.new_range().end,
            lines: changes.map(line).collect(),
        })
    };
    difference.grouped_ops(context).iter().filter_map(hunk).collect()
}

/// The differences of two texts of a file, as `diff -u` and `git diff` write them; empty without a difference.
#[cfg(feature = "cli")]
pub(crate) fn unified(file: &str, before: &str, after: &str) -> String {
    let difference = TextDiff::from_lines(before, after);
    let (old, new) = (format!("a/{file}"), format!("b/{file}"));
    difference.unified_diff().context_radius(3).header(&old, &new).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_differences_have_hunks_of_their_own() {
        let before = "a\nb\nc\nd\ne\n";
        let found: Vec<(Range<usize>, Range<usize>, String)> = hunks(before, "A\nb\nc\nd\n", 1)
            .into_iter()
            .map(|Hunk { before, after, lines }| {
                let lines = lines.iter().map(|(mark, line)| format!("{}{line}", mark.symbol()));
                (before, after, lines.collect())
            })
            .collect();
        let expected = [(0..2, 0..2, "-a+A b".to_owned()), (3..5, 3..4, " d-e".to_owned())];
        assert_eq!(found, expected);
    }
}
