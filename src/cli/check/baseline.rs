//! `--baseline`: accepts the findings of an earlier report.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::cli::configuration::Base;
use crate::error::{Code, Error, Result};
use crate::harden::{SuppressedBy, Suppression};
use crate::load::Loader;
use crate::report::findings::{Checked, Remark};

/// Number of findings in a report, by target and fingerprint.
#[derive(Default)]
pub(in crate::cli) struct Baseline {
    targets: BTreeMap<String, BTreeMap<String, usize>>,
    /// Remarks about the report itself.
    pub(in crate::cli) remarks: Vec<Remark>,
}

#[derive(Deserialize)]
struct Report {
    roots: Vec<Root>,
}

#[derive(Deserialize)]
struct Root {
    root: String,
    findings: Vec<Written>,
}

#[derive(Deserialize)]
struct Written {
    fingerprint: String,
    #[serde(default)]
    suppressed: Option<Suppressed>,
}

#[derive(Deserialize)]
struct Suppressed {
    by: String,
}

const TOPIC: &str = "baseline";

impl Baseline {
    /// Reads a report from the working tree or from a revision. Findings that were suppressed otherwise when it was
    /// written, by an annotation, a comment or a configuration, are not part of the baseline.
    ///
    /// # Errors
    /// Those of reading the file, and [`Code::InvalidArgument`] if it is not a report.
    pub(in crate::cli) fn read(
        path: Option<&str>,
        loader: &Loader,
        base: Option<&Base>,
    ) -> Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let mut baseline = Self::default();
        let file = match base {
            Some(base) => {
                baseline.remarks.extend(base.change(TOPIC, path, loader));
                base.file(path)?
            }
            None => loader.file(path)?,
        };
        let report: Report = serde_json::from_slice(file.bytes()).map_err(|error| {
            let message = format!("`{path}` is not a report of findings: {error}");
            Error::new(Code::InvalidArgument, message)
                .help("write one with `krender check --format json --fail-on never`")
        })?;
        for Root { root, findings } in report.roots {
            let known = baseline.targets.entry(key(&root).to_owned()).or_default();
            let is_open = |one: &Written| one.suppressed.as_ref().is_none_or(|by| by.by == TOPIC);
            for written in findings.into_iter().filter(is_open) {
                *known.entry(written.fingerprint).or_default() += 1;
            }
        }
        Ok(baseline)
    }

    /// Suppresses the findings of a target that the report has, each as often as it is there.
    pub(in crate::cli) fn accept(&mut self, target: &str, checked: &mut Checked) {
        let Some(known) = self.targets.get_mut(key(target)) else { return };
        for place in 0..checked.findings.len() {
            let finding = &checked.findings[place];
            if finding.suppressed.is_some() {
                continue;
            }
            let accepted = known.get_mut(&checked.fingerprint(finding));
            if let Some(left) = accepted.filter(|left| **left > 0) {
                *left -= 1;
                let (by, reason) = (SuppressedBy::Baseline, String::new());
                checked.findings[place].suppressed = Some(Suppression { by, reason });
            }
        }
    }

    /// A remark about targets of the report that were not checked in this run.
    pub(in crate::cli) fn unused<'a>(
        &self,
        judged: impl Iterator<Item = &'a str>,
    ) -> Option<Remark> {
        let judged: Vec<&str> = judged.map(key).collect();
        let has = |(name, findings): &(&String, &BTreeMap<String, usize>)| {
            !findings.is_empty() && !judged.contains(&name.as_str())
        };
        let unused = self.targets.iter().filter(has).map(|(name, _)| format!("`{name}`"));
        let unused: Vec<String> = unused.collect();
        let text = format!(
            "the baseline has findings of targets that were not checked: {}",
            unused.join(", ")
        );
        (!unused.is_empty()).then(|| Remark::note(TOPIC, text))
    }
}

/// Normalised path of a target, which is its key.
fn key(target: &str) -> &str {
    let target = target.trim_start_matches("./").trim_end_matches('/');
    if target.is_empty() { "." } else { target }
}
