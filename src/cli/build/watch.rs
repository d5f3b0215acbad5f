//! `krender build --watch`: renders targets again when one of their inputs is saved.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use serde_json::Value;

use super::{
    Build,
    output::{Places, Printer},
    rendering::{Rendered, Renderer},
    terminal::{self, Format},
    timings::{Outcome, Size, Timings},
};
use crate::{
    build,
    cli::told::Told,
    config::Warning,
    error::{Code, Error, Result},
    fleet::Run,
    load::{self, Digest, Disk, Loader, Remotes, Watch},
    parallel::{Threads, in_order},
};

/// Targets that are watched, and the state of the watch.
struct Watching<'a> {
    build: &'a Build,
    working_directory: &'a Path,
    threads: Threads,
    format: Format,
    places: Places,
    printer: Printer,
    targets: Vec<Watched>,
    /// The source of remote content. A branch or a tag is resolved once, and not with each local change.
    remotes: Remotes,
}

/// A watched target, with the inputs of its last render.
struct Watched {
    name: String,
    /// Paths of its inputs.
    paths: Vec<PathBuf>,
    /// Fingerprint of the inputs; `None` before the first render.
    fingerprint: Option<Digest>,
    /// The changes of hardening, if there is a report of them.
    hardened: Option<Value>,
}

/// Result of rendering a target.
struct Done {
    rendered: Result<Rendered>,
    warnings: Vec<Warning>,
    time: Duration,
    paths: Vec<PathBuf>,
    fingerprint: Digest,
    hardened: Option<Value>,
}

impl Build {
    /// Renders all targets, and then each that changes, until the reader of standard output is gone.
    ///
    /// # Errors
    /// Failures to find targets, to watch files or to write output.
    pub(super) fn watch(&self, working_directory: &Path, format: Format) -> Result<ExitCode> {
        let options = self.options();
        let loader = self.loader(working_directory);
        let names = match self.is_about_many() {
            true => {
                let mut selected = self.targets(&Run::new(&loader, &options), &loader)?;
                let targets = std::mem::take(&mut selected.targets);
                // Other targets are rendered nevertheless.
                if let Err(error) = selected.outcome() {
                    terminal::errors(&error, loader.sources(), format);
                }
                targets
            }
            false => {
                // Waiting for a directory that does not exist could take for ever.
                self.directories.iter().try_for_each(|name| loader.root(name).map(drop))?;
                self.directories.clone()
            }
        };
        let places = Places::of(self, &names, working_directory)?;
        let target = |name| Watched { name, paths: Vec::new(), fingerprint: None, hardened: None };
        let targets = names.into_iter().map(target).collect();
        let printer = Printer::default();
        let threads = options.threads;
        let remotes = self.reading.remote.source(working_directory);
        Watching {
            build: self,
            working_directory,
            threads,
            format,
            places,
            printer,
            targets,
            remotes,
        }
        .watch()
    }
}

impl Watching<'_> {
    fn watch(&mut self) -> Result<ExitCode> {
        let mut watch = Watch::new(self.working_directory)?;
        let mut stale: Vec<usize> = (0..self.targets.len()).collect();
        let mut loader = self.loader();
        let mut is_told = self.build.quiet || self.format == Format::Json;
        loop {
            if !self.render(&loader, &stale)? {
                return Ok(ExitCode::SUCCESS);
            }
            for &number in &stale {
                watch.look(number, &self.targets[number].paths)?;
            }
            // Changes from before the watch started are not reported by the system.
            loader = self.loader();
            stale.retain(|&number| self.targets[number].is_stale(&loader));
            if !stale.is_empty() {
                // Saving a file may take several writes.
                let touched = watch.settle();
                loader = self.loader();
                let others = touched.into_iter().filter(|number| !stale.contains(number));
                let others: Vec<usize> =
                    others.filter(|&number| self.targets[number].is_stale(&loader)).collect();
                stale.extend(others);
                continue;
            }
            if !std::mem::replace(&mut is_told, true) {
                terminal::plain("watching: changed targets are rendered again, Ctrl-C stops\n");
            }
            while stale.is_empty() {
                let touched = watch.wait()?;
                loader = self.loader();
                for number in touched {
                    let target = &self.targets[number];
                    if target.is_stale(&loader) {
                        stale.push(number);
                    } else {
                        // Its directories may have been replaced by others of the same name.
                        watch.look(number, &target.paths)?;
                    }
                }
            }
        }
    }

    /// A loader with an empty cache.
    fn loader(&self) -> Loader {
        let options = self.build.reading.load_options(self.working_directory.to_path_buf());
        let loader = Loader::new(Disk, load::Options { remotes: self.remotes.clone(), ..options });
        loader.take_notes();
        loader
    }

    /// Renders some targets. False if the reader of standard output is gone.
    fn render(&mut self, loader: &Loader, numbers: &[usize]) -> Result<bool> {
        let options = build::Options { threads: self.threads.clone(), ..self.build.options() };
        let run = Run::new(loader, &options);
        let names: Vec<&str> = numbers.iter().map(|&number| &*self.targets[number].name).collect();
        run.expect(&names);
        let split = self.places.is_split();
        // An invalid configuration fails each target; they are rendered again once it is corrected.
        let work = self.build.hardening.work(loader, options.plugins.today);
        let hardening = work.as_ref().ok().and_then(Option::as_ref);
        let broken = work.as_ref().err();
        let renderer = Renderer {
            build: self.build,
            loader,
            run: &run,
            keeper: None,
            work: hardening,
            file: None,
            split,
            is_one: false,
        };
        let mut all = Vec::with_capacity(names.len());
        in_order(
            names.len(),
            &self.threads,
            |number| self.one(names[number], &renderer, broken),
            |_, done| {
                all.push(done);
                ControlFlow::Continue(())
            },
        );
        let failed = |done: &Done| done.rendered.as_ref().err().is_some_and(is_of_fetching);
        if all.iter().any(failed) {
            // It is tried again with the next change.
            self.remotes = self.build.reading.remote.source(self.working_directory);
        }
        let (mut told, mut timings, mut is_read) = (Told::default(), Timings::default(), true);
        for (&number, done) in numbers.iter().zip(all) {
            let Done { rendered, warnings, time, paths, fingerprint, hardened } = done;
            let target = &mut self.targets[number];
            (target.paths, target.fingerprint) = (paths, Some(fingerprint));
            target.hardened = hardened;
            let mut warnings = warnings;
            if let Ok(Rendered { texts, warnings: more, .. }) = &rendered {
                warnings.extend_from_slice(more);
                refuse_own_input(
                    &self.places.files(number, texts),
                    self.working_directory,
                    target,
                )?;
            }
            let written = rendered.and_then(|Rendered { texts, size, .. }| {
                Ok((size, self.places.put(number, &target.name, texts)?))
            });
            let (outcome, size, error) = match written {
                Ok((size, section)) => {
                    is_read &= section.map_or(Ok(true), |pieces| self.printer.print(&pieces))?;
                    (Outcome::Rendered, size, None)
                }
                Err(error) => (Outcome::Failed, Size::default(), Some(error)),
            };
            timings.add(&target.name, outcome, size, time);
            told.add(&target.name, warnings, error);
        }
        let hardened = self.targets.iter().filter_map(|target| target.hardened.clone());
        self.build.hardening.report(&hardened.collect::<Vec<_>>())?;
        self.build.tell(told, loader, self.format);
        if !self.build.quiet {
            timings.tell_each(self.format);
        }
        Ok(is_read)
    }

    /// Renders a target, and records its inputs.
    fn one(&self, target: &str, renderer: &Renderer<'_>, broken: Option<&Error>) -> Done {
        let started = super::now();
        let loader = renderer.loader;
        // With `--strict` a warning about the flags fails every target.
        let mut warnings = if self.build.strict { self.build.warnings() } else { Vec::new() };
        let built = renderer.build(target, &mut warnings);
        let inputs = match &built {
            Ok(built) => loader.inputs_of(built.directories.iter().map(Path::new)),
            Err(_) => {
                // For a target that cannot be built, a loader of its own records the inputs.
                let loader = self.loader();
                let options =
                    build::Options { threads: Threads::default(), ..self.build.options() };
                drop(build::build(&loader, target, &options));
                loader.inputs()
            }
        };
        let mut hardened = None;
        let built = broken.map_or(built, |error| Err(error.clone()));
        let rendered = built.and_then(|built| {
            renderer.finish(target, built, &mut hardened, &mut warnings, Format::Human)
        });
        let time = started.elapsed();
        let mut paths: Vec<PathBuf> = inputs.into_iter().map(|input| input.path).collect();
        let settings = self.build.hardening.configuration();
        paths.extend(settings.map(|path| load::join(self.working_directory, Path::new(path))));
        // The fingerprint of the state that was built: files may have changed since.
        let fingerprint = loader.fingerprint(paths.iter().map(PathBuf::as_path));
        Done { rendered, warnings, time, paths, fingerprint, hardened }
    }
}

/// True if remote content could not be fetched.
fn is_of_fetching(error: &Error) -> bool {
    let is_of_fetching =
        |code| matches!(code, Code::FetchFailed | Code::FetchRefused | Code::TimedOut);
    error.iter().any(|error| is_of_fetching(error.code()))
}

/// Refuses to write a file that is an input of the target: the watch would render it for ever.
fn refuse_own_input(files: &[PathBuf], working_directory: &Path, target: &Watched) -> Result<()> {
    for file in files {
        let whole = load::join(working_directory, file);
        let resolved = load::resolved(&whole);
        if target.paths.iter().any(|path| *path == whole || Some(path) == resolved.as_ref()) {
            let (file, target) = (file.display(), &target.name);
            let message = format!("`{file}` is an input of `{target}`, and cannot be its output");
            return Err(Error::new(Code::InvalidArgument, message)
                .help("with `--watch` it would be rendered for ever: choose another output"));
        }
    }
    Ok(())
}

impl Watched {
    fn is_stale(&self, loader: &Loader) -> bool {
        let found = loader.fingerprint(self.paths.iter().map(PathBuf::as_path));
        self.fingerprint != Some(found)
    }
}
