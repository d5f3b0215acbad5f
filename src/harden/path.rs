//! Paths for people.

use crate::yaml::Node;
use crate::yaml::path::{Path, PathStep};

/// Writes a path with the names of list elements in place of their indices, where they have names: the text stays the same if
/// an element is added before them.
#[must_use]
pub fn by_name(path: &Path, root: &Node) -> String {
    let mut text = String::new();
    let mut node = Some(root);
    for (number, step) in path.steps().iter().enumerate() {
        // The value of the last key is not looked up: it may be one of many.
        let is_asked = number + 1 < path.steps().len() || matches!(step, PathStep::Index(_));
        node = node.filter(|_| is_asked).and_then(|node| step.down(node));
        text.push('/');
        match step {
            PathStep::Key(key) => text.push_str(key),
            PathStep::Index(index) => match node.and_then(|node| node.get("name")?.as_text()) {
                Some(name) => text.push_str(name),
                None => text.push_str(&index.to_string()),
            },
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::yaml::parse::document;

    #[test]
    fn elements_are_told_by_their_names() {
        let source = Source::detached("list: [{name: x, deep: [{}]}]");
        let root = document(&source).unwrap().unwrap().root;
        let path = Path::of(&["list"]).index(0).keys(&["deep"]).index(0).keys(&["a", "b"]);
        assert_eq!(by_name(&path, &root), "/list/x/deep/0/a/b");
    }
}
