//! Field paths in text form: names with a delimiter between them.

use std::borrow::Cow;
use std::iter;

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
}
