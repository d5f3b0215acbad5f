//! Annotations by which controllers restrict what is reachable, or open it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::internal::is_known as is_internal;
use super::middlewares::fewer_named;
use super::{judgement, widened};
use crate::diff::weigh::marks::is_known as is_mark;
use crate::diff::weigh::{Judgement, Phrase, Sides, canonical};
use crate::harden::Severity;
use crate::harden::value::{below, items, text};
use crate::source::Source;
use crate::text::wildcard::fits;
use crate::yaml::{Node, parse};

/// A change of an annotation that is told; `annotations.txt` describes each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Keep,
    Avoid,
    Same,
    New,
    Shown,
    Fewer,
    More,
    Also,
    Drops,
    Gains,
    From,
    Asks,
    Demands,
}

/// A line of the file.
#[derive(Debug)]
struct Row {
    kinds: Vec<&'static str>,
    key: &'static str,
    change: Change,
    values: Vec<&'static str>,
    severity: Severity,
    words: &'static str,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let lines = include_str!("annotations.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(Row::read).collect()
});

impl Row {
    fn read(line: &'static str) -> Option<Self> {
        let columns: Vec<&str> = line.split('\t').collect();
        let [kinds, key, change, values, severity, words] = columns[..] else { return None };
        let change = match change {
            "keep" => Change::Keep,
            "avoid" => Change::Avoid,
            "same" => Change::Same,
            "new" => Change::New,
            "shown" => Change::Shown,
            "fewer" => Change::Fewer,
            "more" => Change::More,
            "also" => Change::Also,
            "drops" => Change::Drops,
            "gains" => Change::Gains,
            "from" => Change::From,
            "asks" => Change::Asks,
            "demands" => Change::Demands,
            _ => return None,
        };
        let severity = if severity == "error" { Severity::Error } else { Severity::Warning };
        let (kinds, values) = (kinds.split(',').collect(), values.split(',').collect());
        Some(Self { kinds, key, change, values, severity, words })
    }

    fn has(&self, value: &str) -> bool {
        self.values.iter().any(|one| *one == "*" || one.eq_ignore_ascii_case(value))
    }

    /// The words with the name of the annotation.
    fn named(&self) -> Phrase {
        let name = self.key.rsplit('/').next().unwrap_or(self.key);
        Phrase::new(self.words).say(format!(" ({name})"))
    }

    /// The phrase for a value that differs, if it is told; without one, a text is empty.
    fn told(&self, sides: &Sides<'_, '_>, values: [&str; 2]) -> Option<Phrase> {
        // A limit of 0 is none.
        let is_none = |value: &str| self.key.contains("/limit-") && value == "0";
        let [old, new] = values.map(|value| if is_none(value) { "" } else { value });
        let words = || Phrase::new(self.words).say(" ");
        let list = |text: &'_ str| -> Vec<String> {
            let parts = text.split([',', ' ', ';']).map(str::trim);
            parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        let beyond = |more: &str, less: &str| -> Option<Phrase> {
            let known: BTreeSet<String> = list(less).into_iter().collect();
            let more = list(more);
            let mut more = more.iter().map(String::as_str).filter(|one| !known.contains(*one));
            let first = more.next()?;
            Some(words().few(std::iter::once(first).chain(more)))
        };
        let contains = |text: &str| self.values.iter().any(|one| text.contains(one));
        match self.change {
            Change::Keep => {
                let is_lost =
                    !old.is_empty() && self.has(old) && (new.is_empty() || !self.has(new));
                is_lost.then(|| self.named())
            }
            Change::Avoid => {
                let is_new = !new.is_empty() && self.has(new) && (old.is_empty() || !self.has(old));
                is_new.then(|| self.named())
            }
            Change::Same | Change::Demands => {
                if self.change == Change::Demands
                    && let [Some(old), Some(new)] = [old, new].map(members)
                {
                    let others = others(sides, &old, &new);
                    return (!others.is_empty()).then(|| words().each(others, Phrase::and));
                }
                let is_other = !old.is_empty()
                    && !new.is_empty()
                    && sides.renames().follows(old, new).is_none();
                is_other.then(|| words().name(new).say(" in place of ").name(old))
            }
            Change::New => (!new.is_empty()).then(|| self.named()),
            Change::Shown => (!new.is_empty()).then(|| words().name(new)),
            // Names of objects that have others as members.
            Change::Fewer if self.key.ends_with("/router.middlewares") => {
                let lost = fewer_named(sides, old, new);
                (!lost.is_empty()).then(|| words().few(lost.iter().map(String::as_str)))
            }
            // Without it, what is usual is listed.
            Change::Fewer if new.is_empty() && self.values != ["*"] => {
                beyond(old, &self.values.join(" "))
            }
            Change::Fewer => beyond(old, new),
            Change::More => {
                if old.is_empty() {
                    None
                } else {
                    beyond(new, old)
                }
            }
            Change::Also => beyond(new, old),
            Change::Drops => (contains(old) && !contains(new)).then(|| self.named()),
            Change::Gains => {
                (!old.is_empty() && contains(new) && !contains(old)).then(|| self.named())
            }
            // Several annotations together.
            Change::From | Change::Asks => None,
        }
    }
}

/// The members of a text in JSON by their names in small letters, which is how controllers in Go read them; `None` if it is
/// no mapping.
fn members(text: &str) -> Option<BTreeMap<String, Node>> {
    let document = parse::document(&Source::detached(text)).ok()??;
    let entries = document.root.entries();
    let members =
        entries.iter().map(|(key, value)| (key.text().to_ascii_lowercase(), value.clone()));
    (!entries.is_empty()).then(|| members.collect())
}

/// The members that have other values than before, or are new or gone: with a mapping, its order does not count.
fn others(
    sides: &Sides<'_, '_>,
    old: &BTreeMap<String, Node>,
    new: &BTreeMap<String, Node>,
) -> Vec<Phrase> {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let is_other = |key: &&String| match [old, new].map(|all| all.get(*key)) {
        [Some(old), Some(new)] => {
            let [was, is] = [old, new].map(|one| one.as_text().unwrap_or_default());
            canonical(old) != canonical(new)
                && (was.is_empty() || sides.renames().follows(was, is).is_none())
        }
        _ => true,
    };
    let told = |key: &String| {
        let of = |all: &BTreeMap<String, Node>| {
            all.get(key).map_or_else(
                || "none".to_owned(),
                |value| match value.as_text() {
                    Some(text) => text.to_owned(),
                    None => canonical(value),
                },
            )
        };
        let phrase = Phrase::default().name(key).say(" ").name(&of(new));
        phrase.say(" in place of ").name(&of(old))
    };
    keys.into_iter().filter(is_other).map(told).collect()
}

/// Annotations by their keys.
pub(in crate::diff::weigh) type Annotations = BTreeMap<String, String>;

/// Annotations that say nothing of who is served, as patterns.
static HARMLESS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let lines = include_str!("harmless.txt").lines();
    lines.filter(|line| !line.starts_with('#')).collect()
});

/// The annotations of an object, but for harmless ones.
pub(super) fn telling(object: &Node) -> Annotations {
    let annotations = below(object, &["metadata", "annotations"]);
    let entries = annotations.map(Node::entries).unwrap_or_default().iter();
    let is_harmless = |key: &str| HARMLESS.iter().any(|pattern| fits(pattern, key));
    let entries = entries.filter(|(key, _)| !is_harmless(key.text()));
    let value = |value: &Node| value.as_text().unwrap_or_default().trim().to_owned();
    entries.map(|(key, node)| (key.text().to_owned(), value(node))).collect()
}

/// The keys of annotations by which an object may restrict less than another one: those that differ, unless they are known
/// and only restrict more.
pub(super) fn opened(
    sides: &Sides<'_, '_>,
    before: &Annotations,
    after: &Annotations,
) -> BTreeSet<String> {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let value = |of: &'_ Annotations, key: &String| of.get(key).cloned().unwrap_or_default();
    let differs = |key: &&String| {
        let [old, new] = [before, after].map(|of| value(of, key));
        old != new && !is_stricter(sides, key, &old, &new)
    };
    keys.into_iter().filter(differs).cloned().collect()
}

/// True if a value in the place of another one, of which one may be empty, only restricts more.
fn is_stricter(sides: &Sides<'_, '_>, key: &str, old: &str, new: &str) -> bool {
    let mut rows =
        ROWS.iter().filter(|row| row.key == key && row.kinds.contains(&sides.kind)).peekable();
    let list = |text: &str| -> Vec<String> {
        let parts = text.split([',', ' ']).filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    };
    rows.peek().is_some()
        && rows.all(|row| match row.change {
            Change::From => {
                let [old, new] = [old, new].map(list);
                widened(&old, &new, "", row.words).is_none()
            }
            Change::Asks => old.is_empty() || old == "none",
            // Without it, what is usual holds, which may be more, or requests take another way.
            Change::Demands
            | Change::Drops
            | Change::Gains
            | Change::More
            | Change::Same
            | Change::Shown
                if new.is_empty() =>
            {
                false
            }
            _ => row.told(sides, [old, new]).is_none(),
        })
}

/// Judges the annotations of an object on both sides.
pub(in crate::diff::weigh) fn annotated(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let path = "metadata.annotations";
    let of = |node: &'_ Node, key: &str| -> String {
        let annotations = below(node, &["metadata", "annotations"]);
        let value = annotations.and_then(|all| text(all, key)).unwrap_or_default();
        value.trim().to_owned()
    };
    let rows: Vec<&Row> = ROWS.iter().filter(|row| row.kinds.contains(&sides.kind)).collect();
    let mut known = BTreeSet::new();
    let mut sources = BTreeMap::<&'static str, [Vec<String>; 2]>::new();
    let mut asks = [false, false];
    let mut words = None;
    for row in rows {
        let values = [before, after].map(|node| of(node, row.key));
        match row.change {
            Change::From => {
                let lists = sources.entry(row.words).or_default();
                for (list, value) in lists.iter_mut().zip(&values) {
                    let parts = value.split([',', ' ']).map(str::to_owned);
                    list.extend(parts.filter(|part| !part.is_empty()));
                }
            }
            Change::Asks => {
                words = Some(row.words);
                for (asks, value) in asks.iter_mut().zip(&values) {
                    *asks |= !value.is_empty() && value != "none";
                }
            }
            _ if values[0] == values[1] => {}
            _ => {
                let [old, new] = &values;
                let Some(phrase) = row.told(sides, [old, new]) else { continue };
                // Annotations with the same effect are told once.
                if known.insert(phrase.to_string()) {
                    found.push(judgement(path, phrase).with_severity(row.severity));
                }
            }
        }
    }
    for (what, [old, new]) in sources {
        found.extend(widened(&old, &new, path, what));
    }
    if let Some(words) = words.filter(|_| asks == [true, false]) {
        found.push(judgement(path, Phrase::new(words)));
    }
    // Without a list of sites, scripts of all are answered.
    let answers = |node| annotation(node, "enable-cors") == Some("true");
    let sites = |node: &'_ Node| annotation(node, "cors-allow-origin").map(str::to_owned);
    if answers(before)
        && answers(after)
        && sites(after).is_none()
        && let Some(old) = sites(before).filter(|old| old != "*" && !old.is_empty())
    {
        let phrase = Phrase::new("answers scripts of all sites in place of ").name(&old);
        found.push(judgement(path, phrase));
    }
    let has_tls = |node| !items(below(node, &["spec", "tls"])).is_empty();
    // Without TLS there is nothing to lead to, and that is told.
    let may_lead = has_tls(after) || annotation(before, "force-ssl-redirect") == Some("true");
    if sides.kind == "Ingress" && may_lead && redirects(before) && !redirects(after) {
        let phrase = Phrase::new("no longer leads to TLS (ssl-redirect)");
        found.push(judgement(path, phrase));
    }
}

/// The domains of controllers whose annotations may restrict requests.
static CONTROLLERS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let lines = include_str!("controllers.txt").lines();
    lines.filter(|line| !line.starts_with('#')).collect()
});

/// Annotations that are judged by more than their rows, or that only open, as patterns.
const READ: [&str; 5] = [
    "service.beta.kubernetes.io/load-balancer-source-ranges",
    "nginx.ingress.kubernetes.io/*ssl-redirect",
    "*.ingress.kubernetes.io/*cors*",
    "haproxy.org/*cors*",
    "*/*snippet*",
];

/// Notes annotations of controllers that an object no longer has, and of which no row says what they do.
pub(in crate::diff::weigh) fn unknown(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let is_meant = |key: &str| {
        CONTROLLERS.iter().any(|pattern| fits(pattern, key))
            && ROWS.iter().all(|row| row.key != key)
            && !READ.iter().any(|pattern| fits(pattern, key))
            && !is_internal(key)
            && !is_mark(key)
    };
    let is_off = |value: &str| matches!(value, "" | "false" | "off" | "none" | "disabled");
    let now = telling(after);
    let lost = telling(before).into_iter();
    let lost =
        lost.filter(|(key, value)| !now.contains_key(key) && !is_off(value) && is_meant(key));
    let lost: Vec<String> = lost.map(|(key, _)| key).collect();
    if !lost.is_empty() {
        let phrase = Phrase::new("no longer has ").few(lost.iter().map(String::as_str));
        let phrase = phrase.say(": what it restricts is not known");
        found.push(judgement("metadata.annotations", phrase).with_severity(Severity::Note));
    }
}

/// An annotation of the controller `ingress-nginx`.
fn annotation<'a>(ingress: &'a Node, name: &str) -> Option<&'a str> {
    let annotations = below(ingress, &["metadata", "annotations"])?;
    text(annotations, &format!("nginx.ingress.kubernetes.io/{name}"))
}

/// True if `ingress-nginx` leads requests without TLS to TLS: where it serves that, unless it is switched off.
fn redirects(ingress: &Node) -> bool {
    let is_usual = || {
        !items(below(ingress, &["spec", "tls"])).is_empty()
            && annotation(ingress, "ssl-redirect") != Some("false")
    };
    annotation(ingress, "force-ssl-redirect") == Some("true") || is_usual()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::weigh::tests::{judged, told};

    #[test]
    fn each_line_is_a_row() {
        let lines = include_str!("annotations.txt").lines().filter(|line| !line.starts_with('#'));
        assert_eq!(ROWS.len(), lines.count());
        for row in ROWS.iter() {
            assert!(row.severity == Severity::Error || !row.words.is_empty(), "{row:?}");
        }
    }

    #[test]
    fn each_harmless_annotation_is_a_pattern() {
        for pattern in HARMLESS.iter() {
            assert!(!pattern.is_empty() && !pattern.starts_with(' '), "{pattern}");
            assert!(ROWS.iter().all(|row| !fits(pattern, row.key)), "{pattern}");
        }
    }

    fn ingress(annotations: &str) -> String {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: web, annotations: {{{annotations}}}}}, spec: {{tls: [{{hosts: [a]}}], rules: [{{host: a}}]}}}}"
        )
    }

    #[test]
    fn annotations_of_other_controllers_open_an_ingress() {
        for (before, after, words) in [
            ("", "tailscale.com/funnel: 'true'", "becomes reachable from the internet (funnel)"),
            ("nginx.org/policies: 'a, b'", "nginx.org/policies: b", "no longer asks the policy a"),
            (
                "konghq.com/protocols: https",
                "",
                "serves by the usual protocols, also without TLS (protocols)",
            ),
            (
                "traefik.ingress.kubernetes.io/router.entrypoints: internal",
                "",
                "is reachable at all entry points (router.entrypoints)",
            ),
            (
                "k8s.apisix.apache.org/plugin-config-name: guard",
                "",
                "no longer has its plugins, which may ask for credentials (plugin-config-name)",
            ),
            (
                "k8s.apisix.apache.org/allowlist-source-range: 10.0.0.0/8",
                "",
                "accepts requests from everywhere",
            ),
            ("higress.io/auth-type: basic", "", "no longer asks for credentials"),
            (
                "external-dns.alpha.kubernetes.io/cloudflare-proxied: 'true'",
                "",
                "is no longer served through Cloudflare (cloudflare-proxied)",
            ),
        ] {
            told(
                &ingress(before),
                &ingress(after),
                &[&*format!("007 warning Ingress web: {words}")],
            );
        }
        let cors = |origin: &str| {
            ingress(&format!("nginx.ingress.kubernetes.io/enable-cors: 'true'{origin}"))
        };
        let site = ", nginx.ingress.kubernetes.io/cors-allow-origin: 'https://a'";
        assert_eq!(
            judged(&cors(site), &cors("")),
            ["007 warning Ingress web: answers scripts of all sites in place of https://a"]
        );
        let regex =
            |value: &str| ingress(&format!("nginx.ingress.kubernetes.io/use-regex: '{value}'"));
        let words = "reads its paths as regular expressions, which may match more (use-regex)";
        assert_eq!(
            judged(&regex("false"), &regex("true")),
            [format!("007 warning Ingress web: {words}")]
        );
        let words = "no longer reads its paths as regular expressions (use-regex)";
        assert_eq!(
            judged(&regex("true"), &regex("false")),
            [format!("007 warning Ingress web: {words}")]
        );
    }

    #[test]
    fn load_balancers_of_aws_are_others_or_ask_less() {
        let alb = |name: &str, value: &str| match value {
            "" => ingress("x: y"),
            value => ingress(&format!("x: y, alb.ingress.kubernetes.io/{name}: '{value}'")),
        };
        let mode = |mode: &str| format!("[{{\"port\": 443, \"mode\": \"{mode}\"}}]");
        let [verify, off, passes] = ["verify", "off", "passthrough"].map(mode);
        let both = format!("[{{\"port\": 8443, \"mode\": \"off\"}}, {}", &verify[1..]);
        let two = both.replace("off", "verify");
        let certificates = "no longer checks the certificates of clients (mutual-authentication)";
        let balancer = "is served by the load balancer";
        for (name, before, after, words) in [
            ("mutual-authentication", &*verify, &*off, certificates),
            ("mutual-authentication", &verify, &passes, certificates),
            ("mutual-authentication", &verify, "", certificates),
            ("mutual-authentication", &two, &both, certificates),
            ("auth-idp-cognito", "a", "b", "asks for credentials at b in place of a"),
            ("auth-idp-oidc", "a", "b", "asks for credentials at b in place of a"),
            ("group.name", "a", "b", &format!("{balancer} of the group b")),
            ("group.name", "", "b", &format!("{balancer} of the group b")),
            (
                "group.name",
                "a",
                "",
                "is no longer served by the load balancer of its group (group.name)",
            ),
            ("load-balancer-name", "a", "b", &format!("{balancer} b in place of a")),
        ] {
            let all = judged(&alb(name, before), &alb(name, after));
            assert_eq!(all, [format!("007 warning Ingress web: {words}")], "{name} {after}");
        }
        for (name, before, after) in [
            ("mutual-authentication", &*off, &*verify),
            ("mutual-authentication", &both, &two),
            ("mutual-authentication", &off, ""),
            ("mutual-authentication", "", &verify),
            ("load-balancer-name", "", "b"),
            ("group.order", "1", "2"),
        ] {
            assert_eq!(judged(&alb(name, before), &alb(name, after)), [""; 0], "{name} {after}");
        }
    }

    #[test]
    fn demands_in_json_are_compared_by_their_meaning() {
        let alb = |name: &str, value: &str| {
            ingress(&format!("x: y, alb.ingress.kubernetes.io/{name}: '{value}'"))
        };
        let oidc = r#"{"issuer":"https://a","secretName":"s","authenticationRequestExtraParams":{"a":"b","c":"d"}}"#;
        for same in [
            r#"{ "secretName": "s", "issuer": "https://a", "authenticationRequestExtraParams": {"c": "d", "a": "b"} }"#,
            r#"{"Issuer":"https://a","secretname":"s","authenticationRequestExtraParams":{"a":"b","c":"d"}}"#,
        ] {
            told(&alb("auth-idp-oidc", oidc), &alb("auth-idp-oidc", same), &[]);
        }
        let label = "007 warning Ingress web: asks for credentials at";
        for (old, new, words) in [
            ("https://a", "https://b", "issuer https://b in place of https://a"),
            ("\"s\"", "\"t\"", "secretname t in place of s"),
            (",\"secretName\":\"s\"", "", "secretname none in place of s"),
        ] {
            let other = oidc.replace(old, new);
            assert_ne!(other, oidc);
            let all = judged(&alb("auth-idp-oidc", oidc), &alb("auth-idp-oidc", &other));
            assert_eq!(all, [format!("{label} {words}")]);
        }
        let cognito = r#"{"userPoolARN":"arn:a","userPoolClientID":"c","userPoolDomain":"d"}"#;
        let other = cognito.replace("\"c\"", "\"e\"").replace("arn:a", "arn:b");
        assert_eq!(
            judged(&alb("auth-idp-cognito", cognito), &alb("auth-idp-cognito", &other)),
            [format!(
                "{label} userpoolarn arn:b in place of arn:a, userpoolclientid e in place of c"
            )]
        );
        // Scopes are a list of words.
        let scopes = |scopes: &str| alb("auth-scope", scopes);
        assert_eq!(judged(&scopes("openid email"), &scopes("email  openid")), [""; 0]);
        let words = "007 warning Ingress web: no longer asks users for the scope email";
        told(&scopes("openid email"), &scopes("openid"), &[words]);
        told(&scopes("openid email"), &ingress("x: y"), &[words]);
    }

    #[test]
    fn lost_annotations_of_controllers_are_noted() {
        let words = |kind: &str, names: &str| {
            format!("007 note {kind}: no longer has {names}: what it restricts is not known")
        };
        let guard = "nginx.ingress.kubernetes.io/new-guard: x";
        let both = "nginx.ingress.kubernetes.io/new-guard: x, haproxy.org/other: x";
        told(
            &ingress(guard),
            &ingress("a: b"),
            &[&*words("Ingress web", "nginx.ingress.kubernetes.io/new-guard")],
        );
        told(
            &ingress(both),
            &ingress("a: b"),
            &[&*words("Ingress web", "haproxy.org/other, nginx.ingress.kubernetes.io/new-guard")],
        );
        let of = |version: &str, kind: &str, annotation: &str| {
            format!(
                "{{apiVersion: {version}, kind: {kind}, metadata: {{name: web, annotations: {{{annotation}}}}}, spec: {{}}}}"
            )
        };
        for (version, kind, annotation) in [
            ("v1", "Service", "service.beta.kubernetes.io/aws-load-balancer-new"),
            ("gateway.networking.k8s.io/v1", "HTTPRoute", "konghq.com/new"),
            ("gateway.networking.k8s.io/v1", "Gateway", "cloud.google.com/new"),
            ("v1", "Namespace", "config.linkerd.io/new"),
        ] {
            let one = |value: &str| of(version, kind, &format!("{annotation}: '{value}'"));
            let none = of(version, kind, "a: b");
            told(&one("x"), &none, &[&*words(&format!("{kind} web"), annotation)]);
            assert_eq!(judged(&one("x"), &one("y")), [""; 0], "another value is no loss");
            assert_eq!(judged(&one("false"), &none), [""; 0], "it was switched off");
        }
        // Those that say nothing, that are told, or that are of no controller.
        for annotation in [
            "nginx.ingress.kubernetes.io/proxy-body-size: 1m",
            "external-dns.alpha.kubernetes.io/hostname: a",
            "example.org/guard: x",
            "service.beta.kubernetes.io/aws-load-balancer-healthcheck-path: /",
        ] {
            assert_eq!(judged(&ingress(annotation), &ingress("a: b")), [""; 0], "{annotation}");
        }
        let limit = ingress("nginx.ingress.kubernetes.io/limit-rps: '5'");
        assert_eq!(judged(&limit, &ingress("a: b")).len(), 1, "told once, by what it does");
    }

    #[test]
    fn annotations_open_an_ingress() {
        let nginx = |name: &str, value: &str| match value {
            "" => ingress("x: y"),
            value => ingress(&format!("x: y, nginx.ingress.kubernetes.io/{name}: '{value}'")),
        };
        let label = "Ingress web: ";
        let snippet =
            "has other instructions for nginx, which may read Secrets and lead requests anywhere";
        for (name, before, after, words) in [
            ("ssl-redirect", "", "false", "warning no longer leads to TLS (ssl-redirect)"),
            (
                "configuration-snippet",
                "",
                "more_set_headers a;",
                &*format!("error {snippet} (configuration-snippet)"),
            ),
            (
                "configuration-snippet",
                "deny all;",
                "",
                "warning no longer refuses requests by instructions for nginx (configuration-snippet)",
            ),
            (
                "backend-protocol",
                "HTTPS",
                "HTTP",
                "warning connects to its pods without TLS (backend-protocol)",
            ),
            (
                "backend-protocol",
                "GRPCS",
                "",
                "warning connects to its pods without TLS (backend-protocol)",
            ),
            (
                "auth-tls-verify-client",
                "on",
                "optional",
                "warning no longer demands certificates of clients (auth-tls-verify-client)",
            ),
            (
                "denylist-source-range",
                "192.0.2.1, 192.0.2.2",
                "192.0.2.1",
                "warning no longer refuses requests from 192.0.2.2",
            ),
            ("server-alias", "", "b.example.org", "warning also serves b.example.org"),
            ("mirror-target", "", "https://x", "error sends copies of requests to https://x"),
            (
                "satisfy",
                "",
                "any",
                "warning lets in requests that meet only one of its conditions (satisfy)",
            ),
            ("auth-url", "https://a", "", "warning no longer asks for credentials"),
            (
                "whitelist-source-range",
                "10.0.0.0/8",
                "10.0.0.0/7",
                "warning accepts requests from 10.0.0.0/7",
            ),
        ] {
            let (severity, words) = words.split_once(' ').unwrap();
            let all = judged(&nginx(name, before), &nginx(name, after));
            assert_eq!(all, [format!("007 {severity} {label}{words}")], "{name}");
        }
        for (name, before, after) in [
            ("ssl-redirect", "false", "true"),
            ("ssl-redirect", "", "true"),
            ("configuration-snippet", "more_set_headers a;", ""),
            ("backend-protocol", "HTTPS", "GRPCS"),
            ("backend-protocol", "HTTP", "HTTPS"),
            ("denylist-source-range", "192.0.2.1", "192.0.2.1,192.0.2.2"),
            ("auth-type", "", "basic"),
            ("proxy-body-size", "1m", "8m"),
            ("limit-rps", "5", "10"),
        ] {
            assert_eq!(judged(&nginx(name, before), &nginx(name, after)), [""; 0], "{name}");
        }
        let other = |url: &str| nginx("auth-url", url);
        assert_eq!(
            judged(&other("https://a"), &other("https://b")),
            ["007 warning Ingress web: asks for permission at https://b in place of https://a"]
        );
        for key in ["haproxy-ingress.github.io/auth-url", "ingress.kubernetes.io/auth-url"] {
            let asks = |host: &str| ingress(&format!("{key}: 'https://{host}'"));
            assert_eq!(
                judged(&asks("a"), &asks("b")),
                ["007 warning Ingress web: asks for permission at https://b in place of https://a"]
            );
        }
        let limit =
            |value: &str| ingress(&format!("nginx.ingress.kubernetes.io/limit-rps: {value}"));
        let words =
            "007 warning Ingress web: no longer limits the requests of a client (limit-rps)";
        told(&limit("'5'"), &limit("'0'"), &[words]);
        told(&limit("'0'"), &ingress("a: b"), &[]);
        let traefik = |value: &str| {
            ingress(&format!("traefik.ingress.kubernetes.io/router.middlewares: '{value}'"))
        };
        told(
            &traefik("shop-auth@kubernetescrd,shop-gzip@kubernetescrd"),
            &traefik("shop-gzip@kubernetescrd"),
            &["007 warning Ingress web: no longer asks the middleware shop-auth@kubernetescrd"],
        );
        let alb =
            |value: &str| ingress(&format!("alb.ingress.kubernetes.io/listen-ports: '{value}'"));
        told(
            &alb("[{\"HTTPS\":443}]"),
            &alb("[{\"HTTP\":80},{\"HTTPS\":443}]"),
            &["007 warning Ingress web: listens without TLS (listen-ports)"],
        );
    }
}
