//! Paths of fields: as text, as the reference reads it, and as a list of steps.
//!
//! - Names with a delimiter between them: [`split`] and [`split_bracketed`]. The paths of field specs are such names.
//! - Names with a meaning ([`PathName`]): positions and conditions of list elements. [`ValuePath`] selects one field by
//!   them; the targets of replacements select several.
//! - Keys and indices: [`Path`], for a field that is known. Its text is a JSON pointer ([`to_pointer`], [`of_pointer`]).

mod field;
mod value;

use std::borrow::Cow;
use std::iter;

pub use field::{Path, PathStep, Trail};
pub(crate) use value::{ValuePath, position};

/// Splits a path at its delimiters. A backslash before a delimiter makes it part of the name; a delimiter at the start
/// of the path is skipped. Names without such a backslash are not copied.
///
/// (kustomize, `kyaml/utils/pathsplitter.go`: `PathSplitter`.)
///
/// ```
/// let names: Vec<_> = krender::yaml::path::split(r"metadata/annotations/a.b\/c", '/').collect();
/// assert_eq!(names, ["metadata", "annotations", "a.b/c"]);
/// ```
pub fn split(path: &str, delimiter: char) -> impl Iterator<Item = Cow<'_, str>> {
    let mut parts = path.strip_prefix(delimiter).unwrap_or(path).split(delimiter);
    iter::from_fn(move || {
        let mut name = Cow::from(parts.next()?);
        while name.ends_with('\\')
            && let Some(part) = parts.next()
        {
            let name = name.to_mut();
            name.pop();
            name.push(delimiter);
            name.push_str(part);
        }
        Some(name)
    })
}

/// Splits a path at its dots, but not between brackets: `[a.b/c]` is one name, and `[name=a.b]` selects a list element.
/// The brackets of a name are removed if there is a dot between them, as in the reference.
///
/// (kustomize, `kyaml/utils/pathsplitter.go`: `SmarterPathSplitter`.)
#[must_use]
pub fn split_bracketed(path: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut parts = split(path, '.').map(Cow::into_owned);
    while let Some(mut name) = parts.next() {
        if name.starts_with('[') && !name.ends_with(']') {
            for part in parts.by_ref() {
                name.push('.');
                name.push_str(&part);
                if part.ends_with(']') {
                    break;
                }
            }
            if !name.contains('=') {
                name = name.trim_matches(['[', ']']).to_owned();
            }
        }
        names.push(name);
    }
    names
}

/// A name of a path by its meaning. (kustomize, `kyaml/yaml/fns.go`: `PathGetter`; `match.go`: `PathMatcher`.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathName<'n> {
    /// The index of an element.
    Index(i64),
    /// `-`: the last element.
    Last,
    /// `*`: every element.
    Every,
    /// The condition of `[key=value]` or `[=value]`, without the brackets: elements that meet it.
    Element(&'n str),
    /// The key of a mapping.
    Key(&'n str),
}

impl<'n> PathName<'n> {
    /// The meaning of a name.
    #[must_use]
    pub fn of(name: &'n str) -> Self {
        if let Ok(index) = name.parse() {
            return Self::Index(index);
        }
        match name {
            "-" => Self::Last,
            "*" => Self::Every,
            _ => match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
                Some(condition) => Self::Element(condition),
                None => Self::Key(name),
            },
        }
    }
}

/// A key as a part of a JSON pointer (RFC 6901): `~1` for `/`, `~0` for `~`.
#[must_use]
pub fn to_pointer(key: &str) -> Cow<'_, str> {
    match key.contains(['~', '/']) {
        true => key.replace('~', "~0").replace('/', "~1").into(),
        false => key.into(),
    }
}

/// The key of a part of a JSON pointer. Other escapes stay as they are.
#[must_use]
pub fn of_pointer(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_cut_and_backslashes_keep() {
        let names = |path, delimiter| split(path, delimiter).collect::<Vec<_>>();
        assert_eq!(names("a/b", '/'), ["a", "b"]);
        assert_eq!(names("/a//b/", '/'), ["a", "", "b", ""]);
        assert_eq!(names(r"a\/b/c", '/'), ["a/b", "c"]);
        assert_eq!(names(r"a\/b\/c/d\.e", '/'), ["a/b/c", r"d\.e"]);
        assert_eq!(names(r"a\\/b\//c", '/'), [r"a\/b/", "c"]);
        assert_eq!(names("", '.'), [""]);
        assert_eq!(names(r"a\", '.'), [r"a\"]);
    }

    #[test]
    fn brackets_keep_points() {
        assert_eq!(split_bracketed("a.[b.c/d].e"), ["a", "b.c/d", "e"]);
        assert_eq!(split_bracketed("a.[name=b.c].d"), ["a", "[name=b.c]", "d"]);
        assert_eq!(split_bracketed("a.[b].c"), ["a", "[b]", "c"]);
        assert_eq!(split_bracketed("a.[b.c"), ["a", "b.c"]);
        assert_eq!(split_bracketed(r"a.b\.c"), ["a", "b.c"]);
    }

    #[test]
    fn names_have_a_meaning() {
        for (name, meaning) in [
            ("0", PathName::Index(0)),
            ("-1", PathName::Index(-1)),
            ("-", PathName::Last),
            ("*", PathName::Every),
            ("[k=v]", PathName::Element("k=v")),
            ("[]", PathName::Element("")),
            ("[", PathName::Key("[")),
            ("", PathName::Key("")),
            ("a]", PathName::Key("a]")),
        ] {
            assert_eq!(PathName::of(name), meaning, "{name}");
        }
    }

    #[test]
    fn pointers_escape_keys() {
        for (key, part) in [("a", "a"), ("a/b~", "a~1b~0"), ("~1", "~01")] {
            assert_eq!(to_pointer(key), part);
            assert_eq!(of_pointer(part), key);
        }
        assert_eq!(of_pointer("~2"), "~2");
    }
}
