//! Compares the output on the page about `krender tree` with that of the program.
#![expect(clippy::disallowed_methods, reason = "a page is read, and the program is run")]

use std::fs;
use std::path::Path;
use std::process::Command;

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
