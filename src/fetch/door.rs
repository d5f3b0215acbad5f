//! The door that every request passes: the hosts that content may be fetched from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs as _};

use crate::error::{Code, Error, Result};
use crate::text::url::has_unescaped_password;

/// The hosts that content may be fetched from.
#[derive(Clone, Debug, Default)]
pub(super) struct Door {
    /// True if the input is not trusted: this machine and its network are closed.
    pub(super) untrusted: bool,
    /// True if names are not looked up: nothing is sent.
    pub(super) offline: bool,
    /// The hosts that are open: all others are closed. If it is empty, hosts are not restricted by name.
    pub(super) hosts: Vec<String>,
}

/// The place that a URL names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place<'u> {
    /// A path on this machine.
    Local,
    Host(&'u str),
    /// Text that programs read in different ways, such as one with escapes (`%`).
    Unclear,
}

impl Door {
    /// True if some places are closed.
    pub(super) const fn is_guarded(&self) -> bool {
        self.untrusted || !self.hosts.is_empty()
    }

    /// Refuses a URL of git or HTTP if its place is closed, or if programs would take a part of its password for the host:
    /// they would look it up, and show it.
    ///
    /// # Errors
    /// [`Code::FetchRefused`].
    pub(super) fn admit(&self, url: &str) -> Result<()> {
        let behind_scheme = url.split_once("://").map(|(_, rest)| rest);
        if behind_scheme.is_some_and(has_unescaped_password) {
            return Err(refused(&format!("the password in `{url}` is not escaped"))
                .help("write `/` in it as `%2F`, `?` as `%3F`, and `#` as `%23`"));
        }
        if !self.is_guarded() {
            return Ok(());
        }
        match place(url) {
            Place::Local => Err(refused(&format!("`{url}` is on this machine"))
                .help("`--untrusted` and `--allow-host` allow no repositories on disk")),
            Place::Host(host) => self.admit_host(host),
            Place::Unclear => Err(refused(&format!("the host of `{url}` is not clear"))
                .help("write a name or an address, without escapes")),
        }
    }

    fn admit_host(&self, host: &str) -> Result<()> {
        if !self.hosts.is_empty() && !self.hosts.iter().any(|pattern| is_match(pattern, host)) {
            let error = refused(&format!("the host `{host}` is not allowed"));
            return Err(error.help(format!("if that is intended, add `--allow-host {host}`")));
        }
        if !self.untrusted || self.is_named(host) {
            return Ok(());
        }
        let name = host.trim_end_matches('.');
        let is_local = |end: &str| name == end || name.ends_with(&format!(".{end}"));
        if is_local("localhost") || is_local("local") || is_local("internal") {
            return Err(private(host));
        }
        if self.offline {
            return match is_private_text(name) {
                true => Err(private(host)),
                false => Ok(()),
            };
        }
        // A name that is not known here may be known to a proxy.
        let addresses = (name.trim_matches(['[', ']']), 443).to_socket_addrs();
        match addresses.into_iter().flatten().any(|address| is_private(address.ip())) {
            true => Err(private(host)),
            false => Ok(()),
        }
    }

    /// The addresses that git may connect to for a URL of HTTP, if it is not trusted, in the form of `http.curloptResolve`:
    /// a name server may answer git differently. Empty if git looks them up itself.
    ///
    /// # Errors
    /// [`Code::FetchRefused`] if one of them is private.
    pub(super) fn addresses(&self, url: &str) -> Result<Vec<String>> {
        let Place::Host(host) = place(url) else { return Ok(Vec::new()) };
        if !self.untrusted || self.offline || self.is_named(host) || host.starts_with('[') {
            return Ok(Vec::new());
        }
        let Some(port) = port(url) else { return Ok(Vec::new()) };
        let found = (host.trim_end_matches('.'), port).to_socket_addrs();
        let addresses: Vec<IpAddr> = found.into_iter().flatten().map(|it| it.ip()).collect();
        if addresses.iter().any(|address| is_private(*address)) {
            return Err(private(host));
        }
        Ok(pinned(host, port, &addresses))
    }

    /// Refuses an address of a host if it is private.
    ///
    /// # Errors
    /// [`Code::FetchRefused`].
    #[cfg(feature = "http")]
    pub(super) fn admit_address(&self, host: &str, address: IpAddr) -> Result<()> {
        match self.untrusted && !self.is_named(host) && is_private(address) {
            true => Err(private(host)),
            false => Ok(()),
        }
    }

    /// True if a host is allowed by its own name, which also opens a private address.
    fn is_named(&self, host: &str) -> bool {
        self.hosts.iter().any(|pattern| pattern.eq_ignore_ascii_case(host))
    }
}

/// True if a pattern is the host, or `*.` and a domain that the host is in.
fn is_match(pattern: &str, host: &str) -> bool {
    let (pattern, host) = (pattern.to_ascii_lowercase(), host.to_ascii_lowercase());
    match pattern.strip_prefix("*.") {
        Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
        None => pattern == host,
    }
}

/// The place of a URL, as git and HTTP clients read it.
fn place(url: &str) -> Place<'_> {
    let authority = match url.split_once("://") {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("file") => return Place::Local,
        Some((_, rest)) => rest.split(['/', '?', '#']).next().unwrap_or_default(),
        // `user@host:path`; without a colon before the first slash it is a path.
        None => match url.split_once(':') {
            Some((authority, _)) if !authority.contains('/') => authority,
            _ => return Place::Local,
        },
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (host, port) = match host.find(']') {
        Some(end) => host.split_at(end + 1),
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    // Git decodes escapes of the whole URL before it looks for the host.
    let is_clear_user = !user.contains(['%', '\\', '[', ']']) && !user.starts_with('-');
    let is_port = port.is_empty() || port.starts_with(':');
    match host {
        "" => Place::Local,
        _ if is_clear_user && is_port && is_host(host) => Place::Host(host),
        _ => Place::Unclear,
    }
}

/// The port that a URL of HTTP names, or that of its scheme; `None` for other URLs.
fn port(url: &str) -> Option<u16> {
    let (scheme, rest) = url.split_once("://")?;
    let default = match scheme.to_ascii_lowercase().as_str() {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit(['@', ']']).next().unwrap_or_default();
    host.split_once(':').map_or(Some(default), |(_, port)| match port {
        "" => Some(default),
        port => port.parse().ok(),
    })
}

/// The setting that binds a host to addresses. A host without any is bound to one that leads nowhere; a proxy does not
/// see it.
fn pinned(host: &str, port: u16, addresses: &[IpAddr]) -> Vec<String> {
    let addresses: Vec<String> = match addresses {
        [] => vec![Ipv4Addr::BROADCAST.to_string()],
        some => some
            .iter()
            .map(|address| match address {
                IpAddr::V4(address) => address.to_string(),
                IpAddr::V6(address) => format!("[{address}]"),
            })
            .collect(),
    };
    let (name, addresses) = (host.trim_end_matches('.'), addresses.join(","));
    let mut names = vec![name.to_owned(), format!("{name}.")];
    names.truncate(if name == host { 1 } else { 2 });
    names.iter().map(|name| format!("{name}:{port}:{addresses}")).collect()
}

/// True for a name of letters, digits, `-`, `_` and `.`, and for an IPv6 address in brackets.
fn is_host(host: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.starts_with('-') && host.bytes().all(is_name),
    }
}

/// True for the text of a private address, and for text that may be one in another form, such as `127.1` and `0x7f.1`.
fn is_private_text(host: &str) -> bool {
    match host.trim_matches(['[', ']']).parse() {
        Ok(address) => is_private(address),
        Err(_) => {
            let last = host.rsplit('.').next().unwrap_or_default();
            last.starts_with(|first: char| first.is_ascii_digit())
        }
    }
}

/// True for addresses of this machine, of its networks, and of clouds.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_broadcast()
                || address.is_multicast()
                // This network, shared addresses (RFC 6598), protocols (RFC 6890), benchmarks, reserved.
                || a == 0
                || address.octets()[..3] == [192, 0, 0]
                || a == 100 && (64..128).contains(&b)
                || a == 198 && (b == 18 || b == 19)
                || a >= 240
                // The platform of Azure.
                || address.octets() == [168, 63, 129, 16]
        }
        IpAddr::V6(address) => {
            let [first, second, third, ..] = address.segments();
            address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || first & 0xfe00 == 0xfc00
                || first & 0xff80 == 0xfe80
                // Discarded (RFC 6666), and tunnelled addresses (Teredo).
                || (first, second, third) == (0x100, 0, 0)
                || (first, second) == (0x2001, 0)
                || inner(address).is_some_and(|inner| is_private(IpAddr::V4(inner)))
        }
    }
}

/// The IPv4 address in an IPv6 address: mapped, compatible, translated (RFC 6052), or 6to4.
fn inner(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, .., g, h] = address.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match (a, b) {
        (0, 0) => Some(of(g, h)),
        (0x64, 0xff9b) => Some(of(g, h)),
        (0x2002, _) => Some(of(b, c)),
        _ => None,
    }
}

#[cold]
fn private(host: &str) -> Error {
    refused(&format!("the host `{host}` has a private address"))
        .help(format!("`--untrusted` allows that with `--allow-host {host}` only"))
}

#[cold]
fn refused(reason: &str) -> Error {
    Error::new(Code::FetchRefused, format!("{reason}, and nothing is fetched from there"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_that_git_connects_to() {
        use Place::{Host, Local};

        for (url, expected) in [
            ("https://host.example/a/b", Host("host.example")),
            ("https://host.example:8443/a", Host("host.example")),
            ("https://user:p@ss@host.example/a", Host("host.example")),
            ("https://allowed.example@evil.example/a", Host("evil.example")),
            ("https://host.example?x=@other/a", Host("host.example")),
            ("http://[::1]:80/a", Host("[::1]")),
            ("ssh://git@host.example:7999/a.git", Host("host.example")),
            ("git@host.example:a/b.git", Host("host.example")),
            ("host.example:a/b.git", Host("host.example")),
            ("file:///srv/a", Local),
            ("FILE://host/a", Local),
            ("file://host.example/a", Local),
            ("/srv/a", Local),
            ("git@host.example/a:b", Local),
            ("../a", Local),
            ("https:///a", Local),
            ("https://%31%32%37.0.0.1/a", Place::Unclear),
            ("http://[::1%25lo]/a", Place::Unclear),
            ("ssh://127.0.0.1%2F@host.example/a/b.git", Place::Unclear),
            ("git://127.0.0.1%3A9418%2F@host.example/a", Place::Unclear),
            ("git@[::1]:a/b.git", Place::Unclear),
            ("git@[-oProxyCommand=x]:a/b.git", Place::Unclear),
            ("-host.example:a/b.git", Place::Unclear),
            ("https://host.example\\.evil.example/a", Place::Unclear),
        ] {
            assert_eq!(place(url), expected, "{url}");
        }
    }

    #[test]
    fn private_addresses_are_closed_in_every_form() {
        let door = Door { untrusted: true, ..Door::default() };
        let offline = Door { offline: true, ..door.clone() };
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "[::1]",
            "[::]",
            "[fd00::1]",
            "[fe80::1]",
            "[fec0::1]",
            "[100::1]",
            "[2001:0:7f00:1::]",
            "168.63.129.16",
            "192.0.0.192",
            "[::ffff:10.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "localhost",
            "LOCALHOST.",
            "git.localhost",
            "metadata.google.internal",
        ] {
            let lower = host.to_ascii_lowercase();
            let error = door.admit(&format!("https://{lower}/a/b")).unwrap_err();
            assert_eq!(error.code(), Code::FetchRefused, "{host}");
            let error = offline.admit(&format!("https://{lower}/a/b")).unwrap_err();
            assert_eq!(error.code(), Code::FetchRefused, "{host}");
        }
        for host in ["1.1.1.1", "[2606:4700:4700::1111]", "172.32.0.1", "100.128.0.1"] {
            assert!(door.admit(&format!("https://{host}/a/b")).is_ok(), "{host}");
        }
        assert!(door.admit("file:///srv/a").is_err());
        assert!(Door::default().admit("file:///srv/a").is_ok());
    }

    #[test]
    fn hosts_are_bound_to_their_addresses() {
        let addresses = ["1.1.1.1".parse().unwrap(), "2606:4700::1".parse().unwrap()];
        let one = "host.example:443:1.1.1.1,[2606:4700::1]";
        assert_eq!(pinned("host.example", 443, &addresses), [one]);
        let two = "host.example.:443:1.1.1.1,[2606:4700::1]";
        assert_eq!(pinned("host.example.", 443, &addresses), [one, two]);
        assert_eq!(pinned("host.example", 80, &[]), ["host.example:80:255.255.255.255"]);
        for (url, expected) in [
            ("https://host/a", Some(443)),
            ("http://u:1@host/a:2", Some(80)),
            ("HTTP://host:8080/a", Some(8080)),
            ("https://host:/a", Some(443)),
            ("https://host:99999/a", None),
            ("ssh://host/a", None),
            ("git@host:a", None),
        ] {
            assert_eq!(port(url), expected, "{url}");
        }
        let door = Door { untrusted: true, ..Door::default() };
        assert_eq!(door.addresses("https://1.1.1.1/a").unwrap(), ["1.1.1.1:443:1.1.1.1"]);
        assert!(door.addresses("https://127.1/a").is_err());
        assert!(door.addresses("git@host:a").unwrap().is_empty());
        assert!(Door::default().addresses("https://127.1/a").unwrap().is_empty());
    }

    #[test]
    fn hosts_are_allowed_by_their_names() {
        let hosts = ["github.com", "*.example.com", "10.0.0.1"].map(str::to_owned).to_vec();
        let door = Door { untrusted: true, hosts, ..Door::default() };
        for (url, is_open) in [
            ("git@github.com:a/b", true),
            ("https://GitHub.com/a/b", true),
            ("https://github.com.evil.example/a/b", false),
            ("https://api.github.com/a/b", false),
            ("https://example.com/a/b", false),
            ("https://badexample.com/a/b", false),
            ("https://10.0.0.1/a/b", true),
            ("https://10.0.0.2/a/b", false),
            ("file:///srv/a", false),
        ] {
            assert_eq!(door.admit(url).is_ok(), is_open, "{url}");
        }
        assert!(is_match("*.example.com", "git.example.com"));
    }
}
