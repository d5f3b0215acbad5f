//! KR-IMG-001: images are those that were meant.

use crate::harden::pod::{Container, Pod, Shape};
use crate::harden::rule::{Judge, Rule, Scope, Severity};
use crate::harden::scene::Scene;
use crate::harden::violation::Violation;

pub(super) static IMAGE_TAG: Rule = Rule {
    id: "KR-IMG-001",
    name: "image-tag",
    severity: Severity::Error,
    score: "5",
    scope: Scope::Recommended,
    summary: "Images are named by a tag that stays, or by their digest.",
    why: "A tag that moves gives each node the image of another day: pods of one Deployment differ, and there is no way back to the one that worked.",
    condition: "The image of a container of any list has no digest, and its tag is absent, `latest`, or one of `values.floatingTags`.",
    fixes: &[],
    advice: "name a version in `images` of the kustomization: `{name: NAME, newTag: VERSION}`",
    bad: pod!("  containers:\n  - name: web\n    image: registry.example.com:5000/web\n"),
    good: pod!("  containers:\n  - name: web\n    image: registry.example.com:5000/web:1.0\n"),
    elsewhere: "kube-linter latest-tag; kube-score container-image-tag; polaris tagNotSpecified; trivy KSV-0013; checkov CKV_K8S_14; kubescape C-0075",
    judge: Judge::Container(judge),
};

fn judge(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let image = container.image();
    // Templates and pipelines get images from parameters.
    let is_parameter = |start| pod.shape != Shape::Known && image.contains(start);
    let is_open = ["{{", "${", "$("].into_iter().any(is_parameter);
    if image.is_empty() || image.contains('@') || is_open {
        return Vec::new();
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    let message = match name.split_once(':').map(|(_, tag)| tag) {
        None | Some("") => format!("has the image `{image}` of no version"),
        Some(tag)
            if tag == "latest"
                || scene.settings.values.floating_tags.iter().any(|one| one == tag) =>
        {
            format!("has the image `{image}`, whose tag moves")
        }
        Some(_) => return Vec::new(),
    };
    vec![container.violation(&["image"], message)]
}
