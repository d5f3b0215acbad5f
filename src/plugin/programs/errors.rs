//! Messages about programs that failed, and those that they wrote themselves.

use std::path::Path;

use super::command::Command;
use crate::error::{Code, Error};
use crate::external::Outcome;
use crate::plugin::Options;
use crate::resource::secret;
use crate::text::escape;

/// The number of lines of standard error that an error shows: the last ones.
const LINES: usize = 20;

impl Command {
    /// The name to show: that of the image, or the path of the program.
    pub(super) fn name(&self) -> &str {
        self.image.as_deref().unwrap_or(&self.program)
    }

    /// The command as it is typed. Values of environment variables are left out.
    pub(super) fn shown(&self) -> String {
        let mut is_variable = false;
        let mut words = vec![word(&self.program)];
        for argument in &self.arguments {
            words.push(match argument.split_once('=') {
                Some((name, _)) if is_variable && self.image.is_some() => {
                    word(&format!("{name}=…"))
                }
                _ => word(argument),
            });
            is_variable = argument == "-e";
        }
        words.join(" ")
    }

    /// The error for a program that ended without success. `input` is its standard input, whose secrets are not shown.
    #[cold]
    pub(super) fn failed(&self, outcome: &Outcome, input: &str) -> Error {
        let end = match outcome.code {
            Some(code) => format!("exit code {code}"),
            None => "a signal ended it".to_owned(),
        };
        let error = Error::new(
            Code::PluginFailed,
            format!("`{}` failed: {end}", escape::visible(self.name())),
        );
        let said = said(outcome, input, LINES);
        self.explain(said.lines().fold(error, |error, line| error.step(format!("it said: {line}"))))
    }

    /// Adds the place and the command to an error of a program.
    #[cold]
    pub(super) fn explain(&self, error: Error) -> Error {
        let command = escape::visible(&self.shown()).into_owned();
        let help = format!(
            "the command was `{command}` in `{}`; it reads a list of resources from its standard input",
            escape::visible(&self.shown_folder)
        );
        error.at(self.span).help(help)
    }

    /// The error for a program that could not be run to its end.
    #[cold]
    pub(super) fn not_run(&self, error: &Error) -> Error {
        let name = escape::visible(self.name()).into_owned();
        let whole = crate::load::join(&self.folder, Path::new(&self.program));
        let is_path = self.program.contains(std::path::is_separator);
        let told = match error.code() {
            Code::TooLarge => {
                Error::new(Code::TooLarge, format!("`{name}` prints too much: {}", error.message()))
                    .help("if that is intended, allow more with `--limit files=1GiB`")
            }
            Code::ReadFailed
                if is_path && self.image.is_none() && !crate::load::is_file(&whole) =>
            {
                Error::new(Code::FileNotFound, format!("there is no program `{name}`")).help(
                    format!("the path is relative to `{}`", escape::visible(&self.shown_folder)),
                )
            }
            Code::ReadFailed if is_path && self.image.is_none() => {
                let message = format!("`{name}` cannot be run: {}", error.message());
                Error::new(Code::ReadFailed, message)
                    .help("a program needs the permission to be executed (`chmod +x`), and a script a first line such as `#!/bin/sh`")
            }
            Code::ReadFailed if self.image.is_some() => {
                let message = format!("the container `{name}` cannot be run: {}", error.message());
                Error::new(Code::ReadFailed, message)
                    .help("install docker, or name another program: `--container-command podman`")
            }
            _ => return self.explain(error.clone()),
        };
        self.explain(told)
    }

    /// Shows the messages of a program that succeeded.
    pub(super) fn tell(&self, outcome: &Outcome, input: &str, options: &Options) {
        let Some(tell) = options.host.tell.filter(|_| outcome.is_success) else { return };
        for line in said(outcome, input, usize::MAX).lines() {
            tell(&format!("{}: {line}", escape::visible(self.name())));
        }
    }
}

/// The last lines of standard error, without the secrets of the input.
fn said(outcome: &Outcome, input: &str, most: usize) -> String {
    let said = outcome.said.trim();
    if said.is_empty() {
        return String::new();
    }
    let lines: Vec<&str> = said.lines().collect();
    let left_out = lines.len().saturating_sub(most);
    let text = lines[left_out..].join("\n");
    let text = secret::without_values_of(&text, input);
    match left_out {
        0 => text,
        _ => format!("({left_out} lines before)\n{text}"),
    }
}

/// A word of a command, in quotes if a shell would split it.
fn word(text: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_=./:,@%+…".contains(letter);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}
