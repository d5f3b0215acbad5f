//! Parts of messages: truncated text, and lists of names.

use std::borrow::Cow;
use std::fmt::Display;

/// Truncates a text to at most this many characters, with `…` after it.
#[must_use]
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// The first line of a text, truncated as by [`shortened`]; `…` after it also stands for further lines.
#[must_use]
pub fn first_line(text: &str, most: usize) -> Cow<'_, str> {
    let line = text.lines().next().unwrap_or_default();
    match shortened(line, most) {
        Cow::Borrowed(line) if line.len() < text.trim_end().len() => Cow::Owned(format!("{line}…")),
        line => line,
    }
}

/// Things in a row, with a word before the last one: `a, b or c`.
#[must_use]
pub fn listed(things: impl IntoIterator<Item = impl Display>, word: &str) -> String {
    let mut things: Vec<String> = things.into_iter().map(|thing| thing.to_string()).collect();
    match (things.pop(), things.is_empty()) {
        (Some(last), false) => format!("{} {word} {last}", things.join(", ")),
        (last, _) => last.unwrap_or_default(),
    }
}

/// Names in backticks.
pub fn quoted(names: impl IntoIterator<Item = impl Display>) -> impl Iterator<Item = String> {
    names.into_iter().map(|name| format!("`{name}`"))
}

/// The first few things of a list, and how many more there are: `a, b and 3 more`.
#[must_use]
pub fn few<T>(things: &[T], most: usize, told: impl Fn(&T) -> String) -> String {
    let first = things.iter().take(most).map(told).collect::<Vec<_>>().join(", ");
    match things.len().saturating_sub(most) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// A number of things: `1 target`, `2 targets`.
#[must_use]
pub fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut() {
        assert_eq!(shortened("äöü", 3), "äöü");
        assert_eq!(shortened("äöüß", 3), "äöü…");
        assert_eq!(first_line("a\n", 5), "a");
        assert_eq!(first_line("a\nb", 5), "a…");
        assert_eq!(first_line("abcdefg\nb", 5), "abcde…");
        assert_eq!(first_line("", 5), "");
    }

    #[test]
    fn things_stand_in_a_row() {
        assert_eq!(listed([""; 0], "or"), "");
        assert_eq!(listed(["a"], "or"), "a");
        assert_eq!(listed(quoted(["a", "b"]), "or"), "`a` or `b`");
        assert_eq!(listed(["a", "b", "c"], "and"), "a, b and c");
        assert_eq!(few(&["a", "b"], 2, ToString::to_string), "a, b");
        assert_eq!(few(&["a", "b", "c", "d"], 2, ToString::to_string), "a, b and 2 more");
    }
}
