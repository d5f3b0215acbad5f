//! KR-DKR-002 to KR-DKR-004: the user of the image.

use crate::dockerfile::bases::User;
use crate::dockerfile::found::Found;
use crate::dockerfile::read::Action;
use crate::dockerfile::scene::{Base, Runs, Scene};
use crate::harden::Severity;

/// The lowest number that is usual for users who are no services of the system.
const LOWEST: u64 = 1000;

pub(super) fn root(scene: &Scene<'_>) -> Vec<Found> {
    if scene.is_windows() || is_export(scene) {
        return Vec::new();
    }
    let path = [&*scene.label(scene.last()), "USER"];
    match scene.user() {
        Some(Runs::As(user, word)) if is_root(&user) => {
            let message = format!("the last `USER` is `{user}`");
            vec![Found::at(word.span, &path, message)]
        }
        Some(Runs::Base(base, user)) => {
            let message = match (base, user) {
                (Base::Scratch, _) => "no `USER` is set, so it runs as root".to_owned(),
                (Base::Image(image), Some(User::Root)) => {
                    format!("no `USER` is set, and `{image}` runs as root")
                }
                (Base::Image(image), None) => {
                    let message = format!("no `USER` is set; assumes that `{image}` runs as root");
                    let found = Found::at(scene.end(), &path, message);
                    return vec![found.graded(Severity::Warning)];
                }
                _ => return Vec::new(),
            };
            vec![Found::at(scene.end(), &path, message)]
        }
        Some(Runs::As(..)) | None => Vec::new(),
    }
}

pub(super) fn name(scene: &Scene<'_>) -> Vec<Found> {
    if scene.is_windows() {
        return Vec::new();
    }
    let Some(Runs::As(user, word)) = scene.user() else { return Vec::new() };
    if is_root(&user) || is_number(&user) || user.is_empty() {
        return Vec::new();
    }
    let message = format!("the last `USER` is the name `{user}`, and not a number");
    vec![Found::at(word.span, &[&scene.label(scene.last()), "USER"], message)]
}

pub(super) fn low(scene: &Scene<'_>) -> Vec<Found> {
    let Some(Runs::As(user, word)) = scene.user() else { return Vec::new() };
    match user.parse::<u64>() {
        Ok(number) if (1..LOWEST).contains(&number) => {
            let message = format!("the last `USER` is {number}, and less than {LOWEST}");
            vec![Found::at(word.span, &[&scene.label(scene.last()), "USER"], message)]
        }
        _ => Vec::new(),
    }
}

/// True for root, by name or number.
pub(in crate::dockerfile) fn is_root(user: &str) -> bool {
    user == "root" || is_number(user) && user.bytes().all(|byte| byte == b'0')
}

/// True for a number.
pub(in crate::dockerfile) fn is_number(user: &str) -> bool {
    !user.is_empty() && user.bytes().all(|byte| byte.is_ascii_digit())
}

/// True for an image that only carries files: it is empty at first, and has no command. Also for one that adds nothing to its
/// base: such a file is there for tools that update the version in it.
fn is_export(scene: &Scene<'_>) -> bool {
    let has_command = scene
        .stages()
        .flat_map(|(_, stage)| &stage.steps)
        .any(|step| matches!(step.action, Action::Cmd(_) | Action::Entrypoint(_)));
    let is_base_itself = scene.file.stages.iter().all(|stage| stage.steps.is_empty());
    scene.base() == Base::Scratch && !has_command || is_base_itself
}
