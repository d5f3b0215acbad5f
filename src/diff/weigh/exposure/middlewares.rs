//! Middlewares of Traefik: those that routes ask, also as members of chains, and what each of them demands.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::limits::limits;
use super::narrower::{ADDRESSES, is_as_strict};
use super::{judgement, widened};
use crate::diff::weigh::{Judgement, Phrase, Sides, canonical};
use crate::harden::value::{below, is_true, items, present, text};
use crate::resource::ResMap;
use crate::yaml::Node;

/// A middleware as Traefik knows it: true for one of TCP, and its namespace and name with a dash between them, or its name with
/// that of another provider.
pub(super) type Key = (bool, String);

/// A reference to a middleware.
struct Reference {
    key: Key,
    /// The namespace, and the name as it is written.
    namespace: String,
    name: String,
}

/// A middleware of a render.
struct Known<'a> {
    namespace: &'a str,
    specification: &'a Node,
}

/// Middlewares that may refuse requests: their names for people.
type Refusing = BTreeMap<Key, String>;

/// The middlewares and the rules of routes of a render.
#[derive(Default)]
pub(in crate::diff::weigh) struct Routing<'a> {
    known: BTreeMap<Key, Known<'a>>,
    /// The number of routes with the same rule.
    rules: BTreeMap<&'a str, usize>,
}

impl<'a> Routing<'a> {
    /// Reads a render. Linear.
    pub(in crate::diff::weigh) fn of(render: &'a ResMap) -> Self {
        let mut all = Self::default();
        for object in render.iter().filter(|one| one.gvk().group.starts_with("traefik.")) {
            if object.kind().starts_with("Middleware") {
                let namespace = object.id().effective_namespace();
                let key = (is_tcp(object.kind()), format!("{namespace}-{}", object.name()));
                let specification = present(object.node(), "spec");
                let known = specification.map(|specification| Known { namespace, specification });
                all.known.extend(known.map(|known| (key, known)));
            } else {
                for rule in rules(object.node()) {
                    *all.rules.entry(rule).or_default() += 1;
                }
            }
        }
        all
    }

    fn count(&self, rule: &str) -> usize {
        self.rules.get(rule).copied().unwrap_or_default()
    }
}

/// True for the kinds of routes and middlewares of TCP: they are apart from those of HTTP.
fn is_tcp(kind: &str) -> bool {
    kind.ends_with("TCP")
}

/// The rules of the routes of an object.
fn rules(node: &Node) -> impl Iterator<Item = &str> {
    routes(node).filter_map(|route| text(route, "match"))
}

fn routes(node: &Node) -> impl Iterator<Item = &Node> {
    items(below(node, &["spec", "routes"])).iter()
}

/// The end of names of middlewares that are objects of a cluster, after their namespaces.
const OF_CLUSTER: &str = "@kubernetescrd";

impl Reference {
    /// A reference in an object of a namespace: to that namespace, to another one, or by the name that a provider gives.
    fn of(node: &Node, own: &str, is_tcp: bool) -> Option<Self> {
        let name = text(node, "name")?;
        Some(match name.contains('@') {
            true => Self::by_provider(name, own, is_tcp),
            false => {
                let namespace = text(node, "namespace").unwrap_or(own).to_owned();
                let key = (is_tcp, format!("{namespace}-{name}"));
                Self { key, namespace, name: name.to_owned() }
            }
        })
    }

    /// A reference by the name that a provider gives.
    fn by_provider(name: &str, own: &str, is_tcp: bool) -> Self {
        let of_cluster = name.strip_suffix(OF_CLUSTER);
        let in_own = of_cluster.and_then(|id| id.strip_prefix(own)?.strip_prefix('-'));
        let key = (is_tcp, of_cluster.unwrap_or(name).to_owned());
        Self { key, namespace: own.to_owned(), name: in_own.unwrap_or(name).to_owned() }
    }

    /// The name, with the namespace if that is another one.
    fn told(&self, own: &str) -> String {
        let Self { namespace, name, .. } = self;
        if namespace == own { name.clone() } else { format!("{namespace}/{name}") }
    }
}

/// The names of the middlewares that a route asks, as an object of a namespace says.
pub(super) fn listed(route: &Node, own: &str) -> Vec<String> {
    let list = items(present(route, "middlewares")).iter();
    list.filter_map(|of| Reference::of(of, own, false)).map(|of| of.told(own)).collect()
}

/// The names of middlewares that may refuse requests, also as members of chains: those of which the render does not show
/// that they do not. Only those of some routes of an object.
pub(super) fn middlewares<'n>(
    sides: &Sides<'_, '_>,
    side: usize,
    routes: impl IntoIterator<Item = &'n Node>,
) -> BTreeSet<String> {
    asked(sides, side, routes).into_values().collect()
}

fn asked<'n>(
    sides: &Sides<'_, '_>,
    side: usize,
    routes: impl IntoIterator<Item = &'n Node>,
) -> Refusing {
    let (own, is_tcp) = (sides.namespace(side), is_tcp(sides.kind));
    let asked = routes.into_iter().flat_map(|route| items(present(route, "middlewares")));
    let asked = asked.filter_map(|of| Reference::of(of, own, is_tcp));
    refusing(sides, side, asked.collect())
}

/// The steps for a middleware: its name is looked up, and may be a member of many chains.
const STEPS: usize = 8;

/// Those of some middlewares, and of the members of chains among them, that may refuse requests.
fn refusing(sides: &Sides<'_, '_>, side: usize, mut of: Vec<Reference>) -> Refusing {
    let known = &sides.whole.routing(side).known;
    let (mut seen, mut found) = (BTreeSet::new(), Refusing::new());
    while let Some(reference) = of.pop() {
        if !sides.whole.work.takes(STEPS) {
            break;
        }
        if !seen.insert(reference.key.clone()) {
            continue;
        }
        match known.get(&reference.key) {
            Some(one) if is_harmless(one.specification) => {}
            Some(one) if present(one.specification, "chain").is_some() => {
                of.extend(members(one.specification, one.namespace));
            }
            _ => {
                let told = reference.told(sides.namespace(side));
                found.insert(reference.key, told);
            }
        }
    }
    found
}

/// The members of a chain of a namespace. There are none of TCP.
fn members(spec: &Node, own: &str) -> Vec<Reference> {
    let list = items(below(spec, &["chain", "middlewares"])).iter();
    list.filter_map(|of| Reference::of(of, own, false)).collect()
}

/// A middleware that is asked, also as a member of a chain.
pub(super) struct Asked<'a> {
    pub(super) key: Key,
    pub(super) specification: &'a Node,
    /// Its specification before the change.
    pub(super) former: Option<&'a Node>,
}

impl Asked<'_> {
    /// The key of an object on a side.
    pub(super) fn key_of(sides: &Sides<'_, '_>, side: usize) -> Key {
        let name = sides.object.ids[side].as_ref().map_or("", |id| &*id.name);
        (is_tcp(sides.kind), format!("{}-{name}", sides.namespace(side)))
    }
}

/// The middlewares of the render that a route, an Ingress, or a middleware itself asks.
pub(super) fn asked_by<'a>(sides: &Sides<'_, 'a>, side: usize, node: &Node) -> Vec<Asked<'a>> {
    let own = sides.namespace(side);
    match sides.kind {
        "Middleware" => {
            let key = Asked::key_of(sides, side);
            all_asked(
                sides,
                side,
                vec![Reference { key, namespace: String::new(), name: String::new() }],
            )
        }
        "Ingress" => {
            let annotations = below(node, &["metadata", "annotations"]);
            let list = annotations.and_then(|all| text(all, ANNOTATION)).unwrap_or_default();
            let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
            let of = names.map(|name| Reference::by_provider(name, own, false)).collect();
            all_asked(sides, side, of)
        }
        _ => asked_in(sides, side, node, own),
    }
}

/// The annotation of an Ingress with the middlewares that it asks.
const ANNOTATION: &str = "traefik.ingress.kubernetes.io/router.middlewares";

/// The middlewares of the render that a route of an object in a namespace asks.
pub(super) fn asked_in<'a>(
    sides: &Sides<'_, 'a>,
    side: usize,
    route: &Node,
    own: &str,
) -> Vec<Asked<'a>> {
    let list = items(present(route, "middlewares")).iter();
    all_asked(sides, side, list.filter_map(|of| Reference::of(of, own, false)).collect())
}

fn all_asked<'a>(sides: &Sides<'_, 'a>, side: usize, mut of: Vec<Reference>) -> Vec<Asked<'a>> {
    let [was, is] = [0, side].map(|side| &sides.whole.routing(side).known);
    let (mut seen, mut asked) = (BTreeSet::new(), Vec::new());
    while let Some(Reference { key, .. }) = of.pop() {
        let Some(one) = is.get(&key) else { continue };
        if !seen.insert(key.clone()) {
            continue;
        }
        if !sides.whole.work.takes(STEPS) {
            break;
        }
        of.extend(members(one.specification, one.namespace));
        let former = was.get(&key).map(|one| one.specification);
        asked.push(Asked { key, specification: one.specification, former });
    }
    asked
}

/// Those of `old` that are not among the new ones, also under other names, and of which none of these asks the same.
fn lost<'n>(sides: &Sides<'_, '_>, old: &'n Refusing, new: &Refusing) -> Vec<(&'n Key, &'n str)> {
    let names: BTreeSet<&str> = new.values().map(String::as_str).collect();
    let [was, is] = [0, 1].map(|side| &sides.whole.routing(side).known);
    let meaning = |known: Option<&Known<'_>>| {
        let spec = known?.specification;
        sides.whole.work.takes(spec.count_below()).then(|| canonical(spec))
    };
    let asked: OnceCell<BTreeSet<String>> = OnceCell::new();
    let is_asked = |key: &Key| {
        let asked =
            asked.get_or_init(|| new.keys().filter_map(|key| meaning(is.get(key))).collect());
        meaning(was.get(key)).is_some_and(|own| asked.contains(&own))
    };
    let is_lost = |(key, name): &(&Key, &str)| {
        let now = sides.renames().new_name(name);
        !new.contains_key(*key)
            && !names.contains(name)
            && !now.is_some_and(|now| names.contains(&*now))
            && !is_asked(key)
    };
    old.iter().map(|(key, name)| (key, name.as_str())).filter(is_lost).collect()
}

/// The names of an annotation with middlewares, of which one that may refuse requests is no longer asked.
pub(super) fn fewer_named(sides: &Sides<'_, '_>, old: &str, new: &str) -> Vec<String> {
    let of = |side: usize, list: &str| {
        let own = sides.namespace(side);
        let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
        refusing(sides, side, names.map(|name| Reference::by_provider(name, own, false)).collect())
    };
    let (old, new) = (of(0, old), of(1, new));
    let lost = lost(sides, &old, &new).into_iter();
    let lost = lost.filter(|(key, _)| !is_outdone(sides, key, &new));
    lost.map(|(_, name)| name.to_owned()).collect()
}

/// True if one of some middlewares after the change refuses all that another one refused.
fn is_outdone(sides: &Sides<'_, '_>, key: &Key, new: &Refusing) -> bool {
    let [was, is] = [0, 1].map(|side| &sides.whole.routing(side).known);
    let Some(old) = was.get(key).map(|one| one.specification) else { return false };
    let mut now = new.keys().filter_map(|key| is.get(key)).map(|one| one.specification);
    now.any(|new| {
        let size = old.count_below().saturating_add(new.count_below());
        sides.whole.work.takes(size) && is_as_strict(old, new)
    })
}

/// The judgement on routes that ask fewer middlewares. A route that moved to another object is judged there.
pub(super) fn fewer_asked(sides: &Sides<'_, '_>, before: &Node, after: &Node) -> Option<Judgement> {
    let now: BTreeSet<&str> = rules(after).collect();
    let mut own = BTreeMap::<&str, usize>::new();
    rules(before).for_each(|rule| *own.entry(rule).or_default() += 1);
    let [was, is] = [0, 1].map(|side| sides.whole.routing(side));
    let is_moved = |route: &&Node| {
        let rule = text(route, "match").unwrap_or_default();
        !now.contains(rule)
            && is.count(rule) > 0
            && was.count(rule) == own.get(rule).copied().unwrap_or_default()
    };
    let all = asked(sides, 0, routes(before).filter(|route| !is_moved(route)));
    let new = asked(sides, 1, routes(after));
    let mut lost = lost(sides, &all, &new);
    if lost.is_empty() {
        return None;
    }
    // A stricter one must be asked by each route with the same rule.
    let rule = |route: &Node| text(route, "match").unwrap_or_default().to_owned();
    let mut later = BTreeMap::<String, Vec<Refusing>>::new();
    for route in routes(after) {
        later.entry(rule(route)).or_default().push(asked(sides, 1, [route]));
    }
    let old = routes(before).filter(|route| !is_moved(route));
    let old: Vec<(String, Refusing)> =
        old.map(|route| (rule(route), asked(sides, 0, [route]))).collect();
    let is_kept = |key: &Key| {
        let mut asking = old.iter().filter(|(_, asked)| asked.contains_key(key));
        asking.all(|(rule, _)| {
            let now = later.get(rule);
            now.is_some_and(|now| now.iter().all(|new| is_outdone(sides, key, new)))
        })
    };
    lost.retain(|(key, _)| !is_kept(key));
    let names = || lost.iter().map(|(_, name)| *name);
    let phrase = || Phrase::new("no longer asks the middleware ").few(names());
    (!lost.is_empty()).then(|| judgement("spec.routes", phrase()))
}

/// Middlewares that refuse no request because of its sender.
const HARMLESS: [&str; 14] = [
    "addPrefix",
    "buffering",
    "circuitBreaker",
    "compress",
    "contentType",
    "errors",
    "grpcWeb",
    "headers",
    "redirectRegex",
    "redirectScheme",
    "replacePath",
    "replacePathRegex",
    "retry",
    "stripPrefix",
];

fn is_harmless(spec: &Node) -> bool {
    spec.entries().iter().all(|(key, _)| HARMLESS.contains(&key.text()))
}

/// Judges a `Middleware` of Traefik, for HTTP or TCP.
pub(in crate::diff::weigh) fn middleware(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let field = |node, key: &str| below(node, &["spec", key]);
    if is_member(sides, 1, after, before) {
        return;
    }
    credentials(sides, [before, after], found);
    limits(before, after, found);
    let of_chain = |side: usize, node| {
        let own = sides.namespace(side);
        let names = below(node, &["spec"]).map(|spec| members(spec, own));
        refusing(sides, side, names.unwrap_or_default())
    };
    let (old, new) = (of_chain(0, before), of_chain(1, after));
    let mut lost = lost(sides, &old, &new);
    // A middleware in the place of its chain asks what that member asked.
    if field(after, "chain").is_none()
        && let Some(own) = present(after, "spec").map(canonical)
    {
        let known = &sides.whole.routing(0).known;
        let is_own =
            |key: &Key| known.get(key).is_some_and(|known| canonical(known.specification) == own);
        lost.retain(|(key, _)| !is_own(key));
    }
    if !lost.is_empty() {
        let phrase = Phrase::new("no longer asks the middleware ")
            .few(lost.into_iter().map(|(_, name)| name));
        found.push(judgement("spec.chain", phrase));
    }
    let list = |node: &'_ Node| -> Option<Node> {
        ADDRESSES.iter().find_map(|key| below(node, &["spec", key])).cloned()
    };
    let lists = [before, after].map(list);
    let ranges = |list: &Option<Node>| -> Vec<String> {
        let list = items(list.as_ref().and_then(|list| present(list, "sourceRange")));
        list.iter().filter_map(Node::as_text).map(str::to_owned).collect()
    };
    let [old, new] = lists.each_ref().map(ranges);
    found.extend(widened(&old, &new, "spec.ipAllowList", "requests"));
    if let [Some(old), Some(new)] = &lists
        && let Some(strategy) = present(new, "ipStrategy")
        && present(old, "ipStrategy").map(canonical) != Some(canonical(strategy))
    {
        let words = "takes the address of a client from elsewhere than before (ipStrategy)";
        found.push(judgement("spec.ipAllowList.ipStrategy", Phrase::new(words)));
    }
    let all = ["inFlightConn", "inFlightReq", "passTLSClientCert", "plugin", "rateLimit"];
    let gone = all.iter().filter(|key| field(before, key).is_some() && field(after, key).is_none());
    let gone: Vec<&str> = gone.copied().collect();
    if !gone.is_empty() {
        found.push(judgement("spec", Phrase::new("no longer has ").few(gone)));
    }
}

/// True if a chain has a member that asks what another middleware asked.
fn is_member(sides: &Sides<'_, '_>, side: usize, chain: &Node, other: &Node) -> bool {
    let (Some(spec), Some(own)) = (present(chain, "spec"), present(other, "spec")) else {
        return false;
    };
    if present(spec, "chain").is_none() || present(own, "chain").is_some() {
        return false;
    }
    let (own, known) = (canonical(own), &sides.whole.routing(side).known);
    let (mut of, mut seen) = (members(spec, sides.namespace(side)), BTreeSet::new());
    while let Some(Reference { key, .. }) = of.pop() {
        let Some(one) = known.get(&key) else { continue };
        if !seen.insert(key) {
            continue;
        }
        if !sides.whole.work.takes(one.specification.count_below()) {
            return false;
        }
        if canonical(one.specification) == own {
            return true;
        }
        of.extend(members(one.specification, one.namespace));
    }
    false
}

/// The kinds of middlewares that ask for credentials.
const ASKING: [&str; 3] = ["basicAuth", "digestAuth", "forwardAuth"];

/// Adds the judgements on a middleware that no longer asks for credentials, or asks others.
fn credentials(sides: &Sides<'_, '_>, [before, after]: [&Node; 2], found: &mut Vec<Judgement>) {
    for key in ASKING {
        let [old, new] = [before, after].map(|node| below(node, &["spec", key]));
        if old.is_some() && new.is_none() {
            let other = ASKING.iter().find(|other| below(after, &["spec", other]).is_some());
            let phrase = match other {
                None => Phrase::new("no longer asks for credentials"),
                Some(other) => {
                    let phrase = Phrase::new("asks for credentials by ").say(*other);
                    phrase.say(" in place of ").say(key).say(", which are not compared")
                }
            };
            found.push(judgement("spec", phrase));
        }
        let (Some(old), Some(new)) = (old, new) else { continue };
        if text(old, "address") != text(new, "address") {
            let phrase = Phrase::new("asks ").name(text(new, "address").unwrap_or_default());
            let phrase = phrase.say(" in place of ").name(text(old, "address").unwrap_or_default());
            found.push(judgement("spec.forwardAuth.address", phrase.say(" who is allowed")));
        }
        if let (Some(was), Some(is)) = (text(old, "secret"), text(new, "secret"))
            && was != is
            && sides.renames().follows(was, is).is_none()
        {
            let phrase = Phrase::new("accepts the credentials of Secret ").name(is);
            let phrase = phrase.say(" in place of ").name(was);
            found.push(judgement("spec", phrase).at(format!("spec.{key}.secret")));
        }
        let skips = |node| is_true(below(node, &["tls", "insecureSkipVerify"]));
        if skips(new) && !skips(old) {
            let words =
                "does not check who the server is that says who is allowed (insecureSkipVerify)";
            found.push(judgement("spec.forwardAuth.tls.insecureSkipVerify", Phrase::new(words)));
        }
        let trusts = |node| is_true(present(node, "trustForwardHeader"));
        if trusts(new) && !trusts(old) {
            let words = "believes what clients say of themselves (trustForwardHeader)";
            found.push(judgement("spec.forwardAuth.trustForwardHeader", Phrase::new(words)));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn object(kind: &str, name: &str, namespace: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: traefik.io/v1alpha1, kind: {kind}, metadata: {{name: {name}, namespace: {namespace}}}, spec: {{{spec}}}}}\n---\n"
        )
    }

    fn route(name: &str, rule: &str, more: &str) -> String {
        let spec =
            format!("routes: [{{match: '{rule}', services: [{{name: web, port: 80}}], {more}}}]");
        object("IngressRoute", name, "a", &spec)
    }

    #[test]
    fn middlewares_are_compared_with_their_namespaces() {
        let rule = "Host(`h`)";
        let asks = |middleware: &str| route("x", rule, &format!("middlewares: [{middleware}]"));
        let own = asks("{name: auth}");
        let words = "007 warning IngressRoute x: no longer asks the middleware auth";
        for other in ["{name: auth, namespace: b}", "{name: b-auth@kubernetescrd}"] {
            assert_eq!(judged(&own, &asks(other)), [words]);
        }
        for same in ["{name: auth, namespace: a}", "{name: a-auth@kubernetescrd}"] {
            told(&own, &asks(same), &[]);
        }
        // The one of the other namespace refuses nothing, or is a chain with the own one.
        let strip = object("Middleware", "auth", "b", "stripPrefix: {prefixes: [/a]}");
        let other = asks("{name: auth, namespace: b}");
        assert_eq!(judged(&(strip.clone() + &own), &(strip.clone() + &other)), [words]);
        assert_eq!(judged(&(strip.clone() + &other), &strip.replace("/a", "/b")), [""; 0]);
        let chain =
            object("Middleware", "auth", "b", "chain: {middlewares: [{name: auth, namespace: a}]}");
        assert_eq!(judged(&(chain.clone() + &own), &(chain.clone() + &other)), [""; 0]);
        let chain = |member: &str| {
            own.clone()
                + &object("Middleware", "auth", "a", &format!("chain: {{middlewares: [{member}]}}"))
        };
        let words = "007 warning Middleware auth: no longer asks the middleware guard";
        assert_eq!(judged(&chain("{name: guard}"), &chain("{name: guard, namespace: b}")), [words]);
    }

    #[test]
    fn middlewares_are_known_as_traefik_knows_them() {
        let rule = "Host(`h`)";
        let asks = |middleware: &str| route("x", rule, &format!("middlewares: [{middleware}]"));
        let auth = |name: &str, namespace: &str| {
            object("Middleware", name, namespace, "basicAuth: {secret: s}")
        };
        // In another namespace, by its name and by that of the provider.
        let far = [asks("{name: auth, namespace: lib}"), asks("{name: lib-auth@kubernetescrd}")];
        told(&far[0], &far[1], &[]);
        let with = |route: &str| auth("auth", "lib") + route;
        told(&with(&far[0]), &with(&far[1]), &[]);
        assert_eq!(judged(&far[0], &asks("{name: auth@file}")).len(), 1);
        // Another name for the same demands.
        let renamed = |name: &str| auth(name, "a") + &asks(&format!("{{name: {name}}}"));
        assert_eq!(judged(&renamed("auth"), &renamed("login")), [""; 0]);
        let lax = object("Middleware", "login", "a", "inFlightReq: {amount: 5}");
        let after = lax + &asks("{name: login}");
        assert_eq!(
            judged(&renamed("auth"), &after),
            ["007 warning IngressRoute x: no longer asks the middleware auth"]
        );
        // Middlewares of TCP have names of their own.
        let tcp = object("MiddlewareTCP", "auth", "a", "inFlightConn: {amount: 5}");
        let chain = object("Middleware", "all", "a", "chain: {middlewares: [{name: auth}]}");
        let before = auth("auth", "a") + &tcp + &chain + &asks("{name: auth}");
        let after = auth("auth", "a") + &tcp + &chain + &asks("{name: all}");
        told(&before, &after, &[]);
        let strip = object("Middleware", "auth", "a", "stripPrefix: {prefixes: [/a]}");
        let guarded = object(
            "IngressRouteTCP",
            "x",
            "a",
            "routes: [{match: 'HostSNI(`h`)', middlewares: [{name: auth}], services: [{name: web, port: 80}]}]",
        );
        let list = "ipAllowList: {sourceRange: [10.0.0.0/8]}";
        let list = object("MiddlewareTCP", "auth", "a", list);
        for both in [format!("{list}{strip}"), format!("{strip}{list}")] {
            let open = guarded.replace("middlewares: [{name: auth}], ", "");
            assert_eq!(
                judged(&format!("{both}{guarded}"), &format!("{both}{open}")),
                ["007 warning IngressRouteTCP x: no longer asks the middleware auth"]
            );
        }
        // Credentials are asked for otherwise.
        let of = |spec: &str| object("Middleware", "m", "a", spec);
        assert_eq!(
            judged(&of("basicAuth: {secret: s}"), &of("digestAuth: {secret: s}")),
            [
                "007 warning Middleware m: asks for credentials by digestAuth in place of basicAuth, which are not compared"
            ]
        );
    }

    #[test]
    fn annotations_name_middlewares() {
        let with = |names: &str, others: &str| {
            format!(
                "{others}{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: web, namespace: shop, annotations: {{traefik.ingress.kubernetes.io/router.middlewares: '{names}'}}}}}}\n---\n"
            )
        };
        let of = |name: &str, spec: &str| object("Middleware", name, "shop", spec);
        let auth = of("auth", "basicAuth: {secret: s}");
        let all = auth.clone()
            + &of("chain", "chain: {middlewares: [{name: auth}, {name: frame}]}")
            + &of("frame", "headers: {frameDeny: true}")
            + &of("other", "chain: {middlewares: [{name: frame}]}");
        let one = "shop-auth@kubernetescrd";
        for (names, is_told) in [
            ("shop-chain@kubernetescrd", false),
            ("shop-auth@kubernetescrd, shop-frame@kubernetescrd", false),
            ("shop-other@kubernetescrd", true),
            ("", true),
        ] {
            let told = judged(&with(one, &all), &with(names, &all));
            let words = "007 warning Ingress web: no longer asks the middleware auth";
            assert_eq!(told, if is_told { vec![words] } else { Vec::new() }, "{names}");
        }
        let framed = "shop-auth@kubernetescrd,shop-frame@kubernetescrd";
        told(&with(framed, &all), &with(one, &all), &[]);
    }

    #[test]
    fn a_chain_becomes_another_middleware() {
        let of = |name: &str, spec: &str| object("Middleware", name, "a", spec);
        let auth =
            of("auth", "basicAuth: {secret: s}") + &of("strip", "stripPrefix: {prefixes: [/a]}");
        let far = object("Middleware", "guard", "b", "ipAllowList: {sourceRange: [10.0.0.0/8]}");
        let with = |spec: &str| format!("{auth}{far}{}", of("m", spec));
        let label = "007 warning Middleware m: no longer asks the middleware";
        let both =
            "chain: {middlewares: [{name: auth}, {name: strip}, {name: guard, namespace: b}]}";
        for (after, words) in [
            ("headers: {customRequestHeaders: {X: y}}", "auth, b/guard"),
            ("", "auth, b/guard"),
            ("chain: {middlewares: [{name: guard, namespace: b}]}", "auth"),
            ("chain: {middlewares: [{name: auth}]}", "b/guard"),
            ("basicAuth: {secret: s}", "b/guard"),
            ("basicAuth: {secret: other}", "auth, b/guard"),
        ] {
            assert_eq!(judged(&with(both), &with(after)), [format!("{label} {words}")], "{after}");
        }
        // The chain of another namespace that the route asks.
        let route = route("x", "Host(`h`)", "middlewares: [{name: all, namespace: b}]");
        let chain =
            |spec: &str| format!("{auth}{far}{route}{}", object("Middleware", "all", "b", spec));
        assert_eq!(
            judged(
                &chain("chain: {middlewares: [{name: auth, namespace: a}, {name: guard}]}"),
                &chain("headers: {frameDeny: true}"),
            ),
            ["007 warning Middleware all: no longer asks the middleware a/auth, guard"]
        );
        // It asks the same itself, or by a member.
        let one = with("chain: {middlewares: [{name: strip}, {name: auth}]}");
        told(&one, &with("basicAuth: {secret: s}"), &[]);
        let strips = with("chain: {middlewares: [{name: strip}]}");
        told(&strips, &with("headers: {frameDeny: true}"), &[]);
        let list = "ipAllowList: {sourceRange: [10.0.0.0/8]}";
        told(&with(list), &with("chain: {middlewares: [{name: guard, namespace: b}]}"), &[]);
    }

    #[test]
    fn addresses_of_clients_are_taken_from_elsewhere() {
        for kind in ["Middleware", "MiddlewareTCP"] {
            let list = |key: &str, more: &str| {
                object(kind, "m", "a", &format!("{key}: {{sourceRange: [10.0.0.0/8]{more}}}"))
            };
            let (old, new) = (list("ipWhiteList", ""), list("ipAllowList", ""));
            told(&old, &new, &[]);
            let label = format!("007 warning {kind} m: ");
            for strategy in ["depth: 1", "excludedIPs: [192.0.2.1]"] {
                let other = list("ipAllowList", &format!(", ipStrategy: {{{strategy}}}"));
                let words = "takes the address of a client from elsewhere than before (ipStrategy)";
                told(&new, &other, &[&*format!("{label}{words}")]);
            }
            let gone = object(kind, "m", "a", "compress: {}");
            told(&new, &gone, &[&*format!("{label}accepts requests from everywhere")]);
        }
        let limit = object("Middleware", "m", "a", "rateLimit: {average: 1}");
        let none = object("Middleware", "m", "a", "compress: {}");
        told(&limit, &none, &["007 warning Middleware m: no longer has rateLimit"]);
        let ask = |more: &str| {
            object("Middleware", "m", "a", &format!("forwardAuth: {{address: 'http://a'{more}}}"))
        };
        let words = "believes what clients say of themselves (trustForwardHeader)";
        told(
            &ask(""),
            &ask(", trustForwardHeader: true"),
            &[&*format!("007 warning Middleware m: {words}")],
        );
    }

    #[test]
    fn middlewares_demand_others() {
        let of = |spec: &str| object("Middleware", "m", "a", spec);
        let label = "007 warning Middleware m: ";
        for key in ["basicAuth", "digestAuth"] {
            let words = format!("{label}accepts the credentials of Secret t in place of s");
            let all = judged(
                &of(&format!("{key}: {{secret: s}}")),
                &of(&format!("{key}: {{secret: t}}")),
            );
            assert_eq!(all, [words]);
        }
        let secret = |name: &str| {
            format!(
                "{{apiVersion: v1, kind: Secret, metadata: {{name: {name}, namespace: a}}, stringData: {{users: u}}}}\n---\n"
            )
        };
        let auth = |name: &str| secret(name) + &of(&format!("basicAuth: {{secret: {name}}}"));
        assert_eq!(judged(&auth("users-7c9f6b5d4h"), &auth("users-2k8m4t6b5c")), [""; 0]);
        let plugin = |names: &str| of(&format!("plugin: {{{names}}}"));
        let words = format!("{label}no longer asks the plugin waf");
        assert_eq!(judged(&plugin("waf: {a: b}"), &plugin("other: {a: b}")), [&*words]);
        told(&plugin("waf: {}, more: {}"), &plugin("more: {}"), &[&*words]);
        told(
            &of("forwardAuth: {address: 'https://a'}"),
            &of("forwardAuth: {address: 'https://a', tls: {insecureSkipVerify: true}}"),
            &[&*format!(
                "{label}does not check who the server is that says who is allowed (insecureSkipVerify)"
            )],
        );
        let limit = |fields: &str| of(&format!("rateLimit: {{{fields}}}"));
        let more = format!(
            "{label}limits the requests of a client to ten times as many as before, or more"
        );
        let none = format!("{label}no longer limits the requests of a client");
        for (before, after, words) in [
            ("average: 10", "average: 100", &more),
            ("average: 10, period: 1m", "average: 10", &more),
            ("average: 600, period: 1m", "average: 36000, period: 60", &more),
            ("average: 10", "average: 0", &none),
            ("average: 10", "burst: 5", &none),
        ] {
            told(&limit(before), &limit(after), &[&**words]);
        }
        for (before, after) in [
            ("average: 10", "average: 99"),
            ("average: 10", "average: 600, period: 1m"),
            ("average: 10", "average: 500, period: 1h30m"),
            ("average: 0", "average: 10"),
            ("average: 10", "average: 10, burst: 500"),
        ] {
            assert_eq!(judged(&limit(before), &limit(after)), [""; 0], "{after}");
        }
    }

    #[test]
    fn a_route_that_moves_is_judged_once() {
        let guarded = "middlewares: [{name: auth}]";
        let admin = "Host(`h`) && PathPrefix(`/admin`)";
        let one = |entries: &str| object("IngressRoute", "x", "a", &format!("routes: [{entries}]"));
        let rule = |rule: &str, more: &str| {
            format!("{{match: '{rule}', services: [{{name: web, port: 80}}], {more}}}")
        };
        let before = one(&format!("{}, {}", rule("Host(`h`)", ""), rule(admin, guarded)));
        let after = one(&rule("Host(`h`)", ""));
        let told = judged(&before, &(after.clone() + &route("y", admin, "")));
        assert_eq!(told, ["007 warning IngressRoute y: serves h"]);
        assert_eq!(judged(&before, &(after.clone() + &route("y", admin, guarded))), [""; 0]);
        // It was there without the middleware, or does not move.
        let beside = route("y", admin, "");
        assert_eq!(judged(&(before.clone() + &beside), &(after.clone() + &beside)).len(), 1);
        assert_eq!(judged(&before, &after).len(), 1);
    }
}
