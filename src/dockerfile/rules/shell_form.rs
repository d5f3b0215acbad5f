//! KR-DKR-008: the program gets its signals.

use crate::dockerfile::found::Found;
use crate::dockerfile::read::{Action, Command};
use crate::dockerfile::scene::Scene;
use crate::harden::Severity;

pub(super) fn find(scene: &Scene<'_>) -> Vec<Found> {
    if scene.is_windows() {
        return Vec::new();
    }
    let (mut command, mut entrypoint): (Option<&Command>, Option<&Command>) = (None, None);
    for (_, stage) in scene.stages() {
        for step in stage.steps.iter().rev() {
            match &step.action {
                // Another shell may do otherwise.
                Action::Shell => return Vec::new(),
                Action::Cmd(one) => drop(command.get_or_insert(one)),
                Action::Entrypoint(one) => drop(entrypoint.get_or_insert(one)),
                _ => {}
            }
        }
    }
    let path = |name| [scene.label(scene.last()), String::from(name)];
    let named = [("ENTRYPOINT", entrypoint), ("CMD", command)];
    let mut found = Vec::new();
    for (name, command) in named {
        let Some(Command { is_list: false, text }) = command else { continue };
        let [stage, name_in_path] = path(name);
        let at = |message: String| Found::at(text.span, &[&stage, &name_in_path], message);
        let written = text.text.trim();
        if written.starts_with('[')
            && written.ends_with(']')
            && !written.starts_with("[[")
            && !written.starts_with("[ ")
        {
            let message = format!(
                "`{name}` is meant as a list, but it is no JSON, so a shell runs it as it is"
            );
            found.push(at(message).graded(Severity::Error));
        } else if !written.is_empty() && !written.starts_with("exec ") {
            found.push(at(format!(
                "`{name}` runs in `/bin/sh -c`, which need not pass SIGTERM on to the program"
            )));
        }
        // A shell as entry point ignores the command.
        if name == "ENTRYPOINT" {
            break;
        }
    }
    found
}
