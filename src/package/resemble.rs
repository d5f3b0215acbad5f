//! Gives resources that a function printed the comments and the order of fields that they had before: programs that read
//! and write YAML lose both. (kyaml, `comments/comments.go`, `order/syncorder.go`.)

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Item;
use crate::source::Span;
use crate::yaml::{Mapping, Node, Remarks, Scalar, Style, Written};

/// The documents of resources that a function printed, with comments that are added to them.
#[derive(Default)]
pub(super) struct Resembled(BTreeMap<u32, Written>);

impl Resembled {
    /// Gives a resource comments where it has none, and the order of fields, of the same resource before.
    pub(super) fn add(&mut self, before: &Item, after: &mut Item) {
        let start = after.document.start();
        let document = self.0.entry(start).or_insert_with(|| (*after.document).clone());
        if before.is_whole && before.has_comments {
            document.adopt(after.root.span(), false, before.document.around());
        }
        let mut pending = vec![(&before.root, &mut after.root)];
        while let Some((from, to)) = pending.pop() {
            adopt(document, before, (from.span(), to.span()), from.as_scalar().is_some());
            if from.as_scalar().is_some() {
                unfold(to);
            } else if let Some(list) = from.as_sequence() {
                let Some(others) = to.as_sequence_mut() else { continue };
                let text = |node: &Node| node.as_scalar().map(|scalar| scalar.text().to_owned());
                let pairs = list.items().iter().zip(others.items_mut());
                pending.extend(pairs.filter(|(from, to)| text(from) == text(to)));
            } else if let Some(fields) = from.as_mapping() {
                let Some(others) = to.as_mapping_mut() else { continue };
                sort(fields, others);
                for (key, value) in others.entries_mut() {
                    let known = fields.iter().find(|(known, _)| known.text() == key.text());
                    if let Some((known, from)) = known {
                        adopt(document, before, (known.span(), key.span()), true);
                        pending.push((from, value));
                    }
                }
            }
        }
    }

    /// The resources with the added comments.
    pub(super) fn finish(self, items: &mut [Item]) {
        let documents: BTreeMap<u32, Arc<Written>> =
            self.0.into_iter().map(|(start, document)| (start, Arc::new(document))).collect();
        for item in items {
            if let Some(document) = documents.get(&item.document.start()) {
                item.document = Arc::clone(document);
            }
        }
    }
}

fn adopt(document: &mut Written, before: &Item, (from, to): (Span, Span), is_scalar: bool) {
    let remarks: Option<&Remarks> =
        before.has_comments.then(|| before.document.remarks(from, is_scalar)).flatten();
    if let Some(remarks) = remarks {
        document.adopt(to, is_scalar, remarks);
    }
}

/// Puts the fields in the order of others with the same keys; the rest follows.
fn sort(order: &Mapping, fields: &mut Mapping) {
    let place: BTreeMap<&str, usize> =
        order.iter().enumerate().map(|(place, (key, _))| (key.text(), place)).collect();
    let key = |(key, _): &(Scalar, Node)| place.get(key.text()).copied().unwrap_or(usize::MAX);
    if !fields.entries().is_sorted_by_key(key) {
        fields.entries_mut().sort_by_key(key);
    }
}

/// Turns folded text into quoted text: go-yaml would write a comment behind it without a space.
fn unfold(node: &mut Node) {
    if let Some(scalar) = node.as_scalar().filter(|scalar| scalar.style() == Style::Folded) {
        *node =
            Scalar::parsed(scalar.text(), scalar.tag(), Style::DoubleQuoted, scalar.span()).into();
    }
}
