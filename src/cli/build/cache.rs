//! `--cache`: renders a target again only if its inputs have changed.

use std::{env, ffi::OsString, path::PathBuf, time::SystemTime};

use clap::Args;

use super::{
    Build,
    terminal::{self, Format},
};
use crate::{
    cli::{harden::Work, remote::cache_folder},
    error::{Code, Error, Result},
    fleet::Keeper,
    load::{self, Digest, Disk, Files as _, LARGEST_FILE, Loader, Store},
    source::{Sources, Span},
};

/// Flags for the cache of rendered targets.
#[derive(Args, Debug, Default)]
pub(super) struct Cache {
    /// Cache rendered targets, and render only those that have changed. Without FOLDER the cache is `krender` in your
    /// user cache directory; a FOLDER must not be writable by other users
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "")]
    #[arg(value_name = "FOLDER")]
    cache: Option<OsString>,
}

impl Build {
    /// Opens the folder of cached results. `None` without `--cache`, and, with a warning, for a folder that other users
    /// may have written to.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] if there is no cache directory, or for flags that cannot be combined with a cache, and
    /// [`Code::WriteFailed`].
    pub(super) fn store(&self, format: Format) -> Result<Option<Store>> {
        let Some(folder) = &self.cache.cache else { return Ok(None) };
        if let Some(flag) = self.reading.plugins.runs_programs() {
            let message = format!("`--cache` cannot be used with `{flag}`");
            return Err(Error::new(Code::InvalidArgument, message).help(
                "the output of a program may depend on more than its input files: omit one of the flags",
            ));
        }
        if self.hardening.is_asked_for() && !self.is_about_many() {
            let message = "`--cache` with `--harden` requires many targets";
            return Err(Error::new(Code::InvalidArgument, message).help(
                "the changes of a single target are always reported: omit one of the flags",
            ));
        }
        if self.hardening.wants_report() {
            let message = "`--cache` cannot be used with `--harden-report`";
            return Err(Error::new(Code::InvalidArgument, message)
                .help("cached targets are not hardened again: omit one of the flags"));
        }
        let folder = match folder.is_empty() {
            true => cache_folder().ok_or_else(|| {
                Error::new(
                    Code::InvalidArgument,
                    "neither `XDG_CACHE_HOME` nor `HOME` is set, so there is no cache directory",
                )
                .help("name a folder: `--cache=FOLDER`")
            })?,
            false => PathBuf::from(folder),
        };
        crate::cli::clean_up_on_signals();
        match Store::open(&folder, now()) {
            // The cache only saves time, and a pull request may have brought it.
            Err(error) if error.code() == Code::InvalidArgument => {
                if !self.quiet {
                    let helps = error.helps().join(", ");
                    let text = format!("{}, and is not used: {helps}", error.message());
                    terminal::warning(&text, Span::NONE, &Sources::new(), format);
                }
                Ok(None)
            }
            opened => opened.map(Some),
        }
    }

    /// The cache of results in a store.
    pub(super) fn keeper<'a>(
        &self,
        store: Option<&'a Store>,
        loader: &'a Loader,
        work: Option<&Work>,
        split: bool,
    ) -> Option<Keeper<'a>> {
        store.map(|store| Keeper::new(loader, store, self.settings(store, work, split)))
    }

    /// Closes a store, and warns if a result could not be stored.
    pub(super) fn close(
        &self,
        store: Option<Store>,
        unkept: Option<Error>,
        sources: &Sources,
        format: Format,
    ) {
        if let Some(error) = unkept.filter(|_| !self.quiet) {
            let text = format!("{}: some targets are not cached", error.message());
            terminal::warning(&text, Span::NONE, sources, format);
        }
        if let Some(store) = store {
            store.tidy();
        }
    }

    /// The digest of everything except files that a result depends on: the program, and its flags.
    fn settings(&self, store: &Store, work: Option<&Work>, split: bool) -> Digest {
        // The name of a configuration in a revision does not identify its content.
        let configuration = work.map(Work::configuration);
        let mut options = self.options();
        // Results that depend on the date are not cached.
        options.plugins.today = None;
        let asked = format!(
            "{options:?} {:?} {:?} {configuration:?} {split}",
            self.reading.load_restrictor, self.hardening
        );
        let program = program(store).unwrap_or_default();
        Digest::of_all([env!("CARGO_PKG_VERSION").as_bytes(), &program, asked.as_bytes()])
    }
}

/// The digest of the program, cached by the metadata of its file: two builds of a development version have the same
/// version number.
fn program(store: &Store) -> Option<Vec<u8>> {
    let path = env::current_exe().ok()?;
    let stamp = format!("{:?} {}", load::stamp(&path)?, path.display());
    let key = Digest::of(stamp);
    store.value(&key).or_else(|| {
        let whole = Disk.canonicalize(&path).ok()?;
        let digest = Digest::of(Disk.read(&whole, LARGEST_FILE).ok()?).as_bytes().to_vec();
        // If that fails, the next run reads the program again.
        drop(store.set_value(&key, &digest));
        Some(digest)
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the clock is read here, for the age of what is kept"
)]
fn now() -> SystemTime {
    SystemTime::now()
}
