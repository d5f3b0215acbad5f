//! `.dockerignore`: the files that a build does not send.

use super::scene::Ignored;
use crate::load::{Kind, Loader};
use crate::text::wildcard::fits;

/// Names that should stay out of the context of a build.
const NAMES: [&str; 2] = [".git", ".env"];

/// Looks up the names in the directory of a Dockerfile that neither its own `.dockerignore` nor that of the directory leaves
/// out.
pub(super) fn look_up(loader: &Loader, dockerfile: &str) -> Ignored {
    let directory = dockerfile.rsplit_once('/').map_or("", |(directory, _)| directory);
    let files = [format!("{dockerfile}.dockerignore"), below(directory, ".dockerignore")];
    let file = files.iter().find(|file| loader.kind(file) == Kind::File);
    let patterns = file.and_then(|path| loader.file(path).ok());
    let patterns = patterns.and_then(|file| Some(file.source().ok()?.text().to_owned()));
    let patterns = patterns.unwrap_or_default();
    let is_sent = |name: &&str| {
        loader.kind(&below(directory, name)) != Kind::Missing && !is_ignored(&patterns, name)
    };
    let sent = NAMES.iter().filter(|name| is_sent(name)).map(|name| (*name).to_owned());
    Ignored { is_there: file.is_some(), sent: sent.collect() }
}

fn below(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

/// True if the last pattern that fits a name at the top of the context leaves it out.
fn is_ignored(patterns: &str, name: &str) -> bool {
    let mut is_ignored = false;
    for line in patterns.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let (pattern, is_left_out) = match line.strip_prefix('!') {
            Some(pattern) => (pattern, false),
            None => (line, true),
        };
        let pattern =
            pattern.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/');
        let pattern = pattern.strip_suffix("/**").or(pattern.strip_suffix("/*")).unwrap_or(pattern);
        let pattern = pattern.strip_prefix("**/").unwrap_or(pattern);
        if !pattern.is_empty() && !pattern.contains('/') && fits(pattern, name) {
            is_ignored = is_left_out;
        }
    }
    is_ignored
}

#[cfg(test)]
mod tests {
    use super::is_ignored;

    #[test]
    fn the_last_pattern_that_fits_counts() {
        for (patterns, expected) in [
            ("", false),
            (".git\n", true),
            ("/.git/\n", true),
            ("**/.git\n", true),
            (".git/**\n", true),
            (".git*\n", true),
            ("*\n!src\n", true),
            ("*\n!.git\n", false),
            ("# .git\n", false),
            ("src/.git\n", false),
        ] {
            assert_eq!(is_ignored(patterns, ".git"), expected, "{patterns:?}");
        }
    }
}
