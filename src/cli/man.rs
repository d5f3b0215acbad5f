//! `krender man`: manual pages.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::Man;

use crate::error::{Code, Error, Result};
use crate::load::OutputFolder;

/// Write the manual pages
///
/// Writes a page for each command into DIR: `krender.1`, `krender-build.1` and so on. Without DIR, prints the page of
/// `krender` itself.
#[derive(Args)]
pub(super) struct Pages {
    /// Directory for the pages; it is made if it does not exist
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

impl Pages {
    /// Writes or prints the pages of a program.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub(super) fn run(&self, mut program: Command) -> Result<()> {
        program.build();
        let Some(directory) = &self.directory else {
            let (_, text) = page(&program)?;
            return super::print(&String::from_utf8_lossy(&text));
        };
        super::clean_up_on_signals();
        let folder = OutputFolder::make(directory)?;
        let mut pending = vec![&program];
        while let Some(command) = pending.pop() {
            let (name, text) = page(command)?;
            folder.write(name.as_ref(), &[text])?;
            let commands = command.get_subcommands();
            pending.extend(commands.filter(|it| !it.is_hide_set() && it.get_name() != "help"));
        }
        Ok(())
    }
}

/// The name of the file of a page, and its text.
fn page(command: &Command) -> Result<(String, Vec<u8>)> {
    let (page, mut text) = (Man::new(command.clone()), Vec::new());
    let rendered = page.render(&mut text);
    rendered.map_err(|error| Error::new(Code::WriteFailed, error.to_string()))?;
    Ok((page.get_filename(), text))
}
