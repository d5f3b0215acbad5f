//! The effects of an upgrade as one JSON document.

use serde_json::{Map, Value, json};

use super::effects::{Effects, Found, Judged};
use crate::harden::{Effect, Rewrite, Severity};
use crate::source::Sources;
use crate::text::escape;

/// Writes the document, with a line break at its end. The format is described in `docs/upgrade.md`.
#[must_use]
pub fn json(effects: &Effects<'_>) -> String {
    let Effects { upgrade, targets, sources } = effects;
    let found = || targets.iter().filter_map(|one| one.outcome.as_ref().ok());
    let count = |severity| found().map(|one| one.count(severity)).sum::<usize>();
    let failed = targets.iter().filter(|one| one.outcome.is_err()).map(|one| &one.target);
    let document = json!({
        "version": 1,
        "krender": env!("CARGO_PKG_VERSION"),
        "from": upgrade.from.to_string(),
        "to": upgrade.to.to_string(),
        "targets": targets.iter().filter_map(|one| target(one, sources)).collect::<Vec<_>>(),
        "failed": failed.collect::<Vec<_>>(),
        "summary": {
            "errors": count(Severity::Error),
            "warnings": count(Severity::Warning),
            "notes": count(Severity::Note),
        },
    });
    let text = serde_json::to_string_pretty(&document).unwrap_or_default();
    escape::json_text(&text) + "\n"
}

fn target(judged: &Judged, sources: &Sources) -> Option<Value> {
    let Found { objects, effects } = judged.outcome.as_ref().ok()?;
    let effects = effects.iter().map(|one| effect(one, sources)).collect::<Vec<_>>();
    Some(json!({ "target": judged.target, "objects": objects, "effects": effects }))
}

fn effect(effect: &Effect, sources: &Sources) -> Value {
    let Effect { kind, severity, since, object, container, field, span, message, rewrite, source } =
        effect;
    let mut fields = Map::new();
    fields.insert("kind".into(), kind.as_str().into());
    fields.insert("severity".into(), severity.as_str().into());
    if let Some(since) = since {
        fields.insert("since".into(), format!("v1.{since}").into());
    }
    let object = json!({
        "apiVersion": object.gvk.api_version().as_str(),
        "kind": object.gvk.kind.as_str(),
        "namespace": object.namespace.as_str(),
        "name": object.name.as_str(),
    });
    fields.insert("object".into(), object);
    if let Some(container) = container {
        fields.insert("container".into(), container.as_str().into());
    }
    fields.insert("field".into(), field.as_str().into());
    if let Some(place) = sources.locate(*span) {
        let place =
            json!({ "file": place.source.name(), "line": place.line, "column": place.column });
        fields.insert("location".into(), place);
    }
    fields.insert("message".into(), message.as_str().into());
    if let Some(Rewrite { old, new, moves }) = rewrite {
        let version =
            |(version, kind): &(String, String)| json!({ "apiVersion": version, "kind": kind });
        let rewrite = json!({
            "old": version(old),
            "new": new.as_ref().map(version),
            "moves": moves,
        });
        fields.insert("rewrite".into(), rewrite);
    }
    if !source.is_empty() {
        fields.insert("source".into(), (*source).into());
    }
    fields.into()
}
