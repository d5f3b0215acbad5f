//! Handling of failed allocations: prints a message, removes temporary files and exits.

use std::cell::Cell;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread;
use std::time::Duration;

use super::terminal::Format;
use super::{diff, findings};
use crate::load;

/// True if failures are written as JSON.
static AS_JSON: AtomicBool = AtomicBool::new(false);
/// Exit code of the command if it fails.
static EXIT: AtomicU8 = AtomicU8::new(1);

/// Stores the output format and the exit code in advance: there may be no memory to find them out later.
pub(super) fn remember(arguments: &[OsString]) {
    AS_JSON.store(Format::asked_for(arguments) == Format::Json, Ordering::Relaxed);
    match arguments.get(1).and_then(|command| command.to_str()) {
        Some("check") => EXIT.store(findings::NOT_DONE, Ordering::Relaxed),
        Some("diff") => EXIT.store(diff::NOT_DONE, Ordering::Relaxed),
        _ => {}
    }
}

/// Ends the process after an allocation of this size failed: prints a message to standard error, removes temporary
/// files, and exits with the code of a failure. Does not allocate.
///
/// To be called by the allocator of a program; a library leaves the end of the process to others.
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
    // An error of this write cannot be reported.
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
