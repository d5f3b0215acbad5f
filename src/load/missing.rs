//! Errors for paths that do not exist, with suggestions.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::files::{Files, KUSTOMIZATION_FILES, Kind, LOCK_FILE, join, relative};
use super::{Loader, NoRepository, RepoSpec, remote};
use crate::error::{Code, Error, nearest};
use crate::text::phrase::{first_line, listed, quoted};

/// Maximum number of names of a directory that are compared, so that an error stays cheap.
const NAMES_LOOKED_AT: usize = 10_000;

/// Maximum number of missing paths per kustomization file that get a suggestion: as many as are shown.
pub(super) const SUGGESTIONS: usize = 100;

/// The directories whose file names an error may show. A path may point anywhere, and the author of the path may get to
/// see the error: it must not reveal names outside the tree that is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Open(Vec<PathBuf>);

impl Open {
    /// No directories.
    pub(super) const NONE: Self = Self(Vec::new());

    /// The tree around a directory whose links are resolved: its git working tree. Without one, the working directory
    /// if that contains the directory, and otherwise the directory itself.
    pub(super) fn around(loader: &Loader, directory: &Path) -> Self {
        let working_directory = &loader.0.canonical_working_directory;
        let is_below =
            working_directory.parent().is_some() && directory.starts_with(working_directory);
        let without = if is_below { working_directory } else { directory };
        let tree = loader.0.files.working_tree(directory);
        Self(vec![tree.unwrap_or_else(|| without.to_path_buf())])
    }

    /// These directories and another one.
    pub(super) fn with(mut self, directory: &Path) -> Self {
        self.0.push(directory.to_path_buf());
        self
    }

    fn contains(&self, directory: &Path) -> bool {
        self.0.iter().any(|open| directory.starts_with(open))
    }
}

/// The error for a missing `path`, relative to `directory`, where a file or directory was `expected`. Suggests a
/// similar name if it may be shown.
#[cold]
pub(super) fn error(
    loader: &Loader,
    directory: &Path,
    path: &str,
    expected: &str,
    open: &Open,
) -> Error {
    let shown = shown(path);
    let whole = join(directory, Path::new(path));
    if matches!(loader.0.files.kind(&whole), Ok(Kind::Link)) {
        return Error::new(
            Code::FileNotFound,
            format!("the target of the link `{shown}` does not exist"),
        );
    }
    let error = Error::new(Code::FileNotFound, format!("there is no {expected} `{shown}`"));
    if let Some(help) = not_a_path(loader, directory, path) {
        return error.help(help);
    }
    let is_absolute = Path::new(path).is_absolute();
    if let Some(meant) = meant(loader, &whole, open) {
        let meant = if is_absolute { meant } else { relative(directory, &meant) };
        return error.help(format!("did you mean `{}`?", meant.display()));
    }
    if let Some(folder) = missing_folder(loader, &whole) {
        let folder = if is_absolute { folder } else { relative(directory, &folder) };
        return error.help(format!("there is no directory `{}` either", folder.display()));
    }
    if is_absolute {
        return error.help("an absolute path is not relative to any directory");
    }
    match &*loader.display(directory) {
        "." => error.help("paths are relative to the working directory"),
        directory => error.help(format!("paths are relative to `{directory}`")),
    }
}

/// Advice for text that is not a path but something that other programs accept in its place. `None` if it may be a
/// path.
#[cold]
pub(super) fn not_a_path(loader: &Loader, directory: &Path, path: &str) -> Option<String> {
    let is_there = |path: &str| {
        let kind = loader.0.files.kind(&join(directory, Path::new(path)));
        matches!(kind, Ok(Kind::Directory | Kind::File | Kind::Link))
    };
    let first = path.split('/').next().unwrap_or_default();
    if RepoSpec::parse(path) == Err(NoRepository::Outside) {
        return Some("its folder is outside of the git repository that it names".to_owned());
    }
    if let Some((scheme, _)) = path.split_once("://") {
        return Some(match remote::is_url(path) {
            true => "a git repository is written `https://host/owner/name//folder?ref=version`"
                .to_owned(),
            false => format!(
                "krender does not fetch from `{scheme}://`: fetch it first, and list the copy; kustomize supports `https://` and `ssh://`"
            ),
        });
    }
    if path.contains('\\') && !path.contains('\n') {
        return Some(format!(
            "directories are separated by `/`: write `{}`",
            shown(&path.replace('\\', "/"))
        ));
    }
    if path.contains(" - ") || path.contains("\n- ") {
        return Some(
            "are these several entries? Each begins with `- `, all at the same indentation"
                .to_owned(),
        );
    }
    if let Some((local, query)) = path.split_once('?')
        && (query.contains('=') || is_there(local))
    {
        return Some(format!(
            "`?{}` is for git repositories: for a directory beside this one write `{}`",
            shown(query),
            shown(local)
        ));
    }
    if path.contains(['*', '?']) || path.contains('{') && path.contains('}') && path.contains(',') {
        return Some("patterns are not expanded here: list every file".to_owned());
    }
    if first.starts_with('~') && (first == "~" || path.contains('/')) && !is_there(first) {
        return Some("`~` is not expanded here: write a path from this directory".to_owned());
    }
    if path.contains('$') {
        return Some("variables are not expanded here: write the path itself".to_owned());
    }
    let parts: Vec<&str> = path.split([',', ' ']).filter(|part| !part.is_empty()).collect();
    if parts.len() > 1 && parts.iter().any(|part| is_there(part)) {
        return Some(
            "are these several entries? Each begins with `- `, on a separate line".to_owned(),
        );
    }
    None
}

/// The first missing directory in a path.
fn missing_folder(loader: &Loader, whole: &Path) -> Option<PathBuf> {
    let is_there = |path: &Path| loader.0.files.canonicalize(path).is_ok();
    let missing = whole.ancestors().find(|path| path.parent().is_some_and(is_there))?;
    (missing != whole).then(|| missing.to_owned())
}

/// A path that exists and is similar to the missing one: the first missing segment is corrected.
fn meant(loader: &Loader, whole: &Path, open: &Open) -> Option<PathBuf> {
    let is_there = |path: &Path| loader.0.files.canonicalize(path).is_ok();
    let missing = whole.ancestors().find(|path| path.parent().is_some_and(is_there))?;
    let (folder, name) = (missing.parent()?, missing.file_name()?.to_str()?);
    let names = names(loader, folder, open)?;
    let names = || names.iter().map(String::as_str);
    let stem = |name: &str| name.rsplit_once('.').map_or(name.len(), |(stem, _)| stem.len());
    let near = nearest(name, names())
        .or_else(|| names().find(|near| near[..stem(near)] == name[..stem(name)]))?;
    let fixed = folder.join(near);
    let rest = whole.strip_prefix(missing).ok()?;
    // With the rest of the path, if that exists too.
    let all = fixed.join(rest);
    Some(if rest.as_os_str().is_empty() || !is_there(&all) { fixed } else { all })
}

/// A directory without a kustomization file.
pub(super) struct NoKustomization<'r> {
    pub(super) loader: &'r Loader,
    pub(super) name: &'r str,
    pub(super) path: &'r Path,
    /// The directory that lists it; `None` for the target.
    pub(super) parent: Option<&'r Path>,
    /// The directory of the target.
    pub(super) top: &'r Path,
}

/// The error for a directory without a kustomization file.
#[cold]
pub(super) fn kustomization(directory: &NoKustomization<'_>) -> Error {
    let &NoKustomization { loader, name, path, parent, top } = directory;
    let error =
        Error::new(Code::KustomizationNotFound, format!("`{name}` has no kustomization file"));
    // It is not part of the build yet: its names may be shown if it is in the tree.
    let names = names(loader, path, &Open::around(loader, top));
    let is_empty = names.as_ref().is_some_and(Vec::is_empty);
    let names = names.unwrap_or_default();
    let is_near =
        |name: &&String| *name != LOCK_FILE && nearest(name, KUSTOMIZATION_FILES).is_some();
    let own = KUSTOMIZATION_FILES.iter().find(|own| names.iter().any(|name| name == **own));
    if let Some(own) = own {
        return error.help(no_file(loader, path, own));
    }
    if let Some(near) = names.iter().find(is_near) {
        return error.help(format!("rename `{near}` to `{}`", KUSTOMIZATION_FILES[0]));
    }
    let error =
        error.help("create one of `kustomization.yaml`, `kustomization.yml` and `Kustomization`");
    let below: Vec<String> = names
        .iter()
        .filter(|name| {
            let has = |file: &&str| {
                matches!(loader.0.files.kind(&path.join(name).join(file)), Ok(Kind::File))
            };
            KUSTOMIZATION_FILES.iter().any(has)
        })
        .map(|name| loader.display(&path.join(name)))
        .collect();
    match list(&below) {
        Some(below) => error.help(format!("there is one in {below}")),
        None if is_empty => error.help("the directory is empty"),
        None => match list(&manifests(parent, path, &names)) {
            Some(files) => error.help(format!("or list its files one by one: {files}")),
            None => error,
        },
    }
}

/// The reason why an entry of a directory with the name of a kustomization file is none.
fn no_file(loader: &Loader, directory: &Path, name: &str) -> String {
    let (files, path) = (&loader.0.files, directory.join(name));
    // A revision has the files of its repository only.
    let leads_out = || {
        let target = files.target(&path).ok()?;
        let tree = files.working_tree(directory).filter(|_| !files.is_on_disk(directory))?;
        Some(!join(directory, &target).starts_with(tree))
    };
    match files.kind(&path) {
        Ok(Kind::Directory) => format!("`{name}` is a directory, and no file"),
        Ok(Kind::Link) if leads_out() == Some(true) => {
            format!(
                "the link `{name}` leads out of the repository: make it a file, or a link within the repository"
            )
        }
        Ok(Kind::Link) => format!("the target of the link `{name}` does not exist"),
        _ => format!("`{name}` cannot be read as a file"),
    }
}

/// The YAML files in a directory, sorted, as its kustomization may list them.
fn manifests(parent: Option<&Path>, path: &Path, names: &[String]) -> Vec<String> {
    let Some(parent) = parent else { return Vec::new() };
    let is_yaml = |name: &&String| name.ends_with(".yaml") || name.ends_with(".yml");
    let mut files: Vec<String> = names
        .iter()
        .filter(is_yaml)
        .map(|name| relative(parent, &path.join(name)).display().to_string())
        .collect();
    files.sort_unstable();
    files
}

/// The UTF-8 names in a directory, up to the limit. `None` if they may not be shown.
fn names(loader: &Loader, directory: &Path, open: &Open) -> Option<Vec<String>> {
    let files = &loader.0.files;
    let directory = files.canonicalize(directory).ok().filter(|path| open.contains(path))?;
    let names = files.list(&directory).ok()?.into_iter().take(NAMES_LOOKED_AT);
    Some(names.filter_map(|(name, _)| name.into_string().ok()).collect())
}

/// A comma-separated list of a few names, for messages.
fn list(names: &[String]) -> Option<String> {
    const MOST: usize = 5;
    let more = names.len().saturating_sub(MOST);
    let more = (more > 0).then(|| format!("{more} more"));
    let told = listed(quoted(names.iter().take(MOST)).chain(more), "and");
    (!told.is_empty()).then_some(told)
}

/// A path for a message: its first line, truncated if very long. A path may be any text, even a whole document.
pub(super) fn shown(path: &str) -> Cow<'_, str> {
    first_line(path, 160)
}
