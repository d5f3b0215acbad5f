//! Mutual TLS of Istio. A `PeerAuthentication` of pods holds in place of that of their namespace, and this in place of that of
//! the mesh: what a policy demands is compared with what would hold without it.

use std::collections::{BTreeMap, BTreeSet};

use super::judgement;
use super::others::{MESH, narrowed, removed, was_there};
use crate::diff::Identity;
use crate::diff::weigh::selectors::Conditions;
use crate::diff::weigh::{Judgement, Phrase, Sides, Whole, canonical};
use crate::harden::Severity;
use crate::harden::selector::selects;
use crate::harden::value::{below, present, text};
use crate::resource::Resource;
use crate::yaml::Node;

/// The kind of the policies.
const KIND: &str = "PeerAuthentication";

/// A mode, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    Disable,
    Permissive,
    Strict,
}

impl Mode {
    /// The mode that a value sets; `None` if it leaves the mode to a wider policy.
    fn of(value: Option<&Node>) -> Option<Self> {
        match text(value?, "mode")? {
            "DISABLE" => Some(Self::Disable),
            "PERMISSIVE" => Some(Self::Permissive),
            "STRICT" => Some(Self::Strict),
            _ => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "DISABLE",
            Self::Permissive => "PERMISSIVE",
            Self::Strict => "STRICT",
        }
    }
}

/// The mode that a policy sets for all ports.
fn mode(policy: &Node) -> Option<Mode> {
    Mode::of(below(policy, &["spec", "mtls"]))
}

/// The modes that a policy sets for single ports.
fn ports(policy: &Node) -> BTreeMap<&str, Mode> {
    let ports = below(policy, &["spec", "portLevelMtls"]).map(Node::entries).unwrap_or_default();
    ports.iter().filter_map(|(port, value)| Some((port.text(), Mode::of(Some(value))?))).collect()
}

/// The selector of a policy; `None` for one of a whole namespace.
fn selector(policy: &Node) -> Option<&Node> {
    below(policy, &["spec", "selector"]).filter(|selector| !selector.is_empty())
}

/// The mode that policies of a side set for pods of a namespace, with the policy: that of the narrowest one. Without any,
/// connections of both kinds are accepted.
fn held<'a>(
    whole: &Whole<'a>,
    (side, namespace): (usize, &str),
    selects: impl Fn(&Node) -> bool,
    is_meant: impl Fn(&Resource) -> bool,
) -> (Mode, Option<&'a Resource>) {
    let mut narrowest: Option<(u8, Mode, &'a Resource)> = None;
    for (scope, of) in [(1_u8, namespace), (0, MESH)] {
        let all = whole.of_kind(side, KIND, of);
        let all = all.filter(|one| &*one.gvk().group == "security.istio.io" && is_meant(one));
        for one in all.take_while(|one| whole.work.takes(one.node().count_below())) {
            let Some(mode) = mode(one.node()) else { continue };
            let scope = match selector(one.node()) {
                None => scope,
                Some(selector) if scope == 1 && selects(selector) => 2,
                Some(_) => continue,
            };
            if narrowest.is_none_or(|(of, ..)| of < scope) {
                narrowest = Some((scope, mode, one));
            }
        }
    }
    narrowest.map_or((Mode::Permissive, None), |(_, mode, one)| (mode, Some(one)))
}

/// The mode for pods with these labels, and the policy that sets it.
pub(super) fn held_for<'a>(
    whole: &Whole<'a>,
    place: (usize, &str),
    labels: Option<&Node>,
) -> (Mode, Option<&'a Resource>) {
    held(whole, place, |one| selects(one, labels), |_| true)
}

/// The mode that would hold on a side for the pods of a policy without it.
fn without_it(sides: &Sides<'_, '_>, side: usize, of: usize, policy: &Node) -> Mode {
    let own = Conditions::of_optional(selector(policy));
    let is_whole = selector(policy).is_none();
    let id = sides.object.ids[side].as_ref();
    let is_other = |one: &Resource| {
        id.is_none_or(|id| {
            one.name() != &*id.name || one.id().effective_namespace() != sides.namespace(side)
        })
    };
    let selects = |selector: &Node| !is_whole && own.is_within(&Conditions::of(selector));
    held(sides.whole, (side, sides.namespace(of)), selects, is_other).0
}

/// True if a policy that is removed demanded more than what holds without it.
fn demanded(sides: &Sides<'_, '_>, before: &Node) -> bool {
    let now = without_it(sides, 1, 0, before);
    mode(before).into_iter().chain(ports(before).into_values()).any(|mode| mode > now)
}

/// Judges a `PeerAuthentication`.
pub(in crate::diff::weigh) fn mutual(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let before = sides.before;
    let Some(after) = sides.after else {
        let is_lost = before.is_some_and(|before| demanded(sides, before));
        return found.extend(is_lost.then(|| removed(sides)).flatten());
    };
    let spec = |node| present(node, "spec");
    if before.is_some_and(|before| spec(before).map(canonical) == spec(after).map(canonical))
        || before.is_none() && was_there(sides, spec(after))
    {
        return;
    }
    let new = mode(after);
    let old = before.and_then(mode);
    let now = new.unwrap_or_else(|| without_it(sides, 1, 1, after));
    // A policy that is new is compared with what held for its pods.
    let was = old.unwrap_or_else(|| match before {
        Some(before) => without_it(sides, 0, 0, before),
        None => without_it(sides, 0, 1, after),
    });
    let [old_pods, new_pods] =
        [before, Some(after)].map(|node| Conditions::of_optional(node.and_then(selector)));
    let gained = before.is_some() && !new_pods.is_within(&old_pods);
    let was_there = if gained { was.max(without_it(sides, 0, 1, after)) } else { was };
    if now < was_there && (new.is_some() || old.is_some() && now < was) {
        let phrase = Phrase::new("accepts connections by mTLS ").say(now.as_str());
        let phrase = phrase.say(" in place of ").say(was_there.as_str());
        found.push(judgement("spec.mtls.mode", phrase).with_severity(Severity::Error));
    }
    let (were, are) = (before.map(ports).unwrap_or_default(), ports(after));
    let all: BTreeSet<&str> = were.keys().chain(are.keys()).copied().collect();
    let of =
        |ports: &BTreeMap<&str, Mode>, port: &str, whole| ports.get(port).copied().unwrap_or(whole);
    let weaker = all.into_iter().filter(|port| of(&are, port, now) < of(&were, port, was));
    let weaker: Vec<&str> = weaker.collect();
    if !weaker.is_empty() {
        let phrase = Phrase::new("accepts connections by weaker mTLS at the port ").few(weaker);
        found.push(judgement("spec.portLevelMtls", phrase).with_severity(Severity::Error));
    }
    if let Some(before) = before.filter(|before| demanded(sides, before)) {
        found.extend(narrowed(spec(before), spec(after), &["selector"]));
    }
}

/// The modes for single ports of pods of a namespace with these labels, by the policies that select them, the narrowest first.
fn ports_for<'a>(
    whole: &Whole<'a>,
    (side, namespace): (usize, &str),
    labels: Option<&Node>,
) -> BTreeMap<&'a str, (Mode, &'a Resource)> {
    let all = whole.of_kind(side, KIND, namespace);
    let all = all.filter(|one| &*one.gvk().group == "security.istio.io");
    let all = all.take_while(|one| whole.work.takes(one.node().count_below()));
    let mut found = BTreeMap::new();
    let (narrow, wide): (Vec<_>, Vec<_>) = all
        .filter(|one| selector(one.node()).is_none_or(|selector| selects(selector, labels)))
        .partition(|one| selector(one.node()).is_some());
    for one in narrow.into_iter().chain(wide) {
        for (port, mode) in ports(one.node()) {
            found.entry(port).or_insert((mode, one));
        }
    }
    found
}

/// The policy that demanded a stronger mode of the pods of a workload than what holds for them with other labels, or in
/// another namespace.
pub(super) fn left(sides: &Sides<'_, '_>, [old, new]: [Option<&Node>; 2]) -> Option<String> {
    let whole = sides.whole;
    let [from, to] = [0, 1].map(|side| sides.namespace(side));
    let (was, policy) = held_for(whole, (0, from), old);
    // A policy that differs itself is told.
    let now = [0, 1].map(|side| held_for(whole, (side, to), new).0);
    let title = |policy: &Resource| Identity::of(policy).to_string();
    if let Some(policy) = policy
        && now.iter().all(|now| *now < was)
    {
        return Some(title(policy));
    }
    let ports = ports_for(whole, (0, from), old);
    let are = [0, 1].map(|side| ports_for(whole, (side, to), new));
    let at = |side: usize, port: &str| are[side].get(port).map_or(now[side], |(mode, _)| *mode);
    let is_weaker = |port: &str, was: Mode| (0..2).all(|side| at(side, port) < was);
    let mut listed = ports.iter().filter(|(port, (mode, _))| is_weaker(port, *mode));
    let listed = listed.next().map(|(_, (_, policy))| title(policy));
    // A port of which less is demanded than of the others.
    let others = || {
        let mut all = are[1].keys().filter(|port| !ports.contains_key(*port));
        all.any(|port| is_weaker(port, was)).then_some(policy).flatten().map(title)
    };
    listed.or_else(others)
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn object(version: &str, kind: &str, name: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: {name}}}, spec: {{{spec}}}}}\n---\n"
        )
    }

    #[test]
    fn narrower_policies_hold_in_place_of_wider_ones() {
        let of = |name: &str, namespace: &str, spec: &str| {
            object("security.istio.io/v1", "PeerAuthentication", name, spec)
                .replace(&format!("name: {name}"), &format!("name: {name}, namespace: {namespace}"))
        };
        let mesh = of("mesh", "istio-system", "mtls: {mode: STRICT}");
        let pods = "selector: {matchLabels: {app: web}}";
        let one = |spec: &str| format!("{mesh}{}", of("p", "shop", spec));
        let words = |mode: &str| {
            format!(
                "007 error PeerAuthentication p: accepts connections by mTLS {mode} in place of STRICT"
            )
        };
        for mode in ["PERMISSIVE", "DISABLE"] {
            for scope in ["", ", selector: {matchLabels: {app: web}}"] {
                let lax = one(&format!("mtls: {{mode: {mode}}}{scope}"));
                // A new policy, and one that left the mode to the mesh before.
                told(&mesh, &lax, &[&*words(mode)]);
                told(&one(&format!("mtls: {{mode: UNSET}}{scope}")), &lax, &[&*words(mode)]);
            }
        }
        // The mesh demands as much.
        for (before, after) in [
            (one("mtls: {mode: STRICT}"), one("mtls: {mode: UNSET}")),
            (one("mtls: {mode: STRICT}"), mesh.clone()),
            (one(&format!("mtls: {{mode: STRICT}}, {pods}")), one("mtls: {mode: STRICT}")),
        ] {
            told(&before, &after, &[]);
        }
        // An exception for pods of which the namespace demands less anyway, and for those of which it does not.
        let space = of("q", "shop", "mtls: {mode: DISABLE}");
        let lax = of("p", "shop", &format!("mtls: {{mode: PERMISSIVE}}, {pods}"));
        assert_eq!(judged(&format!("{mesh}{space}"), &format!("{mesh}{space}{lax}")), [""; 0]);
        let strict = of("q", "shop", &format!("mtls: {{mode: STRICT}}, {pods}"));
        let other = lax.replace("app: web", "app: other");
        assert_eq!(judged(&strict, &format!("{strict}{other}")), [""; 0], "other pods");
        let base = format!("{strict}{lax}").replace("name: p", "name: r");
        assert_eq!(judged(&strict, &base).len(), 1);
        // An exception that is given to more pods.
        let all = format!("{mesh}{lax}");
        let wider = all.replace(&format!(", {pods}"), "");
        assert_eq!(judged(&all, &wider), [words("PERMISSIVE")]);
        assert_eq!(judged(&wider, &all), [""; 0]);
    }

    #[test]
    fn mutual_tls_is_weaker() {
        let policy = |name: &str, spec: &str| {
            object("security.istio.io/v1", "PeerAuthentication", name, spec)
        };
        let strict = policy("p", "mtls: {mode: STRICT}");
        let label = "007 error PeerAuthentication p: accepts connections by ";
        for (spec, words) in [
            ("mtls: {mode: PERMISSIVE}", "mTLS PERMISSIVE in place of STRICT"),
            ("", "mTLS PERMISSIVE in place of STRICT"),
            (
                "mtls: {mode: STRICT}, portLevelMtls: {'80': {mode: DISABLE}}",
                "weaker mTLS at the port 80",
            ),
        ] {
            told(&strict, &policy("p", spec), &[&*format!("{label}{words}")]);
        }
        told(&policy("p", ""), &policy("p", "mtls: {mode: UNSET}"), &[]);
        let beside =
            strict.clone() + &policy("q", "mtls: {mode: DISABLE}, selector: {matchLabels: {a: b}}");
        assert_eq!(judged(&strict, &beside).len(), 1);
        let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}\n---\n";
        let at_port =
            |mode: &str| policy("q", &format!("portLevelMtls: {{'80': {{mode: {mode}}}}}"));
        let label =
            "007 error PeerAuthentication q: accepts connections by weaker mTLS at the port 80";
        for before in [map, &*strict] {
            assert_eq!(judged(before, &format!("{before}{}", at_port("DISABLE"))), [label]);
        }
        assert_eq!(judged(&strict, &format!("{strict}{}", at_port("PERMISSIVE"))), [label]);
        for mode in ["PERMISSIVE", "STRICT"] {
            assert_eq!(judged(map, &format!("{map}{}", at_port(mode))), [""; 0]);
        }
    }
}
