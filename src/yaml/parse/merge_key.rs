//! Merge keys, which are resolved during parsing: a document contains none of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::yaml::node::{Kind, Mapping, Node, Scalar, Style, Tag, Text};

/// The precedence between a mapping and a mapping merged into it, for equal keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Merge {
    /// The mapping's own entries win; the merged ones come after them.
    Own,
    /// The later one wins.
    Later,
    /// Merge keys are kept unresolved.
    Keep,
}

/// Resolves the merge keys of a mapping.
pub(super) fn merge(mapping: &mut Mapping, rule: Merge) -> Result<()> {
    match rule {
        Merge::Own => merge_own(mapping),
        Merge::Later => merge_later(mapping),
        Merge::Keep => Ok(()),
    }
}

/// Resolves merge keys by position: the later of an entry and a merge key wins. Of several mappings under one merge key
/// the first wins. (go-yaml v2, `decode.go`.)
///
/// Two own entries with the same key are both kept.
fn merge_later(mapping: &mut Mapping) -> Result<()> {
    let mut entries: Vec<(Scalar, Node)> = Vec::with_capacity(mapping.len());
    let mut places: BTreeMap<Text, usize> = BTreeMap::new();
    let mut merged_in: BTreeSet<usize> = BTreeSet::new();
    for (key, value) in std::mem::take(mapping.entries_mut()) {
        if !is_merge_key(&key) {
            match places.get(key.shared_text()) {
                Some(place) if merged_in.remove(place) => entries[*place] = (key, value),
                _ => {
                    places.insert(key.shared_text().clone(), entries.len());
                    entries.push((key, value));
                }
            }
            continue;
        }
        for merged in merged_mappings(&value, key.span())?.into_iter().rev() {
            for (key, value) in merged.iter() {
                let entry = (key.clone(), value.clone());
                match places.get(key.shared_text()) {
                    Some(place) => entries[*place] = entry,
                    None => {
                        places.insert(key.shared_text().clone(), entries.len());
                        merged_in.insert(entries.len());
                        entries.push(entry);
                    }
                }
            }
        }
    }
    *mapping.entries_mut() = entries;
    Ok(())
}

/// Resolves a merge key whose entries come after the mapping's own, which win.
///
/// As `deAnchor` in kustomize's `kyaml/yaml/rnode.go`: of several merged mappings the first one wins, and the first
/// entry with the key `<<` is removed, even if quotes make it an ordinary key.
fn merge_own(mapping: &mut Mapping) -> Result<()> {
    let mut found: Option<(Span, Node)> = None;
    for (key, value) in mapping.iter() {
        if !is_merge_key(key) {
            continue;
        }
        if let Some((first, _)) = found {
            return Err(Error::new(Code::InvalidMerge, "found a second merge key in one mapping")
                .at(key.span())
                .note(first, "the first one")
                .help("merge a list: `<<: [*first, *second]`"));
        }
        found = Some((key.span(), value.clone()));
    }
    mapping.remove("<<");
    let Some((span, value)) = found else { return Ok(()) };
    let mut known: BTreeSet<&str> = mapping.iter().map(|(key, _)| key.text()).collect();
    let mut added = Vec::new();
    for merged in merged_mappings(&value, span)? {
        added.extend(merged.iter().filter(|(key, _)| known.insert(key.text())));
    }
    let added: Vec<_> =
        added.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    mapping.entries_mut().extend(added);
    Ok(())
}

fn is_merge_key(key: &Scalar) -> bool {
    match key.tag() {
        Tag::Merge => true,
        Tag::None => key.style() == Style::Plain && key.text() == "<<",
        _ => false,
    }
}

/// The mappings under a merge key, of which `span` is that of the key. An alias may stand for a mapping, but not for a list
/// of them, for both versions of go-yaml and for kustomize.
fn merged_mappings(value: &Node, span: Span) -> Result<Vec<&Mapping>> {
    let refuse_what = |what: &str| {
        Error::new(
            Code::InvalidMerge,
            format!("found {what} under a merge key, expected a mapping or a list of them"),
        )
        .at(span)
        .help(
            "write `<<: *anchor` with the anchor of a mapping; a key named `<<` needs another name",
        )
    };
    let refuse = |kind: Kind| refuse_what(&kind.to_string());
    // An alias stands for a node that ends before it.
    let is_alias = value.span().start() < span.start();
    match value.kind() {
        Kind::Sequence if is_alias => Err(refuse_what("an alias of a list")),
        Kind::Mapping => Ok(value.as_mapping().into_iter().collect()),
        Kind::Scalar => Err(refuse(Kind::Scalar)),
        Kind::Sequence => {
            let items = value.as_sequence().map_or(&[][..], |sequence| sequence.items());
            items.iter().map(|item| item.as_mapping().ok_or_else(|| refuse(item.kind()))).collect()
        }
    }
}
