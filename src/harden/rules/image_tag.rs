//! KR-IMG-001: images have a fixed tag or a digest.

use crate::harden::foreign::Tool;
use crate::harden::pod::{Container, Pod, Shape};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule, Topic};
use crate::harden::scene::Scene;
use crate::harden::violation::{Severity, Violation};
use crate::resource::ImageReference;

pub(super) static IMAGE_TAG: Rule = Rule {
    id: "KR-IMG-001",
    name: "image-tag",
    topic: Topic::Images,
    severity: Severity::Error,
    score: Some(5.0),
    scope: Scope::Recommended,
    summary: "Images use a fixed tag or a digest.",
    why: "With a floating tag, nodes pull different images on different days: pods of one Deployment differ, and it is not possible to go back to the image that worked.",
    condition: "The image of a container of any list has no digest, and its tag is absent, `latest`, or one of `values.floatingTags`.",
    fixes: &[],
    fix_order: 0,
    advice: "name a version in `images` of the kustomization: `{name: NAME, newTag: VERSION}`",
    example: example!("image-tag"),
    elsewhere: &[
        (Tool::KubeLinter, &["latest-tag"]),
        (Tool::KubeScore, &["container-image-tag"]),
        (Tool::Polaris, &["tagNotSpecified"]),
        (Tool::Trivy, &["KSV-0013"]),
        (Tool::Checkov, &["CKV_K8S_14"]),
        (Tool::Kubescape, &["C-0075"]),
    ],
    needs: Needs::Object(Check::Container(judge)),
};

fn judge(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let image = container.image();
    // Templates and pipelines can take images from parameters.
    let is_parameter = |start| pod.shape != Shape::Known && image.contains(start);
    let is_open = ["{{", "${", "$("].into_iter().any(is_parameter);
    if image.is_empty() || image.contains('@') || is_open {
        return Vec::new();
    }
    let message = match ImageReference::new(image).tag {
        "" => format!("has the image `{image}` of no version"),
        tag if tag == "latest" || scene.facts.values.floating_tags.iter().any(|one| one == tag) => {
            format!("has the image `{image}`, whose tag moves")
        }
        _ => return Vec::new(),
    };
    vec![container.violation(&["image"], message)]
}
