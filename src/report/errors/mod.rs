//! Errors and warnings: for people, and for programs.
//!
//! ```
//! use krender::load::{Loader, Memory, Options};
//! use krender::report::errors::json;
//! use krender::resource::secret::Shield;
//!
//! let files = Memory::new().file("kustomization.yaml", "resources: [pod.yaml]\n");
//! let loader = Loader::new(files, Options::default());
//! let Err(error) = krender::build::build(&loader, ".", &krender::build::Options::default()) else { return };
//! let lines = json::errors(&error, loader.sources(), &Shield::default());
//! assert!(lines.starts_with(r#"{"severity":"error","code":"file-not-found""#), "{lines}");
//! ```

mod frame;
pub mod human;
pub mod json;

use std::fmt;

use crate::error::Error;
use crate::source::Sources;

impl Error {
    /// The error and those combined with it as text with source frames, as the command line shows them, without
    /// colours. Values of Secrets are masked. Each error ends with a newline.
    ///
    /// ```
    /// use krender::{load::Memory, Renderer};
    ///
    /// let files = Memory::new().file("kustomization.yaml", "resources:\n- pod.yaml\n");
    /// let renderer = Renderer::new(files, Default::default());
    /// let error = renderer.render(".").unwrap_err();
    /// let text = error.display(renderer.sources()).to_string();
    /// assert!(text.starts_with("error[file-not-found]: "));
    /// assert!(text.contains("2 | - pod.yaml\n"));
    /// ```
    pub fn display<'e>(&'e self, sources: &'e Sources) -> impl fmt::Display + 'e {
        Displayed { error: self, sources }
    }
}

struct Displayed<'e> {
    error: &'e Error,
    sources: &'e Sources,
}

impl fmt::Display for Displayed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&human::plain(self.error, self.sources))
    }
}

/// A statement about the errors beyond a number, which are not written.
fn more(error: &Error, most: usize) -> Option<String> {
    let more = error.iter().count().saturating_sub(most);
    (more > 0).then(|| format!("{more} more failures are not shown"))
}
