//! `--baseline`: accepts the findings of an earlier report.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::compared::Compared;
use crate::cli::configuration::Base;
use crate::error::{Code, Error, Result};
use crate::harden::{self, Settings, SuppressedBy, Suppression};
use crate::load::Loader;
use crate::report::findings::{Checked, Judged, Remark};
use crate::text::phrase::few;

/// Findings of a report, by target, fingerprint and values.
#[derive(Default)]
pub(in crate::cli) struct Baseline {
    targets: BTreeMap<String, BTreeMap<String, Compared<Entry>>>,
    /// Remarks about the report itself.
    pub(in crate::cli) remarks: Vec<Remark>,
}

#[derive(Deserialize)]
struct Report {
    /// The version of the format; absent in what is not written by krender.
    #[serde(default)]
    version: Option<u64>,
    roots: Vec<Root>,
}

#[derive(Deserialize)]
struct Root {
    root: String,
    findings: Vec<Written>,
}

/// Equal findings of a report.
#[derive(Default)]
struct Entry {
    /// The number of those that no finding has matched.
    left: usize,
    rule: String,
    object: String,
}

#[derive(Deserialize)]
struct Written {
    fingerprint: String,
    /// Absent in reports of earlier versions: then the fingerprint decides alone.
    #[serde(default)]
    values: Option<Vec<String>>,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    object: WrittenObject,
    #[serde(default)]
    suppressed: Option<Suppressed>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WrittenObject {
    kind: String,
    name: String,
}

#[derive(Deserialize)]
struct Suppressed {
    by: String,
}

const TOPIC: &str = "baseline";

/// The version of the format of reports.
const VERSION: u64 = 1;

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
                let Some(file) = base.file_before_change(path, loader)? else {
                    return Ok(baseline);
                };
                file
            }
            None => loader.file(path)?,
        };
        let report: Report = serde_json::from_slice(file.bytes()).map_err(|error| {
            let message = format!("`{path}` is not a report of findings: {error}");
            Error::new(Code::InvalidArgument, message)
                .help("write one with `krender check --format json --fail-on never`")
        })?;
        if let Some(version) = report.version.filter(|version| *version != VERSION) {
            let message =
                format!("`{path}` is a report of version {version}, expected version {VERSION}");
            let help = "write one with this krender: `krender check --format json --fail-on never`";
            return Err(Error::new(Code::InvalidArgument, message).help(help));
        }
        for Root { root, findings } in report.roots {
            let known = baseline.targets.entry(key(&root).to_owned()).or_default();
            let is_open = |one: &Written| one.suppressed.as_ref().is_none_or(|by| by.by == TOPIC);
            for written in findings.into_iter().filter(is_open) {
                let mut values = written.values;
                values.iter_mut().for_each(|values| values.sort_unstable());
                let entry = known.entry(written.fingerprint).or_default().of(values);
                entry.left += 1;
                entry.rule = written.rule;
                entry.object = format!("{} `{}`", written.object.kind, written.object.name);
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
            let take = |entry: &mut Entry| {
                let is_left = entry.left > 0;
                entry.left -= usize::from(is_left);
                is_left
            };
            let accepted = known.get_mut(&checked.fingerprint(finding));
            if accepted.is_some_and(|known| known.take(checked.values(finding), take)) {
                let (by, reason) = (SuppressedBy::Baseline, String::new());
                checked.findings[place].suppressed = Some(Box::new(Suppression { by, reason }));
            }
        }
    }

    /// Remarks about entries of the report that accept nothing: those of targets that were not checked in this run, and those
    /// that no finding of their target matches.
    pub(in crate::cli) fn unused(&self, judged: &[Judged], settings: &Settings) -> Vec<Remark> {
        let names: BTreeSet<&str> = judged.iter().map(|one| key(&one.target)).collect();
        let is_checked = |one: &&Judged| one.outcome.is_ok();
        let checked: BTreeSet<&str> =
            judged.iter().filter(is_checked).map(|one| key(&one.target)).collect();
        let (mut unused, mut stale) = (Vec::new(), Vec::new());
        for (name, entries) in self.targets.iter().filter(|(_, entries)| !entries.is_empty()) {
            if !names.contains(&**name) {
                unused.push(format!("`{name}`"));
            } else if checked.contains(&**name) {
                let is_asked = |entry: &&Entry| {
                    entry.left > 0
                        && harden::find(&entry.rule).is_none_or(|rule| settings.asks(rule))
                };
                let told =
                    |entry: &Entry| format!("{} of {} in `{name}`", entry.rule, entry.object);
                stale.extend(entries.values().flat_map(Compared::all).filter(is_asked).map(told));
            }
        }
        let mut remarks = Vec::new();
        if !unused.is_empty() {
            let text = format!(
                "the baseline has findings of targets that were not checked: {}",
                few(&unused, MOST, String::clone)
            );
            remarks.push(Remark::note(TOPIC, text));
        }
        if !stale.is_empty() {
            let count = match stale.len() {
                1 => "1 entry of the baseline accepts".to_owned(),
                count => format!("{count} entries of the baseline accept"),
            };
            let names = few(&stale, MOST, String::clone);
            let text = format!("{count} nothing any more, as the findings are gone: {names}");
            remarks.push(Remark::note(TOPIC, text));
        }
        remarks
    }
}

/// Maximum number of targets or entries that a remark names.
const MOST: usize = 5;

/// Normalised path of a target, which is its key.
fn key(target: &str) -> &str {
    let target = target.trim_start_matches("./").trim_end_matches('/');
    if target.is_empty() { "." } else { target }
}
