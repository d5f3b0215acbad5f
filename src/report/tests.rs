//! Every format against every character that [`escape`] treats.

use std::io;

use serde_json::Value;

use super::errors;
use super::findings::text::Detail;
use super::findings::{
    Checked, Context, Findings, Judged, Remark, Repository, Subject, github, gitlab, junit, sarif,
};
use super::summaries::{By, Posture, Summarized};
use super::{findings, reviews, summaries, upgrades};
use crate::diff::{self, Failure, Rendered, Review, Side, Target, TargetReview};
use crate::error::{Code, Error, Result};
use crate::harden::{
    self, Definitions, Finding, Lowering, LoweringKind, Settings, Severity, TARGET_NOT_JUDGED,
    Upgrade,
};
use crate::resource::ResMap;
use crate::resource::sample::{read, schema};
use crate::resource::secret::Shield;
use crate::source::{Sources, Span};
use crate::text::escape::{is_invisible, visible};
use crate::yaml::{self, Scalar};

/// Number of characters in one text: few enough that no format shortens it.
const TOGETHER: usize = 32;

/// All characters of the set, in texts of a few. Those in the first texts can be in rendered YAML.
fn texts() -> [Vec<String>; 2] {
    let set = ('\0'..=char::MAX).filter(|character| is_invisible(*character));
    let can_be_rendered = |character: &char| {
        let scalar = Scalar::string(&character.to_string(), Span::NONE);
        yaml::emit(&scalar.into(), &mut String::new()).is_ok()
    };
    let (rendered, others): (Vec<char>, Vec<char>) = set.partition(can_be_rendered);
    [rendered, others].map(|characters| {
        let text = |few: &[char]| format!("x{}y", few.iter().collect::<String>());
        characters.chunks(TOGETHER).map(text).collect()
    })
}

/// The text as a YAML string.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|character| match character {
        'x' | 'y' => character.to_string(),
        _ => format!("\\U{:08x}", u32::from(character)),
    });
    escaped.collect()
}

/// A pod and a ConfigMap with the text in names, keys and values.
fn objects(text: &str, value: &str) -> String {
    let text = quoted(text);
    format!(
        r#"apiVersion: v1
kind: Pod
metadata:
  name: "{text}"
  namespace: "{text}"
  labels: {{"{text}": "{value}{text}"}}
  annotations: {{ignore.krender.dev/KR-IMG-001: "{text}", "ignore.krender.dev/{text}": r}}
spec:
  volumes: [{{name: "{text}", hostPath: {{path: "/{value}{text}"}}}}]
  containers:
  - name: "{text}"
    image: "{text}:{value}"
    env: [{{name: "{text}", value: "{value}{text}\n{text}\n"}}]
    securityContext: {{privileged: true, capabilities: {{add: ["{text}"]}}}}
---
apiVersion: v1
kind: "K{text}"
metadata: {{name: "{text}"}}
data: {{"{text}": "{value}{text}", "{text}.{text}": "{value}\n{text}\n"}}
"#
    )
}

/// An error with the text in all its parts, also in the line that is drawn.
fn error(text: &str, sources: &Sources) -> Error {
    let file = sources.add(text, format!("a: {text} # {text}\nb: {text}\n")).unwrap();
    Error::new(Code::InvalidValue, text)
        .at(file.span(0, 4))
        .label(text)
        .note(file.span(1, 2), text)
        .note(Span::NONE, text)
        .step(text)
        .help(text)
        .for_targets(&[text.to_owned()])
}

/// Errors and warnings in every format; JSON comes last.
fn of_errors(text: &str) -> Vec<(&'static str, String)> {
    let (sources, shield) = (Sources::new(), Shield::default());
    let error = error(text, &sources);
    vec![
        ("errors, human", errors::human::errors(&error, &sources, &shield)),
        ("warning, human", errors::human::warning(text)),
        ("errors, json", errors::json::errors(&error, &sources, &shield)),
        ("warning, json", errors::json::warning(text, Span::NONE, &[text.to_owned()], &sources)),
    ]
}

struct Collected(String);

impl findings::text::Output for Collected {
    fn has_colours(&self) -> bool {
        true
    }

    fn drawn(&mut self, text: &str) -> Result<()> {
        self.plain(text)
    }

    fn plain(&mut self, text: &str) -> Result<()> {
        self.0.push_str(text);
        Ok(())
    }
}

/// Findings in every format.
fn of_findings(text: &str, objects: &str) -> Vec<(&'static str, String)> {
    let sources = Sources::new();
    let error = error(text, &sources);
    let resources = read(objects).unwrap().into();
    let settings = Settings::of("paranoid".parse().unwrap());
    let mut found = harden::check(&resources, &sources, &settings);
    let (rule, severity) = (&TARGET_NOT_JUDGED, Severity::Error);
    found.push(Finding::of_target(rule, text, text.to_owned(), severity, error.span()));
    let checked = Checked { resources, pods: 1, findings: found, evidence: Default::default() };
    let targets = [Ok(checked), Err(error)].map(|outcome| Judged {
        target: text.to_owned(),
        file: None,
        outcome,
    });
    let lowering = Lowering { kind: LoweringKind::Value, rule: None, text: text.to_owned() };
    let context = Context {
        subject: Subject::default(),
        settings,
        configuration: Some(text.to_owned()),
        lowerings: vec![lowering],
        passed_over: vec![(text.to_owned(), text.to_owned())],
        remarks: vec![Remark::note("configuration", text.to_owned())],
        revision: Some(text.to_owned()),
        repository: Repository::default(),
    };
    let findings = Findings::new(&targets, &context, &sources);
    let drawn = [Detail::Full, Detail::Concise].map(|detail| {
        let mut drawn = Collected(String::new());
        findings::text::write(&findings, detail, true, Some(10_000), &mut drawn).unwrap();
        drawn.0
    });
    let [full, concise] = drawn;
    let written = |write: fn(&Findings<'_>, &mut dyn io::Write) -> io::Result<()>| {
        let mut out = Vec::new();
        write(&findings, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    vec![
        ("findings, full text", full),
        ("findings, concise text", concise),
        ("findings, gitlab json", written(gitlab::write)),
        ("findings, github", written(github::write)),
        ("findings, junit", written(junit::write)),
        ("findings, json", written(findings::json::write)),
        ("findings, sarif", written(sarif::write)),
    ]
}

/// A review in every format.
fn of_reviews(text: &str, [before, after]: [&str; 2]) -> Vec<(&'static str, String)> {
    let rendered = |objects: &str| {
        Side::Rendered(Rendered { resources: read(objects).unwrap().into(), schema: schema() })
    };
    let sources = Sources::new();
    let failure =
        || Side::Failed(Failure::of(&error(text, &sources), &sources, &Shield::default()));
    let sides = [
        (rendered(before), rendered(after)),
        (Side::Absent, rendered(after)),
        (rendered(before), rendered("")),
        (rendered(before), failure()),
        (Side::Absent, rendered("")),
        (failure(), failure()),
        (failure(), Side::Absent),
    ];
    let options = diff::Options { renders: true, ..diff::Options::default() };
    let reviews = sides.into_iter().enumerate().map(|(place, (before, after))| {
        let moved_from = (place == 0).then(|| text.to_owned());
        let target = Target { name: format!("{text}{place}"), moved_from, before, after };
        TargetReview::of(&target, &options)
    });
    let review = Review::of(reviews.collect(), &options);
    vec![
        ("review, text", reviews::text::write(&review, 10_000)),
        ("review, markdown", reviews::markdown::write(&review, reviews::markdown::Place::GitHub)),
        ("review, unified", reviews::unified::write(&review)),
        ("review, html", reviews::html::write(&review)),
        ("review, json", reviews::json::write(&review).unwrap()),
    ]
}

/// Summaries and effects of an upgrade in every format.
fn of_targets(text: &str) -> Vec<(&'static str, String)> {
    let sources = Sources::new();
    let error = error(text, &sources);
    let text_in_yaml = quoted(text);
    let objects = format!(
        "{}---\napiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {{name: \"{text_in_yaml}\"}}\n",
        objects(text, "old")
    );
    let resources: ResMap = read(&objects).unwrap().into();
    let settings = Settings::of("paranoid".parse().unwrap());
    let (facts, target) = (&settings.facts, || text.to_owned());
    fn with<T>(target: String, one: T, error: &Error) -> [Summarized<T>; 2] {
        let failed = Summarized { target: target.clone(), outcome: Err(error.clone()) };
        [Summarized { target, outcome: Ok(one) }, failed]
    }
    let capacity = || with(target(), harden::capacity(&resources, facts, 1), &error);
    let findings = harden::check(&resources, &sources, &settings);
    let posture = Posture::of(&resources, &findings, 1, &settings);
    let uses = summaries::of_manifests(&resources, facts);
    let mut outputs = Vec::new();
    for summary in [
        summaries::qos(&capacity(), &sources),
        summaries::resources(&capacity(), By::Workload, &sources),
        summaries::posture(&with(target(), posture, &error), &settings),
        summaries::images(&with(target(), uses, &error), &sources),
    ] {
        outputs.push(("summary, text", summary.text()));
        outputs.push(("summary, csv", summary.csv()));
        outputs.push(("summary, html", summary.html()));
        outputs.push(("summary, json", summary.json()));
    }
    let upgrade = Upgrade { from: "1.20".parse().unwrap(), to: "1.37".parse().unwrap() };
    let effects = upgrade.effects(&resources, &Definitions::default());
    let found = upgrades::Found { objects: resources.len(), effects };
    let targets = [Ok(found), Err(error)]
        .map(|outcome| upgrades::Judged { target: text.to_owned(), outcome });
    let effects = upgrades::Effects { upgrade, targets: &targets, sources: &sources };
    outputs.push(("upgrade, text", upgrades::text(&effects)));
    outputs.push(("upgrade, json", upgrades::json(&effects)));
    outputs
}

/// Text without the colours of krender.
fn plain(text: &str) -> String {
    let mut pieces = text.split("\u{1b}[");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest = piece
            .trim_start_matches(|character: char| character.is_ascii_digit() || character == ';');
        plain += rest.strip_prefix('m').unwrap_or("a raw escape\u{1b}");
    }
    plain
}

/// True if a string in a JSON value contains the text.
fn contains(value: &Value, text: &str) -> bool {
    match value {
        Value::String(string) => string.contains(text),
        Value::Array(items) => items.iter().any(|item| contains(item, text)),
        Value::Object(entries) => {
            entries.iter().any(|(key, item)| key.contains(text) || contains(item, text))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Asserts that no character of the text is in the output as it is, and that all are there in an escaped form.
fn assert_escaped(format: &str, output: &str, text: &str) {
    let is_json = format.ends_with("json") || format.ends_with("sarif");
    // Tabs are only white space to a person.
    let is_kept = |character: char| character == '\n' || character == '\t' && !is_json;
    let raw = plain(output).chars().find(|&one| is_invisible(one) && !is_kept(one));
    assert_eq!(raw, None, "{format}: {text:?}: {output:?}");
    if is_json {
        let mut values = serde_json::Deserializer::from_str(output).into_iter::<Value>();
        assert!(
            values.any(|value| contains(&value.unwrap(), text)),
            "{format}: {text:?}: {output}"
        );
    } else {
        assert!(output.contains(&*visible(text)), "{format}: {text:?}: {output}");
    }
}

#[test]
fn no_format_writes_an_invisible_character() {
    let [rendered, others] = texts();
    assert!(rendered.len() > 4000 / TOGETHER && !others.is_empty());
    for text in rendered.iter().chain(&others) {
        let mut outputs = of_errors(text);
        outputs.extend(of_findings(text, &objects(text, "old")));
        outputs.extend(of_reviews(text, [&objects(text, "old"), &objects(text, "new")]));
        outputs.extend(of_targets(text));
        for (format, output) in outputs {
            assert_escaped(format, &output, text);
        }
    }
}
