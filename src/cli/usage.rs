//! Arguments that make no sense, said like every other failure.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

use clap::{
    CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::error::{Code, Error};

/// What is wrong with the arguments, and what is near to them.
pub(super) fn error(error: &clap::Error, arguments: &[OsString]) -> Error {
    let texts = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    };
    let text = |kind| texts(kind).into_iter().next().unwrap_or_default();
    // `--reorder <ORDER>` is the argument `--reorder`.
    let argument = text(ContextKind::InvalidArg);
    let argument = argument.split(" <").next().unwrap_or_default();
    let value = text(ContextKind::InvalidValue);
    let message = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            format!("unknown command `{}`", text(ContextKind::InvalidSubcommand))
        }
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            format!("unknown flag `{argument}`")
        }
        ErrorKind::UnknownArgument => format!("unexpected argument `{argument}`"),
        ErrorKind::InvalidValue if value.is_empty() => format!("`{argument}` needs a value"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("`{argument}` cannot be `{value}`")
        }
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8 text".to_owned(),
        _ => first_line(&error.render().to_string()),
    };
    let mut told = Error::new(Code::InvalidArgument, message);
    for kind in
        [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue]
    {
        for near in texts(kind) {
            told = told.help(format!("did you mean `{near}`?"));
        }
    }
    let values = texts(ContextKind::ValidValue);
    if !values.is_empty() {
        told = told.help(format!("the values of `{argument}` are `{}`", values.join("`, `")));
    }
    if told.helps().is_empty() {
        told.help(format!("run `{} --help` for what there is", asked(arguments)))
    } else {
        told
    }
}

/// The program as it was called, and its command if there is one of that name.
fn asked(arguments: &[OsString]) -> String {
    let program = arguments.first().and_then(|program| Path::new(program).file_stem());
    let program = program.map_or_else(|| "krender".into(), OsStr::to_string_lossy);
    match arguments
        .get(1)
        .and_then(|name| super::Program::command().find_subcommand(name).map(ToString::to_string))
    {
        Some(command) => format!("{program} {command}"),
        None => program.into_owned(),
    }
}

/// The message of an error that nobody foresaw here.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}
