//! Entries from outside: Ingresses, routes of the Gateway API and of `OpenShift`, Gateways.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::entries::more_served;
use super::internal::keep_internal;
use super::judgement;
use super::serving::{Offer, Served, Serving, Way, brief, grown};
use crate::diff::weigh::{Judgement, Phrase, Sides, canonical, without};
use crate::harden::selector::labels;
use crate::harden::value::{below, items, present, text};
use crate::yaml::Node;

/// Judges an Ingress of Kubernetes.
pub(in crate::diff::weigh) fn ingress(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(after) = sides.after else { return };
    found.extend(more_served(sides, of_ingress, "spec.rules"));
    let Some(before) = sides.before else { return };
    let (old, new) = (hosts_with_tls(before), hosts_with_tls(after));
    let served = of_ingress(after);
    let open: BTreeSet<&str> =
        served.hosts().filter(|host| has_tls(&old, host) && !has_tls(&new, host)).collect();
    if !open.is_empty() {
        found.push(judgement("spec.tls", Phrase::new("serves without TLS ").few(open)));
    }
    let [was, is] = [before, after].map(class);
    if was != is
        && !matches!((was, is), (Some(was), Some(is)) if sides.renames().follows(was, is).is_some())
    {
        let told = |phrase: Phrase, class: Option<&str>| match class {
            Some(class) => phrase.say("the IngressClass ").name(class),
            None => phrase.say("the default IngressClass"),
        };
        let phrase = told(Phrase::new("is served by "), is).say(" in place of ");
        found.push(judgement("spec.ingressClassName", told(phrase, was)));
    }
}

/// The class of an Ingress: the field, or the annotation that was before it.
fn class(ingress: &Node) -> Option<&str> {
    let annotated = || {
        let annotations = below(ingress, &["metadata", "annotations"])?;
        text(annotations, "kubernetes.io/ingress.class")
    };
    below(ingress, &["spec"]).and_then(|spec| text(spec, "ingressClassName")).or_else(annotated)
}

/// The hosts and paths of an Ingress.
pub(super) fn of_ingress(ingress: &Node) -> Offer {
    let mut offer = Offer::by(class(ingress).unwrap_or_default(), ingress);
    let Some(spec) = present(ingress, "spec") else { return offer };
    let secure = hosts_with_tls(ingress);
    let way = |host: Option<&str>, backend: Option<&Node>| {
        let leads = brief(&backend.map(canonical).unwrap_or_default());
        let is_secure = has_tls(&secure, &host.unwrap_or("*").to_lowercase());
        let place = || {
            let service = present(backend?, "service")?;
            let port = below(service, &["port"]).and_then(|port| text(port, "number"));
            Some((text(service, "name")?, port?))
        };
        Way::to(&leads, is_secure).plain(place())
    };
    let own = ["defaultBackend", "backend"].iter().find_map(|key| present(spec, key));
    if own.is_some() {
        offer.add([None], vec![(Served::below("/"), way(None, own))]);
    }
    for rule in items(present(spec, "rules")) {
        let host = text(rule, "host");
        let paths = items(below(rule, &["http", "paths"]));
        let mut entries = Vec::with_capacity(paths.len().max(1));
        for path in paths {
            let written = text(path, "path").unwrap_or("/");
            let served = match text(path, "pathType") {
                Some("Exact") => Served::Only(written.to_owned()),
                _ => Served::below(written),
            };
            entries.push((served, way(host, present(path, "backend"))));
        }
        if paths.is_empty() {
            entries.push((Served::below("/"), way(host, own)));
        }
        offer.add([host], entries);
    }
    offer
}

/// The hosts that an Ingress serves with TLS; `*` for all.
fn hosts_with_tls(ingress: &Node) -> BTreeSet<String> {
    let of_entry = |entry: &Node| -> Vec<String> {
        let hosts = items(present(entry, "hosts"));
        match hosts {
            [] => vec!["*".to_owned()],
            hosts => hosts.iter().filter_map(Node::as_text).map(str::to_lowercase).collect(),
        }
    };
    items(below(ingress, &["spec", "tls"])).iter().flat_map(of_entry).collect()
}

/// True if a host is one of some with TLS, which may be wildcards.
fn has_tls(hosts: &BTreeSet<String>, host: &str) -> bool {
    // A wildcard stands for one label.
    let wildcard = || host.find('.').map(|dot| format!("*{}", &host[dot..]));
    hosts.contains("*")
        || hosts.contains(host)
        || wildcard().is_some_and(|wildcard| hosts.contains(&wildcard))
}

/// Judges a route of the Gateway API (`HTTPRoute`, `GRPCRoute`, `TLSRoute`) or of `OpenShift`.
pub(in crate::diff::weigh) fn route(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(after) = sides.after else { return };
    let is_openshift = sides.kind == "Route";
    let (of, path): (fn(&Node) -> Offer, _) = match is_openshift {
        true => (of_openshift, "spec.host"),
        false => (of_gateway_route, "spec.hostnames"),
    };
    found.extend(more_served(sides, of, path));
    let has_tls = |node: &Node| below(node, &["spec", "tls"]).is_some();
    if is_openshift && sides.before.is_some_and(has_tls) && !has_tls(after) {
        found.push(judgement("spec.tls", Phrase::new("serves its host without TLS")));
    }
    let of = |side: usize, node| parents(sides.namespace(side), node);
    let (old, new) = (of(0, sides.before), of(1, Some(after)));
    found.extend(attached(sides, &old, &new, "spec.parentRefs"));
}

/// The Gateways of a route, each with its namespace if that is another one, and its listener.
fn parents(own: &str, route: Option<&Node>) -> BTreeSet<String> {
    let list = items(route.and_then(|route| below(route, &["spec", "parentRefs"])));
    let name = |one: &Node| {
        let mut name = text(one, "name")?.to_owned();
        if let Some(namespace) = text(one, "namespace").filter(|namespace| *namespace != own) {
            name = format!("{namespace}/{name}");
        }
        Some(match text(one, "sectionName") {
            Some(section) => format!("{name}:{section}"),
            None => name,
        })
    };
    list.iter().filter_map(name).collect()
}

/// The judgement on Gateways that lead to a route which others led to before.
pub(super) fn attached(
    sides: &Sides<'_, '_>,
    old: &BTreeSet<String>,
    new: &BTreeSet<String>,
    path: &'static str,
) -> Option<Judgement> {
    if old.is_empty() {
        return None;
    }
    let renamed: BTreeSet<String> =
        old.iter().filter_map(|name| sides.renames().new_name(name)).collect();
    let is_known = |name: &str| {
        // A listener of a Gateway of which all led to it.
        name.split_once(':').is_some_and(|(gateway, _)| old.contains(gateway))
            || renamed.contains(name)
    };
    let gained: Vec<&str> =
        new.difference(old).map(String::as_str).filter(|name| !is_known(name)).collect();
    let phrase = Phrase::new("is reachable through ");
    (!gained.is_empty()).then(|| judgement(path, phrase.few(gained)))
}

/// The host and path of a route of `OpenShift`.
pub(super) fn of_openshift(route: &Node) -> Offer {
    let mut offer = Offer::by("", route);
    if let Some(spec) = present(route, "spec") {
        let path = text(spec, "path").unwrap_or("/");
        let host = text(spec, "host").unwrap_or("a host that the router chooses");
        let leads = brief(&without(spec, &["host", "path"]));
        offer.add([Some(host)], vec![(Served::below(path), Way::to(&leads, false))]);
    }
    offer
}

/// The hosts and paths of a route of the Gateway API.
pub(super) fn of_gateway_route(route: &Node) -> Offer {
    let Some(spec) = present(route, "spec") else { return Offer::empty() };
    let mut offer =
        Offer::by(&present(spec, "parentRefs").map(canonical).unwrap_or_default(), route);
    let mut entries = Vec::new();
    for rule in items(present(spec, "rules")) {
        let backend = brief(&without(rule, &["name", "matches"]));
        let plain = plain(rule);
        let matches = items(present(rule, "matches"));
        for one in matches {
            let path = present(one, "path");
            let written = path.and_then(|path| text(path, "value")).unwrap_or("/");
            let served = match path.and_then(|path| text(path, "type")) {
                None | Some("PathPrefix") => Served::below(written),
                Some(_) => Served::Only(written.to_owned()),
            };
            let leads = brief(&format!("{backend} {}", without(one, &["path"])));
            entries.push((served, Way::to(&leads, false).plain(plain)));
        }
        if matches.is_empty() {
            entries.push((Served::below("/"), Way::to(&backend, false).plain(plain)));
        }
    }
    if entries.is_empty() {
        entries.push((Served::below("/"), Way::to(&Rc::from(""), false)));
    }
    let hosts: Vec<&str> =
        items(present(spec, "hostnames")).iter().filter_map(Node::as_text).collect();
    match hosts.is_empty() {
        true => offer.add([None], entries),
        false => offer.add(hosts.into_iter().map(Some), entries),
    }
    offer
}

/// The Service and the port to which a rule leads, if it says no more.
type Plain<'a> = Option<(&'a str, &'a str)>;

fn plain(rule: &Node) -> Plain<'_> {
    let is_known = |key: &str, known: &[&str]| known.contains(&key);
    let says = |node: &Node, known: &[&str]| {
        node.entries().iter().all(|(key, _)| is_known(key.text(), known))
    };
    let [backend] = items(present(rule, "backendRefs")) else { return None };
    let is_plain = says(rule, &["backendRefs", "matches", "name", "timeouts"])
        && says(backend, &["group", "kind", "name", "port", "weight"])
        && matches!(text(backend, "kind"), None | Some("Service"));
    is_plain.then_some((text(backend, "name")?, text(backend, "port")?))
}

/// Judges a Gateway of the Gateway API or of Istio.
pub(in crate::diff::weigh) fn gateway(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(after) = sides.after else { return };
    let (old, new) = (of_gateway(sides.before), of_gateway(Some(after)));
    found.extend(grown(&old, &new, &sides.work(), "spec"));
    found.extend(sides.before.into_iter().flat_map(|before| classed(sides, before, after)));
}

/// The judgements on a Gateway that another class, or other pods, serve, or that is no longer internal.
fn classed(sides: &Sides<'_, '_>, before: &Node, after: &Node) -> Vec<Judgement> {
    let mut found = Vec::new();
    let class = |node| below(node, &["spec"]).and_then(|spec| text(spec, "gatewayClassName"));
    if let (Some(old), Some(new)) = (class(before), class(after))
        && old != new
        && sides.renames().follows(old, new).is_none()
    {
        let phrase = Phrase::new("is served by the GatewayClass ").name(new).say(" in place of ");
        found.push(judgement("spec.gatewayClassName", phrase.name(old)));
    }
    let addresses = |node: &'_ Node| -> BTreeSet<String> {
        let list = items(below(node, &["spec", "addresses"])).iter();
        list.filter_map(|one| text(one, "value").or_else(|| one.as_text()))
            .map(str::to_owned)
            .collect()
    };
    let (old, new) = (addresses(before), addresses(after));
    let gained: Vec<&str> = new.difference(&old).map(String::as_str).collect();
    let phrase = Phrase::new("becomes reachable at ");
    if !gained.is_empty() {
        found.push(judgement("spec.addresses", phrase.few(gained)));
    } else if new.is_empty() && !old.is_empty() {
        found.push(judgement("spec.addresses", phrase.say("an address that its class chooses")));
    }
    let is_internal = |node| {
        let paths: [&[&str]; 2] =
            [&["metadata", "annotations"], &["spec", "infrastructure", "annotations"]];
        paths.iter().any(|path| below(node, path).is_some_and(keep_internal))
    };
    if is_internal(before) && !is_internal(after) {
        let phrase = Phrase::new("its load balancer is no longer internal");
        found.push(judgement("spec.infrastructure", phrase));
    }
    let selector = |node: &'_ Node| -> Vec<String> {
        let all = labels(below(node, &["spec", "selector"]));
        all.map(|(key, value)| format!("{key}={value}")).collect()
    };
    let (old, new) = (selector(before), selector(after));
    let has_all = |of: &[String], wanted: &[String]| wanted.iter().all(|one| of.contains(one));
    // Fewer of the same pods are no others.
    if old.len() <= MOST && new.len() <= MOST && !has_all(&new, &old) {
        let phrase = Phrase::new("is served by other pods, those with ");
        let phrase = phrase.few(new.iter().map(String::as_str)).say(" in place of ");
        found.push(judgement("spec.selector", phrase.few(old.iter().map(String::as_str))));
    }
    found
}

/// The maximum number of labels of a selector that are compared.
const MOST: usize = 64;

fn of_gateway(gateway: Option<&Node>) -> Serving {
    let mut entries = Serving::default();
    let Some(spec) = gateway.and_then(|gateway| present(gateway, "spec")) else { return entries };
    for listener in items(present(spec, "listeners")) {
        let port = Served::Only(format!(":{}", text(listener, "port").unwrap_or_default()));
        entries.add(text(listener, "hostname"), port);
    }
    for server in items(present(spec, "servers")) {
        let port = below(server, &["port"]).and_then(|port| text(port, "number"));
        let port = Served::Only(format!(":{}", port.unwrap_or_default()));
        for host in items(present(server, "hosts")).iter().filter_map(Node::as_text) {
            // A namespace before the host selects the services to which it may lead.
            let host = host.rsplit('/').next();
            entries.add(host, port.clone());
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn ingress(annotations: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: web, annotations: {{{annotations}}}}}, spec: {{{spec}}}}}"
        )
    }

    #[test]
    fn ingresses_serve_more() {
        let rules = |rules: &str| ingress("", &format!("rules: [{rules}]"));
        let one = rules("{host: a.example.org, http: {paths: [{path: /api}]}}");
        let label = "007 warning Ingress web: ";
        for (before, after, words) in [
            (
                &one,
                &rules(
                    "{host: a.example.org, http: {paths: [{path: /api}]}}, {host: b.example.org}",
                ),
                "serves b.example.org",
            ),
            (
                &one,
                &rules("{host: a.example.org, http: {paths: [{path: /}]}}"),
                "serves a.example.org/",
            ),
            (&one, &rules("{http: {paths: [{path: /api/}]}}"), "serves all hosts"),
            (
                &ingress("", "tls: [{hosts: [a]}], rules: [{host: a}]"),
                &ingress("", "rules: [{host: a}]"),
                "serves without TLS a",
            ),
            (
                &ingress(
                    "nginx.ingress.kubernetes.io/whitelist-source-range: '10.0.0.0/8, 192.0.2.0/24'",
                    "",
                ),
                &ingress("", ""),
                "accepts requests from everywhere",
            ),
            (
                &ingress("nginx.ingress.kubernetes.io/auth-url: https://a", ""),
                &ingress("", ""),
                "no longer asks for credentials",
            ),
        ] {
            told(before, after, &[&*format!("{label}{words}")]);
        }
        let narrower = rules("{host: a.example.org, http: {paths: [{path: /api/v1}]}}");
        let wild = rules("{host: '*.example.org', http: {paths: [{path: /api}]}}");
        told(&narrower, &one, &[&*format!("{label}serves a.example.org/api")]);
        let class = |name: &str| ingress("", &format!("ingressClassName: {name}"));
        for (old, new) in [("public", "internal"), ("internal", "public")] {
            let words =
                format!("is served by the IngressClass {new} in place of the IngressClass {old}");
            let told = judged(&class(old), &class(new));
            assert_eq!(told, [format!("{label}{words}")]);
        }
        told(&class("public"), &ingress("kubernetes.io/ingress.class: public", ""), &[]);
        told(&one, &wild, &[&*format!("{label}serves *.example.org")]);
    }

    #[test]
    fn gateways_are_served_by_others() {
        let gateway = |version: &str, spec: &str| {
            format!(
                "{{apiVersion: {version}, kind: Gateway, metadata: {{name: g}}, spec: {{{spec}}}}}"
            )
        };
        let label = "007 warning Gateway g: is served by ";
        let class = |name: &str| {
            gateway("gateway.networking.k8s.io/v1", &format!("gatewayClassName: {name}"))
        };
        let pods =
            |name: &str| gateway("networking.istio.io/v1", &format!("selector: {{istio: {name}}}"));
        for [old, new] in [["in", "out"], ["out", "in"]] {
            let all = judged(&class(old), &class(new));
            assert_eq!(all, [format!("{label}the GatewayClass {new} in place of {old}")]);
            let all = judged(&pods(old), &pods(new));
            let words = format!("other pods, those with istio={new} in place of istio={old}");
            assert_eq!(all, [format!("{label}{words}")]);
        }
        let zone = |more: &str| pods(&format!("a{more}"));
        assert_eq!(judged(&zone(""), &zone(", zone: x")), [""; 0]);
        let inner = |annotations: &str| {
            let more =
                format!("gatewayClassName: c, infrastructure: {{annotations: {{{annotations}}}}}");
            gateway("gateway.networking.k8s.io/v1", &more)
        };
        told(
            &inner("networking.gke.io/load-balancer-type: Internal"),
            &inner("owner: a"),
            &["007 warning Gateway g: its load balancer is no longer internal"],
        );
    }

    #[test]
    fn a_wildcard_has_tls_for_one_label() {
        let with = |rules: &str, tls: &str| {
            ingress("", &format!("tls: [{{hosts: [{tls}]}}], rules: [{rules}]"))
        };
        let rules = "{host: a.example.org}, {host: b.example.org}";
        let wild = with(rules, "'*.example.org'");
        told(&with(rules, "a.example.org, b.example.org"), &wild, &[]);
        for host in ["example.org", "a.b.example.org", "a.example.com"] {
            let rules = format!("{{host: {host}}}");
            told(
                &with(&rules, host),
                &with(&rules, "'*.example.org'"),
                &[&*format!("007 warning Ingress web: serves without TLS {host}")],
            );
        }
        told(
            &with(rules, "'*.example.org'"),
            &with(rules, "a.example.org"),
            &["007 warning Ingress web: serves without TLS b.example.org"],
        );
    }

    #[test]
    fn routes_and_gateways_serve_more() {
        let object = |kind: &str, spec: &str| {
            format!(
                "{{apiVersion: gateway.networking.k8s.io/v1, kind: {kind}, metadata: {{name: web}}, spec: {{{spec}}}}}"
            )
        };
        let matches = "rules: [{matches: [{path: {type: PathPrefix, value: /a}}]}]";
        told(
            &object("HTTPRoute", &format!("hostnames: [a], {matches}")),
            &object("HTTPRoute", matches),
            &["007 warning HTTPRoute web: serves all hosts"],
        );
        told(
            &object("Gateway", "listeners: [{name: a, port: 443}]"),
            &object("Gateway", "listeners: [{name: a, port: 443}, {name: b, port: 80}]"),
            &["007 warning Gateway web: serves all hosts:80"],
        );
        let at = |addresses: &str| {
            object("Gateway", &format!("gatewayClassName: c, addresses: [{addresses}]"))
        };
        let [one, other] = ["{value: 10.0.0.1}", "{type: IPAddress, value: 192.0.2.1}"];
        let words = "007 warning Gateway web: becomes reachable at ";
        assert_eq!(judged(&at(&format!("{one}, {other}")), &at(one)), [""; 0]);
        assert_eq!(judged(&at(one), &at(other)), [format!("{words}192.0.2.1")]);
        assert_eq!(
            judged(&at(one), &at("")),
            [format!("{words}an address that its class chooses")]
        );
        // In the namespace of the route, the Gateway may be named with or without it.
        let bound = |namespace: &str, of: &str| {
            object("HTTPRoute", &format!("parentRefs: [{{name: g{of}}}], {matches}"))
                .replace("name: web", &format!("name: web, namespace: {namespace}"))
        };
        told(&bound("a", ", namespace: a"), &bound("a", ""), &[]);
        told(&bound("a", ", namespace: a"), &bound("b", ", namespace: b"), &[]);
        assert_eq!(judged(&bound("a", ""), &bound("a", ", namespace: b")).len(), 1);
        let route = |spec: &str| {
            object("Route", spec).replace("gateway.networking.k8s.io", "route.openshift.io")
        };
        told(
            &route("host: a, tls: {termination: edge}"),
            &route("host: a"),
            &["007 warning Route web: serves its host without TLS"],
        );
    }
}
