//! Finds targets whose output may change because of changed files, without rendering any.
//!
//! For callers that render the result anyway, such as `krender diff`: only kustomization files are read, and the result
//! may contain unaffected targets. The [inputs](crate::load::Loader::inputs_of) of a build are exact, and used by
//! `krender affected`, but are known only after the build.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::named::{Named, named};
use crate::error::Result;
use crate::load::git::Changed;
use crate::load::{KUSTOMIZATION_FILES, Leads, Loader, Root, join};

/// Targets that a change may affect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Affected {
    /// For each target, whether a changed file may be one of its inputs, including those of its bases. If in doubt, it is true.
    pub targets: Vec<bool>,
    /// The files that the kustomizations of these targets list, with those of their bases: absolute, clean paths.
    pub files: Vec<PathBuf>,
}

/// Finds the targets whose inputs include a changed file. Paths of files are absolute; `loader` reads the current state.
///
/// A kustomization lists its inputs: every text in it that is a path counts. Linear in the kustomization files of the
/// targets and their bases, each of which is read once.
///
/// # Errors
/// Those of `changed`.
pub fn affected(loader: &Loader, targets: &[String], changed: &dyn Changed) -> Result<Affected> {
    let mut search = Search { changed, found: BTreeMap::new() };
    let roots: Vec<Option<Root>> = targets.iter().map(|target| loader.root(target).ok()).collect();
    let mut pending: Vec<Root> = roots.iter().flatten().cloned().collect();
    while let Some(root) = pending.pop() {
        if !search.found.contains_key(root.path().as_os_str()) {
            let directory = search.look(&root)?;
            pending.extend(directory.1);
            search.found.insert(root.path().into(), directory.0);
        }
    }
    let affected = search.spread();
    // A target that is not a directory was removed, or is reported later.
    let targets: Vec<bool> = roots
        .iter()
        .map(|root| root.as_ref().is_none_or(|root| affected.contains(root.path().as_os_str())))
        .collect();
    let built = roots.iter().zip(&targets).filter(|(_, is_affected)| **is_affected);
    let built = built.filter_map(|(root, _)| Some(root.as_ref()?.path().as_os_str()));
    let files = search.files(built.collect());
    Ok(Affected { targets, files })
}

struct Search<'a> {
    changed: &'a dyn Changed,
    /// By the bytes of the paths, which are compared faster than their components.
    found: BTreeMap<OsString, Directory>,
}

/// A directory with a kustomization.
struct Directory {
    is_changed: bool,
    names: Vec<OsString>,
    /// The files that it lists.
    files: Vec<PathBuf>,
}

impl Search<'_> {
    /// Reads the kustomization of a directory. Returns the other kustomizations that it lists, too.
    fn look(&self, root: &Root) -> Result<(Directory, Vec<Root>)> {
        let (mut is_changed, mut below, mut files) = (false, Vec::new(), Vec::new());
        let leads = root.leads();
        // Removed files, and files that now take precedence, count too.
        for name in KUSTOMIZATION_FILES {
            let path = root.path().join(name);
            is_changed = is_changed || self.changed.is_changed(&path)?;
            is_changed = is_changed || leads.may_be_behind(name) && self.is_any_way(root, &path)?;
        }
        let (mut outcome, mut words) = (Ok(()), BTreeSet::new());
        named(root, &mut |named| {
            if !is_changed && outcome.is_ok() {
                match self.is_named_changed((root, &leads), &named, &mut words) {
                    Ok(is_named_changed) => is_changed = is_named_changed,
                    Err(error) => outcome = Err(error),
                }
            }
            match named {
                Named::Kustomization { root, .. } => below.push(root),
                Named::File(path) => files.push(path.to_path_buf()),
                Named::Word(_) | Named::Other(_) | Named::Charts => {}
            }
        });
        outcome?;
        let names = below.iter().map(|root| root.path().into()).collect();
        Ok((Directory { is_changed, names, files }, below))
    }

    /// True if an input that a kustomization lists has changed. Words that were looked up are not looked up again: many occur
    /// again and again.
    fn is_named_changed(
        &self,
        (root, leads): (&Root, &Leads),
        named: &Named<'_>,
        words: &mut BTreeSet<Box<str>>,
    ) -> Result<bool> {
        Ok(match named {
            Named::Word(word) => {
                let name = word.rsplit('/').next().unwrap_or_default();
                let is_plain = !matches!(name, "" | "." | "..");
                let may_be_changed = !is_plain || self.changed.may_have(name.as_ref())?;
                let may_lead = leads.may_be_behind(word);
                if !may_be_changed && !may_lead || !words.insert((*word).into()) {
                    return Ok(false);
                }
                let path = join(root.path(), Path::new(word));
                may_be_changed && self.changed.is_changed(&path)?
                    || may_lead && self.is_any_way(root, &path)?
            }
            Named::File(path) | Named::Kustomization { path, .. } => {
                self.is_on_the_way(path)? || self.is_any_way(root, path)?
            }
            Named::Other(path) => {
                let mut is_changed = self.is_on_the_way(path)?;
                is_changed = is_changed || self.changed.is_changed_below(path)?;
                for way in root.loader().ways(path) {
                    is_changed = is_changed || self.is_on_the_way(&way)?;
                    is_changed = is_changed || self.changed.is_changed_below(&way)?;
                }
                is_changed
            }
            Named::Charts => self.changed.is_changed_below(root.path())?,
        })
    }

    /// True if a link from a path, or what it leads to, has changed.
    fn is_any_way(&self, root: &Root, path: &Path) -> Result<bool> {
        for way in root.loader().ways(path) {
            if self.is_on_the_way(&way)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// True if a path or a parent of it has changed: a parent may have been a link, and a nested repository changes as
    /// a whole.
    fn is_on_the_way(&self, path: &Path) -> Result<bool> {
        Ok(self.changed.on_the_way(path)?.is_some())
    }

    /// The files that directories list, and those that they list.
    fn files<'a>(&'a self, mut pending: Vec<&'a OsStr>) -> Vec<PathBuf> {
        let (mut files, mut seen) = (Vec::new(), BTreeSet::new());
        while let Some(path) = pending.pop() {
            if let Some((path, directory)) = self.found.get_key_value(path)
                && seen.insert(path)
            {
                files.extend(directory.files.iter().cloned());
                pending.extend(directory.names.iter().map(OsString::as_os_str));
            }
        }
        files
    }

    /// The changed directories, and those that directly or indirectly list one.
    fn spread(&self) -> BTreeSet<&OsStr> {
        let mut named_by: BTreeMap<&OsStr, Vec<&OsStr>> = BTreeMap::new();
        for (path, directory) in &self.found {
            for name in &directory.names {
                named_by.entry(name).or_default().push(path);
            }
        }
        let changed = self.found.iter().filter(|(_, directory)| directory.is_changed);
        let mut pending: Vec<&OsStr> = changed.map(|(path, _)| path.as_os_str()).collect();
        let mut affected = BTreeSet::new();
        while let Some(path) = pending.pop() {
            if affected.insert(path) {
                pending.extend(named_by.get(path).into_iter().flatten());
            }
        }
        affected
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::build::tests::loader;

    const TREE: &str = "\
== base/kustomization.yaml
resources: [pod.yaml]
configMapGenerator: [{name: a, files: [key=data/a.txt, data/b.txt], envs: [c.env]}]
== base/pod.yaml
== base/data/a.txt
== part/kustomization.yaml
kind: Component
patches: [{path: ../base/../part/patch.yaml}]
== one/kustomization.yaml
resources: [../base]
components: [../part]
== two/kustomization.yaml
resources: [../base, ../gone]
transformers: [plugin.yaml]
openapi: {path: schema.json}
== two/plugin.yaml
kind: PatchTransformer
path: inner.yaml
== three/kustomization.yaml
resources: [x.yaml]
generators:
- |-
  kind: ConfigMapGenerator
  files: [inline.txt]
";

    #[track_caller]
    fn found(changed: &str) -> String {
        let targets = ["one", "two", "three"].map(str::to_owned);
        let changed = BTreeSet::from([PathBuf::from(format!("/{changed}"))]);
        let affected = affected(&loader(TREE), &targets, &changed).unwrap().targets;
        let names = targets.iter().zip(affected).filter(|(_, is_affected)| *is_affected);
        names.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_change_reaches_what_is_built_from_it() {
        for file in ["pod.yaml", "data/a.txt", "data/b.txt", "c.env", "kustomization.yml"] {
            assert_eq!(found(&format!("base/{file}")), "one two", "{file}");
        }
        assert_eq!(found("part/patch.yaml"), "one");
        assert_eq!(found("two/inner.yaml"), "two", "named by a configuration");
        assert_eq!(found("two/schema.json"), "two");
        assert_eq!(found("gone/kustomization.yaml"), "two", "a base that was there before");
        assert_eq!(found("part"), "one", "a link or a repository that files were in");
        assert_eq!(found("three/inline.txt"), "three");
        for file in ["base/other.yaml", "README.md", "three/y.yaml"] {
            assert_eq!(found(file), "", "{file}");
        }
    }

    #[test]
    fn the_files_of_affected_targets_are_listed() {
        let targets = ["one", "two", "three"].map(str::to_owned);
        let changed = BTreeSet::from([PathBuf::from("/two/schema.json")]);
        let found = affected(&loader(TREE), &targets, &changed).unwrap();
        assert_eq!(found.targets, [false, true, false]);
        let files: BTreeSet<&str> = found.files.iter().filter_map(|path| path.to_str()).collect();
        let files: Vec<&str> = files.into_iter().collect();
        assert_eq!(files, ["/base/data/a.txt", "/base/pod.yaml", "/two/plugin.yaml"]);
    }

    /// Files whose changes are known by their names, and that count how often a path is asked for.
    struct ByName(BTreeSet<PathBuf>, AtomicUsize);

    impl Changed for ByName {
        fn on_the_way(&self, path: &Path) -> Result<Option<PathBuf>> {
            self.0.on_the_way(path)
        }

        fn is_changed(&self, path: &Path) -> Result<bool> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.is_changed(path)
        }

        fn is_changed_below(&self, path: &Path) -> Result<bool> {
            self.0.is_changed_below(path)
        }

        fn may_have(&self, name: &OsStr) -> Result<bool> {
            Ok(self.0.iter().any(|path| path.file_name() == Some(name)))
        }
    }

    #[test]
    fn words_are_looked_up_only_if_something_of_their_name_has_changed() {
        let tree = format!(
            "== one/kustomization.yaml\ncommonAnnotations: {{a: {}, b: x/y.txt, c: k=z/./w.txt/.}}\n",
            "word ".repeat(100)
        );
        for (changed, is_affected) in
            [("one/x/y.txt", true), ("one/z/w.txt", true), ("x/y.txt", false), ("one/v", false)]
        {
            let changed =
                ByName(BTreeSet::from([format!("/{changed}").into()]), Default::default());
            let found = affected(&loader(&tree), &["one".to_owned()], &changed).unwrap();
            assert_eq!(found.targets, [is_affected]);
            assert!(changed.1.into_inner() < 20);
        }
    }
}
