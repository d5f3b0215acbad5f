//! KR-DIF-006 and KR-DIF-007: a `ReferenceGrant`, by which routes and Gateways use objects of another namespace.

use std::collections::{BTreeMap, BTreeSet};

use super::judgement;
use crate::diff::weigh::{Judgement, Phrase, Sides};
use crate::harden::Severity;
use crate::harden::differences::PRIVILEGE_GRANTED;
use crate::harden::value::{below, items, text};
use crate::yaml::Node;

/// The users of objects: their kind and namespace.
type From = (String, String);

/// The objects: their kind, and the name of the only one.
type To = (String, Option<String>);

struct Grant {
    from: BTreeSet<From>,
    to: BTreeSet<To>,
}

impl Grant {
    fn of(grant: Option<&Node>) -> Self {
        let list = |key: &str| items(grant.and_then(|grant| below(grant, &["spec", key]))).iter();
        let kind = |one: &Node| text(one, "kind").unwrap_or_default().to_owned();
        let namespace = |one: &Node| text(one, "namespace").unwrap_or_default().to_owned();
        Self {
            from: list("from").map(|one| (kind(one), namespace(one))).collect(),
            to: list("to").map(|one| (kind(one), text(one, "name").map(str::to_owned))).collect(),
        }
    }

    fn has(&self, (kind, name): &To) -> bool {
        self.to.contains(&(kind.clone(), None)) || self.to.contains(&(kind.clone(), name.clone()))
    }
}

/// Judges a `ReferenceGrant`. Linear in its users and its objects.
pub(in crate::diff::weigh) fn grant(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(after) = sides.after else { return };
    let spec = |node| below(node, &["spec"]);
    if sides.before.is_none()
        && sides.whole.has_like(0, sides.kind, sides.namespace(1), spec(after))
    {
        return;
    }
    let (old, new) = (Grant::of(sides.before), Grant::of(Some(after)));
    let users: BTreeSet<&From> = new.from.difference(&old.from).collect();
    let more: BTreeSet<&To> = new.to.iter().filter(|to| !old.has(to)).collect();
    // New users may use all objects, and those that were there the new ones.
    let (users, objects) = match users.is_empty() {
        true => (new.from.iter().collect(), more),
        false => (users, new.to.iter().collect()),
    };
    let mut by_kind: BTreeMap<bool, Vec<String>> = BTreeMap::new();
    for (kind, name) in objects {
        let told = match name {
            Some(name) => format!("{kind} {name}"),
            None => format!("each {kind}"),
        };
        by_kind.entry(kind == "Secret").or_default().push(told);
    }
    for (is_secret, objects) in by_kind {
        if users.is_empty() {
            continue;
        }
        let phrase = Phrase::new("lets ").each(&users, |phrase, (kind, namespace)| {
            phrase.say("each ").name(kind).say(" of namespace ").name(namespace)
        });
        let phrase = phrase.say(" use ").few(objects.iter().map(String::as_str));
        found.push(match is_secret {
            true => {
                Judgement::new(&PRIVILEGE_GRANTED, "spec", phrase).with_severity(Severity::Warning)
            }
            false => judgement("spec", phrase),
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    #[test]
    fn objects_are_used_by_others() {
        let grant = |from: &str, to: &str| {
            let from: Vec<String> = from
                .split(' ')
                .map(|one| {
                    format!(
                        "{{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: {one}}}"
                    )
                })
                .collect();
            format!(
                "{{apiVersion: gateway.networking.k8s.io/v1beta1, kind: ReferenceGrant, metadata: {{name: g}}, spec: {{from: [{}], to: [{to}]}}}}\n---\n",
                from.join(", ")
            )
        };
        let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}\n---\n";
        let (services, secrets) = ("{group: '', kind: Service}", "{group: '', kind: Secret}");
        let one = "{group: '', kind: Service, name: web}";
        let label = "ReferenceGrant g: lets each HTTPRoute of namespace";
        let with = |from: &str, to: &str| format!("{map}{}", grant(from, to));
        let empty = map.to_owned();
        for (before, after, words) in [
            (&empty, with("a", services), format!("007 warning {label} a use each Service")),
            (&empty, with("a", secrets), format!("006 warning {label} a use each Secret")),
            (
                &with("a", one),
                with("a", services),
                format!("007 warning {label} a use each Service"),
            ),
            (&with("a", one), with("a b", one), format!("007 warning {label} b use Service web")),
        ] {
            told(before, &after, &[&*words]);
        }
        let renamed = with("a", one).replace("name: g}", "name: other}");
        told(&with("a", one), &renamed, &[]);
        assert_eq!(judged(&with("a", services), &with("a", one)), [""; 0]);
    }
}
