//! The page of a review: text of input stays text, the policy allows its own script and style only, and the outline that
//! a screen reader gets from its fixed parts.
#![expect(clippy::unwrap_used, reason = "this is a test")]
#![expect(
    clippy::disallowed_methods,
    reason = "the test stands outside: it makes files and runs the program"
)]

use std::{fs, path::Path, process::Command};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Text that would end the data, begin a script, end an attribute, or turn the direction of what follows.
const HOSTILE: &str = "</script><script>alert(1)</script></pre></noscript><!-- <img src=x onerror=alert(2)> & \"' {SCRIPT} \u{202e}\u{2028}\u{2066}";

/// The page of a change in which names, keys and values are hostile.
fn hostile_page() -> String {
    let folder = tempfile::tempdir().unwrap();
    // Without line separators, which a key of one line cannot have.
    let text = serde_json::to_string(HOSTILE).unwrap();
    let escaped = |one: char| match one {
        ' '..='~' => one.to_string(),
        _ => format!("\\u{:04x}", u32::from(one)),
    };
    let text: String = text.chars().map(escaped).collect();
    let objects = |value: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {text}, namespace: {text}, labels: {{{text}: {value}}}}}\ndata: {{a: {text}, b: '{value}'}}\n---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{password: swordfish-{value}}}\n---\napiVersion: v1\nkind: {text}\nmetadata: {{name: '{value}'}}\n"
        )
    };
    let [before, after] = ["before", "after"].map(|side| {
        let path = folder.path().join(side);
        fs::create_dir(&path).unwrap();
        fs::write(path.join("<b>&\u{202e}'\".yaml"), objects(side)).unwrap();
        side
    });
    let broken = format!("resources: [{text}]\n");
    fs::create_dir(folder.path().join("after/broken")).unwrap();
    fs::write(folder.path().join("after/broken/x.yaml"), broken).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_krender"))
        .args(["diff", "--format", "html", before, after])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    assert!(!output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The text between two others.
fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    text.split_once(before).and_then(|(_, rest)| rest.split_once(after)).unwrap().0
}

const DATA: &str = "<script type=\"application/json\" id=\"data\">";

#[test]
fn hostile_text_stays_text() {
    let page = hostile_page();
    let lower = page.to_ascii_lowercase();
    assert_eq!(lower.matches("<script").count(), 2, "the data and the script");
    assert_eq!(lower.matches("</script").count(), 2);
    assert_eq!(lower.matches("</noscript").count(), 1);
    assert!(!lower.contains("<!--") && !lower.contains("<img") && !lower.contains("<b>&"));
    let invisible = ['\u{202e}', '\u{2028}', '\u{2066}'];
    assert!(!page.contains(invisible), "characters that turn text are escaped");
    assert!(!page.contains("swordfish"), "values of Secrets are masked");
    let json = between(&page, DATA, "</script>");
    assert!(!json.contains(['<', '>', '&']));
    assert!(json.contains("{SCRIPT}"), "contents are no templates");
    let data: Value = serde_json::from_str(json).unwrap();
    let texts = data["texts"].as_array().unwrap();
    let shown = "</script><script>alert(1)</script></pre></noscript><!-- <img src=x onerror=alert(2)> & \\\"' {SCRIPT} \\u{202e}\\u{2028}\\u{2066}";
    let has = |text: &Value| {
        text.as_str().unwrap().replace("\\\"", "\"").contains(&shown.replace("\\\"", "\""))
    };
    assert!(
        data["changes"].as_array().unwrap().iter().any(|change| has(&change[4])),
        "a title has the text: {data}"
    );
    assert!(!texts.is_empty());
}

#[test]
fn the_page_allows_its_own_script_and_style_only() {
    let page = hostile_page();
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"");
    let digest = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    let script = digest(between(&page, "<script>", "</script>"));
    let style = digest(between(&page, "<style>", "</style>"));
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"
        )
    );
    let sinks =
        ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("];
    let loads = ["http:", "https:", "src=\"", "url(", "@import", "fetch(", "style=\"", " on"];
    let own = page.replace(between(&page, DATA, "</script>"), "");
    let own = own.replace(between(&page, "<pre>", "</pre>"), "");
    for word in sinks.into_iter().chain(loads) {
        let found = own.find(word).map(|at| &own[at..at + 60]);
        let is_handler = |text: &str| {
            let name = text.trim_start().split('=').next().unwrap_or_default();
            word != " on" || text.contains("=\"") && name.chars().all(char::is_alphanumeric)
        };
        assert!(!found.is_some_and(is_handler), "the page has {found:?}");
    }
}

/// Landmarks, headings and controls of the fixed parts with their labels, in order.
fn outline(template: &str) -> String {
    let body = between(template, "<body>", "<script");
    let (mut out, mut rest) = (String::new(), body);
    while let Some((_, tag)) = rest.split_once('<') {
        let (tag, behind) = tag.split_once('>').unwrap();
        rest = behind;
        let name = tag.split(' ').next().unwrap();
        let attribute = |name: &str| {
            let found = tag.split_once(&format!(" {name}=\"")).map(|(_, rest)| rest);
            found.and_then(|rest| rest.split_once('"')).map(|(value, _)| value)
        };
        let text = behind.split('<').next().unwrap_or_default().trim();
        let by = attribute("aria-labelledby")
            .map(|id| between(template, &format!("id=\"{id}\">"), "<").to_owned());
        let around = || {
            body[..body.len() - rest.len()].rsplit_once("<label").map(|(_, label)| label.to_owned())
        };
        let label =
            attribute("aria-label").map(str::to_owned).or(by).unwrap_or_else(|| match name {
                "input" | "select" => around()
                    .filter(|label| !label.contains("</label"))
                    .map(|label| {
                        label
                            .split('>')
                            .nth(1)
                            .unwrap()
                            .split('<')
                            .next()
                            .unwrap()
                            .trim()
                            .to_owned()
                    })
                    .filter(|label| !label.is_empty())
                    .unwrap_or_else(|| text.to_owned()),
                _ => text.to_owned(),
            });
        let is_told = matches!(
            name,
            "header"
                | "nav"
                | "main"
                | "section"
                | "form"
                | "dialog"
                | "h1"
                | "h2"
                | "h3"
                | "a"
                | "button"
                | "input"
                | "select"
                | "legend"
                | "summary"
                | "th"
        ) || attribute("role").is_some();
        if is_told {
            let role = attribute("role").map(|role| format!(" ({role})")).unwrap_or_default();
            let line = format!("{name}{role}: {label}");
            out += &(line.trim_end_matches([':', ' ']).to_owned() + "\n");
        }
    }
    out
}

#[test]
fn the_outline_for_screen_readers_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let template = fs::read_to_string(root.join("src/report/reviews/html/page.html")).unwrap();
    let outline = outline(&template);
    println!("{outline}");
    let path = root.join("tests/review_page/outline.txt");
    if std::env::var_os("KRENDER_BLESS").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, outline).unwrap();
        return;
    }
    assert_eq!(outline, fs::read_to_string(path).unwrap(), "KRENDER_BLESS=1 writes the outline");
    for control in ["button", "input", "select", "nav", "main", "section", "dialog", "form"] {
        let has_label =
            |line: &str| line.split_once(": ").is_some_and(|(_, label)| !label.is_empty());
        for line in outline.lines().filter(|line| line.split([' ', ':']).next() == Some(control)) {
            // Texts of these two are set by the script.
            assert!(has_label(line) || line == "button", "no label: {line}");
        }
    }
}
