//! The path of a target in its repository, by which its purpose is judged: the same from every working directory.

use std::path::Path;

use crate::cli::reading::top_of;
use crate::load;

/// The path of a target relative to the top of the repository that it is in, or to the working directory if it is in none.
/// Links are followed. A target in neither keeps its absolute path, and one that is fetched its name.
pub(super) fn in_repository(target: &str, directory: &Path) -> String {
    let named = load::join(directory, Path::new(target));
    let Some(path) = load::resolved(&named) else { return target.to_owned() };
    let beside = || load::resolved(directory);
    let below = |top: &Path| path.strip_prefix(top).ok().map(Path::to_path_buf);
    let found = match top_of(&path) {
        Some(top) => below(top),
        None => beside().and_then(|top| below(&top)),
    };
    let found = found.as_deref().unwrap_or(&path).to_string_lossy();
    if found.is_empty() { ".".to_owned() } else { found.into_owned() }
}
