//! `krender completion`: scripts with which shells complete commands.
//!
//! A script asks the program itself for words, by an environment variable, so that it also completes what is in the
//! files: targets, entries of kustomizations, images.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Arg, Args, Command, ValueEnum};
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::Shells;

use super::named::Name;
use super::reading::working_directory;
use crate::build;
use crate::config::Kustomization;
use crate::error::{Code, Error, Result};
use crate::harden::RULES;
use crate::limits::Cancel;
use crate::load::{self, Disk, Files as _, KUSTOMIZATION_FILES, Kind, Loader};
use crate::source::Sources;
use crate::yaml::Node;

/// Print a script with which a shell completes commands
///
/// The script completes commands, flags and their values, directories with kustomizations, entries of kustomization.yaml,
/// images, and rules.
#[derive(Args)]
pub(super) struct Completion {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,

    /// Accepted without effect, as in kustomize
    #[arg(long, hide = true)]
    no_descriptions: bool,
}

/// A shell.
#[derive(Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

/// The environment variable by which a script asks for words.
const VARIABLE: &str = "KRENDER_COMPLETE";

impl Completion {
    /// Prints the script.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub(super) fn run(&self) -> Result<()> {
        let shell = match self.shell {
            Shell::Bash => "bash",
            Shell::Zsh => "zsh",
            Shell::Fish => "fish",
            Shell::Powershell => "powershell",
        };
        let name = match Name::own() {
            Name::Kubectl => "kubectl-krender",
            name => name.call(),
        };
        let mut script = Vec::new();
        let written = Shells::builtins()
            .completer(shell)
            .map(|shell| shell.write_registration(VARIABLE, name, name, name, &mut script));
        if let Some(Err(error)) = written {
            return Err(Error::new(Code::WriteFailed, error.to_string()));
        }
        super::print(&String::from_utf8_lossy(&script))
    }
}

/// Answers a script that asks for words. `None` if none asks.
#[expect(clippy::disallowed_methods, reason = "the environment is read here")]
pub(super) fn answer(arguments: &[OsString], program: fn() -> Command) -> Option<ExitCode> {
    std::env::var_os(VARIABLE)?;
    let directory = working_directory().ok();
    let answered = CompleteEnv::with_factory(move || with_candidates(program()))
        .var(VARIABLE)
        .try_complete(arguments, directory.as_deref());
    match answered {
        Ok(true) => Some(ExitCode::SUCCESS),
        Ok(false) => None,
        Err(error) => {
            let error = Error::new(Code::InvalidArgument, error.to_string());
            Some(super::finish(Err(error), &Sources::new(), super::terminal::Format::Human))
        }
    }
}

/// Gives the arguments of a program the candidates for their values.
fn with_candidates(program: Command) -> Command {
    with_candidates_below(program, &[])
}

fn with_candidates_below(command: Command, path: &[String]) -> Command {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    let of_argument = |argument: Arg| {
        let value = argument.get_value_names().and_then(<[_]>::first).map(ToString::to_string);
        let is_word = argument.is_positional() && !argument.is_hide_set();
        let candidates: fn(&OsStr) -> Vec<CompletionCandidate> = match (&*names, value.as_deref()) {
            (["edit", "remove", "resource"], _) if is_word => resources,
            (["edit", "set", "image"], _) if is_word => images,
            (_, Some("RULE")) => rules,
            (_, Some("DIR")) => directories,
            _ => return argument,
        };
        argument.add(ArgValueCompleter::new(candidates))
    };
    let command = command.mut_args(of_argument);
    command.mut_subcommands(|command| {
        let path = [path, &[command.get_name().to_owned()]].concat();
        with_candidates_below(command, &path)
    })
}

/// Candidates for a word that begin with it.
fn beginning<T: Into<OsString>>(
    current: &OsStr,
    all: impl IntoIterator<Item = T>,
) -> Vec<CompletionCandidate> {
    let begins =
        |candidate: &OsString| candidate.as_encoded_bytes().starts_with(current.as_encoded_bytes());
    let all = all.into_iter().map(Into::into).filter(|word| is_plain(word));
    all.filter(begins).map(CompletionCandidate::new).collect()
}

/// True for a word that no shell takes for more than a word. Others come from the files of strangers, and are not offered:
/// shells put candidates on the command line as they are.
fn is_plain(word: &OsStr) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/:@=+,".contains(byte);
    let bytes = word.as_encoded_bytes();
    bytes.iter().all(is_plain) && !bytes.starts_with(b"-")
}

/// Directories with a kustomization, and those that may have one below.
fn directories(current: &OsStr) -> Vec<CompletionCandidate> {
    let (Some(current), Ok(start)) = (current.to_str(), working_directory()) else {
        return Vec::new();
    };
    let (folder, name) =
        current.rsplit_once('/').map_or(("", current), |(folder, name)| (folder, name));
    let above = if current.contains('/') { format!("{folder}/") } else { String::new() };
    let folder = start.join(&above);
    let mut found = Vec::new();
    for (entry, kind) in Disk.list(&folder).unwrap_or_default() {
        let is_one = |entry: &&str| entry.starts_with(name) && is_plain(entry.as_ref());
        let Some(entry) = entry.to_str().filter(is_one) else { continue };
        let path = folder.join(entry);
        let is_hidden = entry.starts_with('.') && !name.starts_with('.');
        let is_directory =
            kind == Kind::Directory || kind == Kind::Link && load::is_directory(&path);
        if is_hidden || !is_directory {
            continue;
        }
        if KUSTOMIZATION_FILES.iter().any(|name| load::is_file(&path.join(name))) {
            let help = Some("kustomization".to_owned().into());
            found.push(CompletionCandidate::new(format!("{above}{entry}")).help(help));
        }
        if Disk.list(&path).is_ok_and(|entries| entries.iter().any(|it| it.1 == Kind::Directory)) {
            found.push(CompletionCandidate::new(format!("{above}{entry}/")));
        }
    }
    found
}

/// The ids of the rules, with their titles.
fn rules(current: &OsStr) -> Vec<CompletionCandidate> {
    let begins = |word: &str| word.as_bytes().starts_with(current.as_encoded_bytes());
    let found = RULES.iter().flat_map(|rule| [(rule.id, rule), (rule.name, rule)]);
    // Names only if they are begun: each rule once.
    let found =
        found.filter(|(word, rule)| begins(word) && (*word == rule.id || !current.is_empty()));
    found
        .map(|(word, rule)| CompletionCandidate::new(word).help(Some(rule.title().into())))
        .collect()
}

/// The kustomization of the working directory, with a loader of local files.
fn kustomization() -> Result<(Loader, Kustomization)> {
    let options = load::Options {
        working_directory: working_directory()?,
        cancel: in_a_second(),
        ..load::Options::default()
    };
    let loader = Loader::new(Disk, options);
    let source = loader.root(".")?.kustomization_file()?;
    Ok((loader, Kustomization::read(&source)?.0))
}

/// The end of work that takes longer than a person waits for a word.
#[expect(clippy::disallowed_methods, reason = "the clock is read here")]
fn in_a_second() -> Cancel {
    let end = Instant::now() + Duration::from_secs(1);
    Cancel::when(move || Instant::now() >= end)
}

/// The entries of `resources`.
fn resources(current: &OsStr) -> Vec<CompletionCandidate> {
    let Ok((_, kustomization)) = kustomization() else { return Vec::new() };
    beginning(current, kustomization.resources.iter().map(|path| path.to_string()))
}

/// The images of the kustomization: those it renames, and those of its containers, without their tags.
fn images(current: &OsStr) -> Vec<CompletionCandidate> {
    let Ok((loader, kustomization)) = kustomization() else { return Vec::new() };
    let mut names: BTreeSet<String> =
        kustomization.images.iter().map(|image| image.name.to_string()).collect();
    if let Ok(built) = build::build(&loader, ".", &build::Options::default()) {
        let mut pending: Vec<&Node> = built.resources.iter().map(|it| it.node()).collect();
        while let Some(node) = pending.pop() {
            pending.extend(node.items());
            for (key, value) in node.entries() {
                match value.as_scalar().filter(|_| key.text() == "image") {
                    Some(image) => {
                        let name = image.text().split('@').next().unwrap_or_default();
                        let tag = name.rfind(':').filter(|&at| !name[at..].contains('/'));
                        names.insert(name[..tag.unwrap_or(name.len())].to_owned());
                    }
                    None => pending.push(value),
                }
            }
        }
    }
    beginning(current, names.into_iter().map(|name| name + "="))
}
