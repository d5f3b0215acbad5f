//! KR-NET-004, 005, 006: Ingresses encrypt, name their hosts, and do not compete.

use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::value::{items, present, text};
use crate::harden::views::{is_ingress, routes};
use crate::harden::violation::{Easing, Severity, Violation};
use crate::resource::Resource;
use crate::text::phrase::few;
use crate::yaml::Node;
use crate::yaml::path::Path;

pub(super) static INGRESS_TLS: Rule = Rule {
    id: "KR-NET-004",
    name: "ingress-tls",
    text: text!("KR-NET-004"),
    severity: Severity::Warning,
    score: Some(5.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Object(tls)),
};

pub(super) static INGRESS_UNSAFE_RULE: Rule = Rule {
    id: "KR-NET-005",
    name: "ingress-unsafe-rule",
    text: text!("KR-NET-005"),
    severity: Severity::Warning,
    score: Some(5.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Object(Check::Object(unsafe_rule)),
};

pub(super) static DUPLICATE_ROUTE: Rule = Rule {
    id: "KR-NET-006",
    name: "duplicate-route",
    text: text!("KR-NET-006"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(duplicate)),
};

/// Annotations by which load balancers and controllers get a certificate elsewhere.
const CERTIFICATES: &str = "alb.ingress.kubernetes.io/certificate-arn alb.ingress.kubernetes.io/listen-ports \
    networking.gke.io/managed-certificates ingress.gcp.kubernetes.io/pre-shared-cert \
    networking.gke.io/v1beta1.FrontendConfig route.openshift.io/termination \
    traefik.ingress.kubernetes.io/router.tls nginx.ingress.kubernetes.io/ssl-passthrough \
    appgw.ingress.kubernetes.io/appgw-ssl-certificate haproxy.org/ssl-passthrough \
    external-dns.alpha.kubernetes.io/cloudflare-proxied cert-manager.io/cluster-issuer";

fn hosts(object: &Resource) -> impl Iterator<Item = (usize, &str)> {
    let rules = items(spec(object).and_then(|spec| spec.get("rules"))).iter().enumerate();
    rules.filter_map(|(number, rule)| {
        Some((number, text(rule, "host").filter(|host| !host.is_empty())?))
    })
}

fn spec(object: &Resource) -> Option<&Node> {
    present(object.node(), "spec")
}

/// Hosts that are reached only from the machine itself.
fn is_local(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host.ends_with(".local")
}

fn tls(object: &Resource, _: Scene<'_>) -> Vec<Violation> {
    if !is_ingress(object) {
        return Vec::new();
    }
    let entries = items(spec(object).and_then(|spec| spec.get("tls")));
    let is_elsewhere = |(key, _): (&str, &str)| CERTIFICATES.split(' ').any(|known| known == key);
    if entries.is_empty() && object.annotations().any(is_elsewhere) {
        return Vec::new();
    }
    // An entry without hosts is for all.
    let covers = |entry: &Node, host: &str| match items(entry.get("hosts")) {
        [] => true,
        hosts => hosts.iter().filter_map(Node::as_text).any(|one| fits(one, host)),
    };
    let is_open = |host: &str| !is_local(host) && !entries.iter().any(|entry| covers(entry, host));
    let open: Vec<(usize, &str)> = hosts(object).filter(|(_, host)| is_open(host)).collect();
    let Some(&(first, _)) = open.first() else { return Vec::new() };
    let told = few(&open, 3, |(_, host)| format!("`{host}`"));
    let (path, message) = match entries {
        [] => (Path::of(&["spec", "tls"]), format!("it has no `tls` for {told}")),
        _ => {
            let path = Path::of(&["spec", "rules"]).index(first).keys(&["host"]);
            (path, format!("no entry of `tls` covers {told}"))
        }
    };
    vec![Violation::at(path, message).values(open.iter().map(|(_, host)| *host))]
}

/// True if a host of `tls`, in which `*` stands for one label, covers a host.
fn fits(pattern: &str, host: &str) -> bool {
    let of_domain = pattern.strip_prefix("*.");
    pattern.eq_ignore_ascii_case(host)
        || of_domain.is_some_and(|domain| {
            host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(domain))
        })
}

fn unsafe_rule(object: &Resource, _: Scene<'_>) -> Vec<Violation> {
    if !is_ingress(object) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (key, _) in object.annotations() {
        let name = key
            .strip_prefix("nginx.ingress.kubernetes.io/")
            .or_else(|| key.strip_prefix("nginx.org/"));
        if name.is_some_and(|name| name.ends_with("-snippet") || name.ends_with("-snippets")) {
            let message = format!(
                "`{key}` puts text into the configuration of the controller, which has the secrets of all namespaces"
            );
            found.push(Violation::at(Path::of(&["metadata", "annotations", key]), message));
        }
    }
    if has_own_balancer(object) {
        return found;
    }
    for (number, rule) in items(spec(object).and_then(|spec| spec.get("rules"))).iter().enumerate()
    {
        let host = text(rule, "host").unwrap_or_default();
        if host.is_empty() || host == "*" {
            let path = Path::of(&["spec", "rules"]).index(number).keys(&["host"]);
            let message = "a rule without a host takes the requests for every host";
            let violation = Violation::at(path, message);
            found.push(match class(object) {
                Some(_) => violation,
                None => {
                    let told = "assumed: the class is the cluster's default, whose Ingresses share their hosts";
                    violation.assuming(Severity::Note, Easing::DefaultClass, told, Vec::new())
                }
            });
        }
    }
    found
}

/// True if an Ingress has a load balancer of its own, which no other Ingress shares: one of AWS without a group, or one of
/// Google.
fn has_own_balancer(object: &Resource) -> bool {
    let is_of_google = |(key, _): (&str, &str)| {
        key.starts_with("networking.gke.io/")
            || key == "kubernetes.io/ingress.global-static-ip-name"
            || key == "kubernetes.io/ingress.regional-static-ip-name"
    };
    match class(object) {
        Some("alb") => annotation(object, "alb.ingress.kubernetes.io/group.name").is_none(),
        Some("gce" | "gce-internal") => true,
        _ => object.annotations().any(is_of_google),
    }
}

/// The class of an Ingress; `None` for the default of the cluster.
fn class(object: &Resource) -> Option<&str> {
    let class = spec(object).and_then(|spec| text(spec, "ingressClassName"));
    class.or_else(|| annotation(object, "kubernetes.io/ingress.class"))
}

fn annotation<'a>(object: &'a Resource, wanted: &str) -> Option<&'a str> {
    object.annotations().find(|(key, _)| *key == wanted).map(|(_, value)| value)
}

fn duplicate(object: &Resource, _: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for ((number, place), route) in routes(object) {
        let Some(first) = render.views.first_with(route) else { continue };
        if first.id() == object.id() {
            continue;
        }
        let (_, host, path, _) = route;
        let host = if host.is_empty() { "*" } else { host };
        let message = format!("the Ingress `{}` has the same route: `{host}{path}`", first.name());
        let path = Path::of(&["spec", "rules"]).index(number).keys(&["http", "paths"]).index(place);
        found.push(Violation::at(path.keys(&["path"]), message));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_covers_one_label() {
        for (pattern, host, expected) in [
            ("a.example.com", "a.example.com", true),
            ("A.example.com", "a.example.com", true),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "a.b.example.com", false),
            ("*.example.com", "example.com", false),
            ("*.example.com", "*.example.com", true),
        ] {
            assert_eq!(fits(pattern, host), expected, "{pattern} {host}");
        }
    }
}
