//! Checks of the names of fields in patches: a slip of one letter adds a field that no cluster knows.

use crate::config::Selector;
use crate::error::{Code, Error, nearest};
use crate::schema::{Schema, Type};
use crate::source::Span;
use crate::yaml::path::of_pointer;
use crate::yaml::{Node, Scalar};

/// The errors for the fields of a strategic merge patch, with their spans: names that the schema does not know in their
/// mapping, and that differ from a known one there by one letter or by case. Newer versions of Kubernetes have fields that
/// the schema lacks, so other unknown names say nothing.
pub(super) fn of_merge(patch: &Node) -> Vec<(Error, Span)> {
    let schema = Schema::built_in();
    let text = |key| patch.get(key).and_then(Node::as_text).unwrap_or_default();
    let mut found = Vec::new();
    if let Some(kind) = schema.of(text("apiVersion"), text("kind")) {
        below(patch, kind, &mut found);
    }
    found
}

/// The errors for the fields that the operations of a JSON patch add to resources of a kind. The patch names no version: that
/// of the target counts, or else the usual one of the kind.
pub(super) fn of_operations(patch: &Node, target: &Selector) -> Vec<(Error, Span)> {
    let schema = Schema::built_in();
    let Some(kind) = usual(&schema, target) else { return Vec::new() };
    let mut found = Vec::new();
    for operation in patch.items() {
        let text = |key| operation.get(key).and_then(Node::as_scalar);
        if text("op").is_none_or(|op| op.text() != "add") {
            continue;
        }
        let (Some(path), Some(value)) = (text("path"), operation.get("value")) else { continue };
        let Some((parent, name)) = path.text().rsplit_once('/') else { continue };
        let steps = parent.split('/').skip(1).map(of_pointer);
        let parent = steps.into_iter().try_fold(kind, |kind, step| match step.parse::<usize>() {
            Ok(_) => kind.elements(),
            Err(_) if step == "-" => kind.elements(),
            Err(_) => kind.field(&step),
        });
        let (Some(parent), name) = (parent, of_pointer(name)) else { continue };
        found.extend(slip(parent, &name).map(|near| (unknown(&name, near), path.span())));
        let own = if parent.elements().is_some() { parent.elements() } else { parent.field(&name) };
        if let Some(own) = own {
            below(value, own, &mut found);
        }
    }
    found
}

/// The type of the resources that a target selects, if it names one kind.
fn usual<'s>(schema: &'s Schema, target: &Selector) -> Option<Type<'s>> {
    /// The versions that most kinds are in.
    const VERSIONS: [&str; 8] = [
        "v1",
        "apps/v1",
        "batch/v1",
        "networking.k8s.io/v1",
        "rbac.authorization.k8s.io/v1",
        "policy/v1",
        "autoscaling/v1",
        "storage.k8s.io/v1",
    ];
    let is_meant = |version: &&str| {
        let (group, version) = version.rsplit_once('/').unwrap_or(("", version));
        (target.group.is_empty() || *target.group.value == *group)
            && (target.version.is_empty() || *target.version.value == *version)
    };
    VERSIONS.into_iter().filter(is_meant).find_map(|version| schema.of(version, &target.kind))
}

/// Adds the errors for a value of a type.
fn below<'n>(node: &'n Node, kind: Type<'_>, found: &mut Vec<(Error, Span)>) {
    let mut pending = vec![(node, kind)];
    while let Some((node, kind)) = pending.pop() {
        let entries: &'n [(Scalar, Node)] = node.entries();
        for (key, value) in entries {
            if let Some(own) = kind.field(key.text()) {
                pending.push((value, own));
            } else if let Some(near) = slip(kind, key.text()) {
                found.push((unknown(key.text(), near), key.span()));
            }
        }
        if let Some(own) = kind.elements() {
            pending.extend(node.items().iter().map(|item| (item, own)));
        }
    }
}

fn unknown(name: &str, near: &str) -> Error {
    Error::new(Code::UnknownField, format!("the patch adds the unknown field `{name}`"))
        .label("no cluster knows this field")
        .help(format!("did you mean `{near}`?"))
}

/// The field of a type that a name is a slip of: the name is not known, and differs from the field by case or by one letter.
fn slip<'s>(kind: Type<'s>, name: &str) -> Option<&'s str> {
    // Names with a dollar sign are directives.
    if name.starts_with('$') || name.len() < 4 || kind.has_field(name) {
        return None;
    }
    let near = nearest(name, kind.fields())?;
    is_slip(&name.to_lowercase(), &near.to_lowercase()).then_some(near)
}

/// True if two texts differ by one letter at most, or by two neighbours that changed places.
fn is_slip(left: &str, right: &str) -> bool {
    let [left, right]: [Vec<char>; 2] = [left, right].map(|text| text.chars().collect());
    let start = left.iter().zip(&right).take_while(|(left, right)| left == right).count();
    let (left, right) = (&left[start..], &right[start..]);
    let end = left.iter().rev().zip(right.iter().rev());
    let end = end.take_while(|(left, right)| left == right).count();
    match (&left[..left.len() - end], &right[..right.len() - end]) {
        ([] | [_], [] | [_]) => true,
        ([first, second], [third, fourth]) => first == fourth && second == third,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_slip;

    #[test]
    fn slips_are_single() {
        for (left, right, expected) in [
            ("replica", "replicas", true),
            ("replicsa", "replicas", true),
            ("replikas", "replicas", true),
            ("replicas", "replicas", true),
            ("replics", "replica", true),
            ("replic", "replicas", false),
            ("repilcsa", "replicas", false),
            ("aab", "ab", true),
        ] {
            assert_eq!(is_slip(left, right), expected, "{left} {right}");
        }
    }
}
