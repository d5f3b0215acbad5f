//! URLs as text: the user and the password in them.

/// The length of the user and the password in front of the `@` of a host, at the start of the text behind `://`; `None`
/// if there are none.
///
/// A password may have letters that should be escaped in a URL, such as `/`. No program connects to such a URL, but
/// messages show it.
#[must_use]
pub fn user_length(behind_scheme: &str) -> Option<usize> {
    let ends =
        |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '`' | '<' | '>');
    let until = |text: &str, ends: &dyn Fn(char) -> bool| text.find(ends).unwrap_or(text.len());
    let url = &behind_scheme[..until(behind_scheme, &ends)];
    let authority = &url[..until(url, &|letter| matches!(letter, '/' | '?' | '#'))];
    if let Some(at) = authority.rfind('@') {
        return Some(at);
    }
    // An address of IPv6 has colons in brackets.
    let (_, port) = authority.rsplit(']').next()?.split_once(':')?;
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return url.rfind('@');
    }
    // A port, and a path with an `@`; or a password that begins with digits, and a host.
    let at = url[..until(url, &|letter| letter == '?')].rfind('@')?;
    let host = &url[at + 1..];
    let host = &host[..until(host, &|letter| matches!(letter, '/' | ':' | '?' | '#'))];
    host.contains('.').then_some(at)
}

#[cfg(test)]
mod tests {
    use super::user_length;

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
