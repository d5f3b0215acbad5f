//! The hash of a resource's content at the end of its name: a new content gets a new name, and so whoever uses it
//! notices.

use sha2::{Digest, Sha256};

use super::layout;
use crate::error::{Error, Result};
use crate::resource::{ResMap, Resource};
use crate::source::Sources;
use crate::yaml::{self, Kind, Node, Scalar, Style, Tag};

/// Adds the hash of its content to the name of every resource that needs one; the name without it is remembered.
/// Linear in the content of those. (kustomize, `api/internal/builtins/HashTransformer.go`.)
///
/// # Errors
/// For each that cannot be hashed: as [`yaml::to_json`], or [`layout::memory`] if it is neither a ConfigMap nor a Secret.
pub fn hash(resources: &mut ResMap, sources: &Sources) -> Result<()> {
    if !resources.iter().any(|resource| resource.needs_hash) {
        return Ok(());
    }
    let mut errors = Vec::new();
    for resource in resources.iter_mut().filter(|resource| resource.needs_hash) {
        let hashed = content_hash(resource, sources).and_then(|hash| {
            resource.names_mut().push_previous_id();
            let (name, span) = (format!("{}-{hash}", resource.name()), resource.span());
            resource.set_name(&name, span)
        });
        let id = resource.id();
        errors.extend(hashed.map_err(|error| error.step(format!("while hashing `{id}`"))).err());
    }
    Error::all(errors).map_or(Ok(()), Err)
}

/// The first ten hexadecimal digits of the SHA-256 of the content, without vowels and what looks like one.
fn content_hash(resource: &Resource, sources: &Sources) -> Result<String> {
    const DIGITS: &[u8; 16] = b"gh2k456789mbcdtf";
    let digest = Sha256::digest(content(resource, sources)?);
    let digit = |bits: u8| char::from(DIGITS[usize::from(bits & 0xF)]);
    Ok(digest.iter().take(5).flat_map(|&byte| [digit(byte >> 4), digit(byte)]).collect())
}

/// The content that is hashed, as JSON. The name is always empty in it: the reference looks for a field
/// `metadata/name`. (kustomize, `api/hasher/hasher.go`.)
fn content(resource: &Resource, sources: &Sources) -> Result<String> {
    let mut json = String::from("{");
    let node = resource.node();
    match resource.kind() {
        "ConfigMap" => {
            push_collection("binaryData", node, &mut json)?;
            push("data", node, &mut json)?;
            json.push_str(r#","kind":"ConfigMap","name":"""#);
        }
        "Secret" => {
            push("data", node, &mut json)?;
            json.push_str(r#","kind":"Secret","name":"","#);
            push_collection("stringData", node, &mut json)?;
            push("type", node, &mut json)?;
        }
        _ => return layout::memory(resource, sources),
    }
    json.push('}');
    Ok(json)
}

/// Appends a field, which is empty text when it is absent. A scalar is its text whatever it means.
fn push(field: &str, node: &Node, json: &mut String) -> Result<()> {
    json.extend(["\"", field, "\":"]);
    let Some(value) = node.get(field).filter(|value| !value.is_null()) else {
        json.push_str("\"\"");
        return Ok(());
    };
    match value.kind() {
        Kind::Scalar => {
            let text = value.as_text().unwrap_or_default();
            let text = Scalar::parsed(text, Tag::Str, Style::DoubleQuoted, value.span());
            yaml::to_json(&text.into(), json)?;
        }
        Kind::Mapping => yaml::to_json(value, json)?,
        // A mapping is expected, and what is none does not become one.
        Kind::Sequence => json.push_str("null"),
    }
    Ok(())
}

/// Appends a field and a comma if it is a collection.
fn push_collection(field: &str, node: &Node, json: &mut String) -> Result<()> {
    let is_collection = node.get(field).is_some_and(|value| value.as_scalar().is_none());
    if is_collection {
        push(field, node, json)?;
        json.push(',');
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use crate::resource::sample::{read, resource};

    /// Names with the hashes that the reference adds.
    #[test]
    fn equal_content_has_an_equal_hash() {
        let table = [
            ("{kind: ConfigMap, metadata: {name: a}}", "6ct58987ht"),
            ("{kind: ConfigMap, metadata: {name: b}, data: {a: b}}", "4h2mbtbbt6"),
        ];
        for (text, expected) in table {
            assert_eq!(content_hash(&resource(text), &Sources::new()).unwrap(), expected, "{text}");
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
            assert_eq!(content(&resource(text), &Sources::new()).unwrap(), expected);
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
        hash(&mut map, &Sources::new()).unwrap();
        let names: Vec<&str> = map.iter().map(Resource::name).collect();
        assert_eq!(names, ["a", "b-6ct58987ht"]);
        let previous: Vec<&str> =
            map.iter().flat_map(|found| &found.names().previous).map(|id| &*id.name).collect();
        assert_eq!(previous, ["b"]);
        let mut map: ResMap = vec![resource("{kind: Pod, metadata: {name: a}}")].into();
        map.iter_mut().for_each(|resource| resource.needs_hash = true);
        assert_eq!(hash(&mut map, &Sources::new()).unwrap_err().code(), Code::NotSupportedYet);
    }
}
