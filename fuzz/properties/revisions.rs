//! A property of the git trees of revisions.

use std::path::{Path, PathBuf};

use krender::build;
use krender::limits::{Budget, Limit, Limits};
use krender::load::git::{Changed as _, Changes, Id, ObjectKind, ObjectMemory, Revision, Trees};
use krender::load::{self, Files as _, KUSTOMIZATION_FILES, Kind, Loader};

/// Any git objects give files or an error, and the reported changes are the actual differences.
///
/// A line `-- KIND --` precedes each object, and the line break before it does not belong to the object before. In
/// trees, the byte 0xFF and the byte after it stand for the id of the object with that number. The last two trees are
/// the revisions before and after a change.
pub(crate) fn revision_trees(bytes: &[u8]) {
    let mut objects = ObjectMemory::new();
    let roots = forge(bytes, &mut objects);
    let Some(&[before, after]) = roots.last_chunk() else { return };
    let limits = Limits::default().with(Limit::GitObjects, 20_000).with(Limit::Files, 1 << 20);
    let trees = Trees::new(objects, Budget::new(limits));
    let top = Path::new("/top");
    let revisions = [before, after].map(|root| Revision::new(trees.clone(), top, root));
    let changes = Changes::new(trees, top, [before, after]);
    let mut paths: Vec<PathBuf> = revisions.iter().flat_map(|side| paths(side, top)).collect();
    paths.push(top.join("not there"));
    for path in &paths {
        compare(&revisions, &changes, path);
    }
    drop(changes.any_named(top, &KUSTOMIZATION_FILES));
    let same = changes.is_empty();
    assert_eq!(same, before == after);
    for side in revisions {
        let options = load::Options { working_directory: top.into(), limits, ..Default::default() };
        let loader = Loader::new(side, options);
        let options = build::Options::default();
        for root in
            loader.kustomizations(".").map(|tree| tree.found).unwrap_or_default().iter().take(10)
        {
            drop(build::build(&loader, root.name(), &options));
        }
    }
}

/// Adds the objects of an archive, and returns the ids of the trees.
fn forge(archive: &[u8], objects: &mut ObjectMemory) -> Vec<Id> {
    let (mut ids, mut roots): (Vec<Id>, Vec<Id>) = (Vec::new(), Vec::new());
    let mut kind = None;
    let mut content = Vec::new();
    let lines = archive.split_inclusive(|&byte| byte == b'\n').chain([&b"-- end --"[..]]);
    for line in lines {
        let line_text = line.trim_ascii_end();
        let next = line_text.strip_prefix(b"-- ").and_then(|rest| rest.strip_suffix(b" --"));
        let Some(next) = next else {
            content.extend_from_slice(line);
            continue;
        };
        let mut object = std::mem::take(&mut content);
        object.pop_if(|byte| *byte == b'\n');
        if let Some(kind) = std::mem::replace(&mut kind, ObjectKind::parse(next)) {
            let object = if kind == ObjectKind::Tree { numbered(&object, &ids) } else { object };
            let id = objects.add(kind, object);
            ids.push(id);
            roots.extend((kind == ObjectKind::Tree).then_some(id));
        }
    }
    roots
}

/// A tree in which numbers stand for ids.
fn numbered(content: &[u8], ids: &[Id]) -> Vec<u8> {
    let mut tree = Vec::new();
    let mut rest = content.iter();
    while let Some(&byte) = rest.next() {
        match (byte, rest.as_slice().first().and_then(|&number| ids.get(usize::from(number)))) {
            (0xFF, Some(id)) => {
                rest.next();
                tree.extend_from_slice(id.as_bytes());
            }
            _ => tree.push(byte),
        }
    }
    tree
}

/// Some of the paths of a revision.
fn paths(revision: &Revision, top: &Path) -> Vec<PathBuf> {
    const MOST: usize = 200;
    let (mut found, mut pending) = (Vec::new(), vec![top.to_path_buf()]);
    while let Some(path) = pending.pop() {
        for (name, kind) in revision.list(&path).unwrap_or_default() {
            let is_segment = Path::new(&name).components().count() == 1
                && Path::new(&name).file_name() == Some(name.as_os_str());
            assert!(is_segment, "{name:?} is no segment of a path");
            let path = path.join(name);
            if kind == Kind::Directory {
                pending.push(path.clone());
            }
            found.push(path);
        }
        if found.len() > MOST {
            break;
        }
    }
    found
}

/// The reported state of a path must be the actual one.
fn compare(revisions: &[Revision; 2], changes: &Changes, path: &Path) {
    let [before, after] = revisions;
    let (Ok(before_kind), Ok(after_kind)) = (before.kind(path), after.kind(path)) else { return };
    let Ok(is_changed) = changes.is_changed(path) else { return };
    if is_changed {
        assert!(changes.is_changed_below(path).unwrap_or(true), "{path:?}");
        assert!(changes.on_the_way(path).map_or(true, |way| way.is_some()), "{path:?}");
    }
    match (before_kind, after_kind) {
        (Kind::File, Kind::File) => {
            let read = |revision: &Revision| revision.read(path, 1 << 20).ok();
            if let (Some(before), Some(after)) = (read(before), read(after)) {
                assert_eq!(is_changed, before != after, "{path:?}");
            }
        }
        (Kind::File | Kind::Link, other) | (other, Kind::File | Kind::Link) => {
            assert!(is_changed || other == Kind::Link, "{path:?}");
        }
        _ => {}
    }
}
