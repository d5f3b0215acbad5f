//! KR-DKR-007: no secrets in images.

use crate::dockerfile::found::Found;
use crate::dockerfile::read::{Action, Transfer, Variable, Word};
use crate::dockerfile::scene::Scene;
use crate::harden::Severity;
use crate::harden::secrecy::is_open;

pub(super) fn find(scene: &Scene<'_>) -> Vec<Found> {
    let line = scene.line();
    let mut found = Vec::new();
    for (number, stage) in scene.file.stages.iter().enumerate() {
        let is_of_image = line.contains(&number);
        let label = scene.label(number);
        for step in &stage.steps {
            match &step.action {
                Action::Env(variables) => {
                    let found_here =
                        variables.iter().filter_map(|one| in_file(&label, "ENV", one, is_of_image));
                    found.extend(found_here);
                }
                Action::Arg(variables) => {
                    for one in variables {
                        found.extend(in_file(&label, "ARG", one, is_of_image));
                        found.extend(given(&label, one).filter(|_| is_of_image));
                    }
                }
                Action::Copy(transfer) | Action::Add(transfer) => {
                    found.extend(copied(&label, transfer, is_of_image));
                }
                _ => {}
            }
        }
    }
    found
}

/// Last words of the names of secrets.
const NAMES: &str = "|password|passwd|pwd|passphrase|secret|token|apikey|credential|credentials|";
/// Words before `KEY` in the names of secrets.
const KEYS: &str = "|api|secret|access|private|encryption|signing|master|auth|";

/// True for the name of a variable with a secret.
fn is_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let mut words = lower.rsplit('_');
    let is_in = |list: &str, word: Option<&str>| {
        word.is_some_and(|word| list.contains(&format!("|{word}|")))
    };
    let last = words.next();
    is_in(NAMES, last) || last == Some("key") && is_in(KEYS, words.next())
}

/// A secret that the file sets.
fn in_file(
    label: &str,
    instruction: &str,
    variable: &Variable,
    is_of_image: bool,
) -> Option<Found> {
    let name = &variable.name;
    let word = variable.value.as_ref()?;
    let value = word.value.as_deref()?;
    let is_known = value.starts_with("-----BEGIN") && value.contains("PRIVATE KEY")
        || ["ghp_", "github_pat_", "glpat-", "AKIA", "xoxb-"]
            .iter()
            .any(|start| value.starts_with(start));
    if !is_known
        && (!is_secret(&name.text) || word.text.contains('$') || !is_value(&name.text, value))
    {
        return None;
    }
    let message = format!(
        "`{instruction} {}` sets a secret, which everyone who has the image or this file can read",
        name.text
    );
    let mut found = Found::at(name.span, &[label, instruction, &name.text], message);
    found.hides = Some(word.span);
    Some(if is_of_image { found } else { found.graded(Severity::Warning) })
}

/// True for a value that may be a secret.
fn is_value(name: &str, value: &str) -> bool {
    let is_path = value.starts_with(['/', '.', '~']) || value.contains("://");
    let is_flag =
        value.len() < 4 || matches!(value, "test" | "example" | "unset" | "empty" | "default");
    !is_path && !is_flag && is_open(name, value)
}

/// A secret that the build is given.
fn given(label: &str, variable: &Variable) -> Option<Found> {
    let name = &variable.name;
    let is_empty = variable.value.as_ref().is_none_or(|word| word.value.as_deref() == Some(""));
    if !is_empty || !is_secret(&name.text) {
        return None;
    }
    let message = format!(
        "the value of `ARG {}` stays in the history of the image; assumes that it is a secret",
        name.text
    );
    let found = Found::at(name.span, &[label, "ARG", &name.text], message);
    Some(found.graded(Severity::Warning))
}

/// Files with private keys and credentials, by name.
const KEY_FILES: &str =
    "|id_rsa|id_dsa|id_ecdsa|id_ed25519|.git-credentials|.netrc|.pgpass|.pypirc|";
/// Ends of names of files that may have a private key.
const KEY_ENDS: &str = "|pem|key|p12|pfx|ppk|kdbx|";
/// Words in names of files with something public.
const PUBLIC: &str = "|ca|cacert|cert|certs|certificate|chain|fullchain|bundle|pub|public|root|gpg|asc|archive|keyring|trust|";

fn copied(label: &str, transfer: &Transfer, is_of_image: bool) -> Vec<Found> {
    let complaint = |word: &Word| {
        let (severity, message) = about(word)?;
        let severity = if is_of_image { severity } else { Severity::Warning };
        let is_told = is_of_image
            || severity == Severity::Error
            || KEY_FILES.contains(&format!("|{}|", base(word)));
        let found = Found::at(word.span, &[label, "COPY", &word.text], message);
        is_told.then(|| found.graded(severity))
    };
    transfer.sources.iter().filter_map(complaint).collect()
}

/// The last name of a path.
fn base(word: &Word) -> String {
    let path = word.value.as_deref().unwrap_or(&word.text);
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_ascii_lowercase()
}

fn about(word: &Word) -> Option<(Severity, String)> {
    let name = base(word);
    let is_url = word.text.contains("://");
    if is_url {
        return None;
    }
    if KEY_FILES.contains(&format!("|{name}|")) && !name.is_empty() {
        return Some((
            Severity::Error,
            format!("`{name}` is copied into the image: a private key, or credentials"),
        ));
    }
    let is_env = name == ".env"
        || name
            .strip_prefix(".env.")
            .is_some_and(|end| matches!(end, "local" | "prod" | "production"));
    if is_env {
        let message = format!("`{name}` is copied into the image; assumes that it has secrets");
        return Some((Severity::Warning, message));
    }
    let (stem, end) = name.rsplit_once('.')?;
    let is_public = stem.split(['.', '-', '_']).any(|part| PUBLIC.contains(&format!("|{part}|")));
    let is_key = !end.is_empty()
        && KEY_ENDS.contains(&format!("|{end}|"))
        && !is_public
        && !stem.contains('*');
    is_key.then(|| {
        (
            Severity::Warning,
            format!("`{name}` is copied into the image; assumes that it has a private key"),
        )
    })
}
