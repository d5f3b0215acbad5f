//! The verdict on each target: its Pod Security level, and its findings by topic.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::sheet::{Chart, Form, Sheet, Table, numbers, words};
use super::summary::{Summarized, Summary, rendered};
use crate::harden::{Finding, Rule, Set, Settings, Severity, Topic, Verdict};
use crate::resource::ResMap;

/// The verdict on a target.
#[derive(Debug)]
pub struct Posture {
    objects: usize,
    pods: usize,
    /// The strictest level that all pods satisfy; `None` without pods.
    level: Option<Set>,
    /// The rules of the standards that pods violate, with the numbers of objects.
    violated: BTreeMap<&'static str, Violated>,
    /// The numbers of errors, warnings and notes, in the order of [`Topic::ALL`].
    topics: [[usize; 3]; Topic::ALL.len()],
    /// True if a finding counts as a failure.
    fails: bool,
}

#[derive(Debug)]
struct Violated {
    rule: &'static Rule,
    level: &'static str,
    objects: usize,
}

const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Note];

impl Posture {
    /// The verdict on the objects of a target. Findings that are accepted do not count.
    #[must_use]
    pub fn of(objects: &ResMap, findings: &[Finding], pods: usize, settings: &Settings) -> Self {
        let version = settings.facts.profile.version();
        let (mut level, mut violated) = (None, BTreeMap::new());
        for object in objects {
            let Some(verdict) = Verdict::of(object, version) else { continue };
            level = Some(level.map_or(verdict.level(), |known: Set| known.min(verdict.level())));
            let rules: BTreeSet<(&str, &str)> =
                verdict.violated.iter().map(|one| (one.rule.id, one.level.as_str())).collect();
            for (id, level) in rules {
                let Some(rule) = crate::harden::find(id) else { continue };
                let new = Violated { rule, level, objects: 0 };
                violated.entry(rule.id).or_insert(new).objects += 1;
            }
        }
        let mut topics = [[0; 3]; Topic::ALL.len()];
        let open = || findings.iter().filter(|finding| finding.suppressed.is_none());
        for finding in open() {
            let topic = Topic::ALL.iter().position(|topic| *topic == finding.rule.topic());
            let severity = SEVERITIES.iter().position(|one| *one == finding.severity);
            if let (Some(topic), Some(severity)) = (topic, severity) {
                topics[topic][severity] += 1;
            }
        }
        let fails = open().any(|finding| settings.fail_on.counts(finding.severity));
        Self { objects: objects.len(), pods, level, violated, topics, fails }
    }

    fn level(&self) -> &'static str {
        self.level.map_or("no pods", Set::as_str)
    }

    const fn verdict(&self) -> &'static str {
        if self.fails { "fails" } else { "passes" }
    }
}

/// Summarizes the verdicts on all targets by a profile.
#[must_use]
pub fn posture(targets: &[Summarized<Posture>], settings: &Settings) -> Summary {
    let is_used = |at: usize| rendered(targets).any(|(_, one)| one.topics[at] != [0; 3]);
    let used: Vec<usize> = (0..Topic::ALL.len()).filter(|at| is_used(*at)).collect();
    let titles: Vec<&'static str> = used.iter().map(|at| Topic::ALL[*at].as_str()).collect();
    let mut sheet = Sheet { name: "posture", title: "Posture", ..Sheet::default() };
    let (mut rows, mut cells, mut documents) = (Vec::new(), Vec::new(), Vec::new());
    let mut violated: BTreeMap<&str, (&Violated, usize, usize)> = BTreeMap::new();
    for (target, one) in rendered(targets) {
        let told = |counts: &[usize; 3]| counts.map(|count| count.to_string()).join("/");
        let names = vec![
            target.to_owned(),
            one.verdict().to_owned(),
            one.pods.to_string(),
            one.level().to_owned(),
        ];
        let counts = used.iter().map(|at| told(&one.topics[*at]));
        cells.push((names.clone(), used.iter().map(|at| one.topics[*at]).collect()));
        rows.push(names.into_iter().chain(counts).collect());
        for (id, of_target) in &one.violated {
            let (_, in_targets, objects) = violated.entry(id).or_insert((of_target, 0, 0));
            *in_targets += 1;
            *objects += of_target.objects;
        }
        documents.push(document(target, one));
    }
    let passing = rendered(targets).filter(|(_, one)| !one.fails).count();
    let count = rendered(targets).count();
    let profile = settings.facts.profile;
    sheet.figures = vec![(format!("{passing} of {count}"), format!("targets pass {profile}"))];
    for level in [Set::Restricted, Set::Baseline, Set::Privileged] {
        let with = rendered(targets).filter(|(_, one)| one.level == Some(level)).count();
        sheet.figures.push((with.to_string(), level.as_str().to_owned()));
    }
    let title = "Findings by topic: errors, warnings and notes".to_owned();
    let facts = vec!["target", "verdict", "pods", "level"];
    let form = Form::Heat { words: facts, columns: titles.clone(), rows: cells };
    sheet.charts.push(Chart { title, form });
    let columns = [words("target"), words("verdict"), numbers("pods"), words("level")];
    let columns = columns.into_iter().chain(titles.into_iter().map(numbers)).collect();
    sheet.tables.push(Table { columns, rows, is_drawn: true, ..Table::default() });
    let mut violated: Vec<_> = violated.into_values().collect();
    violated.sort_by_key(|(one, targets, objects)| {
        (one.level, std::cmp::Reverse((*targets, *objects)), one.rule.id)
    });
    let row = |(one, targets, objects): (&Violated, usize, usize)| {
        vec![one.level.to_owned(), one.rule.title(), targets.to_string(), objects.to_string()]
    };
    sheet.tables.push(Table {
        title: "Rules that keep pods from a Pod Security level".to_owned(),
        columns: vec![words("level"), words("rule"), numbers("targets"), numbers("objects")],
        rows: violated.into_iter().map(row).collect(),
        ..Table::default()
    });
    if !used.is_empty() {
        sheet
            .notes
            .push("numbers below a topic: errors/warnings/notes; `krender check` lists them");
    }
    Summary::new(sheet, documents.into(), targets)
}

fn document(target: &str, one: &Posture) -> Value {
    let topics = Topic::ALL.iter().zip(&one.topics).filter(|(_, counts)| **counts != [0; 3]);
    let topics = topics.map(|(topic, [errors, warnings, notes])| {
        let counts = json!({ "errors": errors, "warnings": warnings, "notes": notes });
        (topic.as_str().to_owned(), counts)
    });
    let violated = one.violated.values().map(|violated| {
        json!({ "rule": violated.rule.id, "level": violated.level, "objects": violated.objects })
    });
    json!({
        "target": target,
        "verdict": one.verdict(),
        "objects": one.objects,
        "pods": one.pods,
        "level": one.level.map(Set::as_str),
        "topics": topics.collect::<Map<String, Value>>(),
        "violated": violated.collect::<Vec<_>>(),
    })
}
