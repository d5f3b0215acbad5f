//! Advice on invalid kustomization files: the right form of a field, written with the given values.
//!
//! This code runs only after an error, so it may search the whole document.

mod documents;
mod fields;
mod foreign;
mod forms;
mod place;

pub(super) use documents::explain_configuration;
pub use documents::{explain_plugin, ignored_fields};
pub(super) use foreign::expects_component;

use std::collections::BTreeSet;

use place::ErrorPlace;

use crate::error::{Code, Error};
use crate::yaml::Node;

/// Adds the right forms to an error about a kustomization file. If the file holds another object, returns a single
/// error.
#[cold]
pub(super) fn explain(root: &Node, error: Error) -> Error {
    if error.code() == Code::KustomizationEmpty {
        return error;
    }
    let unknown: Vec<&Error> = error
        .iter()
        .filter(|error| error.code() == Code::UnknownField)
        .filter(|error| {
            ErrorPlace::find("", root, error.span()).is_some_and(|place| place.is_at_top())
        })
        .collect();
    foreign::refuse(root)
        .or_else(|| foreign::without_fields(root, &unknown))
        .unwrap_or_else(|| explain_part("", root, error))
}

/// Adds the right forms to an error about a document that holds a part of a kustomization: `path` is the field for it.
#[cold]
pub(super) fn explain_part(path: &str, root: &Node, error: Error) -> Error {
    let mut explained = Vec::new();
    let mut told = BTreeSet::new();
    for error in error.clone().into_each() {
        let Some(place) = ErrorPlace::find(path, root, error.span()) else {
            explained.push(error);
            continue;
        };
        match error.code() {
            Code::InvalidType => explained.push(forms::advise(&place, error)),
            Code::UnknownField => match fields::about_mapping(&place) {
                // Advice on all fields of a mapping is given once, at the first field.
                Some(advice) if told.insert(place.around.map(Node::span)) => {
                    explained.push(error.without_help().help(advice));
                }
                Some(_) => {}
                None => explained.push(fields::advise(&place, error)),
            },
            _ => explained.push(error),
        }
    }
    Error::all(explained).unwrap_or(error)
}
