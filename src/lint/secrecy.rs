//! The values of Secrets: those that are open, and texts that are encrypted.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

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
pub(crate) fn is_open(key: &str, value: &str) -> bool {
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

/// True if the value of a key, in base64, is a secret that anyone can read.
pub(super) fn is_open_in_base64(key: &str, value: &str) -> bool {
    let packed: String = value.split_whitespace().collect();
    match BASE64_STANDARD.decode(&packed).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(text) => is_open(key, &text),
        None => is_open(key, value),
    }
}

/// True if a text is encrypted.
pub(super) fn is_encrypted(text: &str) -> bool {
    text.starts_with("sops:") || ENCRYPTED.iter().any(|mark| text.contains(mark))
}

/// True if a file has nothing that is secret: no content, only certificates, or placeholders.
pub(super) fn is_harmless(text: &str) -> bool {
    text.trim().is_empty() || is_certificate(text) || is_encrypted(text)
}

/// True for a key whose value is no secret, such as a user.
pub(super) fn is_public(key: &str) -> bool {
    let last = last_word(key);
    PUBLIC.split('|').any(|word| word == last) || last.ends_with("path")
}

fn last_word(key: &str) -> String {
    key.to_ascii_lowercase().rsplit(['-', '_', '.']).next().unwrap_or_default().to_owned()
}

fn is_placeholder(value: &str) -> bool {
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
}
