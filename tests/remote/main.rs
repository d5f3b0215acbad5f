//! Remote bases: repositories and files on this machine, fetched into a cache.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "repositories are made on disk, and the program is started"
)]
#![expect(clippy::unwrap_used, reason = "this is a test")]

mod faults;
#[cfg(feature = "http")]
mod flood;
mod git;
#[cfg(feature = "http")]
mod http;
mod known;
mod lab;
mod localize;
#[cfg(feature = "http")]
mod server;
mod vendor;
