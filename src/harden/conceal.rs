//! Secrets in plain text: reports about an object show none of them.

use super::finding::Finding;
use super::rules::security::open_secrets::{Open, of_args, of_config_map, of_env};
use super::scene::Scene;
use crate::resource::secret::MASK;
use crate::source::{Secrecy, Sources, Span};

/// Marks the secrets in plain text of objects with findings in their sources, so that frames mask them, and masks them in
/// the messages of the findings. It does not matter which rules are asked for: a frame has lines next to its own.
pub(super) fn conceal(findings: &mut [Finding], scenes: &[Scene<'_>], sources: &Sources) {
    for of_object in findings.chunk_by_mut(|one, other| one.place == other.place) {
        let place = of_object.first().map(|finding| finding.place);
        let Some(scene) = place.and_then(|place| scenes.get(place)) else { continue };
        for open in secrets(*scene) {
            hide(&open, sources);
            for secret in open.secrets.iter().filter(|secret| secret.len() >= SHORTEST) {
                for finding in of_object.iter_mut().filter(|one| one.message.contains(secret)) {
                    finding.message = finding.message.replace(secret, MASK);
                }
            }
        }
    }
}

/// Shorter texts are likely to occur in other words of a message.
const SHORTEST: usize = 8;

/// The secrets in plain text of an object.
fn secrets(scene: Scene<'_>) -> Vec<Open<'_>> {
    let mut found = of_config_map(scene.object);
    for container in scene.pods.iter().flat_map(|pod| &pod.containers) {
        found.extend(of_env(container.node));
        found.extend(of_args(container.node));
    }
    found
}

/// Marks a secret where it is written.
fn hide(open: &Open<'_>, sources: &Sources) {
    let keep = |span: Span| sources.keep_secret(span, Secrecy::Whole);
    let Some((source, range)) = sources.written(open.node.span()) else { return };
    let Some(written) = source.text().get(range.clone()) else { return };
    let mut is_found = true;
    for secret in &open.secrets {
        let lines = secret.lines().map(str::trim).filter(|line| !line.is_empty());
        for line in lines {
            is_found &= written.contains(line);
            for (at, _) in written.match_indices(line) {
                let start = range.start + at;
                keep(source.span(start, start + line.len()));
            }
        }
    }
    // It is written with escapes, or its place is the name of a file that has it.
    let is_name = !written.contains(['\n', '"', '\'', '='])
        && open.node.as_text().is_some_and(|text| text.contains('\n'));
    if !is_found && !is_name {
        keep(source.span(range.start, range.end));
    }
}
