//! The origin of a resource, and the transformers that changed it.
//!
//! Unlike other bookkeeping this is kept in the annotations, as in kustomize: it is written only if `buildMetadata`
//! asks for it, and then patches and selectors see it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::metadata::{self, ANNOTATIONS, METADATA};
use super::{ResMap, Resource};
use crate::error::{Code, Error, Result};
use crate::source::{Sources, Span};
use crate::yaml::de::{self, Rules};
use crate::yaml::{Node, Text, parse, push_text};

/// The annotation for the origin of a resource.
pub const ORIGIN: &str = "config.kubernetes.io/origin";
/// The annotation for the list of changes of a resource.
pub const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// The origin of a resource, or of a change. (`api/resource/origin.go`.)
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Origin {
    /// The file, relative to the built folder or to the root of its repository.
    pub path: Text,
    /// The repository, if any.
    pub repo: Text,
    /// The revision in that repository.
    #[serde(rename = "ref")]
    pub reference: Text,
    /// The file that configures the generator or transformer.
    pub configured_in: Text,
    /// The generator or transformer.
    pub configured_by: ConfiguredBy,
}

/// A generator or transformer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConfiguredBy {
    /// `builtin`, or the `apiVersion` of its configuration.
    pub api_version: Text,
    /// The kind of its configuration.
    pub kind: Text,
    /// The name of its configuration.
    pub name: Text,
    /// The namespace of its configuration.
    pub namespace: Text,
}

impl Origin {
    /// The origin as YAML, in the form of the annotation.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let mut text = String::new();
        self.push(0, &mut text);
        text
    }

    /// Appends its lines, with all keys starting at a column.
    fn push(&self, column: usize, text: &mut String) {
        let Self { path, repo, reference, configured_in, configured_by } = self;
        let ConfiguredBy { api_version, kind, name, namespace } = configured_by;
        if *self == Self::default() {
            text.push_str("{}\n");
            return;
        }
        // The first line may follow a dash.
        let mut is_first = true;
        let mut entry = |column: usize, key: &str, value: &str| {
            let indent = if is_first { 0 } else { column };
            is_first = false;
            text.extend(std::iter::repeat_n(' ', indent));
            text.extend([key, ":"]);
            if !value.is_empty() {
                text.push(' ');
                push_text(value, column + 2, text);
            }
            if !text.ends_with('\n') {
                text.push('\n');
            }
        };
        let fields = [("path", path), ("repo", repo), ("ref", reference)];
        for (key, value) in fields.into_iter().chain([("configuredIn", configured_in)]) {
            if !value.is_empty() {
                entry(column, key, value);
            }
        }
        if *configured_by != ConfiguredBy::default() {
            entry(column, "configuredBy", "");
        }
        let fields = [("apiVersion", api_version), ("kind", kind), ("name", name)];
        for (key, value) in fields.into_iter().chain([("namespace", namespace)]) {
            if !value.is_empty() {
                entry(column + 2, key, value);
            }
        }
    }
}

/// A list of changes as YAML.
fn list(changes: &[Option<Origin>]) -> String {
    let mut text = String::new();
    for change in changes {
        text.push_str("- ");
        match change {
            Some(change) => change.push(2, &mut text),
            None => text.push_str("null\n"),
        }
    }
    text
}

impl Resource {
    /// The origin from the annotations; `None` if there is none.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] if it has another form.
    pub fn origin(&self) -> Result<Option<Origin>> {
        match self.annotation(ORIGIN) {
            Some(text) => self.read_annotation(ORIGIN, text).map(Some),
            None => Ok(None),
        }
    }

    /// Sets the origin. All annotations become strings.
    ///
    /// # Errors
    /// [`Code::InvalidType`] if `metadata` or its annotations are not a mapping.
    pub fn set_origin(&mut self, origin: &Origin) -> Result<()> {
        self.annotate(ORIGIN, &origin.to_yaml())
    }

    fn annotate(&mut self, key: &str, text: &str) -> Result<()> {
        let mut annotations = metadata::take(&mut self.node, ANNOTATIONS)?;
        annotations.insert(key.into(), (text.into(), Span::NONE, Span::NONE));
        metadata::put(&mut self.node, ANNOTATIONS, annotations)
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations().rfind(|(name, _)| *name == key).map(|(_, text)| text)
    }

    /// Parses the text of an annotation. Its spans are not used elsewhere, so it gets its own source.
    fn read_annotation<T: Default + serde::de::DeserializeOwned>(
        &self,
        key: &str,
        text: &str,
    ) -> Result<T> {
        let sources = Sources::new();
        let read = sources.add(key, text).and_then(|source| parse::document(&source));
        let read = read.and_then(|document| {
            let root = document.map(|document| document.root);
            root.filter(|root: &Node| !root.is_null())
                .map_or_else(|| Ok(T::default()), |root| de::from_node_by(&root, Rules::Lenient))
        });
        read.map_err(|error| {
            let message = format!("the annotation `{key}` has another form: {}", error.message());
            let annotations = self.node.get(METADATA).and_then(|field| field.get(ANNOTATIONS));
            let place = annotations.and_then(|field| field.get(key)).map_or(Span::NONE, Node::span);
            Error::new(Code::InvalidValue, message)
                .at(if place.is_none() { self.span() } else { place })
                .help("remove the annotation: builds write it themselves")
        })
    }
}

/// The lists of changes that were written to annotations last. They are known to be valid lists, and not parsed again.
#[derive(Debug, Default)]
pub struct Transformations(BTreeSet<Text>);

impl Transformations {
    /// Adds a transformer to the list of changes of every resource, `times` times. A resource without an origin counts
    /// as created by that transformer. Linear in the resources and their lists. (`api/resmap/reswrangler.go`:
    /// `AddTransformerAnnotation`.)
    ///
    /// # Errors
    /// Those of [`Resource::origin`] and [`Resource::set_origin`].
    pub fn add(&mut self, resources: &mut ResMap, change: &Origin, times: usize) -> Result<()> {
        let mut origins = BTreeSet::new();
        // Most resources have the same changes.
        let mut accounts: BTreeMap<(Text, usize), String> = BTreeMap::new();
        for place in 0..resources.len() {
            let Some(resource) = resources.get(place) else { continue };
            let (origin, times) = match resource.annotation(ORIGIN) {
                None => (Some(change.to_yaml()), times.saturating_sub(1)),
                Some(origin) => {
                    if origins.insert(Text::from(origin)) {
                        resource.origin()?;
                    }
                    (None, times)
                }
            };
            let before = Text::from(resource.annotation(TRANSFORMATIONS).unwrap_or_default());
            let account = match accounts.get(&(before.clone(), times)) {
                _ if times == 0 => None,
                Some(account) => Some(account.clone()),
                None => {
                    let account = self.account(resource, &before, change, times)?;
                    accounts.insert((before, times), account.clone());
                    Some(account)
                }
            };
            let annotate = |resource: &mut Resource| {
                origin.map_or(Ok(()), |text| resource.annotate(ORIGIN, &text))?;
                account.map_or(Ok(()), |text| resource.annotate(TRANSFORMATIONS, &text))
            };
            resources.change(place, annotate).transpose()?;
        }
        self.0 = accounts.into_values().map(Text::from).collect();
        Ok(())
    }

    /// The list of changes of a resource, with one added.
    fn account(
        &self,
        resource: &Resource,
        before: &Text,
        change: &Origin,
        times: usize,
    ) -> Result<String> {
        let changes = vec![Some(change.clone()); times];
        if self.0.contains(before) {
            return Ok(format!("{before}{}", list(&changes)));
        }
        let mut known: Vec<Option<Origin>> = resource.read_annotation(TRANSFORMATIONS, before)?;
        known.extend(changes);
        Ok(list(&known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::resource;

    fn made() -> Origin {
        Origin {
            configured_in: "yes/k.yaml".into(),
            configured_by: ConfiguredBy {
                api_version: "builtin".into(),
                kind: "A".into(),
                name: "0o17".into(),
                ..ConfiguredBy::default()
            },
            ..Origin::default()
        }
    }

    #[test]
    fn origins_are_written_and_read() {
        let mut found = resource("{kind: A, metadata: {name: a}}");
        assert_eq!(found.origin(), Ok(None));
        for origin in [
            made(),
            Origin { path: "yes".into(), repo: "a: b".into(), reference: "1".into(), ..made() },
            Origin::default(),
        ] {
            found.set_origin(&origin).unwrap();
            assert_eq!(found.origin(), Ok(Some(origin)));
        }
        assert_eq!(
            made().to_yaml(),
            "configuredIn: yes/k.yaml\nconfiguredBy:\n  apiVersion: builtin\n  kind: A\n  name: \"0o17\"\n"
        );
        found.annotate(ORIGIN, "[a]").unwrap();
        assert_eq!(found.origin().unwrap_err().code(), Code::InvalidValue);
    }

    #[test]
    fn changes_are_listed_and_the_first_makes_what_comes_from_nowhere() {
        let mut map: ResMap = vec![
            resource("{kind: A, metadata: {name: a}}"),
            resource(
                "{kind: A, metadata: {name: b, annotations: {config.kubernetes.io/origin: ''}}}",
            ),
        ]
        .into();
        let mut known = Transformations::default();
        known.add(&mut map, &made(), 1).unwrap();
        known.add(&mut map, &Origin { path: "p".into(), ..Origin::default() }, 1).unwrap();
        let accounts: Vec<_> =
            map.iter().map(|found| found.annotation(TRANSFORMATIONS).unwrap_or_default()).collect();
        let first = "- configuredIn: yes/k.yaml\n  configuredBy:\n    apiVersion: builtin\n    kind: A\n    name: \"0o17\"\n";
        assert_eq!(accounts, ["- path: p\n".to_owned(), first.to_owned() + "- path: p\n"]);
        assert_eq!(map.get(0).unwrap().origin(), Ok(Some(made())));
    }

    /// Adding changes together, or to lists that are not parsed again, gives the same result as adding them one by one.
    #[test]
    fn changes_together_are_changes_apart() {
        let texts = [
            "{kind: A, metadata: {name: a}}",
            "{kind: A, metadata: {name: b, annotations: {b: c}}}",
        ];
        let map = || -> ResMap { texts.map(resource).to_vec().into() };
        let (mut together, mut apart) = (map(), map());
        let mut known = Transformations::default();
        for (change, times) in [(made(), 3), (Origin::default(), 1), (made(), 2)] {
            known.add(&mut together, &change, times).unwrap();
            for _ in 0..times {
                Transformations::default().add(&mut apart, &change, 1).unwrap();
            }
            let shown =
                |map: &ResMap| format!("{:?}", map.iter().map(Resource::node).collect::<Vec<_>>());
            assert_eq!(shown(&together), shown(&apart));
        }
    }
}
