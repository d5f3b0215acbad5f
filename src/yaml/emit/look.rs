//! Shows without writing that a document can be written. Nearly all documents can.

use crate::text::ascii::is_printable_in_lines;
use crate::yaml::node::{CollectionStyle, Mapping, Node, Scalar, Style, Tag, View};
use crate::yaml::scalar::{Value, begins_like_string};
use crate::yaml::typed::{self, LONGEST_SIMPLE_KEY, is_ordinary};

/// Maximum depth of collections that is looked at.
const DEPTH: usize = 48;

/// Maximum number of keys of a mapping that are compared with each other.
const FEW: usize = 24;

/// The approximate number of bytes of a document in the output, if a look at its nodes shows that [`emit`](super::emit) can
/// write it within `most` bytes. `None` if only writing it shows that: for keys that are not ordinary, characters other than
/// printable ones of ASCII, deep nesting.
#[must_use]
pub fn written_length(root: &Node, most: u64) -> Option<u64> {
    let mut look = Look { left: most };
    look.node(root, 0, false)?;
    Some(most - look.left)
}

struct Look {
    /// The number of bytes that may still be written.
    left: u64,
}

impl Look {
    /// Charges a line: its indentation, its text, and the characters around it.
    fn take(&mut self, depth: usize, text: &str) -> Option<()> {
        self.left = self.left.checked_sub((2 * depth + text.len() + 2) as u64)?;
        Some(())
    }

    fn node(&mut self, node: &Node, depth: usize, in_flow: bool) -> Option<()> {
        match node.view() {
            View::Scalar(scalar) => {
                self.take(depth, scalar.text())?;
                is_writable(scalar, in_flow).then_some(())
            }
            _ if depth == DEPTH => None,
            View::Sequence(sequence) => {
                self.take(0, "")?;
                let in_flow = in_flow || sequence.style == CollectionStyle::Flow;
                sequence.items.iter().try_for_each(|item| self.node(item, depth + 1, in_flow))
            }
            View::Mapping(mapping) => {
                self.take(0, "")?;
                let in_flow = in_flow || mapping.style == CollectionStyle::Flow;
                if !has_simple_keys(mapping) {
                    return None;
                }
                mapping.iter().try_for_each(|(key, value)| {
                    self.take(depth, key.text())?;
                    self.node(value, depth + 1, in_flow)
                })
            }
        }
    }
}

/// True if each key is an ordinary string of one line, and none occurs twice.
fn has_simple_keys(mapping: &Mapping) -> bool {
    let entries = mapping.entries();
    // A bit for each length and last byte: keys with different bits differ.
    let mut seen = 0_u64;
    entries.len() <= FEW
        && entries.iter().enumerate().all(|(place, (key, _))| {
            let text = key.text();
            let last = text.bytes().next_back().unwrap_or_default();
            let bit = 1 << ((text.len() * 7 + usize::from(last)) % 64);
            let may_be_known = seen & bit != 0;
            seen |= bit;
            is_ordinary(key)
                && text.len() <= LONGEST_SIMPLE_KEY
                && is_printable_in_lines(text)
                && (!may_be_known || entries[..place].iter().all(|(other, _)| other.text() != text))
        })
}

fn is_writable(scalar: &Scalar, in_flow: bool) -> bool {
    let text = scalar.text();
    if !is_printable_in_lines(text) {
        return false;
    }
    if scalar.tag() == Tag::None && scalar.style() == Style::Plain && begins_like_string(text) {
        return true;
    }
    match typed::value(scalar, in_flow) {
        Ok(Value::Str(text)) => is_printable_in_lines(&text),
        Ok(Value::Float(float)) => float.is_finite(),
        Ok(_) => true,
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::{emit, parse};

    fn root(text: &str) -> Node {
        let source = Sources::new().add("a.yaml", text).unwrap();
        parse::documents(&source).unwrap().remove(0).root
    }

    #[test]
    fn what_a_look_lets_pass_can_be_written() {
        let scalars = [
            "a",
            "\"\"",
            "''",
            "",
            "~",
            "null",
            "yes",
            "12",
            "1e3",
            "1e999",
            ".inf",
            "-.inf",
            ".nan",
            "0x1F",
            "2001-01-01",
            "2001-01-01T00:00:00Z",
            "99999-01-01",
            "!!binary aGk=",
            "!!binary gICA",
            "!!int a",
            "!!str 1",
            "!!float .inf",
            "!!null a",
            "!a b",
            "'\t'",
            "\"\\u0085\"",
            "\"\\0\"",
            "ä",
            "|\n  b\n   c",
            ">\n  b\n\n  c",
            "|2\n  \tb",
            "12:30:45",
            "1_000",
            "+1",
            "-",
            "=",
            "<<",
            "0o7",
            "\"\\ud800\"",
        ];
        let (mut passed, mut refused) = (0, 0);
        for scalar in scalars {
            for form in [
                "a: S",
                "b: [S]",
                "? S\n: 1",
                "a: {b: {c: S}, d: 1}",
                "a: 1\nS: 2",
                "a: 1\nb: {S: 1, b: 2}",
                "a:\n- S",
            ] {
                let text = form.replace('S', scalar) + "\n";
                let source = Sources::new().add("a.yaml", text.as_str()).unwrap();
                let Ok(mut documents) = parse::documents(&source) else { continue };
                let root = documents.remove(0).root;
                let mut out = String::new();
                let written = emit(&root, &mut out);
                match written_length(&root, 1 << 20) {
                    Some(length) => {
                        assert!(written.is_ok(), "{text}");
                        assert!(length + 16 >= out.len() as u64 / 2, "{text}");
                        passed += 1;
                    }
                    None => refused += 1,
                }
            }
        }
        assert!(passed > 60 && refused > 30, "{passed} {refused}");
    }

    #[test]
    fn what_is_not_looked_at_is_written() {
        assert!(written_length(&root("a: {b: 1, c: 2}\n"), 1 << 20).is_some());
        assert_eq!(written_length(&root("a: {b: 1, c: 2, b: 3}\n"), 1 << 20), None);
        assert_eq!(written_length(&root("a: {b: 1, c: 2}\n"), 9), None);
        assert_eq!(written_length(&root(&("[".repeat(60) + &"]".repeat(60))), 1 << 20), None);
        let many: String = (0..30).map(|number| format!("k{number}: 1\n")).collect();
        assert_eq!(written_length(&root(&many), 1 << 20), None);
    }
}
