//! An external program, which is found once and run any number of times.

#![expect(clippy::disallowed_methods, reason = "processes are started here and nowhere else")]

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, BufReader, ErrorKind, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::Environment;
use super::guard::Guard;
use crate::error::{Code, Error, Result};
use crate::limits::{Cancel, cancelled};
use crate::source::Span;
use crate::sync::lock;

/// A program, with the directory, arguments and environment that all its runs share.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    directory: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    longest: Duration,
    cancel: Cancel,
    /// True if it is the leader of a group of processes, which is ended as a whole.
    leads: bool,
    /// Maximum size of its standard output, in bytes.
    most_output: u64,
    watch: Option<Watch>,
    /// The program that ends it together with its group if this process is killed.
    guard: Option<PathBuf>,
}

/// A function that is called with the id of a process while that runs.
#[derive(Clone)]
struct Watch(Arc<dyn Fn(u32) -> Result<()> + Send + Sync>);

impl fmt::Debug for Watch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Watch")
    }
}

/// Result of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// True if it succeeded.
    pub is_success: bool,
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub output: Vec<u8>,
    /// The first part of its standard error.
    pub said: String,
}

/// Maximum time of a run. Git lists a working tree of a million files in less.
const LONGEST: Duration = Duration::from_secs(120);
/// Maximum time for an answer of a program that answers questions, in intervals.
const LONGEST_ANSWER: u32 = 30;
const INTERVAL: Duration = Duration::from_secs(1);
/// Longest time from a cancellation to the end of a run.
const CANCELLED_WITHIN: Duration = Duration::from_millis(20);
/// The interval at which a run is watched.
const WATCHED_EACH: Duration = Duration::from_millis(100);
/// Maximum size of standard output, in bytes, unless another one is set. Git lists a working tree of a million files in less.
const MOST_OUTPUT: u64 = 1 << 30;
/// Maximum size of standard error that is kept, in bytes.
const MOST_SAID: u64 = 1 << 14;

impl Program {
    /// Finds a program in `PATH`, to be run in `directory`. Relative directories in `PATH` are skipped: they would be
    /// relative to `directory`, whose content is not trusted.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] if there is no such program.
    pub fn find(name: &str, environment: &Environment, directory: &Path) -> Result<Self> {
        let paths = environment.get("PATH").unwrap_or_default();
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let path = std::env::split_paths(paths)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(&file))
            .find(|path| is_program(path))
            .ok_or_else(|| {
                let message = format!("there is no program `{name}` in the directories of `PATH`");
                Error::new(Code::ReadFailed, message)
            })?;
        Ok(Self::at(&path, environment, directory))
    }

    /// The program at a path, to be run in `directory`: a relative path is relative to that.
    #[must_use]
    pub fn at(path: &Path, environment: &Environment, directory: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            directory: directory.to_path_buf(),
            arguments: Vec::new(),
            environment: Vec::new(),
            longest: LONGEST,
            cancel: Cancel::default(),
            leads: false,
            most_output: MOST_OUTPUT,
            watch: None,
            guard: environment.guard().map(Path::to_path_buf),
        }
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds all variables of an environment.
    #[must_use]
    pub fn variables(self, environment: &Environment) -> Self {
        environment.variables().fold(self, |program, (name, value)| program.variable(name, value))
    }

    /// Sets the maximum size of the standard output of [`Program::run`].
    #[must_use]
    pub const fn output_at_most(mut self, bytes: u64) -> Self {
        self.most_output = bytes;
        self
    }

    /// Calls a function while a run lasts, ten times a second, with the id of the process. Its error ends the run.
    #[must_use]
    pub fn watched_by(mut self, watch: impl Fn(u32) -> Result<()> + Send + Sync + 'static) -> Self {
        self.watch = Some(Watch(Arc::new(watch)));
        self
    }

    /// Sets the maximum time of each run; by default two minutes.
    #[must_use]
    pub const fn at_most(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// Ends runs once a condition is true, and together with the programs that they have started.
    #[must_use]
    pub fn cancelled_by(mut self, cancel: &Cancel) -> Self {
        (self.cancel, self.leads) = (cancel.clone(), true);
        self
    }

    /// Adds an argument before the arguments of each run.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds an environment variable; it replaces one of the same name.
    #[must_use]
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        let name = name.into();
        self.environment.retain(|(known, _)| *known != name);
        self.environment.push((name, value.into()));
        self
    }

    /// Removes an environment variable.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self
    }

    /// Runs the program to its end.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] if it cannot be started, [`Code::TimedOut`] if it takes [too long](Program::at_most),
    /// [`Code::TooLarge`] if it writes [too much](Program::output_at_most), [`Code::Cancelled`], and those of the function
    /// that [watches](Program::watched_by) it.
    pub fn run(&self, arguments: &[impl AsRef<OsStr>]) -> Result<Outcome> {
        self.run_on(arguments, None)
    }

    /// Runs the program to its end with a standard input. It need not read all of it.
    ///
    /// # Errors
    /// As [`Program::run`].
    pub fn run_with(&self, arguments: &[impl AsRef<OsStr>], input: Vec<u8>) -> Result<Outcome> {
        self.run_on(arguments, Some(input))
    }

    fn run_on(&self, arguments: &[impl AsRef<OsStr>], input: Option<Vec<u8>>) -> Result<Outcome> {
        let mut output = Vec::new();
        let (status, said) = self.run_fed(arguments, input, &mut |read| {
            let mut read = read.take(self.most_output.saturating_add(1));
            let length = read.read_to_end(&mut output).map_err(|error| self.failed(&error))?;
            if length as u64 > self.most_output {
                let (name, most) = (self.name(), self.most_output);
                let message = format!("the answer of `{name}` has more than {most} bytes");
                return Err(Error::new(Code::TooLarge, message));
            }
            Ok(())
        })?;
        Ok(Outcome { is_success: status.success(), code: status.code(), output, said })
    }

    /// Runs the program to its end, and passes its standard output to `take` while it runs. Returns true if it
    /// succeeded, and its standard error.
    ///
    /// # Errors
    /// As [`Program::run`], and those of `take`, which end the program.
    pub fn run_into(
        &self,
        arguments: &[impl AsRef<OsStr>],
        take: &mut dyn FnMut(&mut dyn Read) -> Result<()>,
    ) -> Result<(bool, String)> {
        let (status, said) = self.run_fed(arguments, None, take)?;
        Ok((status.success(), said))
    }

    fn run_fed(
        &self,
        arguments: &[impl AsRef<OsStr>],
        input: Option<Vec<u8>>,
        take: &mut dyn FnMut(&mut dyn Read) -> Result<()>,
    ) -> Result<(ExitStatus, String)> {
        let guard = self.guard.as_deref().filter(|_| self.leads).and_then(Guard::start);
        let mut command = self.command(guard.as_ref().map(Guard::group));
        let mut child = command
            .args(arguments)
            .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
            .spawn()
            .map_err(|error| self.failed(&error))?;
        let fed = child.stdin.take().zip(input).map(|(pipe, input)| feed(pipe, input));
        let (output, said) = (child.stdout.take(), child.stderr.take().map(listen));
        let leader = guard.as_ref().map_or(child.id(), Guard::group);
        let running = self.leads.then(|| ProcessGroup::of(leader));
        let child = Arc::new(Mutex::new(child));
        let group = running.as_ref().map(|group| group.0);
        let limits = (self.longest, self.cancel.clone(), self.watch.clone());
        let (is_done, watch) = watch_end(Arc::clone(&child), group, limits);
        let taken = output.map_or(Ok(()), |mut output| take(&mut output));
        if taken.is_err() {
            group.into_iter().for_each(end_group);
            end(&child);
        }
        let status = wait(&child);
        // Programs that it started may have its pipes: they are watched too.
        let said = said.and_then(|said| said.join().ok()).unwrap_or_default();
        drop(fed.map(JoinHandle::join));
        drop(is_done);
        let ended = watch.join().unwrap_or_default();
        drop(running);
        // Its group has this number until here.
        drop(guard);
        match ended {
            Some(Ended::Refused(error)) => return Err(error),
            Some(Ended::Late) => return Err(self.late(self.longest)),
            Some(Ended::Cancelled) => return Err(cancelled(Span::NONE)),
            None => taken?,
        }
        Ok((status.map_err(|error| self.failed(&error))?, said))
    }

    /// Starts the program for questions on its standard input.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] if it cannot be started.
    pub(super) fn converse(&self, arguments: &[&str]) -> Result<Conversation> {
        let mut command = self.command(None);
        let mut child = command
            .args(arguments)
            .stdin(Stdio::piped())
            .spawn()
            .map_err(|error| self.failed(&error))?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let said = child.stderr.take().map(listen);
        let child = Arc::new(Mutex::new(child));
        let asked = Arc::new(AtomicU64::new(0));
        let (watching, watch) = watch_answers(Arc::clone(&child), Arc::clone(&asked));
        let output = output.ok_or_else(|| self.failed(&ErrorKind::BrokenPipe.into()))?;
        let output = BufReader::with_capacity(1 << 16, output);
        let watching = Some((watching, watch));
        Ok(Conversation { child, input, output, said, asked, watching })
    }

    /// The command, in a process group that exists or in its own, if it has to end with the programs that it starts.
    fn command(&self, group: Option<u32>) -> Command {
        let mut command = Command::new(&self.path);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.directory)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        #[cfg(unix)]
        if self.leads {
            let group = group.and_then(|group| i32::try_from(group).ok()).unwrap_or(0);
            std::os::unix::process::CommandExt::process_group(&mut command, group);
        }
        #[cfg(not(unix))]
        let _ = group;
        command
    }

    fn name(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The error for a program that cannot be started or used.
    #[cold]
    pub(super) fn failed(&self, error: &io::Error) -> Error {
        Error::new(Code::ReadFailed, format!("`{}` cannot be used: {error}", self.name()))
    }

    #[cold]
    fn late(&self, longest: Duration) -> Error {
        let message = match longest.as_secs() {
            0 => format!("`{}` was ended after {} ms", self.name(), longest.as_millis()),
            1 => format!("`{}` was ended after a second", self.name()),
            seconds => format!("`{}` was ended after {seconds} seconds", self.name()),
        };
        Error::new(Code::TimedOut, message)
    }
}

/// True if a file is executable.
#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// A running program that answers questions. It is ended on drop.
pub(super) struct Conversation {
    child: Arc<Mutex<Child>>,
    /// Pipe for questions.
    pub(super) input: Option<ChildStdin>,
    /// Pipe of answers.
    pub(super) output: BufReader<ChildStdout>,
    said: Option<JoinHandle<String>>,
    /// Twice the number of questions, plus one while an answer is awaited.
    asked: Arc<AtomicU64>,
    watching: Option<(Sender<()>, JoinHandle<bool>)>,
}

impl Conversation {
    /// Starts the time limit for an answer; the program is ended if it takes longer.
    pub(super) fn begin(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// Stops the time limit.
    pub(super) fn answered(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// Ends the program, and returns its standard error.
    pub(super) fn end(&mut self) -> String {
        self.input = None;
        end(&self.child);
        drop(wait(&self.child));
        let is_late = self.watching.take().is_some_and(|(watching, watch)| {
            drop(watching);
            watch.join().unwrap_or_default()
        });
        let said = self.said.take().and_then(|said| said.join().ok()).unwrap_or_default();
        if is_late { format!("it did not answer for {LONGEST_ANSWER} seconds") } else { said }
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.end();
    }
}

/// Writes the standard input of a program. One that ends earlier does not need the rest.
fn feed(mut pipe: ChildStdin, input: Vec<u8>) -> JoinHandle<()> {
    thread::spawn(move || drop(pipe.write_all(&input)))
}

/// Reads the standard error of a program, and keeps its beginning.
fn listen(mut errors: ChildStderr) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut said = Vec::new();
        // A read error cannot be reported. The rest is read to keep the program from blocking.
        drop((&mut errors).take(MOST_SAID).read_to_end(&mut said));
        drop(io::copy(&mut errors, &mut io::sink()));
        String::from_utf8_lossy(&said).into_owned()
    })
}

/// The reason why a program was ended.
enum Ended {
    Late,
    Cancelled,
    /// The function that watches it returned this error.
    Refused(Error),
}

/// Ends a program that exceeds the time limit, is cancelled, or does what its watch refuses; the thread returns the reason.
fn watch_end(
    child: Arc<Mutex<Child>>,
    group: Option<u32>,
    (longest, cancel, watch): (Duration, Cancel, Option<Watch>),
) -> (Sender<()>, JoinHandle<Option<Ended>>) {
    let (is_done, done) = mpsc::channel();
    let process = lock(&child).id();
    let watch = thread::spawn(move || {
        let (mut left, mut until_watched) = (longest, WATCHED_EACH);
        loop {
            let pause = if cancel.is_set() { left.min(CANCELLED_WITHIN) } else { left };
            let pause = if watch.is_some() { pause.min(WATCHED_EACH) } else { pause };
            if done.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                return None;
            }
            left = left.saturating_sub(pause);
            until_watched = until_watched.saturating_sub(pause);
            let refused = watch.as_ref().filter(|_| until_watched.is_zero()).map(|watch| {
                until_watched = WATCHED_EACH;
                (watch.0)(process)
            });
            let ended = match (cancel.is_due(), left.is_zero(), refused) {
                (true, ..) => Ended::Cancelled,
                (false, _, Some(Err(error))) => Ended::Refused(error),
                (false, true, _) => Ended::Late,
                (false, false, _) => continue,
            };
            group.into_iter().for_each(end_group);
            end(&child);
            return Some(ended);
        }
    });
    (is_done, watch)
}

/// The process groups that are running, so that they can be ended when a signal ends this process.
static GROUPS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// A running process group.
struct ProcessGroup(u32);

impl ProcessGroup {
    fn of(leader: u32) -> Self {
        lock(&GROUPS).push(leader);
        Self(leader)
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        lock(&GROUPS).retain(|group| *group != self.0);
    }
}

/// Ends the programs that run in groups of their own, for a process that is about to end. Others end with their pipes.
pub fn end_programs() {
    lock(&GROUPS).drain(..).for_each(end_group);
}

#[cfg(unix)]
fn end_group(group: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};

    if let Some(group) = i32::try_from(group).ok().and_then(Pid::from_raw) {
        // It may have ended by itself.
        kill_process_group(group, Signal::KILL).unwrap_or_default();
    }
}

#[cfg(not(unix))]
fn end_group(_: u32) {}

/// Ends a program that does not answer in time; the thread returns true if it did.
fn watch_answers(
    child: Arc<Mutex<Child>>,
    asked: Arc<AtomicU64>,
) -> (Sender<()>, JoinHandle<bool>) {
    let (watching, done) = mpsc::channel();
    let watch = thread::spawn(move || {
        let (mut last, mut intervals) = (0, 0);
        while done.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
            let now = asked.load(Ordering::Relaxed);
            intervals = if now % 2 == 1 && now == last { intervals + 1 } else { 0 };
            last = now;
            if intervals == LONGEST_ANSWER {
                end(&child);
                return true;
            }
        }
        false
    });
    (watching, watch)
}

fn end(child: &Mutex<Child>) {
    // It may have ended by itself.
    drop(lock(child).kill());
}

/// Waits without holding the lock that is needed to end the program.
fn wait(child: &Mutex<Child>) -> io::Result<ExitStatus> {
    let mut pause = Duration::from_micros(100);
    loop {
        if let Some(status) = lock(child).try_wait()? {
            return Ok(status);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}
