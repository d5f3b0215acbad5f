//! Where the output of a build goes: files and folders.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    path::{Path, PathBuf},
};

use super::Build;
use crate::{
    config::Warning,
    error::{Code, Error, Result},
    load::{self, OutputFolder},
    resource::{ResId, ResMap, Resource},
    text::escape,
    yaml,
};

/// Where what is rendered goes.
pub(super) enum Places {
    /// It is printed: that of many targets each below a comment with its name.
    Print { with_name: bool },
    /// To a file.
    File(PathBuf),
    /// To a folder, with a file per resource.
    Folder(PathBuf),
    /// To places below a folder.
    Layout(Layout),
}

impl Places {
    /// What the user asked for, for these targets.
    ///
    /// # Errors
    /// Those of [`places`], and [`Code::WriteFailed`] when its folder cannot be made.
    pub(super) fn of(build: &Build, targets: &[String], working_directory: &Path) -> Result<Self> {
        let Some(path) = build.output_path() else {
            return Ok(Self::Print { with_name: build.is_about_many() });
        };
        load::clean_up_on_signals();
        if !build.is_about_many() {
            let is_folder = build.many.split || load::is_directory(path);
            return Ok(if is_folder { Self::Folder(path.into()) } else { Self::File(path.into()) });
        }
        let top = match &*build.directories {
            [tree] if build.many.all => load::join(working_directory, Path::new(tree)),
            _ => working_directory.to_path_buf(),
        };
        if !load::is_directory(path)
            && path
                .extension()
                .is_some_and(|text| matches!(text.to_str(), Some("yaml" | "yml" | "json")))
        {
            let message = format!(
                "`{}` is named like a file, and each of many targets has a file below the folder of `--output`",
                path.display()
            );
            return Err(Error::new(Code::InvalidArgument, message).help(
                "name a folder, or leave `--output` out: then all are printed one after the other",
            ));
        }
        let folder = OutputFolder::make(path)?;
        let places = places(targets, working_directory, &top, build.many.split)?;
        Ok(Self::Layout(Layout { folder, places, split: build.many.split }))
    }

    /// Whether each resource has a file of its own.
    pub(super) const fn is_split(&self) -> bool {
        match self {
            Self::Print { .. } | Self::File(_) => false,
            Self::Folder(_) => true,
            Self::Layout(layout) => layout.split,
        }
    }

    /// The files that texts of a target would be written to.
    pub(super) fn files(&self, number: usize, texts: &[(String, String)]) -> Vec<PathBuf> {
        let each = |folder: &Path| texts.iter().map(|(name, _)| folder.join(name)).collect();
        match self {
            Self::Print { .. } => Vec::new(),
            Self::File(path) => vec![path.clone()],
            Self::Folder(folder) => each(folder),
            Self::Layout(layout) if layout.split => each(&layout.path(number)),
            Self::Layout(layout) => vec![layout.path(number)],
        }
    }

    /// What an earlier run left below the folder of many targets, and this one did not write: that of targets that
    /// failed, by their numbers, and among all `files` there, by the ways to them, that of no target.
    pub(super) fn left(&self, failed: &[usize], files: &[String]) -> [Vec<String>; 2] {
        let Self::Layout(layout) = self else { return [Vec::new(), Vec::new()] };
        let mut places: BTreeMap<&OsStr, bool> =
            layout.places.iter().map(|place| (place.as_os_str(), false)).collect();
        for place in failed.iter().filter_map(|&number| layout.places.get(number)) {
            places.insert(place.as_os_str(), true);
        }
        let mut left = [Vec::new(), Vec::new()];
        for file in files {
            let place = match layout.split {
                true => file.rsplit_once('/').map_or("", |(folder, _)| folder),
                false => file,
            };
            match places.get(OsStr::new(place)) {
                Some(true) => left[0].push(file.clone()),
                Some(false) => {}
                None => left[1].push(file.clone()),
            }
        }
        left
    }

    /// Writes the texts of a target to its place, or says what is to be printed, piece by piece.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub(super) fn put(
        &self,
        number: usize,
        target: &str,
        texts: Vec<(String, String)>,
    ) -> Result<Option<Vec<String>>> {
        match self {
            Self::Print { with_name } => {
                let name = with_name.then(|| {
                    escape::for_log(&format!("# {}\n", escape::visible(target))).into_owned()
                });
                return Ok(Some(name.into_iter().chain(pieces(texts)).collect()));
            }
            Self::File(path) => load::write(path, &pieces(texts).collect::<Vec<_>>())?,
            Self::Folder(folder) => write_each(&OutputFolder::make(folder)?, &texts)?,
            Self::Layout(layout) => layout.write(number, texts)?,
        }
        Ok(None)
    }
}

fn pieces(texts: Vec<(String, String)>) -> impl Iterator<Item = String> {
    texts.into_iter().map(|(_, text)| text)
}

/// What stands between the targets that are printed.
const SEPARATOR: &str = "---\n";

/// Prints one target after the other.
#[derive(Default)]
pub(super) struct Printer {
    has_printed: bool,
}

impl Printer {
    /// Prints what a target came to, and says whether somebody may want another.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub(super) fn print(&mut self, pieces: &[String]) -> Result<bool> {
        let separator = if self.has_printed { SEPARATOR } else { "" };
        self.has_printed = true;
        crate::cli::print_on([separator].into_iter().chain(pieces.iter().map(String::as_str)))
    }
}

/// The files or folders of many targets: below one folder, each where its directory stands in the tree.
pub(super) struct Layout {
    folder: OutputFolder,
    /// The place of each target, from the folder.
    places: Vec<PathBuf>,
    /// Whether a target has a folder with a file per resource.
    split: bool,
}

impl Layout {
    fn path(&self, number: usize) -> PathBuf {
        self.folder.path().join(&self.places[number])
    }

    /// Writes the texts of a target.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    fn write(&self, number: usize, texts: Vec<(String, String)>) -> Result<()> {
        let place = &self.places[number];
        if self.split {
            return write_each(&self.folder.below(place)?, &texts);
        }
        let folder = self.folder.below(place.parent().unwrap_or(Path::new("")))?;
        let name = place.file_name().unwrap_or_default();
        folder.write(name, &pieces(texts).collect::<Vec<_>>())
    }
}

/// The place of each target below the folder of the output. Targets are taken from `working_directory`, and their places
/// from `top`: `clusters/prod` goes to `prod.yaml` when `clusters` is the top. What stands elsewhere goes by its whole
/// path.
///
/// # Errors
/// [`Code::InvalidArgument`] when two targets would go to one place.
fn places(
    targets: &[String],
    working_directory: &Path,
    top: &Path,
    split: bool,
) -> Result<Vec<PathBuf>> {
    let place = |target| below(top, &load::join(working_directory, Path::new(target)), split);
    let places: Vec<PathBuf> = targets.iter().map(place).collect();
    let mut taken = BTreeMap::new();
    for (place, target) in places.iter().zip(targets) {
        if let Some(other) = taken.insert(place.as_os_str(), target) {
            let message =
                format!("`{other}` and `{target}` would both go to `{}`", place.display());
            return Err(Error::new(Code::InvalidArgument, message)
                .help("build one of them in a run of its own"));
        }
    }
    Ok(places)
}

/// The way to a target's place. The top itself goes by its name: `shop.yaml`.
fn below(top: &Path, whole: &Path, split: bool) -> PathBuf {
    let relative = whole.strip_prefix(top).or_else(|_| whole.strip_prefix("/")).unwrap_or(whole);
    if split {
        return relative.to_path_buf();
    }
    let unnamed = OsStr::new("root");
    let mut name = whole.file_name().unwrap_or(unnamed).to_os_string();
    // Not the extension: `v1.2` is a whole name.
    name.push(".yaml");
    relative.parent().map_or_else(|| PathBuf::from(&name), |folder| folder.join(&name))
}

/// The texts that resources are written as: with `split` one per resource, named by type, name and, where there are
/// several, namespace; else without names, in pieces that follow each other. Adds a warning for each that has the name
/// of an earlier one, whose place it takes, as in kustomize: names are in lower case, and `_` stands between their parts.
///
/// # Errors
/// [`Code::InvalidPath`] for a name that makes no file name, and what has no form in YAML.
pub(super) fn texts(
    resources: ResMap,
    split: bool,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<(String, String)>> {
    fn namespace(resource: &Resource) -> Option<&str> {
        let id = resource.id();
        (!id.cluster_scoped).then(|| id.effective_namespace())
    }
    if !split {
        return Ok(resources.into_yaml()?.into_iter().map(|text| (String::new(), text)).collect());
    }
    let budget = resources.budget();
    let namespaces: BTreeSet<&str> = resources.iter().filter_map(namespace).collect();
    let mut taken: BTreeMap<String, &ResId> = BTreeMap::new();
    let file = |resource| {
        let name = file_name(resource, namespace(resource).filter(|_| namespaces.len() > 1))?;
        if let Some(earlier) = taken.insert(name.clone(), resource.id()) {
            warnings.push(fallen_together(earlier, resource.id(), &name));
        }
        let mut text = String::new();
        yaml::emit_within(resource.node(), &mut text, &budget)
            .map_err(|error| error.step(format!("while writing `{}`", resource.id())))?;
        Ok((name, text))
    };
    resources.iter().map(file).collect()
}

#[cold]
fn fallen_together(earlier: &ResId, later: &ResId, file: &str) -> Warning {
    let message =
        format!("{earlier} and {later} are both written to `{file}`: only the last one stays");
    let failure = Error::new(Code::InvalidPath, message.clone())
        .help("give them names that differ in more than case, `_` and `.`, or write to one file");
    Warning { text: Some(message), failure }
}

fn file_name(resource: &Resource, prefix: Option<&str>) -> Result<String> {
    let id = resource.id();
    let parts =
        [&id.gvk.group, &id.gvk.version, &id.gvk.kind].into_iter().filter(|part| !part.is_empty());
    let parts = prefix
        .into_iter()
        .chain(parts.chain([&id.name]).map(|part| part.as_str()))
        .map(str::to_lowercase);
    let name = parts.collect::<Vec<_>>().join("_") + ".yaml";
    if name.contains(std::path::is_separator) {
        return Err(Error::new(Code::InvalidPath, format!("{id} makes no file name: `{name}`"))
            .at(resource.span())
            .help("write to a file instead, or to standard output"));
    }
    Ok(name)
}

/// Writes a file for each text. Files that are there already are replaced or stay.
///
/// # Errors
/// [`Code::WriteFailed`].
fn write_each(folder: &OutputFolder, texts: &[(String, String)]) -> Result<()> {
    texts.iter().try_for_each(|(name, text)| folder.write(name.as_ref(), &[text]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(targets: &[&str], top: &str, split: bool) -> Result<Vec<String>> {
        let targets: Vec<String> = targets.iter().map(|target| (*target).to_owned()).collect();
        let places = super::places(&targets, Path::new("/site"), Path::new(top), split)?;
        Ok(places.iter().map(|place| place.display().to_string()).collect())
    }

    #[test]
    fn a_target_goes_where_it_stands_in_the_tree() {
        assert_eq!(
            places(&["a", "./b/../c/v1.2/", "../else", "."], "/site", false).unwrap(),
            ["a.yaml", "c/v1.2.yaml", "else.yaml", "site.yaml"]
        );
        assert_eq!(
            places(&["clusters", "clusters/a", "clusters/b/c"], "/site/clusters", false).unwrap(),
            ["clusters.yaml", "a.yaml", "b/c.yaml"]
        );
        assert_eq!(places(&[".", "a/b"], "/site", true).unwrap(), ["", "a/b"]);
        assert_eq!(places(&["/"], "/", false).unwrap(), ["root.yaml"]);
    }

    #[test]
    fn two_targets_do_not_go_to_one_place() {
        let error =
            places(&["clusters", "clusters/clusters"], "/site/clusters", false).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(places(&["clusters", "clusters/clusters"], "/site/clusters", true).is_ok());
    }
}
