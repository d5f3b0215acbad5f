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
use crate::harden;
use crate::limits::Cancel;
use crate::load::{self, Disk, Files as _, KUSTOMIZATION_FILES, Kind, Loader};
use crate::resource::{ResMap, Resource};
use crate::source::Sources;
use crate::trace::ObjectQuery;
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
    let words = arguments.to_vec();
    let answered = CompleteEnv::with_factory(move || with_candidates(program(), &words))
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

/// Gives the arguments of a program the candidates for their values. `words` are those of the command line.
fn with_candidates(program: Command, words: &[OsString]) -> Command {
    let traced = traced(words);
    with_candidates_below(program, &[]).mut_subcommands(move |command| {
        let traced = traced.clone();
        match command.get_name() {
            "trace" => command.mut_args(move |argument| of_trace(argument, &traced)),
            _ => command,
        }
    })
}

/// The words behind `trace`, without flags.
fn traced(words: &[OsString]) -> Vec<String> {
    let words = words.iter().skip_while(|word| *word != "trace").skip(1);
    let words = words.filter_map(|word| word.to_str());
    words.filter(|word| !word.starts_with('-')).map(str::to_owned).collect()
}

/// Gives the object and the field of `trace` their candidates.
fn of_trace(argument: Arg, words: &[String]) -> Arg {
    let directory = words.first().cloned().unwrap_or_default();
    let object = words.get(1).cloned().unwrap_or_default();
    match argument.get_id().as_str() {
        "object" => argument.add(ArgValueCompleter::new(move |current: &OsStr| {
            let built = rendered(&directory);
            let names = built
                .iter()
                .flat_map(ResMap::iter)
                .map(|resource| format!("{}/{}", resource.kind(), resource.name()));
            beginning(current, names.collect::<BTreeSet<_>>())
        })),
        "field" => argument.add(ArgValueCompleter::new(move |current: &OsStr| {
            let (query, built) = (ObjectQuery::new(&object, None), rendered(&directory));
            let fits = |resource: &&Resource| query.fits(resource.id());
            let object = built.as_ref().and_then(|all| all.iter().find(fits));
            beginning(current, object.map(|object| fields(object.node())).unwrap_or_default())
        })),
        _ => argument,
    }
}

/// The objects of a local kustomization, if they render within a second.
fn rendered(directory: &str) -> Option<ResMap> {
    let options = load::Options {
        working_directory: working_directory().ok()?,
        cancel: in_a_second(),
        ..load::Options::default()
    };
    let loader = Loader::new(Disk, options);
    build::build(&loader, directory, &build::Options::default()).ok().map(|built| built.resources)
}

/// The paths of the fields below a node that lead through keys only.
fn fields(root: &Node) -> Vec<String> {
    let (mut found, mut pending) = (Vec::new(), vec![(String::new(), root)]);
    while let Some((path, node)) = pending.pop() {
        for (key, value) in node.entries() {
            let key = key.text();
            let below = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            if !key.contains('.') {
                found.push(below.clone());
                pending.push((below, value));
            }
        }
    }
    found
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
    let found = harden::rules().flat_map(|rule| [(rule.id, rule), (rule.name, rule)]);
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
