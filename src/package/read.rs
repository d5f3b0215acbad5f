//! Reading: the packages of a folder, and the resources of a package or a stream.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::Item;
use super::annotations::{INDEX, Names, PATH, complete, set};
use super::ignore::{self, Ignore};
use super::meta::{Meta, field, unexpected};
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::load::{File, Kind, Loader, is_remote};
use crate::source::{Source, Span};
use crate::text::escape;
use crate::yaml::{Node, Written, WrittenStream, written};

/// The file that makes a folder a package of its own.
const KRMFILE: &str = "Krmfile";

/// A package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The path that the user named.
    top: String,
    /// The path from there; empty for that path itself.
    below: PathBuf,
}

impl Folder {
    /// The package that the user named alone.
    #[must_use]
    pub fn named(top: &str) -> Self {
        Self { top: top.to_owned(), below: PathBuf::new() }
    }

    /// The path as it is shown.
    #[must_use]
    pub fn name(&self) -> String {
        match self.below.as_os_str().is_empty() {
            true => self.top.clone(),
            false => clean(&Path::new(&self.top).join(&self.below)),
        }
    }
}

/// A path without `.`, and without `..` after a name, as Go's `filepath.Clean` has it.
#[must_use]
pub fn clean(path: &Path) -> String {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match (part, clean.components().next_back()) {
            (Component::CurDir, _) | (Component::ParentDir, Some(Component::RootDir)) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => drop(clean.pop()),
            (part, _) => clean.push(part),
        }
    }
    match clean.as_os_str().is_empty() {
        true => ".".to_owned(),
        false => clean.to_string_lossy().into_owned(),
    }
}

/// The packages in packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subpackages {
    /// They are packages of their own.
    Apart,
    /// Their resources are those of the package around them.
    Within,
}

/// The packages at a path: the path itself, and with `is_recursive` each folder below it with a `Krmfile`.
///
/// # Errors
/// [`Code::FileNotFound`], and those of reading.
pub fn folders(loader: &Loader, path: &str, is_recursive: bool) -> Result<Vec<Folder>> {
    let top = Folder::named(path);
    if kind(loader, path)? != Kind::Directory || !is_recursive {
        return Ok(vec![top]);
    }
    let mut found = Vec::new();
    let mut is_top_found = false;
    loader.visit(&directory(loader, path)?, |below, kind| {
        if below.file_name().is_some_and(|name| name == KRMFILE) {
            let below = below.parent().unwrap_or(Path::new("")).to_path_buf();
            is_top_found |= below.as_os_str().is_empty();
            found.push(Folder { top: path.to_owned(), below });
        }
        Ok(kind == Kind::Directory)
    })?;
    if !is_top_found {
        found.insert(0, top);
    }
    Ok(found)
}

/// The kind of entry at a path.
fn kind(loader: &Loader, path: &str) -> Result<Kind> {
    let kind = if path.is_empty() { Kind::Missing } else { loader.kind(path) };
    match kind {
        Kind::Missing if path.is_empty() || is_remote(path) => {
            let shown = escape::visible(path);
            Err(Error::new(Code::FileNotFound, format!("there is no file or directory `{shown}`"))
                .help("name a folder or a file on this machine"))
        }
        Kind::Missing => Err(match loader.file(path) {
            Err(error) => error,
            Ok(_) => Error::new(Code::FileNotFound, format!("there is no `{path}`")),
        }),
        kind => Ok(kind),
    }
}

/// The path of a directory with links resolved.
fn directory(loader: &Loader, path: &str) -> Result<PathBuf> {
    // A path such as `github.com/owner/name` is no repository here.
    let path = Path::new(".").join(path);
    let path = path.to_string_lossy();
    Ok(loader.root(&path)?.path().to_path_buf())
}

/// The resources of a package: those in files `*.yaml` and `*.yml`, in the order of their paths, with annotations that name
/// their files. Links are followed if they do not lead out of the folder that the user named; files that `.krmignore` in the
/// package fits are left out.
///
/// # Errors
/// Those of reading, and of parsing: all of them at once.
pub fn read(loader: &Loader, folder: &Folder, subpackages: Subpackages) -> Result<Vec<Item>> {
    read_files(loader, folder, subpackages, is_resource_file)
}

/// The resources of a package and of those in it, as [`read`](fn@read) reads them, and those of files `*.json`.
///
/// # Errors
/// As [`read`](fn@read).
pub fn read_with_json(loader: &Loader, folder: &Folder) -> Result<Vec<Item>> {
    let is_read = |path: &str| is_resource_file(path) || path.ends_with(".json");
    read_files(loader, folder, Subpackages::Within, is_read)
}

fn read_files(
    loader: &Loader,
    folder: &Folder,
    subpackages: Subpackages,
    is_read: fn(&str) -> bool,
) -> Result<Vec<Item>> {
    let budget = Budget::new(loader.limits());
    let Folder { top, below } = folder;
    if kind(loader, top)? != Kind::Directory {
        let name = Path::new(top).file_name().and_then(|name| name.to_str()).unwrap_or(top);
        return match is_read(name) {
            true => items_of(&loader.file(top)?, loader, Some(name), &budget),
            false => Ok(Vec::new()),
        };
    }
    let from = directory(loader, top)?.join(below);
    let ignore = match ignore_file(loader, folder)? {
        Some(file) => Ignore::parse(file.source()?.text()),
        None => Ignore::default(),
    };
    let (mut items, mut errors) = (Vec::new(), Vec::new());
    loader.visit(&from, |path, kind| {
        let is_folder = kind == Kind::Directory;
        let Some(name) = path.to_str() else {
            let shown = escape::file_name(path.as_os_str());
            return match is_folder || is_read(&path.to_string_lossy()) {
                true => {
                    Err(Error::new(Code::InvalidPath, format!("the path `{shown}` is not UTF-8"))
                        .help("rename it: the path is written into annotations"))
                }
                false => Ok(false),
            };
        };
        if ignore.fits(name, is_folder) {
            return Ok(false);
        }
        if is_folder {
            let is_package = loader.kind(&in_top(folder, &path.join(KRMFILE))?) != Kind::Missing;
            return Ok(subpackages == Subpackages::Within || !is_package);
        }
        if is_read(name) {
            match file_in(loader, folder, path)
                .and_then(|file| items_of(&file, loader, Some(name), &budget))
            {
                Ok(more) => items.extend(more),
                Err(error) if error.is_spent() => return Err(error),
                Err(error) => errors.push(error),
            }
        }
        Ok(false)
    })?;
    Error::all(errors).map_or(Ok(items), Err)
}

/// The resources of a stream, with annotations of their indices. The items of a `List` or `ResourceList` that is alone in
/// it are resources without annotations.
///
/// # Errors
/// Those of parsing.
pub fn stream(loader: &Loader, file: &File) -> Result<Vec<Item>> {
    items_of(file, loader, None, &Budget::new(loader.limits()))
}

/// True for `*.yaml` and `*.yml`.
fn is_resource_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.ends_with(".yaml") || name.ends_with(".yml")
}

/// A path in a package, from the working directory.
fn in_top(folder: &Folder, path: &Path) -> Result<String> {
    let whole = Path::new(&folder.top).join(&folder.below).join(path);
    whole.into_os_string().into_string().map_err(|path| {
        let shown = escape::file_name(&path);
        Error::new(Code::InvalidPath, format!("the path `{shown}` is not UTF-8")).help("rename it")
    })
}

/// The file at a path in a package. It may be a link within the folder that the user named.
fn file_in(loader: &Loader, folder: &Folder, path: &Path) -> Result<File> {
    let path = folder.below.join(path);
    let file = loader.file_below(&folder.top, &path.to_string_lossy());
    file.map_err(|error| match error.code() {
        // The advice is about flags that are not for packages.
        Code::OutsideRoot => Error::new(error.code(), error.message())
            .help("replace the link by the file itself, or name a folder that contains both")
            .step(format!("in the folder `{}`", escape::visible(&folder.top))),
        Code::NotAFile => error.step(format!("in the folder `{}`", escape::visible(&folder.top))),
        _ => error,
    })
}

fn ignore_file(loader: &Loader, folder: &Folder) -> Result<Option<File>> {
    let path = Path::new(ignore::FILE);
    match loader.kind(&in_top(folder, path)?) {
        Kind::Missing => Ok(None),
        _ => file_in(loader, folder, path).map(Some),
    }
}

/// The resources of a file of a package, or of a stream, which has no path.
fn items_of(
    file: &File,
    loader: &Loader,
    path: Option<&str>,
    budget: &Budget,
) -> Result<Vec<Item>> {
    printed(file, loader, path, budget).map(|printed| printed.items)
}

/// The first document of a file, without annotations.
///
/// # Errors
/// Those of parsing.
pub fn document(file: &File) -> Result<Item> {
    let stream = written(file.source()?, &Budget::default())?;
    let document = stream.documents.into_iter().next().unwrap_or_default();
    let root = document.root().cloned();
    let root = root.unwrap_or_else(|| Node::mapping(Vec::new(), Span::NONE));
    Ok(Item { root, document: Arc::new(document), is_whole: true, has_comments: true })
}

/// The output of a function.
#[derive(Debug, Default)]
pub struct Printed {
    /// The resources.
    pub items: Vec<Item>,
    /// The results in a list of resources.
    pub results: Option<Item>,
}

/// The output of a function, read as a [stream](stream()). It is charged to a budget.
///
/// # Errors
/// Those of parsing.
pub fn output(loader: &Loader, file: &File, budget: &Budget) -> Result<Printed> {
    printed(file, loader, None, budget)
}

fn printed(file: &File, loader: &Loader, path: Option<&str>, budget: &Budget) -> Result<Printed> {
    let source = with_line_feeds(file, loader)?;
    let WrittenStream { documents, parts } = written(&source, budget)?;
    if let ([document], 1, None) = (&*documents, parts, path)
        && let Some(root) = document.root().filter(|root| is_list(root))
    {
        return unwrap(&root.clone(), documents.into_iter().next().unwrap_or_default());
    }
    let mut items = Vec::new();
    for document in documents {
        let Some(root) = document.root().cloned() else { continue };
        let mut item =
            Item { root, document: Arc::new(document), is_whole: true, has_comments: true };
        let index = items.len().to_string();
        annotate(&mut item.root, path, &index).map_err(|error| match path {
            Some(_) => error.help("a file that has no resources is named in `.krmignore`"),
            None => error,
        })?;
        items.push(item);
    }
    Ok(Printed { items, results: None })
}

fn annotate(root: &mut Node, path: Option<&str>, index: &str) -> Result<()> {
    super::meta::check(root)?;
    complete(root)?;
    let Names { internal, legacy } = INDEX;
    set(root, legacy, index)?;
    if let Some(path) = path {
        set(root, PATH.legacy, path)?;
    }
    set(root, internal, index)?;
    path.map_or(Ok(()), |path| set(root, PATH.internal, path))
}

/// True for a document whose items are the resources.
fn is_list(root: &Node) -> bool {
    matches!(Meta::of(root).kind, "List" | "ResourceList")
        && (field(root, "items").is_some() || field(root, "functionConfig").is_some())
}

fn unwrap(root: &Node, document: Written) -> Result<Printed> {
    let document = Arc::new(document);
    let item = |root: &Node| Item {
        root: root.clone(),
        document: Arc::clone(&document),
        is_whole: false,
        has_comments: true,
    };
    let results = field(root, "results").map(item);
    let Some(items) = field(root, "items").filter(|items| !items.is_null()) else {
        return Ok(Printed { items: Vec::new(), results });
    };
    let Some(list) = items.as_sequence() else {
        return Err(unexpected(items, "in `items`", "a list of resources"));
    };
    Ok(Printed { items: list.items().iter().map(item).collect(), results })
}

/// The text of a file with line feeds at the ends of its lines, as kyaml reads it.
fn with_line_feeds(file: &File, loader: &Loader) -> Result<Arc<Source>> {
    let source = file.source()?;
    if !source.text().contains("\r\n") {
        return Ok(Arc::clone(source));
    }
    let text = source.text().replace("\r\n", "\n");
    loader.text(file.name(), text.into_bytes())?.source().cloned()
}
