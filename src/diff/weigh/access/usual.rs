//! The roles for people that each cluster has: their rules, with those that roles of a render add to them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::harden::value::items;
use crate::source::Source;
use crate::yaml::{Node, parse};

/// The roles, the weakest first: each has the rights of those before it.
pub(super) const ORDERED: [&str; 4] = ["view", "edit", "admin", "cluster-admin"];

/// The rules of each role.
static RULES: LazyLock<BTreeMap<&str, Vec<Node>>> = LazyLock::new(|| {
    let source = Source::detached(include_str!("usual_roles.yaml"));
    let document = parse::document(&source).ok().flatten();
    let mut known = Vec::new();
    let rules = |name: &'static str| {
        known.extend_from_slice(items(document.as_ref().and_then(|one| one.root.get(name))));
        (name, known.clone())
    };
    ORDERED.map(rules).into_iter().collect()
});

/// The place of a role in the order; `None` for another role.
pub(super) fn strength(role: &[String; 3]) -> Option<usize> {
    ORDERED.iter().position(|one| *one == role[2]).filter(|_| role[0] == "ClusterRole")
}

/// The rules that a role has in each cluster.
pub(super) fn rules(role: &[String; 3]) -> Option<&'static [Node]> {
    strength(role).and_then(|place| RULES.get(ORDERED.get(place)?)).map(Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_rules() {
        let number = |name: &str| {
            rules(&["ClusterRole", "", name].map(str::to_owned)).map_or(0, <[Node]>::len)
        };
        assert_eq!(ORDERED.map(number), [9, 22, 24, 26]);
        assert_eq!(number("other"), 0);
    }
}
