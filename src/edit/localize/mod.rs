//! `localize`: copies a kustomization with everything that it uses into a new folder, in which all entries are paths.
//!
//! [`Localized::of`] reads, and writes nothing: the copy is proved to render as its original before [`Localized::write`]
//! makes the folder.

mod fields;
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub use super::proof::{Proof, Same};

use self::fields::{FIELDS, Kind, PLUGINS, replace};
use super::copies::{Spellings, checked, named};
use crate::config::Kustomization;
use crate::error::{Code, Error, Result};
use crate::limits::{Budget, Limit};
use crate::load::{
    self, Disk, Entry, File, Files as _, KUSTOMIZATION_FILES, Loader, NewFolder, OutputFolder,
    Overlay, RepoSpec, Root, is_http, relative, without_credentials,
};
use crate::resource::{self, Resource};
use crate::schema::Schema;
use crate::source::{Source, Span};
use crate::text::escape;
use crate::yaml::{Node, emit_within, parse};

/// The folder for content from elsewhere, beside the kustomization that names it.
const FOLDER: &str = "localized-files";
/// The folder of charts, if the kustomization names none.
const CHARTS: &str = "charts";

/// The arguments of a run.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The directory or URL of the kustomization.
    pub target: &'a str,
    /// The directory that bases must be in; that of the target, or its repository, if it is empty.
    pub scope: &'a str,
    /// The path of the new folder; one that is named after the target if it is empty.
    pub destination: &'a str,
    /// The directory that paths are relative to.
    pub working_directory: &'a Path,
}

/// A copy that is not written yet.
#[derive(Debug)]
pub struct Localized {
    /// The path of the new folder, with links resolved.
    pub destination: PathBuf,
    /// The path of the target in it.
    pub target: PathBuf,
    /// The links in folders of charts, which are not copied, as paths to show.
    pub links: Vec<String>,
    files: BTreeMap<String, Vec<u8>>,
}

impl Localized {
    /// Reads all that a kustomization uses.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for arguments that do not fit, [`Code::OutsideRoot`] for a base outside of the scope, and those
    /// of reading.
    pub fn of(loader: &Loader, request: Request<'_>) -> Result<Self> {
        let Request { target, .. } = request;
        let spec = RepoSpec::parse(target).ok();
        if let Some(spec) = &spec {
            if spec.reference.is_none() {
                return Err(no_reference(target, Span::NONE));
            }
            if !request.scope.is_empty() {
                return Err(scope_of_remote(request));
            }
        }
        let root = loader.root(target)?;
        let scope = scope(loader, &root, request)?;
        let destination = destination(loader, &root, spec.as_ref(), request)?;
        let below = relative(&scope, root.path());
        let mut copier = Copier {
            loader,
            budget: Budget::new(loader.limits()),
            scope,
            links: Vec::new(),
            files: BTreeMap::new(),
            visited: BTreeSet::new(),
            pending: Vec::new(),
        };
        let is_local = root.remote().is_none() && loader.repository_of(root.path()).is_none();
        let below: PathBuf =
            below.components().filter(|it| *it != std::path::Component::CurDir).collect();
        copier.enter(Place { root, below: below.clone(), is_local })?;
        while let Some(place) = copier.pending.pop() {
            copier.kustomization(&place).map_err(|error| {
                let name = escape::visible(place.root.name()).into_owned();
                error.step(format!("while copying the kustomization in `{name}`"))
            })?;
        }
        let mut spellings = Spellings::default();
        copier.files.keys().try_for_each(|file| spellings.add(file.as_ref()))?;
        let target = destination.join(&below);
        Ok(Self { target, destination, links: copier.links, files: copier.files })
    }

    /// The files of the disk with those of the copy.
    #[must_use]
    pub fn overlay(&self) -> Overlay<Disk> {
        self.files.iter().fold(Overlay::new(Disk), |files, (path, content)| {
            files.file(&self.destination.join(path), content)
        })
    }

    /// Writes the copy. If that fails, the folder is removed again.
    ///
    /// # Errors
    /// [`Code::WriteFailed`], also if an entry has the name of the folder.
    pub fn write(&self) -> Result<()> {
        let folder = NewFolder::create(&self.destination)?;
        let top = OutputFolder::make(&self.destination)?;
        for (path, content) in &self.files {
            let path = Path::new(path);
            let parent = top.below(path.parent().unwrap_or(Path::new("")))?;
            parent.write(path.file_name().unwrap_or_default(), &[content])?;
        }
        folder.keep();
        Ok(())
    }
}

/// The directory that bases of the target must be in.
fn scope(loader: &Loader, root: &Root, request: Request<'_>) -> Result<PathBuf> {
    let Request { target, scope, .. } = request;
    let shown = escape::visible(scope);
    if let Some((_, below)) = loader.repository_of(root.path()) {
        let depth = below.components().count();
        let top = root.path().ancestors().nth(depth).unwrap_or(root.path());
        return Ok(top.to_path_buf());
    }
    if scope.is_empty() {
        return Ok(root.path().to_path_buf());
    }
    let scope = loader.root(&Path::new(".").join(scope).to_string_lossy())?.path().to_path_buf();
    if !root.path().starts_with(&scope) {
        let target = escape::visible(target);
        let message = format!("the scope `{shown}` does not contain the target `{target}`");
        return Err(Error::new(Code::InvalidArgument, message)
            .help("name a directory around the target and its bases"));
    }
    Ok(scope)
}

#[cold]
fn scope_of_remote(request: Request<'_>) -> Error {
    let target = without_credentials(request.target);
    let [scope, target] = [request.scope, &target].map(escape::visible);
    let message = format!("`--scope {scope}` is given for the remote target `{target}`");
    Error::new(Code::InvalidArgument, message)
        .help("omit it: the scope of a remote target is its repository")
}

/// The path of the new folder, whose parent has to exist.
fn destination(
    loader: &Loader,
    root: &Root,
    spec: Option<&RepoSpec>,
    request: Request<'_>,
) -> Result<PathBuf> {
    let name = match request.destination {
        "" => names::folder(root.path(), loader.repository_of(root.path()).is_some(), spec),
        given => given.to_owned(),
    };
    let shown = escape::visible(&name);
    let whole = load::join(request.working_directory, Path::new(&name));
    let taken = || {
        Error::new(Code::WriteFailed, format!("the destination `{shown}` is there already"))
            .help("name a folder that is not there yet, or remove it")
    };
    let (Some(parent), Some(last)) = (whole.parent(), whole.file_name()) else {
        return Err(taken());
    };
    if !matches!(Disk.kind(&whole), Ok(load::Kind::Missing)) && load::resolved(parent).is_some() {
        return Err(taken());
    }
    let Some(parent) = load::resolved(parent).filter(|parent| load::is_directory(parent)) else {
        let message = format!("there is no directory for the destination `{shown}`");
        return Err(Error::new(Code::WriteFailed, message).help("make it first"));
    };
    Ok(parent.join(last))
}

#[cold]
fn no_reference(url: &str, span: Span) -> Error {
    let shown = escape::visible(&without_credentials(url)).into_owned();
    Error::new(Code::InvalidArgument, format!("`{shown}` names no version"))
        .at(span)
        .help("add `?ref=` with a tag, a branch or a commit: a copy is of one version")
}

/// A directory with a kustomization, and the path of its copy in the new folder.
struct Place {
    root: Root,
    below: PathBuf,
    /// True for a directory of the tree, which must be in the scope.
    is_local: bool,
}

struct Copier<'l> {
    loader: &'l Loader,
    /// Charged for directories, and for bytes of the copy.
    budget: Budget,
    scope: PathBuf,
    /// The links in folders of charts.
    links: Vec<String>,
    files: BTreeMap<String, Vec<u8>>,
    /// The directories that were entered, with the paths of their copies.
    visited: BTreeSet<(PathBuf, PathBuf)>,
    pending: Vec<Place>,
}

impl Copier<'_> {
    /// Puts a directory on the list, once for each path of its copy.
    ///
    /// # Errors
    /// [`Code::LimitExceeded`]: repositories that name each other twice have many copies.
    fn enter(&mut self, place: Place) -> Result<()> {
        if self.visited.insert((place.root.path().to_path_buf(), place.below.clone())) {
            self.budget.spend(Limit::Directories, 1, place.root.span())?;
            self.pending.push(place);
        }
        Ok(())
    }

    fn kustomization(&mut self, place: &Place) -> Result<()> {
        let source = place.root.kustomization_file()?;
        let mut node = Kustomization::canonical(&source)?;
        for (path, kind) in FIELDS {
            replace(&mut node, path, &mut |text, span| self.entry(place, *kind, text, span))?;
        }
        self.charts_without_home(&node, place)?;
        let mut text = String::new();
        emit_within(&node, &mut text, &self.budget)?;
        let mut names = KUSTOMIZATION_FILES.into_iter();
        let name = names.find(|name| place.root.kind_of(name) == load::Kind::File);
        self.put(&place.below.join(name.unwrap_or(KUSTOMIZATION_FILES[0])), text.as_bytes())
    }

    /// Copies what an entry names, and returns the entry for the copy.
    fn entry(&mut self, place: &Place, kind: Kind, text: &str, span: Span) -> Result<String> {
        if text.is_empty() && kind != Kind::ChartHome {
            return Ok(String::new());
        }
        let has_version = |spec: RepoSpec| spec.reference.is_some() || is_http(text);
        if matches!(kind, Kind::Directory | Kind::Resource)
            && place.root.kind_of(text) != load::Kind::File
            && !RepoSpec::parse(text).map_or(true, has_version)
        {
            return Err(no_reference(text, span));
        }
        self.copied(place, kind, text, span).map_err(|error| match error.code() {
            // There is no flag that allows it.
            Code::OutsideRoot => {
                let told = Error::new(error.code(), error.message()).at(error.span());
                error.helps().iter().take(1).fold(told, |told, help| told.help(help.clone()))
            }
            _ => error,
        })
    }

    fn copied(&mut self, place: &Place, kind: Kind, text: &str, span: Span) -> Result<String> {
        match kind {
            Kind::File => self.file(place, text, span),
            Kind::KeyAndFile => match text.split_once('=') {
                Some((key, path)) => Ok(format!("{key}={}", self.file(place, path, span)?)),
                None => self.file(place, text, span),
            },
            Kind::Directory => {
                let child = place.root.child(text, span)?;
                self.directory(place, child, text, span)
            }
            Kind::Resource => match place.root.entry(text, span)? {
                Entry::File(file) => {
                    resources(&file)?;
                    self.copy(place, text, &file, span)
                }
                Entry::Directory(child) => self.directory(place, child, text, span),
            },
            Kind::Patch => match inline(text) {
                Some(_) => Ok(text.to_owned()),
                None => self.file(place, text, span),
            },
            Kind::Plugin => self.plugin(place, text, span),
            Kind::ChartHome => self.chart_home(place, text, span),
        }
    }

    fn file(&mut self, place: &Place, path: &str, span: Span) -> Result<String> {
        let file = place.root.file(path, span)?;
        self.copy(place, path, &file, span)
    }

    /// Copies a file, and returns the path of the copy.
    fn copy(&mut self, place: &Place, path: &str, file: &File, span: Span) -> Result<String> {
        self.copy_as(place, path, file.bytes(), span)
    }

    fn copy_as(&mut self, place: &Place, path: &str, bytes: &[u8], span: Span) -> Result<String> {
        let copy = match is_http(path) {
            true => {
                free_folder(place, path, span)?;
                Path::new(FOLDER).join(names::download(path))
            }
            false => {
                let found = place.root.canonical(path).unwrap_or_default();
                let below = found.strip_prefix(place.root.path()).map(Path::to_path_buf);
                below.map_err(|_| {
                    let (path, name) = (escape::visible(path), place.root.name());
                    let message = format!("`{path}` is not in or below `{name}`");
                    Error::new(Code::OutsideRoot, message).at(span)
                })?
            }
        };
        self.put(&place.below.join(&copy), bytes).map_err(|error| error.at(span))?;
        Ok(named(&copy))
    }

    /// Puts a base on the list, and returns the path of its copy.
    fn directory(&mut self, place: &Place, child: Root, path: &str, span: Span) -> Result<String> {
        let is_remote = child.remote().is_some();
        let copy = match RepoSpec::parse(path) {
            Ok(spec) if is_remote => {
                if spec.reference.is_none() {
                    return Err(no_reference(path, span));
                }
                free_folder(place, path, span)?;
                let below = self.loader.repository_of(child.path()).map(|(_, below)| below);
                let below = below.unwrap_or_default();
                Path::new(FOLDER).join(names::repository(&spec)).join(below)
            }
            _ => {
                self.check_scope(place, &child, span)?;
                relative(place.root.path(), child.path())
            }
        };
        let below = within(&place.below.join(&copy));
        checked(&below).map_err(|error| error.at(span))?;
        self.enter(Place { root: child, below, is_local: place.is_local && !is_remote })?;
        Ok(named(&copy))
    }

    /// Refuses a base of the tree outside of the scope.
    fn check_scope(&self, place: &Place, child: &Root, span: Span) -> Result<()> {
        if !place.is_local || child.path().starts_with(&self.scope) {
            return Ok(());
        }
        let [base, scope] = [child.path(), &self.scope].map(|path| self.loader.display(path));
        let message = format!("`{base}` is outside of the scope `{scope}`");
        Err(Error::new(Code::OutsideRoot, message)
            .at(span)
            .help("`--scope DIR` names a directory that contains the target and all of its bases"))
    }

    /// Copies what a plugin names: its configuration is in a file, or inline.
    fn plugin(&mut self, place: &Place, text: &str, span: Span) -> Result<String> {
        if let Some(resources) = inline(text) {
            return self.configuration(place, &resources, span);
        }
        if place.root.kind_of(text) == load::Kind::Directory {
            let child = place.root.child(text, span)?;
            return self.directory(place, child, text, span);
        }
        let file = place.root.file(text, span)?;
        let configuration = self.configuration(place, &resources(&file)?, span)?;
        self.copy_as(place, text, configuration.as_bytes(), span)
    }

    /// The configuration of plugins with the paths of the copies.
    fn configuration(
        &mut self,
        place: &Place,
        resources: &[Resource],
        span: Span,
    ) -> Result<String> {
        let mut text = String::new();
        for (number, resource) in resources.iter().enumerate() {
            let mut node = resource.node().clone();
            let field = |name: &str| node.get(name).and_then(Node::as_text).unwrap_or_default();
            let is_builtin = field("apiVersion") == "builtin";
            let kind = field("kind").to_owned();
            let of_kind = PLUGINS.iter().filter(|(name, ..)| is_builtin && *name == kind);
            for (_, path, kind) in of_kind {
                replace(&mut node, path, &mut |text, own| {
                    self.entry(place, *kind, text, if own.is_none() { span } else { own })
                })?;
            }
            if is_builtin
                && kind == "HelmChartInflationGenerator"
                && node.get("chartHome").is_none()
            {
                self.chart_home(place, "", span)?;
            }
            if number > 0 {
                text.push_str("---\n");
            }
            emit_within(&node, &mut text, &self.budget)?;
        }
        Ok(text)
    }

    /// Copies the default folder of charts for charts that name none.
    fn charts_without_home(&mut self, node: &Node, place: &Place) -> Result<()> {
        let (globals, charts) = (node.get("helmGlobals"), node.get("helmCharts"));
        let of_globals = match globals {
            Some(globals) => globals.get("chartHome").is_none(),
            None => charts.is_some(),
        };
        let own = node.get("helmChartInflationGenerator").map_or(&[][..], Node::items);
        if of_globals || own.iter().any(|chart| chart.get("chartHome").is_none()) {
            self.chart_home(place, "", Span::NONE)?;
        }
        Ok(())
    }

    /// Copies a folder of charts, without its links. One that is not there is not copied: helm fetches charts into it.
    fn chart_home(&mut self, place: &Place, entry: &str, span: Span) -> Result<String> {
        let path = if entry.is_empty() { CHARTS } else { entry };
        if place.root.kind_of(path) == load::Kind::Missing {
            return Ok(entry.to_owned());
        }
        let child = place.root.child(path, span)?;
        self.check_scope(place, &child, span)?;
        let home = within(Path::new(path));
        let copy = match home == Path::new(CHARTS) {
            true => home,
            false => relative(place.root.path(), child.path()),
        };
        let folder = child.path().to_path_buf();
        let below = within(&place.below.join(&copy));
        self.loader.visit(&folder, |path, kind| {
            if kind == load::Kind::File {
                let file = self.loader.file_at(&folder.join(checked(path)?))?;
                self.put(&below.join(path), file.bytes())?;
            }
            if kind == load::Kind::Link {
                self.links.push(self.loader.display(&folder.join(path)));
            }
            Ok(kind == load::Kind::Directory)
        })?;
        Ok(if entry.is_empty() { String::new() } else { named(&copy) })
    }

    /// Adds a file of the copy.
    fn put(&mut self, path: &Path, content: &[u8]) -> Result<()> {
        let place = named(checked(&within(path))?);
        match self.files.get(&place) {
            Some(known) if known != content => {
                let message =
                    format!("two contents would be copied to `{}`", escape::visible(&place));
                Err(Error::new(Code::InvalidPath, message)
                    .help("`krender vendor` keeps such copies apart"))
            }
            Some(_) => Ok(()),
            None => {
                self.budget.bytes(content.len(), Span::NONE)?;
                self.files.insert(place, content.to_vec());
                Ok(())
            }
        }
    }
}

/// A relative path without `.`, and without `..` after a name.
fn within(path: &Path) -> PathBuf {
    let whole = load::join(Path::new("/"), path);
    whole.strip_prefix("/").unwrap_or(&whole).to_path_buf()
}

/// Refuses content from elsewhere if the folder for it has other files.
fn free_folder(place: &Place, path: &str, span: Span) -> Result<()> {
    if place.root.kind_of(FOLDER) == load::Kind::Missing {
        return Ok(());
    }
    let path = escape::visible(&without_credentials(path)).into_owned();
    let name = place.root.name();
    let message =
        format!("`{name}` has an entry `{FOLDER}`, which is the folder for the copy of `{path}`");
    Err(Error::new(Code::WriteFailed, message).at(span).help("rename it, or remove it"))
}

/// The resources in a file.
fn resources(file: &File) -> Result<Vec<Resource>> {
    file.resources(&Budget::default(), &Schema::default())
}

/// The resources in the text of an entry; `None` for a path.
fn inline(text: &str) -> Option<Vec<Resource>> {
    let source = Source::detached(text);
    let documents = parse::documents(&source).ok()?;
    resource::read(&source, &documents, &Schema::default()).ok()
}
