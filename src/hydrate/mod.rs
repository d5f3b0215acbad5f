//! Rendered manifests in a branch or a folder: names of files, the record of those that krender owns, the plan of what to
//! write and to remove, and what is told about the source commit.
//!
//! Pure: nothing is read or written here. `cli/hydrate` renders, and `external::git` and `load` write.

mod names;
mod plan;
mod record;
mod source;

pub use names::{FileNames, check_path, is_git_folder};
pub use plan::{Existing, Hydrated, Plan};
pub use record::{Owned, RECORD, Record};
pub use source::{Identity, METADATA, SourceCommit, public_url};
