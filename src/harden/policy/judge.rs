//! Evaluation of policies.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::defaults::with_defaults;
use super::matching::{Cluster, Matches, selects};
use super::read::{Binding, Expression, Policy, REQUEST, Refused, Validation, is_policy, read};
use crate::expression::{Failure, Outcome, Run, Scope, Value, span_within};
use crate::harden::facts::Facts;
use crate::harden::finding::Finding;
use crate::harden::own::{Expressed, without_values};
use crate::harden::rules::judging::expressions::{ADMISSION_POLICY, POLICY_NOT_EVALUATED};
use crate::harden::value::{below, present, text};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::resource::secret::is_secret;
use crate::source::Span;
use crate::text::phrase::shortened;
use crate::yaml::path::Path;
use crate::yaml::{Node, Scalar};

/// The maximum length of a message that an expression makes, in characters.
const LONGEST_MESSAGE: usize = 500;

/// The findings of the policies of a render. Linear in its objects for each policy.
pub(in crate::harden) fn judge<'a>(all: &Expressed<'a>, facts: &'a Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Most renders have no policy.
    if !all.objects.iter().any(is_policy) {
        return findings;
    }
    let (policies, refused) = read(all.objects);
    findings.extend(refused.iter().map(|one| refusal(one, all)));
    if policies.is_empty() {
        return findings;
    }
    let cluster = Cluster::new(all.objects, facts);
    for policy in &policies {
        let judge = Judge { policy, all, cluster: &cluster, told: RefCell::default() };
        for (place, object) in all.objects.iter().enumerate() {
            if !is_policy(object) && !judge.object(place, object, &mut findings) {
                break;
            }
        }
    }
    findings
}

/// The finding about a policy that cannot be evaluated, at its expression.
fn refusal(refused: &Refused<'_>, all: &Expressed<'_>) -> Finding {
    let Refused { place, object, message, mistake, severity } = refused;
    let mut text = format!("it is not evaluated: {message}");
    let mut span = None;
    if let Some((written, mistake)) = mistake {
        span = Some(place_of(written, &mistake.at, all));
        if !mistake.help.is_empty() && !mistake.is_lacking {
            text = format!("{text}; {}", mistake.help);
        }
    }
    let mut violation = Violation::at(Path::of(&["spec"]), text);
    violation.severity = *severity;
    let mut finding = Finding::new(&POLICY_NOT_EVALUATED, violation, *place, object);
    finding.span = span.unwrap_or(finding.span);
    finding
}

/// The span of a part of an expression.
fn place_of(written: &Scalar, part: &std::ops::Range<usize>, all: &Expressed<'_>) -> Span {
    let source = all.sources.source_of(written.span());
    source.map_or(written.span(), |source| span_within(written, &source, part))
}

/// The evaluation of one policy.
struct Judge<'j, 'a> {
    policy: &'j Policy<'a>,
    all: &'j Expressed<'a>,
    cluster: &'j Cluster<'a>,
    /// The reasons why it was not evaluated that were told, by binding: each is told once.
    told: RefCell<BTreeSet<String>>,
}

impl<'j, 'a> Judge<'j, 'a> {
    /// Judges an object. False once the budget is spent.
    fn object(&self, place: usize, object: &'a Resource, findings: &mut Vec<Finding>) -> bool {
        let Some(constraints) = self.policy.constraints else { return true };
        let unknown = match self.cluster.matches(constraints, object, false) {
            Matches::No => return true,
            Matches::Yes => None,
            Matches::Unknown(why) => Some(why),
        };
        let namespace = self.cluster.namespace(object);
        let node = with_defaults(object, namespace);
        for binding in &self.policy.bindings {
            let bound = binding.resources.map_or(Matches::Yes, |constraints| {
                self.cluster.matches(constraints, object, true)
            });
            let why = match bound {
                Matches::No => continue,
                Matches::Yes => unknown.clone(),
                Matches::Unknown(why) => unknown.clone().or(Some(why)),
            };
            if let Some(why) = why {
                self.not_evaluated(place, object, &why, findings);
                continue;
            }
            let parameters = match self.parameters(binding, namespace) {
                Ok(parameters) => parameters,
                Err(why) => {
                    self.not_evaluated(place, object, &why, findings);
                    continue;
                }
            };
            for parameters in parameters {
                let scope = Variables::new(self, object, &node, parameters);
                self.all.run.begin();
                if !self.bound(place, object, binding, &scope, findings) {
                    return false;
                }
            }
        }
        true
    }

    /// Judges an object by the validations. False once the budget is spent.
    fn bound<'n>(
        &self,
        place: usize,
        object: &'a Resource,
        binding: &Binding<'a>,
        scope: &Variables<'_, 'n>,
        findings: &mut Vec<Finding>,
    ) -> bool
    where
        'a: 'n,
        'j: 'n,
    {
        let run = &self.all.run;
        for condition in &self.policy.conditions {
            match truth(condition, scope, run) {
                Ok(true) => {}
                Ok(false) => return true,
                Err(failure) => {
                    return self.failed(place, object, condition, &failure, findings);
                }
            }
        }
        for (number, validation) in self.policy.validations.iter().enumerate() {
            match truth(&validation.expression, scope, run) {
                Ok(true) => {}
                Ok(false) => {
                    let found = self.violation(place, object, (number, validation), scope);
                    let found = Finding { severity: binding.severity, ..found };
                    let is_same = |one: &&mut Finding| {
                        one.place == place && one.part == found.part && one.message == found.message
                    };
                    match findings
                        .iter_mut()
                        .rev()
                        .take_while(|one| one.place == place)
                        .find(is_same)
                    {
                        Some(known) => known.severity = known.severity.max(found.severity),
                        None => findings.push(found),
                    }
                }
                Err(failure) => {
                    if !self.failed(place, object, &validation.expression, &failure, findings) {
                        return false;
                    }
                }
            }
        }
        true
    }

    fn violation<'n>(
        &self,
        place: usize,
        object: &Resource,
        (number, validation): (usize, &'n Validation<'_>),
        scope: &Variables<'_, 'n>,
    ) -> Finding {
        let made = validation.message_expression.as_ref().and_then(|expression| {
            match expression.program.evaluate(scope, &self.all.run) {
                Ok(Value::Text(text)) if !text.as_str().trim().is_empty() => {
                    Some(text.as_str().trim().to_owned())
                }
                // The API server falls back to the other message, too.
                _ => None,
            }
        });
        let expression = &validation.expression;
        let told = made.or_else(|| validation.message.map(|text| text.trim().to_owned()));
        let told =
            told.unwrap_or_else(|| format!("`{}` is not true", expression.program.text().trim()));
        let mut message = shortened(&told, LONGEST_MESSAGE).into_owned();
        for secret in self.all.objects.iter().filter(|object| is_secret(object.kind())) {
            message = without_values(message, secret);
        }
        let policy = self.policy.object.name();
        let message = format!("the policy `{policy}` does not admit it: {message}");
        let path = Path::of(&expression.program.field_of(0));
        let mut finding =
            Finding::new(&ADMISSION_POLICY, Violation::at(path, message), place, object);
        finding.part = Some(format!("{policy}/{number}").as_str().into());
        finding
    }

    /// Reports an expression that could not be evaluated. False once the budget is spent.
    fn failed(
        &self,
        place: usize,
        object: &Resource,
        expression: &Expression<'_>,
        failure: &Failure,
        findings: &mut Vec<Finding>,
    ) -> bool {
        if self.all.run.is_over() {
            if !self.all.run.is_told_spent() {
                let mut finding = self.finding(place, object, &failure.message);
                finding.severity = Severity::Error;
                findings.push(finding);
            }
            return false;
        }
        let mut why = failure.message.clone();
        if failure.absent.is_some() {
            why += ", which a cluster may set";
        }
        let at = failure.at.start as usize..failure.at.end as usize;
        let span = place_of(expression.written, &at, self.all);
        if let Some(place) = self.all.sources.locate(span) {
            why = format!("{why} ({}:{}:{})", place.source.name(), place.line, place.column);
        }
        // A user, for example, is lacking for all objects.
        let is_of_object = failure.absent.is_some() && !expression.program.uses(REQUEST);
        if is_of_object || self.told.borrow_mut().insert(why.clone()) {
            findings.push(self.finding(place, object, &why));
        }
        true
    }

    fn finding(&self, place: usize, object: &Resource, why: &str) -> Finding {
        let policy = self.policy.object.name();
        let message = format!("the policy `{policy}` is not evaluated: {why}");
        let violation = Violation::at(Path::default(), message);
        let mut finding = Finding::new(&POLICY_NOT_EVALUATED, violation, place, object);
        finding.part = Some(policy.into());
        finding
    }

    /// Reports once for each reason that the policy could not be evaluated.
    fn not_evaluated(
        &self,
        place: usize,
        object: &Resource,
        why: &str,
        findings: &mut Vec<Finding>,
    ) {
        if self.told.borrow_mut().insert(why.to_owned()) {
            findings.push(self.finding(place, object, why));
        }
    }

    /// The parameters of a binding, each of which an object is judged by; `None` for a policy without parameters.
    fn parameters(
        &self,
        binding: &Binding<'a>,
        namespace: &str,
    ) -> Result<Vec<Option<&'a Node>>, String> {
        let Some(kind) = self.policy.parameter_kind else { return Ok(vec![None]) };
        let name = self.policy.object.name();
        let Some(reference) = binding.parameters else {
            return Err(format!("`{name}` has parameters, and its binding names none"));
        };
        let (version, kind) = (text(kind, "apiVersion"), text(kind, "kind").unwrap_or_default());
        let wanted = text(reference, "namespace").unwrap_or(namespace);
        let is_of_kind = |object: &&'a Resource| {
            object.kind() == kind
                && version.is_some_and(|version| *object.gvk().api_version() == *version)
                && (object.id().cluster_scoped || self.cluster.namespace(object) == wanted)
        };
        let candidates = self.all.objects.iter().filter(is_of_kind);
        let found: Vec<Option<&'a Node>> =
            match (text(reference, "name"), present(reference, "selector")) {
                (Some(name), _) => candidates
                    .filter(|one| one.name() == name)
                    .map(|one| Some(one.node()))
                    .collect(),
                (None, Some(selector)) => {
                    let is_selected = |one: &&'a Resource| {
                        let labels = below(one.node(), &["metadata", "labels"]);
                        selects(selector, &|key| labels?.get(key)?.as_text())
                    };
                    candidates.filter(is_selected).map(|one| Some(one.node())).collect()
                }
                (None, None) => Vec::new(),
            };
        if found.is_empty() {
            let named =
                text(reference, "name").map(|name| format!(" `{name}`")).unwrap_or_default();
            return Err(format!("its parameters, {kind}{named}, are not in the render"));
        }
        Ok(found)
    }
}

fn truth<'n>(
    expression: &'n Expression<'_>,
    scope: &Variables<'_, 'n>,
    run: &Run,
) -> Result<bool, Box<Failure>> {
    match expression.program.evaluate(scope, run)? {
        Value::Bool(value) => Ok(value),
        other => {
            let message = format!("the result is no boolean: {}", other.type_name());
            Err(Box::new(Failure { message, ..Failure::default() }))
        }
    }
}

/// The values of the variables for one object.
struct Variables<'s, 'n> {
    policy: &'n Policy<'n>,
    run: &'s Run,
    object: &'n Node,
    request: Value<'n>,
    parameters: Option<&'n Node>,
    /// The namespace of the object; an error if the render has none.
    namespace: Result<Option<&'n Node>, String>,
    /// The values of `variables` that were asked for.
    known: RefCell<Vec<Option<Outcome<'n>>>>,
}

impl<'s, 'n> Variables<'s, 'n> {
    fn new<'a: 'n>(
        judge: &Judge<'s, 'a>,
        object: &'n Resource,
        node: &'n Node,
        parameters: Option<&'n Node>,
    ) -> Self
    where
        's: 'n,
    {
        let cluster = judge.cluster;
        let name = cluster.namespace(object);
        let namespace = match (name, cluster.namespace_object(name)) {
            ("", _) => Ok(None),
            (_, Some(namespace)) => Ok(Some(namespace.node())),
            (_, None) => Err(format!("the namespace `{name}` is not in the render")),
        };
        let gvk = object.gvk();
        let plural = cluster.plural(&gvk.group, &gvk.kind);
        let words = |third: (&'static str, Value<'n>)| {
            let group = ("group", Value::borrowed(&gvk.group));
            Value::map([group, ("version", Value::borrowed(&gvk.version)), third])
        };
        let kind = words(("kind", Value::borrowed(&gvk.kind)));
        let resource = words(("resource", Value::text(plural)));
        let request = Value::map([
            ("operation", Value::borrowed("CREATE")),
            ("kind", kind.clone()),
            ("requestKind", kind),
            ("resource", resource.clone()),
            ("requestResource", resource),
            ("subResource", Value::borrowed("")),
            ("requestSubResource", Value::borrowed("")),
            ("name", Value::borrowed(object.name())),
            ("namespace", Value::text(name)),
            ("dryRun", Value::Bool(false)),
        ]);
        let known = RefCell::new(vec![None; judge.policy.variables.len()]);
        let (policy, run) = (judge.policy, &judge.all.run);
        Self { policy, run, object: node, request, parameters, namespace, known }
    }
}

impl<'n> Scope<'n> for Variables<'_, 'n> {
    fn variable(&self, slot: usize) -> Outcome<'n> {
        match slot {
            0 => Ok(Value::of(self.object)),
            1 => Ok(Value::Null),
            REQUEST => Ok(self.request.clone()),
            3 => Ok(self.parameters.map_or(Value::Null, Value::of)),
            4 => match &self.namespace {
                Ok(namespace) => Ok(namespace.map_or(Value::Null, Value::of)),
                Err(why) => Err(Box::new(Failure { message: why.clone(), ..Failure::default() })),
            },
            slot => {
                let place = slot - 5;
                if let Some(Some(known)) = self.known.borrow().get(place) {
                    return known.clone();
                }
                let Some(variable) = self.policy.variables.get(place) else {
                    return Ok(Value::Null);
                };
                let value = variable.program.evaluate(self, self.run);
                if let Some(known) = self.known.borrow_mut().get_mut(place) {
                    *known = Some(value.clone());
                }
                value
            }
        }
    }
}
