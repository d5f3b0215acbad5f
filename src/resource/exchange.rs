//! Resources as plugins get them and give them back: with the bookkeeping, and an id, in their annotations.
//! (kustomize, `api/internal/plugins/utils/utils.go`.)

use super::metadata::{self, ANNOTATIONS, Texts};
use super::{Behavior, ResId, Resource, Ties, bookkeeping};
use crate::error::{Code, Error, Result};
use crate::schema::Schema;
use crate::source::Span;
use crate::yaml::{self, Node, Scalar};

/// The id of a resource, for plugins that add and remove others.
const ID: &str = "kustomize.config.k8s.io/id";
/// The wish of a generator for a hash suffix.
const NEEDS_HASH: &str = "kustomize.config.k8s.io/needs-hash";
/// The behavior that a generator wants for a resource.
const BEHAVIOR: &str = "kustomize.config.k8s.io/behavior";

impl Resource {
    /// The document that a plugin gets: its annotations are sorted, and contain the bookkeeping and the current id.
    ///
    /// # Errors
    /// [`Code::InvalidType`] if `metadata` or its annotations are not a mapping.
    pub fn for_plugin(&self) -> Result<Node> {
        let mut root = self.annotated()?;
        let mut annotations = metadata::take(&mut root, ANNOTATIONS)?;
        set(&mut annotations, ID, &text_of(self.id())?);
        metadata::put(&mut root, ANNOTATIONS, annotations)?;
        Ok(root)
    }

    /// Completes a resource that a transformer printed: its id is removed.
    ///
    /// # Errors
    /// As [`Resource::for_plugin`].
    pub fn from_transformer(mut self, schema: &Schema) -> Result<Self> {
        self.rewrite_annotations(schema, |annotations, _| {
            annotations.remove(ID);
            Ok(())
        })?;
        Ok(self)
    }

    /// Completes a resource that a generator printed: its annotations say if it gets a hash suffix, and what it does to
    /// a resource of the same id.
    ///
    /// # Errors
    /// As [`Resource::for_plugin`], and [`Code::InvalidValue`] for an annotation that is no boolean.
    pub fn from_generator(mut self, schema: &Schema) -> Result<Self> {
        self.rewrite_annotations(schema, |annotations, span| {
            let needs_hash = match annotations.remove(NEEDS_HASH) {
                Some((value, ..)) => truth(&value).ok_or_else(|| {
                    let message =
                        format!("`{NEEDS_HASH}` is `{value}`, expected `true` or `false`");
                    Error::new(Code::InvalidValue, message).at(span)
                })?,
                None => false,
            };
            let behavior = annotations.remove(BEHAVIOR).map(|(value, ..)| value);
            if needs_hash {
                set(annotations, bookkeeping::NEEDS_HASH, bookkeeping::ENABLED);
            }
            let behavior = Behavior::named(behavior.as_deref().unwrap_or_default());
            set(annotations, bookkeeping::BEHAVIOR, behavior.name());
            Ok(())
        })?;
        Ok(self)
    }

    /// Takes over the document and the bookkeeping in the annotations of another resource. The variables that refer to it
    /// stay. (`api/resource/resource.go`: `ResetRNode`.)
    pub fn replace_document(&mut self, other: Self) {
        let before = std::mem::replace(self, other);
        let Ties { variables, awaited_by, .. } = before.ties();
        if !(variables.is_empty() && awaited_by.is_empty()) {
            let ties = self.ties_mut();
            ties.variables.clone_from(variables);
            ties.awaited_by.clone_from(awaited_by);
        }
    }

    /// Changes all annotations, the bookkeeping included, and writes them sorted.
    fn rewrite_annotations(
        &mut self,
        schema: &Schema,
        change: impl FnOnce(&mut Texts, Span) -> Result<()>,
    ) -> Result<()> {
        let span = self.span();
        bookkeeping::write(self)?;
        let brought = self.edit(schema, |root| {
            let mut annotations = metadata::take(root, ANNOTATIONS)?;
            change(&mut annotations, span)?;
            metadata::put(root, ANNOTATIONS, annotations)?;
            Ok(bookkeeping::brought(root))
        });
        let read = bookkeeping::read(self);
        let brought = brought?;
        read?;
        if self.needs_hash {
            self.ties_mut().brought = brought;
        }
        Ok(())
    }
}

fn set(annotations: &mut Texts, key: &str, value: &str) {
    annotations.insert(key.into(), (value.into(), Span::NONE, Span::NONE));
}

/// An id as YAML: the parts that are not empty, sorted by name.
fn text_of(id: &ResId) -> Result<String> {
    let parts: [(&str, &str); 5] = [
        ("group", &id.gvk.group),
        ("kind", &id.gvk.kind),
        ("name", &id.name),
        ("namespace", &id.namespace),
        ("version", &id.gvk.version),
    ];
    let parts = parts.into_iter().filter(|(_, text)| !text.is_empty());
    let entry = |(key, text): (&str, &str)| {
        (Scalar::untagged(key, Span::NONE), Scalar::string(text, Span::NONE).into())
    };
    let mut text = String::new();
    yaml::emit(&Node::mapping(parts.map(entry).collect(), Span::NONE), &mut text)?;
    Ok(text)
}

/// A boolean as Go's `strconv.ParseBool` reads it.
fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::error::Code;
    use crate::resource::Behavior;
    use crate::resource::sample::{resource, schema};

    #[test]
    fn plugins_see_bookkeeping_and_id() {
        let mut found = resource(
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: '1', annotations: {z: y}}}",
        );
        found.needs_hash = true;
        let node = format!("{:?}", found.for_plugin().unwrap());
        assert!(node.contains("internal.config.kubernetes.io/needsHashSuffix: "), "{node}");
        assert!(node.contains("group: apps"), "{node}");
        assert!(node.contains("name: \\\"1\\\"") || node.contains("name: \"1\""), "{node}");
        let back = found.from_transformer(&schema()).unwrap();
        assert_eq!(back.annotations().collect::<Vec<_>>(), [("z", "y")]);
        assert!(back.needs_hash);
    }

    #[test]
    fn generators_say_how_resources_are_added() {
        let text = |value: &str, behavior: &str| {
            format!(
                "{{kind: A, metadata: {{name: a, annotations: {{kustomize.config.k8s.io/needs-hash: '{value}', kustomize.config.k8s.io/behavior: {behavior}}}}}}}"
            )
        };
        let read = |text: &str| resource(text).from_generator(&schema());
        let found = read(&text("t", "merge")).unwrap();
        assert_eq!((found.needs_hash, found.behavior), (true, Some(Behavior::Merge)));
        assert_eq!(found.annotations().count(), 0);
        let found = read("{kind: A, metadata: {name: a}}").unwrap();
        assert_eq!((found.needs_hash, found.behavior), (false, Some(Behavior::Unspecified)));
        assert_eq!(read(&text("yes", "merge")).unwrap_err().code(), Code::InvalidValue);
    }
}
