//! Properties of edits in YAML text.

use krender::error::Code;
use krender::source::{Source, Sources};
use krender::yaml::edit::{Change, Edited, edit};
use krender::yaml::path::PathStep;
use krender::yaml::{Mapping, Node, Scalar, as_written, parse, resolve};

use super::archive;

/// The maximum number of nodes of a document that are changed; they are spread over all of it.
const MOST: usize = 5;

/// A change of a document is refused, or gives the requested document and leaves every byte outside of its edits as it
/// is. The input is a document, and in a second file the value that is set and inserted.
pub(crate) fn edits_are_exact(bytes: &[u8]) {
    let sources = Sources::new();
    let mut files = archive::split(bytes, "document.yaml").into_iter().map(|(_, text)| text);
    let Ok(source) = sources.add("document.yaml", files.next().unwrap_or_default()) else { return };
    let value = files.next().unwrap_or_else(|| b"{a: [1, 'x'], b: \"y\\n\"}".to_vec());
    let value = sources.add("value.yaml", value).and_then(|value| parse::document(&value));
    let Ok(Some(value)) = value.map(|value| value.map(|document| document.root)) else { return };
    let root = as_written(&source).ok().flatten();
    let paths = root.as_ref().map_or_else(|| vec![Vec::new()], paths);
    for path in paths.iter().step_by(paths.len().div_ceil(MOST).max(1)) {
        for change in changes(path, &value) {
            check(&source, root.as_ref(), &change);
        }
    }
}

/// The paths of all nodes of a document.
fn paths(root: &Node) -> Vec<Vec<PathStep>> {
    let mut paths = Vec::new();
    let mut pending = vec![(Vec::new(), root)];
    while let Some((path, node)) = pending.pop() {
        let below = |step| path.iter().cloned().chain([step]).collect();
        let items = items(node).iter().enumerate();
        pending.extend(items.map(|(at, item)| (below(PathStep::Index(at)), item)));
        let entries = entries(node).iter();
        let key = |key: &Scalar| PathStep::Key(key.text().into());
        pending.extend(entries.map(|(name, value)| (below(key(name)), value)));
        paths.push(path);
    }
    paths
}

fn items(node: &Node) -> &[Node] {
    node.as_sequence().map_or(&[], |list| list.items())
}

fn entries(node: &Node) -> &[(Scalar, Node)] {
    node.as_mapping().map_or(&[], Mapping::entries)
}

/// The text of a key; for a key that is a collection, a text that no path has.
fn name(key: &Scalar) -> String {
    if key.is_complex_key() { "\0".to_owned() } else { key.text().to_owned() }
}

fn changes<'a>(path: &'a [PathStep], value: &'a Node) -> Vec<Change<'a>> {
    let mut changes = vec![
        Change::Set { path, value },
        Change::InsertEntry { path, at: None, key: "new", value },
        Change::InsertEntry { path, at: Some(0), key: "new: # ", value },
        Change::InsertItems { path, at: None, values: std::slice::from_ref(value) },
        Change::InsertItems { path, at: Some(1), values: std::slice::from_ref(value) },
        Change::Remove { path },
    ];
    if let Some(PathStep::Key(_)) = path.last() {
        changes.push(Change::Rename { path, key: "renamed" });
    }
    changes
}

fn check(source: &Source, root: Option<&Node>, change: &Change<'_>) {
    let edited = match edit(source, 0, change) {
        Ok(edited) => edited,
        Err(error) => {
            let is_yaml = parse::documents(source).is_ok();
            assert!(!is_yaml || error.code() == Code::EditRefused, "{change:?}: {error:?}");
            return;
        }
    };
    bytes_stay(source, &edited);
    let new = Sources::new().add("edited.yaml", edited.text()).expect("it is text");
    let documents = parse::documents(&new);
    assert!(documents.is_ok(), "{change:?}: {documents:?}\n{}", edited.text());
    // Of several documents, the first one that is written need not be the first one that counts.
    if source.text().contains("---") {
        return;
    }
    let Some(mut expected) = root.map(Meaning::of) else { return };
    let is_there = expected.change(change.path(), change).is_some();
    assert!(is_there, "made, though there is no such place: {change:?}\n{}", edited.text());
    let read = as_written(&new).expect("it is YAML");
    let read = read.as_ref().map_or_else(|| Meaning::Scalar("Null".to_owned()), Meaning::of);
    assert_eq!(read.sorted(), expected.sorted(), "{change:?}\n{}", edited.text());
}

/// Asserts that every byte outside of the edits is unchanged.
fn bytes_stay(source: &Source, edited: &Edited) {
    let (old, new) = (source.text(), edited.text());
    let (mut from, mut to) = (0, 0);
    for edit in edited.edits() {
        let start = (edit.span.start() - source.base()) as usize;
        let kept = start - from;
        assert_eq!(old[from..start], new[to..to + kept]);
        assert_eq!(new[to + kept..][..edit.text.len()], edit.text);
        from = start + edit.span.length() as usize;
        to += kept + edit.text.len();
    }
    assert_eq!(old[from..], new[to..]);
}

/// The meaning of a node, whatever its style.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Meaning {
    Scalar(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

impl Meaning {
    fn of(node: &Node) -> Self {
        match (node.as_scalar(), node.as_sequence()) {
            (Some(scalar), _) => Self::Scalar(match resolve(scalar) {
                Ok(value) => format!("{value:?}"),
                Err(_) => format!("{scalar:?}"),
            }),
            (None, Some(list)) => Self::List(list.items().iter().map(Self::of).collect()),
            (None, None) => {
                let entries = entries(node).iter();
                Self::Map(entries.map(|(key, value)| (name(key), Self::of(value))).collect())
            }
        }
    }

    fn sorted(mut self) -> Self {
        match &mut self {
            Self::Scalar(_) => {}
            Self::List(items) => *items = items.drain(..).map(Self::sorted).collect(),
            Self::Map(entries) => {
                *entries = entries.drain(..).map(|(key, value)| (key, value.sorted())).collect();
                entries.sort();
            }
        }
        self
    }

    /// Makes a change; `None` if there is no such place.
    fn change(&mut self, path: &[PathStep], change: &Change<'_>) -> Option<()> {
        let is_around = matches!(change, Change::Remove { .. } | Change::Rename { .. });
        if let (true, [last]) = (is_around, path) {
            match (self, last) {
                (Self::List(items), PathStep::Index(at)) => {
                    items.get(*at)?;
                    items.remove(*at);
                }
                (Self::Map(entries), PathStep::Key(name)) => {
                    let at = entries.iter().position(|(key, _)| key == name.as_str())?;
                    match change {
                        Change::Rename { key, .. } => entries[at].0 = (*key).to_owned(),
                        _ => drop(entries.remove(at)),
                    }
                }
                _ => return None,
            }
            return Some(());
        }
        match (&mut *self, path.split_first()) {
            (Self::List(items), Some((PathStep::Index(at), rest))) => {
                return items.get_mut(*at)?.change(rest, change);
            }
            (Self::Map(entries), Some((PathStep::Key(name), rest))) => {
                let (_, value) = entries.iter_mut().find(|(key, _)| key == name.as_str())?;
                return value.change(rest, change);
            }
            (_, Some(_)) => return None,
            (_, None) => {}
        }
        let is_null = matches!(self, Self::Scalar(text) if text == "Null");
        match change {
            Change::Set { value, .. } => *self = Self::of(value),
            Change::InsertEntry { key, value, .. } => {
                if is_null {
                    *self = Self::Map(Vec::new());
                }
                let Self::Map(entries) = self else { return None };
                entries.push(((*key).to_owned(), Self::of(value)));
            }
            Change::InsertItems { at, values, .. } => {
                if is_null {
                    *self = Self::List(Vec::new());
                }
                let Self::List(items) = self else { return None };
                let at = at.map_or(items.len(), |at| at.min(items.len()));
                items.splice(at..at, values.iter().map(Self::of));
            }
            Change::Remove { .. } | Change::Rename { .. } => return None,
        }
        Some(())
    }
}
