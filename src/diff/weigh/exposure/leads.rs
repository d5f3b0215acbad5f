//! The backends of entries from outside: for each host and path, where requests go, under which conditions, and through
//! which filters.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::judgement;
use super::middlewares::{listed, middlewares};
use super::proxies::arguments;
use super::serving::Served;
use crate::diff::weigh::work::Work;
use crate::diff::weigh::{Judgement, Phrase, Sides, Whole, canonical};
use crate::harden::Severity;
use crate::harden::value::{below, is_true, items, present, text};
use crate::resource::{ResMap, Resource};
use crate::yaml::Node;

/// A Service and its port, or another object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Backend {
    /// The namespace, if it is another one than that of the entry.
    namespace: Option<String>,
    name: String,
    port: String,
}

impl Backend {
    fn told(&self) -> String {
        let Self { namespace, name, port } = self;
        let place = namespace.as_ref().map(|one| format!("{one}/")).unwrap_or_default();
        let port = if port.is_empty() { String::new() } else { format!(":{port}") };
        format!("{place}{name}{port}")
    }
}

/// The rule of an entry: what becomes of requests.
#[derive(Debug, Default)]
struct Rule {
    backends: BTreeSet<Backend>,
    /// The filters that may refuse or change requests: the words by their meanings.
    filters: BTreeMap<String, String>,
    /// The backends that get copies of requests.
    copies: BTreeSet<Backend>,
    /// The paths that requests have at the backends in place of their own.
    rewrites: BTreeSet<String>,
}

/// A path of an entry.
#[derive(Debug)]
struct Lead {
    host: Rc<str>,
    path: Served,
    conditions: Rc<Conditions>,
    rule: Rc<Rule>,
}

/// The conditions that requests must meet beside the path: the words by their meanings.
type Conditions = BTreeMap<String, String>;

/// All hosts.
const ALL: &str = "*";

impl Rule {
    /// Adds a backend. A name of the cluster is that of a Service.
    fn add(&mut self, namespace: Option<&str>, name: &str, port: &str, own: &str) {
        self.backends.insert(backend(namespace, name, port, own));
    }
}

fn backend(namespace: Option<&str>, name: &str, port: &str, own: &str) -> Backend {
    let parts: Vec<&str> = name.split('.').collect();
    let (name, of_name) = match parts[..] {
        [name, namespace, "svc", ..] => (name, Some(namespace)),
        _ => (name, None),
    };
    let namespace = namespace.or(of_name).filter(|namespace| *namespace != own);
    Backend {
        namespace: namespace.map(str::to_owned),
        name: name.to_owned(),
        port: port.to_owned(),
    }
}

/// The paths of an object; empty for one that leads nowhere.
fn leads(kind: &str, group: &str, node: &Node, own: &str) -> Vec<Lead> {
    let Some(spec) = present(node, "spec") else { return Vec::new() };
    match (group, kind) {
        (_, "Ingress") => of_ingress(spec, own),
        ("gateway.networking.k8s.io", _) => of_gateway_route(spec, own),
        ("networking.istio.io", "VirtualService") => of_virtual_service(spec, own),
        ("projectcontour.io", _) => of_proxy(spec, own),
        ("route.openshift.io", _) => of_openshift(spec, own),
        _ if kind.starts_with("IngressRoute") => of_ingress_route(spec, own),
        _ => Vec::new(),
    }
}

fn of_ingress(spec: &Node, own: &str) -> Vec<Lead> {
    let rule = |backend: Option<&'_ Node>| {
        let mut rule = Rule::default();
        if let Some(service) = backend.and_then(|backend| present(backend, "service")) {
            let port = present(service, "port");
            let port = port.and_then(|port| text(port, "number").or_else(|| text(port, "name")));
            rule.add(
                None,
                text(service, "name").unwrap_or_default(),
                port.unwrap_or_default(),
                own,
            );
        } else if let Some(backend) = backend {
            let name = text(backend, "serviceName")
                .or_else(|| text(present(backend, "resource")?, "name"));
            let port = text(backend, "servicePort").unwrap_or_default();
            rule.add(None, name.unwrap_or_default(), port, own);
        }
        Rc::new(rule)
    };
    let mut all = Vec::new();
    let usual = ["defaultBackend", "backend"].iter().find_map(|key| present(spec, key));
    if usual.is_some() {
        all.push(Lead {
            host: ALL.into(),
            path: Served::below("/"),
            conditions: Rc::default(),
            rule: rule(usual),
        });
    }
    for one in items(present(spec, "rules")) {
        let host = text(one, "host").filter(|host| !host.is_empty()).unwrap_or(ALL);
        let host: Rc<str> = host.to_lowercase().into();
        for path in items(below(one, &["http", "paths"])) {
            let written = text(path, "path").unwrap_or("/");
            all.push(Lead {
                host: Rc::clone(&host),
                path: match text(path, "pathType") {
                    Some("Exact") => Served::Only(written.to_owned()),
                    _ => Served::below(written),
                },
                conditions: Rc::default(),
                rule: rule(present(path, "backend")),
            });
        }
    }
    all
}

fn of_gateway_route(spec: &Node, own: &str) -> Vec<Lead> {
    let of = |reference: &Node| {
        let name = text(reference, "name").unwrap_or_default();
        let port = text(reference, "port").unwrap_or_default();
        backend(text(reference, "namespace"), name, port, own)
    };
    let mut all = Vec::new();
    for one in items(present(spec, "rules")) {
        let mut rule = Rule::default();
        rule.backends.extend(items(present(one, "backendRefs")).iter().map(of));
        for filter in items(present(one, "filters")) {
            if let Some(copy) = below(filter, &["requestMirror", "backendRef"]) {
                rule.copies.insert(of(copy));
            } else {
                rule.filters.extend(of_filter(filter));
            }
            let rewrite = below(filter, &["urlRewrite", "path"]);
            rule.rewrites.extend(rewrite.map(canonical_path));
        }
        // Filters of all backends are as good as those of the rule.
        let of_backends = items(present(one, "backendRefs")).iter().map(|backend| {
            let filters = items(present(backend, "filters")).iter();
            filters.flat_map(of_filter).collect::<BTreeMap<_, _>>()
        });
        let common = of_backends.reduce(|mut all, one| {
            all.retain(|filter, _| one.contains_key(filter));
            all
        });
        rule.filters.extend(common.unwrap_or_default());
        let rule = Rc::new(rule);
        let matches = items(present(one, "matches"));
        let mut add = |path, conditions: Conditions| {
            let (host, conditions) = (ALL.into(), Rc::new(conditions));
            all.push(Lead { host, path, conditions, rule: Rc::clone(&rule) });
        };
        for one in matches {
            let path = present(one, "path");
            let written = path.and_then(|path| text(path, "value")).unwrap_or("/");
            let path = match path.and_then(|path| text(path, "type")) {
                None | Some("PathPrefix") => Served::below(written),
                Some(_) => Served::Only(written.to_owned()),
            };
            add(path, conditions(one, &["path"]));
        }
        if matches.is_empty() {
            add(Served::below("/"), Conditions::new());
        }
    }
    all
}

/// The filters of a rule that may refuse requests, or take something from them: the words by their meanings.
fn of_filter(filter: &Node) -> Vec<(String, String)> {
    let of = |path: &[&str]| below(filter, path).and_then(Node::as_text).unwrap_or_default();
    let single = |words: String| vec![(words.clone(), words)];
    match text(filter, "type").unwrap_or_default() {
        "ExtensionRef" => {
            let [kind, name] = ["kind", "name"].map(|key| of(&["extensionRef", key]));
            single(format!("the filter {kind} {name}"))
        }
        "ExternalAuth" => vec![("auth".to_owned(), CREDENTIALS.to_owned())],
        "RequestRedirect" => {
            let [scheme, host] = ["scheme", "hostname"].map(|key| of(&["requestRedirect", key]));
            single(format!("the redirect {scheme} {host}").trim_end().to_owned())
        }
        "RequestHeaderModifier" => {
            let headers = present(filter, "requestHeaderModifier");
            let list = |key| items(headers.and_then(|headers| present(headers, key))).iter();
            let removed = list("remove").filter_map(Node::as_text);
            let names = removed.chain(list("set").filter_map(|one| text(one, "name")));
            let names = names.map(|name| format!("the filter of the header {name}"));
            names.map(|words| (words.clone(), words)).collect()
        }
        _ => Vec::new(),
    }
}

/// The path in a rewrite of the Gateway API.
fn canonical_path(rewrite: &Node) -> String {
    let keys = ["replacePrefixMatch", "replaceFullPath"];
    keys.iter().find_map(|key| text(rewrite, key)).unwrap_or_default().to_owned()
}

/// The words for a check of credentials.
const CREDENTIALS: &str = "the check of credentials";

/// The conditions of a match, apart from some of its fields.
fn conditions(of: &Node, others: &[&str]) -> Conditions {
    let mut all = BTreeMap::new();
    for (key, value) in of.entries() {
        let key = key.text();
        if others.contains(&key) || value.is_null() {
            continue;
        }
        let names: Vec<&str> = value.items().iter().filter_map(|one| text(one, "name")).collect();
        match (names.is_empty(), value.entries()) {
            (false, _) => all.extend(value.items().iter().map(|one| {
                let name = text(one, "name").unwrap_or_default();
                (format!("{key}:{}", canonical(one)), format!("{key} {name}"))
            })),
            (true, []) => drop(all.insert(format!("{key}:{}", canonical(value)), key.to_owned())),
            (true, entries) => all.extend(entries.iter().map(|(name, value)| {
                let name = name.text();
                (format!("{key}:{name}:{}", canonical(value)), format!("{key} {name}"))
            })),
        }
    }
    all
}

fn of_virtual_service(spec: &Node, own: &str) -> Vec<Lead> {
    let mut all = Vec::new();
    let of = |destination: &Node| {
        let port = below(destination, &["port"]).and_then(|port| text(port, "number"));
        let host = text(destination, "host").unwrap_or_default();
        backend(None, host, port.unwrap_or_default(), own)
    };
    for key in ["http", "tls", "tcp"] {
        for one in items(present(spec, key)) {
            let mut rule = Rule::default();
            let routes = items(present(one, "route")).iter();
            rule.backends.extend(routes.filter_map(|route| present(route, "destination")).map(of));
            let several = items(present(one, "mirrors")).iter();
            let copies = several.filter_map(|mirror| present(mirror, "destination"));
            rule.copies.extend(copies.chain(present(one, "mirror")).map(of));
            let rewrite = below(one, &["rewrite", "uri"]).and_then(Node::as_text);
            rule.rewrites.extend(rewrite.map(str::to_owned));
            let rule = Rc::new(rule);
            let matches = items(present(one, "match"));
            let mut add = |path, conditions: Conditions| {
                let (host, conditions) = (key.into(), Rc::new(conditions));
                all.push(Lead { host, path, conditions, rule: Rc::clone(&rule) });
            };
            for one in matches {
                let of = |key: &str| present(one, "uri").and_then(|uri| text(uri, key));
                let path = match (of("prefix"), of("exact").or_else(|| of("regex"))) {
                    (Some(prefix), _) => Served::below(prefix),
                    (None, Some(exact)) => Served::Only(exact.to_owned()),
                    (None, None) => Served::below("/"),
                };
                add(path, conditions(one, &["uri", "name", "ignoreUriCase"]));
            }
            if matches.is_empty() {
                add(Served::below("/"), Conditions::new());
            }
        }
    }
    all
}

fn of_proxy(spec: &Node, own: &str) -> Vec<Lead> {
    let mut all = Vec::new();
    for route in items(present(spec, "routes")) {
        let mut rule = Rule::default();
        for service in items(present(route, "services")) {
            let name = text(service, "name").unwrap_or_default();
            let one = backend(None, name, text(service, "port").unwrap_or_default(), own);
            match is_true(present(service, "mirror")) {
                true => rule.copies.insert(one),
                false => rule.backends.insert(one),
            };
        }
        let is_open = is_true(below(route, &["authPolicy", "disabled"]));
        if !is_open {
            rule.filters.insert("auth".to_owned(), CREDENTIALS.to_owned());
        }
        let listed = items(present(route, "conditions"));
        let of = |key: &str| listed.iter().find_map(|one| text(one, key));
        let path = match (of("exact"), of("prefix")) {
            (Some(exact), _) => Served::Only(exact.to_owned()),
            (None, prefix) => Served::below(prefix.unwrap_or("/")),
        };
        let mut all_conditions = Conditions::new();
        for one in listed {
            all_conditions.extend(conditions(one, &["exact", "prefix"]));
        }
        all.push(Lead {
            host: ALL.into(),
            path,
            conditions: Rc::new(all_conditions),
            rule: Rc::new(rule),
        });
    }
    all
}

fn of_openshift(spec: &Node, own: &str) -> Vec<Lead> {
    let port = below(spec, &["port"]).and_then(|port| text(port, "targetPort"));
    let mut rule = Rule::default();
    let others = items(present(spec, "alternateBackends")).iter();
    for one in present(spec, "to").into_iter().chain(others) {
        rule.add(None, text(one, "name").unwrap_or_default(), port.unwrap_or_default(), own);
    }
    let path = Served::below(text(spec, "path").unwrap_or("/"));
    let (host, conditions) = (ALL.into(), Rc::default());
    vec![Lead { host, path, conditions, rule: Rc::new(rule) }]
}

/// The functions of rules of Traefik by which hosts and paths are matched.
const PLACES: [&str; 7] =
    ["Host", "HostSNI", "HostRegexp", "HostSNIRegexp", "Path", "PathPrefix", "PathRegexp"];

fn of_ingress_route(spec: &Node, own: &str) -> Vec<Lead> {
    let mut all = Vec::new();
    for route in items(present(spec, "routes")) {
        let mut rule = Rule::default();
        for service in items(present(route, "services")) {
            let name = text(service, "name").unwrap_or_default();
            let port = text(service, "port").unwrap_or_default();
            rule.add(text(service, "namespace"), name, port, own);
        }
        for name in listed(route, own) {
            let words = format!("the middleware {name}");
            rule.filters.insert(name, words);
        }
        let written = text(route, "match").unwrap_or_default();
        let mut hosts = arguments(written, &["Host(", "HostSNI(", "HostRegexp(", "HostSNIRegexp("]);
        hosts.sort_unstable();
        let paths = arguments(written, &["PathPrefix("]).into_iter().map(Served::below);
        let exact = arguments(written, &["Path(", "PathRegexp("]);
        let mut paths: Vec<Served> =
            paths.chain(exact.into_iter().map(|path| Served::Only(path.to_owned()))).collect();
        if paths.is_empty() {
            paths.push(Served::below("/"));
        }
        // A rule with alternatives or exceptions is compared as a whole, by its path.
        let conditions = Rc::new(functions(written));
        let (host, rule): (Rc<str>, _) = (hosts.join(",").into(), Rc::new(rule));
        all.extend(paths.into_iter().map(|path| Lead {
            host: Rc::clone(&host),
            path,
            conditions: Rc::clone(&conditions),
            rule: Rc::clone(&rule),
        }));
    }
    all
}

/// The functions of a rule of Traefik that match neither hosts nor paths, as conditions that all hold; none if there are
/// alternatives.
fn functions(rule: &str) -> Conditions {
    if rule.contains("||") {
        return Conditions::new();
    }
    let parts = rule.split("&&").map(str::trim);
    let name = |part: &str| -> String { part.split('(').next().unwrap_or_default().to_owned() };
    let others = parts.filter(|part| !part.is_empty() && !PLACES.contains(&&*name(part)));
    others.map(|part| (part.to_owned(), name(part))).collect()
}

/// The former paths of an object, by host and path.
struct Known<'a>(BTreeMap<&'a str, BTreeMap<Served, Vec<&'a Lead>>>);

/// The maximum number of directories above a path that are looked for.
const DEEPEST: usize = 64;

impl<'a> Known<'a> {
    fn of(leads: &'a [Lead]) -> Self {
        let mut all = BTreeMap::<&str, BTreeMap<Served, Vec<&Lead>>>::new();
        for lead in leads {
            let of_host = all.entry(&lead.host).or_default();
            of_host.entry(lead.path.clone()).or_default().push(lead);
        }
        Self(all)
    }

    /// The former paths that served the requests of one: the same, or else the nearest above it.
    fn before(&self, lead: &Lead) -> &[&'a Lead] {
        let Some(of_host) = self.0.get(&*lead.host) else { return &[] };
        if let Some(same) = of_host.get(&lead.path) {
            return same;
        }
        let (Served::Below(path) | Served::Only(path)) = &lead.path;
        let path = path.trim_end_matches('/');
        let ends = path.rmatch_indices('/').map(|(end, _)| end).take(DEEPEST);
        for end in std::iter::once(path.len()).chain(ends) {
            let above = Served::Below(path[..end].to_owned());
            if let Some(above) = of_host.get(&above) {
                return above;
            }
        }
        &[]
    }
}

/// The differences of the paths of an object, each with the first path that has it.
#[derive(Default)]
struct Gains {
    backends: BTreeMap<String, String>,
    copies: BTreeMap<String, String>,
    rewrites: BTreeMap<String, String>,
    conditions: BTreeMap<String, String>,
    filters: BTreeMap<String, String>,
    /// The only filters to be told, if not all are.
    told_of: Option<BTreeSet<String>>,
}

/// Judges the backends of an entry on both sides.
pub(in crate::diff::weigh) fn led(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    if present(before, "spec").map(canonical) == present(after, "spec").map(canonical) {
        return;
    }
    let of = |side: usize, node| leads(sides.kind, sides.group, node, sides.namespace(side));
    let (old, new) = (of(0, before), of(1, after));
    let (known, work) = (Known::of(&old), sides.work());
    // A middleware that no route asks any more is told as a whole.
    let is_traefik = sides.kind.starts_with("IngressRoute");
    let (mut gains, mut is_over) = (Gains::default(), false);
    if is_traefik {
        let routes = |node| items(below(node, &["spec", "routes"])).iter();
        let was = middlewares(sides, 0, routes(before));
        let is = middlewares(sides, 1, routes(after));
        // One that routes ask as a member of a chain is not told by path.
        let own = sides.namespace(1);
        let listed: BTreeSet<String> = routes(after).flat_map(|route| listed(route, own)).collect();
        let both = was.intersection(&is).filter(|name| listed.contains(*name));
        gains.told_of = Some(both.cloned().collect());
    }
    for lead in &new {
        let before = known.before(lead);
        if before.is_empty() {
            continue;
        }
        if !gains.add(sides, &work, lead, before) {
            is_over = true;
            break;
        }
    }
    gains.tell(found);
    if is_over {
        let words = "is not judged: its backends are too many to be compared";
        found.push(judgement("spec", Phrase::new(words)));
    }
}

impl Gains {
    /// Adds the differences of a path from those that served its requests before. False if that is too much work.
    fn add(&mut self, sides: &Sides<'_, '_>, work: &Work, lead: &Lead, before: &[&Lead]) -> bool {
        let rule = &lead.rule;
        let size = |lead: &Lead| {
            let rule = &lead.rule;
            1 + lead.conditions.len()
                + rule.backends.len()
                + rule.filters.len()
                + rule.copies.len()
                + rule.rewrites.len()
        };
        let steps: usize = before.iter().map(|one| size(one)).sum();
        if !work.takes(steps.saturating_add(size(lead))) {
            return false;
        }
        let (Served::Below(path) | Served::Only(path)) = &lead.path;
        let place = if path.is_empty() { "/" } else { path }.to_owned();
        let old: BTreeSet<&Backend> = before.iter().flat_map(|one| &one.rule.backends).collect();
        for one in rule.backends.iter().filter(|one| !old.contains(one)) {
            if !is_same(sides, work, &old, one) {
                self.backends.entry(one.told()).or_insert_with(|| place.clone());
            }
        }
        let old: BTreeSet<&Backend> = before.iter().flat_map(|one| &one.rule.copies).collect();
        for one in rule.copies.iter().filter(|one| !old.contains(one)) {
            if !is_same(sides, work, &old, one) {
                self.copies.entry(one.told()).or_insert_with(|| place.clone());
            }
        }
        let old: BTreeSet<&String> = before.iter().flat_map(|one| &one.rule.rewrites).collect();
        for one in rule.rewrites.iter().filter(|one| !old.contains(one)) {
            self.rewrites.entry(one.clone()).or_insert_with(|| place.clone());
        }
        let meets = |one: &&&Lead| {
            one.conditions.keys().all(|condition| lead.conditions.contains_key(condition))
        };
        let met = before.iter().find(meets);
        if met.is_none() {
            let lost = before.iter().flat_map(|one| &*one.conditions);
            let lost = lost.filter(|(condition, _)| !lead.conditions.contains_key(*condition));
            for (_, words) in lost {
                self.conditions.entry(words.clone()).or_insert_with(|| place.clone());
            }
        }
        for (filter, words) in met.or(before.first()).into_iter().flat_map(|one| &one.rule.filters)
        {
            let is_told = self.told_of.as_ref().is_none_or(|of| of.contains(filter));
            let is_kept = rule.filters.contains_key(filter)
                || sides
                    .renames()
                    .new_name(filter)
                    .is_some_and(|now| rule.filters.contains_key(&now));
            if is_told && !is_kept {
                self.filters.entry(words.clone()).or_insert_with(|| place.clone());
            }
        }
        true
    }

    fn tell(self, found: &mut Vec<Judgement>) {
        let told = |words: &'static str, all: BTreeMap<String, String>| {
            (!all.is_empty()).then(|| {
                let each = |phrase: Phrase, (name, place): (String, String)| {
                    phrase.name(&name).say(" at ").name(&place)
                };
                judgement("spec", Phrase::new(words).each(all, each))
            })
        };
        found.extend(told("leads to ", self.backends));
        found.extend(
            told("sends copies of requests to ", self.copies)
                .map(|judged| judged.with_severity(Severity::Error)),
        );
        found.extend(told("leads to other paths of its pods: ", self.rewrites));
        found.extend(told("no longer matches by ", self.conditions));
        found.extend(told("no longer applies ", self.filters));
    }
}

/// True if a backend leads to the same pods as one of before: it is renamed, or the same under another name.
fn is_same(sides: &Sides<'_, '_>, work: &Work, old: &BTreeSet<&Backend>, new: &Backend) -> bool {
    // What is not compared counts as different.
    if !work.takes(old.len()) {
        return false;
    }
    let is_renamed = |one: &&&Backend| {
        one.port == new.port && sides.renames().follows(&one.name, &new.name).is_some()
    };
    if old.iter().any(|one| is_renamed(&one)) {
        return true;
    }
    let Some(meaning) = meaning(sides, 1, new) else { return false };
    old.iter().any(|one| self::meaning(sides, 0, one).as_ref() == Some(&meaning))
}

/// The pods and the port that a backend leads to, if its Service is in the render.
fn meaning(sides: &Sides<'_, '_>, side: usize, of: &Backend) -> Option<(String, String)> {
    let namespace = of.namespace.as_deref().unwrap_or_else(|| sides.namespace(side));
    let mut services = sides.whole.of_kind(side, "Service", namespace);
    let service = services.find(|one| one.name() == of.name)?;
    let selector = below(service.node(), &["spec", "selector"])?;
    let ports = items(below(service.node(), &["spec", "ports"]));
    let is_meant =
        |port: &&Node| [text(port, "port"), text(port, "name")].contains(&Some(of.port.as_str()));
    let port = match ports.iter().find(is_meant) {
        Some(port) => text(port, "targetPort").or_else(|| text(port, "port"))?.to_owned(),
        None if of.port.is_empty() => String::new(),
        None => return None,
    };
    Some((format!("{namespace} {}", canonical(selector)), port))
}

/// The namespaces and names of the Services to which entries of a render lead. Linear in its objects.
pub(in crate::diff::weigh) fn led_to(render: &ResMap) -> BTreeSet<(String, String)> {
    let is_entry = |object: &&Resource| match (&*object.gvk().group, object.kind()) {
        ("networking.k8s.io" | "extensions", "Ingress")
        | ("projectcontour.io", "HTTPProxy")
        | ("route.openshift.io", "Route") => true,
        ("networking.istio.io", "VirtualService") => {
            let gateways = items(below(object.node(), &["spec", "gateways"])).iter();
            gateways.filter_map(Node::as_text).any(|name| name != "mesh")
        }
        ("gateway.networking.k8s.io", kind) => kind.ends_with("Route"),
        ("traefik.io" | "traefik.containo.us", kind) => kind.starts_with("IngressRoute"),
        _ => false,
    };
    let mut all = BTreeSet::new();
    for object in render.iter().filter(is_entry) {
        let own = object.id().effective_namespace();
        let leads = leads(object.kind(), &object.gvk().group, object.node(), own);
        let mut seen: BTreeSet<*const Rule> = BTreeSet::new();
        for lead in leads.iter().filter(|lead| seen.insert(Rc::as_ptr(&lead.rule))) {
            all.extend(lead.rule.backends.iter().map(|one| {
                let namespace = one.namespace.as_deref().unwrap_or(own);
                (namespace.to_owned(), one.name.clone())
            }));
        }
    }
    all
}

/// True if entries lead to a Service on a side.
pub(super) fn is_led_to(whole: &Whole<'_>, side: usize, namespace: &str, name: &str) -> bool {
    whole.led_to(side).contains(&(namespace.to_owned(), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn object(version: &str, kind: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: e}}, spec: {{{spec}}}}}\n---\n"
        )
    }

    fn service(name: &str, app: &str, ports: &str) -> String {
        format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: {name}}}, spec: {{selector: {{app: {app}}}, ports: [{ports}]}}}}\n---\n"
        )
    }

    /// A kind with an object of it that leads to a Service.
    type Form<'f> = (&'static str, &'f dyn Fn(&str) -> String);

    const HTTP: &str = "{name: http, port: 80, targetPort: 8080}";

    #[test]
    fn entries_lead_elsewhere() {
        let ingress = |backends: &[(&str, &str)]| {
            let path = |(path, name): &(&str, &str)| {
                format!(
                    "{{path: {path}, pathType: Prefix, backend: {{service: {{name: {name}, port: {{number: 80}}}}}}}}"
                )
            };
            let paths: Vec<String> = backends.iter().map(path).collect();
            let rule = format!("rules: [{{host: a, http: {{paths: [{}]}}}}]", paths.join(", "));
            object("networking.k8s.io/v1", "Ingress", &rule)
        };
        let istio = |name: &str| {
            let route = format!(
                "hosts: [a], gateways: [g], http: [{{route: [{{destination: {{host: {name}, port: {{number: 80}}}}}}]}}]"
            );
            object("networking.istio.io/v1", "VirtualService", &route)
        };
        let gateway = |name: &str| {
            let route = format!("rules: [{{backendRefs: [{{name: {name}, port: 80}}]}}]");
            object("gateway.networking.k8s.io/v1", "HTTPRoute", &route)
        };
        let traefik = |name: &str| {
            let route =
                format!("routes: [{{match: 'Host(`a`)', services: [{{name: {name}, port: 80}}]}}]");
            object("traefik.io/v1alpha1", "IngressRoute", &route)
        };
        let contour = |name: &str| {
            let route = format!(
                "virtualhost: {{fqdn: a}}, routes: [{{services: [{{name: {name}, port: 80}}]}}]"
            );
            object("projectcontour.io/v1", "HTTPProxy", &route)
        };
        let openshift = |name: &str| {
            let route =
                format!("host: a, to: {{kind: Service, name: {name}}}, port: {{targetPort: 80}}");
            object("route.openshift.io/v1", "Route", &route)
        };
        let of_ingress = |name: &str| ingress(&[("/", name)]);
        let forms: [Form<'_>; 6] = [
            ("Ingress", &of_ingress),
            ("VirtualService", &istio),
            ("HTTPRoute", &gateway),
            ("IngressRoute", &traefik),
            ("HTTPProxy", &contour),
            ("Route", &openshift),
        ];
        for (kind, form) in forms {
            let told_of = |name: &str| format!("007 warning {kind} e: leads to {name}:80 at /");
            assert_eq!(judged(&form("web"), &form("admin")), [told_of("admin")]);
            assert_eq!(judged(&form("admin"), &form("web")), [told_of("web")]);
            // Another name of the same pods.
            let both = service("web", "web", HTTP) + &service("admin", "web", HTTP);
            told(&(both.clone() + &form("web")), &(both + &form("admin")), &[]);
        }
        told(
            &ingress(&[("/", "web")]),
            &ingress(&[("/", "web"), ("/admin", "admin")]),
            &["007 warning Ingress e: leads to admin:80 at /admin"],
        );
        told(&istio("web"), &istio("web.default.svc.cluster.local"), &[]);
        let named = ingress(&[("/", "web")]).replace("number: 80", "name: http");
        let web = service("web", "web", HTTP);
        told(&(web.clone() + &ingress(&[("/", "web")])), &(web + &named), &[]);
    }

    #[test]
    fn entries_have_fewer_conditions_and_filters() {
        let gateway = |rule: &str| {
            let spec = format!("rules: [{{{rule}, backendRefs: [{{name: web, port: 80}}]}}]");
            object("gateway.networking.k8s.io/v1", "HTTPRoute", &spec)
        };
        let matches =
            |more: &str| format!("matches: [{{path: {{type: PathPrefix, value: /a}}{more}}}]");
        let filters = |filter: &str| format!("{}, filters: [{filter}]", matches(""));
        let label = "007 warning HTTPRoute e: no longer ";
        for (before, after, words) in [
            (
                matches(", headers: [{name: x, value: y}]"),
                matches(""),
                "matches by headers x at /a",
            ),
            (matches(", method: GET"), matches(""), "matches by method at /a"),
            (
                filters("{type: ExtensionRef, extensionRef: {group: x, kind: Auth, name: oidc}}"),
                filters(""),
                "applies the filter Auth oidc at /a",
            ),
        ] {
            told(&gateway(&before), &gateway(&after), &[&*format!("{label}{words}")]);
        }
        let spy =
            filters("{type: RequestMirror, requestMirror: {backendRef: {name: spy, port: 80}}}");
        told(
            &gateway(&filters("")),
            &gateway(&spy),
            &["007 error HTTPRoute e: sends copies of requests to spy:80 at /a"],
        );
        let rewrite = |path: &str| {
            let filter = format!(
                "{{type: URLRewrite, urlRewrite: {{path: {{type: ReplacePrefixMatch, replacePrefixMatch: {path}}}}}}}"
            );
            gateway(&filters(&filter))
        };
        assert_eq!(
            judged(&rewrite("/"), &rewrite("/admin")),
            ["007 warning HTTPRoute e: leads to other paths of its pods: /admin at /a"]
        );
        let request = |more: &str| {
            let filter =
                format!("{{type: RequestHeaderModifier, requestHeaderModifier: {{{more}}}}}");
            gateway(&filters(&filter))
        };
        told(
            &request("remove: [x-user, x-role]"),
            &request("remove: [x-role]"),
            &["007 warning HTTPRoute e: no longer applies the filter of the header x-user at /a"],
        );
        told(&request("set: [{name: a, value: b}]"), &request("set: [{name: a, value: c}]"), &[]);
        let headers = filters("{type: ResponseHeaderModifier, responseHeaderModifier: {set: []}}");
        told(&gateway(&headers), &gateway(&filters("")), &[]);
        let traefik = |routes: &str| {
            object("traefik.io/v1alpha1", "IngressRoute", &format!("routes: [{routes}]"))
        };
        let route = |rule: &str, more: &str| format!("{{match: 'Host(`a`){rule}', {more}}}");
        told(
            &traefik(&route(" && Method(`GET`)", "")),
            &traefik(&route("", "")),
            &["007 warning IngressRoute e: no longer matches by Method at /"],
        );
        let auth = "middlewares: [{name: auth}]";
        let both = |of_admin: &str| {
            traefik(&format!(
                "{}, {}",
                route("", auth),
                route(" && PathPrefix(`/admin`)", of_admin)
            ))
        };
        told(
            &both(auth),
            &both(""),
            &["007 warning IngressRoute e: no longer applies the middleware auth at /admin"],
        );
        told(&traefik(&route("", auth)), &both(auth), &[]);
        assert_eq!(judged(&traefik(&route("", auth)), &both("")).len(), 1, "a new path without it");
    }
}
