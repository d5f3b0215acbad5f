//! `crds:` lists files with OpenAPI definitions, whose extensions add field specs to transformers.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{FieldSpec, FieldSpecs, NameBackReferences, Section, TransformerConfig};
use crate::error::{Code, Error, Result};
use crate::schema::Gvk;
use crate::source::{Source, Span};
use crate::yaml::de::{self, Rules, Spanned};
use crate::yaml::{Node, Text, Value, not_json, parse, resolve_1_1};

impl TransformerConfig {
    /// Collects the field specs that a file of definitions adds: for prefixes, labels, annotations and name references.
    /// Linear in the fields of the kinds, with references expanded.
    ///
    /// (kustomize, `api/internal/accumulator/loadconfigfromcrds.go`.)
    ///
    /// # Errors
    /// [`Code::InvalidType`] for an invalid definition, [`Code::Cycle`] for one that contains itself,
    /// [`Code::TooLarge`] and [`Code::NestingTooDeep`] for too many fields, those of [`TransformerConfig::merge`], and
    /// those of reading YAML.
    pub fn of_crds(source: &Source) -> Result<Self> {
        let text = source.text();
        if text.is_empty() {
            // kustomize reads the first byte, and panics.
            return Err(Error::new(Code::InvalidType, "found an empty file, expected definitions")
                .at(source.span(0, 0))
                .help("write `{}` to define nothing, or leave the file out"));
        }
        if let Some(place) = not_json(text).filter(|_| text.starts_with('{')) {
            let length = text[place..].chars().next().map_or(0, char::len_utf8);
            let message = "found a file that begins with `{` and is not JSON";
            return Err(Error::new(Code::MalformedYaml, message)
                .at(source.span(place, place + length))
                .label("not JSON from here on")
                .help(
                    "correct the JSON, or begin the file with a line `---` to have it read as YAML",
                ));
        }
        let Some(document) = parse::document(source)? else {
            return Ok(Self::default());
        };
        let definitions = Definitions::read(&document.root)?;
        let mut config = Self::default();
        let mut budget = MOST_FIELDS;
        for (name, definition) in &definitions.0 {
            if definition.is_kind() {
                config.merge(&definitions.kind(name, definition, &mut budget)?)?;
            }
        }
        Ok(config)
    }
}

/// Maximum number of visited fields: references can multiply them exponentially.
const MOST_FIELDS: usize = 1_000_000;
/// Cost of a field with extensions, as a number of visited fields: it is compared with all others of its kind.
const MARKED: usize = 100;
/// Maximum depth of references.
const DEEPEST: usize = 1000;

/// The definitions of a file by name.
struct Definitions<'a>(BTreeMap<Cow<'a, str>, Definition<'a>>);

struct Definition<'a> {
    properties: Vec<Property<'a>>,
    span: Span,
}

/// A property of a schema, with its extensions.
struct Property<'a> {
    name: Cow<'a, str>,
    /// Its members with scalar values, by name.
    texts: BTreeMap<Cow<'a, str>, (Cow<'a, str>, Span)>,
}

/// A definition that is being visited.
struct Visit<'d, 'a> {
    properties: std::slice::Iter<'d, Property<'a>>,
    span: Span,
    /// Length of the path above it.
    length: usize,
}

impl<'a> Definitions<'a> {
    fn read(root: &'a Node) -> Result<Self> {
        let mut definitions = BTreeMap::new();
        if let Some(kind) = root.get("kind").filter(|kind| kind.as_scalar().is_some()) {
            return Err(Error::new(Code::InvalidType, "a manifest is not an OpenAPI definition")
                .at(kind.span())
                .label("`crds` takes definitions by the names of their types")
                .help("list the manifest of a CustomResourceDefinition under `resources`"));
        }
        for entry in entries(root, "the definitions of types")? {
            let mut definition = Definition { properties: Vec::new(), span: entry.key.span() };
            for field in entries(entry.value, "the definition of a type")? {
                if de::same_name(&field.text, "Schema") {
                    definition.properties = properties(field.value)?;
                } else if de::same_name(&field.text, "Dependencies") {
                    de::from_node_by::<Vec<Text>>(field.value, Rules::Embedded)?;
                }
            }
            definitions.insert(entry.text, definition);
        }
        Ok(Self(definitions))
    }

    /// Adds the field specs of a kind. Its group and version are not part of them, as in kustomize.
    fn kind(
        &self,
        name: &str,
        definition: &Definition<'a>,
        budget: &mut usize,
    ) -> Result<TransformerConfig> {
        let kind = name.rsplit('.').next().unwrap_or_default();
        let gvk = Gvk { kind: kind.into(), ..Gvk::default() };
        let mut config = TransformerConfig::default();
        let mut path = String::new();
        let mut visits = vec![definition.visit(0)];
        while let Some(visit) = visits.last_mut() {
            path.truncate(visit.length);
            let Some(property) = visit.properties.next() else {
                visits.pop();
                continue;
            };
            let cost = if property.is_marked() { MARKED } else { 1 };
            *budget = budget.checked_sub(cost).ok_or_else(|| {
                Error::new(Code::TooLarge, format!("types with more than {MOST_FIELDS} fields"))
                    .at(definition.span)
            })?;
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(&property.name);
            property.configure(&gvk, &path, &mut config)?;
            let Some((reference, span)) = property.texts.get("$ref") else { continue };
            let Some(inner) = self.0.get(reference) else { continue };
            if visits.iter().any(|visit| visit.span == inner.span) {
                let message = format!("the type `{reference}` contains itself");
                return Err(Error::new(Code::Cycle, message)
                    .at(*span)
                    .label(format!("reached as `{path}` of `{kind}`"))
                    .help("leave the reference out: fields below it are found without it"));
            }
            if visits.len() == DEEPEST {
                let message = format!("types are nested more than {DEEPEST} deep");
                return Err(Error::new(Code::NestingTooDeep, message).at(*span));
            }
            visits.push(inner.visit(path.len()));
        }
        Ok(config)
    }
}

impl<'a> Definition<'a> {
    /// True if it has the fields that all Kubernetes kinds have.
    fn is_kind(&self) -> bool {
        ["kind", "apiVersion", "metadata"]
            .iter()
            .all(|name| self.properties.iter().any(|property| property.name == *name))
    }

    fn visit(&self, length: usize) -> Visit<'_, 'a> {
        Visit { properties: self.properties.iter(), span: self.span, length }
    }
}

impl Property<'_> {
    fn is_marked(&self) -> bool {
        self.texts.keys().any(|key| key.starts_with("x-kubernetes-"))
    }

    /// Adds field specs for the extensions of the property at a path.
    fn configure(&self, gvk: &Gvk, path: &str, config: &mut TransformerConfig) -> Result<()> {
        let spec = |path: &str, span| {
            let spec = FieldSpec { gvk: gvk.clone(), path: path.into(), create: false };
            Spanned::new(spec, span)
        };
        for (mark, section) in [
            ("x-kubernetes-annotation", Section::CommonAnnotations),
            ("x-kubernetes-label-selector", Section::CommonLabels),
            ("x-kubernetes-identity", Section::NamePrefix),
        ] {
            if let Some((_, span)) = self.texts.get(mark) {
                config.specs_mut(section).merge_one(&spec(path, *span))?;
            }
        }
        let text = |key| self.texts.get(key).map(|(text, span)| (Text::from(&**text), *span));
        let version = text("x-kubernetes-object-ref-api-version");
        let kind = text("x-kubernetes-object-ref-kind");
        if let (Some((version, _)), Some((kind, span))) = (version, kind) {
            let key = text("x-kubernetes-object-ref-name-key");
            let key = key.as_ref().map_or("name", |(key, _)| key.as_str());
            let mut referrers = FieldSpecs::default();
            referrers.merge_one(&spec(&format!("{path}/{key}"), span))?;
            let gvk = Gvk { version, kind, ..Gvk::default() };
            config.name_reference.merge_one(&NameBackReferences { gvk, referrers })?;
        }
        Ok(())
    }
}

/// The properties of a schema.
fn properties(schema: &Node) -> Result<Vec<Property<'_>>> {
    let mut properties = Vec::new();
    for field in entries(schema, "a schema")? {
        if field.text != "properties" {
            continue;
        }
        for property in entries(field.value, "the fields of a type")? {
            let mut texts = BTreeMap::new();
            for said in entries(property.value, "the schema of a field")? {
                let Some(scalar) = said.value.as_scalar() else { continue };
                if let Value::Str(text) = resolve_1_1(scalar)? {
                    texts.insert(said.text, (text, said.key.span()));
                }
            }
            properties.push(Property { name: property.text, texts });
        }
    }
    Ok(properties)
}

/// The entries of a mapping, by the rules of JSON; null counts as an empty one.
fn entries<'a>(node: &'a Node, expected: &str) -> Result<Vec<de::JsonEntry<'a>>> {
    match node.as_mapping() {
        Some(mapping) => de::entries(mapping),
        None if node.is_null() => Ok(Vec::new()),
        None => Err(Error::new(
            Code::InvalidType,
            format!("found {}, expected {expected}: a mapping", node.kind()),
        )
        .at(node.span())
        .help("a definition is written `v1.Kind: {Schema: {properties: …}}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::sample;

    fn read(text: &str) -> std::result::Result<TransformerConfig, String> {
        let sources = Sources::new();
        let source = sources.add("definitions.json", text).unwrap();
        TransformerConfig::of_crds(&source).map_err(|error| sample::drawn(&error, &sources))
    }

    const KIND: &str = "kind: {}, apiVersion: {}, metadata: {}";

    #[test]
    fn a_type_that_is_no_kind_adds_nothing() {
        let marked = "--- {a.B: {Schema: {properties: {x: {x-kubernetes-identity: ''}}}}}";
        assert_eq!(read(marked), Ok(TransformerConfig::default()));
        assert_eq!(read("--- {a.B: ~, a.C: {schema: ~}}"), Ok(TransformerConfig::default()));
        assert_eq!(read("# nothing"), Ok(TransformerConfig::default()));
    }

    #[test]
    fn what_is_said_of_a_field_needs_version_and_kind_to_be_a_reference() {
        let text = format!(
            "--- {{a.B: {{Schema: {{properties: {{{KIND}, x: {{x-kubernetes-object-ref-kind: Secret}}, \
             z: {{x-kubernetes-object-ref-kind: Secret, x-kubernetes-object-ref-api-version: v1}}}}}}}}}}"
        );
        let config = read(&text).unwrap();
        let references: Vec<_> = config.name_reference.iter().collect();
        assert_eq!(references.len(), 1);
        assert_eq!(references[0].gvk.to_string(), "v1 Secret");
        let referrers: Vec<_> = references[0].referrers.iter().collect();
        assert_eq!((referrers[0].gvk.kind.as_str(), &*referrers[0].path), ("B", "z/name"));
    }

    #[test]
    fn what_is_no_definition_is_refused_with_its_place() {
        for (text, expected) in [
            (
                "",
                "1:1 invalid-type: found an empty file, expected definitions \
                 (write `{}` to define nothing, or leave the file out)",
            ),
            (
                "{a: {}}",
                "1:2 malformed-yaml: found a file that begins with `{` and is not JSON \
                 (correct the JSON, or begin the file with a line `---` to have it read as YAML)",
            ),
            (
                "[]",
                "1:1 invalid-type: found a list, expected the definitions of types: a mapping (a definition is written `v1.Kind: {Schema: {properties: …}}`)",
            ),
            (
                "a: b",
                "1:4 invalid-type: found a scalar, expected the definition of a type: a mapping (a definition is written `v1.Kind: {Schema: {properties: …}}`)",
            ),
            (
                "a: {Dependencies: b}",
                "1:19 invalid-type: found the text `b`, expected a list (make it a list: `[b]`)",
            ),
            (
                "a: {Schema: {properties: {x: 1}}}",
                "1:30 invalid-type: found a scalar, expected the schema of a field: a mapping (a definition is written `v1.Kind: {Schema: {properties: …}}`)",
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), expected);
        }
    }

    /// Each type has two fields of the next one.
    #[test]
    fn types_that_multiply_end_in_an_error() {
        let kind = format!("t: {{Schema: {{properties: {{{KIND}, a: {{$ref: t0}}}}}}}}\n");
        let types = (0..30).map(|level| {
            let next = level + 1;
            format!("t{level}: {{Schema: {{properties: {{a: {{$ref: t{next}}}, b: {{$ref: t{next}}}}}}}}}\n")
        });
        let text: String = std::iter::once(kind.clone()).chain(types).collect();
        assert!(read(&text).unwrap_err().contains("too-large"));
        let chain = (0..2000).map(|level| {
            format!("t{level}: {{Schema: {{properties: {{a: {{$ref: t{}}}}}}}}}\n", level + 1)
        });
        let text: String = std::iter::once(kind).chain(chain).collect();
        assert!(read(&text).unwrap_err().contains("nesting-too-deep"));
    }
}
