//! Entries of kustomizations and targets that are elsewhere: files over HTTP, and directories of git repositories.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::files::{Kind, join};
use super::missing::{self, Open};
use super::root::{Entry, Root};
use super::{LeadsTo, Loader, RepoSpec, remote};
use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::yaml::Text;

/// True if an entry names content from elsewhere.
#[must_use]
pub fn is_remote(entry: &str) -> bool {
    remote::is_url(entry) || RepoSpec::parse(entry).is_ok()
}

/// True if an entry is a URL of HTTP.
#[must_use]
pub fn is_http(entry: &str) -> bool {
    remote::is_url(entry)
}

/// The maximum number of requests at the same time.
const AT_ONCE: usize = 8;

/// A request that a build is going to make.
enum Request<'e> {
    Git(RepoSpec),
    Http(&'e str),
}

impl Loader {
    /// Fetches what entries name, several at the same time. Errors are reported when a build needs it.
    pub fn fetch_ahead(&self, entries: &BTreeSet<Text>) {
        if entries.len() < 2 {
            return;
        }
        let mut requests = BTreeMap::new();
        for entry in entries {
            match RepoSpec::parse(entry) {
                Ok(spec) if self.is_repository(entry, &spec) => {
                    requests.insert((spec.url(), spec.reference.clone()), Request::Git(spec));
                }
                Ok(_) | Err(_) => {
                    requests.insert((entry.to_string(), None), Request::Http(entry));
                }
            }
        }
        requests.retain(|_, request| match request {
            Request::Git(spec) => self.needs_request(spec),
            Request::Http(_) => true,
        });
        // The first reference of every repository, then the second ones: those of one repository wait for each other.
        let mut turns: BTreeMap<String, usize> = BTreeMap::new();
        let turn = |((url, _), request)| {
            let turn = turns.entry(url).or_default();
            *turn += 1;
            (*turn, request)
        };
        let mut requests: Vec<_> = requests.into_iter().map(turn).collect();
        requests.sort_by_key(|&(turn, _)| turn);
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some((_, request)) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                match request {
                    Request::Git(spec) => drop(self.fetch(spec)),
                    Request::Http(url) => drop(self.fetch_file(url)),
                }
            }
        };
        // A single one is fetched when it is needed.
        if requests.len() < 2 {
            return;
        }
        thread::scope(|scope| {
            for _ in 0..requests.len().min(AT_ONCE) {
                scope.spawn(work);
            }
        });
    }

    /// True if an entry is fetched as a repository, and only if that fails as a file. Most URLs of files have no second
    /// `//` and no `ref`, so a request is saved.
    fn is_repository(&self, entry: &str, spec: &RepoSpec) -> bool {
        let is_marked = spec.reference.is_some() && entry.matches("//").count() > 1;
        !remote::is_url(entry) || is_marked || self.has_fetched(spec)
    }
}

impl Root {
    /// A file over HTTP, or else the directory of a git repository with that URL.
    pub(super) fn remote_entry(&self, url: &str, span: Span) -> Result<Entry> {
        let Ok(spec) = RepoSpec::parse(url) else { return self.file(url, span).map(Entry::File) };
        let directory = || self.remote_child(url, &spec, span).map(Entry::Directory);
        let file = || self.file(url, span).map(Entry::File);
        let is_repository = self.loader().is_repository(url, &spec);
        let (first, second) = match is_repository {
            true => (directory(), &file as &dyn Fn() -> Result<Entry>),
            false => (file(), &directory as &dyn Fn() -> Result<Entry>),
        };
        let failed = match first {
            Err(error) if !error.is_spent() && error.code() != Code::Cycle => error,
            first => return first,
        };
        second().map_err(|other| {
            let (of_git, of_http) = if is_repository { (failed, other) } else { (other, failed) };
            let leads = matches!(spec.path.rsplit_once('.'), Some((_, "yaml" | "yml" | "json")));
            let (error, way, more) = match leads {
                true => (of_http, "as a git repository", of_git),
                false => (of_git, "as a file", of_http),
            };
            let error = error.at(span);
            match more.code() {
                Code::FetchRefused => error,
                // A lock that cannot be read, for example.
                _ if more.message() == error.message() => error,
                _ => error.help(format!("{way}: {}", more.message())),
            }
        })
    }

    /// The directory of a git repository with the URL of a file that is none of resources: its page in a browser.
    #[must_use]
    pub fn instead(&self, url: &str, span: Span) -> Option<Self> {
        let spec = RepoSpec::parse(url).ok().filter(|_| remote::is_url(url))?;
        self.remote_child(url, &spec, span).ok()
    }

    /// The directory in a remote repository. A repository is not fetched for an entry that one of the entries above
    /// begins with, as in kustomize (`api/internal/loader/fileloader.go`: `errIfRepoCycle`).
    pub(super) fn remote_child(&self, entry: &str, spec: &RepoSpec, span: Span) -> Result<Self> {
        let is_same = |above: &&Self| above.remote().is_some_and(|above| above.starts_with(entry));
        if let Some(above) = self.ancestors().find(is_same) {
            let shown = missing::shown(entry);
            let message = match above.remote() == Some(entry) {
                true => format!("`{shown}` includes itself"),
                false => format!("`{shown}` is the beginning of an entry that leads to it"),
            };
            let error = Error::new(Code::Cycle, message).at(span);
            return Err(error.note(above.span(), "it leads from here to itself"));
        }
        self.refuse_depth(span)?;
        self.stay_here()?;
        let child = Self::in_repository(self.loader(), entry, spec, span, Some(self.clone()))?;
        let leads_to = LeadsTo::Directory(child.path().to_path_buf());
        self.loader().refer(self.path(), span, entry, leads_to);
        Ok(child)
    }

    /// The directory that the text of an entry or a target names in a remote repository.
    pub(super) fn in_repository(
        loader: &Loader,
        entry: &str,
        spec: &RepoSpec,
        span: Span,
        parent: Option<Self>,
    ) -> Result<Self> {
        let top = loader.fetch(spec)?;
        let path = join(&top, Path::new(&spec.path));
        let place = loader.place(&path)?;
        match place.kind {
            Kind::Directory => Ok(Self::new(loader, &place, span, parent, Some(entry))),
            Kind::Missing => Err(missing::error(
                loader,
                &top,
                &spec.path,
                "directory",
                &Open::around(loader, &top),
            )),
            Kind::File | Kind::Link | Kind::Special => {
                let message = format!("`{}` is not a directory", loader.display(&path));
                let error = Error::new(Code::NotADirectory, message);
                Err(error
                    .help("a repository is named together with a directory of it, not with a file"))
            }
        }
    }
}
