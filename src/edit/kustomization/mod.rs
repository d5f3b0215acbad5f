//! Changes of a kustomization file that leave every other byte as it is.
//!
//! A change works on a [`Draft`], which reads the file as kustomize's `edit` does, turns every step into text edits, and
//! refuses what would be read as something else. [`KustomizationFile`] reads and writes the file.
//!
//! The words of messages about entries that exist already, or do not exist, are those that scripts look for in the
//! output of kustomize.

mod build_metadata;
mod deprecated;
mod draft;
mod file;
mod generators;
mod images;
mod pairs;
mod patches;
mod paths;
mod replicas;

pub use build_metadata::{BUILD_METADATA_OPTIONS, BuildMetadata};
pub use draft::Draft;
pub use file::{Changed, KustomizationFile};
pub use generators::{GeneratorEntry, GeneratorField};
pub use images::SetImages;
pub use pairs::{PairField, add_labels_without_selector, pair};
pub use patches::PatchEntry;
pub use paths::PathField;
pub use replicas::SetReplicas;

use crate::source::Span;
use crate::yaml::{Node, Scalar};

/// A string.
fn text(text: &str) -> Node {
    Scalar::string(text, Span::NONE).into()
}

/// A mapping; entries without a value are left out.
fn mapping<const N: usize>(entries: [(&str, Option<Node>); N]) -> Node {
    let entry =
        |(key, value): (&str, Option<Node>)| Some((Scalar::string(key, Span::NONE), value?));
    Node::mapping(entries.into_iter().filter_map(entry).collect(), Span::NONE)
}

/// A list.
fn list(items: impl IntoIterator<Item = Node>) -> Node {
    Node::sequence(items.into_iter().collect(), Span::NONE)
}
