//! The policies that hold for a route by way of its parents: on each way, those of the nearest level that has some.

use super::attached::{Reference, Target};
use crate::diff::weigh::Sides;
use crate::harden::value::{below, items, present, text};
use crate::resource::Resource;
use crate::yaml::Node;

/// The policies of a kind on a side.
pub(super) struct Holding<'h, 'o, 'a> {
    pub(super) sides: &'h Sides<'o, 'a>,
    pub(super) side: usize,
    pub(super) group: &'h str,
    pub(super) kind: &'h str,
}

/// A way from a target to a Gateway: objects and their sections, the nearest first.
pub(super) type Way = Vec<Reference>;

impl<'a> Holding<'_, '_, 'a> {
    /// The ways above a target, of which the object may be in the other render only. `None` if the target has a policy of its
    /// own.
    pub(super) fn above(
        &self,
        target: &Target,
        object: Option<&Node>,
        section: Option<&str>,
    ) -> Option<Vec<Way>> {
        let is_own = |of: Option<&str>| of == section;
        if self.at(target, is_own).iter().any(|(_, policy)| !is_merged_policy(policy)) {
            return None;
        }
        let object = node(self.sides, self.side, target).or(object);
        Some(self.ways(target, object, section.is_some()))
    }

    /// The ways from a route, or from a rule of it, or from a part of a Gateway.
    pub(super) fn ways(&self, target: &Target, object: Option<&Node>, is_part: bool) -> Vec<Way> {
        let own: Way = is_part.then(|| (target.clone(), None)).into_iter().collect();
        let all = object.map(|object| parents(object, &target.namespace)).unwrap_or_default();
        if all.is_empty() {
            return if own.is_empty() { Vec::new() } else { vec![own] };
        }
        let mut ways = Vec::new();
        for parent in all {
            let of = node(self.sides, self.side, &parent.target);
            // A set of listeners is a part of a Gateway.
            let is_set = parent.target.kind.ends_with("ListenerSet");
            let above = of.filter(|_| is_set).map(|set| parents(set, &parent.target.namespace));
            let above: Way = above.into_iter().flatten().map(|one| (one.target, None)).collect();
            for listener in self.listeners(&parent, of) {
                if !self.sides.whole.work.takes(1) {
                    return ways;
                }
                let mut way = own.clone();
                way.extend(listener.map(|listener| (parent.target.clone(), Some(listener))));
                way.push((parent.target.clone(), None));
                way.extend(above.iter().cloned());
                ways.push(way);
            }
        }
        ways
    }

    /// The listeners by which a parent leads to its route; `None` for one of unknown name.
    fn listeners(&self, parent: &Parent, object: Option<&Node>) -> Vec<Option<String>> {
        if parent.listener.is_some() {
            return vec![parent.listener.clone()];
        }
        let listed = items(object.and_then(|object| below(object, &["spec", "listeners"])));
        let port = |one: &&Node| {
            parent.port.as_ref().is_none_or(|port| text(one, "port") == Some(port.as_str()))
        };
        let known: Vec<_> =
            listed.iter().filter(port).map(|one| text(one, "name").map(str::to_owned)).collect();
        if !known.is_empty() {
            return known;
        }
        // The Gateway is in another render: policies name its listeners.
        let attached = &self.sides.whole.attached(self.side).by_target;
        let all = attached.get(&parent.target).into_iter().flatten();
        let named = all.filter(|_| listed.is_empty() && parent.port.is_none());
        let named = named.filter_map(|(section, _)| section.clone()).map(Some);
        std::iter::once(None).chain(named).collect()
    }

    /// The policies of a way, with the titles of their places: those of the nearest level, and of nearer ones that are merged
    /// with these.
    pub(super) fn on(&self, way: &[Reference]) -> Vec<(&'a Resource, String)> {
        let mut found = Vec::new();
        for (target, section) in way {
            let level = self.at(target, |of| of == section.as_deref());
            let is_decided = level.iter().any(|(_, policy)| !is_merged_policy(policy));
            let titled = |(of, policy): (Option<String>, _)| (policy, target.title(of.as_ref()));
            found.extend(level.into_iter().map(titled));
            if is_decided {
                break;
            }
        }
        found
    }

    /// The policies that are attached to sections of an object.
    fn at(
        &self,
        target: &Target,
        accepts: impl Fn(Option<&str>) -> bool,
    ) -> Vec<(Option<String>, &'a Resource)> {
        let Self { sides, side, group, kind } = *self;
        let all = sides.whole.attached(side);
        let all = all.policies(target, node(sides, side, target), &sides.whole.work);
        let is_meant = |(of, one): &(Option<&str>, &Resource)| {
            one.kind() == kind && *one.gvk().group == *group && accepts(*of)
        };
        all.filter(is_meant).map(|(of, one)| (of.map(str::to_owned), one)).collect()
    }
}

/// True for a policy that is merged with those of parents.
fn is_merged_policy(policy: &Resource) -> bool {
    present(policy.node(), "spec").is_some_and(is_merged)
}

/// The same, of a specification.
pub(super) fn is_merged(spec: &Node) -> bool {
    text(spec, "mergeType").is_some_and(|one| !one.is_empty())
}

/// An object of a side, if the render has it.
pub(super) fn node<'a>(sides: &Sides<'_, 'a>, side: usize, target: &Target) -> Option<&'a Node> {
    let place = sides.whole.attached(side).places.get(target)?;
    sides.whole.renders[side].get(*place).map(Resource::node)
}

/// A parent that a route or a set of listeners names.
struct Parent {
    target: Target,
    listener: Option<String>,
    port: Option<String>,
}

/// The parents that a route or a set of listeners names.
fn parents(object: &Node, own: &str) -> Vec<Parent> {
    let spec = present(object, "spec");
    let single = spec.and_then(|spec| present(spec, "parentRef")).into_iter();
    let several = items(spec.and_then(|spec| present(spec, "parentRefs"))).iter();
    let one = |parent: &Node| {
        let of = |key: &str, usual: &str| text(parent, key).unwrap_or(usual).to_owned();
        let target = Target {
            group: of("group", "gateway.networking.k8s.io"),
            kind: of("kind", "Gateway"),
            namespace: of("namespace", own),
            name: text(parent, "name")?.to_owned(),
        };
        let [listener, port] =
            ["sectionName", "port"].map(|key| text(parent, key).map(str::to_owned));
        Some(Parent { target, listener, port })
    };
    single.chain(several).filter_map(one).collect()
}
