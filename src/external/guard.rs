//! A guard of running programs: a process that ends them if this one is killed.
//!
//! No signal handler runs then. The guard belongs to the group of the programs, and waits for the end of its standard
//! input: the other end of the pipe is closed when this process ends, in whatever way.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The argument that makes a program a guard, followed by the number of its process group.
pub const GUARD: &str = "--end-with-parent";

/// A running guard. It is ended on drop.
pub(super) struct Guard(Child);

impl Guard {
    /// Starts a guard in a process group; `None` if that is not possible, for example because the group has ended.
    #[cfg(unix)]
    #[expect(clippy::disallowed_methods, reason = "this module starts processes")]
    pub(super) fn start(program: &Path, group: u32) -> Option<Self> {
        use std::os::unix::process::CommandExt as _;

        let mut command = Command::new(program);
        command.args([GUARD, &group.to_string()]).env_clear().current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.process_group(i32::try_from(group).ok()?).spawn().ok().map(Self)
    }

    #[cfg(not(unix))]
    pub(super) fn start(_: &Path, _: u32) -> Option<Self> {
        None
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // It may have ended with the group.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Waits until standard input ends, and then ends all processes of a group, which this process must belong to.
#[cfg(unix)]
pub fn guard(group: &OsStr) {
    use rustix::process::{Signal, getpgrp, kill_process_group};

    let own = getpgrp();
    if group.to_str() != Some(&own.as_raw_nonzero().to_string()) {
        return;
    }
    // An error is an end too.
    drop(std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()));
    kill_process_group(own, Signal::KILL).unwrap_or_default();
}

/// Does nothing where there are no process groups.
#[cfg(not(unix))]
pub fn guard(_: &OsStr) {}
