//! Hosts and paths that are served from outside: those that are new, and those that another object of the same kind
//! served before, by the same terms and with the same backends.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::judgement;
use crate::diff::weigh::{Judgement, Phrase, Sides, canonical};
use crate::harden::value::below;
use crate::yaml::Node;

/// Longer paths are only compared as a whole.
const LONGEST_PATH: usize = 256;

/// A path: with what is below it, or alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Served {
    Below(String),
    Only(String),
}

impl Served {
    /// A prefix without the slash at its end.
    pub(super) fn below(path: &str) -> Self {
        Self::Below(path.trim_end_matches('/').to_owned())
    }
}

/// The hosts and paths that an object serves, and its terms.
#[derive(Default)]
pub(super) struct Offer {
    /// The terms of all entries, as text: the class or the Gateways, and restrictions.
    terms: String,
    entries: Vec<Entry>,
}

/// A path of a host.
struct Entry {
    host: String,
    path: Served,
    /// The backend that it leads to, and its conditions, as text.
    leads: Rc<str>,
    has_tls: bool,
}

impl Offer {
    /// An offer without entries, of an object whose annotations may restrict it.
    pub(super) fn by(terms: &str, object: &Node) -> Self {
        let annotations = below(object, &["metadata", "annotations"]);
        let entries = annotations.map(Node::entries).unwrap_or_default().iter();
        let restricts = |key: &str| RESTRICTING.iter().any(|word| key.contains(word));
        let mut kept: Vec<String> = entries
            .filter(|(key, _)| restricts(key.text()))
            .map(|(key, value)| format!("{:?}:{}", key.text(), canonical(value)))
            .collect();
        kept.sort_unstable();
        Self { terms: format!("{terms} {}", kept.join(",")), entries: Vec::new() }
    }

    /// Adds a path of a host; an empty one stands for all hosts.
    pub(super) fn add(&mut self, host: Option<&str>, path: Served, leads: &Rc<str>, has_tls: bool) {
        let host = host.filter(|host| !host.is_empty()).unwrap_or("*").to_lowercase();
        self.entries.push(Entry { host, path, leads: Rc::clone(leads), has_tls });
    }

    /// The hosts, each as often as it has paths.
    pub(super) fn hosts(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| &*entry.host)
    }

    fn served(&self) -> Entries {
        Entries::of(&self.entries)
    }
}

/// Words of annotations that may restrict who is served. (Documentation of the controllers.)
const RESTRICTING: [&str; 14] = [
    "acl",
    "allow-list",
    "allowlist",
    "auth",
    "deny",
    "inbound-cidrs",
    "limit",
    "middlewares",
    "modsecurity",
    "scheme",
    "snippet",
    "ssl",
    "waf",
    "whitelist",
];

/// Hosts with the paths that are served there. `*` stands for all hosts.
#[derive(Default)]
pub(in crate::diff::weigh) struct Entries(BTreeMap<String, BTreeSet<Served>>);

impl Entries {
    fn of<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Self {
        let mut served = Self::default();
        entries.into_iter().for_each(|one| served.insert(&one.host, one.path.clone()));
        served
    }

    pub(super) fn add(&mut self, host: Option<&str>, path: Served) {
        let host = host.filter(|host| !host.is_empty()).unwrap_or("*").to_lowercase();
        self.insert(&host, path);
    }

    fn insert(&mut self, host: &str, path: Served) {
        self.0.entry(host.to_owned()).or_default().insert(path);
    }

    /// True if the path of a host is served: a wildcard stands for the labels before it.
    fn serves(&self, host: &str, path: &Served) -> bool {
        let after_label = |host: &str| host.find('.').map(|dot| format!("*{}", &host[dot..]));
        let hosts = [Some(host.to_owned()), after_label(host), Some("*".to_owned())];
        hosts.iter().flatten().filter_map(|host| self.0.get(host)).any(|paths| covers(paths, path))
    }
}

fn covers(paths: &BTreeSet<Served>, path: &Served) -> bool {
    if paths.contains(path) {
        return true;
    }
    let (Served::Below(text) | Served::Only(text)) = path;
    if text.len() > LONGEST_PATH {
        return false;
    }
    let text = text.trim_end_matches('/');
    let ends = text.match_indices('/').map(|(end, _)| end).chain([text.len()]);
    ends.into_iter().any(|end| paths.contains(&Served::Below(text[..end].to_owned())))
}

/// The entries of all objects of a render, by kind, namespace, terms and backend, and true for those with TLS.
pub(in crate::diff::weigh) type Offers = BTreeMap<(String, String, String, Rc<str>, bool), Entries>;

/// Adds what an object serves.
pub(super) fn collect(offers: &mut Offers, kind: &str, namespace: &str, offer: Offer) {
    for Entry { host, path, leads, has_tls } in offer.entries {
        let terms = offer.terms.clone();
        let key = (kind.to_owned(), namespace.to_owned(), terms, leads, has_tls);
        offers.entry(key).or_default().insert(&host, path);
    }
}

/// The judgement on hosts and paths that neither the object served before, nor another one of its kind by the same terms and
/// with the same backend.
pub(super) fn more_served(
    sides: &Sides<'_, '_>,
    of: fn(&Node) -> Offer,
    path: &'static str,
) -> Option<Judgement> {
    let mut known = sides.before.map(of).unwrap_or_default().served();
    let new = of(sides.after?);
    let judged = grown(&known, &new.served(), path)?;
    let offers = sides.whole.offers();
    let was_there = |entry: &&Entry| {
        let (kind, namespace) = (sides.kind.to_owned(), sides.namespace(1).to_owned());
        let mut key = (kind, namespace, new.terms.clone(), Rc::clone(&entry.leads), entry.has_tls);
        let serves =
            |of: Option<&Entries>| of.is_some_and(|of| of.serves(&entry.host, &entry.path));
        // With TLS it is served more strictly.
        serves(offers.get(&key))
            || entry.has_tls && {
                key.4 = false;
                serves(offers.get(&key))
            }
    };
    let (moved, rest): (Vec<&Entry>, Vec<&Entry>) = new.entries.iter().partition(was_there);
    if moved.is_empty() {
        return Some(judged);
    }
    for entry in moved {
        known.0.entry(entry.host.clone()).or_default();
    }
    grown(&known, &Entries::of(rest), path)
}

/// The meaning of a mapping as text, without some fields.
pub(super) fn without(node: &Node, fields: &[&str]) -> String {
    let entries = node.entries().iter();
    let entries = entries.filter(|(key, value)| !fields.contains(&key.text()) && !value.is_null());
    let mut parts: Vec<String> =
        entries.map(|(key, value)| format!("{:?}:{}", key.text(), canonical(value))).collect();
    parts.sort_unstable();
    parts.join(",")
}

/// The judgement on hosts and paths that were not served before.
pub(super) fn grown(old: &Entries, new: &Entries, path: &'static str) -> Option<Judgement> {
    let mut gained: Vec<String> = Vec::new();
    for (host, paths) in &new.0 {
        let news: Vec<&Served> = paths.iter().filter(|path| !old.serves(host, path)).collect();
        let is_known = old.0.contains_key(host);
        let host = if host == "*" { "all hosts" } else { host };
        match news.first() {
            None => {}
            // A host that is new as a whole is told without its paths.
            Some(_) if news.len() == paths.len() && !is_known => {
                gained.push(host.to_owned());
            }
            Some(Served::Below(path) | Served::Only(path)) => {
                let slash = if path.is_empty() { "/" } else { "" };
                let more = if news.len() > 1 { ", …" } else { "" };
                gained.push(format!("{host}{path}{slash}{more}"));
            }
        }
    }
    (!gained.is_empty())
        .then(|| judgement(path, Phrase::new("serves ").few(gained.iter().map(String::as_str))))
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::judged;

    fn object(version: &str, kind: &str, name: &str, fields: &str) -> String {
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: {name}, annotations: {{ANNOTATIONS: x}}}}, spec: {{{fields}}}}}\n---\n"
        )
    }

    /// An object of a kind that serves paths of the host `a.example.org`, each with a backend.
    fn serving(kind: &str, name: &str, paths: &[(&str, &str)]) -> String {
        let each = |one: &dyn Fn(&str, &str) -> String| -> String {
            let all: Vec<String> = paths.iter().map(|(path, to)| one(path, to)).collect();
            all.join(", ")
        };
        let (version, fields) = match kind {
            "Ingress" => {
                let path = |path: &str, to: &str| {
                    format!(
                        "{{path: {path}, pathType: Prefix, backend: {{service: {{name: {to}, port: {{number: 80}}}}}}}}"
                    )
                };
                (
                    "networking.k8s.io/v1",
                    format!("rules: [{{host: a.example.org, http: {{paths: [{}]}}}}]", each(&path)),
                )
            }
            "HTTPRoute" => {
                let rule = |path: &str, to: &str| {
                    format!(
                        "{{matches: [{{path: {{type: PathPrefix, value: {path}}}}}], backendRefs: [{{name: {to}, port: 80}}]}}"
                    )
                };
                (
                    "gateway.networking.k8s.io/v1",
                    format!(
                        "parentRefs: [{{name: g}}], hostnames: [a.example.org], rules: [{}]",
                        each(&rule)
                    ),
                )
            }
            "VirtualService" => {
                let rule = |path: &str, to: &str| {
                    format!(
                        "{{match: [{{uri: {{prefix: {path}}}}}], route: [{{destination: {{host: {to}}}}}]}}"
                    )
                };
                (
                    "networking.istio.io/v1",
                    format!("hosts: [a.example.org], gateways: [g], http: [{}]", each(&rule)),
                )
            }
            "HTTPProxy" => {
                let route = |path: &str, to: &str| {
                    format!(
                        "{{conditions: [{{prefix: {path}}}], services: [{{name: {to}, port: 80}}]}}"
                    )
                };
                (
                    "projectcontour.io/v1",
                    format!("virtualhost: {{fqdn: a.example.org}}, routes: [{}]", each(&route)),
                )
            }
            _ => {
                let route = |path: &str, to: &str| {
                    format!(
                        "{{kind: Rule, match: 'Host(`a.example.org`) && PathPrefix(`{path}`)', services: [{{name: {to}, port: 80}}]}}"
                    )
                };
                ("traefik.io/v1alpha1", format!("entryPoints: [web], routes: [{}]", each(&route)))
            }
        };
        object(version, kind, name, &fields)
    }

    const KINDS: [&str; 5] =
        ["Ingress", "HTTPRoute", "VirtualService", "HTTPProxy", "IngressRoute"];

    fn exposed(before: &str, after: &str) -> Vec<String> {
        judged(before, after).into_iter().filter(|one| one.starts_with("007")).collect()
    }

    #[test]
    fn paths_that_move_to_another_object_are_not_new() {
        for kind in KINDS {
            let both = serving(kind, "web", &[("/web", "web"), ("/api", "api")]);
            let web = serving(kind, "web", &[("/web", "web")]);
            let apart = web.clone() + &serving(kind, "x", &[("/api", "api")]);
            let renamed = serving(kind, "zz", &[("/web", "web"), ("/api", "api")]);
            for (before, after) in
                [(&both, &apart), (&apart, &both), (&both, &renamed), (&apart, &renamed)]
            {
                assert_eq!(exposed(before, after), [""; 0], "{before}{after}");
            }
            let more = web.clone() + &serving(kind, "x", &[("/api", "api"), ("/debug", "api")]);
            let label = format!("007 warning {kind} x: serves a.example.org");
            assert_eq!(exposed(&both, &more), [format!("{label}/debug")]);
            let other = web.clone() + &serving(kind, "x", &[("/api", "admin")]);
            assert_eq!(exposed(&both, &other), [&*label], "another backend");
            let host = apart.replacen("a.example.org", "b.example.org", 2).replacen(
                "b.example.org",
                "a.example.org",
                1,
            );
            assert_eq!(exposed(&both, &host).len(), 1, "{host}");
            // What restricted one object must restrict the other one too.
            let guarded = "nginx.ingress.kubernetes.io/auth-url: 'https://a'";
            let [both, web] = [&both, &web].map(|text| text.replace("ANNOTATIONS: x", guarded));
            let moved = serving(kind, "x", &[("/api", "api")]);
            assert_eq!(exposed(&both, &(web.clone() + &moved)), [&*label]);
            let moved = moved.replace("ANNOTATIONS: x", guarded);
            assert_eq!(exposed(&both, &(web + &moved)), [""; 0]);
        }
    }

    #[test]
    fn objects_serve_by_their_terms() {
        for (kind, old, new) in [
            ("Ingress", "rules: [", "ingressClassName: public, rules: ["),
            ("HTTPRoute", "name: g}", "name: public}"),
            ("VirtualService", "gateways: [g]", "gateways: [public]"),
            (
                "HTTPProxy",
                "fqdn: a.example.org",
                "fqdn: a.example.org, authorization: {authPolicy: {disabled: true}}",
            ),
            ("IngressRoute", "entryPoints: [web]", "entryPoints: [public]"),
            ("IngressRoute", " && PathPrefix", " && Method(`GET`) && PathPrefix"),
        ] {
            let both = serving(kind, "web", &[("/web", "web"), ("/api", "api")]);
            let web = serving(kind, "web", &[("/web", "web")]);
            let other = serving(kind, "x", &[("/api", "api")]).replace(old, new);
            assert_eq!(exposed(&both, &(web + &other)).len(), 1, "{other}");
        }
    }

    #[test]
    fn a_path_of_an_ingress_moves_with_its_tls() {
        let tls = |text: &str, hosts: &str| {
            text.replace("spec: {", &format!("spec: {{tls: [{{hosts: [{hosts}]}}], "))
        };
        let both = serving("Ingress", "web", &[("/web", "web"), ("/api", "api")]);
        let web = serving("Ingress", "web", &[("/web", "web")]);
        let api = serving("Ingress", "x", &[("/api", "api")]);
        let hosts = "a.example.org, '*.example.com'";
        let secure = tls(&web, hosts);
        let [plain, wild] = [api.clone(), tls(&api, "'*.example.org'")];
        assert_eq!(exposed(&tls(&both, hosts), &format!("{secure}{plain}")).len(), 1);
        assert_eq!(exposed(&tls(&both, hosts), &format!("{secure}{wild}")), [""; 0]);
        assert_eq!(exposed(&both, &format!("{web}{wild}")), [""; 0], "with TLS now");
    }
}
