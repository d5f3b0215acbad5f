//! The names of list elements.

use crate::yaml::Node;

/// The fields that tell elements of lists apart, the more specific first.
pub(super) const NAMES: &[&str] =
    &["mountPath", "devicePath", "containerPort", "name", "port", "ip", "topologyKey", "key"];

/// The field that names an element of a list, and its text.
pub(super) fn name_of(element: &Node) -> Option<(&'static str, &str)> {
    NAMES.iter().find_map(|field| Some((*field, element.get(field)?.as_text()?)))
}
