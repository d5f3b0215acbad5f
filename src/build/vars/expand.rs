//! Expands `$(NAME)` in text.

use std::collections::BTreeSet;

use super::Values;
use crate::error::Result;
use crate::limits::Budget;
use crate::source::Span;
use crate::yaml::{Tag, Text};

/// Replaces the variables in a text. Returns the new text, its tag, and the span of its last variable. A text that
/// consists of one variable takes the type of its value. `$$` is a dollar sign; an unknown name is kept.
/// (`api/filters/refvar/expand.go`.)
pub(super) fn expand(
    input: &str,
    span: Span,
    values: &Values,
    used: &mut BTreeSet<Text>,
    budget: &Budget,
) -> Result<(String, Tag, Span)> {
    let mut output = String::with_capacity(input.len());
    let mut writer = span;
    let mut rest = input;
    // After the last bracket no reference can be closed; this flag avoids repeated searches for one.
    let mut closed = input.contains(')');
    while let Some((before, after)) = rest.split_once('$') {
        output.push_str(before);
        let Some(next) = after.chars().next() else {
            output.push('$');
            rest = "";
            break;
        };
        rest = &after[next.len_utf8()..];
        match next {
            '$' => output.push('$'),
            '(' => match closed.then(|| rest.split_once(')')).flatten() {
                None => {
                    closed = false;
                    output.push_str("$(");
                }
                Some((name, after)) => {
                    match values
                        .get(name)
                        .and_then(|(value, span)| Some((value.text()?, value, span)))
                    {
                        None => output.extend(["$(", name, ")"]),
                        Some((text, value, span)) => {
                            used.insert(name.into());
                            writer = *span;
                            if before.is_empty() && after.is_empty() && output.is_empty() {
                                budget.text(text.len(), *span)?;
                                return Ok((value.alone(), value.tag(), writer));
                            }
                            // Doubled, because a growing `String` reserves up to twice its length.
                            budget.bytes(text.len() * 2, *span)?;
                            output.push_str(&text);
                        }
                    }
                    rest = after;
                }
            },
            other => output.extend(['$', other]),
        }
    }
    output.push_str(rest);
    Ok((output, Tag::Str, writer))
}

#[cfg(test)]
mod tests {
    use super::super::value::FieldValue;
    use super::*;

    #[track_caller]
    fn expanded(input: &str) -> String {
        let value = |name: &str, value| (Text::from(name), (value, Span::NONE));
        let values = Values::from([
            value("A", FieldValue::Text("a".into())),
            value("REFERENCE", FieldValue::Text("$(A)".into())),
            value("EMPTY", FieldValue::Text("".into())),
            value("ONE", FieldValue::Integer(1)),
            value("HALF", FieldValue::Float(0.5)),
            value("BIG", FieldValue::Float(1e6)),
            value("YES", FieldValue::Bool(true)),
            value("LIST", FieldValue::Collection),
        ]);
        let (text, tag, _) =
            expand(input, Span::NONE, &values, &mut BTreeSet::new(), &Budget::default()).unwrap();
        if tag == Tag::Str { text } else { format!("{tag:?} {text}") }
    }

    #[test]
    fn variables_in_a_text_are_replaced_once() {
        assert_eq!(expanded("x$(A)y$(A)"), "xaya");
        assert_eq!(expanded("$(REFERENCE)"), "$(A)");
        assert_eq!(expanded("$(EMPTY)$(EMPTY)"), "");
        assert_eq!(expanded("$(ONE)/$(HALF)/$(YES)/$(BIG)"), "1/0.5/true/1e+06");
    }

    #[test]
    fn a_variable_alone_keeps_the_type_of_its_value() {
        assert_eq!(expanded("$(ONE)"), "Int 1");
        assert_eq!(expanded("$(HALF)"), "Float 0.5");
        assert_eq!(expanded("$(BIG)"), "Float 1000000");
        assert_eq!(expanded("$(YES)"), "Bool true");
    }

    #[test]
    fn what_is_no_variable_stays() {
        for text in ["$(B)", "$(LIST)", "a$", "$", "$(A", "$x", "$()", "$(A$$B)", "", "$((A)"] {
            assert_eq!(expanded(text), text);
        }
    }

    #[test]
    fn two_dollar_signs_are_one() {
        assert_eq!(expanded("$$(A)"), "$(A)");
        assert_eq!(expanded("$$$(A)"), "$a");
        assert_eq!(expanded("$$$$"), "$$");
    }
}
