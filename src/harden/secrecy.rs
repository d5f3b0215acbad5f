//! The values of Secrets: those that are open, texts that are encrypted, and values elsewhere that should be in Secrets.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

pub use super::forms::{secret_form, secret_places};

/// Texts in values that stand for a secret which is not there. These lists are single texts: each pointer in a table costs the
/// start of every command a relocation.
const PLACEHOLDERS: &str = "\
    changeme|change-me|change_me|change me|replace|placeholder|redacted|todo|fixme|dummy|example|your-|\
    your_|<your|xxx|***|insert|vault:|ref+|enc[|<path:|op://|arn:aws|not-a-secret";

/// The last words of keys whose values are no secrets.
const PUBLIC: &str = "\
    user|username|login|host|hostname|port|db|database|dbname|name|region|bucket|endpoint|email|\
    namespace|crt|cert|pub|issuer|type|mode|domain|project|server|provider|scope|scopes|version|locale|\
    env|kind|path|driver|schema|properties|channel|id";

/// Texts that mark encrypted or public content.
const ENCRYPTED: [&str; 9] = [
    "ENC[",
    "\nsops:",
    "\"sops\":",
    "sops_version",
    "-----BEGIN AGE ENCRYPTED FILE-----",
    "-----BEGIN PGP MESSAGE-----",
    "$ANSIBLE_VAULT",
    "age-encryption.org/",
    "-----BEGIN PUBLIC KEY-----",
];

/// True if the value of a key is a secret that anyone can read.
#[must_use]
pub fn is_open(key: &str, value: &str) -> bool {
    let value = value.trim();
    if value.is_empty() || is_public(key) || is_encrypted(value) || is_certificate(value) {
        return false;
    }
    if value.contains('\n') || value.starts_with(['{', '[']) {
        let mut settings = value.split(['\n', ',']);
        return value.contains("PRIVATE KEY-----") || settings.any(is_secret_line);
    }
    let is_address = ["url", "uri", "dsn"].contains(&&*last_word(key));
    !is_placeholder(value) && (!is_address || has_password(value))
}

/// Words in the names of settings whose values are secrets.
const SECRET: &str = "\
    password|passwd|secret|token|apikey|api_key|api-key|credential";

/// True for a line of a configuration that sets a secret.
fn is_secret_line(line: &str) -> bool {
    let Some((key, value)) = line.split_once(['=', ':']) else { return false };
    let key = key.trim().trim_start_matches("- ").trim_matches(['"', '\'', '{', ' ']);
    let key = key.to_ascii_lowercase();
    let value = value.trim().trim_end_matches([',', ';']).trim_matches(['"', '\'']);
    let is_name =
        ["name", "ref", "file", "path", "key", "url"].iter().any(|end| key.ends_with(end));
    SECRET.split('|').any(|word| key.contains(word))
        && !key.starts_with(['#', ';', '/'])
        && !is_name
        && !key.contains(' ')
        && value.len() > 3
        && !value.starts_with(['|', '>', '{', '[', '*', '&', '/'])
        && !is_placeholder(value)
}

/// True for an address with a user and a password.
fn has_password(value: &str) -> bool {
    let user = value.split_once("://").and_then(|(_, rest)| rest.split_once('@'));
    user.is_some_and(|(user, _)| {
        user.split_once(':').is_some_and(|(_, password)| !is_placeholder(password))
    })
}

/// The text of a value in base64, with a sign for each byte that is none; empty if it is not in base64.
pub(super) fn decoded(value: &str) -> String {
    let packed: String = value.split_whitespace().collect();
    let bytes = BASE64_STANDARD.decode(&packed).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// True if the value of a key, in base64, is a secret that anyone can read.
#[must_use]
pub fn is_open_in_base64(key: &str, value: &str) -> bool {
    let packed: String = value.split_whitespace().collect();
    match BASE64_STANDARD.decode(&packed).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(text) => is_open(key, &text),
        None => is_open(key, value),
    }
}

/// True if a text is encrypted.
#[must_use]
pub fn is_encrypted(text: &str) -> bool {
    text.starts_with("sops:") || ENCRYPTED.iter().any(|mark| text.contains(mark))
}

/// True if a file has nothing that is secret: no content, only certificates, or placeholders.
#[must_use]
pub fn is_harmless(text: &str) -> bool {
    text.trim().is_empty() || is_certificate(text) || is_encrypted(text)
}

/// True for a key whose value is no secret, such as a user.
#[must_use]
pub fn is_public(key: &str) -> bool {
    let last = last_word(key);
    PUBLIC.split('|').any(|word| word == last) || last.ends_with("path")
}

fn last_word(key: &str) -> String {
    key.to_ascii_lowercase().rsplit(['-', '_', '.']).next().unwrap_or_default().to_owned()
}

pub(super) fn is_placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let is_between = |start, end| lower.starts_with(start) && lower.ends_with(end);
    PLACEHOLDERS.split('|').any(|text| lower.contains(text))
        || is_between("<", ">")
        || lower.contains("${")
        || lower.contains("$(")
        || lower.contains("{{")
        || is_between("%", "%")
        || is_between("__", "__")
        || ["true", "false", "null", "none", "secret", "{}"].contains(&&*lower)
        || value.bytes().all(|byte| byte.is_ascii_digit()) && value.len() < 6
}

fn is_certificate(value: &str) -> bool {
    value.contains("-----BEGIN CERTIFICATE-----") && !value.contains("PRIVATE KEY-----")
}

/// Words in the names of variables, options and keys whose values are secrets.
const NAMED: &str = "\
    password|passwd|pass|pwd|secret|token|apikey|api_key|access_key|private_key|client_secret|credential|\
    credentials|bearer|secret_key";

/// The last words of names whose values are about a secret, and are none.
const ABOUT: &str = "\
    file|filename|path|dir|url|uri|ttl|seconds|minutes|hours|days|enabled|disabled|required|ref|id|ids|header|\
    length|expiry|expiration|duration|timeout|audience|prefix|suffix|field|count|limit|limits|method|store|source|\
    location|address|format|algorithm|policy|class|interval|mount|label|annotation|keys|group|size|mb|max|min|\
    lifetime|validity|review|exchange|claim|manager|backend|encoding|service|action|arn|only|regex|pattern";

/// True if the name of a variable, an option or a key says that its value is a secret.
#[must_use]
pub fn is_named_secret(name: &str) -> bool {
    // Most names have none of these parts: they cost no allocation.
    const PARTS: &str = "pass|pwd|secret|token|key|credential|bearer";
    let has_part = |part: &str| {
        let parts = name.as_bytes().windows(part.len());
        parts.into_iter().any(|one| one.eq_ignore_ascii_case(part.as_bytes()))
    };
    if !PARTS.split('|').any(has_part) {
        return false;
    }
    let words = in_words(name);
    let last = words.rsplit('_').next().unwrap_or_default();
    let has = |word: &str| {
        let found = words.match_indices(word);
        found.into_iter().any(|(at, _)| {
            let (before, after) = (&words[..at], &words[at + word.len()..]);
            (before.is_empty() || before.ends_with('_'))
                && (after.is_empty() || after.starts_with('_'))
        })
    };
    // Such as `PGPASSWORD`.
    let is_password = words.split('_').any(|word| word.ends_with("password"));
    (is_password || NAMED.split('|').any(has))
        && !ABOUT.split('|').any(|word| word == last)
        && !is_public(&words)
}

/// A name in small letters, with its words separated by `_`: `db_pwd` for `dbPwd`.
fn in_words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut is_small = false;
    for letter in name.chars() {
        if is_small && letter.is_ascii_uppercase() {
            words.push('_');
        }
        is_small = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        words.push(if matches!(letter, '-' | '.') { '_' } else { letter.to_ascii_lowercase() });
    }
    words
}

/// The secrets that lines of a file set: `db.password=…`, by the name of the setting, with their places in the text.
pub fn set_secrets(text: &str) -> impl Iterator<Item = (&str, std::ops::Range<usize>)> {
    let mut start = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let begin = start;
        start += line.len();
        let (key, value) = line.split_once('=')?;
        let name = key.trim();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let bare = value.trim();
        let is_set = !name.is_empty()
            && name.bytes().all(is_name)
            && !bare.contains([' ', '(', ')', '`', '[', '='])
            && is_named_secret(name)
            && is_secret_value(bare.trim_matches(['"', '\'']));
        let at = begin + key.len() + 1 + (value.len() - value.trim_start().len());
        is_set.then(|| (name, at..at + bare.len()))
    })
}

/// True if a value can be a secret: it is no placeholder, path, reference, number, or name of an object.
#[must_use]
pub fn is_secret_value(value: &str) -> bool {
    const SHORTEST: usize = 8;
    let value = value.trim();
    // A word of a name: letters, and then perhaps the number of a version.
    let is_word = |part: &str| {
        let rest = part.trim_start_matches(|one: char| one.is_ascii_alphabetic());
        let is_number = rest.bytes().all(|byte| byte.is_ascii_digit());
        is_number && (rest.len() < 3 || rest.len() == part.len())
    };
    let is_name = || {
        value.contains(['-', '.', '/', '_', ':', ' '])
            && value.split(['-', '.', '/', '_', ':', ' ']).all(is_word)
    };
    value.len() >= SHORTEST
        && !value.contains(['\n', '{', '$', '<'])
        && !value.starts_with(['/', '.', '~'])
        && !value.contains("://")
        && !value.bytes().all(|byte| byte.is_ascii_digit())
        && !is_name()
        && !is_placeholder(value)
        && !is_encrypted(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_values_are_told_from_others() {
        for (key, value, expected) in [
            ("password", "hunter2", true),
            ("tls.key", "-----BEGIN PRIVATE KEY-----\nabc", true),
            ("username", "hunter2", false),
            ("DB_USER", "hunter2", false),
            ("ca.crt", "text", false),
            ("password", "", false),
            ("password", "ChangeMe", false),
            ("password", "<password>", false),
            ("password", "${PASSWORD}", false),
            ("password", "ENC[AES256_GCM,data:x]", false),
            ("DATABASE_URL", "postgres://db:5432/shop", false),
            ("DATABASE_URL", "postgres://shop:hunter2@db:5432/shop", true),
            ("trustStorePath", "/etc/tls/store.jks", false),
            ("config", "{\"tlsClientConfig\":{\"insecure\":false}}", false),
            ("config", "{\"bearerToken\":\"abcdef\"}", true),
            ("settings.ini", "level = info\nmode = fast", false),
            ("settings.ini", "level = info\ndb.password = hunter2", true),
            ("settings.yaml", "auth:\n  existingSecretName: shop\n  token: |\n", false),
            ("bundle", "-----BEGIN CERTIFICATE-----\nabc", false),
        ] {
            assert_eq!(is_open(key, value), expected, "{key} {value}");
        }
        assert!(is_open_in_base64("password", "aHVudGVyMg=="));
        assert!(!is_open_in_base64("password", "Y2hhbmdlbWU="));
    }

    #[test]
    fn secrets_elsewhere_are_known_by_names_and_forms() {
        for (name, value, expected) in [
            ("DB_PASSWORD", "hunter2hunter2", true),
            ("POSTGRES_PASSWORD", "postgres", true),
            ("DB_PASSWORD", "short", false),
            ("DB_PASSWORD_FILE", "hunter2hunter2", false),
            ("PASSWORD_LENGTH", "hunter2hunter2", false),
            ("AWS_ACCESS_KEY_ID", "hunter2hunter2", false),
            ("AWS_SECRET_ACCESS_KEY", "abcDEF123456", true),
            ("TOKENIZER", "hunter2hunter2", false),
            ("DB_PASS", "hunter2hunter2", true),
            ("dbPwd", "hunter2hunter2", true),
            ("PGPASSWORD", "hunter2hunter2", true),
            ("passwordPolicy", "hunter2hunter2", false),
            ("BYPASS", "hunter2hunter2", false),
            ("CLIENT_SECRET", "$(CLIENT_SECRET)", false),
            ("CLIENT_SECRET", "my-client-secret", false),
            ("CLIENT_SECRET", "eap7-client-secret", false),
            ("CLIENT_SECRET", "changeme-please", false),
            ("PWD", "/usr/src/app", false),
            ("TOKEN", "https://issuer.acme.io", false),
            ("TOKEN", "12345678", false),
        ] {
            assert_eq!(is_named_secret(name) && is_secret_value(value), expected, "{name} {value}");
        }
        let key = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
        let private =
            format!("-----BEGIN RSA PRIVATE KEY-----\n  {key}\n-----END RSA PRIVATE KEY-----");
        let token = format!("ghp_{}", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5");
        for (text, expected) in [
            (&*private, Some("a private key")),
            ("grep -q -- '-----BEGIN RSA PRIVATE KEY-----' key.pem", None),
            (&*token, Some("a token of GitHub")),
            ("ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", None),
            ("key AKIAZ3QV5J2L7WXC4TQK in use", Some("an access key of AWS")),
            ("AKIAIOSFODNN7EXAMPLE", None),
            ("postgres://shop:Hq7xTz2m@db:5432/shop", Some("a URL with a password")),
            ("postgres://user:password@db:5432/shop", None),
            ("postgres://shop:$(PASSWORD)@db:5432/shop", None),
            ("https://web.acme.io:8080/a@b", None),
        ] {
            assert_eq!(secret_form(text), expected, "{text}");
        }
    }
}
