//! KR-IMG-001: images have a fixed tag or a digest.

use super::versions::image;
use crate::harden::images::{is_placeholder, is_tool};
use crate::harden::pod::{Container, Pod};
use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::value::{is_true, items, present};
use crate::harden::violation::{Easing, Proof, Severity, Violation};
use crate::resource::ImageReference;
use crate::yaml::Node;

pub(super) static IMAGE_TAG: Rule = Rule {
    id: "KR-IMG-001",
    name: "image-tag",
    text: text!("KR-IMG-001"),
    severity: Severity::Error,
    score: Some(5.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Container(judge)),
};

/// The start of the images of the namespace `openshift` in the registry of `OpenShift`, which its operators import.
const STREAMS: &str = "image-registry.openshift-image-registry.svc:5000/openshift/";

/// The number of triggers that are looked at, and of the names of containers in each.
const MOST: usize = 16;

/// True if a `DeploymentConfig` sets the image of a container by a trigger, whatever is written there.
fn is_triggered(container: &Container<'_>, scene: Scene<'_>) -> bool {
    let spec = present(scene.object.node(), "spec");
    let spec = spec.filter(|_| scene.object.kind() == "DeploymentConfig");
    items(spec.and_then(|spec| spec.get("triggers"))).iter().take(MOST).any(|trigger| {
        let Some(by) = present(trigger, "imageChangeParams") else { return false };
        let mut names = items(by.get("containerNames")).iter().take(MOST).filter_map(Node::as_text);
        is_true(by.get("automatic")) && names.any(|name| name == container.name)
    })
}

fn judge(
    container: &Container<'_>,
    pod: &Pod<'_>,
    scene: Scene<'_>,
    render: &Render<'_>,
) -> Vec<Violation> {
    let Some(image) = image(container, pod).filter(|image| !image.contains('@')) else {
        return Vec::new();
    };
    let tag = ImageReference::new(image).tag;
    let message = match tag {
        "" => format!("has the image `{image}` of no version"),
        tag if tag == "latest" || scene.facts.values.floating_tags.iter().any(|one| one == tag) => {
            format!("has the image `{image}`, whose tag moves")
        }
        _ => return Vec::new(),
    };
    let violation = |message| container.violation(&["image"], message);
    if is_placeholder(image) {
        let message = format!("{message}; assumed: a build replaces it with what it makes");
        return vec![violation(message).severity(Severity::Note)];
    }
    if image.starts_with(STREAMS) {
        let message = format!(
            "{message}; assumed: it is an image stream that OpenShift keeps for the version of the cluster"
        );
        return vec![violation(message).severity(Severity::Note)];
    }
    if is_triggered(container, scene) {
        let message = format!("{message}; a trigger sets the image from an image stream");
        return vec![violation(message).severity(Severity::Note)];
    }
    if is_tool(image) && (!container.is_running() || scene.ends(pod)) {
        let message = format!("{message}; a tool that ends soon");
        return vec![violation(message).severity(Severity::Note)];
    }
    let is_entry =
        container.node.get("image").is_some_and(|one| render.is_set_by_kustomization(one));
    if is_entry {
        let message =
            format!("{message}; assumed: no build sets another with `kustomize edit set image`");
        return vec![violation(message).severity(Severity::Note)];
    }
    // Whatever includes the target may set the version, too.
    if render.is_part_with(scene.namespace(), pod) {
        let told =
            "assumed: no kustomization that includes this one, and has the ServiceAccount, sets it";
        let violation = violation(message);
        return vec![violation.assuming(Severity::Note, Easing::Whole, told, Vec::new())];
    }
    let name = ImageReference::new(image).name;
    if render.is_versioned_elsewhere(name, scene.object) {
        let told = "assumed: what includes this one sets it, as an entry of `images` does in another target";
        let proofs = vec![Proof::Version(name.to_owned())];
        return vec![violation(message).assuming(Severity::Note, Easing::Whole, told, proofs)];
    }
    vec![violation(message)]
}
