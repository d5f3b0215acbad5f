//! KR-IMG-003, 006: images come from registries that are allowed, and that are open.

use super::versions::image;
use crate::harden::images::{closed, full};
use crate::harden::pod::{Container, Pod};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::violation::{Severity, Violation, string};
use crate::resource::ImageReference;
use crate::text::wildcard::fits;

pub(super) static REGISTRY: Rule = Rule {
    id: "KR-IMG-003",
    name: "registry",
    text: text!("KR-IMG-003"),
    severity: Severity::Warning,
    score: Some(5.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Container(registry)),
};

pub(super) static DEAD_REGISTRY: Rule = Rule {
    id: "KR-IMG-006",
    name: "dead-registry",
    text: text!("KR-IMG-006"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Container(dead)),
};

fn registry(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let known = &scene.facts.registries;
    if known.allow.is_empty() && known.deny.is_empty() {
        return Vec::new();
    }
    let Some(image) = image(container, pod) else { return Vec::new() };
    let name = full(ImageReference::new(image).name);
    // A pattern without a `*` names a registry, or an image.
    let is_of = |pattern: &String| {
        let rest = name.strip_prefix(&**pattern);
        fits(pattern, &name) || rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let message = if known.deny.iter().any(is_of) {
        format!("has the image `{image}` of a registry that is denied")
    } else if !known.allow.is_empty() && !known.allow.iter().any(is_of) {
        format!("has the image `{image}` of a registry that is not allowed")
    } else {
        return Vec::new();
    };
    vec![container.violation(&["image"], message)]
}

fn dead(container: &Container<'_>, pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let Some(image) = image(container, pod) else { return Vec::new() };
    let Some((start, other)) = closed(image) else { return Vec::new() };
    let message = format!("has the image `{image}`, whose registry is closed: use `{other}`");
    let violation = container.violation(&["image"], message);
    let rest = image.strip_prefix(start).unwrap_or_default();
    vec![violation.replace(string(&format!("{other}{rest}")))]
}
