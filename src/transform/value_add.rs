//! `ValueAddTransformer`: puts one value into fields of many resources, or into paths in such fields.

use serde::Deserialize;

use super::builtin::no_changes;
use super::namespace::{NamespaceTransformer, Own, Subjects};
use super::select::Selection;
use super::{Builtin, Configured, Context, Work};
use crate::config::Selector;
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::resource::{ResMap, Resource};
use crate::source::Span;
use crate::text::path::clean;
use crate::yaml::de::{self, Rules, Spanned};
use crate::yaml::path::ValuePath;
use crate::yaml::{Kind, Node, Scalar, Tag, Text, parse};

/// `ValueAddTransformer`.
pub(super) const VALUE_ADD: Builtin = Builtin {
    kind: "ValueAddTransformer",
    field: "",
    changes: no_changes,
    document: &["value", "targets", "targetFilePath"],
    configure,
};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ValueAddDocument {
    /// The value; if it is empty, the name of the folder is used.
    value: Spanned<Text>,
    targets: Vec<Spanned<ValueTarget>>,
    /// A file with more targets.
    target_file_path: Spanned<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Targets {
    targets: Vec<Spanned<ValueTarget>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ValueTarget {
    /// The selector of resources; `None` selects all.
    selector: Option<Selector>,
    field_path: Spanned<Text>,
    /// The position of the value in a field that holds a path, counted from one; zero replaces the field.
    file_path_position: Spanned<i64>,
}

/// A compiled target.
struct ValuePlace {
    selection: Option<Selection>,
    path: ValuePath,
    is_namespace: bool,
    position: Option<usize>,
}

/// Reads a document that configures the builtin. The work is linear in resources times targets. (kustomize,
/// `api/internal/builtins/ValueAddTransformer.go`.)
fn configure(context: &Context<'_>, node: &Node) -> Result<Box<dyn Configured>> {
    let ValueAddDocument { value, mut targets, target_file_path } =
        de::from_node_by(node, Rules::Lenient)?;
    if !target_file_path.is_empty() {
        let source = context.root.read(&target_file_path, target_file_path.span)?;
        if let Some(document) = parse::document(&source)? {
            let more: Targets = de::from_node_by(&document.root, Rules::Lenient)?;
            targets.extend(more.targets);
        }
    }
    if targets.is_empty() {
        return Err(Error::new(Code::InvalidValue, "found no targets")
            .help("say where the value goes: `targets: [{fieldPath: spec/path}]`"));
    }
    let places = targets.iter().map(|target| {
        ValuePlace::new(target, context.root.budget()).map_err(|error| error.at(target.span))
    });
    let places: Vec<ValuePlace> = places.collect::<Result<_>>()?;
    let (text, span) = match value.trim() {
        "" => (context.root.path().file_name().unwrap_or_default().to_string_lossy(), node.span()),
        text => (text.into(), value.span),
    };
    Ok(Box::new(Fill { value: Text::from(&*text), span, places }))
}

/// A value, its span, and its targets.
struct Fill {
    value: Text,
    span: Span,
    places: Vec<ValuePlace>,
}

impl Configured for Fill {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        let context = *context;
        vec![Work::whole(move |resources| {
            let mut places = self.places.iter();
            places.try_for_each(|place| place.fill(&self.value, self.span, resources, &context))
        })]
    }
}

impl ValuePlace {
    fn new(target: &ValueTarget, budget: &Budget) -> Result<Self> {
        let ValueTarget { selector, field_path, file_path_position } = target;
        if field_path.is_empty() {
            return Err(Error::new(Code::InvalidValue, "found no `fieldPath`")
                .help("say which field gets the value: `fieldPath: spec/path`"));
        }
        let position = usize::try_from(file_path_position.value).map_err(|_| {
            let message = format!(
                "found `filePathPosition: {}`, expected no negative number",
                file_path_position.value
            );
            Error::new(Code::InvalidValue, message).at(file_path_position.span)
        })?;
        Ok(Self {
            selection: selector
                .as_ref()
                .map(|selector| Selection::new(selector, budget))
                .transpose()?,
            path: ValuePath::new(field_path).map_err(|error| error.at(field_path.span))?,
            is_namespace: field_path.as_str() == "metadata/namespace",
            position: position.checked_sub(1),
        })
    }

    fn fill(
        &self,
        value: &Text,
        span: Span,
        resources: &mut ResMap,
        context: &Context<'_>,
    ) -> Result<()> {
        let places: Vec<usize> = match &self.selection {
            Some(selection) => selection.places(resources)?,
            None => (0..resources.len()).collect(),
        };
        places.into_iter().try_for_each(|place| {
            let fill = |resource: &mut Resource| self.fill_one(value, span, resource, context);
            resources.change(place, fill).unwrap_or(Ok(()))
        })
    }

    fn fill_one(
        &self,
        value: &Text,
        span: Span,
        resource: &mut Resource,
        context: &Context<'_>,
    ) -> Result<()> {
        let (schema, budget) = (context.schema, context.root.budget());
        budget.text(value.len(), span)?;
        if self.is_namespace {
            let transformer = NamespaceTransformer {
                namespace: value,
                span,
                unset_only: false,
                subjects: Subjects::NamedDefault,
                budget,
            };
            transformer.set_own(&Own::default(), resource, schema)?;
            return transformer.set_subjects(resource, schema);
        }
        let id = resource.id().to_string();
        let set = |root: &mut Node| match self.path.find_or_make(root, span)? {
            Some(field) => self.set(field, value, span),
            None => Ok(()),
        };
        resource
            .with_annotations(schema, set)
            .map_err(|error| error.step(format!("while adding a value to `{id}`")))
    }

    fn set(&self, field: &mut Node, value: &str, span: Span) -> Result<()> {
        let Some(old) = field.as_scalar().map(Scalar::text) else {
            return Err(field.wrong_kind(Kind::Scalar));
        };
        let text = match self.position {
            Some(position) => with_part(old, position, value),
            None => value.to_owned(),
        };
        field.set_text(&text, Tag::None, span)
    }
}

/// Inserts a part into a path, at a position from zero that does not count the slash of an absolute path. A position
/// beyond the end is the end. (kustomize, `kyaml/filesys/util.go`: `InsertPathPart`.)
fn with_part(path: &str, position: usize, part: &str) -> String {
    if part.is_empty() {
        return path.to_owned();
    }
    let (root, relative) = match path.strip_prefix('/') {
        Some(relative) => ("/", relative),
        None => ("", path),
    };
    let mut parts: Vec<&str> =
        if relative.is_empty() { Vec::new() } else { relative.split('/').collect() };
    parts.insert(position.min(parts.len()), part);
    parts.retain(|part| !part.is_empty());
    format!("{root}{}", clean(&parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_put_into_a_path() {
        for (path, position, expected) in [
            ("", 0, "new"),
            ("/", 3, "/new"),
            ("one", 0, "new/one"),
            ("/one", 0, "/new/one"),
            ("one", 1, "one/new"),
            ("/one/two", 1, "/one/new/two"),
            ("one/two/three", 9, "one/two/three/new"),
            ("one//two/", 2, "one/new/two"),
            ("one/../two", 0, "new/two"),
        ] {
            assert_eq!(with_part(path, position, "new"), expected, "{path} {position}");
        }
    }
}
