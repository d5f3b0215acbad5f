//! Repositories that have failed in a run, and hosts that did not answer: they are not asked again.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::error::{Code, Error, Result};
use crate::sync::lock;

/// The failures of a run.
#[derive(Default)]
pub(super) struct Failing(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// The errors of repositories, by URL.
    repositories: BTreeMap<String, Error>,
    /// The number of URLs of each host whose time ran out.
    late: BTreeMap<String, u32>,
}

/// The number of URLs of a host whose time may run out: then no other one is asked for.
const MOST_LATE: u32 = 3;

impl Failing {
    /// Refuses a URL that has failed, or whose host did not answer.
    ///
    /// # Errors
    /// The error of the first request, and [`Code::TimedOut`].
    pub(super) fn refuse(&self, url: &str) -> Result<()> {
        let known = lock(&self.0);
        if let Some(error) = known.repositories.get(url) {
            return Err(error.clone());
        }
        let host = host(url);
        match known.late.get(host) {
            Some(&late) if late >= MOST_LATE => {
                let message = format!("`{url}` is not fetched: `{host}` did not answer in time");
                let help = format!("it is not asked again in a run after {MOST_LATE} such URLs");
                Err(Error::new(Code::TimedOut, message).help(help))
            }
            _ => Ok(()),
        }
    }

    /// Remembers that a repository cannot be fetched, for a reason that does not depend on the reference.
    pub(super) fn add(&self, url: &str, error: &Error) {
        if error.code() == Code::TimedOut {
            self.add_late(url);
        }
        lock(&self.0).repositories.insert(url.to_owned(), error.clone());
    }

    /// Remembers that a host did not answer in time.
    pub(super) fn add_late(&self, url: &str) {
        *lock(&self.0).late.entry(host(url).to_owned()).or_default() += 1;
    }
}

/// The host of a URL, with its port; empty for a path.
fn host(url: &str) -> &str {
    let authority = match url.split_once("://") {
        Some((_, rest)) => rest.split(['/', '?', '#']).next().unwrap_or_default(),
        None => url.split_once(':').map_or("", |(authority, _)| authority),
    };
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failing_repositories_and_slow_hosts_are_not_asked_again() {
        let failing = Failing::default();
        failing.add("https://a/x", &Error::new(Code::FetchFailed, "gone"));
        assert_eq!(failing.refuse("https://a/x").unwrap_err().message(), "gone");
        assert!(failing.refuse("https://a/y").is_ok());
        for (url, is_open) in [("git@b:x", true), ("ssh://git@b/y", true), ("https://b/z", false)] {
            failing.add(url, &Error::new(Code::TimedOut, "late"));
            assert_eq!(failing.refuse("http://user@b/other?x").is_ok(), is_open, "{url}");
        }
        assert!(failing.refuse("https://b:8443/x").is_ok(), "another port");
    }
}
