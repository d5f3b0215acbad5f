//! `--format` and `--output` of a check.

use std::io;

use clap::ValueEnum;

use crate::cli::{print, print_by, terminal};
use crate::error::Result;
use crate::load;
use crate::report::findings::{Findings, github, json, junit, sarif, text};

/// Output format of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum FindingsForm {
    /// Text with source frames, for people
    Text,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands of GitHub Actions
    Github,
    /// `JUnit` XML, with a suite per target
    Junit,
}

/// Writes findings to standard output or to a file. Text for people ends with a table of all targets if it is wanted.
///
/// # Errors
/// [`crate::error::Code::WriteFailed`].
pub(in crate::cli) fn write(
    form: FindingsForm,
    findings: &Findings<'_>,
    with_table: bool,
    file: Option<&str>,
) -> Result<()> {
    let format: fn(&Findings<'_>, &mut dyn io::Write) -> io::Result<()> = match form {
        FindingsForm::Text => {
            let table = with_table.then(terminal::width);
            let Some(file) = file else { return text::write(findings, table, &mut Screen) };
            let mut content = FileContent(String::new());
            text::write(findings, table, &mut content)?;
            return replace(file, content.0.as_bytes());
        }
        FindingsForm::Json => json::write,
        FindingsForm::Sarif => sarif::write,
        FindingsForm::Github => github::write,
        FindingsForm::Junit => junit::write,
    };
    let Some(file) = file else { return print_by(|out| format(findings, out)) };
    let mut content = Vec::new();
    // Writing to a `Vec` cannot fail.
    drop(format(findings, &mut content));
    replace(file, &content)
}

fn replace(file: &str, content: &[u8]) -> Result<()> {
    crate::cli::clean_up_on_signals();
    load::write(file.as_ref(), &[content])
}

/// Standard output.
struct Screen;

impl text::Output for Screen {
    fn drawn(&mut self, text: &str) -> Result<()> {
        terminal::print(text)
    }

    fn plain(&mut self, text: &str) -> Result<()> {
        print(text)
    }
}

/// The content of a file, without colours.
struct FileContent(String);

impl text::Output for FileContent {
    fn drawn(&mut self, text: &str) -> Result<()> {
        self.plain(&terminal::without_colours(text))
    }

    fn plain(&mut self, text: &str) -> Result<()> {
        self.0.push_str(text);
        Ok(())
    }
}
