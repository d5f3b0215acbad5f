//! Findings that a report of an earlier run accepts.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::cli::configuration::Base;
use crate::cli::findings::Remark;
use crate::error::{Code, Error, Result};
use crate::load::Loader;

/// The findings of a report by target, and how often each is there by its fingerprint.
#[derive(Default)]
pub(super) struct Baseline {
    targets: BTreeMap<String, BTreeMap<String, usize>>,
    /// What is accepted of a target that the report does not have.
    none: BTreeMap<String, usize>,
    /// What there is to say of the report itself.
    pub(super) remarks: Vec<Remark>,
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
    /// Reads the report at a path, from the working tree or from a revision. What an annotation, a comment or a
    /// configuration accepted when it was written is not accepted by the report.
    ///
    /// # Errors
    /// Those of reading it, and [`Code::InvalidArgument`] for what is no report.
    pub(super) fn read(path: Option<&str>, loader: &Loader, base: Option<&Base>) -> Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let mut baseline = Self::default();
        let file = match base {
            Some(base) => {
                baseline.remarks.extend(base.change(TOPIC, path, loader));
                base.file(path, loader)?
            }
            None => loader.file(path)?,
        };
        let report: Report = serde_json::from_slice(file.bytes()).map_err(|error| {
            let message = format!("`{path}` is no report of findings: {error}");
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

    /// What is accepted of a target.
    pub(super) fn of(&mut self, target: &str) -> &mut BTreeMap<String, usize> {
        self.targets.get_mut(key(target)).unwrap_or(&mut self.none)
    }

    /// What there is to say once all targets are judged: targets of the report that are not among them.
    pub(super) fn unused<'a>(&self, judged: impl Iterator<Item = &'a str>) -> Option<Remark> {
        let judged: Vec<&str> = judged.map(key).collect();
        let has = |(name, findings): &(&String, &BTreeMap<String, usize>)| {
            !findings.is_empty() && !judged.contains(&name.as_str())
        };
        let unused = self.targets.iter().filter(has).map(|(name, _)| format!("`{name}`"));
        let unused: Vec<String> = unused.collect();
        let text =
            format!("the baseline has findings of what is not judged: {}", unused.join(", "));
        (!unused.is_empty()).then(|| Remark::note(TOPIC, text))
    }
}

/// A target however its directory is written.
fn key(target: &str) -> &str {
    let target = target.trim_start_matches("./").trim_end_matches('/');
    if target.is_empty() { "." } else { target }
}
