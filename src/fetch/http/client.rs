//! Fetches files over HTTP, with retries, and keeps them for requests that ask whether they have changed.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};
use ureq::http::{Uri, header};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error as Failure, Proxy};

use super::proxy;
use crate::error::{Code, Error, Result};
use crate::external::Environment;
use crate::fetch::Memo;
use crate::fetch::door::Door;
use crate::fetch::failing::Failing;
use crate::limits::{Budget, Cancel, Limit, cancelled};
use crate::load::{Digest, LARGEST_FILE, Store};
use crate::source::Span;

/// Fetches files, each once.
pub(in crate::fetch) struct Client {
    asker: Arc<Asker>,
    failing: Arc<Failing>,
    fetched: Memo<String, Result<Arc<[u8]>>>,
    /// The folder of files that were fetched, and the time.
    cache: Option<(PathBuf, SystemTime)>,
    store: OnceLock<Option<Store>>,
    is_offline: bool,
}

/// Sends requests.
struct Asker {
    door: Door,
    environment: Environment,
    agent: OnceLock<Agent>,
}

/// The version of a file as its server states it, for the next request. It is kept before the file, as a line of JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Version {
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<String>,
}

/// An answer of a server.
enum Answer {
    File(Version, Content),
    /// The content is too large.
    TooLarge(Error),
    /// The file is the one with the version that was asked for.
    Unchanged,
    /// Another answer: the code, and the time after which to ask again.
    Status(u16, Option<Duration>),
}

/// The content of a file, which is charged to the budget of a run while it comes. If it is dropped, the charge is undone.
struct Content {
    bytes: Vec<u8>,
    charged: u64,
    budget: Budget,
}

impl Content {
    fn new(budget: &Budget) -> Self {
        Self { bytes: Vec::new(), charged: 0, budget: budget.clone() }
    }

    /// Adds a part.
    fn add(&mut self, part: &[u8]) -> Result<()> {
        let now = self.charged + part.len() as u64;
        if now > LARGEST_FILE {
            return Err(too_large());
        }
        let before = std::mem::replace(&mut self.charged, now);
        self.budget.charge_instead(Limit::Files, before, now)?;
        self.bytes.extend_from_slice(part);
        Ok(())
    }

    /// The bytes, which stay charged.
    fn keep(mut self) -> Vec<u8> {
        self.charged = 0;
        std::mem::take(&mut self.bytes)
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        // Less is never too much.
        self.budget.charge_instead(Limit::Files, self.charged, 0).unwrap_or_default();
    }
}

/// The number of requests for a file, if servers or networks fail.
const TRIES: u32 = 3;
/// The pause after the first failure; it grows fourfold.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest pause that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The maximum times to connect, without any byte, and for a file with all requests for it.
const TO_CONNECT: Duration = Duration::from_secs(10);
const SILENT: Duration = Duration::from_secs(20);
const IN_ALL: Duration = Duration::from_secs(120);
const MOST_REDIRECTS: u32 = 10;
/// The size of the parts in which a file is read, in bytes.
const PART: usize = 1 << 16;
/// Longest time from a cancellation to the end of a request.
const CANCELLED_WITHIN: Duration = Duration::from_millis(20);

impl Client {
    pub(in crate::fetch) fn new(
        door: Door,
        failing: Arc<Failing>,
        environment: Environment,
        cache: Option<&Path>,
        now: SystemTime,
        is_offline: bool,
    ) -> Self {
        let asker = Arc::new(Asker { door, environment, agent: OnceLock::new() });
        let cache = cache.map(|folder| (folder.join("http"), now));
        let (fetched, store) = (Memo::default(), OnceLock::new());
        Self { asker, failing, fetched, cache, store, is_offline }
    }

    /// The content of a file.
    ///
    /// # Errors
    /// As [`Fetch::file`](crate::load::Fetch::file).
    pub(in crate::fetch) fn get(
        &self,
        url: &str,
        budget: &Budget,
        cancel: &Cancel,
    ) -> Result<Arc<[u8]>> {
        let mut is_charged = false;
        let content = self.fetched.get_or_make(url.to_owned(), || {
            is_charged = true;
            self.asker.door.admit(url)?;
            self.fetch(url, budget, cancel).map(Arc::from)
        })?;
        if !is_charged {
            budget.spend(Limit::Files, content.len() as u64, Span::NONE)?;
        }
        Ok(content)
    }

    fn fetch(&self, url: &str, budget: &Budget, cancel: &Cancel) -> Result<Vec<u8>> {
        let store = self.store.get_or_init(|| {
            // Without a cache, files are fetched in every run.
            self.cache.as_ref().and_then(|(folder, now)| Store::open(folder, *now).ok())
        });
        let key = Digest::of_all([b"http", url.as_bytes()]);
        let known = store.as_ref().and_then(|store| parts(store.value(&key)?));
        let kept = |content: Vec<u8>| {
            budget.spend(Limit::Files, content.len() as u64, Span::NONE)?;
            Ok(content)
        };
        if self.is_offline {
            let message = format!("`{url}` is not in the cache");
            let missing = || {
                Error::new(Code::FetchRefused, message).help("fetch it once without `--offline`")
            };
            return known.ok_or_else(missing).and_then(|(_, content)| kept(content));
        }
        self.failing.refuse(url)?;
        budget.spend(Limit::Requests, 1, Span::NONE)?;
        let version = known.as_ref().map(|(version, _)| version.clone()).unwrap_or_default();
        let answer = self.ask(url, &version, budget, cancel);
        if answer.as_ref().is_err_and(|error| error.code() == Code::TimedOut) {
            self.failing.add_late(url);
        }
        match (answer?, known) {
            (Answer::Unchanged, Some((_, content))) => kept(content),
            (Answer::TooLarge(error), _) => Err(error.step(format!("while fetching `{url}`"))),
            (Answer::File(version, content), _) => {
                let content = content.keep();
                if let (Some(store), Ok(mut value)) = (store, serde_json::to_vec(&version)) {
                    value.push(b'\n');
                    value.extend_from_slice(&content);
                    // If this fails, the file is fetched again.
                    drop(store.set_value(&key, &value));
                    store.tidy();
                }
                Ok(content)
            }
            (Answer::Unchanged, None) => Err(status(url, 304)),
            (Answer::Status(code, _), _) => Err(status(url, code)),
        }
    }

    /// Asks until there is an answer that does not depend on the moment.
    fn ask(
        &self,
        url: &str,
        version: &Version,
        budget: &Budget,
        cancel: &Cancel,
    ) -> Result<Answer> {
        let (mut pause, start) = (PAUSE, now());
        for left in (0..TRIES).rev() {
            let time = IN_ALL.saturating_sub(start.elapsed());
            let answer = self.ask_once(url, version, time, budget, cancel)?;
            let wait = match &answer {
                Ok(Answer::Status(429 | 502 | 503 | 504, after)) => after.unwrap_or(pause),
                Err(failure) if passes(failure) => pause,
                _ => return answer.map_err(|failure| failed(url, &failure)),
            };
            if left == 0 || wait > LONGEST_PAUSE || start.elapsed() + wait >= IN_ALL {
                return answer.map_err(|failure| failed(url, &failure));
            }
            sleep(wait, cancel)?;
            pause *= 4;
        }
        Err(status(url, 503))
    }

    /// Asks on another thread if the request may be cancelled.
    fn ask_once(
        &self,
        url: &str,
        version: &Version,
        time: Duration,
        budget: &Budget,
        cancel: &Cancel,
    ) -> Result<std::result::Result<Answer, Failure>> {
        if !cancel.is_set() {
            return Ok(self.asker.ask(url, version, time, budget));
        }
        let (asker, url, version) = (Arc::clone(&self.asker), url.to_owned(), version.clone());
        let (sender, receiver) = mpsc::channel();
        let budget = budget.clone();
        thread::spawn(move || drop(sender.send(asker.ask(&url, &version, time, &budget))));
        loop {
            match receiver.recv_timeout(CANCELLED_WITHIN) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Timeout) if cancel.is_due() => {
                    return Err(cancelled(Span::NONE));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(Err(Failure::ConnectionFailed)),
            }
        }
    }
}

impl Asker {
    fn ask(
        &self,
        url: &str,
        version: &Version,
        time: Duration,
        budget: &Budget,
    ) -> std::result::Result<Answer, Failure> {
        let url = escaped(url);
        let uri: Uri = url.parse().map_err(|_| Failure::BadUri(url.clone()))?;
        let (is_https, host) = (uri.scheme_str() == Some("https"), uri.host().unwrap_or_default());
        let proxy = proxy::of(&self.environment, is_https, host);
        let proxy = proxy.map(|proxy| Proxy::new(&proxy)).transpose()?;
        // The addresses behind a proxy are not known here.
        let redirects = if proxy.is_some() && self.door.is_guarded() { 0 } else { MOST_REDIRECTS };
        let request = self.agent().get(uri).config().proxy(proxy).max_redirects(redirects);
        let mut request = request.timeout_per_call(Some(time)).timeout_global(Some(time)).build();
        for (name, value) in
            [(header::IF_NONE_MATCH, &version.etag), (header::IF_MODIFIED_SINCE, &version.modified)]
        {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let mut response = request.call()?;
        let text = |name| {
            let value = response.headers().get(name);
            value.and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let after = text(header::RETRY_AFTER).and_then(|seconds| seconds.parse().ok());
        let version = Version { etag: text(header::ETAG), modified: text(header::LAST_MODIFIED) };
        match response.status().as_u16() {
            200..300 => {
                let (mut content, mut part) = (Content::new(budget), vec![0; PART]);
                let mut body = response.body_mut().as_reader();
                loop {
                    let length = body.read(&mut part)?;
                    if length == 0 {
                        return Ok(Answer::File(version, content));
                    }
                    if let Err(error) = content.add(&part[..length]) {
                        return Ok(Answer::TooLarge(error));
                    }
                }
            }
            304 => Ok(Answer::Unchanged),
            code => Ok(Answer::Status(code, after.map(Duration::from_secs))),
        }
    }

    fn agent(&self) -> &Agent {
        self.agent.get_or_init(|| {
            let crypto = Arc::new(rustls::crypto::ring::default_provider());
            let tls = TlsConfig::builder()
                .unversioned_rustls_crypto_provider(crypto)
                .root_certs(RootCerts::PlatformVerifier)
                .build();
            let config = Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects_will_error(false)
                .user_agent(concat!("krender/", env!("CARGO_PKG_VERSION")))
                .timeout_connect(Some(TO_CONNECT))
                .timeout_per_read(Some(SILENT))
                .tls_config(tls)
                .build();
            let resolver = Guarded { door: self.door.clone() };
            Agent::with_parts(config, DefaultConnector::default(), resolver)
        })
    }
}

/// Resolves names, and refuses addresses that are closed: those of redirects too.
#[derive(Debug)]
struct Guarded {
    door: Door,
}

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> std::result::Result<ResolvedSocketAddrs, Failure> {
        let refused = |error: Error| {
            Failure::Io(io::Error::new(io::ErrorKind::PermissionDenied, error.message().to_owned()))
        };
        // The host of a proxy is chosen by the user.
        let is_guarded = self.door.is_guarded() && config.proxy().is_none();
        if is_guarded {
            self.door.admit(&uri.to_string()).map_err(refused)?;
        }
        let addresses = DefaultResolver::default().resolve(uri, config, timeout)?;
        for address in addresses.iter().filter(|_| is_guarded) {
            let host = uri.host().unwrap_or_default();
            self.door.admit_address(host, address.ip()).map_err(refused)?;
        }
        Ok(addresses)
    }
}

/// A kept file in its parts.
fn parts(mut value: Vec<u8>) -> Option<(Version, Vec<u8>)> {
    let end = memchr::memchr(b'\n', &value)?;
    let version = serde_json::from_slice(&value[..end]).ok()?;
    value.drain(..=end);
    Some((version, value))
}

/// A URL without a fragment, and with letters escaped that have no place in one.
fn escaped(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let mut escaped = String::with_capacity(url.len());
    for byte in url.bytes() {
        match byte {
            b' ' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | 0x80.. => {
                escaped.push('%');
                for half in [byte >> 4, byte & 15] {
                    let digit = char::from_digit(u32::from(half), 16).unwrap_or('0');
                    escaped.push(digit.to_ascii_uppercase());
                }
            }
            byte => escaped.push(char::from(byte)),
        }
    }
    escaped
}

/// True for a failure that may pass.
fn passes(failure: &Failure) -> bool {
    match failure {
        Failure::Timeout(_) | Failure::ConnectionFailed | Failure::Protocol(_) => true,
        Failure::Io(error) => {
            use io::ErrorKind::{ConnectionRefused, PermissionDenied};
            !matches!(error.kind(), ConnectionRefused | PermissionDenied)
        }
        _ => false,
    }
}

fn sleep(pause: Duration, cancel: &Cancel) -> Result<()> {
    let mut left = pause;
    while !left.is_zero() {
        if cancel.is_due() {
            return Err(cancelled(Span::NONE));
        }
        let step = left.min(CANCELLED_WITHIN);
        thread::sleep(step);
        left -= step;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the time of requests is limited")]
fn now() -> Instant {
    Instant::now()
}

/// The error for a file that is larger than any may be.
#[cold]
fn too_large() -> Error {
    Error::new(Code::TooLarge, format!("the file has more than {LARGEST_FILE} bytes"))
}

/// The error for an answer that is no file.
#[cold]
fn status(url: &str, code: u16) -> Error {
    let reason = ureq::http::StatusCode::from_u16(code).ok();
    let reason = reason.and_then(|code| code.canonical_reason()).unwrap_or_default();
    let message = format!("`{url}` cannot be fetched: the server answers {code} {reason}");
    let error = Error::new(Code::FetchFailed, message.trim_end());
    match code {
        401 | 403 => error.help("files over HTTP are fetched without credentials, as by kustomize"),
        _ => error,
    }
}

/// The error for a request without an answer.
#[cold]
fn failed(url: &str, failure: &Failure) -> Error {
    let error = |reason: String| {
        Error::new(Code::FetchFailed, format!("`{url}` cannot be fetched: {reason}"))
    };
    match failure {
        Failure::Io(cause) if cause.kind() == io::ErrorKind::PermissionDenied => {
            Error::new(Code::FetchRefused, cause.to_string())
        }
        Failure::Timeout(_) => {
            Error::new(Code::TimedOut, format!("`{url}` cannot be fetched: the server is too slow"))
        }
        Failure::HostNotFound => error("the host is not known".to_owned()),
        Failure::Io(cause) => error(cause.to_string()),
        failure => error(failure.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_escaped_where_they_must_be() {
        for (url, expected) in [
            ("http://h/a%20b.yaml", "http://h/a%20b.yaml"),
            ("http://h/a b.yaml?x=1#part", "http://h/a%20b.yaml?x=1"),
            ("http://h/\u{e9}", "http://h/%C3%A9"),
        ] {
            assert_eq!(escaped(url), expected);
        }
    }

    #[test]
    fn a_kept_file_is_read_as_it_was_written() {
        let version = Version { etag: Some("\"a\nb\"".to_owned()), modified: None };
        let mut value = serde_json::to_vec(&version).unwrap();
        value.extend_from_slice(b"\nbody\n");
        assert_eq!(parts(value), Some((version, b"body\n".to_vec())));
        assert_eq!(parts(b"body".to_vec()), None);
    }
}
