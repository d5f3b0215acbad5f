//! Patterns for files that a user names: `*.yaml`, as in Go's `filepath.Glob`.

use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::str::Chars;

use super::unnamed;
use crate::error::{Code, Error, Result};
use crate::load::files::{Kind, join};
use crate::load::{Loader, NESTED};
use crate::text::escape;

impl Loader {
    /// The paths that match a pattern, relative to the working directory if the pattern is; sorted within each directory.
    /// `*` is any text in a name, `?` one character, `[a-z]` one of these and `[^a-z]` any other; `\` before a character
    /// means itself. Hidden names match only a pattern whose last name begins with a dot, as in kustomize. A pattern
    /// without any of these is the path itself, if there is an entry; links are not followed.
    ///
    /// # Errors
    /// [`Code::InvalidPattern`], [`Code::InvalidPath`] for a matching name that is not UTF-8, and [`Code::ReadFailed`].
    pub fn glob(&self, pattern: &str) -> Result<Vec<String>> {
        let is_hidden = |path: &str| path.rsplit('/').next().is_some_and(|it| it.starts_with('.'));
        let mut found = self.matches(pattern)?;
        if !is_hidden(pattern.trim_end_matches('/')) {
            found.retain(|path| !is_hidden(path));
        }
        Ok(found)
    }

    fn matches(&self, pattern: &str) -> Result<Vec<String>> {
        let parts = parse(pattern)?;
        if parts.iter().all(|part| matches!(part, Part::One(_))) && !pattern.contains('\\') {
            let path = join(&self.0.options.working_directory, Path::new(pattern));
            let kind = self.entry_kind(&path)?;
            let is_found = !pattern.is_empty() && kind != Kind::Missing;
            return Ok(if is_found { vec![pattern.to_owned()] } else { Vec::new() });
        }
        let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
        let is_absolute = pattern.starts_with('/') && folder.is_empty();
        let folders = match folder {
            "" if is_absolute => vec!["/".to_owned()],
            "" => vec![String::new()],
            folder => self.matches(folder)?,
        };
        let name = parse(name)?;
        let mut found = Vec::new();
        for folder in folders {
            let whole = join(&self.0.options.working_directory, Path::new(&folder));
            let Some(whole) = self.directory(&whole, NESTED)? else { continue };
            if self.entry_kind(&whole)? != Kind::Directory {
                continue;
            }
            for (entry, _) in self.entries(&whole)? {
                match entry.to_str() {
                    Some(text) if fits(&name, text) => {
                        let path: PathBuf = Path::new(&folder).join(text);
                        found.push(path.to_string_lossy().into_owned());
                    }
                    Some(_) => {}
                    None if fits(&name, &entry.to_string_lossy()) => {
                        return Err(unnamed(&Path::new(&folder).join(&entry)).1);
                    }
                    None => {}
                }
            }
        }
        Ok(found)
    }
}

/// A pattern of whole paths, as in Go's `filepath.Match`: see [`Loader::glob`]. `*` and `?` stand for no `/`.
#[derive(Debug)]
pub struct Pattern(Vec<Part>);

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`Code::InvalidPattern`].
    pub fn new(pattern: &str) -> Result<Self> {
        parse(pattern).map(Self)
    }

    /// True if the whole path matches.
    #[must_use]
    pub fn fits(&self, path: &str) -> bool {
        fits(&self.0, path)
    }
}

/// A part of a pattern.
#[derive(Debug)]
enum Part {
    One(char),
    /// `?`
    Any,
    /// `*`
    Many,
    /// `[a-z]`; with `true`, `[^a-z]`.
    Class(bool, Vec<(char, char)>),
}

/// The parts of a pattern. (Go's `path/filepath/match.go`.)
fn parse(pattern: &str) -> Result<Vec<Part>> {
    let invalid = |reason: &str| {
        let shown = escape::visible(pattern);
        let message = format!("the pattern `{shown}` is invalid: {reason}");
        Error::new(Code::InvalidPattern, message)
            .help("write `\\` before a character that means itself")
    };
    let mut parts = Vec::new();
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        parts.push(match character {
            '*' => Part::Many,
            '?' => Part::Any,
            '\\' => Part::One(rest.next().ok_or_else(|| invalid("found `\\` at the end"))?),
            '[' => {
                let is_negated = rest.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                loop {
                    if !ranges.is_empty() && rest.next_if_eq(&']').is_some() {
                        break;
                    }
                    let unclosed = || invalid("found `[` without characters and `]`");
                    let low = member(&mut rest).ok_or_else(unclosed)?;
                    let high = match rest.next_if_eq(&'-') {
                        Some(_) => member(&mut rest).ok_or_else(unclosed)?,
                        None => low,
                    };
                    ranges.push((low, high));
                }
                Part::Class(is_negated, ranges)
            }
            character => Part::One(character),
        });
    }
    Ok(parts)
}

/// A character of a class.
fn member(rest: &mut Peekable<Chars<'_>>) -> Option<char> {
    match rest.next()? {
        '-' | ']' => None,
        '\\' => rest.next(),
        character => Some(character),
    }
}

/// True if a name or path matches, in time linear in name × pattern.
fn fits(pattern: &[Part], name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let (mut place, mut at) = (0, 0);
    // The last `*`, and the place in the name after the text that it stands for.
    let mut star: Option<(usize, usize)> = None;
    loop {
        let is_fit = match (pattern.get(place), name.get(at)) {
            (None, None) => return true,
            (Some(Part::Many), _) => {
                star = Some((place, at));
                place += 1;
                continue;
            }
            (Some(Part::Any), Some(found)) => *found != '/',
            (Some(Part::One(expected)), Some(found)) => expected == found,
            (Some(Part::Class(is_negated, ranges)), Some(found)) => {
                ranges.iter().any(|(low, high)| low <= found && found <= high) != *is_negated
            }
            _ => false,
        };
        if is_fit {
            (place, at) = (place + 1, at + 1);
            continue;
        }
        match star {
            Some((known, from)) if name.get(from).is_some_and(|found| *found != '/') => {
                star = Some((known, from + 1));
                (place, at) = (known + 1, from + 1);
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Memory, Options};

    #[test]
    fn names_match_as_in_go() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "a.yml", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("?", "é", true),
            ("?", "", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("a*", "ab/c", false),
            ("a*/b", "abc/b", true),
            ("*/b", "a/c/b", false),
            ("a?b", "a/b", false),
            ("[]a]x", "ax", false),
            ("[\\]a]x", "]x", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("a[x-z-9]", "a9", false),
        ] {
            let fit = parse(pattern).map(|parts| fits(&parts, name));
            match (pattern, fit) {
                ("[]a]x" | "a[x-z-9]", fit) => assert!(fit.is_err(), "{pattern}"),
                (_, fit) => assert_eq!(fit.ok(), Some(expected), "{pattern} {name}"),
            }
        }
        for pattern in ["[", "[a", "[a-", "a\\", "[^", "[-a]", "[]"] {
            let error = parse(pattern).err().map(|error| error.code());
            assert_eq!(error, Some(Code::InvalidPattern), "{pattern}");
        }
    }

    #[test]
    fn many_stars_take_little_time() {
        let pattern = parse(&"*a".repeat(2000)).unwrap();
        assert!(!fits(&pattern, &"a".repeat(1999)));
        assert!(fits(&pattern, &"a".repeat(2000)));
    }

    #[test]
    fn paths_are_found_by_patterns() {
        let files = Memory::new()
            .file("a.yaml", "")
            .file("b.yaml", "")
            .file(".c.yaml", "")
            .file("one/x.yaml", "")
            .file("two/x.yaml", "")
            .file("two/.y.yaml", "")
            .link("two/gone.yaml", "nowhere")
            .link("three", "one");
        let loader = Loader::new(files, Options::default());
        let glob = |pattern: &str| loader.glob(pattern).unwrap().join(" ");
        assert_eq!(glob("*.yaml"), "a.yaml b.yaml");
        assert_eq!(glob(".*.yaml"), ".c.yaml");
        assert_eq!(glob("a.yaml"), "a.yaml");
        assert_eq!(glob(".c.yaml"), ".c.yaml");
        assert_eq!(glob("./a.yaml"), "./a.yaml");
        assert_eq!(glob("t*/*.yaml"), "three/x.yaml two/gone.yaml two/x.yaml");
        assert_eq!(glob("/tw?/x.yaml"), "/two/x.yaml");
        assert_eq!(glob("one"), "one");
        assert_eq!(glob("nothing"), "");
        assert_eq!(glob("a.yaml/*"), "");
        assert_eq!(glob(""), "");
        assert_eq!(loader.glob("[").unwrap_err().code(), Code::InvalidPattern);
    }
}
