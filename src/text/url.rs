//! URLs as text: the user and the password in them.

/// The length of the user and the password in front of the `@` of a host, at the start of the text behind `://`; `None`
/// if there are none.
///
/// A password may have letters that should be escaped in a URL, such as `/`. No program connects to such a URL, but
/// messages show it.
#[must_use]
pub fn user_length(behind_scheme: &str) -> Option<usize> {
    let url = &behind_scheme[..until(behind_scheme, &ends_url)];
    let authority = authority(url);
    if let Some(at) = authority.rfind('@') {
        return Some(at);
    }
    if !port(authority)?.bytes().all(|byte| byte.is_ascii_digit()) {
        return url.rfind('@');
    }
    // A port, and a path with an `@`; or a password that begins with digits, and a host.
    let at = url[..until(url, &|letter| letter == '?')].rfind('@')?;
    let host = &url[at + 1..];
    let host = &host[..until(host, &|letter| matches!(letter, '/' | ':' | '?' | '#'))];
    host.contains('.').then_some(at)
}

/// True if the text behind `://` has a password with letters that end the host of a URL, such as `/`. Programs take its
/// beginning for the port of a host, and name both in their messages.
#[must_use]
pub fn has_unescaped_password(behind_scheme: &str) -> bool {
    let authority = authority(behind_scheme);
    let is_number = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    !authority.contains('@')
        && behind_scheme.contains('@')
        && port(authority).is_some_and(|port| !is_number(port))
}

/// The part in front of the path of a URL.
fn authority(url: &str) -> &str {
    &url[..until(url, &|letter| matches!(letter, '/' | '?' | '#'))]
}

/// The text behind the colon of a host. An address of IPv6 has colons in brackets.
fn port(authority: &str) -> Option<&str> {
    Some(authority.rsplit(']').next()?.split_once(':')?.1)
}

fn until(text: &str, ends: &dyn Fn(char) -> bool) -> usize {
    text.find(ends).unwrap_or(text.len())
}

/// True for a letter that ends a URL in other text.
fn ends_url(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '"' | '\'' | '`' | '<' | '>')
}

#[cfg(test)]
mod tests {
    use super::{has_unescaped_password, user_length};

    #[test]
    fn passwords_that_would_be_read_as_hosts_are_found() {
        for url in ["user:pa/ss@host/a", "user:p/a?s#s@host/a", "user:a#b@host", "[::1]:a/b@host"] {
            assert!(has_unescaped_password(url), "{url}");
        }
        for url in [
            "host/a@b",
            "user:pass@host/a@b",
            "user:p%2Fa@host",
            "host:8443/a@v1.2/b",
            "host:8443",
            "[::1]:80/a@b",
            "[::1]/a:b@c",
            "git@host/a:b@c",
            "host/a:b@c",
        ] {
            assert!(!has_unescaped_password(url), "{url}");
        }
    }

    #[test]
    fn users_are_found_with_passwords_that_are_not_escaped() {
        for (url, user) in [
            ("host/a", None),
            ("git@host/a", Some("git")),
            ("user:pass@host/a@b", Some("user:pass")),
            ("user:p:a@b@host/a", Some("user:p:a@b")),
            ("user:pa/ss@host/a", Some("user:pa/ss")),
            ("user:p/a?s#s@host/a", Some("user:p/a?s#s")),
            ("user:p%2Fa@host", Some("user:p%2Fa")),
            ("user:12/34@host.example/a", Some("user:12/34")),
            ("user:/@host/a", None),
            ("user:/x@host.example/a", Some("user:/x")),
            ("host:8443/a@v1/b", None),
            ("host:8443/a?ref=b@c.d", None),
            ("[::1]:80/a@b", None),
            ("[::1]/a@b", None),
            ("host/?a=b@c", None),
            ("host` and x:y@z", None),
            ("/srv/a:b@c", None),
        ] {
            assert_eq!(user_length(url).map(|end| &url[..end]), user, "{url}");
        }
    }
}
