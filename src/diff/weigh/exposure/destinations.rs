//! TLS of connections that proxies of Istio make: a `DestinationRule`.

use std::collections::{BTreeMap, BTreeSet};

use super::judgement;
use crate::diff::weigh::{Judgement, Phrase, Sides};
use crate::harden::Severity;
use crate::harden::value::{below, is_true, items, present, text};
use crate::yaml::Node;

/// The place of a setting: a subset and a port; empty for all.
type Place = (String, String);

/// The TLS of the connections to a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tls {
    /// The mode; `None` if the mesh decides.
    mode: Option<String>,
    is_unverified: bool,
    /// The names that certificates must have.
    names: BTreeSet<String>,
}

impl Tls {
    fn of(policy: Option<&Node>) -> Self {
        let Some(tls) = policy.and_then(|policy| present(policy, "tls")) else {
            return Self::default();
        };
        let names = items(present(tls, "subjectAltNames")).iter().filter_map(Node::as_text);
        Self {
            mode: Some(text(tls, "mode").unwrap_or("DISABLE").to_owned()),
            is_unverified: is_true(present(tls, "insecureSkipVerify")),
            names: names.map(str::to_owned).collect(),
        }
    }

    /// The strength of the mode, the weakest first. Without one the mesh uses mutual TLS where both sides can.
    fn strength(&self) -> u8 {
        match self.mode.as_deref() {
            Some("SIMPLE") => 1,
            Some("MUTUAL" | "ISTIO_MUTUAL") => 2,
            Some(_) => 0,
            None => 2,
        }
    }

    /// The phrase for connections that are protected less than those of before.
    fn weaker_than(&self, old: &Self) -> Option<(Phrase, Severity)> {
        let told = |tls: &Self| tls.mode.clone().unwrap_or_else(|| "that of the mesh".to_owned());
        let leaves =
            self.mode.is_none() && matches!(old.mode.as_deref(), Some("SIMPLE" | "MUTUAL"));
        // Without a mode before, the host may be one outside of the mesh, without TLS.
        let is_plain = self.strength() == 0;
        if is_plain && old.strength() > 0 || leaves {
            let phrase = Phrase::new("connects without TLS: the mode ").name(&told(self));
            return Some((phrase.say(" in place of ").name(&told(old)), Severity::Error));
        }
        if self.strength() < old.strength() && old.mode.is_some() {
            let phrase = Phrase::new("connects by the mode ").name(&told(self));
            return Some((phrase.say(" in place of ").name(&told(old)), Severity::Warning));
        }
        let is_verified = |tls: &Self| tls.strength() > 0 && !tls.is_unverified;
        if is_verified(old) && self.is_unverified && old.mode.is_some() {
            let words = "no longer checks the certificate (insecureSkipVerify)";
            return Some((Phrase::new(words), Severity::Error));
        }
        let is_lost =
            !old.names.is_empty() && (self.names.is_empty() || !self.names.is_subset(&old.names));
        is_lost.then(|| {
            let words = "accepts certificates of other names (subjectAltNames)";
            (Phrase::new(words), Severity::Warning)
        })
    }
}

/// The settings of a rule by their places. A subset or a port without its own is that of the others.
struct Settings(BTreeMap<Place, Tls>);

impl Settings {
    fn of(rule: Option<&Node>) -> Self {
        let mut all = BTreeMap::new();
        let spec = rule.and_then(|rule| present(rule, "spec"));
        let whole = spec.and_then(|spec| present(spec, "trafficPolicy"));
        Self::add(&mut all, "", whole, None);
        for subset in items(spec.and_then(|spec| present(spec, "subsets"))) {
            let name = text(subset, "name").unwrap_or_default();
            Self::add(&mut all, name, present(subset, "trafficPolicy"), whole);
        }
        Self(all)
    }

    fn add(
        all: &mut BTreeMap<Place, Tls>,
        subset: &str,
        policy: Option<&Node>,
        whole: Option<&Node>,
    ) {
        let has_own = |policy: &&Node| present(policy, "tls").is_some();
        let own = policy.filter(has_own).or(whole);
        all.insert((subset.to_owned(), String::new()), Tls::of(own));
        for of_port in items(policy.and_then(|policy| present(policy, "portLevelSettings"))) {
            let port = below(of_port, &["port"]).and_then(|port| text(port, "number"));
            let place = (subset.to_owned(), port.unwrap_or_default().to_owned());
            // Istio: a setting of a port replaces the others as a whole.
            all.insert(place, Tls::of(Some(of_port)));
        }
    }

    fn at(&self, (subset, port): &Place) -> Tls {
        let places = [
            (subset.clone(), port.clone()),
            (String::new(), port.clone()),
            (subset.clone(), String::new()),
            Place::default(),
        ];
        // A subset has its own settings of ports, or none.
        let known = places.iter().find_map(|place| self.0.get(place));
        known.cloned().unwrap_or_default()
    }
}

/// Judges a `DestinationRule` of Istio. One that is new takes the place of the defaults of the mesh.
pub(in crate::diff::weigh) fn destination_rule(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let host = |node: &'_ Node| {
        below(node, &["spec"]).and_then(|spec| text(spec, "host")).map(str::to_owned)
    };
    // Without one, the mesh decides; so does another rule for the host.
    let Some(node) = sides.after.or(sides.before) else { return };
    let has_other = || {
        let mut all = sides.whole.of_kind(1, "DestinationRule", sides.namespace(0));
        all.any(|one| host(one.node()) == host(node))
    };
    if sides.after.is_none() && (has_other() || !sides.leaves_pods(None)) {
        return;
    }
    let (old, new) = (Settings::of(sides.before), Settings::of(sides.after));
    let mut known: BTreeSet<(String, Option<String>)> = BTreeSet::new();
    for place in old.0.keys().chain(new.0.keys()).collect::<BTreeSet<_>>() {
        let Some((phrase, severity)) = new.at(place).weaker_than(&old.at(place)) else { continue };
        // What holds for all is told once.
        let told = (phrase.to_string(), new.at(place).mode);
        if !known.insert(told) {
            continue;
        }
        let phrase = match place {
            (subset, _) if !subset.is_empty() => phrase.say(" for the subset ").name(subset),
            (_, port) if !port.is_empty() => phrase.say(" at the port ").name(port),
            _ => phrase,
        };
        found.push(judgement("spec", phrase).with_severity(severity));
    }
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn rule(spec: &str) -> String {
        format!(
            "{{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {{name: d}}, spec: {{host: a, {spec}}}}}\n---\n"
        )
    }

    #[test]
    fn connections_have_weaker_tls() {
        let mode = |mode: &str| format!("trafficPolicy: {{tls: {{mode: {mode}}}}}");
        let label = "DestinationRule d: connects ";
        let plain =
            |of: &str| format!("error {label}without TLS: the mode DISABLE in place of {of}");
        for (before, after, words) in [
            (mode("ISTIO_MUTUAL"), mode("DISABLE"), plain("ISTIO_MUTUAL")),
            (String::new(), mode("DISABLE"), plain("that of the mesh")),
            (
                mode("SIMPLE"),
                String::new(),
                format!("error {label}without TLS: the mode that of the mesh in place of SIMPLE"),
            ),
            (
                mode("MUTUAL"),
                mode("SIMPLE"),
                format!("warning {label}by the mode SIMPLE in place of MUTUAL"),
            ),
            (
                mode("SIMPLE"),
                mode("SIMPLE, insecureSkipVerify: true"),
                "error DestinationRule d: no longer checks the certificate (insecureSkipVerify)"
                    .to_owned(),
            ),
            (
                mode("SIMPLE, subjectAltNames: [a]"),
                mode("SIMPLE"),
                "warning DestinationRule d: accepts certificates of other names (subjectAltNames)"
                    .to_owned(),
            ),
            (
                mode("ISTIO_MUTUAL"),
                "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}, portLevelSettings: [{port: {number: 80}, tls: {mode: DISABLE}}]}".to_owned(),
                format!("{} at the port 80", plain("ISTIO_MUTUAL")),
            ),
            (
                mode("ISTIO_MUTUAL"),
                format!("{}, subsets: [{{name: v1, {}}}]", mode("ISTIO_MUTUAL"), mode("DISABLE")),
                format!("{} for the subset v1", plain("ISTIO_MUTUAL")),
            ),
        ] {
            told(&rule(&before), &rule(&after), &[&*format!("007 {words}")]);
        }
        let balanced = "trafficPolicy: {loadBalancer: {simple: RANDOM}}";
        for (before, after) in [
            (mode("ISTIO_MUTUAL"), String::new()),
            (mode("SIMPLE"), mode("MUTUAL")),
            (String::new(), mode("SIMPLE")),
            (String::new(), balanced.to_owned()),
        ] {
            assert_eq!(judged(&rule(&before), &rule(&after)), [""; 0], "{before} {after}");
        }
        let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}\n---\n";
        let new = format!("{map}{}", rule(&mode("DISABLE")));
        assert_eq!(judged(map, &new), [format!("007 {}", plain("that of the mesh"))]);
        assert_eq!(judged(map, &format!("{map}{}", rule(&mode("ISTIO_MUTUAL")))), [""; 0]);
        let gone = judged(&format!("{map}{}", rule(&mode("SIMPLE"))), map);
        assert_eq!(gone.len(), 1, "{gone:?}");
    }
}
