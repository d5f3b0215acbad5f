//! The end of a process that gets no more memory: with a message and an exit code, and without temporary files.

use std::cell::Cell;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread;
use std::time::Duration;

use super::report::Format;
use super::{check, diff};
use crate::load;

/// Whether failures are written as JSON.
static AS_JSON: AtomicBool = AtomicBool::new(false);
/// The exit code of what could not be done.
static EXIT: AtomicU8 = AtomicU8::new(1);

/// Remembers how a failure is told: there is no memory to find it out then.
pub(super) fn remember(arguments: &[OsString]) {
    AS_JSON.store(Format::asked_for(arguments) == Format::Json, Ordering::Relaxed);
    match arguments.get(1).and_then(|command| command.to_str()) {
        Some("check") => EXIT.store(check::NOT_DONE, Ordering::Relaxed),
        Some("diff") => EXIT.store(diff::NOT_DONE, Ordering::Relaxed),
        _ => {}
    }
}

/// Ends the process because so many bytes of memory were asked for and not given: says so on standard error, removes
/// temporary files, and exits as every failure does. Allocates nothing.
///
/// It is for the allocator of a program; a library leaves the end of the process to others.
#[cold]
#[expect(clippy::exit, reason = "there is no memory to go back with")]
pub fn out_of_memory(bytes: usize) -> ! {
    thread_local!(static IS_ENDING: Cell<bool> = const { Cell::new(false) });
    static IS_TAKEN: AtomicBool = AtomicBool::new(false);

    let exit = i32::from(EXIT.load(Ordering::Relaxed));
    if IS_ENDING.replace(true) {
        process::exit(exit);
    }
    if IS_TAKEN.swap(true, Ordering::Relaxed) {
        // Another thread is about to end the process.
        loop {
            thread::sleep(Duration::from_secs(1));
        }
    }
    load::abandon_temporary_files();
    let mut stderr = io::stderr().lock();
    // There is nobody to tell that this could not be written.
    drop(match AS_JSON.load(Ordering::Relaxed) {
        true => writeln!(
            stderr,
            r#"{{"severity":"error","code":"out-of-memory","message":"{bytes} bytes of memory were asked for, and there are no more","label":"","notes":[],"steps":[],"help":["build fewer targets at once, or where there is more memory"]}}"#
        ),
        false => writeln!(
            stderr,
            "error[out-of-memory]: {bytes} bytes of memory were asked for, and there are no more\n\
             help: build fewer targets at once, or where there is more memory"
        ),
    });
    process::exit(exit)
}
