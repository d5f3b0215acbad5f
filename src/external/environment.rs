//! The environment variables and the working directory that krender was started with.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The environment variables and the working directory that krender was started with. Programs are searched in its
/// `PATH`, and get variables from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    variables: Vec<(OsString, OsString)>,
    working_directory: PathBuf,
    guard: Option<PathBuf>,
}

impl Environment {
    /// An environment of these variables. Relative paths in them are resolved against the working directory.
    #[must_use]
    pub fn new(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        working_directory: &Path,
    ) -> Self {
        let variables = variables.into_iter().collect();
        Self { variables, working_directory: working_directory.to_path_buf(), guard: None }
    }

    /// Sets the program that can [guard](super::guard()) others: krender itself.
    #[must_use]
    pub fn guarded_by(mut self, program: Option<PathBuf>) -> Self {
        self.guard = program;
        self
    }

    /// The program that can guard others.
    pub(super) fn guard(&self) -> Option<&Path> {
        self.guard.as_deref()
    }

    /// The value of a variable; `None` if it is not set or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        let mut values = self.variables.iter().filter(|(variable, _)| variable == name);
        values.next().map(|(_, value)| value.as_os_str()).filter(|value| !value.is_empty())
    }

    /// The path in a variable, resolved against the working directory; `None` if it is not set or empty.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(|path| self.working_directory.join(path))
    }

    /// All variables.
    pub fn variables(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// The directory that krender was started in.
    #[must_use]
    pub fn working_directory(&self) -> &Path {
        &self.working_directory
    }
}
