//! Changes in the pods of a workload: images, protection, quality of service.

mod images;
mod protection;
mod quality;

pub(super) use images::images;
pub(super) use protection::protection;
pub(super) use quality::quality;

use super::Sides;
use crate::harden::template;
use crate::harden::value::{below, items, present, text};
use crate::yaml::Node;

/// The specification of the pods of an object, if its kind makes pods.
pub(super) fn pod_spec<'a>(sides: &Sides<'_>, object: &'a Node) -> Option<&'a Node> {
    let path = template(sides.group, sides.kind)?;
    present(below(object, path)?, "spec")
}

/// A container on both sides.
struct Pair<'a> {
    name: &'a str,
    before: &'a Node,
    after: &'a Node,
}

/// The containers that are there before and after, by their lists and names.
fn containers<'a>(before: &'a Node, after: &'a Node) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    for list in ["initContainers", "containers"] {
        let named = |spec: &'a Node| {
            let containers = items(present(spec, list)).iter();
            containers.filter_map(|one| Some((text(one, "name")?, one)))
        };
        let old: std::collections::BTreeMap<&str, &Node> = named(before).collect();
        let both = named(after).filter_map(|(name, after)| {
            let before = old.get(name)?;
            Some(Pair { name, before, after })
        });
        pairs.extend(both);
    }
    pairs
}
