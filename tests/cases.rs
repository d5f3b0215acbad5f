//! Every folder `testdata/<area>/<case>/` is a test: commands run on a copy of its files, and their output and the
//! changed files are compared.
//!
//! | part | content | default |
//! |---|---|---|
//! | `input/` | copied into an empty folder, in which the commands run | the folder stays empty |
//! | `command` | one command a line: its arguments, with `'` or `"` around spaces; all of them run; `cd DIR` changes the folder of those after it | `build input` |
//! | `history/` | patches: `input/` becomes a git repository, in which each one, in the order of their names, is a commit; the commands run in it after each commit, below its name | no repository |
//! | `stdin` | standard input of each command | empty |
//! | `expected.yaml`, `expected.out` | standard output | empty |
//! | `expected.err` | standard error, with `$FOLDER` for the path of the folder | empty |
//! | `expected.code` | the exit code | 0 |
//! | `expected/` | the new or changed files | no changes |
//!
//! The environment is empty. `KRENDER_BLESS=1 cargo test --test cases` rewrites the expectations, and removes obsolete
//! ones: review them before a commit.
#![expect(
    clippy::disallowed_methods,
    reason = "the harness stands outside: it makes files and runs the program"
)]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Result,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let bless = std::env::var_os("KRENDER_BLESS").is_some_and(|value| value == "1");
    let mut trials = vec![Trial::test("harness/a folder that is no case fails", proves_itself)];
    for area in folders(&root).unwrap() {
        let (cases, mistakes) = collect(&area).unwrap();
        trials.extend(cases.into_iter().map(|case| {
            let name = case.strip_prefix(&root).unwrap().display().to_string();
            Trial::test(name, move || check(&case, bless))
        }));
        trials.extend(mistakes.into_iter().map(|mistake| {
            let name = area.file_name().unwrap().display().to_string();
            Trial::test(name, || Err(mistake.into()))
        }));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The parts of a case.
const PARTS: [&str; 9] = [
    "input",
    "history",
    "command",
    "stdin",
    "expected.yaml",
    "expected.out",
    "expected.err",
    "expected.code",
    "expected",
];

/// The cases of an area, and complaints about anything else in its folder.
fn collect(area: &Path) -> Result<(Vec<PathBuf>, Vec<String>)> {
    let (mut cases, mut mistakes) = (Vec::new(), Vec::new());
    for case in entries(area)? {
        if !case.is_dir() {
            mistakes.push(format!("{} belongs to no case", case.display()));
            continue;
        }
        let parts = entries(&case)?;
        let is_part = |part: &PathBuf| PARTS.iter().any(|name| part.ends_with(name));
        if let Some(unknown) = parts.iter().find(|part| !is_part(part)) {
            mistakes.push(format!(
                "{} is no part of a case: those are {}",
                unknown.display(),
                PARTS.join(", ")
            ));
        } else if parts.is_empty() {
            mistakes.push(format!("{} is no case: it is empty", case.display()));
        } else {
            cases.push(case);
        }
    }
    Ok((cases, mistakes))
}

/// The contents of files by their paths.
type Files = BTreeMap<String, Vec<u8>>;

fn check(case: &Path, bless: bool) -> std::result::Result<(), Failed> {
    let actual = run(case)?;
    let mut expected = files_below(case)?;
    expected.retain(|name, _| name.starts_with("expected"));
    if bless {
        for name in expected.keys().filter(|name| !actual.contains_key(*name)) {
            fs::remove_file(case.join(name))?;
        }
        for (name, content) in &actual {
            let file = case.join(name);
            fs::create_dir_all(file.parent().unwrap())?;
            fs::write(file, content)?;
        }
        return Ok(());
    }
    if expected.is_empty() {
        return Err("nothing is expected of this case: KRENDER_BLESS=1 writes what is found".into());
    }
    let mut names: Vec<&String> = expected.keys().chain(actual.keys()).collect();
    names.sort();
    names.dedup();
    let different = names.into_iter().filter(|name| expected.get(*name) != actual.get(*name));
    let message: String = different
        .map(|name| match (expected.get(name), actual.get(name)) {
            (Some(expected), Some(actual)) => {
                format!("{name} differs:\n{}", difference(expected, actual))
            }
            (None, Some(actual)) => format!("{name} is not expected:\n{}", difference(b"", actual)),
            (Some(expected), None) => format!("{name} is missing:\n{}", difference(expected, b"")),
            (None, None) => String::new(),
        })
        .collect();
    if message.is_empty() { Ok(()) } else { Err(message.into()) }
}

/// Runs the commands of a case, and returns its actual results.
fn run(case: &Path) -> std::result::Result<Files, Failed> {
    let temporary = tempfile::tempdir()?;
    let folder = temporary.path().canonicalize()?;
    if case.join("input").is_dir() {
        copy(&case.join("input"), &folder.join("input"))?;
    }
    let before = files_below(&folder)?;
    let lines = match fs::read_to_string(case.join("command")) {
        Ok(lines) => lines.lines().map(words).collect(),
        Err(_) => vec![vec!["build".to_owned(), "input".to_owned()]],
    };
    let mut results = Results::default();
    let patches = case.join("history");
    if patches.is_dir() {
        let repository = temporary.path().canonicalize()?.join("input");
        git(&repository, &["init", "-q", "-b", "main"])?;
        commit(&repository, "start")?;
        for patch in entries(&patches)? {
            let name = patch.file_stem().unwrap().to_string_lossy();
            git(&repository, &["apply", "--whitespace=nowarn", patch.to_str().unwrap()])?;
            commit(&repository, &name)?;
            results.stdout.extend(format!("== {name}\n").into_bytes());
            results.run(&lines, &repository, case)?;
        }
    } else {
        results.run(&lines, &folder, case)?;
    }
    let Results { stdout, stderr, code, has_failed: _ } = results;
    let is_yaml = !case.join("expected.out").exists()
        && lines.iter().all(|words| matches!(&*words[0], "build" | "cd"));
    let mut found = Files::new();
    found.insert(if is_yaml { "expected.yaml" } else { "expected.out" }.to_owned(), stdout);
    found.insert("expected.err".to_owned(), stderr);
    found.retain(|_, content| !content.is_empty());
    if code != 0 {
        found.insert("expected.code".to_owned(), format!("{code}\n").into_bytes());
    }
    // A history changes files by its patches.
    let after = if patches.is_dir() { before.clone() } else { files_below(&folder)? };
    if let Some(gone) = before.keys().find(|name| !after.contains_key(*name)) {
        return Err(format!("{gone} was removed").into());
    }
    let changed = after.into_iter().filter(|(name, content)| before.get(name) != Some(content));
    found.extend(changed.map(|(name, content)| (format!("expected/{name}"), content)));
    let path = folder.to_str().ok_or("the temporary folder has no UTF-8 name")?;
    for content in found.values_mut() {
        if let Ok(text) = std::str::from_utf8(content) {
            *content = text.replace(path, "$FOLDER").into_bytes();
        }
    }
    if found.is_empty() {
        found.insert(if is_yaml { "expected.yaml" } else { "expected.out" }.to_owned(), Vec::new());
    }
    Ok(found)
}

/// Output and exit code of the commands of a case.
#[derive(Default)]
struct Results {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    /// The last exit code, or that of the last command that failed.
    code: i32,
    /// True if a command failed: a `diff` that finds differences does not.
    has_failed: bool,
}

impl Results {
    /// Runs commands in a folder.
    fn run(
        &mut self,
        lines: &[Vec<String>],
        folder: &Path,
        case: &Path,
    ) -> std::result::Result<(), Failed> {
        let mut directory = folder.to_owned();
        for arguments in lines {
            if let [command, name] = &**arguments
                && command == "cd"
            {
                directory.push(name);
                continue;
            }
            let input = File::open(case.join("stdin")).map_or_else(|_| Stdio::null(), Stdio::from);
            let output = Command::new(env!("CARGO_BIN_EXE_krender"))
                .args(arguments)
                .current_dir(&directory)
                .env_clear()
                .envs(arguments.contains(&"--git".to_owned()).then(path_of_programs).flatten())
                .stdin(input)
                .output()?;
            self.stdout.extend(output.stdout);
            self.stderr.extend(output.stderr);
            let code = output
                .status
                .code()
                .ok_or_else(|| format!("{arguments:?} ended by a signal: {}", output.status))?;
            let is_failure = code != 0 && !(code == 1 && arguments[0] == "diff");
            if is_failure || !self.has_failed {
                self.code = code;
            }
            self.has_failed |= is_failure;
        }
        Ok(())
    }
}

/// `PATH`, in which git is.
fn path_of_programs() -> Option<(&'static str, std::ffi::OsString)> {
    std::env::var_os("PATH").map(|path| ("PATH", path))
}

/// Commits all files of a repository.
fn commit(repository: &Path, title: &str) -> std::result::Result<(), Failed> {
    git(repository, &["add", "--all"])?;
    git(repository, &["commit", "-q", "--allow-empty", "-m", title])
}

/// Runs git without the settings of the machine.
fn git(repository: &Path, arguments: &[&str]) -> std::result::Result<(), Failed> {
    let settings = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "gc.auto=0"];
    let output = Command::new("git")
        .args(settings)
        .args(arguments)
        .current_dir(repository)
        .env_clear()
        .envs(path_of_programs())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()?;
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("git {arguments:?}: {message}").into())
    }
}

/// Splits a line into words; quotes keep words together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in line.chars() {
        match quote {
            None if character == ' ' => words.extend(word.take()),
            None if character == '\'' || character == '"' => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            Some(open) if open == character => quote = None,
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

/// The lines that differ, with three lines of context.
fn difference(expected: &[u8], actual: &[u8]) -> String {
    let [expected, actual] = [expected, actual].map(String::from_utf8_lossy);
    let [expected, actual] = [&expected, &actual].map(|text| text.split('\n').collect::<Vec<_>>());
    let same_start = expected.iter().zip(&actual).take_while(|(left, right)| left == right).count();
    let left = &expected[same_start..];
    let right = &actual[same_start..];
    let same_end =
        left.iter().rev().zip(right.iter().rev()).take_while(|(left, right)| left == right).count();
    let context =
        |lines: &[&str]| lines.iter().map(|line| format!("  {line}\n")).collect::<String>();
    let marked = |mark: char, lines: &[&str]| {
        lines.iter().map(|line| format!("{mark} {line}\n")).collect::<String>()
    };
    context(&expected[same_start.saturating_sub(3)..same_start])
        + &marked('-', &left[..left.len() - same_end])
        + &marked('+', &right[..right.len() - same_end])
        + &context(&left[left.len() - same_end..][..same_end.min(3)])
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    entries.sort();
    Ok(entries)
}

fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(entries(folder)?.into_iter().filter(|entry| entry.is_dir()).collect())
}

/// All files below a folder; for a symbolic link, its target.
fn files_below(root: &Path) -> Result<Files> {
    let mut files = Files::new();
    let mut pending = vec![root.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in entries(&folder)? {
            let content = if entry.is_symlink() {
                fs::read_link(&entry)?.into_os_string().into_encoded_bytes()
            } else if entry.is_dir() {
                pending.push(entry);
                continue;
            } else {
                fs::read(&entry)?
            };
            files.insert(
                entry.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/"),
                content,
            );
        }
    }
    Ok(files)
}

/// Copies a folder, symbolic links as they are.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in entries(from)? {
        let target = to.join(entry.file_name().unwrap());
        if entry.is_symlink() {
            link(&fs::read_link(&entry)?, &target)?;
        } else if entry.is_dir() {
            copy(&entry, &target)?;
        } else {
            fs::copy(&entry, &target)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(to: &Path, at: &Path) -> Result<()> {
    std::os::unix::fs::symlink(to, at)
}

#[cfg(windows)]
fn link(to: &Path, at: &Path) -> Result<()> {
    std::os::windows::fs::symlink_file(to, at)
}

/// Tests the harness itself: it must report an empty folder, a misspelt part, a file next to the cases, a case without
/// expectations, and a difference.
fn proves_itself() -> std::result::Result<(), Failed> {
    let area = tempfile::tempdir()?;
    for (file, content) in [
        ("good/command", "--version\n"),
        ("good/expected.out", concat!("krender ", env!("CARGO_PKG_VERSION"), "\n")),
        ("silent/command", "--version\n"),
        ("wrong/command", "--version\n"),
        ("wrong/expected.out", "another\n"),
        ("misspelt/expectd.yaml", ""),
        ("beside.yaml", ""),
    ] {
        let file = area.path().join(file);
        fs::create_dir_all(file.parent().unwrap())?;
        fs::write(file, content)?;
    }
    fs::create_dir(area.path().join("empty"))?;
    let (cases, mistakes) = collect(area.path())?;
    assert_eq!(mistakes.len(), 3, "{mistakes:?}");
    assert!(cases.iter().map(|case| case.file_name().unwrap()).eq(["good", "silent", "wrong"]));
    let passes: Vec<bool> = cases.iter().map(|case| check(case, false).is_ok()).collect();
    assert_eq!(passes, [true, false, false]);
    assert_eq!(difference(b"a\nb\nc\n", b"a\nx\nc\n"), "  a\n- b\n+ x\n  c\n  \n");
    assert_eq!(words("build 'a b' \"\" -o=c"), ["build", "a b", "", "-o=c"]);
    Ok(())
}
