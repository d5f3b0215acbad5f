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

use crate::error::Error;

/// A statement about the errors beyond a number, which are not written.
fn more(error: &Error, most: usize) -> Option<String> {
    let more = error.iter().count().saturating_sub(most);
    (more > 0).then(|| format!("{more} more failures are not shown"))
}
