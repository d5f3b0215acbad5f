//! The commands in the pages of `docs/`: they are run, and what they print is compared with the page.
//!
//! A block of the language `console` shows commands, each behind `$ `, with their output: standard output, then standard error.
//! They run in the folder that the last comment `<!-- folder: … -->` of the page names, relative to the checkout; blocks
//! without one are not run. `KRENDER_BLESS=1 cargo test --test pages` rewrites the outputs: review them before a commit.
#![expect(clippy::disallowed_methods, reason = "reads the pages, and runs the program")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

#[test]
fn pages_show_what_commands_print() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_blessed = std::env::var_os("KRENDER_BLESS").is_some_and(|value| value == "1");
    let mut pages: Vec<PathBuf> =
        fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    let mut commands = 0;
    for page in pages {
        let written = fs::read_to_string(&page).unwrap();
        let (actual, run) = with_outputs(&written, root);
        commands += run;
        if is_blessed && actual != written {
            fs::write(&page, &actual).unwrap();
        }
        assert!(
            is_blessed || actual == written,
            "{} shows other output than its commands print:\n{}",
            page.display(),
            differences(&written, &actual)
        );
    }
    assert!(commands >= 20, "only {commands} commands were run");
}

/// The page with the outputs of its commands, and their number.
fn with_outputs(page: &str, root: &Path) -> (String, usize) {
    let (mut out, mut folder, mut commands) = (String::new(), None, 0);
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        out.extend([line, "\n"]);
        let comment = line.strip_prefix("<!-- folder: ").and_then(|line| line.strip_suffix(" -->"));
        if let Some(name) = comment {
            folder = Some(root.join(name));
        }
        let (Some(folder), "```console") = (&folder, line) else { continue };
        let block = lines.by_ref().take_while(|line| *line != "```");
        for command in block.filter_map(|line| line.strip_prefix("$ ")) {
            out.extend(["$ ", command, "\n", &output_of(command, folder)]);
            commands += 1;
        }
        out.push_str("```\n");
    }
    (out, commands)
}

fn output_of(command: &str, folder: &Path) -> String {
    let words = words(command);
    let (program, arguments) = words.split_first().unwrap();
    assert_eq!(program, "krender", "{command}");
    let output = Command::new(env!("CARGO_BIN_EXE_krender"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("COLUMNS", "120")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

/// The words of a command line with single quotes.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut is_quoted, mut is_open) = (vec![String::new()], false, false);
    for character in command.chars() {
        match character {
            '\'' => (is_quoted, is_open) = (!is_quoted, true),
            ' ' if !is_quoted => {
                if is_open {
                    words.push(String::new());
                }
                is_open = false;
            }
            _ => {
                words.last_mut().unwrap().push(character);
                is_open = true;
            }
        }
    }
    words
}

fn differences(written: &str, actual: &str) -> String {
    let lines = written.lines().zip(actual.lines()).filter(|(one, two)| one != two);
    lines.take(10).map(|(one, two)| format!("- {one}\n+ {two}\n")).collect()
}

#[test]
fn words_may_be_quoted() {
    assert_eq!(words("krender trace 'a b'  c"), ["krender", "trace", "a b", "c"]);
}
