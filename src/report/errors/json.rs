//! Errors and warnings as lines of JSON.

use std::borrow::Cow;

use serde::Serialize;

use crate::{
    error::{Error, Note},
    resource::secret::Shield,
    source::{Sources, Span},
    text::escape::json_line,
};

/// Maximum number of errors that are written.
const MOST: usize = 10_000;

/// An error and those joined with it, with secrets masked: a line for each.
#[must_use]
pub fn errors(error: &Error, sources: &Sources, shield: &Shield) -> String {
    let error = &*shield.redacted(error, sources);
    let lines: String = error.iter().take(MOST).map(|error| line(error, sources)).collect();
    lines
        + &super::more(error, MOST)
            .map(|text| warning(&text, Span::NONE, &[], sources))
            .unwrap_or_default()
}

/// A warning about these targets as a line.
#[must_use]
pub fn warning(text: &str, span: Span, targets: &[String], sources: &Sources) -> String {
    json_line(&ErrorLine {
        severity: "warning",
        code: None,
        message: text,
        place: RangeJson::of(span, "", sources),
        notes: Vec::new(),
        steps: &[],
        help: &[],
        targets,
    })
}

/// An error as a line.
fn line(error: &Error, sources: &Sources) -> String {
    let notes =
        error.notes().iter().map(|Note { span, label }| RangeJson::of(*span, label, sources));
    let message = match error.rule_name() {
        Some(rule) => Cow::Owned(format!("{rule}: {}", error.message())),
        None => Cow::Borrowed(error.message()),
    };
    json_line(&ErrorLine {
        severity: "error",
        code: Some(error.code().as_str()),
        message: &message,
        place: RangeJson::of(error.span(), error.label_text(), sources),
        notes: notes.collect(),
        steps: error.steps(),
        help: error.helps(),
        targets: error.targets(),
    })
}

/// A line of JSON, with its members in order. A member without a value is null, `""` or `[]`, never absent.
#[derive(Serialize)]
struct ErrorLine<'a> {
    severity: &'a str,
    code: Option<&'a str>,
    message: &'a str,
    #[serde(flatten)]
    place: RangeJson<'a>,
    notes: Vec<RangeJson<'a>>,
    steps: &'a [String],
    help: &'a [String],
    /// Targets that are not built because of it.
    targets: &'a [String],
}

/// A range in a text. Lines and columns count from 1, columns in characters; the end is exclusive.
#[derive(Serialize)]
struct RangeJson<'a> {
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    end: Option<End>,
    label: &'a str,
}

#[derive(Serialize)]
struct End {
    line: usize,
    column: usize,
}

impl<'a> RangeJson<'a> {
    fn of(span: Span, label: &'a str, sources: &Sources) -> Self {
        let start = sources.locate(span);
        Self {
            file: start.as_ref().map(|place| place.source.name().to_owned()),
            line: start.as_ref().map(|place| place.line),
            column: start.as_ref().map(|place| place.column),
            end: start.as_ref().map(|place| {
                let (line, column) = place.source.line_and_column(place.range.end);
                End { line, column }
            }),
            label,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn json_has_one_line_with_every_member() {
        let sources = Sources::new();
        let file = sources.add("k.yaml", "a: 1\nb: ü\n").unwrap();
        let error = Error::new(Code::InvalidType, "m")
            .at(file.span(8, 10))
            .note(file.span(0, 1), "n")
            .step("s");
        assert_eq!(
            line(&error, &sources),
            concat!(
                r#"{"severity":"error","code":"invalid-type","message":"m","file":"k.yaml","line":2,"column":4,"end":{"line":2,"column":5},"#,
                r#""label":"","notes":[{"file":"k.yaml","line":1,"column":1,"end":{"line":1,"column":2},"label":"n"}],"#,
                r#""steps":["s"],"help":[],"targets":[]}"#,
                "\n",
            )
        );
        assert!(
            line(&Error::new(Code::Cycle, "m"), &sources)
                .contains(r#""file":null,"line":null,"column":null,"end":null"#)
        );
    }
}
