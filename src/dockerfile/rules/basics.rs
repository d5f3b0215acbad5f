//! KR-DKR-012 and KR-DKR-013: mistakes in single instructions.

use std::collections::BTreeMap;

use crate::dockerfile::found::Found;
use crate::dockerfile::read::{Action, Stage, Word};
use crate::dockerfile::scene::{Base, Scene};
use crate::error::nearest;
use crate::harden::Severity;

pub(super) fn healthcheck(scene: &Scene<'_>) -> Vec<Found> {
    let mut steps = scene.stages().flat_map(|(_, stage)| &stage.steps);
    if steps.any(|step| matches!(step.action, Action::Healthcheck)) {
        return Vec::new();
    }
    let path = [&*scene.label(scene.last()), "HEALTHCHECK"];
    vec![Found::at(scene.end(), &path, "no `HEALTHCHECK` is set")]
}

pub(super) fn find(scene: &Scene<'_>) -> Vec<Found> {
    let mut found = names(scene);
    for (number, stage) in scene.file.stages.iter().enumerate() {
        relative_directory(scene, number, stage, &mut found);
        repeated_commands(scene, number, stage, &mut found);
        ports(scene, number, stage, &mut found);
        sudo(scene, number, &mut found);
    }
    found
}

/// Maximum number of searches for similar names in a file: each one looks at all stages.
const MOST_SEARCHES: usize = 50;
/// Maximum length of a name for which similar ones are searched for.
const LONGEST_NAME: usize = 64;

/// Names of stages that are given twice, or that no earlier stage has.
fn names(scene: &Scene<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut searches = MOST_SEARCHES;
    let name = |stage: &Stage| stage.alias.as_ref().map(|alias| alias.text.to_ascii_lowercase());
    let mut later: BTreeMap<String, usize> = BTreeMap::new();
    for (number, stage) in scene.file.stages.iter().enumerate() {
        later.extend(name(stage).map(|name| (name, number)));
    }
    for (number, stage) in scene.file.stages.iter().enumerate() {
        for step in &stage.steps {
            let Action::Copy(transfer) = &step.action else { continue };
            let Some(word) = transfer.options.get("from") else { continue };
            let complaint = complaint(word, number, &known, &later, &mut searches);
            let Some((severity, message)) = complaint else { continue };
            let path = [&*scene.label(number), "COPY", &word.text];
            found.push(Found::at(word.span, &path, message).graded(severity));
        }
        let Some(alias) = &stage.alias else { continue };
        let lower = alias.text.to_ascii_lowercase();
        if known.insert(lower, number).is_some() {
            let message = format!("another stage has the name `{}` already", alias.text);
            found.push(Found::at(alias.span, &[&alias.text, "FROM"], message));
        }
    }
    found
}

/// The complaint about the name in `COPY --from` of a stage.
fn complaint(
    word: &Word,
    number: usize,
    known: &BTreeMap<String, usize>,
    later: &BTreeMap<String, usize>,
    searches: &mut usize,
) -> Option<(Severity, String)> {
    let name = word.value.as_deref()?;
    let lower = name.to_ascii_lowercase();
    if let Ok(stage) = name.parse::<usize>() {
        let is_there = stage < number || known.contains_key(&lower);
        return (!is_there).then(|| {
            (Severity::Error, format!("`--from={name}`: there is no such stage before this one"))
        });
    }
    if known.contains_key(&lower) || name.contains(['/', ':', '@']) {
        return None;
    }
    if later.contains_key(&lower) {
        let message = format!("`--from={name}` names a stage that does not come before this one");
        return Some((Severity::Error, message));
    }
    if *searches == 0 || lower.len() > LONGEST_NAME {
        return None;
    }
    *searches -= 1;
    let known = known.keys().map(String::as_str).filter(|name| name.len() <= LONGEST_NAME);
    let near = nearest(&lower, known)?;
    let message = format!("`--from={name}`: no stage has this name, but one is `{near}`");
    Some((Severity::Warning, message))
}

fn relative_directory(scene: &Scene<'_>, number: usize, stage: &Stage, found: &mut Vec<Found>) {
    // The directory that an image begins with is known for an empty one only.
    if matches!(scene.bases.get(number), Some(Base::Stage(_) | Base::Scratch)) || scene.is_windows()
    {
        return;
    }
    let first = stage.steps.iter().find_map(|step| match &step.action {
        Action::Workdir(word) => Some(word),
        _ => None,
    });
    let Some((word, value)) = first.and_then(|word| Some((word, word.value.as_deref()?))) else {
        return;
    };
    let is_absolute = value.starts_with(['/', '\\', '$', '%']) || value.get(1..2) == Some(":");
    if !is_absolute && !value.is_empty() {
        let message = format!("`WORKDIR` `{value}` is relative to a directory of the base image");
        found.push(Found::at(word.span, &[&scene.label(number), "WORKDIR", value], message));
    }
}

fn repeated_commands(scene: &Scene<'_>, number: usize, stage: &Stage, found: &mut Vec<Found>) {
    let (mut commands, mut entrypoints) = (Vec::new(), Vec::new());
    for step in &stage.steps {
        match &step.action {
            Action::Cmd(_) => commands.push(step.span),
            Action::Entrypoint(_) => entrypoints.push(step.span),
            _ => {}
        }
    }
    for (name, spans) in [("CMD", commands), ("ENTRYPOINT", entrypoints)] {
        let [without_effect @ .., _] = &*spans else { continue };
        for span in without_effect {
            let message = format!("a later `{name}` of the same stage replaces this one");
            found.push(Found::at(*span, &[&scene.label(number), name], message));
        }
    }
}

fn ports(scene: &Scene<'_>, number: usize, stage: &Stage, found: &mut Vec<Found>) {
    for step in &stage.steps {
        let Action::Expose(words) = &step.action else { continue };
        for word in words {
            let Some(value) = word.value.as_deref().filter(|value| !value.is_empty()) else {
                continue;
            };
            let port = value.split('/').next().unwrap_or_default();
            let is_number =
                |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
            let wrong = port.split('-').find(|port| {
                is_number(port)
                    && !port.parse::<u32>().is_ok_and(|port| (1..=65535).contains(&port))
            });
            let Some(wrong) = wrong else { continue };
            let message = format!("`{wrong}` is no port: they are from 1 to 65535");
            let path = [&*scene.label(number), "EXPOSE", value];
            found.push(Found::at(word.span, &path, message).graded(Severity::Error));
        }
    }
}

fn sudo(scene: &Scene<'_>, number: usize, found: &mut Vec<Found>) {
    let Some(commands) = scene.commands.get(number) else { return };
    for commands in commands {
        let Some((one, span)) = commands.iter().find_map(|one| Some((one, one.sudo?))) else {
            continue;
        };
        let path = [&*scene.label(number), "RUN", "sudo", one.program()];
        let message = "`sudo` is used: it passes signals on poorly, and stays in the image";
        found.push(Found::at(span, &path, message));
    }
}
