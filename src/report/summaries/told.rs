//! Objects and places in summaries.

use serde_json::{Value, json};

use crate::resource::ResId;
use crate::source::{Sources, Span};

/// `Kind/name`.
pub(super) fn title(id: &ResId) -> String {
    format!("{}/{}", id.gvk.kind, id.name.as_str())
}

/// An object as JSON.
pub(super) fn object(id: &ResId) -> Value {
    json!({
        "apiVersion": id.gvk.api_version().as_str(),
        "kind": id.gvk.kind.as_str(),
        "namespace": id.namespace.as_str(),
        "name": id.name.as_str(),
    })
}

/// The file and line of a span; empty without one.
pub(super) fn place(span: Span, sources: &Sources) -> String {
    let place = sources.locate(span);
    place.map(|place| format!("{}:{}", place.source.name(), place.line)).unwrap_or_default()
}

/// The file, line and column of a span as JSON.
pub(super) fn location(span: Span, sources: &Sources) -> Value {
    sources.locate(span).map_or(
        Value::Null,
        |place| json!({ "file": place.source.name(), "line": place.line, "column": place.column }),
    )
}
