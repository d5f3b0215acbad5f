//! Properties that hold for all formats, tested with random renders, and with random secrets in each form and place.

use std::ops::Range;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::markdown::Place;
use super::{html, json, markdown, text, unified};
use crate::diff::tests::{HIDDEN, renders, review, target};
use crate::diff::{Failure, Masking, Options, Review, Side, Target, TargetReview};
use crate::text::escape::without_colours;

/// A review in each format.
fn pages(review: &Review) -> [(&'static str, String); 6] {
    [
        ("text", without_colours(&text::write(review, 80)).into_owned()),
        ("unified", unified::write(review)),
        ("markdown", markdown::write(review, Place::GitHub)),
        ("short markdown", markdown::write(review, Place::Characters(2000))),
        ("json", json::write(review).unwrap()),
        ("html", html::write(review)),
    ]
}

/// A review of targets of one run, with masks.
fn reviewed(targets: &[Target]) -> Review {
    let mask = Some(Masking::new("key"));
    let options = Options { renders: true, around: true, mask, ..Options::default() };
    let reviews = targets.iter().map(|target| TargetReview::of(target, &options)).collect();
    Review::of(reviews, &options)
}

proptest! {
    #[test]
    fn no_format_shows_a_secret((before, after) in renders()) {
        let both = vec![review(&before, &after), review(&before, &after)];
        let review = Review::of(both, &Options::default());
        for (format, page) in pages(&review) {
            prop_assert!(!page.contains(HIDDEN), "{format} {page}");
        }
    }
}

/// The secret in a text, and what no page may contain of it.
struct Form {
    name: &'static str,
    text: String,
    /// The encoded secret, without what depends on the bytes around it.
    shows: String,
}

fn form(name: &'static str, text: String, shows: &str) -> Form {
    Form { name, text, shows: shows.to_owned() }
}

/// Lines of equal length.
fn wrapped(text: &str, width: usize, between: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let lines = letters.chunks(width).map(|line| line.iter().collect::<String>());
    lines.collect::<Vec<_>>().join(between)
}

/// Each byte written by a function.
fn each(text: &str, write: impl Fn(u8) -> String) -> String {
    text.bytes().map(write).collect()
}

/// The letters of base64 that do not depend on the bytes before and after.
fn inner(before: &str, secret: &str) -> String {
    let all = BASE64_STANDARD_NO_PAD.encode(format!("{before}{secret}"));
    all[(before.len() * 8).div_ceil(6)..all.len() - 1].to_owned()
}

/// A secret in all forms in which a review has to find it.
fn forms(secret: &str) -> Vec<Form> {
    let quoted = serde_json::to_string(secret).unwrap();
    let escaped = quoted.trim_matches('"');
    let percent = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    let packed = BASE64_STANDARD.encode(secret);
    let bare = packed.trim_end_matches('=');
    let safe = BASE64_URL_SAFE_NO_PAD.encode(secret);
    let twice = BASE64_STANDARD.encode(&packed);
    let hex = each(secret, |byte| format!("{byte:02x}"));
    let all_percent = each(secret, |byte| format!("%{byte:02x}"));
    let entities: String = secret.chars().map(|one| format!("&#{};", u32::from(one))).collect();
    let twice_quoted = serde_json::to_string(&quoted).unwrap();
    vec![
        form("plain", secret.to_owned(), secret),
        form("in words", format!("the value is {secret}, they say"), secret),
        form("without a border", format!("xy{secret}zw"), secret),
        form("in a URL", format!("db://u:{secret}@h/x"), secret),
        form("in a line of a file", format!("a: b\nK={secret}\nc\n"), secret),
        form("indented and wrapped", format!("k: |\n  {}\n", wrapped(secret, 5, "\n  ")), secret),
        form("wrapped with escapes", wrapped(secret, 6, "\\\n"), secret),
        form("in JSON", format!("{{\"a\":{quoted}}}"), escaped),
        form(
            "in JSON in JSON",
            format!("{{\"a\":{twice_quoted}}}"),
            twice_quoted.trim_matches('"'),
        ),
        form(
            "as units",
            secret.encode_utf16().map(|one| format!("\\u{one:04x}")).collect(),
            secret,
        ),
        form(
            "percent",
            format!("https://h/?t={}&x", each(secret, percent)),
            &each(secret, percent),
        ),
        form("all percent", all_percent.clone(), &all_percent),
        form("entities", format!("<a>{entities}</a>"), &entities),
        form("base64", packed.clone(), bare),
        form("base64 in words", format!("token={bare};"), bare),
        form("base64 of a URL", safe.clone(), &safe),
        form(
            "basic",
            format!("Basic {}", BASE64_STANDARD.encode(format!("me:{secret}"))),
            &inner("me:", secret),
        ),
        form(
            "base64 with more",
            BASE64_STANDARD.encode(format!("it is {secret} now")),
            &inner("it is ", secret),
        ),
        form("base64 twice", twice.clone(), twice.trim_end_matches('=')),
        form("base64 wrapped", wrapped(&packed, 10, "\n    "), bare),
        form(
            "base64 of JSON",
            BASE64_STANDARD.encode(format!("{{\"pw\":{quoted}}}")),
            &inner("{\"pw\":\"", escaped),
        ),
        form("hexadecimal", hex.clone(), &hex),
        form("hexadecimal, capitals", hex.to_uppercase(), &hex.to_uppercase()),
        form("hexadecimal, apart", wrapped(&hex, 2, ":"), &wrapped(&hex, 2, ":")),
        form("hexadecimal, escaped", each(secret, |byte| format!("\\x{byte:02x}")), &hex),
        form(
            "hexadecimal of base64",
            each(bare, |byte| format!("{byte:02x}")),
            &each(bare, |byte| format!("{byte:02x}")),
        ),
        form(
            "base64 of hexadecimal",
            BASE64_STANDARD.encode(&hex),
            BASE64_STANDARD_NO_PAD.encode(&hex).as_str(),
        ),
    ]
}

/// Secrets that have a value in one of the forms in which values are written.
fn holders(secret: &str) -> Vec<String> {
    let packed = |text: &str| BASE64_STANDARD.encode(text);
    let data = |value: &str| format!("data: {{k: {}}}", packed(value));
    let quoted = serde_json::to_string(secret).unwrap();
    let auth = packed(&format!("me:{secret}"));
    let percent = each(secret, |byte| format!("%{byte:02X}"));
    let mut holders = vec![
        data(secret),
        format!("stringData: {{k: {quoted}}}"),
        data(&format!("{secret}\n")),
        data(&packed(secret)),
        data(&format!("{{\"auths\":{{\"h\":{{\"auth\":\"{auth}\"}}}}}}")),
        data(&format!("{{\"auths\":{{\"h\":{{\"username\":\"me\",\"password\":{quoted}}}}}}}")),
        data(&format!("db://u:{percent}@h:5432/x")),
        data(&format!("# settings\nexport KEY='{secret}'\nLEVEL=info\n")),
        data(&format!("server:\n  port: 80\n  pass: {quoted}\n")),
        data(&format!("line one\n{secret}\nline three\n")),
    ];
    if !secret.contains(['@', '/', ':', '?', '#', '"', '\'', '`', '<', '>']) {
        holders.push(data(&format!("db://u:{secret}@h:5432/x")));
    }
    let secrets = holders.into_iter();
    secrets
        .map(|fields| format!("{{apiVersion: v1, kind: Secret, metadata: {{name: s}}, {fields}}}"))
        .collect()
}

/// Objects with a text in one of the places in which reviews show it.
fn copies(text: &str) -> Vec<String> {
    let text = serde_json::to_string(text).unwrap();
    let pod = |container: String| {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d}}, spec: {{template: {{spec: {{containers: [{{name: c, image: i, {container}}}]}}}}}}}}"
        )
    };
    vec![
        format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c}}, data: {{a: {text}}}}}"),
        format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c, annotations: {{a: {text}}}}}, data: {{b: x}}}}"
        ),
        pod(format!("env: [{{name: A, value: {text}}}]")),
        pod(format!("args: [a, {text}]")),
        format!(
            "{{apiVersion: g/v1, kind: Custom, metadata: {{name: c}}, spec: {{deep: [{{x: {text}}}]}}}}"
        ),
        format!(
            "{{apiVersion: g/v1, kind: Custom, metadata: {{name: c}}, spec: {{deep: [{{name: {text}, v: 1}}]}}}}"
        ),
    ]
}

/// Another object in place of a copy.
const OTHER: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: other}, data: {a: b}}";

/// Text without what formats put between letters.
fn packed(page: &str) -> String {
    let is_mark = |letter: char| letter.is_whitespace() || matches!(letter, '\\' | '|' | '+' | '-');
    page.replace("\\n", "").replace("&#43;", "+").chars().filter(|one| !is_mark(*one)).collect()
}

/// Reviews a Secret in one target and a copy in another, on some of four ways of sides, and asserts that no page shows the
/// secret.
#[track_caller]
fn assert_hidden(secret: &str, holder: &str, form: &Form, copy: &str, which: Range<usize>) {
    let (with, changed) = (format!("{copy}\n"), copy.replace("name: c", "name: c, labels: {l: m}"));
    let sides = |holders: [&str; 2], copies: [&str; 2]| {
        let mut targets = [target(holders[0], holders[1]), target(copies[0], copies[1])];
        targets[1].name = "overlays/test".to_owned();
        targets
    };
    let all = [
        sides([holder, holder], [OTHER, &with]),
        sides([holder, ""], [&with, OTHER]),
        sides(["", holder], [&with, ""]),
        sides(["", holder], [&with, &changed]),
    ];
    for targets in &all[which] {
        for (format, page) in pages(&reviewed(targets)) {
            let plain = packed(&page);
            for shown in [secret, &form.shows] {
                let is_shown = page.contains(shown) || plain.contains(&packed(shown));
                assert!(
                    !is_shown,
                    "{format}: {} of {secret} in {copy}\n{holder}\n{page}",
                    form.name
                );
            }
        }
    }
}

/// A random secret as generators make them.
fn secret() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Z][0-9][A-Za-z0-9]{8,40}",
        "[A-Z][0-9][!#$%&*+./:;<=>?@A-Za-z0-9^_~]{10,30}[A-Z]",
        "[0-9a-f]{4}[a-f][0-9]{3}-[0-9a-f]{12}",
        "[A-Z][a-z]{2}ü[a-z0-9]{6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_form_of_a_secret_is_shown_in_another_target(
        secret in secret(),
        holder in 0_usize..10,
        place in 0_usize..6,
        side in 0_usize..4,
    ) {
        let holders = holders(&secret);
        for form in forms(&secret) {
            let copies = copies(&form.text);
            assert_hidden(&secret, &holders[holder], &form, &copies[place], side..side + 1);
        }
    }
}

#[test]
fn each_form_is_hidden_in_each_place() {
    let secret = "Zx9/Qw+8e\"Rt7%Yu5";
    let first = &holders(secret)[0];
    for form in forms(secret) {
        copies(&form.text).iter().for_each(|copy| assert_hidden(secret, first, &form, copy, 0..4));
    }
    let plain = &forms(secret)[0];
    for holder in holders(secret) {
        copies(secret).iter().for_each(|copy| assert_hidden(secret, &holder, plain, copy, 0..2));
    }
}

/// Lines of a key are hidden wherever they stand, also without the others, and wrapped in another way.
#[test]
fn keys_of_several_lines_are_hidden() {
    let body = "MIIEpAIBAAKCAQEA3kq9Zs1Vd8xTt0Pg5hLw7rJ2yBn4QcXe6fUmAoiD8vHsKjRl\nz0GpWqNbY1tC9uSdFxE7oZ5MkQy2TnJr4hVgLaB8iPcXwUe6sRfDm3KvHjNo1tYq\nab12cd==\n";
    let key = format!("-----BEGIN RSA PRIVATE KEY-----\n{body}-----END RSA PRIVATE KEY-----\n");
    let holder = format!(
        "{{apiVersion: v1, kind: Secret, metadata: {{name: s}}, data: {{k: {}}}}}",
        BASE64_STANDARD.encode(&key)
    );
    let bare: String = body.split_whitespace().collect();
    let texts = [
        key.clone(),
        format!("tls:\n{}", key.replace("\nM", "\n    M").replace("\nz", "\n    z")),
        key.replace('\n', "\\n"),
        serde_json::to_string(&key).unwrap(),
        bare.clone(),
        wrapped(&bare, 76, "\n"),
        BASE64_STANDARD.encode(&key),
        wrapped(&BASE64_STANDARD.encode(&key), 76, "\n"),
        body.lines().nth(1).unwrap().to_owned(),
    ];
    for text in texts {
        for copy in copies(&text) {
            for shown in body.lines().take(2).flat_map(|line| [&line[..20], &line[44..]]) {
                let form = form("a key", text.clone(), shown);
                assert_hidden(&bare, &holder, &form, &copy, 0..1);
            }
            let form = form("a key", text.clone(), &inner("", &key)[60..80]);
            assert_hidden(&bare, &holder, &form, &copy, 3..4);
        }
    }
}

/// A changed copy is told as changed, and the values of other fields are shown.
#[test]
fn changes_of_hidden_values_are_told() {
    let holder = |value: &str| {
        format!(
            "{{apiVersion: v1, kind: Secret, metadata: {{name: s}}, stringData: {{k: {value}}}}}"
        )
    };
    let config = |value: &str| {
        format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c}}, data: {{u: 'db://app:{value}@h', mode: fast, on: 'true'}}}}"
        )
    };
    let mut targets = [
        target(&holder("hunter2hunter2"), &holder("Tr0ub4dor&3")),
        target(&config("hunter2hunter2"), &config("Tr0ub4dor&3")),
    ];
    targets[1].name = "overlays/test".to_owned();
    let review = reviewed(&targets);
    assert_eq!(review.summary().changed, 2);
    for (format, page) in pages(&review) {
        assert!(!page.contains("hunter2") && !page.contains("dor&3"), "{page}");
        let is_told = page.contains("db://app:masked-") && page.matches("masked-").count() >= 4;
        assert!(is_told, "{format}: {page}");
    }
}

/// Common words, short values and numbers in Secrets hide no other text.
#[test]
fn common_words_are_shown() {
    let holder = "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {user: admin, on: 'true', port: '5432', password: password, name: web, region: eu-west-1}}";
    let pod = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web-admin}, spec: {template: {spec: {containers: [{name: web, image: 'web:5432', args: ['--on=true', '--user=admin', 'ask the password', 'in eu-west-1a'], env: [{name: A, value: 'true'}]}]}}}}";
    for (format, page) in pages(&reviewed(&[target(holder, &format!("{holder}\n---\n{pod}"))])) {
        assert!(!page.contains("web: masked") && !page.contains("masked-:"), "{format}: {page}");
        for word in ["web-admin", "--on=true", "--user=admin", "ask the password", "eu-west-1a"] {
            let is_shown = page.contains(word) || page.contains(&word.replace('-', "\\u002d"));
            assert!(
                is_shown || format == "html" || format == "short markdown",
                "{format} {word}: {page}"
            );
        }
    }
}

/// Messages of failures are masked by the values of other targets, also values that they shorten.
#[test]
fn failures_show_no_value_of_another_target() {
    let secret = "Zx9Qw8eRt7Yu5Op3As1Df6Gh";
    let failure = |message: String| {
        let place = Some("a/b.yaml:1:2".to_owned());
        Side::Failed(Failure { code: "invalid-value", message, place, more: 0 })
    };
    let holder = &holders(secret)[0];
    let mut targets = vec![target(holder, holder)];
    for message in [format!("found `{secret}`"), format!("found `{}…`, no", &secret[..14])] {
        let failing = Target {
            name: "overlays/failing".to_owned(),
            moved_from: None,
            before: Side::Absent,
            after: failure(message),
        };
        targets.push(failing);
    }
    for (format, page) in pages(&reviewed(&targets)) {
        assert!(!page.contains(&secret[..8]), "{format}: {page}");
        assert!(page.contains("found `••••••") || page.contains("••••••"), "{format}: {page}");
    }
}
