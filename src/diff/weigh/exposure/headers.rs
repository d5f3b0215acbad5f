//! Headers of requests and answers that a route removes: if it does so no longer, clients can send such a header themselves,
//! as one that names a user, or see what was hidden from them.

use std::collections::{BTreeMap, BTreeSet};

use super::middlewares::{Asked, asked_by};
use crate::diff::weigh::{Judgement, Phrase, Sides, canonical, without};
use crate::harden::Severity;
use crate::harden::differences::POSTURE_LOOSENED;
use crate::harden::value::{below, items, present, text};
use crate::resource::Resource;
use crate::yaml::Node;

/// Names of headers: as they are written, by their lower case.
type Names = BTreeMap<String, String>;

/// The effect of a rule on headers, in one direction.
#[derive(Clone, Default)]
struct Headers {
    removed: Names,
    /// Those that it sets itself: what a client sends under these names is not seen.
    set: Names,
}

/// The effect of a rule on headers of requests and of answers.
type Both = [Headers; 2];

/// A rule of a route.
struct Rule {
    /// The meaning of its conditions.
    key: String,
    headers: Both,
    /// True if it answers itself, so that no request reaches pods.
    answers: bool,
}

/// The directions: words before and after the names of headers.
const DIRECTIONS: [(&str, &str); 2] = [
    ("no longer removes from requests the header ", ": clients can send it themselves"),
    ("no longer removes from answers the header ", ": clients can see it"),
];

impl Headers {
    /// Those of a list of names to remove, and of a list or mapping of values to set.
    fn of(modifier: Option<&Node>) -> Self {
        let mut own = Self::default();
        let Some(modifier) = modifier else { return own };
        for name in items(present(modifier, "remove")).iter().filter_map(Node::as_text) {
            own.removed.insert(name.to_ascii_lowercase(), name.to_owned());
        }
        if let Some(set) = present(modifier, "set") {
            let listed = set.items().iter().filter_map(|one| text(one, "name"));
            let names = set.entries().iter().map(|(name, _)| name.text()).chain(listed);
            own.set.extend(names.map(|name| (name.to_ascii_lowercase(), name.to_owned())));
        }
        own
    }

    /// Those of a mapping of names to values, of which an empty one removes the header.
    fn of_values(values: Option<&Node>) -> Self {
        let mut own = Self::default();
        for (name, value) in values.map(Node::entries).unwrap_or_default() {
            let is_empty = value.as_text().is_none_or(str::is_empty);
            let names = if is_empty { &mut own.removed } else { &mut own.set };
            names.insert(name.text().to_ascii_lowercase(), name.text().to_owned());
        }
        own
    }

    fn is_kept_out(&self, name: &str) -> bool {
        self.removed.contains_key(name) || self.set.contains_key(name)
    }

    fn add(&mut self, other: Self) {
        self.removed.extend(other.removed);
        self.set.extend(other.set);
    }

    fn size(&self) -> usize {
        self.removed.len() + self.set.len()
    }
}

fn add(own: &mut Both, other: Both) {
    own.iter_mut().zip(other).for_each(|(own, other)| own.add(other));
}

/// The common effect of some parts: the headers that each of them removes or sets.
fn common(parts: impl Iterator<Item = Both>) -> Both {
    let both = |own: Headers, other: &Headers| {
        let mut both = Headers::default();
        for (name, written) in own.removed.iter().chain(&own.set) {
            if !other.is_kept_out(name) {
                continue;
            }
            let is_removed = [&own, other].iter().any(|one| one.removed.contains_key(name));
            let names = if is_removed { &mut both.removed } else { &mut both.set };
            names.insert(name.clone(), written.clone());
        }
        both
    };
    let join = |[requests, answers]: Both, other: Both| {
        [both(requests, &other[0]), both(answers, &other[1])]
    };
    parts.reduce(join).unwrap_or_default()
}

/// Judges a route, or a middleware of Traefik, that no longer removes headers.
pub(in crate::diff::weigh) fn stripped(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let read = |side: usize, node| rules(sides, side, node);
    let (old, new) = (read(0, before), read(1, after));
    if old.iter().all(|rule| rule.headers.iter().all(|one| one.removed.is_empty())) {
        return;
    }
    let mut lost = lost(sides, &old, &new);
    if sides.kind == "Middleware" {
        keep_asked(sides, &mut lost);
    }
    tell(lost, found);
}

fn tell(lost: [Names; 2], found: &mut Vec<Judgement>) {
    for ((words, effect), names) in DIRECTIONS.iter().zip(lost) {
        if names.is_empty() {
            continue;
        }
        let phrase = Phrase::new(*words).few(names.values().map(String::as_str)).say(*effect);
        let judged = Judgement::new(&POSTURE_LOOSENED, "spec", phrase);
        found.push(judged.with_severity(Severity::Warning));
    }
}

/// The headers that rules removed and that clients may send, or see, after the change.
fn lost(sides: &Sides<'_, '_>, old: &[Rule], new: &[Rule]) -> [Names; 2] {
    let (mut lost, work) = (<[Names; 2]>::default(), &sides.whole.work);
    let size = |rules: &[Rule]| -> usize {
        let of_rule = |rule: &Rule| 1 + rule.headers.iter().map(Headers::size).sum::<usize>();
        rules.iter().map(of_rule).sum()
    };
    if !work.takes(size(old).saturating_add(size(new))) {
        return lost;
    }
    let mut known: BTreeMap<&str, &Rule> = BTreeMap::new();
    for rule in old {
        known.entry(&rule.key).or_insert(rule);
    }
    // What all rules removed is missed in one that is new, too.
    let all = old.iter().filter(|rule| !rule.answers).map(|rule| rule.headers.clone());
    let of_all = common(all);
    let mut seen = BTreeSet::new();
    // Of rules with the same conditions, the first one decides.
    for rule in new.iter().filter(|rule| seen.insert(&*rule.key) && !rule.answers) {
        let former = known.get(&*rule.key).map_or(&of_all, |former| &former.headers);
        if !work.takes(former.iter().map(Headers::size).sum()) {
            break;
        }
        for ((lost, was), is) in lost.iter_mut().zip(former).zip(&rule.headers) {
            let gone = was.removed.iter().filter(|(name, _)| !is.is_kept_out(name));
            lost.extend(gone.map(|(name, written)| (name.clone(), written.clone())));
        }
    }
    lost
}

/// The rules of an object with what they do with headers.
fn rules(sides: &Sides<'_, '_>, side: usize, node: &Node) -> Vec<Rule> {
    let http = |key: &str| items(below(node, &["spec", key])).iter();
    match sides.kind {
        "VirtualService" => http("http").flat_map(of_istio).collect(),
        "HTTPProxy" => http("routes").map(of_contour).collect(),
        "Middleware" | "Ingress" => {
            let headers = of_asked(sides, side, &asked_by(sides, side, node));
            vec![Rule { key: String::new(), headers, answers: false }]
        }
        "IngressRoute" => {
            let of_route = |route| Rule {
                key: text(route, "match").unwrap_or_default().to_owned(),
                headers: of_asked(sides, side, &asked_by(sides, side, route)),
                answers: false,
            };
            http("routes").map(of_route).collect()
        }
        _ => http("rules").flat_map(of_gateway_api).collect(),
    }
}

/// The rules for each of some conditions; one for all requests, if there are none.
fn each(conditions: &[Node], (headers, answers): (&Both, bool)) -> Vec<Rule> {
    let rule = |key: String| Rule { key, headers: headers.clone(), answers };
    match conditions {
        [] => vec![rule(String::new())],
        several => several.iter().map(|one| rule(without(one, &["name"]))).collect(),
    }
}

/// The rules that a rule of the Gateway API stands for, with the headers of its answers. Filters of the headers of requests
/// are compared with the other filters.
fn of_gateway_api(rule: &Node) -> Vec<Rule> {
    let filters = |node: &Node| {
        let mut own = Both::default();
        for filter in items(present(node, "filters")) {
            let answers = Headers::of(present(filter, "responseHeaderModifier"));
            add(&mut own, [Headers::default(), answers]);
        }
        own
    };
    let mut headers = filters(rule);
    add(&mut headers, common(items(present(rule, "backendRefs")).iter().map(filters)));
    let redirects = |filter: &Node| present(filter, "requestRedirect").is_some();
    let answers = items(present(rule, "filters")).iter().any(redirects);
    each(items(present(rule, "matches")), (&headers, answers))
}

/// The rules that a rule of a `VirtualService` stands for.
fn of_istio(rule: &Node) -> Vec<Rule> {
    let of = |node: &Node| {
        ["request", "response"].map(|key| Headers::of(below(node, &["headers", key])))
    };
    let mut headers = of(rule);
    add(&mut headers, common(items(present(rule, "route")).iter().map(of)));
    let answers = ["redirect", "directResponse"].iter().any(|key| present(rule, key).is_some());
    each(items(present(rule, "match")), (&headers, answers))
}

/// A route of an `HTTPProxy` of Contour.
fn of_contour(route: &Node) -> Rule {
    let of = |node: &Node| {
        ["requestHeadersPolicy", "responseHeadersPolicy"].map(|key| Headers::of(present(node, key)))
    };
    let mut headers = of(route);
    add(&mut headers, common(items(present(route, "services")).iter().map(of)));
    let answering = ["requestRedirectPolicy", "directResponsePolicy"];
    let answers = answering.iter().any(|key| present(route, key).is_some());
    let key = present(route, "conditions").map(canonical).unwrap_or_default();
    Rule { key, headers, answers }
}

/// The effect of middlewares of Traefik on headers. On the side after the change, one that was asked before also does what it
/// did: if it differs itself, that is told there.
fn of_asked(sides: &Sides<'_, '_>, side: usize, asked: &[Asked<'_>]) -> Both {
    let of = |spec: &Node| {
        ["customRequestHeaders", "customResponseHeaders"]
            .map(|key| Headers::of_values(below(spec, &["headers", key])))
    };
    let mut own = Both::default();
    for one in asked {
        add(&mut own, of(one.specification));
        if let Some(former) = one.former.filter(|_| side == 1 && sides.kind != "Middleware") {
            add(&mut own, of(former));
        }
    }
    own
}

/// Drops the headers that all routes of the render which ask a middleware remove by others.
fn keep_asked(sides: &Sides<'_, '_>, lost: &mut [Names; 2]) {
    if lost.iter().all(BTreeMap::is_empty) {
        return;
    }
    let key = Asked::key_of(sides, 1);
    let mut kept: Option<Both> = None;
    for route in sides.whole.all_of_kind(1, "IngressRoute") {
        for one in items(below(route.node(), &["spec", "routes"])) {
            let asked = super::middlewares::asked_in(sides, 1, one, namespace(route));
            if !asked.iter().any(|asked| asked.key == key) {
                continue;
            }
            let mut headers = of_asked(sides, 1, &asked);
            headers.iter_mut().for_each(|headers| headers.removed.append(&mut headers.set));
            kept = Some(match kept {
                None => headers,
                Some(known) => common([known, headers].into_iter()),
            });
        }
    }
    for (lost, kept) in lost.iter_mut().zip(kept.unwrap_or_default()) {
        lost.retain(|name, _| !kept.is_kept_out(name));
    }
}

fn namespace(object: &Resource) -> &str {
    object.id().effective_namespace()
}

/// The field of the settings of ingress-nginx with the `ConfigMap` of the headers that it sets.
const SET_HEADERS: &str = "proxy-set-headers";

/// Judges the `ConfigMap` with the settings of ingress-nginx, or the one that these name with headers: one with an empty value
/// is not passed on.
pub(in crate::diff::weigh) fn set_headers(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let data = |node| below(node, &["data"]);
    let named = |side: usize, node| {
        let name = data(node).and_then(|data| text(data, SET_HEADERS))?;
        let (namespace, name) = name.split_once('/')?;
        let mut all = sides.whole.of_kind(side, "ConfigMap", namespace);
        all.find(|one| one.name() == name).map(|one| Headers::of_values(data(one.node())))
    };
    let (old, new) = match named(0, before) {
        // A map that differs itself is told.
        Some(old) => match data(after).and_then(|data| text(data, SET_HEADERS)) {
            Some(now) if Some(now) == data(before).and_then(|data| text(data, SET_HEADERS)) => {
                return;
            }
            Some(_) => match named(1, after) {
                Some(new) => (old, new),
                None => return,
            },
            None => (old, Headers::default()),
        },
        None => {
            let own = Headers::of_values(data(before));
            let is_named = || {
                let id = format!("{}/{}", sides.namespace(1), sides.object.id().name);
                sides.whole.all_of_kind(1, "ConfigMap").any(|one| {
                    data(one.node()).and_then(|data| text(data, SET_HEADERS)) == Some(&id)
                })
            };
            let now = Headers::of_values(data(after));
            if own.removed.keys().all(|name| now.is_kept_out(name)) || !is_named() {
                return;
            }
            (own, now)
        }
    };
    let rule = |headers| Rule {
        key: String::new(),
        headers: [headers, Headers::default()],
        answers: false,
    };
    tell(lost(sides, &[rule(old)], &[rule(new)]), found);
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::judged;

    fn object(version: &str, kind: &str, name: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: {name}, namespace: shop}}, spec: {{{spec}}}}}\n---\n"
        )
    }

    /// A kind with a rule for a path, which may have a part for the rule and one for its only backend.
    struct Routes {
        kind: &'static str,
        rule: fn(path: &str, own: &str, of_backend: &str) -> String,
        all: fn(rules: &str) -> String,
        /// The part that removes headers of requests or of answers, and one that sets them.
        parts: fn(is_answer: bool, verb: &str, name: &str) -> String,
    }

    fn all() -> [Routes; 3] {
        [
            Routes {
                kind: "HTTPRoute",
                rule: |path, own, of_backend| {
                    format!(
                        "{{matches: [{{path: {{value: {path}}}}}], {own}{}backendRefs: [{{name: web, port: 80, {of_backend}}}]}}",
                        if own.is_empty() { "" } else { ", " }
                    )
                },
                all: |rules| {
                    let spec = format!("parentRefs: [{{name: g}}], rules: [{rules}]");
                    object("gateway.networking.k8s.io/v1", "HTTPRoute", "web", &spec)
                },
                parts: |is_answer, verb, name| {
                    let key =
                        if is_answer { "responseHeaderModifier" } else { "requestHeaderModifier" };
                    let what = match verb {
                        "remove" => format!("remove: [{name}]"),
                        verb => format!("{verb}: [{{name: {name}, value: x}}]"),
                    };
                    let (first, rest) = key.split_at(1);
                    let kind = format!("{}{rest}", first.to_ascii_uppercase());
                    format!("filters: [{{type: {kind}, {key}: {{{what}}}}}]")
                },
            },
            Routes {
                kind: "VirtualService",
                rule: |path, own, of_backend| {
                    format!(
                        "{{match: [{{uri: {{prefix: {path}}}}}], {own}{}route: [{{destination: {{host: web}}, {of_backend}}}]}}",
                        if own.is_empty() { "" } else { ", " }
                    )
                },
                all: |rules| {
                    let spec = format!("hosts: [a.example.org], gateways: [g], http: [{rules}]");
                    object("networking.istio.io/v1", "VirtualService", "web", &spec)
                },
                parts: |is_answer, verb, name| {
                    let key = if is_answer { "response" } else { "request" };
                    let what = match verb {
                        "remove" => format!("remove: [{name}]"),
                        verb => format!("{verb}: {{{name}: x}}"),
                    };
                    format!("headers: {{{key}: {{{what}}}}}")
                },
            },
            Routes {
                kind: "HTTPProxy",
                rule: |path, own, of_backend| {
                    format!(
                        "{{conditions: [{{prefix: {path}}}], {own}{}services: [{{name: web, port: 80, {of_backend}}}]}}",
                        if own.is_empty() { "" } else { ", " }
                    )
                },
                all: |rules| {
                    let spec = format!("virtualhost: {{fqdn: a.example.org}}, routes: [{rules}]");
                    object("projectcontour.io/v1", "HTTPProxy", "web", &spec)
                },
                parts: |is_answer, verb, name| {
                    let key =
                        if is_answer { "responseHeadersPolicy" } else { "requestHeadersPolicy" };
                    let what = match verb {
                        "remove" => format!("remove: [{name}]"),
                        verb => format!("{verb}: [{{name: {name}, value: x}}]"),
                    };
                    format!("{key}: {{{what}}}")
                },
            },
        ]
    }

    const REQUESTS: &str =
        "no longer removes from requests the header X-User: clients can send it themselves";

    /// Those that are about headers.
    #[track_caller]
    fn told(before: &str, after: &str) -> Vec<String> {
        let mut all = judged(before, after);
        all.retain(|one| one.contains("the header"));
        all
    }

    #[test]
    fn routes_no_longer_remove_headers() {
        for Routes { kind, rule, all, parts } in all() {
            if kind == "HTTPRoute" {
                continue;
            }
            let user = parts(false, "remove", "X-User");
            let words = format!("001 warning {kind} web: {REQUESTS}");
            let one = |own: &str, of_backend: &str| all(&rule("/", own, of_backend));
            let (plain, of_rule, of_backend) = (one("", ""), one(&user, ""), one("", &user));
            for with in [&of_rule, &of_backend] {
                assert_eq!(told(with, &plain), [&*words], "{with}");
                assert_eq!(told(&plain, with), [""; 0], "{with}");
            }
            let set = one(&parts(false, "set", "x-user"), "");
            for (before, after) in
                [(&of_rule, &of_backend), (&of_backend, &of_rule), (&of_rule, &set), (&set, &plain)]
            {
                assert_eq!(told(before, after), [""; 0], "{before} {after}");
            }
            let added = one(&parts(false, "add", "X-User"), "");
            assert_eq!(told(&of_rule, &added), [&*words]);
            // Rules in another order, a rule that is gone, and one that is new where all removed it.
            let (api, web) = (rule("/api", &user, ""), rule("/", &user, ""));
            let both = all(&format!("{api}, {web}"));
            let (open, third) = (rule("/api", "", ""), rule("/third", "", ""));
            assert_eq!(told(&both, &all(&format!("{web}, {api}"))), [""; 0]);
            assert_eq!(told(&both, &all(&web)), [""; 0]);
            assert_eq!(told(&both, &all(&format!("{open}, {web}"))), [&*words]);
            assert_eq!(told(&both, &all(&format!("{api}, {web}, {third}"))), [&*words]);
            let some = all(&format!("{open}, {web}"));
            assert_eq!(told(&some, &all(&format!("{open}, {web}, {third}"))), [""; 0]);
        }
        let proxy = |more: &str| {
            let spec = format!(
                "virtualhost: {{fqdn: a}}, routes: [{{conditions: [], requestHeadersPolicy: {{{more}}}, requestRedirectPolicy: {{hostname: b}}}}]"
            );
            object("projectcontour.io/v1", "HTTPProxy", "web", &spec)
        };
        assert_eq!(told(&proxy("remove: [X-User]"), &proxy("")), [""; 0], "it leads to no pods");
    }

    #[test]
    fn routes_no_longer_hide_headers() {
        for Routes { kind, rule, all, parts } in all() {
            let hidden = parts(true, "remove", "Server");
            let one = |own: &str, of_backend: &str| all(&rule("/", own, of_backend));
            let (plain, of_rule, of_backend) = (one("", ""), one(&hidden, ""), one("", &hidden));
            let words = format!(
                "001 warning {kind} web: no longer removes from answers the header Server: clients can see it"
            );
            for with in [&of_rule, &of_backend] {
                assert_eq!(told(with, &plain), [&*words]);
                assert_eq!(told(&plain, with), [""; 0]);
            }
            let set = one(&parts(true, "set", "Server"), "");
            for (before, after) in
                [(&of_rule, &of_backend), (&of_backend, &of_rule), (&of_rule, &set)]
            {
                assert_eq!(told(before, after), [""; 0], "{before} {after}");
            }
        }
    }

    /// Filters of the Gateway API, of a rule and of all of its backends.
    #[test]
    fn filters_of_backends_are_those_of_their_rule() {
        let [Routes { rule, all, parts, .. }, ..] = all();
        let user = parts(false, "remove", "X-User");
        let one = |own: &str, of_backend: &str| all(&rule("/", own, of_backend));
        let (plain, of_rule, of_backend) = (one("", ""), one(&user, ""), one("", &user));
        let words =
            "007 warning HTTPRoute web: no longer applies the filter of the header X-User at /";
        for with in [&of_rule, &of_backend] {
            assert_eq!(told(with, &plain), [words]);
            assert_eq!(told(&plain, with), [""; 0]);
        }
        let both = of_backend.replace("backendRefs: [", "backendRefs: [{name: api, port: 80}, ");
        for (before, after) in [(&of_rule, &of_backend), (&of_backend, &of_rule), (&both, &plain)] {
            assert_eq!(told(before, after), [""; 0], "{before} {after}");
        }
        assert_eq!(told(&of_rule, &both), [words]);
    }

    fn middleware(name: &str, spec: &str) -> String {
        object("traefik.io/v1alpha1", "Middleware", name, spec)
    }

    fn headers(name: &str, values: &str) -> String {
        middleware(name, &format!("headers: {{customRequestHeaders: {{{values}}}}}"))
    }

    fn route(middlewares: &str) -> String {
        let spec = format!(
            "routes: [{{match: Host(`a.example.org`), middlewares: [{middlewares}], services: [{{name: web, port: 80}}]}}]"
        );
        object("traefik.io/v1alpha1", "IngressRoute", "web", &spec)
    }

    #[test]
    fn middlewares_no_longer_remove_headers() {
        let user = headers("m", "X-User: ''");
        let words = format!("001 warning Middleware m: {REQUESTS}");
        for after in ["", "X-Other: ''", "X-Others: x"] {
            assert_eq!(told(&user, &headers("m", after)), [&*words], "{after}");
            let reverse = told(&headers("m", after), &user);
            assert_eq!(reverse.len(), usize::from(after.ends_with('\'')), "{after}");
        }
        for after in ["x-user: ''", "X-User: x", "X-User: '', X-Other: ''"] {
            assert_eq!(told(&user, &headers("m", after)), [""; 0], "{after}");
        }
        let answers = middleware("m", "headers: {customResponseHeaders: {Server: ''}}");
        assert_eq!(
            told(&answers, &headers("m", "")),
            [
                "001 warning Middleware m: no longer removes from answers the header Server: clients can see it"
            ]
        );
        // It becomes a chain of one that removes it, or the routes that ask it ask such a one.
        let other = headers("other", "X-User: ''");
        let chain = middleware("m", "chain: {middlewares: [{name: other}]}");
        assert_eq!(told(&format!("{other}{user}"), &format!("{other}{chain}")), [""; 0]);
        let none = headers("m", "A: b");
        let before = format!("{other}{user}{}", route("{name: m}"));
        let after = format!("{other}{none}{}", route("{name: m}, {name: other}"));
        assert_eq!(told(&before, &after), [""; 0]);
        let after = format!("{other}{none}{}", route("{name: m}"));
        assert_eq!(told(&before, &after), [&*words]);
    }

    #[test]
    fn routes_no_longer_ask_middlewares_that_remove_headers() {
        let all = headers("m", "X-User: ''")
            + &headers("n", "X-User: '', A: b")
            + &headers("o", "A: b")
            + &middleware("c", "chain: {middlewares: [{name: m}]}");
        let with = |middlewares: &str| format!("{all}{}", route(middlewares));
        let words = format!("001 warning IngressRoute web: {REQUESTS}");
        for (before, after, is_told) in [
            ("{name: m}", "", true),
            ("{name: m}", "{name: o}", true),
            ("{name: c}", "{name: o}", true),
            ("{name: m}", "{name: n}", false),
            ("{name: m}", "{name: c}", false),
            ("{name: c}", "{name: m}", false),
            ("{name: o}", "", false),
            ("", "{name: m}", false),
        ] {
            let expected = if is_told { vec![&*words] } else { Vec::new() };
            assert_eq!(told(&with(before), &with(after)), expected, "{before} {after}");
        }
        let ingress = |names: &str| {
            format!(
                "{all}{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: web, namespace: shop, annotations: {{traefik.ingress.kubernetes.io/router.middlewares: '{names}'}}}}}}\n---\n"
            )
        };
        let (m, n, o) = ("shop-m@kubernetescrd", "shop-n@kubernetescrd", "shop-o@kubernetescrd");
        let words = format!("001 warning Ingress web: {REQUESTS}");
        assert_eq!(told(&ingress(m), &ingress(o)), [words]);
        for (before, after) in [(m, n), (m, &*format!("{o}, {m}")), (o, m)] {
            assert_eq!(told(&ingress(before), &ingress(after)), [""; 0], "{before} {after}");
        }
    }

    #[test]
    fn ingress_nginx_no_longer_removes_headers() {
        let map = |name: &str, data: &str| {
            format!(
                "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, namespace: shop}}, data: {{{data}}}}}\n---\n"
            )
        };
        let settings = |name: &str| map("settings", &format!("proxy-set-headers: {name}, a: b"));
        let named = settings("shop/set");
        let set = |values: &str| map("set", values);
        let all = |settings: &str, values: &str| format!("{settings}{}", set(values));
        let words = format!("001 warning ConfigMap set: {REQUESTS}");
        let user = "X-User: '', A: b";
        assert_eq!(told(&all(&named, user), &all(&named, "A: b")), [words]);
        for (before, after) in [
            (all(&named, user), all(&named, "X-User: $user, A: b")),
            (all(&named, "A: b"), all(&named, user)),
            (all(&settings("shop/other"), user), all(&settings("shop/other"), "A: b")),
            (set(user), set("A: b")),
        ] {
            assert_eq!(told(&before, &after), [""; 0], "{before}");
        }
        let words = format!("001 warning ConfigMap settings: {REQUESTS}");
        let none = map("settings", "a: b");
        assert_eq!(told(&all(&named, user), &all(&none, user)), [&*words]);
        let other = map("other", "A: b");
        let with = |settings: &str, other: &str| all(settings, user) + other;
        let elsewhere = settings("shop/other");
        assert_eq!(told(&with(&named, &other), &with(&elsewhere, &other)), [&*words]);
        let equal = map("other", user);
        assert_eq!(told(&with(&named, &equal), &with(&elsewhere, &equal)), [""; 0]);
    }
}
