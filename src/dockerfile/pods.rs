//! The pods that use an image: fields that do not suit the Dockerfile that builds it.

use std::collections::BTreeMap;

use super::bases;
use super::found::Found;
use super::read::Action;
use super::rules::user::{is_number, is_root};
use super::scene::{Runs, Scene};
use crate::harden::{Container, Facts, Rule, Severity, dockerfiles};
use crate::resource::ImageReference;
use crate::text::wildcard::fits;

/// A container that uses the image of a Dockerfile.
#[derive(Debug)]
pub(super) struct Use<'a> {
    container: &'a Container,
    /// True if only the name says so.
    is_assumed: bool,
}

/// The containers that use the image of each Dockerfile, by its number. `names` are the paths of the Dockerfiles.
pub(super) fn uses<'a>(
    containers: &'a [Container],
    names: &[&str],
    facts: &Facts,
) -> BTreeMap<usize, Vec<Use<'a>>> {
    let mut by_image: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, name) in names.iter().enumerate() {
        if let Some(image) = usual_image(name) {
            by_image.entry(image).or_default().push(number);
        }
    }
    let mut found: BTreeMap<usize, Vec<Use<'a>>> = BTreeMap::new();
    for container in containers {
        let said =
            facts.built_images.iter().find(|(pattern, _)| fits_image(pattern, &container.image));
        let (number, is_assumed) = match said {
            Some((_, path)) => {
                let path = path.trim_start_matches("./");
                let is_meant = |name: &&str| {
                    name.strip_suffix(path)
                        .is_some_and(|start| start.is_empty() || start.ends_with('/'))
                };
                (names.iter().position(is_meant), false)
            }
            None => {
                let ImageReference { name, .. } = ImageReference::new(&container.image);
                let last = name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
                let numbers = by_image.get(&last).filter(|_| !bases::Facts::is_public(name));
                // The name says nothing if several files could build it.
                let one = numbers.and_then(|numbers| match &**numbers {
                    [number] => Some(*number),
                    _ => None,
                });
                (one, true)
            }
        };
        if let Some(number) = number {
            found.entry(number).or_default().push(Use { container, is_assumed });
        }
    }
    found
}

/// True if a pattern fits an image, or its name.
fn fits_image(pattern: &str, image: &str) -> bool {
    fits(pattern, image) || fits(pattern, ImageReference::new(image).name)
}

/// The last name of the image that a Dockerfile builds by convention: `web` for `web/Dockerfile`, `Dockerfile.web` and
/// `web.Dockerfile`.
fn usual_image(path: &str) -> Option<String> {
    const COMMON: &str = "|docker|build|image|images|app|src|deploy|container|containers|dockerfiles|dev|prod|test|tests|ci|hack|scripts|release|";
    let lower = path.to_ascii_lowercase();
    let (directory, file) = lower.rsplit_once('/').unwrap_or(("", &lower));
    let name = match file.split_once('.') {
        None => directory.rsplit('/').next()?,
        Some(("dockerfile" | "containerfile", name)) => name,
        Some((name, _)) => name,
    };
    let is_telling = !name.is_empty() && name != ".." && !COMMON.contains(&format!("|{name}|"));
    is_telling.then(|| name.to_owned())
}

/// The findings about the user of the image that pods cannot run with, and about ports. They replace the findings of the
/// same rules about the Dockerfile alone.
pub(super) fn find(scene: &Scene<'_>, uses: &[Use<'_>]) -> Vec<(&'static Rule, Found)> {
    let mut found = Vec::new();
    if let Some((rule, one)) = user(scene, uses) {
        found.push((rule, one));
    }
    if let Some(one) = ports(scene, uses) {
        found.push((&dockerfiles::DOCKERFILE_BASICS, one));
    }
    found
}

fn user(scene: &Scene<'_>, uses: &[Use<'_>]) -> Option<(&'static Rule, Found)> {
    let is_refused = |one: &&Use<'_>| one.container.is_non_root && one.container.user.is_none();
    // A container that surely uses the image counts more than one that may.
    let refused = uses.iter().filter(is_refused).min_by_key(|one| one.is_assumed)?;
    let count = uses.iter().filter(is_refused).count();
    let who = who(scene, refused, count);
    let Some(Runs::As(user, word)) = scene.user() else { return None };
    if scene.is_windows() || user.is_empty() {
        return None;
    }
    let path = [&*scene.label(scene.last()), "USER"];
    let (rule, message): (&'static Rule, String) = if is_root(&user) {
        let message = format!(
            "the last `USER` is `{user}`, and {who} has `runAsNonRoot: true`: it does not start"
        );
        (&dockerfiles::RUNS_AS_ROOT, message)
    } else if is_number(&user) {
        return None;
    } else {
        let message = format!(
            "the last `USER` is the name `{user}`, and {who} has `runAsNonRoot: true` without `runAsUser`: it does not start"
        );
        (&dockerfiles::USER_NOT_NUMERIC, message)
    };
    let found = Found::at(word.span, &path, message);
    let severity = match rule.severity {
        Severity::Warning if !refused.is_assumed => Severity::Error,
        severity => severity,
    };
    Some((rule, found.graded(severity)))
}

/// A container for people, with the assumption that it uses the image.
fn who(scene: &Scene<'_>, one: &Use<'_>, count: usize) -> String {
    let Container { object, name, image, .. } = one.container;
    let more = if count > 1 { format!(" (and {} more)", count - 1) } else { String::new() };
    let assumed = match one.is_assumed {
        true => format!(", assuming that `{}` builds `{image}`,", scene.source.name()),
        false => String::new(),
    };
    format!("container `{name}` of {object}{more}{assumed}")
}

fn ports(scene: &Scene<'_>, uses: &[Use<'_>]) -> Option<Found> {
    let mut exposed = Vec::new();
    let mut first = None;
    for (_, stage) in scene.stages() {
        for step in &stage.steps {
            let Action::Expose(words) = &step.action else { continue };
            for word in words {
                let value = word.value.as_deref()?;
                let port = value.split('/').next().unwrap_or_default();
                exposed.push(port.parse::<i64>().ok()?);
                first.get_or_insert(word);
            }
        }
    }
    let word = first?;
    let is_other = |one: &&Use<'_>| {
        let ports = &one.container.ports;
        !ports.is_empty() && !ports.iter().any(|port| exposed.contains(port))
    };
    let one = uses.iter().find(is_other)?;
    let who = who(scene, one, 1);
    let ports: Vec<String> = one.container.ports.iter().map(|port| format!("`{port}`")).collect();
    let message =
        format!("{who} declares the port {}, which is not one of `EXPOSE`", ports.join(", "));
    let path = [&*scene.label(scene.last()), "EXPOSE"];
    Some(Found::at(word.span, &path, message).graded(Severity::Note))
}
