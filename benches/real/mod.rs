//! Real manifests from `../shared/bench`, if that folder is present, and the parser that krender is compared with.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads its inputs itself")]

use std::path::{Path, PathBuf};

/// The YAML files of one of the folders of `../shared/bench`: path and text, sorted. Empty if it is absent.
pub(crate) fn files(name: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    collect(&root(name), &mut files);
    files.sort_unstable();
    files
}

/// The path of one of the folders.
#[allow(dead_code, reason = "not every benchmark builds them")]
pub(crate) fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/bench").join(name).join("input")
}

/// The path of the repositories with the kustomizations that [`roots`] lists.
#[allow(dead_code, reason = "not every benchmark builds them")]
pub(crate) fn repositories() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/realworld/repos")
}

/// The kustomizations in one of the lists of `../shared/bench/render-all`. Empty if it is absent.
#[allow(dead_code, reason = "not every benchmark builds them")]
pub(crate) fn roots(name: &str) -> Vec<String> {
    let list = format!("../shared/bench/render-all/{name}.roots");
    let list = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(list));
    list.unwrap_or_default().lines().map(str::to_owned).collect()
}

fn collect(folder: &Path, files: &mut Vec<(String, String)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            collect(&path, files);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml")
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            files.push((path.display().to_string(), text));
        }
    }
}

/// The number of events that saphyr-parser reads from a text, up to the first error.
pub(crate) fn saphyr_events(text: &str) -> usize {
    saphyr_parser::Parser::new_from_str(text).map_while(Result::ok).count()
}
