//! Errors of parsing arguments, reported like all other failures.

use std::{
    error::Error as _,
    ffi::{OsStr, OsString},
    path::Path,
};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{Command, named::Name, slips};
use crate::{
    error::{Code, Error},
    load,
    text::escape,
};

/// An error of clap as an error of krender, with similar names. `is_flag_first` is true if a flag precedes the command.
pub(super) fn error(error: &clap::Error, arguments: &[OsString], is_flag_first: bool) -> Error {
    let texts = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    };
    let text = |kind| texts(kind).into_iter().next().unwrap_or_default();
    // `--reorder <ORDER>` is the argument `--reorder`, and `--network[=<BOOL>]` is `--network`.
    let name = |kind| text(kind).split([' ', '[']).next().unwrap_or_default().to_owned();
    let (argument, other) = (name(ContextKind::InvalidArg), name(ContextKind::PriorArg));
    let value = text(ContextKind::InvalidValue);
    let word = text(ContextKind::InvalidSubcommand);
    let swallowing = swallowing_flag(error, arguments).filter(|_| is_flag_first);
    let is_first = arguments.get(1).is_some_and(|first| *first == *word);
    if let (ErrorKind::InvalidSubcommand, None, Some(slip), true) =
        (error.kind(), &swallowing, slips::command(&word), is_first)
    {
        return with_directory(&slip, arguments).help(where_to_look(&[]));
    }
    let message = match error.kind() {
        ErrorKind::InvalidSubcommand => format!("unknown command `{word}`"),
        ErrorKind::TooManyValues => format!("`{argument}` takes no value, found `{value}`"),
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            format!("unknown flag `{argument}`")
        }
        ErrorKind::UnknownArgument => format!("unexpected argument `{argument}`"),
        ErrorKind::InvalidValue if value.is_empty() => format!("`{argument}` needs a value"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("`{argument}` cannot be `{value}`")
        }
        ErrorKind::ArgumentConflict if !other.is_empty() && other != argument => {
            format!("`{argument}` cannot be used with `{other}`")
        }
        ErrorKind::MissingRequiredArgument => format!("`{argument}` is needed"),
        ErrorKind::InvalidUtf8 => {
            let argument = arguments.iter().find(|argument| argument.to_str().is_none());
            let argument = argument.map_or(OsStr::new(""), OsString::as_os_str);
            format!("the argument `{}` is not UTF-8 text", escape::file_name(argument))
        }
        _ => first_line(&error.render().to_string()),
    };
    let mut told = Error::new(Code::InvalidArgument, message);
    if let Some(cause) = error.source().and_then(|cause| cause.downcast_ref::<Error>()) {
        return cause.helps().iter().fold(told, |told, help| told.help(help));
    }
    let is_diff = arguments.get(1).is_some_and(|command| command == "diff");
    if is_diff && argument == "--since" {
        return told.help("a revision is named by `--git`: `krender diff --git main`");
    }
    let is_edit = arguments.get(1).is_some_and(|command| command == "edit");
    if let (true, ErrorKind::UnknownArgument, Some(help)) =
        (is_edit, error.kind(), superfluous(arguments, &argument))
    {
        return told.help(help).help(where_to_look(arguments));
    }
    if is_edit && error.kind() == ErrorKind::UnknownArgument && argument.starts_with('-') {
        // `-blue` is reported as `-b`.
        let is_meant = |word: &&str| word.starts_with(&argument);
        let word = arguments.iter().filter_map(|word| word.to_str()).find(is_meant);
        let value = escape::visible(word.unwrap_or(&argument)).into_owned();
        return texts(ContextKind::SuggestedArg)
            .iter()
            .fold(told, |told, near| told.help(format!("did you mean `{near}`?")))
            .help(format!("if it is a value, write `--` before it: `-- {value}`"))
            .help(where_to_look(arguments));
    }
    if let (ErrorKind::UnknownArgument, Some(help)) = (error.kind(), slips::flag(&argument)) {
        return with_directory(&told.help(help), arguments);
    }
    if error.kind() == ErrorKind::TooManyValues {
        return told.help(format!("leave `={value}` out"));
    }
    if error.kind() == ErrorKind::ValueValidation && argument == "--jobs" {
        return told.help("give a number of threads, at least 1: `--jobs 4`");
    }
    for kind in
        [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue]
    {
        for near in texts(kind) {
            told = told.help(format!("did you mean `{near}`?"));
        }
    }
    if error.kind() == ErrorKind::ArgumentConflict {
        return told.help("omit one of them");
    }
    let values = texts(ContextKind::ValidValue);
    if !values.is_empty() {
        let is_meant = |valid: &&String| {
            let (valid, value) = (valid.to_lowercase(), value.to_lowercase());
            !value.is_empty() && value != valid && valid.ends_with(&value)
        };
        if let (true, Some(meant)) = (told.helps().is_empty(), values.iter().find(is_meant)) {
            told = told.help(format!("did you mean `{meant}`?"));
        }
        told = told.help(format!("the values of `{argument}` are `{}`", values.join("`, `")));
    }
    if let Some(flag) = swallowing {
        return told.help(format!(
            "write the command before `{flag}`, which takes the word after it as its value"
        ));
    }
    if told.helps().is_empty() { told.help(where_to_look(arguments)) } else { told }
}

/// The advice on a superfluous argument of a sub-command of `edit`.
fn superfluous(arguments: &[OsString], argument: &str) -> Option<String> {
    let word = |at: usize| arguments.get(at).and_then(|word| word.to_str());
    match (word(2)?, word(3)?) {
        _ if argument.starts_with('-') => None,
        (_, "patch") => Some(format!("did you mean `--path {}`?", escape::visible(argument))),
        ("remove", "label" | "annotation" | "configmap" | "secret")
        | ("add", "base")
        | (_, "buildmetadata") => Some("write several with commas between them: `a,b`".to_owned()),
        _ => None,
    }
}

/// Replaces `DIR` in advice by the directory that the arguments name.
fn with_directory(error: &Error, arguments: &[OsString]) -> Error {
    let mut directories = arguments.iter().skip(2).filter_map(|word| word.to_str());
    let directory = directories.rfind(|word| load::is_directory(Path::new(word)));
    let told = Error::new(error.code(), error.message());
    error
        .helps()
        .iter()
        .fold(told, |told, help| told.help(help.replace("DIR", directory.unwrap_or("DIR"))))
}

/// The flag that took the command as its value, if one precedes the word that was parsed as the command.
fn swallowing_flag(error: &clap::Error, arguments: &[OsString]) -> Option<String> {
    let flag = arguments.get(2)?.to_string_lossy();
    let is_one = error.kind() == ErrorKind::InvalidSubcommand
        && flag.starts_with('-')
        && !flag.contains('=');
    is_one.then(|| flag.into_owned())
}

/// A reference to the help of the command that the arguments name, or else to that of the program.
fn where_to_look(arguments: &[OsString]) -> String {
    let program = Name::of(arguments.first().map(OsString::as_os_str)).call();
    let Some(command) = arguments.get(1).and_then(|name| Command::named(name)) else {
        return format!("for a list of commands: `{program} --help`");
    };
    let mut words = vec![command.name.to_owned()];
    let made = (command.arguments)(clap::Command::new(command.name));
    let mut inner = &made;
    for word in arguments.iter().skip(2) {
        let Some(next) = inner.find_subcommand(word) else { break };
        words.push(next.get_name().to_owned());
        inner = next;
    }
    let what = if inner.has_subcommands() { "a list of commands" } else { "its arguments" };
    format!("for {what}: `{program} {} --help`", words.join(" "))
}

/// The message of an error of clap that has no translation here.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}
