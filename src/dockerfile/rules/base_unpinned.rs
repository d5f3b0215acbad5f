//! KR-DKR-001: images that others publish have a tag or a digest.

use crate::dockerfile::found::Found;
use crate::dockerfile::read::{Action, Stage, Word};
use crate::dockerfile::scene::{Base, Scene};
use crate::harden::{Set, Severity};
use crate::resource::ImageReference;

pub(super) fn find(scene: &Scene<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (number, stage) in scene.file.stages.iter().enumerate() {
        if let Some(Base::Image(image)) = scene.bases.get(number) {
            found.extend(unpinned(scene, number, "FROM", image, &stage.image));
        }
        for word in others(stage) {
            let Some(image) = word.value.as_deref() else { continue };
            // A name alone may be that of a stage, or of a context that is given to the build.
            if image.contains(['/', ':', '@']) {
                found.extend(unpinned(scene, number, "COPY", image, word));
            }
        }
    }
    found
}

/// The images that a stage copies from.
fn others(stage: &Stage) -> impl Iterator<Item = &Word> {
    stage.steps.iter().filter_map(|step| match &step.action {
        Action::Copy(transfer) => transfer.options.get("from"),
        _ => None,
    })
}

fn unpinned(
    scene: &Scene<'_>,
    number: usize,
    instruction: &str,
    image: &str,
    word: &Word,
) -> Option<Found> {
    let ImageReference { name, tag, digest } = ImageReference::new(image);
    // The tag is an argument without a default value.
    if !digest.is_empty() || image.ends_with(':') || name.is_empty() {
        return None;
    }
    let at =
        |message: String| Found::at(word.span, &[&scene.label(number), instruction, name], message);
    let by_default = if word.text.contains('$') { " by default" } else { "" };
    match tag {
        "" => Some(at(format!("`{image}` has no tag{by_default}, which means `latest`"))),
        "latest" => Some(at(format!("`{image}` has the tag `latest`{by_default}"))),
        _ if scene.facts.profile.set == Set::Paranoid => {
            let message = format!("`{image}` has no digest: its tag can be moved");
            Some(at(message).graded(Severity::Note))
        }
        _ => None,
    }
}
