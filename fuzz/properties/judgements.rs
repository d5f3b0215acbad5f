//! Properties of rules that read languages of their own: Dockerfiles, and expressions.

use krender::dockerfile::{self, Judged};
use krender::harden::{self, Finding, Kind, Phase, Profile, Settings};
use krender::load::{self, Loader, Memory};
use krender::resource;
use krender::schema::Schema;
use krender::source::Sources;
use krender::yaml::parse;

/// A Dockerfile is judged, or an error; findings are within its text, and the same each time.
///
/// The bytes are the Dockerfile.
pub(crate) fn dockerfile_rules(bytes: &[u8]) {
    let judged = || {
        let files = Memory::new().file("Dockerfile", bytes).file(".env", "PASSWORD=hunter2\n");
        let loader = Loader::new(files, load::Options::default());
        let mut settings = Settings::of("paranoid".parse().expect("a profile"));
        settings.phase = Phase::Dockerfiles;
        let found = dockerfile::find(&loader, ".").ok()?;
        let judged = dockerfile::check(&loader, &found, true, &[], &settings).ok()?;
        let Judged { dockerfiles, findings, failed, .. } = judged;
        assert!(failed.is_empty() || findings.is_empty(), "one file has either");
        for finding in &findings {
            assert!(dockerfiles.get(finding.place).is_some(), "{finding:?} is of no file");
            let place = loader.sources().locate(finding.span);
            assert!(place.is_some_and(|place| place.line > 0), "{finding:?} has no place");
        }
        Some(findings.iter().map(told).collect::<Vec<_>>())
    };
    assert_eq!(judged(), judged());
}

fn told(finding: &Finding) -> String {
    format!("{} {:?} {}", finding.rule.id(), finding.span, finding.message)
}

/// The objects that expressions look at.
const OBJECTS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web, 'a.b/c': ''}}
spec:
  replicas: 2
  template:
    spec: {containers: [{name: web, image: 'web:1.0', resources: {limits: {memory: 1Gi}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{port: 80}, {port: 8.5}], selector: {app: web}, empty: {}, none: ~}
";

/// An expression is refused, or evaluated within its limits: with the same findings each time, each about an object.
///
/// The bytes are the expression.
pub(crate) fn expressions(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let judged = || {
        let sources = Sources::new();
        let configuration = format!(
            "apiVersion: krender.dev/v1alpha1\nkind: Hardening\nspec: {{rules: {{OWN-1: {{validate: {}}}}}}}\n",
            quoted(text)
        );
        let source = sources.add("hardening.yaml", configuration).ok()?;
        let root = parse::document(&source).ok()??.root;
        let settings = Settings::read(&root, &[Kind::Hardening], Profile::default()).ok()?;
        let source = sources.add("objects.yaml", OBJECTS).ok()?;
        let documents = parse::documents(&source).ok()?;
        let objects = resource::read(&source, &documents, &Schema::default()).ok()?.into();
        let findings = harden::check(&objects, &sources, &settings);
        assert!(findings.iter().all(|finding| objects.get(finding.place).is_some()));
        Some(findings.iter().map(told).collect::<Vec<_>>())
    };
    assert_eq!(judged(), judged());
}

/// A text in double quotes, as YAML has it.
fn quoted(text: &str) -> String {
    let letter = |letter: char| match letter {
        '"' | '\\' => format!("\\{letter}"),
        ' '..='~' => letter.to_string(),
        _ => format!("\\U{:08x}", u32::from(letter)),
    };
    format!("\"{}\"", text.chars().map(letter).collect::<String>())
}
