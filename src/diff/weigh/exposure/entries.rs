//! Hosts and paths that are served from outside: those that are new, and those that another object of the same kind
//! served before, by the same terms and with the same backends.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::annotations::{Annotations, opened, telling};
use super::attached::policies_of;
use super::judgement;
use super::leaving::{is_restricted_alike, replaced_by};
use crate::diff::weigh::{Judgement, Phrase, Sides};
use crate::harden::value::{below, items, text};
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
    guards: Rc<Guards>,
    entries: Vec<Entry>,
}

/// Restrictions of an object beside its fields.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::diff::weigh) struct Guards {
    annotations: Annotations,
    /// The policies that are attached to it: their titles by their meanings.
    policies: BTreeMap<String, String>,
}

/// A path of a host.
struct Entry {
    host: String,
    path: Served,
    /// The backend that it leads to, and its conditions, as text.
    leads: Rc<str>,
    has_tls: bool,
    /// The Service and the port, if the entry leads there and says no more.
    plain: Option<Rc<str>>,
}

impl Offer {
    /// An offer without entries, of an object whose annotations may restrict it.
    pub(super) fn by(terms: &str, object: &Node) -> Self {
        let guards = Guards { annotations: telling(object), policies: BTreeMap::new() };
        Self { terms: terms.to_owned(), guards: Rc::new(guards), entries: Vec::new() }
    }

    /// The offer of an object to which policies are attached.
    pub(super) fn guarded(mut self, policies: BTreeMap<String, String>) -> Self {
        let annotations = self.guards.annotations.clone();
        self.guards = Rc::new(Guards { annotations, policies });
        self
    }

    /// Adds a path of a host; an empty one stands for all hosts.
    pub(super) fn add(&mut self, host: Option<&str>, path: Served, leads: &Rc<str>, has_tls: bool) {
        let host = host.filter(|host| !host.is_empty()).unwrap_or("*").to_lowercase();
        self.entries.push(Entry { host, path, leads: Rc::clone(leads), has_tls, plain: None });
    }

    /// Says of the entry that was added last that it only leads to a Service and a port.
    pub(super) fn is_plain(&mut self, service: &str, port: &str) {
        if let Some(last) = self.entries.last_mut() {
            last.plain = Some(format!("{service}:{port}").into());
        }
    }

    /// The hosts, each as often as it has paths.
    pub(super) fn hosts(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| &*entry.host)
    }

    fn served(&self) -> Entries {
        Entries::of(&self.entries)
    }
}

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
        self.nearest(host, path).is_some()
    }

    /// The entry that serves the path of a host: the place of its host, the exact one first, and the length of its path.
    fn nearest(&self, host: &str, path: &Served) -> Option<(usize, usize)> {
        let after_label = |host: &str| host.find('.').map(|dot| format!("*{}", &host[dot..]));
        let hosts = [Some(host.to_owned()), after_label(host), Some("*".to_owned())];
        let hosts = hosts.iter().flatten().enumerate();
        hosts
            .filter_map(|(place, host)| Some((place, self.0.get(host)?)))
            .find_map(|(place, paths)| Some((place, nearest(paths, path)?)))
    }
}

/// The length of the longest of some paths that is a path, or above it.
fn nearest(paths: &BTreeSet<Served>, path: &Served) -> Option<usize> {
    if paths.contains(path) {
        return Some(usize::MAX);
    }
    let (Served::Below(text) | Served::Only(text)) = path;
    if text.len() > LONGEST_PATH {
        return None;
    }
    let text = text.trim_end_matches('/');
    let ends = text.rmatch_indices('/').map(|(end, _)| end);
    let mut ends = std::iter::once(text.len()).chain(ends);
    ends.find(|end| paths.contains(&Served::Below(text[..*end].to_owned())))
}

/// The entries of all objects of a render, by their places and what restricts them.
#[derive(Default)]
pub(in crate::diff::weigh) struct Offers {
    by_place: BTreeMap<Place, BTreeMap<Rc<Guards>, Entries>>,
    /// All of them, by kind and namespace.
    all: BTreeMap<(String, String), Entries>,
    /// Those of Ingresses that only lead to a port of a Service.
    plain: BTreeMap<Plain, Entries>,
}

/// The place to which an Ingress only leads: the namespace, the Service and its port; true with TLS, and true for a class of
/// which the name says that it is internal.
type Plain = (String, Rc<str>, bool, bool);

/// True if the name of a class or a Gateway says that it is internal.
fn is_internal(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["internal", "private", "intranet"].iter().any(|word| name.contains(word))
}

/// The place of entries: kind, namespace, terms and backend of the object, and true for those with TLS.
type Place = (String, String, String, Rc<str>, bool);

/// The maximum number of objects with other annotations that an entry is looked for in.
const MOST_OTHERS: usize = 8;

/// Adds what an object serves.
pub(super) fn collect(offers: &mut Offers, kind: &str, namespace: &str, offer: Offer) {
    let is_restricted = *offer.guards != Guards::default();
    for Entry { host, path, leads, has_tls, plain } in offer.entries {
        if let Some(plain) = plain.filter(|_| kind == "Ingress" && !is_restricted) {
            let key = (namespace.to_owned(), plain, has_tls, is_internal(&offer.terms));
            offers.plain.entry(key).or_default().insert(&host, path.clone());
        }
        let terms = offer.terms.clone();
        let key = (kind.to_owned(), namespace.to_owned(), terms, leads, has_tls);
        let all = offers.all.entry((kind.to_owned(), namespace.to_owned())).or_default();
        all.insert(&host, path.clone());
        let of_place = offers.by_place.entry(key).or_default();
        of_place.entry(Rc::clone(&offer.guards)).or_default().insert(&host, path);
    }
}

/// An entry of an object, before the change.
enum Former {
    /// Another object served it by terms that are as strict.
    Known,
    /// Another object served it, and what may have restricted it does not do so any more.
    Otherwise(Lost),
    New,
}

/// The restrictions that an entry lost when it moved: keys of annotations that differ, and titles of policies.
#[derive(Default)]
struct Lost {
    annotations: BTreeSet<String>,
    policies: BTreeSet<String>,
}

impl Lost {
    fn of(sides: &Sides<'_, '_>, old: &Guards, new: &Guards) -> Self {
        let is_gone = |(meaning, title): &(&String, &String)| {
            !new.policies.contains_key(*meaning) && !is_restricted_alike(sides, title)
        };
        let lost = old.policies.iter().filter(is_gone);
        let mut policies: BTreeSet<String> = lost.map(|(_, title)| title.clone()).collect();
        let kind = |title: &str| title.split(' ').next().map(str::to_owned);
        let had = |title: &str| old.policies.values().any(|one| kind(one) == kind(title));
        let gained =
            new.policies.iter().filter(|(meaning, _)| !old.policies.contains_key(*meaning));
        for (_, title) in gained.filter(|(_, title)| !had(title)) {
            policies.extend(replaced_by(sides, title));
        }
        Self { annotations: opened(sides, &old.annotations, &new.annotations), policies }
    }

    fn is_empty(&self) -> bool {
        self.annotations.is_empty() && self.policies.is_empty()
    }

    /// A phrase with what is lost.
    fn told(&self, mut phrase: Phrase) -> Phrase {
        if self.is_empty() {
            return phrase;
        }
        phrase = phrase.say(", which moved here");
        let few = |list: &'_ BTreeSet<String>, phrase: Phrase, words: &'static str| match list.len()
        {
            0 => phrase,
            _ => phrase.say(words).few(list.iter().map(String::as_str)),
        };
        phrase = few(&self.policies, phrase, ", where it has no ");
        few(&self.annotations, phrase, ", with other annotations than before: ")
    }
}

/// Looks for an entry, which an object did not serve before, among those of others.
fn former(sides: &Sides<'_, '_>, new: &Offer, entry: &Entry) -> Former {
    let (kind, namespace) = (sides.kind.to_owned(), sides.namespace(1).to_owned());
    let offers = sides.whole.offers(0);
    if was_of_ingress(sides, entry) {
        return Former::Known;
    }
    // Not one above another one, which may have been stricter.
    let all = offers.all.get(&(kind.clone(), namespace.clone()));
    let nearest = all.and_then(|all| all.nearest(&entry.host, &entry.path));
    if nearest.is_none() {
        return Former::New;
    }
    let mut key = (kind, namespace, new.terms.clone(), Rc::clone(&entry.leads), entry.has_tls);
    let mut otherwise = None;
    // With TLS it is served more strictly.
    for has_tls in BTreeSet::from([entry.has_tls, false]) {
        key.4 = has_tls;
        let Some(all) = offers.by_place.get(&key) else { continue };
        let serves = |of: &Entries| of.nearest(&entry.host, &entry.path) == nearest;
        if all.get(&new.guards).is_some_and(serves) {
            return Former::Known;
        }
        for (old, _) in all.iter().take(MOST_OTHERS).filter(|(_, of)| serves(of)) {
            let size = |of: &Guards| of.annotations.len() + of.policies.len();
            if !sides.whole.work.takes(1 + size(old) + size(&new.guards)) {
                return Former::New;
            }
            let lost = Lost::of(sides, old, &new.guards);
            if lost.is_empty() {
                return Former::Known;
            }
            otherwise.get_or_insert(lost);
        }
    }
    otherwise.map_or(Former::New, Former::Otherwise)
}

/// True if an entry of a route was one of an Ingress without restrictions, and no longer is.
fn was_of_ingress(sides: &Sides<'_, '_>, entry: &Entry) -> bool {
    let (Some(plain), Some(route)) = (&entry.plain, sides.after) else { return false };
    let namespace = sides.namespace(1).to_owned();
    let parents = items(below(route, &["spec", "parentRefs"]));
    let is_inner = parents.iter().all(|one| text(one, "name").is_some_and(is_internal));
    let serves = |side: usize, has_tls: bool, is_inner: bool| {
        let key = (namespace.clone(), Rc::clone(plain), has_tls, is_inner);
        let of = sides.whole.offers(side).plain.get(&key);
        of.and_then(|of| of.nearest(&entry.host, &entry.path)) == Some((0, usize::MAX))
    };
    let inner = [Some(false), is_inner.then_some(true)];
    let known = |has_tls| inner.iter().flatten().any(|inner| serves(0, has_tls, *inner));
    let stays = || {
        let key = ("Ingress".to_owned(), namespace.clone());
        let all = sides.whole.offers(1).all.get(&key);
        all.is_some_and(|all| all.serves(&entry.host, &entry.path))
    };
    sides.kind == "HTTPRoute"
        && !parents.is_empty()
        && (known(false) || known(true) && parents.iter().all(|one| has_tls(sides, one)))
        && !stays()
}

/// True if the listeners of a Gateway to which a route is attached use TLS, as far as the render or their names show it.
fn has_tls(sides: &Sides<'_, '_>, parent: &Node) -> bool {
    let section = text(parent, "sectionName");
    let namespace = text(parent, "namespace").unwrap_or_else(|| sides.namespace(1));
    let mut gateways = sides.whole.of_kind(1, "Gateway", namespace);
    let gateway = gateways.find(|one| Some(one.name()) == text(parent, "name"));
    let Some(gateway) = gateway else {
        return section.is_some_and(|section| section.contains("https") || section.contains("tls"));
    };
    let listeners = items(below(gateway.node(), &["spec", "listeners"])).iter();
    let mut meant =
        listeners.filter(|one| section.is_none() || text(one, "name") == section).peekable();
    meant.peek().is_some()
        && meant.all(|one| matches!(text(one, "protocol"), Some("HTTPS" | "TLS")))
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
    let new = new.guarded(policies_of(sides, 1));
    let (mut rest, mut lost, mut is_known) = (Vec::new(), Lost::default(), false);
    for entry in &new.entries {
        match former(sides, &new, entry) {
            Former::Known => {
                is_known = true;
                known.0.entry(entry.host.clone()).or_default();
                continue;
            }
            // What the object itself served is told by its own annotations.
            Former::Otherwise(more) if !known.serves(&entry.host, &entry.path) => {
                lost.annotations.extend(more.annotations);
                lost.policies.extend(more.policies);
            }
            Former::Otherwise(_) | Former::New => {}
        }
        rest.push(entry);
    }
    let judged = if is_known { grown(&known, &Entries::of(rest), path)? } else { judged };
    let Judgement { phrase, .. } = judged;
    Some(judgement(path, lost.told(phrase)))
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
            let words = ", which moved here, with other annotations than before: ANNOTATIONS, nginx.ingress.kubernetes.io/auth-url";
            assert_eq!(exposed(&both, &(web.clone() + &moved)), [format!("{label}{words}")]);
            let moved = moved.replace("ANNOTATIONS: x", guarded);
            assert_eq!(exposed(&both, &(web + &moved)), [""; 0]);
        }
    }

    #[test]
    fn entries_move_with_all_annotations_but_harmless_ones() {
        let with = |text: &str, annotations: &str| text.replace("ANNOTATIONS: x", annotations);
        let both = serving("Ingress", "web", &[("/web", "web"), ("/api", "api")]);
        let web = serving("Ingress", "web", &[("/web", "web")]);
        let api = serving("Ingress", "x", &[("/api", "api")]);
        let words = |name: &str, old: &str, new: &str| {
            let told = exposed(&with(&both, old), &(with(&web, old) + &with(&api, new)));
            told.iter().all(|one| one.contains(name)).then_some(told.len())
        };
        // Lost, new, or another value; also of annotations that are not known.
        for (name, old, new) in [
            ("konghq.com/plugins", "konghq.com/plugins: key-auth", ""),
            ("nginx.com/jwt-key", "nginx.com/jwt-key: jwk", ""),
            ("nginx.org/policies", "nginx.org/policies: guard", ""),
            ("security-groups", "alb.ingress.kubernetes.io/security-groups: sg-1", ""),
            ("inbound-cidrs", "alb.ingress.kubernetes.io/inbound-cidrs: 10.0.0.0/8", ""),
            ("use-private-ip", "appgw.ingress.kubernetes.io/use-private-ip: 'true'", ""),
            ("allow-http", "kubernetes.io/ingress.allow-http: 'false'", ""),
            ("plugin-config-name", "k8s.apisix.apache.org/plugin-config-name: guard", ""),
            ("protocols", "konghq.com/protocols: https", ""),
            ("listen-ports", "alb.ingress.kubernetes.io/listen-ports: '[{\"HTTPS\": 443}]'", ""),
            ("proxied", "external-dns.alpha.kubernetes.io/cloudflare-proxied: 'true'", ""),
            ("funnel", "", "tailscale.com/funnel: 'true'"),
            ("rewrite-target", "", "nginx.ingress.kubernetes.io/rewrite-target: /admin"),
            ("use-regex", "", "nginx.ingress.kubernetes.io/use-regex: 'true'"),
            ("example.org/guard", "example.org/guard: strict", ""),
            ("example.org/guard", "example.org/guard: strict", "example.org/guard: lax"),
            ("example.org/guard", "", "example.org/guard: lax"),
        ] {
            assert_eq!(words(name, old, new), Some(1), "{old} {new}");
        }
        for (old, new) in [
            ("argocd.argoproj.io/sync-wave: '1'", ""),
            ("", "kubectl.kubernetes.io/last-applied-configuration: '{}'"),
            ("cert-manager.io/cluster-issuer: a", "cert-manager.io/cluster-issuer: b"),
            ("external-dns.alpha.kubernetes.io/hostname: a", "description: text"),
            ("nginx.ingress.kubernetes.io/proxy-read-timeout: '60'", ""),
            // Known, and stricter.
            ("", "konghq.com/plugins: key-auth"),
            ("nginx.org/policies: a", "nginx.org/policies: 'b, a'"),
            ("", "nginx.ingress.kubernetes.io/auth-url: 'https://a'"),
            (
                "nginx.ingress.kubernetes.io/whitelist-source-range: 10.0.0.0/8",
                "nginx.ingress.kubernetes.io/whitelist-source-range: 10.1.0.0/16",
            ),
            ("nginx.ingress.kubernetes.io/enable-cors: 'true'", ""),
        ] {
            assert_eq!(words("", old, new), Some(0), "{old} {new}");
        }
    }

    #[test]
    fn an_ingress_becomes_a_route() {
        let bare = |text: String| text.replace(", annotations: {ANNOTATIONS: x}", "");
        let paths = [("/web", "web"), ("/api", "api")];
        let ingress = bare(serving("Ingress", "web", &paths));
        let route = bare(serving("HTTPRoute", "web", &paths));
        let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}\n---\n";
        let told = |before: &str, after: &str| {
            exposed(&format!("{map}{before}"), &format!("{map}{after}"))
        };
        assert_eq!(told(&ingress, &route), [""; 0]);
        let tls = "spec: {tls: [{hosts: [a.example.org]}], ";
        let secure = ingress.replace("spec: {", tls);
        let https = route.replace("{name: g}", "{name: g, sectionName: https}");
        let gateway = |protocol: &str| {
            let fields = format!(
                "gatewayClassName: c, listeners: [{{name: l, port: 443, protocol: {protocol}}}]"
            );
            bare(object("gateway.networking.k8s.io/v1", "Gateway", "g", &fields))
        };
        assert_eq!(told(&secure, &https), [""; 0]);
        let with = |protocol: &str, text: &str| gateway(protocol) + text;
        assert_eq!(told(&with("HTTPS", &secure), &with("HTTPS", &route)), [""; 0]);
        for (before, after) in [
            (secure.clone(), route.clone()),
            (with("HTTP", &secure), with("HTTP", &route)),
            (ingress.clone(), route.replace("value: /api", "value: /")),
            (ingress.clone(), route.replace("name: api", "name: admin")),
            (ingress.clone(), route.replace("a.example.org", "'*.example.org'")),
            (
                ingress.replace(
                    "metadata: {name: web",
                    "metadata: {name: web, annotations: {example.org/auth: x}",
                ),
                route.clone(),
            ),
            (ingress.replace("spec: {", "spec: {ingressClassName: internal, "), route.clone()),
            // Both are there.
            (
                ingress.clone(),
                ingress.clone() + &route.replace("name: web}, spec", "name: other}, spec"),
            ),
        ] {
            assert_eq!(told(&before, &after).len(), 1, "{before}{after}");
        }
    }

    #[test]
    fn many_annotations_are_compared_in_linear_time() {
        let object = |side: usize| -> String {
            let one = |number: usize| {
                let all =
                    serving("Ingress", &format!("i{number}"), &[(&*format!("/{number}"), "web")]);
                let own = format!("example.org/a: '{number}', example.org/b: '{side}'");
                all.replace("ANNOTATIONS: x", &own)
            };
            (0..600).map(one).collect()
        };
        let (before, after) = (object(0), object(1).replace("name: i", "name: j"));
        assert_eq!(exposed(&before, &after).len(), 600);
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
