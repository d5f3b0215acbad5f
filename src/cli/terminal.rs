//! Output on the terminal: errors and warnings on standard error, drawn text on standard output.

use std::{
    ffi::OsString,
    io::{ErrorKind, IsTerminal as _, Write as _},
};

use super::named::Name;
use crate::{
    error::{Code, Error, Result},
    report::errors::{human, json},
    resource::secret::Shield,
    source::{Sources, Span},
    text::escape::{for_log, visible, without_colours},
};

/// Output format of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    Human,
    Json,
}

impl Format {
    /// The format that arguments ask for, if they could not be parsed as a whole.
    pub(super) fn asked_for(arguments: &[OsString]) -> Self {
        let asked =
            arguments.windows(2).any(|pair| pair[0] == "--error-format" && pair[1] == "json")
                || arguments.iter().any(|argument| argument == "--error-format=json");
        if asked { Self::Json } else { Self::Human }
    }
}

/// Sets if output has colours, for the rest of the run.
pub(super) fn set_colours(choice: clap::ColorChoice) {
    match choice {
        clap::ColorChoice::Auto => {}
        clap::ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
        clap::ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
    }
}

/// Writes an error, and those joined with it, to standard error.
pub(super) fn errors(error: &Error, sources: &Sources, format: Format) {
    errors_behind(&Shield::default(), error, sources, format);
}

/// Writes errors like [`errors()`], with a shield that several of them share.
pub(super) fn errors_behind(shield: &Shield, error: &Error, sources: &Sources, format: Format) {
    write(&match format {
        Format::Human => human::errors(error, sources, shield),
        Format::Json => json::errors(error, sources, shield),
    });
}

/// Writes a message that is not an error to standard error, as text or JSON.
pub(super) fn warning(text: &str, span: Span, sources: &Sources, format: Format) {
    warning_of(text, span, &[], sources, format);
}

/// Writes a warning about these targets to standard error. The JSON contains their names.
pub(super) fn warning_of(
    text: &str,
    span: Span,
    targets: &[String],
    sources: &Sources,
    format: Format,
) {
    let text = &Name::own().words(text);
    write(&match format {
        Format::Human => human::warning(text),
        Format::Json => json::warning(text, span, targets, sources),
    });
}

/// Writes the summary of many failures to standard error, apart from them.
pub(super) fn closing(text: &str, sources: &Sources, format: Format) {
    if format == Format::Human {
        plain("\n");
    }
    warning(text, Span::NONE, sources, format);
}

/// Writes complete lines to standard error.
pub(super) fn plain(text: &str) {
    write(&for_log(text));
}

/// Writes finished text to standard error, without colours if they are not supported.
fn write(text: &str) {
    // An error of this write cannot be reported.
    drop(anstream::stderr().write_all(text.as_bytes()));
}

/// True if standard output shows colours.
pub(super) fn has_colours() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}

/// Writes drawn text to standard output, without colours if they are not supported.
pub(super) fn print(text: &str) -> Result<()> {
    let stdout = std::io::stdout();
    let written = if has_colours() {
        let mut stdout = anstream::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
    } else {
        let mut stdout = stdout.lock();
        stdout.write_all(without_colours(text).as_bytes()).and_then(|()| stdout.flush())
    };
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::new(
            Code::WriteFailed,
            format!("standard output could not be written: {error}"),
        )),
        _ => Ok(()),
    }
}

/// Prints a unified diff of files of others: invisible characters are made visible, except for line ends.
pub(super) fn print_diff(diff: &str) -> Result<()> {
    let lines = diff.split_inclusive('\n').map(|line| {
        let text = line.trim_end_matches(['\n', '\r']);
        visible(text).into_owned() + &line[text.len()..]
    });
    super::print(&for_log(&lines.collect::<String>()))
}

/// Page width if the output is not a terminal.
const WIDTH: usize = 100;

/// The page width: `COLUMNS`, else that of the terminal, else a default.
pub(super) fn width() -> usize {
    narrow().unwrap_or(WIDTH)
}

/// The width to which lines are shortened: `COLUMNS`, else that of the terminal; `None` in a pipe.
#[expect(clippy::disallowed_methods, reason = "the environment is read here and handed on")]
pub(super) fn narrow() -> Option<usize> {
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || terminal_size::terminal_size_of(std::io::stdout());
    asked.or_else(|| terminal().map(|(width, _)| usize::from(width.0)))
}

/// True if text on standard output and on standard error is read together: both are terminals, or one pipe or file.
pub(super) fn is_shared() -> bool {
    let (out, error) = (std::io::stdout(), std::io::stderr());
    #[cfg(unix)]
    let is_one = crate::load::are_same(&out, &error);
    #[cfg(not(unix))]
    let is_one = false;
    is_one || out.is_terminal() && error.is_terminal()
}
