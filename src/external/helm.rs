//! Helm, versions 3 and 4: the calls that kustomize makes, with the same arguments and variables.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Environment, Outcome, Program, memory};
use crate::error::{Code, Error, Result};
use crate::limits::Cancel;
use crate::text::escape;

/// The Helm program with its folders.
#[derive(Clone, Debug)]
pub struct Helm {
    program: Program,
    /// The name to show.
    command: String,
}

/// The folders of Helm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// `HELM_CONFIG_HOME`: logins and repositories.
    pub config: PathBuf,
    /// `HELM_CACHE_HOME`.
    pub cache: PathBuf,
    /// `HELM_DATA_HOME`: plugins.
    pub data: PathBuf,
}

impl Folders {
    /// The folders that kustomize uses for a configuration home.
    #[must_use]
    pub fn of(home: &Path) -> Self {
        let (cache, data) = (home.join(".cache"), home.join(".data"));
        Self { config: home.to_path_buf(), cache, data }
    }
}

/// Maximum time of a call. A chart is rendered in less than a second, and pulled in some.
const LONGEST: Duration = Duration::from_mins(5);
/// Maximum size of what a chart renders, in bytes.
const MOST: u64 = 256 << 20;
/// Maximum size of the memory of Helm, in bytes. Large charts need a tenth of it.
const MOST_MEMORY: u64 = 4 << 30;
/// Maximum length of what Helm complains about, in characters.
const MOST_SAID: usize = 2_000;

impl Helm {
    /// Finds the program: in `PATH`, or at a path from the working directory if the command has a slash. It gets a folder for
    /// its temporary files.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] if there is none.
    pub fn find(
        command: &str,
        environment: &Environment,
        folders: &Folders,
        temporary: &Path,
        cancel: &Cancel,
    ) -> Result<Self> {
        let directory = environment.working_directory();
        let program = match command.contains(std::path::is_separator) {
            true => Ok(Program::at(&directory.join(command), environment, directory)),
            false => Program::find(command, environment, directory),
        };
        let advice = "install Helm 3 or 4, or name the program: `--helm-command PATH`";
        let program = program.map_err(|error| error.help(advice))?.variables(environment);
        let Folders { config, cache, data } = folders;
        let program = program
            .variable("HELM_CONFIG_HOME", config)
            .variable("HELM_CACHE_HOME", cache)
            .variable("HELM_DATA_HOME", data)
            .variable("TMPDIR", temporary)
            .at_most(LONGEST)
            .output_at_most(MOST)
            .watched_by(refuse_memory)
            .cancelled_by(cancel);
        Ok(Self { program, command: command.to_owned() })
    }

    /// The path of the program.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.program.path()
    }

    /// The version as Helm tells it, of a Helm that charts can be rendered with. (kustomize, `checkHelmVersion`.)
    ///
    /// # Errors
    /// [`Code::HelmFailed`] if it fails, or is neither version 3 nor 4, and as [`Program::run`].
    pub fn version(&self) -> Result<String> {
        let output = self.run(&["version".into(), "--short".into()], "version --short")?;
        let text = String::from_utf8_lossy(&output).into_owned();
        let Some(version) = version_in(&text) else {
            let shown = shortened(&text);
            let message = format!("`{} version --short` tells no version: {shown}", self.command);
            return Err(Error::new(Code::HelmFailed, message)
                .help("name a Helm program: `--helm-command PATH`"));
        };
        match version.split('.').next() {
            Some("3" | "4") => Ok(text.trim().to_owned()),
            _ => {
                let message = format!("`{}` is Helm {version}, expected 3 or 4", self.command);
                Err(Error::new(Code::HelmFailed, message).help("install Helm 4"))
            }
        }
    }

    /// Runs the program, and returns its output. `shown` are the arguments to show.
    ///
    /// # Errors
    /// [`Code::HelmFailed`] if it fails, and as [`Program::run`].
    pub fn run(&self, arguments: &[OsString], shown: &str) -> Result<Vec<u8>> {
        let advice = |error: Error| match error.code() {
            Code::ReadFailed => {
                error.help("install Helm 3 or 4, or name the program: `--helm-command PATH`")
            }
            _ => error,
        };
        let Outcome { is_success, code, output, said } =
            self.program.run(arguments).map_err(advice)?;
        if is_success {
            return Ok(output);
        }
        let end = match code {
            Some(code) => format!("exit code {code}"),
            None => "ended by a signal".to_owned(),
        };
        let said = shortened(&said);
        let command = format!("{} {}", escape::visible(&self.command), escape::visible(shown));
        let message = format!("`{command}` failed ({end}): {said}");
        Err(Error::new(Code::HelmFailed, message))
    }
}

/// Refuses a process with too much memory.
fn refuse_memory(process: u32) -> Result<()> {
    if memory::held(process) <= MOST_MEMORY {
        return Ok(());
    }
    let message = format!("Helm needs more than {} GiB of memory for the chart", MOST_MEMORY >> 30);
    Err(Error::new(Code::TooLarge, message))
}

/// The complaint of a program on a line, without invisible characters.
fn shortened(said: &str) -> String {
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        return "it gave no reason".to_owned();
    }
    let text = lines.join("; ");
    let text = match text.char_indices().nth(MOST_SAID) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    };
    escape::visible(&text).into_owned()
}

/// The first version in a text, without `v`: at least two numbers with dots between.
fn version_in(text: &str) -> Option<&str> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut start = 0;
    while let Some(found) = text[start..].find(|character: char| character.is_ascii_digit()) {
        start += found;
        let mut end = start + digits(&text[start..]);
        let first = end;
        while text[end..].starts_with('.') && digits(&text[end + 1..]) > 0 {
            end += 1 + digits(&text[end + 1..]);
        }
        if end > first {
            return Some(&text[start..end]);
        }
        start = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_any_text() {
        for (text, expected) in [
            ("v3.14.0+gc4e37b3\n", Some("3.14.0")),
            ("4.0", Some("4.0")),
            ("Client: v2.17.0", Some("2.17.0")),
            ("helm 3 is v3.1.", Some("3.1")),
            ("1.", None),
            ("12", None),
            ("hello", None),
            ("", None),
        ] {
            assert_eq!(version_in(text), expected, "{text}");
        }
    }

    #[test]
    fn complaints_are_escaped_and_bounded() {
        assert_eq!(shortened(" \n"), "it gave no reason");
        assert_eq!(shortened("one\n\n  two\u{1b}[0m"), "one; two\\u{1b}[0m");
        assert_eq!(shortened(&"ä".repeat(9_000)).chars().count(), MOST_SAID + 1);
    }
}
