//! Files beside kustomizations that none of them reads.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::load::{KUSTOMIZATION_FILES, Kind, Loader};

/// The extensions of files that kustomizations read.
const EXTENSIONS: [&str; 5] = ["yaml", "yml", "json", "env", "properties"];
/// Folders whose content is not for kustomizations.
const APART: [&str; 3] = ["charts", "node_modules", "vendor"];
/// The file that makes a folder a Helm chart.
const CHART: &str = "Chart.yaml";
/// The number of files and folders from which on no further folder is entered.
const MOST: usize = 100_000;

/// The files at and below the directories of kustomizations that were not looked up so far, sorted: YAML, JSON, and files
/// of `key=value`. To be called when everything that could read them was built.
///
/// Left out are hidden files and folders, charts, and folders with a kustomization that is not among `directories`, which
/// have their links resolved. A directory that cannot be listed has no unused files.
pub fn unused<'d>(
    loader: &Loader,
    directories: impl IntoIterator<Item = &'d Path>,
) -> Vec<PathBuf> {
    let own: BTreeSet<&Path> = directories.into_iter().collect();
    let inputs = loader.inputs().into_iter();
    let read: BTreeSet<PathBuf> =
        inputs.filter(|input| input.kind == Kind::File).map(|input| input.path).collect();
    let mut found = Found::default();
    for directory in &own {
        // Sorted, so that the folders around it came before: unless one was not entered, it has been searched.
        if !found.folders.contains(*directory) {
            found.search(loader, directory, &own);
        }
    }
    let Found { files, apart, .. } = found;
    let is_unused = |file: &PathBuf| {
        let mut folders = file.ancestors().skip(1);
        let near = folders.find(|folder| own.contains(folder) || apart.contains(*folder));
        near.is_some_and(|near| !apart.contains(near)) && !read.contains(file)
    };
    files.into_iter().filter(is_unused).collect()
}

#[derive(Default)]
struct Found {
    files: BTreeSet<PathBuf>,
    /// The folders that were entered.
    folders: BTreeSet<PathBuf>,
    /// Folders whose files belong to others.
    apart: BTreeSet<PathBuf>,
}

impl Found {
    fn search(&mut self, loader: &Loader, top: &Path, own: &BTreeSet<&Path>) {
        let is_hidden = |name: &OsStr| name.as_encoded_bytes().starts_with(b".");
        let mut seen = 0;
        self.folders.insert(top.to_path_buf());
        drop(loader.visit(top, |below, kind| {
            seen += 1;
            let (path, name) = (top.join(below), below.file_name().unwrap_or_default());
            if is_hidden(name) {
                return Ok(false);
            }
            match kind {
                Kind::Directory => {
                    let is_entered = seen < MOST && !APART.iter().any(|apart| name == *apart)
                        || own.contains(&*path);
                    return Ok(is_entered && self.folders.insert(path));
                }
                Kind::File => self.add(path, name, own),
                Kind::Link | Kind::Special | Kind::Missing => {}
            }
            Ok(false)
        }));
    }

    fn add(&mut self, path: PathBuf, name: &OsStr, own: &BTreeSet<&Path>) {
        let is_kustomization = KUSTOMIZATION_FILES.iter().any(|file| name == *file);
        if is_kustomization || name == CHART {
            let folder = path.parent().unwrap_or(&path);
            if !is_kustomization || !own.contains(folder) {
                self.apart.insert(folder.to_path_buf());
            }
            return;
        }
        let extension = path.extension().and_then(OsStr::to_str);
        if extension.is_some_and(|extension| EXTENSIONS.contains(&extension)) {
            self.files.insert(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Memory, Options};

    #[test]
    fn files_that_nothing_reads_are_found() {
        let files = Memory::new()
            .file("a/kustomization.yaml", "resources: [pod.yaml]")
            .file("a/pod.yaml", "")
            .file("a/old.yaml", "")
            .file("a/.hidden.yaml", "")
            .file("a/notes.md", "")
            .file("a/more/values.env", "")
            .file("a/chart/Chart.yaml", "")
            .file("a/chart/values.yaml", "")
            .file("a/chart/templates/x.yaml", "")
            .file("a/charts/y.yaml", "")
            .file("a/other/kustomization.yaml", "")
            .file("a/other/z.yaml", "")
            .file("a/other/own/kustomization.yaml", "")
            .file("a/other/own/w.yaml", "");
        let loader = Loader::new(files, Options::default());
        loader.root("a").unwrap().file("pod.yaml", crate::source::Span::NONE).unwrap();
        let found = unused(&loader, ["/a", "/a/other/own"].map(Path::new));
        let names: Vec<_> = found.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(names, ["/a/more/values.env", "/a/old.yaml", "/a/other/own/w.yaml"]);
    }
}
