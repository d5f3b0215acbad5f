//! `--cache`: what was rendered before is rendered again only if something has changed for it.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    time::SystemTime,
};

use clap::Args;

use super::{
    Build,
    report::{self, Format},
};
use crate::{
    build::Keeper,
    cli::harden::Work,
    error::{Code, Error, Result},
    load::{self, Digest, Disk, Files as _, LARGEST_FILE, Loader, Store},
    source::{Sources, Span},
};

/// Whether and where.
#[derive(Args)]
pub(super) struct Cache {
    /// Keep what is rendered, and render again only what has changed since. Without FOLDER in `krender` in the user's
    /// cache directory; one of your own must be yours alone
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "")]
    #[arg(value_name = "FOLDER")]
    cache: Option<OsString>,
}

impl Build {
    /// The folder that results are kept in, if they are. One that others may have written to is not used, and a warning
    /// says so.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] where it is not known or something else that was asked for cannot be kept, and
    /// [`Code::WriteFailed`].
    pub(super) fn store(&self, format: Format) -> Result<Option<Store>> {
        let Some(folder) = &self.cache.cache else { return Ok(None) };
        if let Some(flag) = self.reading.plugins.runs_programs() {
            let message = format!("`--cache` does not go with `{flag}`");
            return Err(Error::new(Code::InvalidArgument, message).help(
                "what a program writes may depend on more than files: leave one of them out",
            ));
        }
        if self.hardening.is_asked_for() && !self.is_about_many() {
            let message = "`--cache` with `--harden` is for many targets";
            return Err(Error::new(Code::InvalidArgument, message)
                .help("what was hardened of one target is told each time: leave one of them out"));
        }
        if self.hardening.wants_report() {
            let message = "`--cache` does not go with `--harden-report`";
            return Err(Error::new(Code::InvalidArgument, message)
                .help("what is kept is not hardened again: leave one of them out"));
        }
        let folder = match folder.is_empty() {
            true => default_folder().ok_or_else(|| {
                Error::new(
                    Code::InvalidArgument,
                    "neither `XDG_CACHE_HOME` nor `HOME` says where the cache is",
                )
                .help("name a folder: `--cache=FOLDER`")
            })?,
            false => PathBuf::from(folder),
        };
        load::clean_up_on_signals();
        match Store::open(&folder, now()) {
            // It is only there to save time, and may be what a pull request brought with it.
            Err(error) if error.code() == Code::InvalidArgument => {
                if !self.quiet {
                    let helps = error.helps().join(", ");
                    let text = format!("{}, and is not used: {helps}", error.message());
                    report::warning(&text, Span::NONE, &Sources::new(), format);
                }
                Ok(None)
            }
            opened => opened.map(Some),
        }
    }

    /// What keeps results of targets, in a store.
    pub(super) fn keeper<'a>(
        &self,
        store: Option<&'a Store>,
        loader: &'a Loader,
        work: Option<&Work>,
        split: bool,
    ) -> Option<Keeper<'a>> {
        store.map(|store| Keeper::new(loader, store, self.settings(store, work, split)))
    }

    /// Leaves a store as others would find it, and says why something could not be kept.
    pub(super) fn close(
        &self,
        store: Option<Store>,
        unkept: Option<Error>,
        sources: &Sources,
        format: Format,
    ) {
        if let Some(error) = unkept.filter(|_| !self.quiet) {
            let text = format!("{}: not all that was rendered is kept", error.message());
            report::warning(&text, Span::NONE, sources, format);
        }
        if let Some(store) = store {
            store.tidy();
        }
    }

    /// Everything beside files that a result depends on: the program itself, and what it was asked for.
    fn settings(&self, store: &Store, work: Option<&Work>, split: bool) -> Digest {
        // Of a revision, its name says too little.
        let configuration = work.map(Work::configuration);
        let mut options = self.options();
        // What depends on the day is not kept.
        options.plugins.today = None;
        let asked = format!(
            "{options:?} {:?} {:?} {configuration:?} {split}",
            self.reading.load_restrictor, self.hardening
        );
        let program = program(store).unwrap_or_default();
        Digest::of_all([env!("CARGO_PKG_VERSION").as_bytes(), &program, asked.as_bytes()])
    }
}

/// The digest of the program, which is kept for as long as its file is the same: a version that is still being worked on
/// has many programs.
fn program(store: &Store) -> Option<Vec<u8>> {
    let path = env::current_exe().ok()?;
    let stamp = format!("{:?} {}", load::stamp(&path)?, path.display());
    let key = Digest::of(stamp);
    store.value(&key).or_else(|| {
        let whole = Disk.canonicalize(&path).ok()?;
        let digest = Digest::of(Disk.read(&whole, LARGEST_FILE).ok()?).as_bytes().to_vec();
        // It is read again otherwise.
        drop(store.set_value(&key, &digest));
        Some(digest)
    })
}

/// The folder that the user's cache directory has for krender. (XDG Base Directory Specification: a relative path is as
/// good as none.)
fn default_folder() -> Option<PathBuf> {
    let folder =
        |name: &str| Some(PathBuf::from(variable(name)?)).filter(|path| path.is_absolute());
    let caches = folder("XDG_CACHE_HOME")
        .or_else(|| folder("LOCALAPPDATA").filter(|_| cfg!(windows)))
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))?;
    Some(caches.join(Path::new("krender")))
}

#[expect(clippy::disallowed_methods, reason = "the environment is read here and handed on")]
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the clock is read here, for the age of what is kept"
)]
fn now() -> SystemTime {
    SystemTime::now()
}
