//! The terminal: arguments in, data on standard output, everything else on standard error, an exit code out.
//!
//! One file per command. Only this layer prints, exits, and reads the environment, the clock and the working
//! directory.

mod affected;
mod build;
mod check;
mod diff;
mod findings;
mod harden;
mod inputs;
mod plugins;
mod reading;
mod report;
mod rules;
mod select;
mod shard;
mod sharing;
mod told;
mod usage;

use std::{
    ffi::OsString,
    io::{BufWriter, ErrorKind, Write},
    num::NonZeroUsize,
    process::ExitCode,
};

use clap::{CommandFactory, Parser, Subcommand};

use crate::{
    error::{Code, Error, Result},
    source::Sources,
};

/// Runs the command that the arguments name, the first of them being the name of the program.
///
/// The exit code is 0, or 1 for whatever could not be done, wrong arguments included, as with kustomize. Standard
/// output gets the result and nothing else; a reader that closes it early is no failure.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = command_first(arguments.into_iter().collect());
    match Program::try_parse_from(&arguments) {
        Ok(Program { error_format, stack_trace: _, command }) => match command {
            Some(Command::Build(build)) => build.run(error_format),
            Some(Command::Check(check)) => check.run(error_format),
            Some(Command::Rules(rules)) => finish(rules.run(), &Sources::new(), error_format),
            Some(Command::Explain(explain)) => finish(explain.run(), &Sources::new(), error_format),
            Some(Command::Inputs(inputs)) => inputs.run(error_format),
            Some(Command::Affected(affected)) => affected.run(error_format),
            Some(Command::Shard(shard)) => shard.run(error_format),
            Some(Command::Diff(diff)) => diff.run(error_format),
            None => finish(
                print(&Program::command().render_help().to_string()),
                &Sources::new(),
                error_format,
            ),
        },
        Err(error) => {
            let outcome = match error.use_stderr() {
                true => Err(usage::error(&error, &arguments)),
                false => print(&error.render().to_string()),
            };
            let is_failure = outcome.is_err();
            let exit = finish(outcome, &Sources::new(), report::Format::asked_for(&arguments));
            // With 1 these would say that there are findings, or differences.
            match arguments.get(1).and_then(|command| command.to_str()) {
                Some("check") if is_failure => ExitCode::from(check::NOT_DONE),
                Some("diff") if is_failure => ExitCode::from(diff::NOT_DONE),
                _ => exit,
            }
        }
    }
}

/// Reports a failure, and says how the process exits.
fn finish(outcome: Result<()>, sources: &Sources, format: report::Format) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::errors(&error, sources, format);
            ExitCode::FAILURE
        }
    }
}

/// Renders Kubernetes manifests exactly as `kustomize build` does, many times faster.
#[derive(Parser)]
#[command(name = "krender", version)]
struct Program {
    /// How failures are written to standard error: drawn for people, or one JSON object a line
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "human",
        display_order = 900
    )]
    error_format: report::Format,

    /// Accepted and without effect: a failure is said with all that is known of it
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = plugins::truth(), hide = true, global = true)]
    stack_trace: Option<bool>,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Build(Box<build::Build>),
    Check(check::Check),
    Rules(rules::Rules),
    Explain(rules::Explain),
    Inputs(inputs::Inputs),
    Affected(affected::Affected),
    Shard(shard::Shard),
    Diff(diff::Diff),
}

/// Moves the name of the command in front of flags that stand before it: `-o FILE build DIR` is `build -o FILE DIR`.
///
/// It is found as kustomize finds it: a flag without `=` takes the next word with it.
fn command_first(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let mut place = 1;
    while let Some(word) = arguments.get(place).and_then(|word| word.to_str()) {
        let takes_next = match word.strip_prefix('-') {
            None if word.is_empty() => false,
            None => {
                arguments[1..=place].rotate_right(1);
                break;
            }
            Some("-" | "h" | "V" | "-help" | "-version") => break,
            // Unlike the flags of commands it is known to take nothing.
            Some("-stack-trace") => false,
            Some(long) if long.starts_with('-') => !long.contains('='),
            Some(short) => short.len() == 1,
        };
        place += if takes_next { 2 } else { 1 };
    }
    arguments
}

/// So many threads as there are processors for them.
fn processors() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Writes data to standard output. A closed pipe is no error: whoever reads has seen enough.
fn print(text: &str) -> Result<()> {
    print_on([text]).map(|_| ())
}

/// Writes data to standard output that may have a continuation, and says whether anybody still reads.
fn print_on<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<bool> {
    let mut stdout = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let written = texts.into_iter().try_for_each(|text| stdout.write_all(text.as_bytes()));
    outcome(written.and_then(|()| stdout.flush()))
}

/// Writes data to standard output piece by piece.
fn print_by(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    let mut stdout = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let written = write(&mut stdout).and_then(|()| stdout.flush());
    outcome(written).map(|_| ())
}

/// Whether anybody still reads what was written.
fn outcome(written: std::io::Result<()>) -> Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Error::new(
            Code::WriteFailed,
            format!("standard output could not be written: {error}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_found_behind_flags() {
        let moved = |line: &str| {
            let words = command_first(line.split(' ').map(OsString::from).collect());
            words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(moved("krender build -o f d"), "krender build -o f d");
        assert_eq!(moved("krender -o f build d"), "krender build -o f d");
        assert_eq!(moved("krender -of --output=f build d"), "krender build -of --output=f d");
        assert_eq!(moved("krender --stack-trace build d"), "krender build --stack-trace d");
        // As in kustomize, where the flag takes `build` for its value.
        assert_eq!(moved("krender --enable-helm build d"), "krender d --enable-helm build");
        assert_eq!(moved("krender -- build"), "krender -- build");
        assert_eq!(moved("krender --help build"), "krender --help build");
        assert_eq!(moved("krender -o"), "krender -o");
    }

    #[test]
    fn the_arguments_are_well_formed() {
        Program::command().debug_assert();
    }
}
