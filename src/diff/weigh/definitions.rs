//! KR-DIF-010: versions of custom resources that are no longer served.

use std::collections::BTreeMap;

use super::{Judgement, Phrase, Sides};
use crate::harden::Severity;
use crate::harden::differences::DEFINITION_NARROWED;
use crate::harden::value::{is_false, is_true, items, present, text};
use crate::yaml::Node;

/// A version of a definition.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Version {
    is_served: bool,
    is_stored: bool,
}

/// Judges a `CustomResourceDefinition` on both sides; one that is gone loses its objects.
pub(super) fn definition(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let (old, new) = (versions(before), versions(after));
    if old.is_empty() || new.is_empty() {
        return;
    }
    let judgement = |phrase| Judgement::new(&DEFINITION_NARROWED, "spec.versions", phrase);
    let served = old.iter().filter(|(_, version)| version.is_served).map(|(name, _)| *name);
    let (gone, unserved): (Vec<&str>, Vec<&str>) = served
        .filter(|name| new.get(name).is_none_or(|version| !version.is_served))
        .partition(|name| !new.contains_key(name));
    if !gone.is_empty() {
        found.push(judgement(Phrase::new("has no version ").few(gone).say(" any more")));
    }
    if !unserved.is_empty() {
        found.push(judgement(Phrase::new("no longer serves ").few(unserved)));
    }
    let stored = |versions: &BTreeMap<&str, Version>| {
        let stored = versions.iter().find(|(_, version)| version.is_stored);
        stored.map(|(name, _)| (*name).to_owned())
    };
    if let (Some(old), Some(new)) = (stored(&old), stored(&new))
        && old != new
    {
        let phrase = Phrase::new("stores objects as ").name(&new).say(" in place of ").name(&old);
        found.push(judgement(phrase).with_severity(Severity::Warning));
    }
}

fn versions(definition: &Node) -> BTreeMap<&str, Version> {
    let Some(spec) = present(definition, "spec") else { return BTreeMap::new() };
    let version = |node| {
        let is_served = !is_false(present(node, "served"));
        Some((
            text(node, "name")?,
            Version { is_served, is_stored: is_true(present(node, "storage")) },
        ))
    };
    let listed: BTreeMap<&str, Version> =
        items(present(spec, "versions")).iter().filter_map(version).collect();
    // The only version of a definition of `apiextensions.k8s.io/v1beta1` can be in `version`.
    match text(spec, "version") {
        Some(name) if listed.is_empty() => {
            BTreeMap::from([(name, Version { is_served: true, is_stored: true })])
        }
        _ => listed,
    }
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    #[test]
    fn versions_are_no_longer_served() {
        let definition = |versions: &str| {
            format!(
                "{{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {{name: a.b}}, spec: {{group: b, names: {{kind: A}}, versions: [{versions}]}}}}"
            )
        };
        let (one, two) = (
            "{name: v1, served: true, storage: true}",
            "{name: v1beta1, served: true, storage: false}",
        );
        let both = definition(&format!("{one}, {two}"));
        let label = "CustomResourceDefinition a.b: ";
        told(
            &both,
            &definition(one),
            &[&*format!("010 error {label}has no version v1beta1 any more")],
        );
        assert_eq!(judged(&definition(one), &both), [""; 0]);
        let unserved =
            definition(&format!("{one}, {}", two.replace("served: true", "served: false")));
        told(&both, &unserved, &[&*format!("010 error {label}no longer serves v1beta1")]);
        told(&unserved, &definition(one), &[]);
        let other = definition(
            "{name: v1, served: true, storage: false}, {name: v1beta1, served: true, storage: true}",
        );
        assert_eq!(
            judged(&both, &other),
            [format!("010 warning {label}stores objects as v1beta1 in place of v1")]
        );
    }
}
