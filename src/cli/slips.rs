//! Frequent mistakes on the command line: commands and flags of other programs, and values apart from their flags.

use std::ffi::OsString;
use std::path::Path;

use clap::Arg;

use crate::{
    error::{Code, Error},
    load::{self, KUSTOMIZATION_FILES},
};

/// Advice on a word in the place of a command.
enum Meant {
    /// A command of kustomize that krender does not have yet.
    NotYet(&'static str),
    /// An action that krender has under another name.
    Other(&'static str),
}

use Meant::{NotYet, Other};

/// Words that are used in the place of a command.
const WORDS: &[(&[&str], Meant)] = &[
    (
        &["add", "set", "remove", "fix"],
        Other("to change kustomization.yaml: `krender edit --help`"),
    ),
    (&["new"], Other("to make a kustomization: `krender create`")),
    (&["fn"], NotYet("`kustomize` has it")),
    (&["plugin", "config"], NotYet("there are no such helpers")),
    (
        &["kustomize", "render", "template", "generate", "compile", "print", "show"],
        Other("to render a kustomization: `krender build DIR`"),
    ),
    (
        &["apply", "delete", "replace", "kubectl", "deploy"],
        Other("krender changes no cluster: `krender build DIR | kubectl apply -f -`"),
    ),
    (
        &["validate", "verify", "test", "scan", "audit", "score", "policy"],
        Other("to check rendered objects against rules: `krender check DIR`"),
    ),
    (&["harden", "secure"], Other("to fix violations of rules: `krender build --harden DIR`")),
    (&["watch"], Other("to render at every change: `krender build --watch DIR`")),
    (&["compare", "review"], Other("to show the effect of a change: `krender diff A B`")),
    (
        &["graph", "deps", "dependencies"],
        Other("to draw the parts of a kustomization: `krender tree DIR`"),
    ),
    (&["list", "ls", "files"], Other("to list what a build reads: `krender inputs DIR`")),
];

/// Flags of other programs that no command has, with the advice for each.
const FLAGS: &[(&[&str], &str)] = &[
    (&["-k", "--kustomize"], "name the directory alone: `krender build DIR`"),
    (
        &["-f", "--filename", "--file"],
        "name a directory: `krender build DIR`; a file of manifests is listed under `resources` of its kustomization",
    ),
    (
        &["--enable-star"],
        "functions in Starlark are not supported: kustomize has removed them, too",
    ),
    (&["-n", "--namespace"], "write `namespace: …` into kustomization.yaml"),
    (
        &["-r", "-R", "--recursive"],
        "to build all kustomizations below a directory: `krender build --all DIR`",
    ),
    (
        &["--dry-run", "--server-side", "--kubeconfig", "--context"],
        "krender changes no cluster: it only renders",
    ),
    (
        &["-v", "--verbose", "--debug"],
        "errors always contain all details; `--timings` shows the slowest targets",
    ),
    (&["--format", "--json"], "resources are written as YAML; `--error-format json` is for errors"),
    (&["-p", "--parallel", "--threads", "--concurrency", "--workers"], "did you mean `--jobs`?"),
    (&["--no-color", "--colour"], "did you mean `--color never`?"),
    (
        &["--since", "--changed"],
        "to list the targets that a change affects: `krender affected --since REV`",
    ),
    (&["--profile"], "did you mean `--harden=PROFILE`?"),
];

/// The error for a known word that is not a command. `None` for other words.
pub(super) fn command(word: &str) -> Option<Error> {
    let path = Path::new(word);
    let error = |message: String| Error::new(Code::InvalidArgument, message);
    if let Some((_, meant)) = WORDS.iter().find(|(words, _)| words.contains(&word)) {
        return Some(match meant {
            NotYet(instead) => error(format!("there is no command `{word}` yet")).help(*instead),
            Other(instead) => error(format!("there is no command `{word}`")).help(*instead),
        });
    }
    let is_file = KUSTOMIZATION_FILES.iter().any(|name| path.ends_with(name));
    let directory = match path.parent() {
        Some(parent) if is_file && parent.as_os_str().is_empty() => ".".to_owned(),
        Some(parent) if is_file => parent.display().to_string(),
        _ if load::is_directory(path) || word.contains('/') => word.to_owned(),
        _ => return None,
    };
    Some(
        error(format!("found `{word}`, expected a command"))
            .help(format!("to render a kustomization: `krender build {directory}`")),
    )
}

/// The advice on a flag that does not exist. `None` for unknown flags.
pub(super) fn flag(flag: &str) -> Option<&'static str> {
    FLAGS.iter().find(|(flags, _)| flags.contains(&flag)).map(|(_, help)| *help)
}

/// The error for a word after a flag that takes its value with `=`, if the word cannot be a directory to build, so that
/// it must be the value. `flags` are those of the command; with `searches` the command finds kustomizations below the
/// word.
pub(super) fn value_apart(flags: &[&Arg], arguments: &[OsString], searches: bool) -> Option<Error> {
    let pairs = arguments.windows(2).take_while(|pair| pair[0] != "--");
    for pair in pairs {
        let (Some(flag), Some(word)) = (pair[0].to_str(), pair[1].to_str()) else { continue };
        let Some(name) = flag.strip_prefix("--").filter(|name| !name.contains('=')) else {
            continue;
        };
        let takes_apart =
            flags.iter().any(|arg| arg.get_long() == Some(name) && arg.is_require_equals_set());
        if !takes_apart || word.starts_with('-') || word.is_empty() {
            continue;
        }
        let path = Path::new(word);
        let has_kustomization =
            KUSTOMIZATION_FILES.iter().any(|name| load::is_file(&path.join(name)));
        let is_folder = name == "cache" && !has_kustomization;
        let message = match load::is_directory(path) {
            false => format!("there is no directory `{word}`"),
            true if is_folder && !searches => format!("`{word}` has no kustomization file"),
            true => continue,
        };
        return Some(
            Error::new(Code::InvalidArgument, message)
                .help(format!("a value of `{flag}` follows `=`: did you mean `{flag}={word}`?")),
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_flags_stand_in_the_tables_once() {
        let mut flags: Vec<&str> = FLAGS.iter().flat_map(|(flags, _)| *flags).copied().collect();
        let count = flags.len();
        flags.sort_unstable();
        flags.dedup();
        assert_eq!(flags.len(), count);
    }

    #[test]
    fn words_say_what_there_is() {
        let help = |word: &str| command(word).map(|error| error.helps().join("; "));
        assert_eq!(
            help("no/such/directory").as_deref(),
            Some("to render a kustomization: `krender build no/such/directory`")
        );
        assert_eq!(
            help("base/kustomization.yaml").as_deref(),
            Some("to render a kustomization: `krender build base`")
        );
        assert_eq!(help("bulid"), None);
    }
}
