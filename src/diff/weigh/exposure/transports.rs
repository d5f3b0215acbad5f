//! TLS settings of Traefik, and of routes of `OpenShift`.

use super::judgement;
use crate::diff::weigh::{Judgement, Phrase, Sides};
use crate::harden::Severity;
use crate::harden::value::{below, is_true, text};
use crate::yaml::Node;

/// The ways to ask clients for certificates, the weakest first.
const CLIENTS: [&str; 5] = [
    "NoClientCert",
    "RequestClientCert",
    "VerifyClientCertIfGiven",
    "RequireAnyClientCert",
    "RequireAndVerifyClientCert",
];

/// Judges a `TLSOption` of Traefik.
pub(in crate::diff::weigh) fn tls_option(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let place = |node| {
        let way = below(node, &["spec", "clientAuth"]).and_then(|of| text(of, "clientAuthType"));
        CLIENTS.iter().position(|one| Some(*one) == way).unwrap_or(0)
    };
    if place(after) < place(before) {
        let phrase = Phrase::new("no longer demands certificates of clients: ");
        let phrase = phrase.say(CLIENTS[place(after)]).say(" in place of ");
        found.push(judgement("spec.clientAuth", phrase.say(CLIENTS[place(before)])));
    }
    let version = |node| {
        let version = below(node, &["spec"]).and_then(|spec| text(spec, "minVersion"));
        version.unwrap_or("VersionTLS12").to_owned()
    };
    if version(after) < version(before) {
        let phrase = Phrase::new("accepts older versions of TLS: ").name(&version(after));
        found.push(judgement("spec.minVersion", phrase));
    }
}

/// Judges a `ServersTransport` of Traefik.
pub(in crate::diff::weigh) fn transport(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(after) = sides.after else { return };
    let trusts_all = |node: &Node| {
        is_true(below(node, &["spec", "insecureSkipVerify"]))
            || is_true(below(node, &["spec", "tls", "insecureSkipVerify"]))
    };
    if trusts_all(after) && sides.before.is_some_and(|before| !trusts_all(before)) {
        let words = "no longer checks the certificates of its pods (insecureSkipVerify)";
        found.push(judgement("spec.insecureSkipVerify", Phrase::new(words)));
    }
}

/// Judges the TLS settings of an `IngressRoute` of Traefik that serves with TLS on both sides.
pub(in crate::diff::weigh) fn options(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let tls = |node| below(node, &["spec", "tls"]);
    let (Some(old), Some(new)) = (tls(before), tls(after)) else { return };
    let name = |tls| below(tls, &["options"]).and_then(|options| text(options, "name"));
    let judged = |phrase| judgement("spec.tls.options", phrase);
    match (name(old), name(new)) {
        (Some(old), Some(new)) if old != new && sides.renames().follows(old, new).is_none() => {
            let phrase = Phrase::new("has the TLSOption ").name(new).say(" in place of ");
            found.push(judged(phrase.name(old)));
        }
        (Some(old), None) => {
            let phrase = Phrase::new("no longer has the TLSOption ").name(old);
            found.push(judged(phrase.say(", which may ask clients for certificates")));
        }
        _ => {}
    }
    if is_true(below(new, &["passthrough"])) && !is_true(below(old, &["passthrough"])) {
        let words = "passes connections on unread (passthrough)";
        found.push(judgement("spec.tls.passthrough", Phrase::new(words)));
    }
}

/// Judges the TLS settings of a route of `OpenShift` that serves with TLS on both sides.
pub(in crate::diff::weigh) fn termination(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let tls = |node| below(node, &["spec", "tls"]);
    let (Some(old), Some(new)) = (tls(before), tls(after)) else { return };
    let is_open = |tls| text(tls, "insecureEdgeTerminationPolicy") == Some("Allow");
    if is_open(new) && !is_open(old) {
        let words = "listens without TLS (insecureEdgeTerminationPolicy: Allow)";
        found.push(judgement("spec.tls", Phrase::new(words)));
    }
    let is_plain = |tls| text(tls, "termination") == Some("edge");
    if is_plain(new) && !is_plain(old) {
        let words = "connects to its pods without TLS (termination: edge)";
        found.push(judgement("spec.tls", Phrase::new(words)).with_severity(Severity::Warning));
    }
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn object(version: &str, kind: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: t}}, spec: {{{spec}}}}}\n"
        )
    }

    #[test]
    fn tls_is_weaker() {
        let traefik = |kind: &str, spec: &str| object("traefik.io/v1alpha1", kind, spec);
        let option = |spec: &str| traefik("TLSOption", spec);
        let route = |tls: &str| traefik("IngressRoute", &format!("routes: [], tls: {{{tls}}}"));
        let openshift = |tls: &str| {
            object("route.openshift.io/v1", "Route", &format!("host: a, tls: {{{tls}}}"))
        };
        for (before, after, words) in [
            (
                option("clientAuth: {clientAuthType: RequireAndVerifyClientCert}"),
                option("clientAuth: {clientAuthType: RequestClientCert}"),
                "TLSOption t: no longer demands certificates of clients: RequestClientCert in place of RequireAndVerifyClientCert",
            ),
            (
                option("minVersion: VersionTLS13"),
                option(""),
                "TLSOption t: accepts older versions of TLS: VersionTLS12",
            ),
            (
                traefik("ServersTransport", ""),
                traefik("ServersTransport", "insecureSkipVerify: true"),
                "ServersTransport t: no longer checks the certificates of its pods (insecureSkipVerify)",
            ),
            (
                route("options: {name: mutual}"),
                route(""),
                "IngressRoute t: no longer has the TLSOption mutual, which may ask clients for certificates",
            ),
            (
                openshift("termination: edge, insecureEdgeTerminationPolicy: Redirect"),
                openshift("termination: edge, insecureEdgeTerminationPolicy: Allow"),
                "Route t: listens without TLS (insecureEdgeTerminationPolicy: Allow)",
            ),
            (
                openshift("termination: reencrypt"),
                openshift("termination: edge"),
                "Route t: connects to its pods without TLS (termination: edge)",
            ),
        ] {
            told(&before, &after, &[&*format!("007 warning {words}")]);
        }
        assert_eq!(judged(&route("options: {name: a}"), &route("options: {name: b}")).len(), 1);
        told(&route("secretName: a"), &route("secretName: b"), &[]);
    }
}
