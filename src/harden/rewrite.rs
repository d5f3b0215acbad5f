//! Rewriting an object for another version of the API.

use super::value::below;
use crate::resource::Resource;
use crate::schema::{Api, Fields};

/// The change of an object from a version of the API to its replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// `apiVersion` and kind.
    pub old: (String, String),
    /// `apiVersion` and kind of the replacement; `None` if there is none.
    pub new: Option<(String, String)>,
    /// Fields with other names, places, defaults or meanings, and advice without a replacement; empty if only
    /// `apiVersion` changes.
    pub moves: String,
}

impl Rewrite {
    /// The rewrite of an object that has this version of the API.
    #[must_use]
    pub(super) fn of(api: &Api, object: &Resource) -> Self {
        let owned = |(version, kind): (&str, &str)| (version.to_owned(), kind.to_owned());
        let moves = match api.fields {
            Fields::Same => "",
            Fields::Moved(words) => words,
            Fields::SameWith { field, otherwise } => {
                let keys: Vec<&str> = field.split('.').collect();
                match below(object.node(), &keys).is_some_and(|node| !node.is_empty()) {
                    true => "",
                    false => otherwise,
                }
            }
        };
        Self {
            old: owned((api.api_version(), api.kind())),
            new: api.replacement.map(owned),
            moves: moves.to_owned(),
        }
    }

    /// The replacement as text: the `apiVersion`, with the kind if it differs.
    #[must_use]
    pub fn replacement(&self) -> Option<String> {
        let (version, kind) = self.new.as_ref()?;
        Some(match *kind == self.old.1 {
            true => format!("`{version}`"),
            false => format!("{kind} of `{version}`"),
        })
    }

    /// The new `apiVersion`, if nothing else changes.
    #[must_use]
    pub fn renamed(&self) -> Option<&str> {
        let (version, kind) = self.new.as_ref()?;
        (self.moves.is_empty() && *kind == self.old.1).then_some(version)
    }
}
