//! The program: arguments in, exit code out.

#![expect(
    unsafe_code,
    reason = "an allocator is unsafe to write; this one only looks at what another one returns"
)]

use std::alloc::{GlobalAlloc, Layout};
use std::process::ExitCode;

use krender::cli::{out_of_memory, run};

/// A build is many small allocations, made once and hardly ever freed. This allocator takes them from large pages where
/// the system has some, and no thread waits for another.
#[cfg(feature = "mimalloc")]
const MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;
#[cfg(not(feature = "mimalloc"))]
const MEMORY: std::alloc::System = std::alloc::System;

/// Takes memory from [`MEMORY`]. Where there is no more, the process ends with an error and not by a signal: the
/// standard library has no stable way to say how (`std::alloc::set_alloc_error_hook`).
struct OrExit;

#[global_allocator]
static ALLOCATOR: OrExit = OrExit;

/// Memory that was asked for, if it was given.
#[inline]
fn given(memory: *mut u8, bytes: usize) -> *mut u8 {
    if memory.is_null() {
        out_of_memory(bytes);
    }
    memory
}

// SAFETY: every call is handed on as it is, and what comes back is returned unless it is null; then nothing returns.
unsafe impl GlobalAlloc for OrExit {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps to what this trait asks of him, which is what that allocator asks.
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
