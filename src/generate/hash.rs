//! Name suffix hashes: new content gives a resource a new name, and so restarts the pods that refer to it.

use sha2::{Digest, Sha256};

use super::layout;
use crate::error::{Error, Result};
use crate::limits::Budget;
use crate::resource::{ResMap, Resource};
use crate::source::Sources;
use crate::yaml::{self, Kind, Node, Scalar, Style, Tag, TakeText};

/// Appends a hash of its content to the name of every resource that needs one, and records the old name. Linear in the
/// size of these resources. (kustomize, `api/internal/builtins/HashTransformer.go`.)
///
/// # Errors
/// For each that cannot be hashed: as [`yaml::to_json_by`], or [`layout::memory`] if it is neither a ConfigMap nor a
/// Secret; [`Code::LimitExceeded`](crate::error::Code::LimitExceeded) if the content exceeds the budget.
pub fn hash(resources: &mut ResMap, sources: &Sources, budget: &Budget) -> Result<()> {
    if !resources.iter().any(|resource| resource.needs_hash) {
        return Ok(());
    }
    let mut errors = Vec::new();
    for resource in resources.iter_mut().filter(|resource| resource.needs_hash) {
        let hashed = content_hash(resource, sources, budget).and_then(|hash| {
            resource.names_mut().push_previous_id();
            let (name, span) = (format!("{}-{hash}", resource.name()), resource.span());
            resource.set_name(&name, span)
        });
        let id = resource.id();
        errors.extend(hashed.map_err(|error| error.step(format!("while hashing `{id}`"))).err());
    }
    Error::all(errors).map_or(Ok(()), Err)
}

/// The first ten hexadecimal digits of the SHA-256 of the content. Vowels and similar-looking characters are replaced.
fn content_hash(resource: &Resource, sources: &Sources, budget: &Budget) -> Result<String> {
    const DIGITS: &[u8; 16] = b"gh2k456789mbcdtf";
    let mut digest = Sha256::new();
    if !matches!(resource.kind(), "ConfigMap" | "Secret") {
        // The hashed text is several times as long as the node.
        (0..4).try_for_each(|_| resource.node().charge(budget, resource.span()))?;
    }
    content(resource, sources, &mut |part| {
        digest.update(part);
        budget.bytes(part.len(), resource.span())
    })?;
    let digest = digest.finalize();
    let digit = |bits: u8| char::from(DIGITS[usize::from(bits & 0xF)]);
    Ok(digest.iter().take(5).flat_map(|&byte| [digit(byte >> 4), digit(byte)]).collect())
}

/// Passes the hashed content as JSON to `take`, in parts, since it may be six times as long as the text. Its name is
/// always empty, because kustomize looks for a field `metadata/name`. (kustomize, `api/hasher/hasher.go`.)
fn content(resource: &Resource, sources: &Sources, take: &mut TakeText<'_>) -> Result<()> {
    let node = resource.node();
    match resource.kind() {
        "ConfigMap" => {
            take("{")?;
            push_collection("binaryData", node, take)?;
            push("data", node, take)?;
            take(r#","kind":"ConfigMap","name":"""#)?;
        }
        "Secret" => {
            take("{")?;
            push("data", node, take)?;
            take(r#","kind":"Secret","name":"","#)?;
            push_collection("stringData", node, take)?;
            push("type", node, take)?;
        }
        _ => return take(&layout::memory(resource, sources)?),
    }
    take("}")
}

/// Appends a field; an absent one is empty text. A scalar is appended as text, whatever its type.
fn push(field: &str, node: &Node, take: &mut TakeText<'_>) -> Result<()> {
    take(&format!("\"{field}\":"))?;
    let Some(value) = node.get(field).filter(|value| !value.is_null()) else {
        return take("\"\"");
    };
    match value.kind() {
        Kind::Scalar => {
            let text = value.as_text().unwrap_or_default();
            let text = Scalar::parsed(text, Tag::Str, Style::DoubleQuoted, value.span());
            yaml::to_json_by(&text.into(), take)
        }
        Kind::Mapping => yaml::to_json_by(value, take),
        // A mapping is expected; other nodes are not converted.
        Kind::Sequence => take("null"),
    }
}

/// Appends a field and a comma if it is a collection.
fn push_collection(field: &str, node: &Node, take: &mut TakeText<'_>) -> Result<()> {
    let is_collection = node.get(field).is_some_and(|value| value.as_scalar().is_none());
    if is_collection {
        push(field, node, take)?;
        take(",")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use crate::resource::sample::{read, resource};

    /// Names with the hashes that kustomize adds.
    #[test]
    fn equal_content_has_an_equal_hash() {
        let table = [
            ("{kind: ConfigMap, metadata: {name: a}}", "6ct58987ht"),
            ("{kind: ConfigMap, metadata: {name: b}, data: {a: b}}", "4h2mbtbbt6"),
        ];
        for (text, expected) in table {
            let hash = content_hash(&resource(text), &Sources::new(), &Budget::default());
            assert_eq!(hash.unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn the_content_is_json_without_a_name() {
        let table = [
            (
                "{kind: ConfigMap, metadata: {name: a}, data: {b: '<', a: 1}, binaryData: ~}",
                r#"{"data":{"a":1,"b":"\u003c"},"kind":"ConfigMap","name":""}"#,
            ),
            (
                "{kind: ConfigMap, metadata: {name: a}, data: [], binaryData: {x: YQ==}}",
                r#"{"binaryData":{"x":"YQ=="},"data":null,"kind":"ConfigMap","name":""}"#,
            ),
            (
                "{kind: Secret, metadata: {name: a}, data: {}, stringData: {a: b}, type: 1e3}",
                r#"{"data":{},"kind":"Secret","name":"","stringData":{"a":"b"},"type":"1e3"}"#,
            ),
            (
                "{kind: Secret, metadata: {name: a}, stringData: x}",
                r#"{"data":"","kind":"Secret","name":"","type":""}"#,
            ),
        ];
        for (text, expected) in table {
            let mut json = String::new();
            let mut take = |part: &str| {
                json.push_str(part);
                Ok(())
            };
            content(&resource(text), &Sources::new(), &mut take).unwrap();
            assert_eq!(json, expected);
        }
    }

    #[test]
    fn the_name_without_the_hash_is_remembered() {
        let mut map: ResMap = read(
            "{kind: ConfigMap, metadata: {name: a}}\n---\n{kind: ConfigMap, metadata: {name: b}}\n",
        )
        .unwrap()
        .into();
        map.change(1, |resource| resource.needs_hash = true);
        hash(&mut map, &Sources::new(), &Budget::default()).unwrap();
        let names: Vec<&str> = map.iter().map(Resource::name).collect();
        assert_eq!(names, ["a", "b-6ct58987ht"]);
        let previous: Vec<&str> =
            map.iter().flat_map(|found| &found.names().previous).map(|id| &*id.name).collect();
        assert_eq!(previous, ["b"]);
        let mut map: ResMap = vec![resource("{kind: Pod, metadata: {name: a}}")].into();
        map.iter_mut().for_each(|resource| resource.needs_hash = true);
        let error = hash(&mut map, &Sources::new(), &Budget::default()).unwrap_err();
        assert_eq!(error.code(), Code::NotSupportedYet);
    }
}
