//! Evaluation of own rules.

use std::sync::Arc;

use super::objects::{Expressed, Variables};
use super::rule::{Expression, Message, OwnRule};
use crate::expression::{Failure, Value, span_within};
use crate::harden::finding::Finding;
use crate::harden::handle::RuleRef;
use crate::harden::rules::judging::expressions::RULE_NOT_EVALUATED;
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::resource::secret::{is_secret, without_values_of};
use crate::source::Source;
use crate::text::phrase::shortened;
use crate::transform::select::Selection;
use crate::yaml::path::Path;

/// The maximum length of a message that an expression makes, in characters.
const LONGEST_MESSAGE: usize = 500;

/// The findings of an own rule for an object. A condition that cannot be evaluated is a finding of its own.
pub(in crate::harden) fn judge<'a>(
    rule: &'a Arc<OwnRule>,
    (place, object): (usize, &'a Resource),
    all: &Expressed<'a>,
    findings: &mut Vec<Finding>,
) {
    if !selects(rule, object) {
        return;
    }
    let scope = Variables { all, object, parameters: rule.parameters.as_ref() };
    for (number, condition) in rule.conditions.iter().enumerate() {
        all.run.begin();
        let expression = &condition.expression;
        let found = match expression.program.evaluate(&scope, &all.run) {
            Ok(Value::Bool(true)) => continue,
            Ok(Value::Bool(false)) => {
                let message = message(&condition.message, &scope);
                let violation = Violation::at(condition.path.clone(), message);
                let mut finding =
                    Finding::new(RuleRef::Own(Arc::clone(rule)), violation, place, object);
                finding.part = (number > 0).then(|| number.to_string().into());
                finding
            }
            Ok(other) => {
                let message = format!(
                    "the result is of the type {}, and neither true nor false",
                    other.type_name()
                );
                let failure = Failure { message, ..Failure::default() };
                not_evaluated(rule, expression, &failure, &scope, place)
            }
            Err(failure) if all.run.is_over() => {
                // One finding suffices: further rules and objects are not evaluated either.
                if !all.run.is_told_spent() {
                    findings.push(not_evaluated(rule, expression, &failure, &scope, place));
                }
                return;
            }
            Err(failure) => not_evaluated(rule, expression, &failure, &scope, place),
        };
        findings.push(found);
    }
}

/// True if a rule is about an object.
pub(super) fn selects(rule: &OwnRule, object: &Resource) -> bool {
    let takes = |one: &Selection| one.takes(object).is_ok_and(|takes| takes);
    rule.selections.is_empty() || rule.selections.iter().any(takes)
}

fn message<'a>(message: &'a Message, scope: &Variables<'_, 'a>) -> String {
    let text = match message {
        Message::Text(text) => return text.clone(),
        Message::Expression(one) => match one.program.evaluate(scope, &scope.all.run) {
            Ok(Value::Text(text)) => text.as_str().to_owned(),
            Ok(other) => {
                format!("(its message is no text, but of type {})", other.type_name())
            }
            Err(failure) => format!("(its message cannot be evaluated: {})", failure.message),
        },
    };
    // An expression can read each object, also Secrets.
    let secrets = scope.all.objects.iter().filter(|object| is_secret(object.kind()));
    let mut text = shortened(text.trim(), LONGEST_MESSAGE).into_owned();
    for secret in secrets {
        text = without_values(text, secret);
    }
    text
}

/// Text without the values of a Secret.
pub(in crate::harden) fn without_values(text: String, secret: &Resource) -> String {
    let mut manifest = String::new();
    match crate::yaml::to_json(secret.node(), &mut manifest) {
        Ok(()) => without_values_of(&text, &manifest),
        Err(_) => text,
    }
}

/// The finding about a rule that could not be evaluated.
fn not_evaluated(
    rule: &OwnRule,
    expression: &Expression,
    failure: &Failure,
    scope: &Variables<'_, '_>,
    place: usize,
) -> Finding {
    let Failure { message, at, is_spent, .. } = failure;
    let written = &expression.written;
    let sources = scope.all.sources;
    let part = at.start as usize..at.end as usize;
    let within = |source: &Source| span_within(written, source, &part);
    let source = sources.source_of(written.span());
    let span = source.as_deref().map_or(written.span(), within);
    // The mistake is in the expression. The configuration of another revision is in none of the files that are here.
    let is_here = source.as_deref().is_some_and(|source| !source.name().contains(':'));
    let location = sources.locate(span).filter(|_| !is_here);
    let where_ = location.map(|at| format!(" ({}:{}:{})", at.source.name(), at.line, at.column));
    let message = format!(
        "`{} {}` cannot be evaluated: {message}{}",
        rule.id,
        rule.name,
        where_.unwrap_or_default()
    );
    let mut violation = Violation::at(Path::default(), message);
    if *is_spent {
        violation = violation.severity(Severity::Error);
    }
    let mut finding = Finding::new(&RULE_NOT_EVALUATED, violation, place, scope.object);
    if is_here {
        finding.span = span;
    }
    finding.part = Some(rule.id.as_str().into());
    finding
}
