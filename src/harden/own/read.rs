//! Own rules as they are written: an entry of `rules` with `validate`.

use super::objects::NAMES;
use super::rule::{Condition, Expression, Message, OwnExample, OwnRule};
use crate::config::Selector;
use crate::error::{Code, Error, Result};
use crate::expression::{Mistake, Program, span_within};
use crate::harden::violation::Severity;
use crate::limits::Budget;
use crate::resource::LabelSelector;
use crate::source::{Source, Sources, Span};
use crate::transform::select::Selection;
use crate::yaml::de::{self, Spanned};
use crate::yaml::path::Path;
use crate::yaml::{Node, Scalar, Text};

/// The fields of an own rule that are words.
pub(in crate::harden) struct Words {
    pub(in crate::harden) name: Option<Spanned<Text>>,
    pub(in crate::harden) severity: Severity,
    pub(in crate::harden) summary: String,
    pub(in crate::harden) why: String,
    pub(in crate::harden) advice: String,
}

/// Reads an entry of `rules` that defines a rule.
///
/// # Errors
/// Those of its fields; a mistake in an expression is shown within it.
pub(in crate::harden) fn read(
    id: &Scalar,
    value: &Node,
    words: &Words,
    sources: Option<&Sources>,
    budget: &Budget,
) -> Result<OwnRule> {
    check_word("id", id.text(), id.span(), true)?;
    if id.text().to_ascii_uppercase().starts_with("KR-") {
        let message = format!("`{}` begins like the id of a rule of krender", id.text());
        let help = "choose a prefix of your own: `TEAM-001`";
        return Err(Error::new(Code::InvalidValue, message).at(id.span()).help(help));
    }
    let name = match &words.name {
        None => id.text().to_ascii_lowercase(),
        Some(name) => {
            check_word("name", name, name.span, false)?;
            name.to_string()
        }
    };
    let reader = Reader { sources, budget };
    let conditions = reader.conditions(value)?;
    let selections = reader.selections(value.get("match"))?;
    let summary = match (words.summary.trim(), conditions.first()) {
        ("", Some(Condition { message: Message::Text(text), .. })) => text.clone(),
        ("", _) => format!("Objects satisfy the rule `{name}`."),
        (summary, _) => summary.to_owned(),
    };
    Ok(OwnRule {
        id: id.text().to_owned(),
        name,
        severity: words.severity,
        summary,
        why: words.why.trim().to_owned(),
        advice: words.advice.trim().trim_end_matches('.').to_owned(),
        conditions,
        selections,
        parameters: value.get("params").cloned(),
        examples: reader.examples(value.get("examples"))?,
        span: id.span(),
    })
}

/// Checks an id or a name: words of letters and digits, with dashes between them.
fn check_word(what: &str, text: &str, span: Span, allows_upper: bool) -> Result<()> {
    let is_letter = |byte: u8| match allows_upper {
        true => byte.is_ascii_alphanumeric(),
        false => byte.is_ascii_lowercase() || byte.is_ascii_digit(),
    };
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(is_letter);
    if text.len() <= 100 && text.split('-').all(is_word) {
        return Ok(());
    }
    let message = format!("`{text}` is no {what} of a rule");
    let help = match allows_upper {
        true => "write letters and digits with dashes between them: `TEAM-001`",
        false => "write lower-case letters and digits with dashes between them: `team-label`",
    };
    Err(Error::new(Code::InvalidValue, message).at(span).help(help))
}

struct Reader<'r> {
    sources: Option<&'r Sources>,
    budget: &'r Budget,
}

impl Reader<'_> {
    /// `validate` is an expression, or a list of expressions with their messages.
    fn conditions(&self, value: &Node) -> Result<Vec<Condition>> {
        let Some(validate) = value.get("validate") else { return Ok(Vec::new()) };
        if validate.as_scalar().is_some() {
            return Ok(vec![self.condition(validate, value)?]);
        }
        for name in ["message", "messageExpression"] {
            let Some(field) = value.get(name) else { continue };
            let message = format!("`{name}` is for a single expression");
            let error = Error::new(Code::InvalidValue, message).at(field.span());
            return Err(error.help(format!("write `{name}` beside each `expression`")));
        }
        let mut conditions = Vec::new();
        for entry in validate.items() {
            let Some(expression) = entry.get("expression") else {
                return Err(malformed(entry, "an entry of `validate` has an `expression`"));
            };
            for (key, _) in entry.entries() {
                if !matches!(key.text(), "expression" | "message" | "messageExpression") {
                    let message = format!("there is no field `{}`", key.text());
                    let known = ["expression", "message", "messageExpression"];
                    let error = Error::new(Code::UnknownField, message).at(key.span());
                    return Err(error.did_you_mean(key.text(), known));
                }
            }
            conditions.push(self.condition(expression, entry)?);
        }
        match conditions.is_empty() {
            true => Err(malformed(validate, "`validate` has an expression, or a list of them")),
            false => Ok(conditions),
        }
    }

    fn condition(&self, expression: &Node, beside: &Node) -> Result<Condition> {
        let expression = self.expression(expression)?;
        let message = match (beside.get("message"), beside.get("messageExpression")) {
            (Some(_), Some(two)) => {
                return Err(malformed(two, "write `message` or `messageExpression`, not both"));
            }
            (_, Some(expression)) => Message::Expression(self.expression(expression)?),
            (Some(text), None) => match text.as_text().map(str::trim) {
                Some(text) if !text.is_empty() => Message::Text(text.to_owned()),
                _ => return Err(malformed(text, "a message is text")),
            },
            (None, None) => {
                Message::Text(format!("`{}` is not true", expression.program.text().trim()))
            }
        };
        let path = Path::of(&expression.program.field_of(0));
        Ok(Condition { expression, message, path })
    }

    fn expression(&self, node: &Node) -> Result<Expression> {
        let Some(written) = node.as_scalar().filter(|scalar| !scalar.is_null()) else {
            return Err(malformed(node, "an expression is text"));
        };
        self.budget.bytes(written.text().len(), written.span())?;
        let program = Program::compile(written.text(), NAMES);
        let program = program.map_err(|mistake| self.mistaken(&mistake, written))?;
        Ok(Expression { program, written: written.clone() })
    }

    #[cold]
    fn mistaken(&self, mistake: &Mistake, written: &Scalar) -> Error {
        let source = self.sources.and_then(|sources| sources.source_of(written.span()));
        let within = |source: &Source| span_within(written, source, &mistake.at);
        let span = source.as_deref().map_or(written.span(), within);
        let message = format!("this is no expression of CEL: {}", mistake.message);
        let error = Error::new(Code::InvalidExpression, message).at(span);
        if mistake.help.is_empty() { error } else { error.help(&mistake.help) }
    }

    /// `match` is a selector, or a list of them.
    fn selections(&self, node: Option<&Node>) -> Result<Vec<Selection>> {
        let Some(node) = node else { return Ok(Vec::new()) };
        let selectors: Vec<Selector> = match node.as_sequence() {
            Some(_) => de::from_node(node)?,
            None => vec![de::from_node(node)?],
        };
        let compile = |selector: &Selector| {
            for text in [&selector.label_selector, &selector.annotation_selector] {
                LabelSelector::parse(text).map_err(|error| error.at(text.span))?;
            }
            Selection::new(selector, self.budget)
        };
        selectors.iter().map(compile).collect()
    }

    /// `examples` has lists `good` and `bad`; an element is a manifest, or a list of manifests that are one render.
    fn examples(&self, node: Option<&Node>) -> Result<Vec<OwnExample>> {
        let Some(node) = node else { return Ok(Vec::new()) };
        if node.as_mapping().is_none() {
            return Err(malformed(node, "examples are lists named `good` and `bad`"));
        }
        let mut examples = Vec::new();
        for (key, list) in node.entries() {
            let is_bad = match key.text() {
                "bad" => true,
                "good" => false,
                other => {
                    let message = format!("an example is `good` or `bad`, not `{other}`");
                    return Err(Error::new(Code::UnknownField, message).at(key.span()));
                }
            };
            if list.as_sequence().is_none() {
                return Err(malformed(list, "a list of manifests is expected"));
            }
            for example in list.items() {
                let objects: Vec<Node> = match example.as_sequence() {
                    Some(list) => list.items().to_vec(),
                    None => vec![example.clone()],
                };
                if let Some(wrong) = objects.iter().find(|one| one.as_mapping().is_none()) {
                    return Err(malformed(wrong, "a manifest is a mapping"));
                }
                let has_kind =
                    |one: &Node| one.get("kind").is_some_and(|kind| kind.as_text().is_some());
                if let Some(wrong) = objects.iter().find(|one| !has_kind(one)) {
                    return Err(malformed(wrong, "a manifest has a `kind`"));
                }
                examples.push(OwnExample { is_bad, objects, span: example.span() });
            }
        }
        Ok(examples)
    }
}

#[cold]
fn malformed(node: &Node, expected: &str) -> Error {
    Error::new(Code::InvalidValue, expected).at(node.span())
}
