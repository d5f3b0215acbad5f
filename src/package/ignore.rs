//! `.krmignore`: patterns for files and folders that do not belong to a package, in a part of the syntax of `.gitignore`.

use crate::load::Pattern;

/// The name of the file.
pub(super) const FILE: &str = ".krmignore";

/// The patterns of a file. A pattern `a/b` fits the last parts of a path, `/a/b` the whole path; with `/` at its end only
/// folders. `!` before a pattern keeps what it fits.
#[derive(Debug, Default)]
pub struct Ignore(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    keeps: bool,
    is_whole: bool,
    is_folder: bool,
    /// A pattern for each part of a path.
    parts: Vec<Pattern>,
}

impl Ignore {
    /// Reads patterns. Those that are not valid fit no path.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().map(|line| line.trim_matches(' '));
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self(lines.filter_map(Rule::parse).collect())
    }

    /// True if a path, relative to the package, is ignored.
    #[must_use]
    pub fn fits(&self, path: &str, is_folder: bool) -> bool {
        let path: Vec<&str> = path.split('/').collect();
        let mut fitting = self.0.iter().filter(|rule| rule.fits(&path, is_folder)).peekable();
        fitting.peek().is_some() && fitting.all(|rule| !rule.keeps)
    }
}

impl Rule {
    fn parse(line: &str) -> Option<Self> {
        let line = if line.starts_with("\\#") { &line[1..] } else { line };
        let (keeps, pattern) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let names = pattern.trim_matches('/');
        let parts = names.split('/').map(|part| Pattern::new(part).ok()).collect::<Option<_>>()?;
        let (is_whole, is_folder) = (pattern.starts_with('/'), pattern.ends_with('/'));
        (!names.is_empty()).then_some(Self { keeps, is_whole, is_folder, parts })
    }

    fn fits(&self, path: &[&str], is_folder: bool) -> bool {
        let Some(skipped) = path.len().checked_sub(self.parts.len()) else { return false };
        (is_folder || !self.is_folder)
            && (skipped == 0 || !self.is_whole)
            && self.parts.iter().zip(&path[skipped..]).all(|(part, name)| part.fits(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_paths() {
        let ignore = Ignore::parse(
            "# comment\n\n *.tmp.yaml \n/top.yaml\ndeep/x.yaml\nfolder/\n!keep.tmp.yaml\n\\#a\n[\n/\n!\n",
        );
        for (path, is_folder, expected) in [
            ("a.tmp.yaml", false, true),
            ("a/b/c.tmp.yaml", false, true),
            ("a/keep.tmp.yaml", false, false),
            ("top.yaml", false, true),
            ("a/top.yaml", false, false),
            ("deep/x.yaml", false, true),
            ("a/deep/x.yaml", false, true),
            ("x.yaml", false, false),
            ("folder", true, true),
            ("folder", false, false),
            ("a/folder", true, true),
            ("#a", false, true),
            ("[", false, false),
        ] {
            assert_eq!(ignore.fits(path, is_folder), expected, "{path}");
        }
    }
}
