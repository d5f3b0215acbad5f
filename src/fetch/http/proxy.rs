//! The proxy of a request, by the variables that Go's HTTP client and curl know.

use crate::external::Environment;

/// The proxy for a host; `None` if it is asked directly.
pub(super) fn of(environment: &Environment, is_https: bool, host: &str) -> Option<String> {
    let value = |names: [&str; 2]| {
        let mut values = names.iter().filter_map(|name| environment.get(name));
        values.next().and_then(|value| value.to_str()).map(str::to_owned)
    };
    let excluded = value(["NO_PROXY", "no_proxy"]).unwrap_or_default();
    if is_local(host) || excluded.split(',').any(|pattern| excludes(pattern.trim(), host)) {
        return None;
    }
    let names = match is_https {
        true => ["HTTPS_PROXY", "https_proxy"],
        // `HTTP_PROXY` may be a header of a request to a CGI program.
        false if environment.get("REQUEST_METHOD").is_some() => ["http_proxy", "http_proxy"],
        false => ["HTTP_PROXY", "http_proxy"],
    };
    let proxy = value(names)?;
    Some(if proxy.contains("://") { proxy } else { format!("http://{proxy}") })
}

/// True for this machine, which is never asked by way of a proxy.
fn is_local(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.starts_with("127.") || host == "[::1]"
}

/// True if an entry of `NO_PROXY` stands for a host: `*`, a host, or a domain that it is in.
fn excludes(pattern: &str, host: &str) -> bool {
    let (pattern, host) = (pattern.to_ascii_lowercase(), host.to_ascii_lowercase());
    let domain = pattern.trim_start_matches('*').trim_start_matches('.');
    pattern == "*"
        || !domain.is_empty()
            && host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_chosen_by_scheme_and_host() {
        let environment = |variables: &[(&str, &str)]| {
            let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
            Environment::new(variables, std::path::Path::new("/"))
        };
        let proxies = environment(&[
            ("HTTPS_PROXY", "http://secure:1"),
            ("http_proxy", "plain:2"),
            ("NO_PROXY", "near.example, .inside.example,*.corp"),
        ]);
        for (is_https, host, expected) in [
            (true, "far.example", Some("http://secure:1")),
            (false, "far.example", Some("http://plain:2")),
            (true, "near.example", None),
            (true, "x.near.example", None),
            (true, "linear.example", Some("http://secure:1")),
            (false, "a.inside.example", None),
            (false, "git.corp", None),
            (true, "localhost", None),
            (false, "127.0.0.1", None),
        ] {
            assert_eq!(of(&proxies, is_https, host).as_deref(), expected, "{host}");
        }
        let cgi = environment(&[("HTTP_PROXY", "evil:1"), ("REQUEST_METHOD", "GET")]);
        assert_eq!(of(&cgi, false, "far.example"), None);
        assert_eq!(of(&environment(&[("HTTPS_PROXY", "p:1"), ("NO_PROXY", "*")]), true, "a"), None);
    }
}
