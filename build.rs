//! Links the unwinder into the program where the linker has it as an archive: one shared library less to find, load and
//! relocate at the start, which is a tenth of what a small build takes.
#![allow(clippy::disallowed_methods, reason = "a build script asks its environment")]

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let is_native = env::var("HOST") == env::var("TARGET");
    // A static program has it already.
    let is_static = env::var("CARGO_CFG_TARGET_FEATURE")
        .is_ok_and(|features| features.split(',').any(|feature| feature == "crt-static"));
    if is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && is_native
        && !is_static
        && linker_has(UNWINDER)
    {
        // All of it: what comes before on the command line uses it, and would take it from the shared library.
        let archive = format!("-l:{UNWINDER}");
        for argument in ["-Wl,--whole-archive", &archive, "-Wl,--no-whole-archive"] {
            println!("cargo::rustc-link-arg-bins={argument}");
        }
    }
}

const UNWINDER: &str = "libgcc_eh.a";

/// Whether the linker finds a library: then it tells the whole path of it.
fn linker_has(library: &str) -> bool {
    let linker = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let found = Command::new(linker).arg(format!("-print-file-name={library}")).output();
    found.is_ok_and(|found| {
        let path = String::from_utf8_lossy(&found.stdout);
        let path = Path::new(path.trim());
        path.is_absolute() && path.is_file()
    })
}
