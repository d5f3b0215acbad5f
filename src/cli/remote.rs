//! Flags for content from elsewhere.

use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Once, OnceLock};
use std::time::SystemTime;

use clap::Args;

use super::terminal::{self, Format};
use crate::{
    error::{Code, Error, Result},
    external::Environment,
    fetch::{ChartOptions, Charts, Fetcher, LOCK_FILE, Lock, LockUse, Options, Setup},
    limits::Setting,
    load::{Kind, Loader, Remotes},
    source::{Sources, Span},
    text::escape,
};

/// Flags for content from elsewhere.
#[derive(Args, Debug, Default)]
pub(super) struct Remote {
    /// Fetch nothing: use remote bases that were fetched before, branches and tags as they were then
    #[arg(long, help_heading = "Remote bases")]
    offline: bool,

    /// Fetch remote bases in this run, and keep nothing of them
    #[arg(long, conflicts_with = "offline", help_heading = "Remote bases")]
    no_cache: bool,

    /// Use the commits and contents in FILE, as `krender lock` has written it, and fail for what is not in it
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = LOCK_FILE)]
    #[arg(value_name = "FILE", help_heading = "Remote bases")]
    locked: Option<PathBuf>,

    /// Size of the cache of remote bases, such as `500MB`: beyond it, those that were not used for the longest time are
    /// removed [default: 4GiB]
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Remote bases")]
    cache_size: Option<u64>,

    /// For kustomizations of strangers: fetch nothing from this machine (`file://`) and from private addresses
    #[arg(long, help_heading = "Remote bases")]
    untrusted: bool,

    /// Fetch only from this host, or from those below `*.DOMAIN` (may be repeated). A host that is named may have a private
    /// address in spite of `--untrusted`
    #[arg(long = "allow-host", value_name = "HOST", help_heading = "Remote bases")]
    hosts: Vec<String>,
}

impl Remote {
    /// The source of remote content for a run in a directory.
    pub(super) fn source(&self, working_directory: &Path) -> Remotes {
        self.source_with(self.lock(working_directory), working_directory)
    }

    /// The use of a lock that the flags ask for.
    pub(super) fn lock(&self, working_directory: &Path) -> LockUse {
        match &self.locked {
            Some(file) => LockUse::Required(working_directory.join(file)),
            None => LockUse::Unused,
        }
    }

    /// The lock in the files of a loader, such as those of a revision, whether it is used or not; `None` if there is none.
    ///
    /// # Errors
    /// Those of reading it.
    pub(super) fn lock_in(&self, loader: &Loader) -> Result<Option<Lock>> {
        let path = self.locked.as_deref().unwrap_or(Path::new(LOCK_FILE)).to_str();
        let path =
            path.ok_or_else(|| Error::new(Code::InvalidPath, "the path of the lock is not UTF-8"))?;
        match loader.kind(path) {
            Kind::File => Lock::parse(loader.file(path)?.source()?.text()).map(Some),
            _ => Ok(None),
        }
    }

    /// True if only the commits and contents of a lock are used.
    pub(super) const fn is_locked(&self) -> bool {
        self.locked.is_some()
    }

    /// The source of remote content for a run that uses a lock.
    pub(super) fn source_with(&self, lock: LockUse, working_directory: &Path) -> Remotes {
        Remotes::new(Fetcher::new(self.options(lock), setup(working_directory)))
    }

    /// The charts of a run in a directory, which uses a lock.
    pub(super) fn charts(
        &self,
        options: ChartOptions,
        lock: LockUse,
        working_directory: &Path,
    ) -> Charts {
        let config_home = options.config_home.map(|home| working_directory.join(home));
        let options = ChartOptions { config_home, ..options };
        Charts::new(self.options(lock), options, setup(working_directory))
    }

    /// The charts of a run that pulls none, and takes no results of others.
    pub(super) fn charts_of_tree(options: ChartOptions, working_directory: &Path) -> Charts {
        let fetch = Options { offline: true, no_cache: true, ..Options::default() };
        Charts::new(fetch, options, setup(working_directory))
    }

    fn options(&self, lock: LockUse) -> Options {
        let Self { offline, no_cache, locked: _, cache_size, untrusted, hosts } = self;
        Options {
            offline: *offline,
            no_cache: *no_cache,
            cache_size: *cache_size,
            untrusted: *untrusted,
            hosts: hosts.clone(),
            lock,
        }
    }
}

/// The surroundings of a run in a directory.
fn setup(working_directory: &Path) -> impl Fn() -> Setup + Send + Sync + 'static {
    let (started, working_directory) = (now(), working_directory.to_path_buf());
    move || {
        let environment = Environment::new(std::env::vars_os(), &working_directory)
            .guarded_by(std::env::current_exe().ok());
        let begin = super::clean_up_on_signals;
        Setup { environment, cache: cache_folder(), started, begin, progress, warn }
    }
}

/// The format of warnings.
static FORMAT: OnceLock<Format> = OnceLock::new();
/// Runs once: at the first warning, or before it if there are to be no warnings.
static WARNED: Once = Once::new();

/// Sets the format of warnings about the cache; `None` for no warnings.
pub(super) fn warn_as(format: Option<Format>) {
    match format {
        // It was set before.
        Some(format) => drop(FORMAT.set(format)),
        None => WARNED.call_once(|| {}),
    }
}

/// Warns once in a run that the cache cannot be used.
fn warn(reason: &Error) {
    WARNED.call_once(|| {
        let advice = match reason.helps() {
            [] => "make it writable, or set `XDG_CACHE_HOME`",
            [first, ..] => first,
        };
        let text = format!(
            "{}: a temporary folder takes its place, and all is fetched again by the next run ({advice})",
            reason.message()
        );
        let format = FORMAT.get().copied().unwrap_or(Format::Human);
        terminal::warning(&text, Span::NONE, &Sources::new(), format);
    });
}

/// Shows a line that a program wrote to its standard error.
pub(super) fn tell(line: &str) {
    let format = FORMAT.get().copied().unwrap_or(Format::Human);
    terminal::warning(line, Span::NONE, &Sources::new(), format);
}

/// Shows on a terminal which repository is being fetched, in a line that is erased at the end.
fn progress(url: Option<&str>) {
    let mut stderr = std::io::stderr().lock();
    if !stderr.is_terminal() {
        return;
    }
    let line = match url {
        Some(url) => format!("\r\x1b[Kfetching {}", escape::visible(url)),
        None => "\r\x1b[K".to_owned(),
    };
    // The line is not essential.
    drop(stderr.write_all(line.as_bytes()).and_then(|()| stderr.flush()));
}

/// A size in bytes, such as `500MB`.
fn size(text: &str) -> Result<u64> {
    let setting: Setting = format!("bytes={text}").parse().map_err(|_| {
        Error::new(Code::InvalidArgument, format!("`{text}` is not a size"))
            .help("write a size such as `2GiB`, `500MB` or `1000000`")
    })?;
    Ok(setting.value)
}

/// `krender` in the user's cache directory. (XDG Base Directory Specification: relative paths are ignored.)
pub(super) fn cache_folder() -> Option<PathBuf> {
    let folder =
        |name: &str| Some(PathBuf::from(variable(name)?)).filter(|path| path.is_absolute());
    let caches = folder("XDG_CACHE_HOME")
        .or_else(|| folder("LOCALAPPDATA").filter(|_| cfg!(windows)))
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))?;
    Some(caches.join("krender"))
}

/// The configuration home of the user's Helm. (Helm, `pkg/helmpath`.)
pub(super) fn own_config_home() -> Option<PathBuf> {
    let folder = |name: &str| variable(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    folder("HELM_CONFIG_HOME")
        .or_else(|| folder("XDG_CONFIG_HOME").map(|configurations| configurations.join("helm")))
        .or_else(|| folder("HOME").map(|home| home.join(".config/helm")))
}

#[expect(clippy::disallowed_methods, reason = "the environment is read here and handed on")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

#[expect(clippy::disallowed_methods, reason = "the clock is read here and handed on")]
fn now() -> SystemTime {
    SystemTime::now()
}
