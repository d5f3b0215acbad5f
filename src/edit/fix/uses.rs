//! Uses of a variable in texts.

use std::ops::Range;

use crate::source::Span;
use crate::yaml::Node;

/// The places where a text uses a variable, which is written `$(NAME)`. `$$` is an escaped `$`: what is behind it is no use.
pub(super) fn uses(text: &str, variable: &str) -> impl Iterator<Item = Range<usize>> {
    let found = text.match_indices(variable).filter(|(at, _)| {
        let before = text.get(..*at).unwrap_or_default().bytes();
        before.rev().take_while(|byte| *byte == b'$').count().is_multiple_of(2)
    });
    found.map(|(at, found)| at..at + found.len())
}

/// A text with another one in place of each use of a variable.
pub(super) fn replaced(text: &str, variable: &str, new: &str) -> String {
    let (mut result, mut start) = (String::new(), 0);
    for found in uses(text, variable) {
        result.push_str(text.get(start..found.start).unwrap_or_default());
        result.push_str(new);
        start = found.end;
    }
    result.push_str(text.get(start..).unwrap_or_default());
    result
}

/// True if a text uses a variable.
pub(super) fn has_use(text: &str, variable: &str) -> bool {
    uses(text, variable).next().is_some()
}

/// The first key or value below a node that uses a variable. The depth of documents is bounded by the parser.
pub(super) fn first_use(node: &Node, variable: &str) -> Option<Span> {
    let scalar = node.as_scalar().filter(|scalar| has_use(scalar.text(), variable));
    let own = || scalar.map(|scalar| scalar.span());
    let in_items = || node.items().iter().find_map(|item| first_use(item, variable));
    let in_entries = || {
        node.entries().iter().find_map(|(key, value)| {
            let is_use = has_use(key.text(), variable);
            is_use.then(|| key.span()).or_else(|| first_use(value, variable))
        })
    };
    own().or_else(in_items).or_else(in_entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_variable_is_no_use() {
        for (text, expected) in [
            ("$(A)", "B"),
            ("$$(A)", "$$(A)"),
            ("$$$(A)", "$$B"),
            ("é$(A)$$(A)$(A)", "éB$$(A)B"),
            ("$(A", "$(A"),
        ] {
            assert_eq!(replaced(text, "$(A)", "B"), expected, "{text}");
        }
    }
}
