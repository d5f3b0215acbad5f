//! Hosts and paths that are served from outside: those that are new, and those that another object of the same kind
//! served before, by the same terms and with the same backends.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::annotations::opened;
use super::attached::policies_of;
use super::leaving::{is_restricted_alike, replaced_by};
use super::serving::{
    Block, Gains, Guards, Hosts, Offer, STEPS_OF_ENTRY, Served, Way, judged, nearest,
};
use crate::diff::weigh::{Judgement, Phrase, Sides};
use crate::harden::value::{below, items, text};
use crate::yaml::Node;

/// Sets of hosts, by their numbers, with the paths that are served there.
#[derive(Default)]
struct Entries(BTreeMap<usize, BTreeSet<Served>>);

impl Entries {
    fn insert(&mut self, hosts: usize, path: Served) {
        self.0.entry(hosts).or_default().insert(path);
    }

    /// The entry that serves a path of sets of hosts: the place of the host, the exact one first, and the length of its path.
    fn nearest(&self, sets: &[&[usize]; 3], path: &Served) -> Option<(usize, usize)> {
        let of =
            |set: &usize| nearest(|path| self.0.get(set).is_some_and(|of| of.contains(path)), path);
        let length = |sets: &&[usize]| sets.iter().filter_map(of).max();
        sets.iter().enumerate().find_map(|(place, sets)| Some((place, length(sets)?)))
    }
}

/// The entries of all objects of a render, by their places and what restricts them.
#[derive(Default)]
pub(in crate::diff::weigh) struct Offers {
    hosts: Hosts,
    /// Numbers for kinds, namespaces and terms.
    terms: BTreeMap<(String, String, Rc<str>), usize>,
    /// Restrictions of objects, in order.
    guards: Vec<Rc<Guards>>,
    /// By places, and what restricts them.
    by_place: BTreeMap<Place, BTreeMap<usize, Entries>>,
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

/// The place of entries: the number of the kind, namespace and terms of the object, its backend, and true for those with TLS.
type Place = (usize, Rc<str>, bool);

/// The maximum number of objects with other annotations that an entry is looked for in.
const MOST_OTHERS: usize = 8;

/// An object with what it serves: its kind and its namespace.
pub(super) type Offering<'a> = (&'a str, &'a str, Offer);

impl Offers {
    /// Collects what objects serve.
    pub(super) fn of(all: Vec<Offering<'_>>) -> Self {
        let guards: BTreeSet<Rc<Guards>> =
            all.iter().map(|(.., offer)| Rc::clone(&offer.guards)).collect();
        let mut offers = Self { guards: guards.into_iter().collect(), ..Self::default() };
        all.into_iter().for_each(|(kind, namespace, offer)| offers.add(kind, namespace, offer));
        offers
    }

    fn add(&mut self, kind: &str, namespace: &str, offer: Offer) {
        let is_restricted = *offer.guards != Guards::default();
        let is_internal = is_internal(&offer.terms);
        let number = self.terms.len();
        let terms = (kind.to_owned(), namespace.to_owned(), offer.terms);
        let terms = *self.terms.entry(terms).or_insert(number);
        let guards = self.guards.binary_search(&offer.guards).unwrap_or_default();
        let all = self.all.entry((kind.to_owned(), namespace.to_owned())).or_default();
        for Block { hosts, entries } in offer.blocks {
            let hosts = self.hosts.number(&hosts);
            for (path, Way { leads, has_tls, plain }) in entries {
                if let Some(plain) = plain.filter(|_| kind == "Ingress" && !is_restricted) {
                    let key = (namespace.to_owned(), plain, has_tls, is_internal);
                    self.plain.entry(key).or_default().insert(hosts, path.clone());
                }
                all.insert(hosts, path.clone());
                let of_place = self.by_place.entry((terms, leads, has_tls)).or_default();
                of_place.entry(guards).or_default().insert(hosts, path);
            }
        }
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

/// An object with what it newly serves.
struct Newcomer<'s, 'o, 'a> {
    sides: &'s Sides<'o, 'a>,
    offers: &'s Offers,
    /// The numbers of its terms and of what restricts it, if another object had the same before.
    terms: Option<usize>,
    guards: Option<usize>,
    offer: &'s Offer,
}

impl<'s, 'o, 'a> Newcomer<'s, 'o, 'a> {
    fn of(sides: &'s Sides<'o, 'a>, offer: &'s Offer) -> Self {
        let offers = sides.whole.offers(0);
        let (kind, namespace) = (sides.kind.to_owned(), sides.namespace(1).to_owned());
        let terms = offers.terms.get(&(kind, namespace, Rc::clone(&offer.terms))).copied();
        let guards = offers.guards.binary_search(&offer.guards).ok();
        Self { sides, offers, terms, guards, offer }
    }

    /// Looks for an entry, which the object did not serve before, among those of others.
    fn former(&self, host: &str, path: &Served, way: &Way) -> Former {
        let Self { sides, offers, .. } = self;
        let sets = offers.hosts.with(host);
        let number: usize = sets.iter().map(|sets| sets.len()).sum();
        if !sides.whole.work.takes(1 + number / STEPS_OF_ENTRY) {
            return Former::New;
        }
        if was_of_ingress(sides, host, path, way) {
            return Former::Known;
        }
        // Not one above another one, which may have been stricter.
        let all = offers.all.get(&(sides.kind.to_owned(), sides.namespace(1).to_owned()));
        let nearest = all.and_then(|all| all.nearest(&sets, path));
        let Some(terms) = self.terms.filter(|_| nearest.is_some()) else { return Former::New };
        let mut otherwise = None;
        // With TLS it is served more strictly.
        for has_tls in BTreeSet::from([way.has_tls, false]) {
            let key = (terms, Rc::clone(&way.leads), has_tls);
            let Some(all) = offers.by_place.get(&key) else { continue };
            let serves = |of: &Entries| of.nearest(&sets, path) == nearest;
            if self.guards.and_then(|own| all.get(&own)).is_some_and(serves) {
                return Former::Known;
            }
            let new = &self.offer.guards;
            for (old, _) in all.iter().take(MOST_OTHERS).filter(|(_, of)| serves(of)) {
                let old = &offers.guards[*old];
                let size = |of: &Guards| of.annotations.len() + of.policies.len();
                if !sides.whole.work.takes(1 + size(old) + size(new)) {
                    return Former::New;
                }
                let lost = Lost::of(sides, old, new);
                if lost.is_empty() {
                    return Former::Known;
                }
                otherwise.get_or_insert(lost);
            }
        }
        otherwise.map_or(Former::New, Former::Otherwise)
    }
}

/// True if an entry of a route was one of an Ingress without restrictions, and no longer is.
fn was_of_ingress(sides: &Sides<'_, '_>, host: &str, path: &Served, way: &Way) -> bool {
    let (Some(plain), Some(route)) = (&way.plain, sides.after) else { return false };
    let namespace = sides.namespace(1).to_owned();
    let parents = items(below(route, &["spec", "parentRefs"]));
    let nearest = |side: usize, of: Option<&Entries>| {
        of.and_then(|of| of.nearest(&sides.whole.offers(side).hosts.with(host), path))
    };
    let serves = |has_tls: bool, is_inner: bool| {
        let key = (namespace.clone(), Rc::clone(plain), has_tls, is_inner);
        nearest(0, sides.whole.offers(0).plain.get(&key)) == Some((0, usize::MAX))
    };
    let is_inner = || {
        sides.whole.work.takes(parents.len())
            && parents.iter().all(|one| text(one, "name").is_some_and(is_internal))
    };
    let known = |has_tls| serves(has_tls, false) || serves(has_tls, true) && is_inner();
    let stays = || {
        let key = ("Ingress".to_owned(), namespace.clone());
        nearest(1, sides.whole.offers(1).all.get(&key)).is_some()
    };
    sides.kind == "HTTPRoute"
        && !parents.is_empty()
        && (known(false)
            || known(true)
                && sides.whole.work.takes(parents.len())
                && parents.iter().all(|one| has_tls(sides, one)))
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
) -> Vec<Judgement> {
    let Some(after) = sides.after else { return Vec::new() };
    let known = sides.before.map_or_else(Offer::empty, of).served();
    let (new, work) = (of(after), sides.work());
    let served = new.served();
    let mut gains = Gains::new(&known, &served, &work);
    if !gains.are_some() && !work.is_over() {
        return Vec::new();
    }
    let (new, mut lost) = (new.guarded(policies_of(sides, 1)), Lost::default());
    let newcomer = Newcomer::of(sides, &new);
    let told = gains.told(|host, path, way| match newcomer.former(host, path, way) {
        Former::Known => true,
        // What the object itself served is told by its own annotations.
        Former::Otherwise(more) => {
            lost.annotations.extend(more.annotations);
            lost.policies.extend(more.policies);
            false
        }
        Former::New => false,
    });
    judged(&told, path, &work, |phrase| lost.told(phrase))
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

    /// Routes of some hosts and paths, each with a backend of its own.
    fn product(kind: &str, name: &str, hosts: &[String], paths: &[String]) -> String {
        let each = |one: &dyn Fn(&String) -> String| -> String {
            paths.iter().map(one).collect::<Vec<_>>().join(", ")
        };
        let quoted: Vec<String> = hosts.iter().map(|host| format!("'{host}'")).collect();
        let hosts = quoted.join(", ");
        let (version, fields) = match kind {
            "HTTPRoute" => {
                let rule = |path: &String| {
                    format!(
                        "{{matches: [{{path: {{value: {path}}}}}], backendRefs: [{{name: b, port: 80}}]}}"
                    )
                };
                (
                    "gateway.networking.k8s.io/v1",
                    format!(
                        "parentRefs: [{{name: g}}], hostnames: [{hosts}], rules: [{}]",
                        each(&rule)
                    ),
                )
            }
            _ => {
                let rule = |path: &String| {
                    format!(
                        "{{match: [{{uri: {{prefix: {path}}}}}], route: [{{destination: {{host: b}}}}]}}"
                    )
                };
                (
                    "networking.istio.io/v1",
                    format!("gateways: [g], hosts: [{hosts}], http: [{}]", each(&rule)),
                )
            }
        };
        object(version, kind, name, &fields)
    }

    fn numbered(prefix: &str, number: usize, suffix: &str) -> Vec<String> {
        (0..number).map(|one| format!("{prefix}{one}{suffix}")).collect()
    }

    #[test]
    fn many_hosts_with_many_paths_are_compared_without_their_product() {
        // Other judges of a VirtualService compare its rules with each other.
        for (kind, number) in [("HTTPRoute", 1000), ("VirtualService", 60)] {
            let of = |hosts: &[String], paths: &[String]| product(kind, "web", hosts, paths);
            let (hosts, paths) = (numbered("h", 500, ".com"), numbered("/p", number, ""));
            let label = format!("007 warning {kind} web: serves ");
            let told = |hosts: &[String], more: &[String]| {
                exposed(&of(&hosts[..500], &paths), &of(hosts, more))
            };
            let before = &of(&hosts, &paths);
            // Fewer, another order, and a host below a wildcard.
            let fewer = of(&hosts[1..], &paths[1..]);
            assert_eq!(exposed(before, &fewer), [""; 0]);
            let wild = of(&["*.com".to_owned()], &paths);
            assert_eq!(exposed(&wild, before), [""; 0]);
            let mut more = hosts.clone();
            more.push("new.org".to_owned());
            assert_eq!(told(&more, &paths), [format!("{label}new.org")]);
            let mut longer = paths.clone();
            longer.push("/new".to_owned());
            let found = told(&hosts, &longer);
            assert!(
                found.len() == 1 && found[0].starts_with(&format!("{label}h0.com/new, h1")),
                "{found:?}"
            );
            // Below a path that was served.
            longer.pop();
            longer.push("/p0/below".to_owned());
            assert_eq!(told(&hosts, &longer), [""; 0]);
        }
    }

    #[test]
    fn too_many_new_hosts_with_new_paths_are_not_judged() {
        let of = |name: &str, hosts: &[String], paths: &[String]| {
            product("HTTPRoute", name, hosts, paths)
        };
        let (hosts, paths) = (numbered("h", 1000, ".com"), numbered("/p", 1000, ""));
        let (others, moved) = (numbered("o", 1000, ".com"), numbered("/q", 1000, ""));
        let found = exposed(&of("web", &hosts, &paths), &of("web", &others, &moved));
        let label = "007 warning HTTPRoute web: ";
        assert!(
            found.iter().any(|one| one.starts_with(&format!("{label}serves o0.com, o1"))),
            "{found:?}"
        );
        let words =
            format!("{label}is not judged: its hosts and paths are too many to be compared");
        assert!(found.contains(&words), "{found:?}");
    }

    #[test]
    fn routes_of_several_hosts_are_split_and_joined() {
        for kind in ["HTTPRoute", "VirtualService"] {
            let [hosts, paths] =
                [["a.org", "b.org"], ["/x", "/y"]].map(|all| all.map(str::to_owned));
            let of =
                |name: &str, hosts: &[String], paths: &[String]| product(kind, name, hosts, paths);
            let both = of("web", &hosts, &paths);
            let by_host = of("web", &hosts[..1], &paths) + &of("other", &hosts[1..], &paths);
            let by_path = of("web", &hosts, &paths[..1]) + &of("other", &hosts, &paths[1..]);
            for (before, after) in [
                (&both, &by_host),
                (&both, &by_path),
                (&by_host, &both),
                (&by_path, &both),
                (&by_host, &by_path),
            ] {
                assert_eq!(exposed(before, after), [""; 0], "{before}{after}");
            }
            let other = by_path.replacen("name: other", "name: new", 1).replace("/y", "/z");
            assert_eq!(exposed(&both, &other).len(), 1, "{other}");
            let parts = by_host.replacen("b.org", "c.org", 1);
            assert_eq!(exposed(&both, &parts).len(), 1, "{parts}");
        }
    }

    #[test]
    fn long_texts_are_the_same_for_many_paths() {
        let filters: Vec<String> = (0..300)
            .map(|one| format!("{{type: ExtensionRef, extensionRef: {{name: f{one}}}}}"))
            .collect();
        let of = |filters: &[String], last: &str| {
            let matches: Vec<String> =
                (0..300).map(|one| format!("{{path: {{value: /{one}}}}}")).collect();
            let rule = format!(
                "{{matches: [{}, {{path: {{value: {last}}}}}], filters: [{}]}}",
                matches.join(", "),
                filters.join(", ")
            );
            object(
                "gateway.networking.k8s.io/v1",
                "HTTPRoute",
                "web",
                &format!("hostnames: [a], rules: [{rule}]"),
            )
        };
        let split = of(&filters, "/x").replace("name: web", "name: other");
        assert_eq!(exposed(&of(&filters, "/x"), &split), [""; 0]);
        let weaker = of(&filters[1..], "/x").replace("name: web", "name: other");
        assert_eq!(exposed(&of(&filters, "/x"), &weaker).len(), 1);
    }
}
