//! The files of a Helm chart, read as those of a kustomization are: links in it lead to no other files.

use std::path::{Path, PathBuf};

use super::files::{Files as _, Kind, join};
use super::{Digest, File, Loader, Resolved, Restrictor, Root};
use crate::error::{Code, Error, Result};
use crate::limits::Cancel;
use crate::source::Span;
use crate::sync::lock;

/// The content of a chart's folder.
#[derive(Clone)]
pub struct Chart {
    /// The folder, with links resolved.
    pub folder: PathBuf,
    /// The files by their path in the folder, in the order of directories. Files behind links are among them.
    pub files: Vec<(PathBuf, File)>,
}

/// A chart of a repository that a build has used.
#[derive(Clone)]
#[non_exhaustive]
pub struct UsedChart {
    /// The repository or registry, as it is written.
    pub repo: String,
    /// The name.
    pub name: String,
    /// The version, as it is written; empty for the latest one.
    pub version: String,
    /// The span of its entry.
    pub span: Span,
    /// The folder in which the kustomization looks for it.
    pub place: PathBuf,
    /// The directory of the kustomization.
    pub directory: PathBuf,
    /// Its files.
    pub chart: Chart,
    /// True if they are not in that folder.
    pub is_elsewhere: bool,
}

/// The maximum number of entries of a chart: the largest public ones have some hundred.
const MOST_ENTRIES: usize = 20_000;

/// The maximum number of folders below each other.
const DEEPEST: usize = 64;

impl Chart {
    /// The digest of the paths and contents.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let texts = self.files.iter().map(|(path, file)| {
            let path = path.as_os_str().as_encoded_bytes().to_vec();
            [path, file.digest().as_bytes().to_vec()]
        });
        let texts: Vec<Vec<u8>> = texts.flatten().collect();
        Digest::of_all(texts.iter().map(Vec::as_slice))
    }

    /// The file at a path in the folder.
    #[must_use]
    pub fn file(&self, path: &Path) -> Option<&File> {
        self.files.iter().find(|(known, _)| known == path).map(|(_, file)| file)
    }
}

impl Root {
    /// True if other programs find the files of this directory at its path.
    #[must_use]
    pub fn is_on_disk(&self) -> bool {
        self.loader().0.files.is_on_disk(self.path())
    }

    /// True if programs may write to an absolute, clean path for this kustomization.
    #[must_use]
    pub fn may_write(&self, path: &Path) -> bool {
        self.is_on_disk() && (self.is_unrestricted() || self.holds(path))
    }

    /// True if an absolute path is in or below this directory, with links resolved as far as it exists.
    #[must_use]
    pub fn holds(&self, path: &Path) -> bool {
        let there = path.ancestors().find_map(|path| self.loader().0.files.canonicalize(path).ok());
        path.starts_with(self.path()) && there.is_some_and(|it| it.starts_with(self.path()))
    }

    /// Records a chart of a repository, given by repository, name and version. The kustomization looks for it at a path from
    /// this directory.
    pub fn use_chart(
        &self,
        (repo, name, version): (&str, &str, &str),
        span: Span,
        path: &str,
        chart: &Chart,
        is_elsewhere: bool,
    ) {
        let [repo, name, version] = [repo, name, version].map(str::to_owned);
        let place = join(self.path(), Path::new(path));
        let (directory, chart) = (self.path().to_path_buf(), chart.clone());
        let used = UsedChart {
            repo,
            name,
            version,
            span,
            place: place.clone(),
            directory,
            chart,
            is_elsewhere,
        };
        let mounted = self.loader().0.fetched.get_or_init(Default::default);
        lock(&mounted.charts).insert(place, used);
    }

    /// The files of a chart, in a folder given by its path from this directory. `None` if there is no such folder.
    ///
    /// # Errors
    /// [`Code::OutsideRoot`] if the folder is not in the [mount](Loader::mount) of this directory, or if a link in it leads
    /// neither into it nor below this directory; [`Code::ReadFailed`], [`Code::LimitExceeded`] and [`Code::TooLarge`].
    pub fn chart(&self, path: &str, span: Span) -> Result<Option<Chart>> {
        let place = self.look(&join(self.path(), Path::new(path))).map_err(|it| it.at(span))?;
        if place.kind != Kind::Directory {
            return Ok(None);
        }
        let mut walk = Walk { loader: self.loader(), root: Some(self), seen: 0, files: Vec::new() };
        walk.top(&place.path).map(Some).map_err(|error| error.at(span))
    }
}

impl Loader {
    /// The files of a chart in a folder that this program has made, whose path has its links resolved.
    ///
    /// # Errors
    /// As [`Root::chart`].
    pub fn chart(&self, folder: &Path) -> Result<Chart> {
        Walk { loader: self, root: None, seen: 0, files: Vec::new() }.top(folder)
    }

    /// Forgets the lists of directories. Must be called after a chart was pulled into the tree: an earlier list of its directory
    /// does not have it.
    pub fn note_new_chart(&self) {
        self.0.files.list_anew();
    }

    /// The charts of repositories that builds have used, sorted by their places.
    #[must_use]
    pub fn charts(&self) -> Vec<UsedChart> {
        let charts = self.0.fetched.get().map(|mounted| lock(&mounted.charts));
        charts.iter().flat_map(|charts| charts.values().cloned()).collect()
    }

    /// The condition that ends the build of a target.
    #[must_use]
    pub fn cancel(&self) -> &Cancel {
        &self.0.options.cancel
    }

    /// The output of a program, which is made once for each key, as a file with a name to show.
    ///
    /// # Errors
    /// Those of `make`, and as [`Loader::text`].
    pub fn output(
        &self,
        key: &Digest,
        name: &str,
        make: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<File> {
        let mounted = self.0.fetched.get_or_init(Default::default);
        mounted.outputs.get_or_make(Path::new(&key.to_string()), || self.text(name, make()?))
    }
}

/// A walk through a chart.
struct Walk<'a> {
    loader: &'a Loader,
    /// The directory of the kustomization that names the chart.
    root: Option<&'a Root>,
    seen: usize,
    files: Vec<(PathBuf, File)>,
}

impl Walk<'_> {
    fn top(&mut self, folder: &Path) -> Result<Chart> {
        self.visit(folder, folder, Path::new(""), &mut Vec::new())?;
        let files = std::mem::take(&mut self.files);
        Ok(Chart { folder: folder.to_path_buf(), files })
    }

    /// Reads the files of a folder and below it. It is at the path `below` in the chart at `top`; `around` are the
    /// folders that it is in.
    fn visit(
        &mut self,
        top: &Path,
        folder: &Path,
        below: &Path,
        around: &mut Vec<PathBuf>,
    ) -> Result<()> {
        if around.len() == DEEPEST || around.iter().any(|above| above == folder) {
            let shown = self.loader.display(folder);
            let message = match around.len() {
                DEEPEST => format!("the chart has more than {DEEPEST} folders below each other"),
                _ => format!("a link in the chart leads back to `{shown}`"),
            };
            return Err(Error::new(Code::Cycle, message));
        }
        around.push(folder.to_path_buf());
        for (name, kind) in self.loader.entries(folder)? {
            self.seen += 1;
            if self.seen > MOST_ENTRIES {
                let message = format!("the chart has more than {MOST_ENTRIES} files");
                return Err(Error::new(Code::TooLarge, message));
            }
            let path = folder.join(&name);
            let place = match self.root {
                Some(root) => root.look(&path)?,
                None => self.loader.place(&path)?,
            };
            if kind == Kind::Link {
                self.check_link(top, &path, &place)?;
            }
            let below = below.join(&name);
            match place.kind {
                Kind::File => self.files.push((below, self.loader.content(&place.path)?)),
                Kind::Directory => self.visit(top, &place.path, &below, around)?,
                // Helm refuses it too, even if `.helmignore` names it.
                Kind::Link | Kind::Missing => {
                    let message = format!(
                        "the link `{}` in the chart leads nowhere",
                        self.loader.display(&path)
                    );
                    return Err(Error::new(Code::FileNotFound, message)
                        .help("remove it, or add the file that it leads to"));
                }
                Kind::Special => {
                    let shown = self.loader.display(&path);
                    let message = format!("`{shown}` is a device or a pipe, and not read");
                    return Err(Error::new(Code::NotAFile, message));
                }
            }
        }
        around.pop();
        Ok(())
    }

    /// Refuses a link that leads out of the chart and of the directory of the kustomization: Helm would follow it.
    fn check_link(&self, top: &Path, path: &Path, place: &Resolved) -> Result<()> {
        let is_within = place.path.starts_with(top)
            || self
                .root
                .is_some_and(|root| root.is_unrestricted() || place.path.starts_with(root.path()));
        if is_within {
            return Ok(());
        }
        let [link, target] = [path, &place.path].map(|path| self.loader.display(path));
        let message = format!("the link `{link}` leads out of the chart, to `{target}`");
        Err(Error::new(Code::OutsideRoot, message)
            .help("replace it by the file itself")
            .help("`--load-restrictor LoadRestrictionsNone` allows it; then charts can show any file that you can read"))
    }
}

impl Root {
    /// True if files outside of this directory may be read.
    fn is_unrestricted(&self) -> bool {
        self.loader().0.options.restrictor == Restrictor::None && self.mount().is_none()
    }
}
