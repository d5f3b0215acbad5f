//! KR-IMG-002, 005: images have a digest, and one version in a render.

use crate::harden::pod::{Container, Pod, Shape};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::violation::{Severity, Violation};
use crate::resource::ImageReference;

pub(super) static IMAGE_DIGEST: Rule = Rule {
    id: "KR-IMG-002",
    name: "image-digest",
    text: text!("KR-IMG-002"),
    severity: Severity::Note,
    score: Some(4.0),
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Object(Check::Container(no_digest)),
};

pub(super) static TAG_DRIFT: Rule = Rule {
    id: "KR-IMG-005",
    name: "tag-drift",
    text: text!("KR-IMG-005"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Paranoid,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Container(drift)),
};

/// The image of a container; `None` if it has none, or it comes from a parameter of a template or pipeline.
pub(super) fn image<'a>(container: &Container<'a>, pod: &Pod<'_>) -> Option<&'a str> {
    let image = container.image();
    let is_parameter = |start| pod.shape != Shape::Known && image.contains(start);
    let is_open = ["{{", "${", "$("].into_iter().any(is_parameter);
    (!image.is_empty() && !is_open).then_some(image)
}

fn no_digest(container: &Container<'_>, pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let Some(image) = image(container, pod).filter(|image| !image.contains('@')) else {
        return Vec::new();
    };
    vec![container.violation(&["image"], format!("has the image `{image}` without a digest"))]
}

fn drift(
    container: &Container<'_>,
    pod: &Pod<'_>,
    _: Scene<'_>,
    render: &Render<'_>,
) -> Vec<Violation> {
    let Some(image) = image(container, pod) else { return Vec::new() };
    let Some(first) = render.views.first_version(&render.pods, image) else { return Vec::new() };
    let own = ImageReference::new(image);
    if (own.tag, own.digest) == (first.image.tag, first.image.digest) {
        return Vec::new();
    }
    let version = |image: ImageReference<'_>| match (image.tag, image.digest) {
        ("", "") => "no version".to_owned(),
        ("", digest) => format!("`{digest}`"),
        (tag, _) => format!("`{tag}`"),
    };
    let message = format!(
        "has {} of the image `{}`, and the {} `{}` has {}",
        version(own),
        own.name,
        first.object.kind(),
        first.object.name(),
        version(first.image)
    );
    vec![container.violation(&["image"], message)]
}
