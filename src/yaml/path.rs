//! The written form of the path of a field: names with a delimiter between them.

/// Cuts a path at its delimiters. A backslash before one makes it a part of the name, and one may begin the path.
///
/// (kustomize, `kyaml/utils/pathsplitter.go`: `PathSplitter`.)
#[must_use]
pub fn split(path: &str, delimiter: char) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for part in path.strip_prefix(delimiter).unwrap_or(path).split(delimiter) {
        match names.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(delimiter);
                last.push_str(part);
            }
            _ => names.push(part.to_owned()),
        }
    }
    names
}

/// Cuts a path at its points, but not between brackets: `[a.b/c]` is a name, and `[name=a.b]` names an element. The
/// brackets of a name go if there is a point between them, as in the reference.
///
/// (kustomize, `kyaml/utils/pathsplitter.go`: `SmarterPathSplitter`.)
#[must_use]
pub fn split_bracketed(path: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut parts = split(path, '.').into_iter();
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
        assert_eq!(split("a/b", '/'), ["a", "b"]);
        assert_eq!(split("/a//b/", '/'), ["a", "", "b", ""]);
        assert_eq!(split(r"a\/b/c", '/'), ["a/b", "c"]);
        assert_eq!(split("", '.'), [""]);
        assert_eq!(split(r"a\", '.'), [r"a\"]);
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
