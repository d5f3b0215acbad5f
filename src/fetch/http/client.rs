//! Fetches files over HTTP, with retries, and keeps them for requests that ask whether they have changed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, SystemTime};

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
use crate::limits::{Cancel, cancelled};
use crate::load::{Digest, Store};
use crate::source::Span;

/// Fetches files, each once.
pub(in crate::fetch) struct Client {
    asker: Arc<Asker>,
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
    File(Version, Vec<u8>),
    /// The file is the one with the version that was asked for.
    Unchanged,
    /// Another answer: the code, and the time after which to ask again.
    Status(u16, Option<Duration>),
}

/// The number of requests for a file, if servers or networks fail.
const TRIES: u32 = 3;
/// The pause after the first failure; it grows fourfold.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest pause that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The maximum times to connect, without any byte, and for a file.
const TO_CONNECT: Duration = Duration::from_secs(10);
const SILENT: Duration = Duration::from_secs(20);
const IN_ALL: Duration = Duration::from_secs(120);
const MOST_REDIRECTS: u32 = 10;
/// Longest time from a cancellation to the end of a request.
const CANCELLED_WITHIN: Duration = Duration::from_millis(20);

impl Client {
    pub(in crate::fetch) fn new(
        door: Door,
        environment: Environment,
        cache: Option<&Path>,
        now: SystemTime,
        is_offline: bool,
    ) -> Self {
        let asker = Arc::new(Asker { door, environment, agent: OnceLock::new() });
        let cache = cache.map(|folder| (folder.join("http"), now));
        Self { asker, fetched: Memo::default(), cache, store: OnceLock::new(), is_offline }
    }

    /// The content of a file of at most `most` bytes.
    ///
    /// # Errors
    /// As [`Fetch::file`](crate::load::Fetch::file).
    pub(in crate::fetch) fn get(&self, url: &str, most: u64, cancel: &Cancel) -> Result<Arc<[u8]>> {
        self.fetched.get_or_make(url.to_owned(), || {
            self.asker.door.admit(url)?;
            self.fetch(url, most, cancel).map(Arc::from)
        })
    }

    fn fetch(&self, url: &str, most: u64, cancel: &Cancel) -> Result<Vec<u8>> {
        let store = self.store.get_or_init(|| {
            // Without a cache, files are fetched in every run.
            self.cache.as_ref().and_then(|(folder, now)| Store::open(folder, *now).ok())
        });
        let key = Digest::of_all([b"http", url.as_bytes()]);
        let known = store.as_ref().and_then(|store| parts(store.value(&key)?));
        if self.is_offline {
            return known.map(|(_, content)| content).ok_or_else(|| {
                let message = format!("`{url}` is not in the cache");
                Error::new(Code::FetchRefused, message).help("fetch it once without `--offline`")
            });
        }
        let version = known.as_ref().map(|(version, _)| version.clone()).unwrap_or_default();
        match (self.ask(url, &version, most, cancel)?, known) {
            (Answer::Unchanged, Some((_, content))) => Ok(content),
            (Answer::File(version, content), _) => {
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
    fn ask(&self, url: &str, version: &Version, most: u64, cancel: &Cancel) -> Result<Answer> {
        let mut pause = PAUSE;
        for left in (0..TRIES).rev() {
            let answer = self.ask_once(url, version, most, cancel)?;
            let wait = match &answer {
                Ok(Answer::Status(429 | 502 | 503 | 504, after)) => after.unwrap_or(pause),
                Err(failure) if passes(failure) => pause,
                _ => return answer.map_err(|failure| failed(url, &failure, most)),
            };
            if left == 0 || wait > LONGEST_PAUSE {
                return answer.map_err(|failure| failed(url, &failure, most));
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
        most: u64,
        cancel: &Cancel,
    ) -> Result<std::result::Result<Answer, Failure>> {
        if !cancel.is_set() {
            return Ok(self.asker.ask(url, version, most));
        }
        let (asker, url, version) = (Arc::clone(&self.asker), url.to_owned(), version.clone());
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || drop(sender.send(asker.ask(&url, &version, most))));
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
    fn ask(&self, url: &str, version: &Version, most: u64) -> std::result::Result<Answer, Failure> {
        let url = escaped(url);
        let uri: Uri = url.parse().map_err(|_| Failure::BadUri(url.clone()))?;
        let (is_https, host) = (uri.scheme_str() == Some("https"), uri.host().unwrap_or_default());
        let proxy = proxy::of(&self.environment, is_https, host);
        let proxy = proxy.map(|proxy| Proxy::new(&proxy)).transpose()?;
        // The addresses behind a proxy are not known here.
        let redirects = if proxy.is_some() && self.door.is_guarded() { 0 } else { MOST_REDIRECTS };
        let mut request =
            self.agent().get(uri).config().proxy(proxy).max_redirects(redirects).build();
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
                let body = response.body_mut().with_config().limit(most);
                Ok(Answer::File(version, body.read_to_vec()?))
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
                .timeout_per_call(Some(IN_ALL))
                .timeout_global(Some(IN_ALL))
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
fn failed(url: &str, failure: &Failure, most: u64) -> Error {
    let error = |reason: String| {
        Error::new(Code::FetchFailed, format!("`{url}` cannot be fetched: {reason}"))
    };
    match failure {
        Failure::Io(cause) if cause.kind() == io::ErrorKind::PermissionDenied => {
            Error::new(Code::FetchRefused, cause.to_string())
        }
        Failure::BodyExceedsLimit(_) => {
            let message = format!("`{url}` has more than {most} bytes");
            Error::new(Code::TooLarge, message).help("`--limit files=SIZE` allows more")
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
