//! Middlewares of Traefik that refuse at least the requests that another one refused: fewer addresses, or lower limits.

use super::addresses::Ranges;
use crate::diff::weigh::without;
use crate::harden::value::{integer, items, present};
use crate::yaml::Node;

/// The names of lists of accepted addresses, of which the second one is the older.
pub(super) const ADDRESSES: [&str; 2] = ["ipAllowList", "ipWhiteList"];

/// True if a middleware refuses all that another one refused, as far as that can be shown.
pub(super) fn is_as_strict(old: &Node, new: &Node) -> bool {
    let (Some((was, old)), Some((is, new))) = (single(old), single(new)) else { return false };
    let are_equal = |but: &[&str]| without(old, but) == without(new, but);
    let is_lower = |key: &str, usual: i64| {
        let of = |node: &Node| present(node, key).map_or(Some(usual), integer);
        matches!((of(old), of(new)), (Some(was), Some(is)) if 0 < is && is <= was)
    };
    match (was, is) {
        _ if [was, is].iter().all(|key| ADDRESSES.contains(key)) => {
            are_equal(&["sourceRange", "rejectStatusCode"]) && accepts_fewer(old, new)
        }
        ("rateLimit", "rateLimit") => {
            are_equal(&["average", "burst"]) && is_lower("average", 0) && is_lower("burst", 1)
        }
        ("inFlightConn", "inFlightConn") | ("inFlightReq", "inFlightReq") => {
            are_equal(&["amount"]) && is_lower("amount", 0)
        }
        _ => false,
    }
}

/// The only field of a specification.
fn single(spec: &Node) -> Option<(&str, &Node)> {
    let mut entries = spec.entries().iter().filter(|(_, value)| !value.is_null());
    let (key, value) = entries.next()?;
    entries.next().is_none().then(|| (key.text(), value))
}

fn accepts_fewer(old: &Node, new: &Node) -> bool {
    let listed = |node| items(present(node, "sourceRange")).iter().filter_map(Node::as_text);
    let known = Ranges::of(listed(old));
    listed(new).next().is_some() && known.beyond(listed(new)).is_empty()
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::judged;

    fn middleware(name: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: traefik.io/v1alpha1, kind: Middleware, metadata: {{name: {name}, namespace: shop}}, spec: {{{spec}}}}}\n---\n"
        )
    }

    fn routes(rules: [&str; 2]) -> String {
        let rule = |(path, names): (&str, &str)| {
            format!(
                "{{match: Host(`a.example.org`) && PathPrefix(`{path}`), middlewares: [{names}], services: [{{name: web, port: 80}}]}}"
            )
        };
        let all: Vec<String> = ["/", "/api"].into_iter().zip(rules).map(rule).collect();
        format!(
            "{{apiVersion: traefik.io/v1alpha1, kind: IngressRoute, metadata: {{name: web, namespace: shop}}, spec: {{routes: [{}]}}}}\n---\n",
            all.join(", ")
        )
    }

    fn ingress(name: &str) -> String {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: web, namespace: shop, annotations: {{traefik.ingress.kubernetes.io/router.middlewares: shop-{name}@kubernetescrd}}}}}}\n---\n"
        )
    }

    #[test]
    fn routes_ask_stricter_middlewares() {
        let list = |ranges: &str| format!("ipAllowList: {{sourceRange: [{ranges}]}}");
        let rate = |average: &str, more: &str| format!("rateLimit: {{average: {average}{more}}}");
        for (old, new, is_told) in [
            (list("10.0.0.0/8"), list("10.1.0.0/16, 10.2.0.1"), false),
            (list("10.0.0.0/9, 10.128.0.0/9"), list("10.0.0.0/8"), false),
            (list("10.0.0.0/8"), list("10.1.0.0/16").replace("Allow", "White"), false),
            (list("10.0.0.0/8"), list("10.1.0.0/16, 11.0.0.1"), true),
            (list("10.0.0.0/8"), list(""), true),
            (
                list("10.0.0.0/8"),
                list("10.1.0.0/16").replace('}', ", ipStrategy: {depth: 1}}"),
                true,
            ),
            (rate("100", ", burst: 5"), rate("10", ", burst: 5"), false),
            (rate("100", ", burst: 5"), rate("10", ""), false),
            (rate("100", ""), rate("10", ", burst: 5"), true),
            (rate("100", ""), rate("0", ""), true),
            (rate("100", ""), rate("10", ", period: 1ms"), true),
            ("inFlightReq: {amount: 9}".to_owned(), "inFlightReq: {amount: 8}".to_owned(), false),
            ("inFlightReq: {amount: 9}".to_owned(), "inFlightReq: {amount: 10}".to_owned(), true),
            ("basicAuth: {secret: a}".to_owned(), "basicAuth: {secret: b}".to_owned(), true),
        ] {
            let both = middleware("old", &old) + &middleware("new", &new);
            let lost = |before: &str, after: &str| {
                let told = judged(&format!("{both}{before}"), &format!("{both}{after}"));
                let is_about = |one: &&String| one.contains("web: ") && one.contains("old");
                told.iter().filter(is_about).count() > 0
            };
            let (was, is) = ("{name: old}", "{name: new}");
            assert_eq!(lost(&routes([was, was]), &routes([is, is])), is_told, "{old} {new}");
            assert_eq!(lost(&ingress("old"), &ingress("new")), is_told, "{old} {new}");
            // Only one of the routes asks it.
            assert!(lost(&routes([was, was]), &routes(["", is])), "{old} {new}");
            assert!(!lost(&routes([is, ""]), &routes([is, was])), "{old} {new}");
        }
    }
}
