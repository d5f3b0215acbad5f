//! Helm charts: pulled once, and rendered once for each distinct input.
//!
//! [`Charts`] is shared by all builds of a run. Nothing is started or written before the first chart.

mod archive;
mod known;
mod pull;

use std::cell::Cell;
use std::ffi::OsString;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::{Lock, LockUse, Memo, Options, Setup};
use crate::error::{Code, Error, Result};
use crate::external::helm::{Folders, Helm};
use crate::limits::Cancel;
use crate::load::{self, Chart, Digest, Store, TemporaryFolder, is_directory};
use crate::text::escape;
use pull::Pulled;

pub use known::is_repeatable;
pub use pull::{Pull, is_pulled};

/// The charts of a run; by default there are none, and no chart is rendered.
#[derive(Clone, Default)]
pub struct Charts(Option<Arc<Session>>);

/// Options for charts.
#[derive(Clone, Debug, Default)]
pub struct ChartOptions {
    /// The folder with the user's logins (`HELM_CONFIG_HOME`), for charts whose kustomization names none.
    pub config_home: Option<PathBuf>,
    /// True if each chart is rendered twice, and no result of an earlier run is used.
    pub verify: bool,
}

struct Session {
    fetch: Options,
    options: ChartOptions,
    make: Box<dyn Fn() -> Setup + Send + Sync>,
    setup: OnceLock<Setup>,
    /// The versions of Helm, by command and configuration home.
    versions: Memo<String, Result<Arc<str>>>,
    pulled: Memo<String, Result<Arc<Pulled>>>,
    store: OnceLock<Option<Store>>,
    required: OnceLock<Result<Arc<Lock>>>,
}

/// The rendering of one chart: a temporary folder, and Helm with its configuration there.
pub struct Rendering<'a> {
    session: &'a Session,
    helm: Helm,
    /// The command and the configuration home.
    name: String,
    temporary: TemporaryFolder,
    /// True once Helm was asked for its version for this chart.
    is_asked: Cell<bool>,
    cancel: Cancel,
}

/// A call of `helm template`.
pub struct Template<'a> {
    /// The arguments.
    pub arguments: &'a [OsString],
    /// The arguments to show.
    pub shown: &'a str,
    /// The digest of all that the output depends on; `None` if it may be another one each time.
    pub key: Option<&'a Digest>,
}

impl Charts {
    /// The charts of a run, with the options of what is fetched.
    #[must_use]
    pub fn new(
        fetch: Options,
        options: ChartOptions,
        make: impl Fn() -> Setup + Send + Sync + 'static,
    ) -> Self {
        let (setup, versions, pulled) = (OnceLock::new(), Memo::default(), Memo::default());
        let (make, store, required) = (Box::new(make), OnceLock::new(), OnceLock::new());
        let session = Session { fetch, options, make, setup, versions, pulled, store, required };
        Self(Some(Arc::new(session)))
    }

    /// Begins to render a chart with a Helm program. An empty `config_home` is a temporary folder, or that of the options.
    ///
    /// # Errors
    /// [`Code::PluginNotEnabled`] if there are no charts in this run, [`Code::ReadFailed`] if there is no Helm, and
    /// [`Code::WriteFailed`].
    pub fn begin(
        &self,
        command: &str,
        config_home: &str,
        cancel: &Cancel,
    ) -> Result<Rendering<'_>> {
        let session = self.0.as_deref().ok_or_else(|| {
            Error::new(Code::PluginNotEnabled, "no programs are run here, and charts need Helm")
        })?;
        let Setup { environment, begin, .. } = session.setup();
        begin();
        let parent = environment.path("TMPDIR").unwrap_or_else(|| PathBuf::from("/tmp"));
        let temporary = TemporaryFolder::create(&parent)?;
        let own = Folders::of(&temporary.path().join("helm"));
        let folders = match (config_home, &session.options.config_home) {
            ("", None) => own,
            ("", Some(config)) => Folders { config: config.clone(), ..own },
            (named, _) => Folders::of(Path::new(named)),
        };
        // Some versions of Helm leave files there if they are ended.
        let helm = Helm::find(command, environment, &folders, temporary.path(), cancel)?;
        let (name, cancel) = (format!("{command}\0{config_home}"), cancel.clone());
        Ok(Rendering { session, helm, name, temporary, is_asked: Cell::new(false), cancel })
    }

    /// True if what is built is not trusted.
    #[must_use]
    pub fn is_untrusted(&self) -> bool {
        self.0.as_ref().is_some_and(|session| session.fetch.untrusted)
    }

    /// True if a configuration home has plugins of Helm, which are programs.
    #[must_use]
    pub fn has_plugins(&self, config_home: &str) -> bool {
        let Some(session) = &self.0 else { return false };
        let environment = &session.setup().environment;
        let folders = Folders::of(&environment.working_directory().join(config_home));
        is_directory(&folders.data.join("plugins")) || is_directory(&folders.data.join("starters"))
    }
}

impl Session {
    fn setup(&self) -> &Setup {
        self.setup.get_or_init(|| (self.make)())
    }

    /// The lock, and true if charts must be in it.
    fn lock(&self) -> Result<Option<(Arc<Lock>, bool)>> {
        match &self.fetch.lock {
            LockUse::Unused => Ok(None),
            LockUse::Preferred(lock) => Ok(Some((Arc::clone(lock), false))),
            LockUse::Given(lock) => Ok(Some((Arc::clone(lock), true))),
            LockUse::Required(path) => {
                let read = || super::read_lock(path).map(Arc::new);
                let lock = self.required.get_or_init(read).clone()?;
                Ok(Some((lock, true)))
            }
        }
    }

    /// The store of results, if there is a folder for it.
    fn store(&self) -> Option<&Store> {
        let open = || {
            let Setup { cache, started, warn, .. } = self.setup();
            let folder = cache.as_deref().filter(|_| !self.fetch.no_cache)?;
            let opened = Store::open(&folder.join("charts"), *started);
            let store = opened.map_err(|error| warn(&error)).ok()?;
            store.tidy();
            Some(store)
        };
        self.store.get_or_init(open).as_ref()
    }
}

impl Rendering<'_> {
    /// The version of Helm. It is asked for once in a run.
    ///
    /// # Errors
    /// Those of [`Helm::version`].
    pub fn version(&self) -> Result<Arc<str>> {
        self.session.versions.get_or_make(self.name.clone(), || {
            self.is_asked.set(true);
            self.helm.version().map(Arc::from)
        })
    }

    /// Refuses a chart of a repository that is not in the lock, or has other files.
    ///
    /// # Errors
    /// [`Code::FetchRefused`], and those of reading the lock.
    pub fn admit_chart(&self, pull: &Pull<'_>, digest: &Digest) -> Result<()> {
        match self.session.lock()? {
            Some((lock, true)) => lock.admit_chart(pull.repo, pull.name, pull.version, digest),
            _ => Ok(()),
        }
    }

    /// Writes a file for Helm, and returns its path.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf> {
        let path = self.temporary.path().join(name);
        load::write(&path, &[content])?;
        Ok(path)
    }

    /// Writes the files of a chart that is not on disk, and returns the path of its folder.
    ///
    /// # Errors
    /// [`Code::WriteFailed`], and [`Code::InvalidPath`] for names that lead out of the folder.
    pub fn unpack(&self, chart: &Chart, name: &str) -> Result<PathBuf> {
        let folder = self.temporary.path().join("chart").join(name);
        archive::make_folder(&folder)?;
        for (path, file) in &chart.files {
            if !path.components().all(|part| matches!(part, Component::Normal(_))) {
                let shown = escape::file_name(path.as_os_str());
                let message = format!("`{shown}` is not a path in a chart");
                return Err(Error::new(Code::InvalidPath, message));
            }
            let whole = folder.join(path);
            archive::make_folder(whole.parent().unwrap_or(&folder))?;
            load::write(&whole, &[file.bytes()])?;
        }
        Ok(folder)
    }

    /// The digest of parts of the input, and of all else that the output of Helm depends on.
    ///
    /// # Errors
    /// Those of [`Helm::version`].
    pub fn key<'b>(
        &self,
        has_namespace: bool,
        parts: impl IntoIterator<Item = &'b [u8]>,
    ) -> Result<Digest> {
        let version = self.version()?;
        let Setup { environment, .. } = self.session.setup();
        let program = self.helm.path();
        let stamp = format!("{} {:?}", program.display(), load::stamp(program));
        let around = known::surroundings(environment, has_namespace);
        let parts = Digest::of_all(parts);
        let own = [&b"chart 1"[..], version.as_bytes(), stamp.as_bytes()];
        Ok(Digest::of_all(own.into_iter().chain([&around.as_bytes()[..], parts.as_bytes()])))
    }

    /// Renders a chart, or takes the result of an earlier run with the same key.
    ///
    /// # Errors
    /// [`Code::HelmFailed`], also if two results differ and the options ask for two; and as [`Helm::run`].
    pub fn template(&self, template: &Template<'_>) -> Result<Vec<u8>> {
        let Template { arguments, shown, key } = template;
        let is_verified = self.session.options.verify;
        let store = || self.session.store();
        let known = || key.zip(store()).and_then(|(key, store)| store.value(key));
        if !is_verified && let Some(known) = known() {
            return Ok(known);
        }
        if !self.is_asked.replace(true) {
            // As kustomize does for each chart.
            self.helm.version()?;
        }
        let output = self.helm.run(arguments, shown)?;
        if is_verified {
            let again = self.helm.run(arguments, shown)?;
            known::compare(&output, &again, shown)?;
            if let Some(known) = known() {
                known::compare(&known, &output, shown)?;
            }
        }
        if let Some((key, store)) = key.zip(store()) {
            // If that fails, the next run renders it again.
            drop(store.set_value(key, &output));
        }
        Ok(output)
    }
}

impl fmt::Debug for Charts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = self.0.as_ref().map(|session| &session.options);
        formatter.debug_tuple("Charts").field(&options).finish()
    }
}

impl PartialEq for Charts {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Eq for Charts {}
