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
///
/// Long texts in which too much differs have one difference, from the first line that differs to the last: then the lines
/// are not compared with each other, which takes the square of their number.
pub(crate) fn hunks(before: &str, after: &str, context: usize) -> Vec<Hunk> {
    let sides = [before, after].map(|text| text.split_inclusive('\n').collect::<Vec<&str>>());
    if let Some(whole) = replaced(&sides, context, MOST_STEPS) {
        return vec![whole];
    }
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

/// The maximum number of steps that a comparison of long texts may take.
const MOST_STEPS: usize = 10_000_000;

/// The whole difference of two texts as one, if lines cannot be compared with each other in a number of steps.
fn replaced([old, new]: &[Vec<&str>; 2], context: usize, most: usize) -> Option<Hunk> {
    if old.len().saturating_mul(new.len()) <= most {
        return None;
    }
    let start = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (old_rest, new_rest) = (old.get(start..)?, new.get(start..)?);
    let ends = old_rest.iter().rev().zip(new_rest.iter().rev());
    let same_end = ends.take_while(|(old, new)| old == new).count();
    let [old_inner, new_inner] = [old_rest, new_rest].map(|rest| rest.len() - same_end);
    if is_near(old_rest.get(..old_inner)?, new_rest.get(..new_inner)?, most) {
        return None;
    }
    let first = start.saturating_sub(context);
    let [old_end, new_end] = [start + old_inner, start + new_inner];
    let behind = same_end.min(context);
    let line = |mark: Mark| move |line: &&str| (mark, line.trim_end_matches('\n').to_owned());
    let mut lines: Vec<(Mark, String)> =
        old.get(first..start)?.iter().map(line(Mark::Same)).collect();
    lines.extend(old.get(start..old_end)?.iter().map(line(Mark::Removed)));
    lines.extend(new.get(start..new_end)?.iter().map(line(Mark::Added)));
    lines.extend(old.get(old_end..old_end + behind)?.iter().map(line(Mark::Same)));
    Some(Hunk { before: first..old_end + behind, after: first..new_end + behind, lines })
}

/// True if a number of steps is enough to find the fewest lines that differ. (Myers, "An O(ND) Difference Algorithm and Its
/// Variations", 1986: the greedy algorithm.)
fn is_near(old: &[&str], new: &[&str], most: usize) -> bool {
    let farthest = (old.len() + new.len()).min(most.saturating_mul(2).isqrt() + 1);
    // The furthest line of the old text that was reached on each diagonal: old line - new line.
    let middle = farthest + 1;
    let mut reached = vec![0_usize; 2 * farthest + 3];
    let mut steps = 0;
    for distance in 0..=farthest {
        for place in (middle - distance..=middle + distance).step_by(2) {
            let (above, below) = (reached[place + 1], reached[place - 1]);
            let is_first = place == middle - distance;
            let is_added = is_first || place != middle + distance && below < above;
            let mut x = if is_added { above } else { below + 1 };
            let mut y = x + middle - place;
            while x < old.len() && y < new.len() && old[x] == new[y] {
                (x, y, steps) = (x + 1, y + 1, steps + 1);
            }
            if x >= old.len() && y >= new.len() {
                return true;
            }
            reached[place] = x;
            steps += 1;
        }
        if steps > most {
            return false;
        }
    }
    false
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

    /// The lines of hunks with their marks.
    fn drawn(hunks: &[Hunk]) -> Vec<String> {
        let lines = hunks.iter().flat_map(|hunk| &hunk.lines);
        lines.map(|(mark, line)| format!("{}{line}", mark.symbol())).collect()
    }

    #[test]
    fn long_texts_in_which_too_much_differs_have_one_difference() {
        let (before, after) = ("a\nb\nc\nd\ne\nf\n", "a\nb\nX\nd\nY\nf\n");
        let sides = [before, after].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
        assert!(replaced(&sides, 1, 1000).is_none());
        let whole = replaced(&sides, 1, 3).unwrap();
        assert_eq!((whole.before.clone(), whole.after.clone()), (1..6, 1..6));
        let lines =
            ["  b", "-c", "-d", "-e", "+X", "+d", "+Y", "  f"].map(|line| line.replace("  ", " "));
        assert_eq!(drawn(&[whole]), lines);
    }

    #[test]
    fn far_texts_are_not_compared_line_by_line() {
        let text = |seed: usize| -> String {
            let mut number = seed;
            let mut next = || {
                number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                format!("line {}\n", (number >> 33) % 50)
            };
            (0..20_000).map(|_| next()).collect()
        };
        let (before, after) = (text(1), text(2));
        assert_eq!(hunks(&before, &after, 3).len(), 1);
        let lines: Vec<&str> = before.split_inclusive('\n').collect();
        let near =
            ["new\n", &lines[..10_000].concat(), "other\n", &lines[10_001..].concat(), "end\n"];
        let near = near.concat();
        assert_eq!(hunks(&before, &near, 3).len(), 3);
    }

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
