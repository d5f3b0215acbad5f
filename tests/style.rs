//! Checks the language of the sources and of the documentation: words that hide the meaning of a sentence are refused.
//!
//! Text in quotes, backticks or code is not checked.
#![expect(clippy::disallowed_methods, reason = "the sources themselves are read")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::fs;
use std::path::{Path, PathBuf};

/// Words that are refused anywhere in a comment or a page.
const WORDS: &[&str] = &["nobody", "somebody", "whoever", "nobody's", "somebody's"];

/// Words that no doc comment begins with: its first line is a noun phrase, or a verb in the third person.
const FIRST: &[&str] = &["What", "Whether", "Who", "Whose", "How", "Where"];

/// The folders with sources.
const FOLDERS: &[&str] =
    &["benches", "examples", "fuzz/fuzz_targets", "fuzz/properties", "src", "tests"];

#[test]
fn comments_are_plain() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files: Vec<PathBuf> =
        FOLDERS.iter().flat_map(|folder| files_below(&root.join(folder), "rs")).collect();
    let complaints: Vec<String> = files
        .iter()
        .flat_map(|path| {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            of_source(name, &fs::read_to_string(path).unwrap())
        })
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn pages_are_plain() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];
    let pages =
        pages.iter().map(|page| root.join(page)).chain(files_below(&root.join("docs"), "md"));
    let complaints: Vec<String> = pages
        .flat_map(|page| {
            let name = page.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&page).unwrap();
            let lines = text.lines().enumerate();
            lines
                .filter_map(|(at, line)| refused(line).map(|word| complaint(&name, at, word)))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn riddles_are_found() {
    let lines = [
        "/// What it is.",
        "///",
        "/// What follows is not the first line.",
        "fn a() {} // left for nobody",
        "/// A `nobody` in code.",
        "",
        "//! Whether it works.",
        "let text = \"// somebody\";",
        "/// Whatever it is.",
    ];
    assert_eq!(
        of_source("a.rs", &lines.join("\n")),
        [
            "a.rs:1: a doc comment begins with `What`",
            "a.rs:4: the word `nobody`",
            "a.rs:7: a doc comment begins with `Whether`",
        ]
    );
}

/// The complaints about one file.
fn of_source(name: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut is_first = true;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let doc = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
        let comment =
            doc.or_else(|| outside_strings(line).split_once("//").map(|(_, comment)| comment));
        if let Some(word) = comment.and_then(refused) {
            complaints.push(complaint(name, at, word));
        }
        if let Some(first) = doc.filter(|_| is_first).and_then(|doc| doc.split_whitespace().next())
            && FIRST.contains(&first)
        {
            complaints.push(format!("{name}:{}: a doc comment begins with `{first}`", at + 1));
        }
        is_first = doc.is_none();
    }
    complaints
}

fn complaint(name: &str, at: usize, word: &str) -> String {
    format!("{name}:{}: the word `{word}`", at + 1)
}

/// The first refused word outside of backticks.
fn refused(text: &str) -> Option<&'static str> {
    let plain: String = text.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    let mut words = plain.split(|letter: char| !letter.is_alphabetic() && letter != '\'');
    words.find_map(|word| WORDS.iter().find(|refused| word.eq_ignore_ascii_case(refused)).copied())
}

/// A line up to its first string: a `//` after it may be inside of one.
fn outside_strings(line: &str) -> &str {
    line.split('"').next().unwrap_or_default()
}

fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let (mut files, mut pending) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
