use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::*;
use crate::error::{Code, Result};
use crate::limits::{Budget, Limit, Limits};
use crate::load::{Files, KUSTOMIZATION_FILES, Kind, Loader, Memory, Options};
use crate::source::Span;

/// A tree of files, each a path and its content; content that begins with `->` makes a link.
fn tree(objects: &mut ObjectMemory, files: &[(&str, &str)]) -> Id {
    let mut names: Vec<&str> =
        files.iter().map(|(path, _)| path.split('/').next().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    let mut entries = Vec::new();
    for name in names {
        if let Some((_, content)) = files.iter().find(|(path, _)| *path == name) {
            let (mode, content) = match content.strip_prefix("->") {
                Some(target) => ("120000", target),
                None => ("100644", *content),
            };
            entries.push((mode, name, objects.add(ObjectKind::Blob, content)));
            continue;
        }
        let below: Vec<(&str, &str)> = files
            .iter()
            .filter_map(|(path, content)| {
                Some((path.strip_prefix(name)?.strip_prefix('/')?, *content))
            })
            .collect();
        entries.push(("40000", name, tree(objects, &below)));
    }
    objects.tree(entries.iter().map(|(mode, name, id)| (*mode, name.as_bytes(), *id)))
}

fn trees(objects: ObjectMemory) -> Trees {
    Trees::new(objects, Budget::default())
}

fn loader(revision: Revision) -> Loader {
    Loader::new(revision, Options { working_directory: "/top".into(), ..Options::default() })
}

/// A source that records which objects were read.
struct Counting(ObjectMemory, Arc<std::sync::Mutex<Vec<Id>>>);

impl Objects for Counting {
    fn read(
        &self,
        ids: &[Id],
        largest: u64,
        take: &mut dyn FnMut(usize, Object) -> Result<()>,
    ) -> Result<()> {
        self.1.lock().unwrap().extend(ids);
        self.0.read(ids, largest, take)
    }
}

const BEFORE: [(&str, &str); 6] = [
    ("a/b/c", "1"),
    ("a/d", "2"),
    ("e", "->a"),
    ("f/kustomization.yaml", ""),
    ("g/h/i", "3"),
    ("j/k", "4"),
];
const AFTER: [(&str, &str); 6] = [
    ("a/b/c", "changed"),
    ("a/d", "2"),
    ("e", "->f"),
    ("f/Kustomization", ""),
    ("g/h", "3"),
    ("j/k", "4"),
];

#[test]
fn changes_are_found_on_the_way_to_what_is_asked_for() {
    let mut objects = ObjectMemory::new();
    let roots = [tree(&mut objects, &BEFORE), tree(&mut objects, &AFTER)];
    let read = Arc::default();
    let counting = Counting(objects, Arc::clone(&read));
    let changes = Changes::new(Trees::new(counting, Budget::default()), Path::new("/top"), roots);
    assert!(!changes.is_changed("/top/j/k".as_ref()).unwrap());
    assert_eq!(read.lock().unwrap().len(), 2, "both roots: what has one id is not read");
    let path = |path: &str| PathBuf::from(path);
    for changed in ["/top/a/b/c", "/top/e", "/top/f/Kustomization", "/top/g/h"] {
        assert!(changes.is_changed(changed.as_ref()).unwrap(), "{changed}");
        assert_eq!(changes.on_the_way(changed.as_ref()).unwrap(), Some(path(changed)));
        assert!(changes.is_changed_below(changed.as_ref()).unwrap(), "{changed}");
    }
    for same in ["/top/a/d", "/top", "/top/a", "/top/a/b", "/", "/elsewhere/e", "/top/none/x"] {
        assert!(!changes.is_changed(same.as_ref()).unwrap(), "{same}");
        assert_eq!(changes.on_the_way(same.as_ref()).unwrap(), None, "{same}");
    }
    for way in ["/top/e/d", "/top/e/x/y"] {
        assert_eq!(changes.on_the_way(way.as_ref()).unwrap(), Some(path("/top/e")), "{way}");
    }
    assert!(changes.is_changed_below("/".as_ref()).unwrap());
    assert!(changes.is_changed_below("/top/a".as_ref()).unwrap());
    assert!(!changes.is_changed_below("/top/j".as_ref()).unwrap());
    assert!(changes.may_have("Kustomization".as_ref()).unwrap());
    assert!(!changes.may_have("k".as_ref()).unwrap());
    assert!(changes.any_named("/top".as_ref(), &KUSTOMIZATION_FILES).unwrap());
    assert!(!changes.any_named("/top/a".as_ref(), &KUSTOMIZATION_FILES).unwrap());
    assert!(!changes.is_empty());
}

/// Compares with a naive implementation that visits every path.
#[test]
fn changes_are_those_of_a_comparison_of_all_paths() {
    let paths = |files: &[(&str, &str)]| -> BTreeSet<PathBuf> {
        files.iter().map(|(path, _)| Path::new("/top").join(path)).collect()
    };
    let same: Vec<(&str, &str)> =
        BEFORE.iter().filter(|file| AFTER.contains(file)).copied().collect();
    let slow: BTreeSet<PathBuf> = paths(&BEFORE)
        .union(&paths(&AFTER))
        .filter(|path| !paths(&same).contains(*path))
        .cloned()
        .collect();
    let mut objects = ObjectMemory::new();
    let roots = [tree(&mut objects, &BEFORE), tree(&mut objects, &AFTER)];
    let changes = Changes::new(trees(objects), Path::new("/top"), roots);
    let mut asked: BTreeSet<PathBuf> = slow.clone();
    asked.extend(paths(&same));
    asked.extend(slow.iter().flat_map(|path| path.ancestors().map(Path::to_path_buf)));
    asked.extend(slow.iter().map(|path| path.join("below")));
    for path in asked {
        assert_eq!(changes.is_changed(&path).unwrap(), slow.is_changed(&path).unwrap(), "{path:?}");
        if let Some(name) = path.file_name() {
            assert!(changes.may_have(name).unwrap() || !changes.is_changed(&path).unwrap());
        }
        let below = changes.is_changed_below(&path).unwrap();
        assert!(below || !slow.is_changed_below(&path).unwrap(), "{path:?}");
        assert_eq!(changes.on_the_way(&path).unwrap(), slow.on_the_way(&path).unwrap(), "{path:?}");
    }
}

#[test]
fn permissions_are_no_change() {
    let mut objects = ObjectMemory::new();
    let blob = objects.add(ObjectKind::Blob, "");
    let roots = ["100644", "100755"].map(|mode| objects.tree([(mode, &b"a"[..], blob)]));
    let changes = Changes::new(trees(objects), Path::new("/"), roots);
    assert!(!changes.is_changed("/a".as_ref()).unwrap());
}

struct Known(Id, Option<Id>);

impl Provisional for Known {
    fn id(&self, provisional: Id) -> Option<Id> {
        if provisional == self.0 { self.1 } else { None }
    }
}

#[test]
fn files_of_a_working_tree_are_read_when_they_are_asked_for() {
    let mut objects = ObjectMemory::new();
    let blob = objects.add(ObjectKind::Blob, "1");
    let below = objects.tree([("100644", &b"file"[..], blob)]);
    let root = objects.tree([("40000", &b"a"[..], below)]);
    let trees = trees(objects);
    let provisional = trees.provisional();
    let mut id = provisional;
    for (name, kind) in [("file", EntryKind::File), ("a", EntryKind::Tree)] {
        let entry = TreeEntry { name: name.as_bytes().into(), kind, id };
        id = trees.add(Tree::new(vec![entry]).unwrap(), 20);
    }
    assert!(id.provisional_number().is_some());
    for (known, is_changed) in [(Some(blob), false), (Some(root), true), (None, true)] {
        let changes = Changes::new(trees.clone(), Path::new("/"), [root, id]);
        let changes = changes.with_provisional(Arc::new(Known(provisional, known)));
        assert!(!changes.is_empty(), "that is not known yet");
        assert_eq!(changes.is_changed("/a/file".as_ref()).unwrap(), is_changed);
        assert_eq!(changes.is_changed_below("/".as_ref()).unwrap(), is_changed);
        assert_eq!(changes.any_named("/".as_ref(), &["file"]).unwrap(), is_changed);
        assert!(!changes.any_named("/".as_ref(), &["other"]).unwrap());
    }
}

/// A file at ten to the power of `levels` paths.
fn bomb(objects: &mut ObjectMemory, levels: usize, name: &str) -> Id {
    let blob = objects.add(ObjectKind::Blob, "");
    let mut id = objects.tree([("100644", name.as_bytes(), blob)]);
    for _ in 0..levels {
        let names: Vec<String> = (0..10).map(|number| number.to_string()).collect();
        id = objects.tree(names.iter().map(|name| ("40000", name.as_bytes(), id)));
    }
    id
}

#[test]
fn trees_that_are_at_many_paths_are_read_once() {
    let mut objects = ObjectMemory::new();
    let [one, other] = ["file", "kustomization.yaml"].map(|name| bomb(&mut objects, 20, name));
    let trees = trees(objects);
    for (root, is_found) in [(one, false), (other, true)] {
        trees.read_all(root, &[]).unwrap();
        assert_eq!(trees.holds(root, &KUSTOMIZATION_FILES).unwrap(), is_found);
        // Cached by now.
        assert_eq!(trees.holds(root, &KUSTOMIZATION_FILES).unwrap(), is_found);
    }
    let changes = Changes::new(trees.clone(), Path::new("/top"), [one, other]);
    assert!(changes.any_named("/top".as_ref(), &["file"]).unwrap());
    assert!(!changes.any_named("/top".as_ref(), &["none"]).unwrap());
    assert!(changes.is_changed_below("/top".as_ref()).unwrap());
    let found = loader(Revision::new(trees, Path::new("/top"), one)).kustomizations(".");
    assert!(found.unwrap().found.is_empty(), "what holds no kustomization is passed over");
}

#[test]
fn kustomization_files_are_read_with_the_trees() {
    let mut objects = ObjectMemory::new();
    let root = tree(&mut objects, &BEFORE);
    let requests = Arc::default();
    let trees = Trees::new(Counting(objects, Arc::clone(&requests)), Budget::default());
    let revision = Revision::new(trees, Path::new("/top"), root);
    revision.read_trees("/top".as_ref()).unwrap();
    let number = || requests.lock().unwrap().len();
    let after_trees = number();
    assert_eq!(revision.read("/top/f/kustomization.yaml".as_ref(), 9).unwrap(), b"");
    assert_eq!(number(), after_trees);
    assert_eq!(revision.read("/top/a/d".as_ref(), 9).unwrap(), b"2");
    assert_eq!(number(), after_trees + 1);
}

#[test]
fn a_budget_bounds_what_is_listed() {
    let mut objects = ObjectMemory::new();
    let root = bomb(&mut objects, 20, "kustomization.yaml");
    let budget = Budget::new(Limits::default().with(Limit::GitObjects, 10_000));
    let trees = Trees::new(objects, budget);
    let loader = loader(Revision::new(trees, Path::new("/top"), root));
    assert_eq!(loader.kustomizations(".").unwrap_err().code(), Code::LimitExceeded);
}

#[test]
fn trees_that_are_too_deep_are_left() {
    let mut objects = ObjectMemory::new();
    let blob = objects.add(ObjectKind::Blob, "");
    let mut root = objects.tree([("100644", &b"kustomization.yaml"[..], blob)]);
    for _ in 0..30_000 {
        root = objects.tree([("40000", &b"d"[..], root)]);
    }
    let (read, empty) = (Arc::default(), objects.tree([]));
    let trees = Trees::new(Counting(objects, Arc::clone(&read)), Budget::default());
    trees.read_all(root, &[]).unwrap();
    assert!(!trees.holds(root, &KUSTOMIZATION_FILES).unwrap());
    let changes = Changes::new(trees.clone(), Path::new("/top"), [root, empty]);
    assert!(!changes.any_named("/top".as_ref(), &KUSTOMIZATION_FILES).unwrap());
    assert!(read.lock().unwrap().len() < 2200, "no path leads to the rest");
    let revision = Revision::new(trees, Path::new("/top"), root);
    let path = PathBuf::from(format!("/top{}", "/d".repeat(1900)));
    assert_eq!(revision.kind(&path).unwrap(), Kind::Directory);
    assert!(revision.kind(&path.join("d/".repeat(1000))).is_err(), "the path is too long");
}

#[test]
fn objects_of_the_wrong_kind_are_refused() {
    let mut objects = ObjectMemory::new();
    let blob = objects.add(ObjectKind::Blob, "");
    let tree = objects.tree([]);
    let lost = Id::from_bytes(&[7; 20]).unwrap();
    let root = objects.tree([
        ("40000", &b"blob"[..], blob),
        ("100644", b"tree", tree),
        ("100644", b"lost", lost),
        ("40000", b"lost tree", lost),
        ("120000", b"link to lost", lost),
    ]);
    let loader = loader(Revision::new(trees(objects), Path::new("/top"), root));
    for (path, said) in [
        ("tree", "is a tree, not a blob"),
        ("lost", "the blob `0707070707070707070707070707070707070707` is missing"),
        ("link to lost", "is missing"),
        ("blob/file", "is a blob, not a tree"),
        ("lost tree/file", "is missing"),
    ] {
        let error = loader.file(path).err().unwrap();
        assert_eq!(error.code(), Code::ReadFailed, "{path}");
        assert!(error.message().contains(said), "{path}: {error}");
    }
}

#[test]
fn files_and_links_that_are_too_large_are_not_read() {
    let mut objects = ObjectMemory::new();
    let large = objects.add(ObjectKind::Blob, vec![b'a'; 5000]);
    let root = objects.tree([("100644", &b"file"[..], large), ("120000", b"link", large)]);
    let revision = Revision::new(trees(objects), Path::new("/top"), root);
    assert_eq!(revision.read("/top/file".as_ref(), 5000).unwrap().len(), 5000);
    let error = revision.read("/top/file".as_ref(), 4999).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::FileTooLarge);
    assert!(revision.canonicalize("/top/link".as_ref()).is_err());
}

#[test]
fn revisions_can_be_mounted() {
    let mut objects = ObjectMemory::new();
    let files = [
        ("base/kustomization.yaml", ""),
        ("base/pod.yaml", "kind: Pod"),
        ("base/here.yaml", "->pod.yaml"),
        ("base/out.yaml", "->../../site/kustomization.yaml"),
    ];
    let root = tree(&mut objects, &files);
    let revision = Revision::new(trees(objects), Path::new("/fetched"), root);
    let site = Memory::new().file("site/kustomization.yaml", "resources: [../fetched/base]\n");
    let loader = Loader::new(site, Options::default());
    loader.mount("/fetched".as_ref(), revision).unwrap();
    let base = loader.root("site").unwrap().child("../fetched/base", Span::NONE).unwrap();
    assert_eq!(base.read("here.yaml", Span::NONE).unwrap().text(), "kind: Pod");
    assert_eq!(base.read("out.yaml", Span::NONE).unwrap_err().code(), Code::OutsideRoot);
}
