//! The program: arguments in, exit code out.

use std::process::ExitCode;

/// A build is many small allocations, made once and hardly ever freed. This allocator takes them from large pages where
/// the system has some, and no thread waits for another.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    krender::cli::run(std::env::args_os())
}
