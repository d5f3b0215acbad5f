//! Attacks on the machine that krender runs on, and on its verdicts: each test is a row of `docs/security.md`.
#![expect(
    clippy::disallowed_methods,
    reason = "trees are made on disk, and the program is started"
)]
#![expect(clippy::unwrap_used, reason = "this is a test")]

mod checks;
mod files;
mod git;
mod growth;
mod lab;
mod limits;
mod output;
mod secrets;
