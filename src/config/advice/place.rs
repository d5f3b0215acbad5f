//! Path of an error in its document.

use crate::source::Span;
use crate::yaml::{Mapping, Node, Scalar, Sequence};

/// The node that an error is about, with its path.
pub(super) struct ErrorPlace<'a> {
    /// Path of fields in lower case, with `[]` for elements of lists: `images[].newtag`.
    pub(super) path: String,
    /// The value, or the value of the field whose name the error is about.
    pub(super) node: &'a Node,
    /// The key of the value, as written; `None` for the document itself and for elements of lists.
    pub(super) key: Option<&'a Scalar>,
    /// The parent mapping or list; `None` for the document itself.
    pub(super) around: Option<&'a Node>,
}

impl<'a> ErrorPlace<'a> {
    /// Finds the node with a span, or whose key has it. `path` is the path of the document. Values of aliases and merge
    /// keys have spans elsewhere, and are not found.
    pub(super) fn find(path: &str, root: &'a Node, span: Span) -> Option<Self> {
        let mut place = Self { path: path.to_owned(), node: root, key: None, around: None };
        while place.node.span() != span || span.is_none() {
            let (around, path) = (place.node, &place.path);
            if let Some(mapping) = around.as_mapping() {
                let (key, node) = entry_at(mapping, span)?;
                let dot = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{dot}{}", key.text().to_lowercase());
                place = Self { path, node, key: Some(key), around: Some(around) };
                if key.span() == span {
                    return Some(place);
                }
            } else {
                let items = around.as_sequence().map_or(&[][..], Sequence::items);
                let node = items.iter().find(|item| contains(item.span(), span))?;
                place = Self { path: format!("{path}[]"), node, key: None, around: Some(around) };
            }
        }
        Some(place)
    }

    /// True for a field of the document itself.
    pub(super) fn is_at_top(&self) -> bool {
        !self.path.is_empty() && self.path_around().is_empty()
    }

    /// The path of the parent mapping or list.
    pub(super) fn path_around(&self) -> &str {
        match self.path.strip_suffix("[]") {
            Some(list) => list,
            None => self.path.rsplit_once('.').map_or("", |(around, _)| around),
        }
    }
}

fn entry_at(mapping: &Mapping, span: Span) -> Option<(&Scalar, &Node)> {
    mapping.iter().find(|(key, value)| key.span() == span || contains(value.span(), span))
}

fn contains(outer: Span, inner: Span) -> bool {
    outer.start() <= inner.start() && inner.end() <= outer.end() && !outer.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::yaml::parse;

    #[test]
    fn places_have_the_path_of_their_fields() {
        let text = "Images:\n- name: a\n  newTag: 1\nlabels: [{pairs: {a: b}}]\n";
        let source = Source::detached(text);
        let root = parse::document(&source).unwrap().unwrap().root;
        let path = |word: &str| {
            let start = text.find(word).unwrap();
            let place =
                ErrorPlace::find("", &root, source.span(start, start + word.len())).unwrap();
            (place.path.clone(), place.path_around().to_owned())
        };
        let pair = |path: &str, around: &str| (path.to_owned(), around.to_owned());
        assert_eq!(path("newTag"), pair("images[].newtag", "images[]"));
        assert_eq!(path("1"), pair("images[].newtag", "images[]"));
        assert_eq!(path("{pairs: {a: b}}"), pair("labels[]", "labels"));
        assert_eq!(path("Images"), pair("images", ""));
        assert!(ErrorPlace::find("", &root, source.span(2, 3)).is_none());
    }
}
