//! KR-KUS-002: remote bases, files and charts without a fixed version.

use crate::error::Result;
use crate::harden::Severity;
use crate::lint::entries::Role;
use crate::lint::found::Found;
use crate::lint::scene::Scene;
use crate::load::{Kind, RepoSpec, is_remote, without_credentials};

/// The usual names of branches.
const BRANCHES: [&str; 8] =
    ["main", "master", "HEAD", "develop", "development", "trunk", "latest", "next"];

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for (number, layer) in scene.layers.numbered() {
        for entry in &layer.entries {
            let is_local = || layer.root.kind_of(&entry.path) != Kind::Missing;
            if entry.role == Role::Charts || !is_remote(&entry.path) || is_local() {
                continue;
            }
            let Some((severity, message)) = judged(&entry.path, entry.role) else { continue };
            let key = without_credentials(&entry.path);
            let one = Found::at(number, entry.span, &[entry.field, &key], message);
            found.push(one.graded(severity));
        }
        for chart in &layer.fields.helm_charts {
            if !chart.repo.is_empty() && chart.version.is_empty() {
                let (name, path) = (&**chart.name, ["helmCharts", &**chart.name]);
                let message = format!("the chart `{name}` has no `version`: the newest is pulled");
                let span = if chart.name.span.is_none() { chart.span } else { chart.name.span };
                found.push(Found::at(number, span, &path, message));
            }
        }
    }
    Ok(found)
}

/// The violation by a URL.
fn judged(url: &str, role: Role) -> Option<(Severity, String)> {
    if role == Role::Listed
        && !is_file(url)
        && let Ok(spec) = RepoSpec::parse(url)
    {
        let name = without_credentials(&spec.url());
        return match spec.reference.as_deref() {
            None | Some("") => {
                let message = format!("the repository `{name}` has no `ref`");
                Some((Severity::Error, message))
            }
            Some(reference) if BRANCHES.contains(&reference) => {
                let message = format!(
                    "the `ref` of the repository `{name}` is `{reference}`, the usual name of a branch"
                );
                Some((Severity::Warning, message))
            }
            Some(_) => None,
        };
    }
    let path = url.split("://").nth(1)?;
    let parts = || path.split(['/', '?', '=', '&']).skip(1);
    (!parts().any(is_version)).then(|| {
        let name = without_credentials(url);
        (Severity::Warning, format!("the URL `{name}` has no version: the file may change"))
    })
}

/// True for the URL of a file by its ending.
fn is_file(url: &str) -> bool {
    let path = url.split('?').next().unwrap_or_default();
    [".yaml", ".yml", ".json"].iter().any(|ending| path.ends_with(ending))
}

/// True for a part of a URL that looks like a version or a commit.
fn is_version(part: &str) -> bool {
    let is_commit = part.len() >= 7 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let has_number = part.split(['-', '_', '@']).any(|word| {
        let digits = word.strip_prefix(['v', 'V']).unwrap_or(word);
        let is_plain = digits.len() < word.len() || digits.contains('.');
        is_plain && digits.starts_with(|letter: char| letter.is_ascii_digit())
    });
    is_commit || has_number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_without_a_version_are_found() {
        for (url, expected) in [
            ("https://github.com/a/b//c", Some(Severity::Error)),
            ("github.com/a/b?ref=", Some(Severity::Error)),
            ("https://github.com/a/b//c?ref=main", Some(Severity::Warning)),
            ("https://github.com/a/b//c?ref=v1", None),
            ("https://github.com/a/b//c?ref=release-1.2", None),
            ("https://raw.githubusercontent.com/a/b/main/c.yaml", Some(Severity::Warning)),
            ("https://raw.githubusercontent.com/a/b/v1.2.3/c.yaml", None),
            ("https://github.com/a/b/releases/download/v0.1/c.yaml", None),
            ("https://github.com/a/b/releases/latest/download/c.yaml", Some(Severity::Warning)),
            ("https://example.com/0123456789abcdef/c.yaml", None),
        ] {
            let found = judged(url, Role::Listed).map(|(severity, _)| severity);
            assert_eq!(found, expected, "{url}");
        }
    }
}
