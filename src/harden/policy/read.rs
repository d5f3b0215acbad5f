//! Policies and bindings of a render.

use crate::expression::{Mistake, Names, Program};
use crate::harden::value::{items, present, text};
use crate::harden::violation::Severity;
use crate::resource::{ResMap, Resource};
use crate::yaml::{Node, Scalar};

/// The variables of policies. The position is the slot; those of `variables` follow.
const VARIABLES: &[&str] = &["object", "oldObject", "request", "params", "namespaceObject"];

/// The slot of `request`.
pub(super) const REQUEST: usize = 2;

/// Variables that only a cluster has.
const LACKING: &[(&str, &str)] = &[("authorizer", "only a cluster can decide what a user may do")];

/// A policy with its compiled expressions.
pub(super) struct Policy<'a> {
    pub(super) object: &'a Resource,
    pub(super) constraints: Option<&'a Node>,
    pub(super) parameter_kind: Option<&'a Node>,
    pub(super) conditions: Vec<Expression<'a>>,
    pub(super) variables: Vec<Expression<'a>>,
    pub(super) validations: Vec<Validation<'a>>,
    pub(super) bindings: Vec<Binding<'a>>,
}

/// A compiled expression, and the text that it was read from.
pub(super) struct Expression<'a> {
    pub(super) program: Program,
    pub(super) written: &'a Scalar,
}

/// A condition that objects must satisfy.
pub(super) struct Validation<'a> {
    pub(super) expression: Expression<'a>,
    pub(super) message: Option<&'a str>,
    pub(super) message_expression: Option<Expression<'a>>,
}

/// A binding, which puts a policy in force.
pub(super) struct Binding<'a> {
    pub(super) resources: Option<&'a Node>,
    pub(super) parameters: Option<&'a Node>,
    pub(super) severity: Severity,
}

/// A policy that cannot be evaluated.
pub(super) struct Refused<'a> {
    pub(super) place: usize,
    pub(super) object: &'a Resource,
    pub(super) message: String,
    /// The expression with the mistake.
    pub(super) mistake: Option<(&'a Scalar, Mistake)>,
    pub(super) severity: Option<Severity>,
}

const GROUP: &str = "admissionregistration.k8s.io";

/// True for policies and bindings, which no policy judges.
pub(super) fn is_policy(object: &Resource) -> bool {
    object.gvk().group == *GROUP && object.kind().contains("AdmissionPolicy")
}

fn is_kind(object: &Resource, kind: &str) -> bool {
    object.gvk().group == *GROUP && object.kind() == kind
}

/// The policies of a render that are in force, and those that cannot be evaluated. Linear in the objects, if there are
/// few policies.
pub(super) fn read(objects: &ResMap) -> (Vec<Policy<'_>>, Vec<Refused<'_>>) {
    let (mut policies, mut refused) = (Vec::new(), Vec::new());
    let mut bindings: Vec<(usize, &Resource)> = Vec::new();
    let mut found: Vec<(usize, &Resource)> = Vec::new();
    for (place, object) in objects.iter().enumerate() {
        if is_kind(object, "ValidatingAdmissionPolicy") {
            found.push((place, object));
        } else if is_kind(object, "ValidatingAdmissionPolicyBinding") {
            bindings.push((place, object));
        }
    }
    let named = |binding: &Resource| {
        let spec = present(binding.node(), "spec")?;
        text(spec, "policyName").map(str::to_owned)
    };
    for (place, binding) in &bindings {
        let name = named(binding).unwrap_or_default();
        if !found.iter().any(|(_, policy)| policy.name() == name) {
            let message = format!("the policy `{name}` that it binds is not in the render");
            let (place, severity) = (*place, Some(Severity::Note));
            refused.push(Refused { place, object: binding, message, mistake: None, severity });
        }
    }
    for (place, object) in found {
        let own =
            bindings.iter().filter(|(_, binding)| named(binding).as_deref() == Some(object.name()));
        let own: Vec<Binding<'_>> = own.map(|(_, binding)| self::binding(binding)).collect();
        if own.is_empty() {
            let message = "no binding in the render puts it in force".to_owned();
            let severity = Some(Severity::Note);
            refused.push(Refused { place, object, message, mistake: None, severity });
            continue;
        }
        match policy(object, own) {
            Ok(policy) => policies.push(policy),
            Err((written, mistake)) => {
                let message = mistake.message.clone();
                let mistake = written.map(|written| (written, mistake));
                refused.push(Refused { place, object, message, mistake, severity: None });
            }
        }
    }
    (policies, refused)
}

fn binding(object: &Resource) -> Binding<'_> {
    let spec = present(object.node(), "spec");
    let actions = spec.map(|spec| items(spec.get("validationActions"))).unwrap_or_default();
    let severity = actions.iter().filter_map(Node::as_text).map(|action| match action {
        "Warn" => Severity::Warning,
        "Audit" => Severity::Note,
        _ => Severity::Error,
    });
    Binding {
        resources: spec.and_then(|spec| present(spec, "matchResources")),
        parameters: spec.and_then(|spec| present(spec, "paramRef")),
        severity: severity.max().unwrap_or(Severity::Error),
    }
}

type Wrong<'a> = (Option<&'a Scalar>, Mistake);

fn policy<'a>(object: &'a Resource, bindings: Vec<Binding<'a>>) -> Result<Policy<'a>, Wrong<'a>> {
    let spec = present(object.node(), "spec");
    let list = |name| spec.map(|spec| items(spec.get(name))).unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    let mut variables = Vec::new();
    for variable in list("variables") {
        if let Some(expression) = compile(variable.get("expression"), &names)? {
            variables.push(expression);
            names.push(text(variable, "name").unwrap_or_default().to_owned());
        }
    }
    let mut conditions = Vec::new();
    // Kubernetes does not offer `variables` here.
    for condition in list("matchConditions") {
        conditions.extend(compile(condition.get("expression"), &[])?);
    }
    let mut validations = Vec::new();
    for validation in list("validations") {
        let Some(expression) = compile(validation.get("expression"), &names)? else { continue };
        validations.push(Validation {
            expression,
            message: text(validation, "message"),
            message_expression: compile(validation.get("messageExpression"), &names)?,
        });
    }
    Ok(Policy {
        object,
        constraints: spec.and_then(|spec| present(spec, "matchConstraints")),
        parameter_kind: spec.and_then(|spec| present(spec, "paramKind")),
        conditions,
        variables,
        validations,
        bindings,
    })
}

fn compile<'a>(
    node: Option<&'a Node>,
    fields: &[String],
) -> Result<Option<Expression<'a>>, Wrong<'a>> {
    let Some(written) = node.and_then(Node::as_scalar) else { return Ok(None) };
    if written.text().trim().is_empty() {
        return Ok(None);
    }
    let names = Names { variables: VARIABLES, fields, lacking: LACKING };
    let program = Program::compile(written.text(), names);
    let program = program.map_err(|mistake| (Some(written), mistake))?;
    Ok(Some(Expression { program, written }))
}
