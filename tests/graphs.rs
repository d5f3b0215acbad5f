//! The output of `krender tree`: it is that on the page of the documentation, and the HTML page shows hostile text as text.
#![expect(clippy::disallowed_methods, reason = "a page is read, and the program is run")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use krender::text::escape::is_invisible;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The folder in which the commands of the page run.
const FOLDER: &str = "testdata/tree/shop/input";

#[test]
fn the_page_shows_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("docs/tree.md");
    let page = fs::read_to_string(&path).unwrap();
    let mut actual = String::new();
    let mut rest = &*page;
    while let Some((before, behind)) = rest.split_once("```console\n$ krender ") {
        let (block, after) = behind.split_once("```\n").unwrap();
        let command = block.lines().next().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_krender"))
            .args(command.split(' '))
            .current_dir(root.join(FOLDER))
            .env_clear()
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        actual.extend([before, "```console\n$ krender ", command, "\n", &printed, "```\n"]);
        rest = after;
    }
    actual.push_str(rest);
    if std::env::var_os("KRENDER_BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, &actual).unwrap();
        return;
    }
    assert_eq!(actual, page, "KRENDER_BLESS=1 writes the page");
}

/// Text that would end the data, begin a script, or turn the direction of what follows.
const HOSTILE: &str = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> & \u{202e}\u{2028}\u{2066}";

fn hostile_page() -> String {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    write(
        "kustomization.yaml",
        "resources: ['<b>&.yaml']\nsecretGenerator:\n- {name: a, literals: [password=swordfish]}\n"
            .to_owned(),
    );
    let map = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: '<i>'}}\ndata: {{'</script>': {}}}\n",
        serde_json::to_string(HOSTILE).unwrap()
    );
    write("<b>&.yaml", map);
    let output = Command::new(env!("CARGO_BIN_EXE_krender"))
        .args(["tree", "--format", "html"])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The text between two others.
fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    text.split_once(before).and_then(|(_, rest)| rest.split_once(after)).unwrap().0
}

#[test]
fn hostile_text_stays_text() {
    let page = hostile_page();
    let lower = page.to_ascii_lowercase();
    assert_eq!(lower.matches("<script").count(), 2, "the data and the script");
    assert_eq!(lower.matches("</script").count(), 2);
    assert!(!lower.contains("<!--") && !lower.contains("<img") && !lower.contains("<b>&"));
    let invisible = ['\u{202e}', '\u{2028}', '\u{2066}'];
    assert!(!page.contains(invisible), "characters that turn text are escaped");
    assert!(!page.contains("swordfish") && page.contains("••••••"), "values of Secrets are masked");
    let json = between(&page, "<script type=\"application/json\" id=\"data\">", "</script>");
    assert!(!json.contains(['<', '>', '&']));
    let data: Value = serde_json::from_str(json).unwrap();
    let objects = data["objects"].as_array().unwrap();
    let text =
        objects.iter().find(|object| object["id"] == "ConfigMap/<i>").unwrap()["text"].as_str();
    let shown = "</script>: '</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)>";
    assert!(text.unwrap().contains(shown), "{text:?}");
}

#[test]
fn the_page_allows_its_own_script_and_style_only() {
    let page = hostile_page();
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"");
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    let digest = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    let script = digest(between(&page, "<script>", "</script>"));
    let style = digest(between(&page, "<style>", "</style>"));
    assert!(
        policy.contains(&format!("script-src 'sha256-{script}'; style-src 'sha256-{style}';")),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"));
    let sinks =
        ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("];
    let loads = ["http:", "https:", "src=\"", "href=\"", "url(", "@import", "fetch(", "style=\""];
    let data = between(&page, "id=\"data\">", "</script>");
    let own = page.replace(data, "");
    for word in sinks.into_iter().chain(loads) {
        assert!(!own.contains(word), "the page has {word}");
    }
}

#[test]
fn invisible_characters_are_escaped_in_every_format() {
    let all: Vec<char> = ('\0'..=char::MAX).filter(|one| is_invisible(*one)).collect();
    let escaped = |some: &[char]| -> String {
        some.iter().map(|one| format!("\\U{:08x}", u32::from(*one))).collect()
    };
    let names: Vec<String> =
        all.chunks(64).map(|some| format!("- name: \"x{}y\"\n", escaped(some))).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = "a\u{202e}\u{2066}b\u{200b}.yaml";
    let kustomization = format!("resources: [\"{file}\"]\nimages:\n{}", names.concat());
    fs::write(folder.path().join("kustomization.yaml"), kustomization).unwrap();
    let object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"x\\u202ey\"}\n";
    fs::write(folder.path().join(file), object).unwrap();
    fs::write(folder.path().join("un\u{2067}used.yaml"), "a: b\n").unwrap();
    for format in ["text", "json", "dot", "mermaid", "html"] {
        let output = Command::new(env!("CARGO_BIN_EXE_krender"))
            .args(["tree", "--format", format])
            .current_dir(folder.path())
            .env_clear()
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let found = text.chars().find(|one| !matches!(one, '\n' | '\t') && is_invisible(*one));
        assert_eq!(found, None, "--format {format}");
    }
}
