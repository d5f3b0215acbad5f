//! The plan of a run: which files to write and to remove, and which are in the way.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Code, Error, Result};
use crate::load::git::Id;
use crate::text::escape;

use super::record::{Owned, RECORD, Record};
use super::source::METADATA;

/// A file of a rendered target.
#[derive(Clone, Debug)]
pub struct Hydrated {
    /// Path below the folder of the record.
    pub path: String,
    /// The target: its path from the top of the source repository.
    pub target: String,
    /// The id that git gives to the content.
    pub id: Id,
}

/// The entry at a path of the branch or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Existing {
    /// There is none.
    Missing,
    /// A file with content of this id.
    File(Id),
    /// A link, a folder or a submodule is at the path, or something other than a folder at a part of it, which is named.
    Blocked(String),
}

/// Changes of a run to a branch or folder.
#[derive(Debug, Default)]
pub struct Plan {
    /// The files to write, by index.
    pub write: Vec<usize>,
    /// Owned files to remove.
    pub remove: Vec<String>,
    /// Owned files that were changed by others since they were written. They are written or removed all the same.
    pub edited: Vec<String>,
    /// Files of others that are replaced.
    pub adopted: Vec<String>,
    /// Files of others at the paths of files to write. Nothing is written then.
    pub blocked: Vec<String>,
    /// Links, folders and submodules that are in the way, which are never replaced. Nothing is written then.
    pub irreplaceable: Vec<String>,
    /// The record after the run.
    pub record: Record,
    /// True if the record itself has changed.
    pub is_record_changed: bool,
}

impl Plan {
    /// Makes a plan. `covers` is true for targets that the run is about: their files that are not rendered any more are
    /// removed. With `adopts`, files of others are replaced.
    ///
    /// # Errors
    /// [`Code::InvalidPath`] if files exclude each other, and those of `existing`.
    pub fn of(
        files: &[Hydrated],
        before: &Record,
        covers: &dyn Fn(&str) -> bool,
        existing: &dyn Fn(&str) -> Result<Existing>,
        adopts: bool,
    ) -> Result<Self> {
        refuse_clashes(files, before, covers)?;
        let rendered: BTreeSet<&str> = files.iter().map(|file| &*file.path).collect();
        let mut plan = Self { record: before.clone(), ..Self::default() };
        for (path, Owned { target, id }) in &before.0 {
            if rendered.contains(&**path) || !covers(target) {
                continue;
            }
            plan.record.0.remove(path);
            match existing(path)? {
                Existing::File(found) => {
                    plan.edited.extend((found != *id).then(|| path.clone()));
                    plan.remove.push(path.clone());
                }
                // What is there instead was put there by others.
                Existing::Missing | Existing::Blocked(_) => {}
            }
        }
        let removed: BTreeSet<String> = plan.remove.iter().cloned().collect();
        for (number, Hydrated { path, target, id }) in files.iter().enumerate() {
            let owned = before.0.get(path);
            match existing(path)? {
                Existing::File(found) if found == *id => {}
                Existing::File(found) => {
                    match owned {
                        Some(owned) if owned.id == found => {}
                        Some(_) => plan.edited.push(path.clone()),
                        None if adopts => plan.adopted.push(path.clone()),
                        None => plan.blocked.push(path.clone()),
                    }
                    plan.write.push(number);
                }
                Existing::Missing => plan.write.push(number),
                Existing::Blocked(by) if removed.contains(&by) => plan.write.push(number),
                Existing::Blocked(by) => plan.irreplaceable.push(by),
            }
            let owned = Owned { target: target.clone(), id: *id };
            plan.record.0.insert(path.clone(), owned);
        }
        plan.irreplaceable.dedup();
        plan.is_record_changed = plan.record != *before;
        Ok(plan)
    }

    /// True if a run would change something.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        !self.write.is_empty() || !self.remove.is_empty() || self.is_record_changed
    }
}

/// Refuses files that cannot be side by side: equal but for case, or one below the other. Files of other targets that stay
/// count, too.
fn refuse_clashes(
    files: &[Hydrated],
    before: &Record,
    covers: &dyn Fn(&str) -> bool,
) -> Result<()> {
    for Hydrated { path, target, .. } in files {
        let first = path.split('/').next().unwrap_or_default();
        if [RECORD, METADATA].iter().any(|own| own.eq_ignore_ascii_case(first)) {
            let [target, first] = [target, first].map(escape::visible);
            let message = format!(
                "the target `{target}` would be written to `{first}`, where a file about the run is written"
            );
            let help = "rename its folder, or hydrate it with `--path`";
            return Err(Error::new(Code::InvalidPath, message).help(help));
        }
    }
    let stays = |owned: &&Owned| !covers(&owned.target);
    let others = before.0.iter().filter(|(_, owned)| stays(owned));
    let others = others.map(|(path, owned)| (path, &owned.target));
    let files = files.iter().map(|file| (&file.path, &file.target));
    let mut places: BTreeMap<String, (&String, &String)> = BTreeMap::new();
    for (path, target) in others.chain(files) {
        if let Some((other, of)) = places.insert(path.to_lowercase(), (path, target))
            && (other != path || of != target)
        {
            return Err(clash(target, of, "would both be written to", path));
        }
    }
    for (folded, (path, target)) in &places {
        let above = folded.match_indices('/').map(|(end, _)| &folded[..end]);
        if let Some((_, of)) = above.filter_map(|above| places.get(above)).next() {
            return Err(clash(
                of,
                target,
                "exclude each other: one is a folder of the other at",
                path,
            ));
        }
    }
    Ok(())
}

#[cold]
fn clash(one: &str, other: &str, what: &str, path: &str) -> Error {
    let [one, other, path] = [one, other, path].map(escape::visible);
    let message = format!("the targets `{one}` and `{other}` {what} `{path}`");
    Error::new(Code::InvalidPath, message)
        .help("some file systems ignore case; rename one of the folders, or hydrate them with different `--path`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::git::{IdHasher, ObjectKind};

    fn id(content: &str) -> Id {
        IdHasher::hash(20, ObjectKind::Blob, content.as_bytes())
    }

    fn file(target: &str, path: &str, content: &str) -> Hydrated {
        Hydrated { path: path.to_owned(), target: target.to_owned(), id: id(content) }
    }

    fn record(files: &[(&str, &str, &str)]) -> Record {
        let owned = |target: &str, content| Owned { target: target.to_owned(), id: id(content) };
        let files = files
            .iter()
            .map(|(target, path, content)| ((*path).to_owned(), owned(target, content)));
        Record(files.collect())
    }

    /// A plan for a branch with these files, where `dir/` is a folder.
    fn plan(
        files: &[Hydrated],
        before: &Record,
        covers: &dyn Fn(&str) -> bool,
        branch: &[(&str, &str)],
        adopts: bool,
    ) -> Result<Plan> {
        let existing = |path: &str| {
            let find = |path: &str| branch.iter().find(|(name, _)| *name == path);
            if let Some((_, content)) = find(path) {
                return Ok(Existing::File(id(content)));
            }
            let mut above = path.match_indices('/').map(|(end, _)| &path[..end]);
            let blocker = above.find(|above| find(above).is_some());
            Ok(blocker.map_or(Existing::Missing, |by| Existing::Blocked(by.to_owned())))
        };
        Plan::of(files, before, covers, &existing, adopts)
    }

    #[test]
    fn stale_files_go_and_others_stay() {
        let before = record(&[
            ("a", "a/x", "1"),
            ("a", "a/y", "1"),
            ("b", "b/x", "1"),
            ("gone", "g/x", "1"),
        ]);
        let branch =
            [("a/x", "1"), ("a/y", "1"), ("b/x", "1"), ("g/x", "1"), ("README.md", "hand")];
        let made = plan(&[file("a", "a/x", "2")], &before, &|target| target != "b", &branch, false)
            .unwrap();
        assert_eq!((made.write, made.remove), (vec![0], vec!["a/y".to_owned(), "g/x".to_owned()]));
        assert_eq!(made.record, record(&[("a", "a/x", "2"), ("b", "b/x", "1")]));
        assert!(made.blocked.is_empty() && made.edited.is_empty());
    }

    #[test]
    fn names_of_files_about_the_run_are_reserved() {
        for path in ["hydrator.metadata/manifest.yaml", "Hydrator.Metadata", ".krender-hydrate/x"] {
            let error = plan(&[file("a", path, "1")], &record(&[]), &|_| true, &[], true);
            let error = error.unwrap_err();
            assert!(error.message().contains("where a file about the run is written"), "{path}");
        }
        let below =
            plan(&[file("a", "x/hydrator.metadata", "1")], &record(&[]), &|_| true, &[], true);
        assert_eq!(below.unwrap().write, [0]);
    }

    #[test]
    fn nothing_changes_if_all_is_there() {
        let before = record(&[("a", "a/x", "1")]);
        let made =
            plan(&[file("a", "a/x", "1")], &before, &|_| true, &[("a/x", "1")], false).unwrap();
        assert!(!made.has_changes());
        // A file that was removed by hand is written again.
        let made = plan(&[file("a", "a/x", "1")], &before, &|_| true, &[], false).unwrap();
        assert!(made.has_changes() && !made.is_record_changed);
    }

    #[test]
    fn files_of_others_are_in_the_way_unless_they_are_equal_or_adopted() {
        let files = [file("a", "a/x", "2")];
        let none = Record::default();
        let made = plan(&files, &none, &|_| true, &[("a/x", "hand")], false).unwrap();
        assert_eq!(made.blocked, ["a/x"]);
        let made = plan(&files, &none, &|_| true, &[("a/x", "hand")], true).unwrap();
        assert_eq!((made.blocked.len(), made.adopted), (0, vec!["a/x".to_owned()]));
        let made = plan(&files, &none, &|_| true, &[("a/x", "2")], false).unwrap();
        assert!(made.blocked.is_empty() && made.write.is_empty() && made.is_record_changed);
        // What is no folder is never replaced.
        let made = plan(&files, &none, &|_| true, &[("a", "hand")], true).unwrap();
        assert_eq!((made.irreplaceable, made.blocked.len()), (vec!["a".to_owned()], 0));
        let made =
            plan(&files, &record(&[("b", "a", "1")]), &|_| true, &[("a", "1")], false).unwrap();
        assert_eq!(
            (made.irreplaceable.len(), made.write, made.remove),
            (0, vec![0], vec!["a".to_owned()])
        );
    }

    #[test]
    fn edited_files_are_named() {
        let before = record(&[("a", "a/x", "1"), ("a", "a/y", "1")]);
        let branch = [("a/x", "hand"), ("a/y", "hand")];
        let made = plan(&[file("a", "a/x", "1")], &before, &|_| true, &branch, false).unwrap();
        assert_eq!(made.edited, ["a/y", "a/x"]);
        assert_eq!((made.write, made.remove), (vec![0], vec!["a/y".to_owned()]));
    }

    #[test]
    fn files_that_exclude_each_other_are_refused() {
        let none = Record::default();
        for files in [
            [file("Prod", "Prod/m", "1"), file("prod", "prod/m", "1")],
            [file("a", "a/m", "1"), file("a/m", "a/m/m", "1")],
            [file("Å", "Å", "1"), file("å", "å", "1")],
        ] {
            let error = plan(&files, &none, &|_| true, &[], true).unwrap_err();
            assert_eq!(error.code(), Code::InvalidPath, "{error}");
        }
        let other = record(&[("b", "A/x", "1")]);
        assert!(
            plan(&[file("a", "a/x", "1")], &other, &|target| target == "a", &[], true).is_err()
        );
        assert!(plan(&[file("a", "a/x", "1")], &other, &|_| true, &[], true).is_ok());
    }
}
