//! The path of a target in its repository, by which its purpose is judged: the same from every working directory.

use std::path::Path;

use crate::cli::reading::top_of;
use crate::load;
use crate::text::path;

/// The path of a target relative to the top of the repository that it is in, or to the working directory if it is in none.
/// Links are followed. A target in neither keeps its absolute path, and one that is fetched its name.
pub(super) fn in_repository(target: &str, directory: &Path) -> String {
    let found = located(target, directory).map_or_else(|| target.to_owned(), |(path, _)| path);
    if found.is_empty() { ".".to_owned() } else { found }
}

/// The path of the top of the repository of a target; empty if it is in none.
pub(super) fn top_of_target(target: &str, directory: &Path) -> String {
    located(target, directory).map(|(_, top)| top).unwrap_or_default()
}

/// The path of a name in the repository with this top, from a directory in it, without following links. `None` if it is outside.
pub(super) fn named_in_repository(name: &str, here: &str, top: &str) -> Option<String> {
    if !name.starts_with('/') {
        return Some(path::join(here, name)).filter(|path| !path.starts_with(".."));
    }
    let below = name.strip_prefix(top).filter(|_| !top.is_empty())?;
    below.strip_prefix('/').map(path::clean)
}

fn located(target: &str, directory: &Path) -> Option<(String, String)> {
    let named = load::join(directory, Path::new(target));
    let path = load::resolved(&named)?;
    let top = top_of(&path).map(Path::to_path_buf).or_else(|| load::resolved(directory));
    let below = top.as_deref().and_then(|top| path.strip_prefix(top).ok());
    let found = below.unwrap_or(&path).to_string_lossy().into_owned();
    let top = top.filter(|_| below.is_some()).unwrap_or_default();
    Some((found, top.to_string_lossy().into_owned()))
}
