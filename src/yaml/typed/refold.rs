//! Folded scalars (`>`), which go-yaml v3 does not read back as it wrote them.

use std::borrow::Cow;

/// The text of a folded scalar after go-yaml v3 has written it and read it again.
///
/// The reader folds the first line break between two lines unless one of them begins with a blank, so the writer
/// (`yaml_emitter_write_folded_scalar`) must add one in this case. It tests the first line of the whole text instead of
/// the line below. So a break is added above lines that are indented more, and one is lost everywhere if the text
/// begins with a blank.
pub(super) fn refold(text: &str) -> Cow<'_, str> {
    let content = text.trim_start_matches(is_break);
    if content.is_empty() || !content.contains('\n') {
        return Cow::Borrowed(text);
    }
    let begins_blank = content.starts_with(is_blank);
    let mut out = String::with_capacity(text.len() + 8);
    out.push_str(&text[..text.len() - content.len()]);
    let mut rest = content;
    loop {
        let (line, after) = rest.split_at(rest.find(is_break).unwrap_or(rest.len()));
        let next = after.trim_start_matches(is_break);
        let breaks = &after[..after.len() - next.len()];
        out.push_str(line);
        let indented = line.starts_with(is_blank);
        let added = if !indented && !begins_blank && breaks.starts_with('\n') { "\n" } else { "" };
        if next.is_empty() {
            // One break at the end is written without chomping indicator, so only one is read, regardless of their
            // number.
            let several = breaks.chars().nth(1).is_some();
            out.extend([if several { added } else { "" }, breaks]);
            return Cow::Owned(out);
        }
        let folded = !indented && !next.starts_with(is_blank);
        match breaks.strip_prefix('\n') {
            Some(others) if folded && added.is_empty() && others.is_empty() => out.push(' '),
            Some(others) if folded && added.is_empty() => out.push_str(others),
            Some(_) if folded => out.push_str(breaks),
            _ => out.extend([added, breaks]),
        }
        rest = next;
    }
}

fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\u{2028}' | '\u{2029}')
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_come_and_go_beside_indented_lines() {
        let table = [
            ("a\n", "a\n"),
            ("a b", "a b"),
            ("a\nb\n", "a\nb\n"),
            ("a\n\nb\n\n", "a\n\nb\n\n\n"),
            ("a\n  b\nc\n", "a\n\n  b\nc\n"),
            ("a\n\n  b\n", "a\n\n\n  b\n"),
            (" a\nb\nc\n", " a\nb c\n"),
            (" a\n\nb\n\nc\n", " a\n\nb\nc\n"),
            ("\n\na\nb", "\n\na\nb"),
            ("\n\n", "\n\n"),
            ("a\u{2028}b\nc", "a\u{2028}b\nc"),
        ];
        for (text, expected) in table {
            assert_eq!(refold(text), expected, "{text:?}");
        }
    }
}
