//! Entries of controllers that have kinds of their own: Istio, Traefik, Contour.

use std::collections::{BTreeMap, BTreeSet};

use super::addresses::Ranges;
use super::entries::more_served;
use super::middlewares::fewer_asked;
use super::routes::attached;
use super::serving::{Offer, Served, Way, brief};
use super::{judgement, widened};
use crate::diff::weigh::{Judgement, Phrase, Sides, canonical, without};
use crate::harden::value::{below, is_true, items, present, text};
use crate::yaml::Node;

/// Judges a `VirtualService` of Istio, as far as Gateways lead to it.
pub(in crate::diff::weigh) fn virtual_service(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    if sides.after.is_none() {
        return;
    }
    let [old, new] = [sides.before, sides.after].map(gateways);
    found.extend(attached(sides, &old, &new, "spec.gateways"));
    found.extend(more_served(sides, of_virtual_service, "spec.hosts"));
}

/// The Gateways of a `VirtualService`; `mesh` stands for the pods of the cluster.
fn gateways(node: Option<&Node>) -> BTreeSet<String> {
    let list = node.and_then(|node| below(node, &["spec", "gateways"]));
    let names = items(list).iter().filter_map(Node::as_text);
    names.filter(|name| *name != "mesh").map(str::to_owned).collect()
}

/// The hosts and paths of a `VirtualService`; empty if it has no Gateway.
pub(super) fn of_virtual_service(node: &Node) -> Offer {
    let gateways: Vec<String> = gateways(Some(node)).into_iter().collect();
    let Some(spec) = present(node, "spec").filter(|_| !gateways.is_empty()) else {
        return Offer::empty();
    };
    let mut offer = Offer::by(&gateways.join(","), node);
    let mut entries = Vec::new();
    for rule in items(present(spec, "http")) {
        let backend = brief(&without(rule, &["name", "match"]));
        let matches = items(present(rule, "match"));
        for one in matches {
            let uri = present(one, "uri");
            let of = |key: &str| uri.and_then(|uri| text(uri, key));
            let served = match (of("prefix"), of("exact"), of("regex")) {
                (Some(prefix), ..) => Served::below(prefix),
                (None, Some(exact), _) => Served::Only(exact.to_owned()),
                (None, None, Some(regex)) => Served::Only(regex.to_owned()),
                (None, None, None) => Served::below("/"),
            };
            let leads = brief(&format!("{backend} {}", without(one, &["name", "uri"])));
            entries.push((served, Way::to(&leads, false)));
        }
        if matches.is_empty() {
            entries.push((Served::below("/"), Way::to(&backend, false)));
        }
    }
    if entries.is_empty() {
        let leads = brief(&without(spec, &["hosts", "gateways", "http"]));
        entries.push((Served::below("/"), Way::to(&leads, false)));
    }
    let hosts = items(present(spec, "hosts")).iter().filter_map(Node::as_text);
    offer.add(hosts.map(Some), entries);
    offer
}

/// Judges an `HTTPProxy` of Contour.
pub(in crate::diff::weigh) fn http_proxy(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(after) = sides.after else { return };
    found.extend(more_served(sides, of_proxy, "spec.virtualhost"));
    let Some(before) = sides.before else { return };
    let host = |node| below(node, &["spec", "virtualhost"]);
    let (Some(old), Some(new)) = (host(before), host(after)) else { return };
    let path = "spec.virtualhost";
    if present(old, "tls").is_some() && present(new, "tls").is_none() {
        found.push(judgement("spec.virtualhost.tls", Phrase::new("serves its host without TLS")));
    }
    let asks = |host: &Node| {
        let is_on = present(host, "authorization").is_some_and(|authorization| {
            let policy = present(authorization, "authPolicy");
            !is_true(policy.and_then(|policy| present(policy, "disabled")))
        });
        is_on || !items(present(host, "jwtProviders")).is_empty()
    };
    if asks(old) && !asks(new) {
        found.push(judgement(path, Phrase::new("no longer asks for credentials")));
    }
    let allows = |host: &Node| -> Vec<String> {
        let list = items(present(host, "ipAllowPolicy")).iter();
        list.filter_map(|one| text(one, "cidr")).map(str::to_owned).collect()
    };
    found.extend(widened(&allows(old), &allows(new), path, "requests"));
    let refuses = |host: &Node| -> Vec<String> {
        let list = items(present(host, "ipDenyPolicy")).iter();
        list.filter_map(|one| text(one, "cidr")).map(str::to_owned).collect()
    };
    let known = refuses(new);
    let ranges = Ranges::of(known.iter().map(String::as_str));
    let lost = refuses(old);
    let lost = ranges.beyond(lost.iter().map(String::as_str));
    // With a list of those that it accepts, others are refused anyway.
    if !lost.is_empty() && allows(new).is_empty() {
        found.push(judgement(path, Phrase::new("no longer refuses requests from ").few(lost)));
    }
}

/// The paths of an `HTTPProxy`; empty if it has no host.
pub(super) fn of_proxy(node: &Node) -> Offer {
    let host = below(node, &["spec", "virtualhost"]);
    let (Some(spec), Some(host)) = (present(node, "spec"), host) else { return Offer::empty() };
    let Some(name) = text(host, "fqdn") else { return Offer::empty() };
    let mut offer = Offer::by(&without(host, &["fqdn"]), node);
    let routes = items(present(spec, "routes"));
    let mut entries = Vec::new();
    for route in routes {
        let conditions = items(present(route, "conditions"));
        let of = |key: &str| conditions.iter().find_map(|one| text(one, key));
        let served = match (of("exact"), of("prefix")) {
            (Some(exact), _) => Served::Only(exact.to_owned()),
            (None, prefix) => Served::below(prefix.unwrap_or("/")),
        };
        let mut leads = without(route, &["conditions"]);
        conditions.iter().for_each(|one| leads += &without(one, &["exact", "prefix"]));
        entries.push((served, Way::to(&brief(&leads), false)));
    }
    // What it includes may serve any path.
    if routes.is_empty() || !items(present(spec, "includes")).is_empty() {
        let leads = brief(&without(spec, &["virtualhost", "routes"]));
        entries.push((Served::below("/"), Way::to(&leads, false)));
    }
    offer.add([Some(name)], entries);
    offer
}

/// Judges an `IngressRoute` of Traefik, for HTTP, TCP or UDP.
pub(in crate::diff::weigh) fn ingress_route(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(after) = sides.after else { return };
    found.extend(more_served(sides, of_ingress_route, "spec.routes"));
    let Some(before) = sides.before else { return };
    let set = |node, key: &str| -> BTreeSet<String> {
        let list = items(below(node, &["spec", key]));
        list.iter().filter_map(Node::as_text).map(str::to_owned).collect()
    };
    let (old, new) = (set(before, "entryPoints"), set(after, "entryPoints"));
    // Without a list, all entry points are used.
    if !old.is_empty() {
        let gained: Vec<&str> = new.difference(&old).map(String::as_str).collect();
        let phrase = Phrase::new("is reachable at the entry point ");
        match (new.is_empty(), gained.is_empty()) {
            (true, _) => {
                let words = "is reachable at all entry points";
                found.push(judgement("spec.entryPoints", Phrase::new(words)));
            }
            (false, true) => {}
            (false, false) => found.push(judgement("spec.entryPoints", phrase.few(gained))),
        }
    }
    let has_tls = |node| below(node, &["spec", "tls"]).is_some();
    if has_tls(before) && !has_tls(after) {
        found.push(judgement("spec.tls", Phrase::new("serves without TLS")));
    }
    let checks = |node| {
        let routes = items(below(node, &["spec", "routes"]));
        !routes.is_empty()
            && routes
                .iter()
                .all(|one| text(one, "match").is_some_and(|rule| rule.contains("ClientIP(")))
    };
    if checks(before) && !checks(after) {
        let phrase = Phrase::new("no longer matches by the address of the client (ClientIP)");
        found.push(judgement("spec.routes", phrase));
    }
    found.extend(fewer_asked(sides, before, after));
}

/// The hosts and paths of an `IngressRoute`.
pub(super) fn of_ingress_route(node: &Node) -> Offer {
    let points = below(node, &["spec", "entryPoints"]).map(canonical).unwrap_or_default();
    let mut offer = Offer::by(&points, node);
    let tls = below(node, &["spec", "tls"]);
    for route in items(below(node, &["spec", "routes"])) {
        let rule = text(route, "match").unwrap_or_default();
        let hosts = arguments(rule, &["Host(", "HostSNI("]);
        let regexes = arguments(rule, &["HostRegexp(", "HostSNIRegexp("]);
        let mut paths: BTreeSet<Served> =
            arguments(rule, &["PathPrefix("]).into_iter().map(Served::below).collect();
        let exact = arguments(rule, &["Path(", "PathRegexp("]).into_iter();
        paths.extend(exact.map(|path| Served::Only(path.to_owned())));
        if paths.is_empty() || rule.contains('!') {
            paths.insert(Served::below("/"));
        }
        let is_any = hosts.is_empty() && regexes.is_empty() || rule.contains('!');
        let any = is_any.then_some("*");
        let leads = without(route, &["match", "priority"]);
        let way = Way::to(&brief(&format!("{leads} {}", conditions(rule))), tls.is_some());
        let entries = paths.into_iter().map(|path| (path, way.clone())).collect();
        offer.add(hosts.into_iter().chain(regexes).chain(any).map(Some), entries);
    }
    offer
}

/// A rule of Traefik without its hosts and paths, if it is one of plain conditions.
fn conditions(rule: &str) -> String {
    if rule.contains('!') {
        return rule.to_owned();
    }
    let is_of_address = |function: &str| function.contains("Host") || function.contains("Path");
    let mut kept: Vec<&str> = rule
        .split(')')
        .map(|part| part.trim_start_matches([' ', '&', '|', '(']))
        .filter(|part| !part.is_empty())
        .filter(|part| !part.split_once('(').is_some_and(|(function, _)| is_of_address(function)))
        .collect();
    if !kept.is_empty() && rule.contains("||") {
        return rule.to_owned();
    }
    kept.sort_unstable();
    kept.join(" ")
}

/// The maximum length of a rule that is read.
const LONGEST_RULE: usize = 4096;

/// The quoted arguments of functions in a rule of Traefik.
pub(super) fn arguments<'a>(rule: &'a str, functions: &[&str]) -> Vec<&'a str> {
    let mut found = Vec::new();
    // A longer rule is not read: it may match anything.
    for function in functions.iter().filter(|_| rule.len() <= LONGEST_RULE) {
        for (place, _) in rule.match_indices(function) {
            // Not a part of a longer name, as `Path(` is of no `SomePath(`.
            if rule[..place].ends_with(|last: char| last.is_alphanumeric()) {
                continue;
            }
            let rest = &rule[place + function.len()..];
            let list = rest.split_once(')').map_or(rest, |(list, _)| list);
            let marks = ['`', '"', '\''];
            let parts = list.split(',').map(|part| part.trim().trim_matches(marks));
            found.extend(parts.filter(|part| !part.is_empty()));
        }
    }
    found
}

/// Judges settings of the entries of a Gateway, of the Gateway API or of Istio: TLS, and the routes that it takes.
pub(in crate::diff::weigh) fn listeners(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let list = |node, key: &str| items(below(node, &["spec", key]));
    let named = |node: &'_ Node| -> String {
        let name = text(node, "name").or_else(|| text(present(node, "port")?, "name"));
        name.unwrap_or_default().to_owned()
    };
    for (key, is_istio) in [("listeners", false), ("servers", true)] {
        let old: BTreeMap<String, &Node> =
            list(before, key).iter().map(|one| (named(one), one)).collect();
        for new in list(after, key) {
            let Some(old) = old.get(&named(new)) else { continue };
            let words = match is_istio {
                true => of_server(old, new),
                false => of_listener(old, new),
            };
            found.extend(words.into_iter().map(|words| {
                let phrase = Phrase::new("its entry ").name(&named(new)).say(words);
                judgement("spec", phrase)
            }));
        }
    }
}

fn of_listener(old: &Node, new: &Node) -> Vec<&'static str> {
    let mut found = Vec::new();
    let is_open = |one: &Node| !matches!(text(one, "protocol"), Some("HTTPS" | "TLS"));
    if is_open(new) && !is_open(old) {
        found.push(" no longer uses TLS");
    }
    let rank = |one: &Node| match below(one, &["allowedRoutes", "namespaces"])
        .and_then(|of| text(of, "from"))
    {
        Some("None") => 0,
        None | Some("Same") => 1,
        Some("All") => 3,
        Some(_) => 2,
    };
    let selector =
        |one: &Node| below(one, &["allowedRoutes", "namespaces", "selector"]).map(canonical);
    match (rank(old), rank(new)) {
        (_, 3) if rank(old) < 3 => found.push(" takes routes of all namespaces"),
        (old, new) if new > old => found.push(" takes routes of more namespaces"),
        (2, 2) if selector(old) != selector(new) => {
            found.push(" takes routes of other namespaces, which are not compared");
        }
        _ => {}
    }
    let checks = |one: &Node| below(one, &["tls", "frontendValidation"]).is_some();
    if checks(old) && !checks(new) {
        found.push(" no longer asks clients for certificates");
    }
    found
}

fn of_server(old: &Node, new: &Node) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mode = |one: &Node| {
        present(one, "tls").map(|tls| text(tls, "mode").unwrap_or("SIMPLE").to_owned())
    };
    let (was, is) = (mode(old), mode(new));
    let is_mutual =
        |mode: &Option<String>| mode.as_deref().is_some_and(|mode| mode.ends_with("MUTUAL"));
    if was.is_some() && is.is_none() {
        found.push(" no longer uses TLS");
    } else if is_mutual(&was) && !is_mutual(&is) {
        found.push(" no longer asks clients for certificates");
    }
    let redirects = |one: &Node| is_true(below(one, &["tls", "httpsRedirect"]));
    if redirects(old) && !redirects(new) {
        found.push(" no longer leads to TLS (httpsRedirect)");
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn object(version: &str, kind: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: web}}, spec: {{{spec}}}}}\n---\n"
        )
    }

    #[test]
    fn controllers_serve_more() {
        let istio = |spec: &str| object("networking.istio.io/v1", "VirtualService", spec);
        let traefik = |spec: &str| object("traefik.io/v1alpha1", "IngressRoute", spec);
        let contour = |spec: &str| object("projectcontour.io/v1", "HTTPProxy", spec);
        for (before, after, words) in [
            (
                istio("hosts: [a], gateways: [g]"),
                istio("hosts: [a, b], gateways: [g]"),
                "VirtualService web: serves b",
            ),
            (
                istio("hosts: [a]"),
                istio("hosts: [a], gateways: [g]"),
                "VirtualService web: serves a",
            ),
            (
                istio("hosts: [a], gateways: [g], http: [{match: [{uri: {prefix: /x}}]}]"),
                istio("hosts: [a], gateways: [g]"),
                "VirtualService web: serves a/",
            ),
            (
                istio("hosts: [a], gateways: [g]"),
                istio("hosts: [a], gateways: [g, h]"),
                "VirtualService web: is reachable through h",
            ),
            (
                traefik("routes: [{match: 'Host(`a`)'}]"),
                traefik("routes: [{match: 'Host(`a`) || Host(`b`)'}]"),
                "IngressRoute web: serves b",
            ),
            (
                traefik("routes: [{match: 'Host(`a`) && PathPrefix(`/x`)'}]"),
                traefik("routes: [{match: 'Host(`a`)'}]"),
                "IngressRoute web: serves a/",
            ),
            (
                traefik("routes: [{match: 'Host(`a`)', middlewares: [{name: auth}]}]"),
                traefik("routes: [{match: 'Host(`a`)'}]"),
                "IngressRoute web: no longer asks the middleware auth",
            ),
            (
                traefik("entryPoints: [internal]"),
                traefik("entryPoints: [internal, web]"),
                "IngressRoute web: is reachable at the entry point web",
            ),
            (
                contour("virtualhost: {fqdn: a}, routes: [{conditions: [{prefix: /x}]}]"),
                contour("virtualhost: {fqdn: a}, routes: [{conditions: [{prefix: /}]}]"),
                "HTTPProxy web: serves a/",
            ),
            (
                contour(
                    "virtualhost: {fqdn: a, ipAllowPolicy: [{source: Peer, cidr: 10.0.0.0/8}]}",
                ),
                contour("virtualhost: {fqdn: a}"),
                "HTTPProxy web: accepts requests from everywhere",
            ),
            (
                contour("virtualhost: {fqdn: a, tls: {secretName: s}}"),
                contour("virtualhost: {fqdn: a}"),
                "HTTPProxy web: serves its host without TLS",
            ),
        ] {
            told(&before, &after, &[&*format!("007 warning {words}")]);
        }
        told(&istio("hosts: [a]"), &istio("hosts: [a, b]"), &[]);
        let others = istio("hosts: [a], gateways: [h]");
        let told_there = judged(&istio("hosts: [a], gateways: [g]"), &others);
        assert_eq!(told_there, ["007 warning VirtualService web: is reachable through h"]);
        let gateway = |name: &str| {
            object(
                "networking.istio.io/v1",
                "Gateway",
                "servers: [{port: {number: 80, name: a}, hosts: [a]}]",
            )
            .replace("name: web", &format!("name: {name}"))
        };
        told(
            &format!("{}{}", gateway("web-g"), istio("hosts: [a], gateways: [web-g]")),
            &format!("{}{}", gateway("web-h"), istio("hosts: [a], gateways: [web-h]")),
            &[],
        );
        let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}\n---\n";
        for new in [
            istio("hosts: [a], gateways: [g]"),
            traefik("routes: [{match: 'Host(`a`)'}]"),
            contour("virtualhost: {fqdn: a}"),
        ] {
            assert_eq!(judged(map, &format!("{map}{new}")).len(), 1, "{new}");
        }
    }

    #[test]
    fn chains_ask_their_members() {
        let middleware = |name: &str, spec: &str| {
            object("traefik.io/v1alpha1", "Middleware", spec)
                .replace("name: web", &format!("name: {name}"))
        };
        let names = |list: &[&str]| {
            let all: Vec<String> = list.iter().map(|name| format!("{{name: {name}}}")).collect();
            all.join(", ")
        };
        let route = |list: &[&str]| {
            let spec = format!("routes: [{{match: 'Host(`a`)', middlewares: [{}]}}]", names(list));
            object("traefik.io/v1alpha1", "IngressRoute", &spec)
        };
        let both = middleware("auth", "basicAuth: {secret: s}")
            + &middleware("range", "ipAllowList: {sourceRange: [10.0.0.0/8]}");
        let chain = |list: &[&str]| {
            middleware("chain", &format!("chain: {{middlewares: [{}]}}", names(list)))
        };
        let plain = both.clone() + &route(&["auth", "range"]);
        let chained = |list: &[&str]| both.clone() + &chain(list) + &route(&["chain"]);
        let whole = chained(&["range", "auth"]);
        told(&plain, &whole, &[]);
        // A chain of itself ends.
        assert_eq!(judged(&plain, &chained(&["chain", "range", "auth"])), [""; 0]);
        let label = "007 warning IngressRoute web: no longer asks the middleware auth";
        told(&plain, &chained(&["range"]), &[label]);
        let label = "007 warning Middleware chain: no longer asks the middleware auth";
        told(&whole, &chained(&["range"]), &[label]);
    }

    #[test]
    fn middlewares_and_listeners_accept_more() {
        let middleware = |spec: &str| object("traefik.io/v1alpha1", "Middleware", spec);
        let route = |name: &str| {
            object(
                "traefik.io/v1alpha1",
                "IngressRoute",
                &format!("routes: [{{match: 'Host(`a`)', middlewares: [{name}]}}]"),
            )
        };
        let harmless = middleware("compress: {}");
        told(
            &format!("{harmless}{}", route("{name: web}")),
            &format!("{harmless}{}", route("")),
            &[],
        );
        told(
            &middleware("ipAllowList: {sourceRange: [10.0.0.0/8]}"),
            &middleware("ipAllowList: {sourceRange: [10.0.0.0/8, 192.0.2.0/24]}"),
            &["007 warning Middleware web: accepts requests from 192.0.2.0/24"],
        );
        told(
            &middleware("basicAuth: {secret: s}"),
            &middleware("compress: {}"),
            &["007 warning Middleware web: no longer asks for credentials"],
        );
        let gateway = |listener: &str| {
            object(
                "gateway.networking.k8s.io/v1",
                "Gateway",
                &format!("listeners: [{{name: a, port: 443, {listener}}}]"),
            )
        };
        for (before, after, words) in [
            ("protocol: HTTPS", "protocol: HTTP", "no longer uses TLS"),
            (
                "protocol: HTTP",
                "protocol: HTTP, allowedRoutes: {namespaces: {from: All}}",
                "takes routes of all namespaces",
            ),
        ] {
            let words = format!("007 warning Gateway web: its entry a {words}");
            told(&gateway(before), &gateway(after), &[&*words]);
        }
        let istio = |mode: &str| {
            object(
                "networking.istio.io/v1",
                "Gateway",
                &format!(
                    "servers: [{{port: {{number: 443, name: a}}, hosts: [a], tls: {{mode: {mode}}}}}]"
                ),
            )
        };
        told(
            &istio("MUTUAL"),
            &istio("SIMPLE"),
            &["007 warning Gateway web: its entry a no longer asks clients for certificates"],
        );
    }
}
