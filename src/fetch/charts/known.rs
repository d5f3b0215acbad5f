//! Results of charts that are known: what they depend on, and whether they are the same each time.

use std::path::PathBuf;

use crate::error::{Code, Error, Result};
use crate::external::Environment;
use crate::load::{Digest, Disk, Files as _};

/// Functions of templates whose results are not the same each time: random values, keys, times in the zone of this machine,
/// names of hosts, and keys of mappings in no order.
const VARYING: &[&str] = &[
    "ago",
    "bcrypt",
    "buildCustomCert",
    "date",
    "dateInZone",
    "dateModify",
    "date_in_zone",
    "date_modify",
    "derivePassword",
    "duration",
    "durationRound",
    "encryptAES",
    "env",
    "expandenv",
    "getHostByName",
    "htmlDate",
    "htmlDateInZone",
    "htpasswd",
    "keys",
    "lookup",
    "mustDateModify",
    "mustToDate",
    "must_date_modify",
    "now",
    "shuffle",
    "toDate",
    "unixEpoch",
    "uuidv4",
    "values",
];

/// The beginnings of names of such functions.
const VARYING_FAMILIES: &[&str] = &["rand", "gen"];

/// The maximum size of a configuration of kubectl.
const LARGEST_CONFIGURATION: u64 = 16 << 20;

/// True if the templates in a text have no function whose results are not the same each time.
#[must_use]
pub fn is_repeatable(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(start) = memchr::memmem::find(rest, b"{{") {
        rest = &rest[start + 2..];
        match action(rest) {
            Some(end) => rest = &rest[end..],
            None => return false,
        }
    }
    true
}

/// The length of an action of a template, without its beginning; `None` if it has a function whose results vary.
fn action(text: &[u8]) -> Option<usize> {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let (mut at, mut before) = (0, b' ');
    while let Some(&byte) = text.get(at) {
        let rest = &text[at..];
        let length = match byte {
            _ if rest.starts_with(b"}}") => return Some(at + 2),
            _ if rest.starts_with(b"/*") => {
                memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2)
            }
            b'"' | b'`' => {
                let length = literal(rest);
                // It may be a template itself.
                memchr::memmem::find(&rest[..length], b"{{").is_none().then_some(length)?
            }
            _ if is_letter(&byte) => {
                let length = rest.iter().take_while(|byte| is_letter(byte)).count();
                // `.Values.keys` and `$keys` are no functions.
                let is_function = !matches!(before, b'.' | b'$');
                (!(is_function && is_varying(&rest[..length]))).then_some(length)?
            }
            _ => 1,
        };
        at += length;
        before = text[at - 1];
    }
    Some(at)
}

/// The length of a text in quotes.
fn literal(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'\\' if text[0] == b'"' => at += 1,
            _ if byte == text[0] => break,
            _ => {}
        }
    }
    at.min(text.len())
}

fn is_varying(word: &[u8]) -> bool {
    let Ok(word) = std::str::from_utf8(word) else { return false };
    VARYING.binary_search(&word).is_ok()
        || VARYING_FAMILIES.iter().any(|family| {
            let rest = word.strip_prefix(family);
            rest.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
        })
}

/// The digest of the variables that change what Helm prints, and, for a release without a namespace, of the configurations
/// that have the default one.
pub(super) fn surroundings(environment: &Environment, has_namespace: bool) -> Digest {
    let mut texts: Vec<Vec<u8>> = Vec::new();
    for (name, value) in environment.variables() {
        let (name, value) = (name.as_encoded_bytes(), value.as_encoded_bytes());
        let is_for_folders =
            [&b"HELM_CONFIG_HOME"[..], b"HELM_CACHE_HOME", b"HELM_DATA_HOME"].contains(&name);
        if !is_for_folders && (name.starts_with(b"HELM_") || name.starts_with(b"KUBE")) {
            texts.extend([name.to_vec(), value.to_vec()]);
        }
    }
    if !has_namespace {
        let named = environment.get("KUBECONFIG").map(std::env::split_paths);
        let mut files: Vec<PathBuf> = named.into_iter().flatten().collect();
        files.extend(environment.path("HOME").map(|home| home.join(".kube/config")));
        files.push("/var/run/secrets/kubernetes.io/serviceaccount/namespace".into());
        for file in files {
            let file = environment.working_directory().join(file);
            let whole = Disk.canonicalize(&file);
            let content = whole.and_then(|file| Disk.read(&file, LARGEST_CONFIGURATION));
            texts.push(content.unwrap_or_default());
        }
        texts.extend(environment.get("POD_NAMESPACE").map(|it| it.as_encoded_bytes().to_vec()));
    }
    Digest::of_all(texts.iter().map(Vec::as_slice))
}

/// Refuses two results of one chart that differ.
///
/// # Errors
/// [`Code::HelmFailed`], with the first line that differs.
pub(super) fn compare(one: &[u8], other: &[u8], shown: &str) -> Result<()> {
    if one == other {
        return Ok(());
    }
    let [one, other] = [one, other].map(String::from_utf8_lossy);
    let number = one.lines().zip(other.lines()).take_while(|(one, other)| one == other).count();
    // The lines themselves may have secrets.
    let source =
        one.lines().take(number + 1).filter_map(|line| line.strip_prefix("# Source: ")).last();
    let place = source.map(|source| format!(", which comes from `{source}`")).unwrap_or_default();
    let message = format!(
        "`helm {shown}` does not print the same each time: line {} differs{place}",
        number + 1
    );
    Err(Error::new(Code::HelmFailed, message).help(
        "set the values that the chart makes up, such as passwords: then all builds have the same",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_are_sorted() {
        assert!(VARYING.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn templates_that_vary_are_found() {
        for (text, expected) in [
            ("a: {{ .Values.a }}", true),
            ("a: {{ .Values.keys | quote }} {{ $values.now }}", true),
            ("a: {{ randAlphaNum 5 }}", false),
            ("a: {{- (genCA \"a\" 1).Cert }}", false),
            ("{{ $ca := genSelfSignedCert }}", false),
            ("a: {{now|date \"2006\"}}", false),
            ("{{ range keys .Values.a }}", false),
            ("{{ include \"generic.name\" . }} general", true),
            ("{{ lookup \"v1\" \"Secret\" }}", false),
            ("now, without any template", true),
            ("now, beside {{ .Values.a }}", true),
            ("{{/* now }} */}} {{ \"keys \\\" now\" | `env` }}", true),
            ("{{ tpl \"{{ .Values.a }}\" . }}", false),
            ("{{ .Values.a", true),
            ("{{ \"a", true),
        ] {
            assert_eq!(is_repeatable(text.as_bytes()), expected, "{text}");
        }
    }
}
