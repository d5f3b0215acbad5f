//! Output files and directories of a build.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    path::{Path, PathBuf},
};

use super::Build;
use super::prune::Written;
use crate::{
    config::Warning,
    error::{Code, Error, Result},
    load::{self, Loader, OutputFolder},
    parallel::Threads,
    resource::{ResId, ResMap, Resource},
    text::escape,
    yaml,
};

/// Output of a run.
pub(super) enum Places {
    /// Standard output; with many targets each follows a comment with its name.
    Print { with_name: bool },
    /// A file.
    File(PathBuf),
    /// A directory with a file per resource.
    Folder(PathBuf, Written),
    /// A directory with a file or a directory per target.
    Layout(OutputTree),
}

impl Places {
    /// The output for these targets, by the flags of the build.
    ///
    /// # Errors
    /// Those of [`places`], and [`Code::WriteFailed`] if the directory cannot be created.
    pub(super) fn of(build: &Build, targets: &[String], working_directory: &Path) -> Result<Self> {
        let Some(path) = build.output_path() else {
            return Ok(Self::Print { with_name: build.is_about_many() });
        };
        crate::cli::clean_up_on_signals();
        if !build.is_about_many() {
            let is_folder = build.many.split || load::is_directory(path);
            return Ok(if is_folder {
                Self::Folder(path.into(), Written::default())
            } else {
                Self::File(path.into())
            });
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
                "`{}` is named like a file, but with many targets `--output` is a folder",
                path.display()
            );
            return Err(Error::new(Code::InvalidArgument, message).help(
                "name a folder, or omit `--output` to print all targets one after the other",
            ));
        }
        let folder = OutputFolder::make(path)?;
        let places = places(targets, working_directory, &top, build.many.split)?;
        let written = Written::default();
        Ok(Self::Layout(OutputTree { folder, places, split: build.many.split, written }))
    }

    /// The file of a single target.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Print { .. } | Self::Folder(..) | Self::Layout(_) => None,
        }
    }

    /// True if each resource is written to its own file.
    pub(super) const fn is_split(&self) -> bool {
        match self {
            Self::Print { .. } | Self::File(_) => false,
            Self::Folder(..) => true,
            Self::Layout(layout) => layout.split,
        }
    }

    /// Output files of a target with these texts.
    #[cfg(feature = "watch")]
    pub(super) fn files(&self, number: usize, texts: &[(String, String)]) -> Vec<PathBuf> {
        let each = |folder: &Path| texts.iter().map(|(name, _)| folder.join(name)).collect();
        match self {
            Self::Print { .. } => Vec::new(),
            Self::File(path) => vec![path.clone()],
            Self::Folder(folder, _) => each(folder),
            Self::Layout(layout) if layout.split => each(&layout.path(number)),
            Self::Layout(layout) => vec![layout.path(number)],
        }
    }

    /// Files in the output directory that this run did not write: first those of failed targets (given by number), then
    /// those of no target. `files` are the relative paths of all files there.
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

    /// Refuses an output for `--prune` that is no directory, or that has a target in it: there, other files may have the
    /// names of output files.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub(super) fn check_prune(&self, targets: &[String], loader: &Loader) -> Result<()> {
        let folder = match self {
            Self::Folder(folder, _) => folder.as_path(),
            Self::Layout(layout) => layout.folder.path(),
            Self::Print { .. } | Self::File(_) => {
                let message = "`--prune` needs an output directory";
                return Err(Error::new(Code::InvalidArgument, message).help(
                    "name it with `--output`; for a single target it must exist, or `--split` be given",
                ));
            }
        };
        let Some(output) = folder.to_str().and_then(|folder| loader.root(folder).ok()) else {
            return Ok(());
        };
        let is_within = |target: &String| {
            loader.root(target).is_ok_and(|it| it.path().starts_with(output.path()))
        };
        match targets.iter().find(|target| is_within(target)) {
            None => Ok(()),
            Some(target) => {
                let message = format!("`{}` has the target `{target}` in it", folder.display());
                Err(Error::new(Code::InvalidArgument, message)
                    .help("choose an output directory for `--prune` that has nothing else in it"))
            }
        }
    }

    /// Removes the files of earlier runs that no target of this run writes; those of failed targets, given by number, stay.
    ///
    /// # Errors
    /// Those of [`Written::prune`].
    pub(super) fn prune(&self, failed: &[usize]) -> Result<()> {
        match self {
            Self::Print { .. } | Self::File(_) => Ok(()),
            Self::Folder(folder, written) => written.prune(&OutputFolder::make(folder)?, |_| false),
            Self::Layout(layout) => {
                let places = failed.iter().filter_map(|&number| layout.places.get(number));
                let places: Vec<&PathBuf> = places.collect();
                let is_of_failed =
                    |file: &str| places.iter().any(|place| Path::new(file).starts_with(place));
                layout.written.prune(&layout.folder, is_of_failed)
            }
        }
    }

    /// Writes a target to its file or directory, or returns the pieces of text to print.
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
            Self::Folder(folder, written) => {
                write_each(&OutputFolder::make(folder)?, &texts)?;
                texts.iter().for_each(|(name, _)| written.add(Path::new(name)));
            }
            Self::Layout(layout) => layout.write(number, texts)?,
        }
        Ok(None)
    }
}

fn pieces(texts: Vec<(String, String)>) -> impl Iterator<Item = String> {
    texts.into_iter().map(|(_, text)| text)
}

/// Separator of printed targets.
const SEPARATOR: &str = "---\n";

/// Prints targets one after the other.
#[derive(Default)]
pub(super) struct Printer {
    has_printed: bool,
}

impl Printer {
    /// Prints a target. False if the reader of standard output is gone.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub(super) fn print(&mut self, pieces: &[String]) -> Result<bool> {
        let separator = if self.has_printed { SEPARATOR } else { "" };
        self.has_printed = true;
        crate::cli::print_on([separator].into_iter().chain(pieces.iter().map(String::as_str)))
    }
}

/// Output directory of many targets: each is written to its path in the tree.
pub(super) struct OutputTree {
    folder: OutputFolder,
    /// Relative output path of each target.
    places: Vec<PathBuf>,
    /// True if a target is a directory with a file per resource.
    split: bool,
    written: Written,
}

impl OutputTree {
    #[cfg(feature = "watch")]
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
            write_each(&self.folder.below(place)?, &texts)?;
            texts.iter().for_each(|(name, _)| self.written.add(&place.join(name)));
            return Ok(());
        }
        let folder = self.folder.below(place.parent().unwrap_or(Path::new("")))?;
        let name = place.file_name().unwrap_or_default();
        folder.write(name, &pieces(texts).collect::<Vec<_>>())?;
        self.written.add(place);
        Ok(())
    }
}

/// Relative output path of each target. Paths of targets are relative to `working_directory`, and output paths to
/// `top`: `clusters/prod` is written to `prod.yaml` if the top is `clusters`. A target outside of the top keeps its
/// whole path.
///
/// # Errors
/// [`Code::InvalidArgument`] if two targets have the same output path.
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
                format!("`{other}` and `{target}` would both be written to `{}`", place.display());
            return Err(Error::new(Code::InvalidArgument, message)
                .help("build one of them in a separate run"));
        }
    }
    Ok(places)
}

/// The output path of a target. That of the top itself is its name: `shop.yaml`.
fn below(top: &Path, whole: &Path, split: bool) -> PathBuf {
    let relative = whole.strip_prefix(top).or_else(|_| whole.strip_prefix("/")).unwrap_or(whole);
    if split {
        return relative.to_path_buf();
    }
    let unnamed = OsStr::new("root");
    let mut name = whole.file_name().unwrap_or(unnamed).to_os_string();
    // Not `set_extension`: the name may contain a dot, as `v1.2`.
    name.push(".yaml");
    relative.parent().map_or_else(|| PathBuf::from(&name), |folder| folder.join(&name))
}

/// Serialises resources: with `split` to one text per resource, named by kind, name and, if there are several,
/// namespace; else to unnamed pieces of one text. As in kustomize, names are in lower case, with `_` between their
/// parts, and a resource replaces an earlier one of the same file name, which adds a warning.
///
/// # Errors
/// [`Code::InvalidPath`] for a name that is not a valid file name, and values that YAML cannot express.
pub(super) fn texts(
    resources: ResMap,
    split: bool,
    warnings: &mut Vec<Warning>,
    threads: &Threads,
) -> Result<Vec<(String, String)>> {
    fn namespace(resource: &Resource) -> Option<&str> {
        let id = resource.id();
        (!id.cluster_scoped).then(|| id.effective_namespace())
    }
    if !split {
        return Ok(resources
            .into_yaml(threads)?
            .into_iter()
            .map(|text| (String::new(), text))
            .collect());
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
        return Err(Error::new(
            Code::InvalidPath,
            format!("{id} gives an invalid file name: `{name}`"),
        )
        .at(resource.span())
        .help("write to a file instead, or to standard output"));
    }
    Ok(name)
}

/// Writes a file for each text. Existing files with other names stay.
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
