//! `--prune`: removes files of earlier runs from the output directory that no target writes any more.
//!
//! The directory has a list of the files that runs with `--prune` wrote: no other file is ever removed.

use std::collections::BTreeSet;
use std::path::{Component, Path};
use std::sync::Mutex;

use crate::error::{Code, Error, Result};
use crate::load::{Disk, Files as _, Kind, LARGEST_FILE, OutputFolder};
use crate::sync::lock;

/// The name of the list: a relative path on each line.
const LIST: &str = ".krender-files";

/// The files that a run has written, as paths relative to the output directory.
#[derive(Default)]
pub(super) struct Written(Mutex<BTreeSet<String>>);

impl Written {
    /// Adds a file.
    pub(super) fn add(&self, path: &Path) {
        // A name that is not UTF-8, hidden, or with a line break, has no line in the list: such a file is never removed.
        let is_listed =
            |path: &&str| !path.contains(['\n', '\r']) && !format!("/{path}").contains("/.");
        if let Some(path) = path.to_str().filter(is_listed) {
            lock(&self.0).insert(path.to_owned());
        }
    }

    /// Removes the files on the list that this run did not write, except those that are still `needed`, and writes the new
    /// list.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] for a list that cannot be read, and [`Code::WriteFailed`].
    pub(super) fn prune(&self, folder: &OutputFolder, needed: impl Fn(&str) -> bool) -> Result<()> {
        let mut files = lock(&self.0).clone();
        for file in listed(folder.path())? {
            if needed(&file) {
                files.insert(file);
            } else if !files.contains(&file) {
                folder.remove(file.as_ref())?;
            }
        }
        let lines: String = files.iter().flat_map(|file| [file, "\n"]).collect();
        folder.write(LIST.as_ref(), &[lines])
    }
}

/// The files on the list of an output directory.
fn listed(folder: &Path) -> Result<Vec<String>> {
    let path = folder.join(LIST);
    let unreadable = |why: String| {
        let message = format!("cannot read `{}`: {why}", path.display());
        Error::new(Code::ReadFailed, message)
            .help("it lists the files that `--prune` may remove; without it, a run with `--prune` removes nothing and writes a new list")
    };
    match Disk.kind(&path) {
        Ok(Kind::Missing) => return Ok(Vec::new()),
        Ok(Kind::File) => {}
        _ => return Err(unreadable("it is not a file".to_owned())),
    }
    let bytes = Disk.read(&path, LARGEST_FILE).map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|error| unreadable(error.to_string()))?;
    match text.lines().find(|line| !is_of_a_build(line)) {
        Some(line) => Err(unreadable(format!("it has the line `{line}`"))),
        None => Ok(text.lines().map(str::to_owned).collect()),
    }
}

/// True for the name of a file that a build may have written. A list with other names comes from elsewhere.
fn is_of_a_build(line: &str) -> bool {
    let is_name = |part: Component<'_>| match part {
        Component::Normal(name) => !name.as_encoded_bytes().starts_with(b"."),
        _ => false,
    };
    line.ends_with(".yaml") && Path::new(line).components().all(is_name)
}
