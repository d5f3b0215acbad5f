//! `krender version`: the version of krender, and that of kustomize whose output it gives.

use std::env::consts::{ARCH, OS};

use clap::Args;
use serde::Serialize;

use super::named::Name;
use super::plugins::Truth;
use super::terminal::{self, Format};
use crate::error::{Code, Error, Result};
use crate::source::{Sources, Span};

/// Print the version, and that of kustomize whose output krender gives
///
/// A program named `kustomize` prints the version of kustomize alone, in kustomize's forms.
#[derive(Args)]
pub(super) struct Version {
    /// Print an object with more details: `json` or `yaml`
    #[arg(short, long, value_name = "FORMAT", default_value = "", hide_default_value = true)]
    output: String,

    /// Print the version and the date of kustomize on one line (deprecated)
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, hide = true)]
    short: Option<bool>,

    /// Accepted without effect, as in kustomize
    #[arg(hide = true)]
    more: Vec<String>,
}

/// The version of the reference.
const REFERENCE: &str = "kustomize/v5.8.1";
/// The commit of kustomize that defines the output, and its date.
const COMMIT: &str = "12f9e6391464b3ad9dd3fe8182049dc1b1772990";
const DATE: &str = "2026-08-20T16:59:14Z";
/// The version of Go that built the reference.
const GO: &str = "go1.26.5";

/// The details, with kustomize's keys in its order. (kustomize, `api/provenance/provenance.go`: `Provenance`.)
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    version: &'static str,
    git_commit: &'static str,
    build_date: &'static str,
    go_os: &'static str,
    go_arch: &'static str,
    go_version: &'static str,
    /// The version of krender; a program named `kustomize` does not print it.
    #[serde(skip_serializing_if = "Option::is_none")]
    krender: Option<&'static str>,
}

impl Version {
    /// Prints the version.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for `--short` together with `--output`.
    pub(super) fn run(&self, format: Format) -> Result<()> {
        super::print(&self.text(Name::own(), format)?)
    }

    fn text(&self, name: Name, format: Format) -> Result<String> {
        let is_short = self.short.unwrap_or_default();
        if is_short && !self.output.is_empty() {
            return Err(Error::new(
                Code::InvalidArgument,
                "--short and --output are mutually exclusive",
            )
            .help("omit `--short`, which is deprecated"));
        }
        if is_short {
            // kustomize's words.
            let text = "Flag --short has been deprecated, and will be removed in the future.";
            terminal::warning(text, Span::NONE, &Sources::new(), format);
            return Ok(format!("{{{REFERENCE}  {DATE}   }}\n"));
        }
        let krender = (name != Name::Kustomize).then_some(env!("CARGO_PKG_VERSION"));
        let details = Details {
            version: REFERENCE,
            git_commit: COMMIT,
            build_date: DATE,
            go_os: if OS == "macos" { "darwin" } else { OS },
            go_arch: match ARCH {
                "x86_64" => "amd64",
                "aarch64" => "arm64",
                arch => arch,
            },
            go_version: GO,
            krender,
        };
        let reference = REFERENCE.trim_start_matches("kustomize/");
        Ok(match (&*self.output, krender) {
            ("", None) => format!("{reference}\n"),
            // Programs that look for the version of kustomize take the first one.
            ("", Some(own)) => format!(
                "kustomize {reference} (commit {}, {})\nkrender {own}\n",
                &COMMIT[..9],
                &DATE[..10]
            ),
            ("json", _) => json(&details)? + "\n",
            ("yaml", _) => yaml(&details) + "\n",
            (other, _) => {
                // As in kustomize, nothing is printed.
                let text =
                    format!("`--output` cannot be `{other}`: its values are `json` and `yaml`");
                terminal::warning(&text, Span::NONE, &Sources::new(), format);
                String::new()
            }
        })
    }
}

fn json(details: &Details) -> Result<String> {
    serde_json::to_string_pretty(details)
        .map_err(|error| Error::new(Code::WriteFailed, error.to_string()))
}

/// The details as YAML: each value but the date is a word that needs no quotes.
fn yaml(details: &Details) -> String {
    let Details { version, git_commit, build_date, go_os, go_arch, go_version, krender } = details;
    let krender = krender.map(|version| format!("krender: {version}\n")).unwrap_or_default();
    format!(
        "version: {version}\ngitCommit: {git_commit}\nbuildDate: \"{build_date}\"\ngoOs: {go_os}\n\
         goArch: {go_arch}\ngoVersion: {go_version}\n{krender}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: Name, output: &str, short: bool) -> Result<String> {
        let version = Version { output: output.to_owned(), short: Some(short), more: Vec::new() };
        version.text(name, Format::Human)
    }

    #[test]
    fn kustomize_is_named_alone_or_first() {
        assert_eq!(text(Name::Kustomize, "", false).unwrap(), "v5.8.1\n");
        let both = text(Name::Krender, "", false).unwrap();
        assert!(both.starts_with("kustomize v5.8.1 (commit 12f9e6391, 2026-08-20)\nkrender "));
        let short = text(Name::Krender, "", true).unwrap();
        assert_eq!(short, "{kustomize/v5.8.1  2026-08-20T16:59:14Z   }\n");
    }

    #[test]
    fn the_details_have_the_keys_of_kustomize_in_its_order() {
        let json = text(Name::Kustomize, "json", false).unwrap();
        let yaml = text(Name::Kustomize, "yaml", false).unwrap();
        let keys = |text: &str, mark: char| -> Vec<String> {
            let line =
                |line: &str| Some(line.split_once(mark)?.0.trim().trim_matches('"').to_owned());
            text.lines().filter_map(line).collect()
        };
        let expected = ["version", "gitCommit", "buildDate", "goOs", "goArch", "goVersion"];
        assert_eq!(keys(&json, ':'), expected);
        assert_eq!(keys(&yaml, ':'), expected);
        assert!(yaml.ends_with("\n\n"), "a line break after the object");
        assert!(text(Name::Krender, "json", false).unwrap().contains("\"krender\": \"0."));
    }

    #[test]
    fn another_format_prints_nothing() {
        assert_eq!(text(Name::Krender, "bad", false).unwrap(), "");
        assert!(text(Name::Krender, "json", true).is_err());
    }
}
