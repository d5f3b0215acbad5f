//! A guard of running programs: a process that ends them if this one is killed.
//!
//! No signal handler runs then. The guard is the leader of the group of the programs, is started before them, and waits for
//! the end of its standard input: the other end of the pipe is closed when this process ends, in whatever way.

use std::path::Path;
use std::process::Child;

/// The argument that makes a program a guard.
pub const GUARD: &str = "--end-with-parent";

/// A running guard. It is ended on drop.
pub(super) struct Guard(Child);

impl Guard {
    /// Starts a guard with a process group of its own; `None` if that is not possible.
    #[cfg(unix)]
    #[expect(clippy::disallowed_methods, reason = "this module starts processes")]
    pub(super) fn start(program: &Path) -> Option<Self> {
        use std::os::unix::process::CommandExt as _;
        use std::process::{Command, Stdio};

        let mut command = Command::new(program);
        command.arg(GUARD).env_clear().current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.process_group(0).spawn().ok().map(Self)
    }

    #[cfg(not(unix))]
    pub(super) fn start(_: &Path) -> Option<Self> {
        None
    }

    /// The number of its process group.
    pub(super) fn group(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // It may have ended with the group.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Waits until standard input ends, and then ends all processes of the group that this process leads.
#[cfg(unix)]
pub fn guard() {
    use rustix::process::{Signal, getpgrp, getpid, kill_process_group};

    let own = getpgrp();
    if own != getpid() {
        return;
    }
    // An error is an end too.
    drop(std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()));
    kill_process_group(own, Signal::KILL).unwrap_or_default();
}

/// Does nothing where there are no process groups.
#[cfg(not(unix))]
pub fn guard() {}
