//! The written form of the path of a field: names with a delimiter between them.

use std::borrow::Cow;
use std::iter;

/// Cuts a path at its delimiters. A backslash before one makes it a part of the name, and one may begin the path.
/// Names without such a backslash are not copied.
///
/// (kustomize, `kyaml/utils/pathsplitter.go`: `PathSplitter`.)
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

/// Cuts a path at its points, but not between brackets: `[a.b/c]` is a name, and `[name=a.b]` names an element. The
/// brackets of a name go if there is a point between them, as in the reference.
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
