//! The executable: passes the arguments to [`cli`](krender::cli) and returns the exit code.

#![expect(
    unsafe_code,
    reason = "an allocator is unsafe to write; this one only looks at what another one returns"
)]

use std::alloc::{GlobalAlloc, Layout};
use std::process::ExitCode;

use krender::cli::{out_of_memory, run};

/// The allocator. A build makes many small allocations, most of which live until its end; mimalloc serves them from
/// large pages if the system has some, without locks between threads (docs/performance.md).
#[cfg(feature = "mimalloc")]
const MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;
#[cfg(not(feature = "mimalloc"))]
const MEMORY: std::alloc::System = std::alloc::System;

/// Allocates with [`MEMORY`]. If no memory is left, the process ends with an error instead of a signal: the standard
/// library has no stable hook for that (`std::alloc::set_alloc_error_hook`).
struct OrExit;

#[global_allocator]
static ALLOCATOR: OrExit = OrExit;

/// Returns the allocated memory, or ends the process if it is null.
#[inline]
fn given(memory: *mut u8, bytes: usize) -> *mut u8 {
    if memory.is_null() {
        out_of_memory(bytes);
    }
    memory
}

// SAFETY: every call is forwarded unchanged, and its result returned unless it is null; then the process ends.
unsafe impl GlobalAlloc for OrExit {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller meets the requirements of this trait, which are those of that allocator.
        given(unsafe { MEMORY.alloc(layout) }, layout.size())
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        given(unsafe { MEMORY.alloc_zeroed(layout) }, layout.size())
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above; all memory comes from that allocator.
        given(unsafe { MEMORY.realloc(memory, layout, size) }, size)
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above; all memory comes from that allocator.
        unsafe { MEMORY.dealloc(memory, layout) }
    }
}

fn main() -> ExitCode {
    run(std::env::args_os())
}
