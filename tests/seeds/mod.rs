//! Inputs for the fuzz targets, made from the cases in `testdata/`.

use std::fs;
use std::path::{Path, PathBuf};

/// All files at or below a folder, by path.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut pending) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let entry = entry.expect("the entry is readable");
            match entry.file_type().expect("the entry has a type") {
                kind if kind.is_dir() => pending.push(entry.path()),
                kind if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files.sort_unstable();
    files
}

/// Every document of YAML.
pub(crate) fn documents() -> Vec<Vec<u8>> {
    contents(&files_below(&testdata()), is_yaml)
}

/// Every kustomization file.
pub(crate) fn kustomizations() -> Vec<Vec<u8>> {
    contents(&files_below(&testdata()), is_kustomization)
}

/// The input of every case as an archive whose first file is the kustomization at the top.
pub(crate) fn trees() -> Vec<Vec<u8>> {
    let tree = |input: &PathBuf| {
        let mut files = files_below(input);
        let top = files.iter().position(|path| is_kustomization(path))?;
        let top = files.remove(top);
        let mut archive = read(&top);
        let root = top.parent().expect("a file is in a folder").to_owned();
        for path in &files {
            // Files above the kustomization are reached by `..`, which an archive resolves.
            let up = path.strip_prefix(&root).map(Path::to_owned);
            let name =
                up.unwrap_or_else(|_| Path::new("..").join(path.file_name().unwrap_or_default()));
            append(&mut archive, &name.to_string_lossy(), &read(path));
        }
        Some(archive)
    };
    inputs().iter().filter_map(tree).collect()
}

/// The resources of every case that has patches in files, and one of the patches.
pub(crate) fn patches() -> Vec<Vec<u8>> {
    let mut archives = Vec::new();
    for input in inputs() {
        let files = files_below(&input);
        let (patches, others): (Vec<&PathBuf>, Vec<&PathBuf>) = files
            .iter()
            .filter(|path| is_yaml(path) && !is_kustomization(path))
            .partition(|path| path.to_string_lossy().contains("patch") || has(path, b"$patch"));
        for patch in patches {
            let mut archive = joined(&others);
            append(&mut archive, "patch.yaml", &read(patch));
            archives.push(archive);
        }
    }
    archives
}

/// The entries of `replacements` in every kustomization, and files of replacements.
pub(crate) fn replacements() -> Vec<Vec<u8>> {
    let mut replacements = Vec::new();
    for path in files_below(&testdata()).iter().filter(|path| is_yaml(path)) {
        let text = String::from_utf8_lossy(&read(path)).into_owned();
        match text.split_once("replacements:\n") {
            Some((_, rest)) => replacements.push(rest.to_owned().into_bytes()),
            None if has(path, b"fieldPaths") => replacements.push(text.into_bytes()),
            None => {}
        }
    }
    replacements
}

/// The resources of every case about checks.
pub(crate) fn judged() -> Vec<Vec<u8>> {
    let below = |area: &str| files_below(&testdata().join(area));
    let files: Vec<PathBuf> = ["check", "harden", "diff"].into_iter().flat_map(below).collect();
    contents(&files, |path| is_yaml(path) && !is_kustomization(path))
}

/// Every Dockerfile.
pub(crate) fn dockerfiles() -> Vec<Vec<u8>> {
    let is_one = |path: &Path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().contains("Dockerfile"))
    };
    contents(&files_below(&testdata().join("dockerfiles")), is_one)
}

/// Each expression of a table of true ones.
pub(crate) fn expressions() -> Vec<Vec<u8>> {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expressions/true.txt");
    let text = String::from_utf8(read(&table)).expect("the table is text");
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.as_bytes().to_vec())
        .collect()
}

/// The resources of both sides of every difference, as an archive.
pub(crate) fn pairs() -> Vec<Vec<u8>> {
    let mut archives = Vec::new();
    for input in inputs().iter().filter(|input| input.starts_with(testdata().join("diff"))) {
        let mut sides: Vec<PathBuf> = fs::read_dir(input)
            .into_iter()
            .flatten()
            .map(|entry| entry.expect("the entry is readable").path())
            .collect();
        sides.sort_unstable();
        for sides in sides.windows(2) {
            let side = |folder: &PathBuf| {
                let files = files_below(folder);
                joined(
                    &files
                        .iter()
                        .filter(|path| is_yaml(path) && !is_kustomization(path))
                        .collect::<Vec<_>>(),
                )
            };
            let mut archive = side(&sides[0]);
            append(&mut archive, "after.yaml", &side(&sides[1]));
            archives.push(archive);
        }
    }
    archives
}

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// The folders `testdata/AREA/CASE/input`.
fn inputs() -> Vec<PathBuf> {
    let mut inputs = Vec::new();
    for area in fs::read_dir(testdata()).expect("testdata/ is readable") {
        let area = area.expect("the entry is readable").path();
        for case in fs::read_dir(area).into_iter().flatten() {
            let input = case.expect("the entry is readable").path().join("input");
            if input.is_dir() {
                inputs.push(input);
            }
        }
    }
    inputs.sort_unstable();
    inputs
}

fn contents(files: &[PathBuf], is_wanted: fn(&Path) -> bool) -> Vec<Vec<u8>> {
    let mut contents: Vec<Vec<u8>> =
        files.iter().filter(|path| is_wanted(path)).map(|path| read(path)).collect();
    contents.sort_unstable();
    contents.dedup();
    contents
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn is_kustomization(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem.eq_ignore_ascii_case("kustomization"))
}

fn has(path: &Path, word: &[u8]) -> bool {
    read(path).windows(word.len()).any(|window| window == word)
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).expect("the file is readable")
}

/// Documents one after the other.
fn joined(files: &[&PathBuf]) -> Vec<u8> {
    files.iter().map(|path| read(path)).collect::<Vec<_>>().join(&b"\n---\n"[..])
}

/// Adds a file to an archive.
fn append(archive: &mut Vec<u8>, name: &str, content: &[u8]) {
    if archive.last().is_some_and(|&byte| byte != b'\n') {
        archive.push(b'\n');
    }
    archive.extend_from_slice(format!("-- {name} --\n").as_bytes());
    archive.extend_from_slice(content);
}
