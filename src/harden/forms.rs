//! Secrets that their own form proves: keys, tokens, and passwords in addresses. Each search is linear in the text.

use std::iter::from_fn;
use std::ops::Range;

use super::secrecy::is_placeholder;

const fn is_upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

const fn is_url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// The forms of tokens: their beginnings, the least number of characters after it, and the issuer.
const TOKENS: &str = "AKIA 16 AWS|ghp_ 36 GitHub|gho_ 36 GitHub|ghs_ 36 GitHub|ghr_ 36 GitHub|ghu_ 36 GitHub|\
    github_pat_ 59 GitHub|glpat- 20 GitLab|xoxb- 20 Slack|xoxp- 20 Slack|AIza 35 Google|sk_live_ 24 Stripe|rk_live_ 24 Stripe";

/// The form of a secret, as a phrase, and its place in the text.
type Formed = (&'static str, Range<usize>);

/// The form of a secret that a text contains, as a phrase: a key or a token that its own form proves.
#[must_use]
pub fn secret_form(text: &str) -> Option<&'static str> {
    secrets(text).next().map(|(form, _)| form)
}

/// The places of the secrets in a text that their own form proves.
#[must_use]
pub fn secret_places(text: &str) -> Vec<Range<usize>> {
    secrets(text).map(|(_, place)| place).collect()
}

fn secrets(text: &str) -> impl Iterator<Item = Formed> {
    const SHORTEST: usize = 16;
    let text = if text.len() < SHORTEST { "" } else { text };
    private_keys(text)
        .chain(tokens(text))
        .chain(web_tokens(text))
        .chain(logins(text))
        .chain(connections(text))
}

/// The places in a text at which `start` begins a word of bytes that `is_part`, with the word's end. Nothing is looked at
/// twice.
fn words<'t>(
    text: &'t str,
    start: &'static str,
    is_part: fn(u8) -> bool,
) -> impl Iterator<Item = Range<usize>> + 't {
    let mut from = 0;
    from_fn(move || {
        loop {
            let at = from + text.get(from..)?.find(start)?;
            let bytes = text.as_bytes();
            from = at + start.len();
            if at > 0 && (is_url(bytes[at - 1]) || is_part(bytes[at - 1])) {
                continue;
            }
            from += bytes[from..].iter().take_while(|byte| is_part(**byte)).count();
            return Some(at..from);
        }
    })
}

fn tokens(text: &str) -> impl Iterator<Item = Formed> {
    TOKENS.split('|').flat_map(move |form| {
        let mut parts = form.split(' ');
        let (start, length, issuer) = (parts.next(), parts.next(), parts.next());
        let start = start.unwrap_or_default();
        let length = length.and_then(|length| length.parse().ok()).unwrap_or(usize::MAX);
        let (is_part, phrase): (fn(u8) -> bool, _) = match issuer.unwrap_or_default() {
            "AWS" => (is_upper, "an access key of AWS"),
            "GitHub" if start.len() == "ghp_".len() => (is_letter, "a token of GitHub"),
            "GitHub" => (is_url, "a token of GitHub"),
            "GitLab" => (is_url, "a token of GitLab"),
            "Slack" => (is_url, "a token of Slack"),
            "Stripe" => (is_letter, "a key of Stripe"),
            _ => (is_url, "a key of Google"),
        };
        words(text, start, is_part).filter_map(move |place| {
            let whole = &text[place.clone()];
            let is_token = whole.len() - start.len() >= length
                && !is_repeated(whole)
                && !is_placeholder(whole);
            is_token.then_some((phrase, place))
        })
    })
}

/// True if a text consists of few characters, as examples do.
fn is_repeated(text: &str) -> bool {
    let mut seen = 0_u128;
    text.bytes().for_each(|byte| seen |= 1 << (byte & 127));
    seen.count_ones() < 8
}

/// The private keys with their content.
fn private_keys(text: &str) -> impl Iterator<Item = Formed> {
    const START: &str = "-----BEGIN ";
    const SHORTEST: usize = 64;
    text.match_indices(START).filter_map(|(at, _)| {
        let rest = &text[at + START.len()..];
        // The next line of dashes ends the search, so that each part of the text is looked at once.
        let (kind, key) = rest.split_once("-----")?;
        if !kind.ends_with("PRIVATE KEY") {
            return None;
        }
        let is_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        let is_space = |byte: u8| byte.is_ascii_whitespace() || byte == b'\\';
        let whole = key.bytes().take_while(|byte| is_key(*byte) || is_space(*byte)).count();
        let start = text.len() - key.len();
        let length = key.bytes().take(whole).filter(|byte| is_key(*byte)).count();
        (length >= SHORTEST).then_some(("a private key", start..start + whole))
    })
}

/// The JSON Web Tokens with a signature.
fn web_tokens(text: &str) -> impl Iterator<Item = Formed> {
    const LEAST: usize = 16;
    words(text, "eyJ", |byte| is_url(byte) || byte == b'.').filter_map(|place| {
        let mut parts = text[place.clone()].split('.');
        let (head, body, sign) = (parts.next()?, parts.next()?, parts.next()?);
        let is_token = parts.next().is_none()
            && head.len() > LEAST
            && body.starts_with("eyJ")
            && sign.len() > LEAST;
        is_token.then_some(("a JSON Web Token", place))
    })
}

/// The passwords of URLs.
fn logins(text: &str) -> impl Iterator<Item = Formed> {
    text.match_indices("://").filter_map(|(at, scheme)| {
        let start = at + scheme.len();
        let password = login(&text[start..])?;
        Some(("a URL with a password", start + password.start..start + password.end))
    })
}

/// The password in the part of a URL after `://`, if it has one that is no placeholder.
fn login(text: &str) -> Option<Range<usize>> {
    let is_end = |one: char| {
        one.is_whitespace()
            || matches!(one, '"' | '\'' | '`' | '/' | '?' | '#' | ',' | ')' | '<' | '>')
    };
    let authority = text.split(is_end).next().unwrap_or_default();
    let (user, host) = authority.rsplit_once('@')?;
    let (name, password) = user.split_once(':')?;
    let is_host = !host.is_empty()
        && !host.contains(['$', '{', '*'])
        && !host.starts_with("example")
        && !host.contains("example.");
    let is_login = !name.contains(['$', '{', '*', '%']) && is_host && is_password(password, name);
    is_login.then(|| name.len() + 1..user.len())
}

/// True for a password that is no example.
fn is_password(password: &str, name: &str) -> bool {
    password.len() >= 4
        && !password.contains(['$', '{', '*', '%'])
        && !password.bytes().all(|byte| byte == b'x' || byte == b'X')
        && !is_example(password, name)
        && !is_placeholder(password)
}

/// Words that say that a password is one. The longer ones come first.
const SAYING: &str = "password|passwort|passwd|username|secret|token|pass|user|name|pwd|pw";
/// Other words in such examples.
const FILLING: &str = "super|postgres|mysql|mongo|redis|rabbitmq|admin|root|test|some|your|the|my|db|here|foo|bar|very|strong|secure|app";

/// True for a password of nothing but words like `password`, the name of the user, digits and punctuation.
fn is_example(password: &str, name: &str) -> bool {
    let (lower, name) = (password.to_ascii_lowercase(), name.to_ascii_lowercase());
    let (mut rest, mut is_said, mut digits) = (&*lower, false, 0);
    while let Some(first) = rest.chars().next() {
        let words = SAYING.split('|').map(|word| (word, true));
        let others = FILLING.split('|').chain([&*name]).map(|word| (word, false));
        let is_next = |(word, _): &(&str, bool)| !word.is_empty() && rest.starts_with(word);
        if let Some((word, says)) = words.chain(others).find(is_next) {
            is_said |= says;
            rest = &rest[word.len()..];
        } else if first.is_ascii_alphabetic() || !first.is_ascii() {
            return false;
        } else {
            digits += usize::from(first.is_ascii_digit());
            rest = &rest[first.len_utf8()..];
        }
    }
    is_said && digits <= 4
}

/// The passwords of strings that tell a driver how to connect: `jdbc:…?password=…`, `Server=…;Password=…`.
fn connections(text: &str) -> impl Iterator<Item = Formed> {
    let has = |word: &str| {
        let bytes = text.as_bytes();
        bytes.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    let is_connection = text.contains('=')
        && (text.contains("jdbc:")
            || text.contains(';') && (has("server=") || has("data source=") || has("host=")));
    let text = if is_connection { text } else { "" };
    text.match_indices('=').filter_map(|(at, _)| {
        let before = &text.as_bytes()[..at];
        let ends = |word: &str| {
            let start = before.len().checked_sub(word.len())?;
            before[start..].eq_ignore_ascii_case(word.as_bytes()).then_some(start)
        };
        let start = ends("password").or_else(|| ends("pwd"))?;
        let is_field = start == 0 || matches!(before[start - 1], b';' | b'?' | b'&' | b' ');
        let is_end = |one: char| one.is_whitespace() || matches!(one, ';' | '&' | '"' | '\'' | ',');
        let password = is_field.then(|| text[at + 1..].split(is_end).next())??;
        let place = at + 1..at + 1 + password.len();
        is_password(password, "").then_some(("a connection string with a password", place))
    })
}

#[cfg(test)]
mod tests {
    use super::{secret_form, secret_places};

    /// The time of a search that began again at each start would be quadratic: minutes for these texts.
    #[test]
    fn long_runs_of_beginnings_are_read_once() {
        const LENGTH: usize = 1 << 20;
        for start in [
            "eyJ",
            "eyJ.",
            "AIza",
            "AKIA",
            "ghp_",
            "://a:",
            "://",
            "-----BEGIN ",
            "password=",
            "a;server=",
            "-----BEGIN PRIVATE KEY-----",
            "xoxb-",
        ] {
            let text = start.repeat(LENGTH / start.len());
            assert_eq!(secret_places(&text).len(), 0, "{start}");
            assert_eq!(secret_form(&format!("{text} 1")), None, "{start}");
        }
    }

    #[test]
    fn the_place_of_a_secret_is_found() {
        let token = "ghp_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5";
        let web =
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P";
        for (text, expected) in [
            ("postgres://shop:Hq7xTz2m@db:5432/shop", "Hq7xTz2m"),
            ("postgres://shop:mysecretHq7x@db:5432/shop", "mysecretHq7x"),
            ("jdbc:postgresql://db/shop?user=a&password=Hq7xTz2m&ssl=true", "Hq7xTz2m"),
            ("Server=db;Database=shop;User Id=sa;Pwd=Hq7xTz2m", "Hq7xTz2m"),
            (&*format!("use {token} here"), token),
            (&*format!("Bearer {web}"), web),
            ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "sk_live_4eC39HqLyjWDarjtT1zdp7dc"),
        ] {
            let found: Vec<&str> =
                secret_places(text).into_iter().map(|place| &text[place]).collect();
            assert_eq!(found, [expected], "{text}");
        }
        for text in [
            "postgres://shop:my-secret-password1@db/shop",
            "postgres://shop:shop_pass@db/shop",
            "Server=db;Database=shop;Password=password",
            "Server=db;Database=shop;Password=${PASSWORD}",
            "a password=Hq7xTz2m",
            "sk_live_xxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        ] {
            assert_eq!(secret_form(text), None, "{text}");
        }
    }
}
