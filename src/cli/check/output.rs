//! `--format` and `--output` of commands with findings.

use std::io;

use clap::ValueEnum;

use crate::cli::{print, print_by, terminal};
use crate::error::Result;
use crate::load;
use crate::report::findings::text::Detail;
use crate::report::findings::{Findings, github, gitlab, json, junit, sarif, text};
use crate::text::escape::without_colours;

/// Output format of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum FindingsForm {
    /// For people: `full` for a few findings, otherwise `concise`
    Text,
    /// For people: a line per finding, grouped by object, errors first
    Concise,
    /// For people: the source of each finding, with reason and advice
    Full,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands of GitHub Actions
    Github,
    /// Code Quality report of GitLab
    Gitlab,
    /// `JUnit` XML, with a suite per target
    Junit,
}

impl FindingsForm {
    /// The detail of a format for people.
    const fn detail(self) -> Option<Detail> {
        match self {
            Self::Text => Some(Detail::Fitting),
            Self::Concise => Some(Detail::Concise),
            Self::Full => Some(Detail::Full),
            Self::Json | Self::Sarif | Self::Github | Self::Gitlab | Self::Junit => None,
        }
    }

    /// True for a format for people.
    pub(in crate::cli) const fn is_text(self) -> bool {
        self.detail().is_some()
    }
}

/// Writes findings to standard output or to a file. Text for people has a table of the targets if it is wanted.
///
/// # Errors
/// [`crate::error::Code::WriteFailed`].
pub(in crate::cli) fn write(
    form: FindingsForm,
    findings: &Findings<'_>,
    with_table: bool,
    file: Option<&str>,
) -> Result<()> {
    if let Some(detail) = form.detail() {
        let Some(file) = file else {
            return text::write(findings, detail, with_table, terminal::narrow(), &mut Screen);
        };
        let mut content = FileContent(String::new());
        text::write(findings, detail, with_table, None, &mut content)?;
        return replace(file, content.0.as_bytes());
    }
    let format: fn(&Findings<'_>, &mut dyn io::Write) -> io::Result<()> = match form {
        FindingsForm::Sarif => sarif::write,
        FindingsForm::Github => github::write,
        FindingsForm::Gitlab => gitlab::write,
        FindingsForm::Junit => junit::write,
        FindingsForm::Json | FindingsForm::Text | FindingsForm::Concise | FindingsForm::Full => {
            json::write
        }
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
    fn has_colours(&self) -> bool {
        terminal::has_colours()
    }

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
    fn has_colours(&self) -> bool {
        false
    }

    fn drawn(&mut self, text: &str) -> Result<()> {
        self.plain(&without_colours(text))
    }

    fn plain(&mut self, text: &str) -> Result<()> {
        self.0.push_str(text);
        Ok(())
    }
}
