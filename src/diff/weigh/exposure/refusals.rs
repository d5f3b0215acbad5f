//! Refusals in the rules of a `VirtualService`: requests that are answered with an error or aborted, and that a rule leads
//! to pods after the change. Rules are tried in order, and the first one that matches decides.

use std::collections::BTreeSet;

use super::judgement;
use crate::diff::weigh::{Judgement, Phrase, Sides, canonical};
use crate::harden::value::{below, integer, items, present, text};
use crate::resource::Resource;
use crate::yaml::Node;

/// The maximum number of rules, and of matches, that are compared.
const MOST: usize = 512;

/// A match of a rule: the path, and the other conditions by their meanings.
struct Match {
    uri: Uri,
    conditions: BTreeSet<String>,
}

/// A condition on the path.
#[derive(Clone, PartialEq, Eq)]
enum Uri {
    All,
    Prefix(String),
    Exact(String),
    Other(String),
}

impl Match {
    fn of(node: &Node) -> Self {
        let uri = present(node, "uri");
        let of = |key: &str| uri.and_then(|uri| text(uri, key)).map(str::to_owned);
        let uri = match (of("prefix"), of("exact"), of("regex")) {
            (Some(prefix), ..) if prefix == "/" => Uri::All,
            (Some(prefix), ..) => Uri::Prefix(prefix),
            (None, Some(exact), _) => Uri::Exact(exact),
            (None, None, Some(regex)) if matches!(&*regex, ".*" | "/.*" | "*") => Uri::All,
            (None, None, Some(_)) => Uri::Other(uri.map(canonical).unwrap_or_default()),
            (None, None, None) => Uri::All,
        };
        let others = node.entries().iter().filter(|(key, value)| {
            !matches!(key.text(), "name" | "uri" | "statPrefix" | "ignoreUriCase")
                && !value.is_null()
        });
        let mut conditions = BTreeSet::new();
        for (key, value) in others {
            match value.entries() {
                [] => drop(conditions.insert(format!("{} {}", key.text(), canonical(value)))),
                parts => conditions.extend(parts.iter().map(|(name, value)| {
                    format!("{} {} {}", key.text(), name.text(), canonical(value))
                })),
            }
        }
        Self { uri, conditions }
    }

    /// True if all requests that meet another match meet this one.
    fn covers(&self, other: &Self) -> bool {
        let has_path = match (&self.uri, &other.uri) {
            (Uri::All, _) => true,
            (Uri::Prefix(own), Uri::Prefix(path) | Uri::Exact(path)) => path.starts_with(own),
            (own, other) => own == other,
        };
        has_path && self.conditions.is_subset(&other.conditions)
    }

    fn path(&self) -> &str {
        match &self.uri {
            Uri::All => "/",
            Uri::Prefix(path) | Uri::Exact(path) | Uri::Other(path) => path,
        }
    }
}

/// A rule: its matches, and true if it refuses what meets one.
struct Rule {
    matches: Vec<Match>,
    refuses: bool,
}

/// The rules of a `VirtualService` in order; `None` if they are too many.
fn rules(node: Option<&Node>) -> Option<Vec<Rule>> {
    let list = items(node.and_then(|node| below(node, &["spec", "http"])));
    let number = |rule: &Node| 1 + items(present(rule, "match")).len();
    let rule = |rule: &Node| {
        let listed = items(present(rule, "match"));
        let matches = match listed {
            [] => vec![Match { uri: Uri::All, conditions: BTreeSet::new() }],
            listed => listed.iter().map(Match::of).collect(),
        };
        Rule { matches, refuses: refuses(rule) }
    };
    (list.iter().map(number).sum::<usize>() <= MOST).then(|| list.iter().map(rule).collect())
}

/// True for a rule that answers all requests with an error, or aborts them.
fn refuses(rule: &Node) -> bool {
    let status = below(rule, &["directResponse", "status"]).and_then(integer);
    let aborts = below(rule, &["fault", "abort"]).is_some_and(|abort| {
        let part = below(abort, &["percentage", "value"]).and_then(Node::as_text);
        let part = part.and_then(|part| part.parse::<f64>().ok());
        let answers = below(abort, &["httpStatus"]).and_then(integer);
        // Without a percentage, all are aborted.
        part.is_none_or(|part| part >= 100.0) && answers.is_none_or(|status| status >= 400)
    });
    status.is_some_and(|status| status >= 400) || aborts
}

/// The rule that decides on all requests which meet a match, if one does.
fn decides<'r>(rules: &'r [Rule], of: &Match) -> Option<&'r Rule> {
    rules.iter().find(|rule| rule.matches.iter().any(|one| one.covers(of)))
}

/// The hosts of a `VirtualService`.
fn hosts(node: &Node) -> BTreeSet<&str> {
    items(below(node, &["spec", "hosts"])).iter().filter_map(Node::as_text).collect()
}

/// Judges a `VirtualService` that leads requests to pods which it, or one of the same hosts that is gone, refused.
pub(in crate::diff::weigh) fn refused(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(after) = sides.after else { return };
    let (whole, own) = (sides.whole, hosts(after));
    let shares = |node: &Node| !own.is_disjoint(&hosts(node));
    let mut formers: Vec<Node> = sides.before.into_iter().cloned().collect();
    if formers.is_empty() {
        let gone = whole.all_of_kind(0, sides.kind).take_while(|_| whole.work.takes(1));
        let gone = gone.filter(|one| {
            !whole.all_of_kind(1, sides.kind).any(|now| whole.work.takes(1) && now.id() == one.id())
        });
        formers.extend(gone.map(Resource::node).filter(|node| shares(node)).cloned());
    }
    let Some(now) = rules(Some(after)) else {
        return found.extend(sides.before.map(|_| too_many()));
    };
    let mut lost = BTreeSet::new();
    for former in &formers {
        let Some(old) = rules(Some(former)) else { return found.push(too_many()) };
        let matches = |rules: &[Rule]| rules.iter().map(|rule| rule.matches.len()).sum::<usize>();
        if !whole.work.takes(matches(&old).saturating_mul(matches(&old) + matches(&now))) {
            return found.push(too_many());
        }
        for of in old.iter().filter(|rule| rule.refuses).flat_map(|rule| &rule.matches) {
            let was_refused = decides(&old, of).is_some_and(|rule| rule.refuses);
            if was_refused && decides(&now, of).is_some_and(|rule| !rule.refuses) {
                lost.insert(of.path().to_owned());
            }
        }
    }
    if lost.is_empty() {
        return;
    }
    // Another one of the same hosts may refuse them: its rules come before those for all paths.
    let others = whole.all_of_kind(1, sides.kind);
    let is_own = |one: &Resource| {
        one.id().effective_namespace() == sides.namespace(1) && one.name() == sides.object.id().name
    };
    for other in others.filter(|one| !is_own(one) && shares(one.node())) {
        if !whole.work.takes(other.node().count_below()) {
            break;
        }
        let refusing = rules(Some(other.node())).unwrap_or_default();
        for of in refusing.iter().filter(|rule| rule.refuses).flat_map(|rule| &rule.matches) {
            if of.uri != Uri::All && of.conditions.is_empty() {
                lost.remove(of.path());
            }
        }
    }
    if !lost.is_empty() {
        let phrase = Phrase::new("no longer refuses requests at ");
        found.push(judgement("spec.http", phrase.few(lost.iter().map(String::as_str))));
    }
}

fn too_many() -> Judgement {
    let words = "may lead on what it refused: its rules are too many to be compared";
    judgement("spec.http", Phrase::new(words))
}

/// The keys of lists of the sites whose scripts are answered: of the Gateway API, Istio, Contour, Traefik.
const SITES: [&str; 4] = [
    "accessControlAllowOriginList",
    "accessControlAllowOriginListRegex",
    "allowOrigin",
    "allowOrigins",
];

/// Judges an object that answers scripts of all sites, and did not before.
pub(in crate::diff::weigh) fn answers(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(after) = sides.after else { return };
    let is_open = |node: &Node| present(node, "spec").is_some_and(|spec| answers_all(spec, 0));
    if sides.before.is_some_and(|before| !is_open(before)) && is_open(after) {
        found.push(judgement("spec", Phrase::new("answers scripts of all sites")));
    }
}

/// True if a list of sites in a value has all of them.
fn answers_all(node: &Node, depth: usize) -> bool {
    const DEEPEST: usize = 16;
    let is_all = |site: &Node| {
        let of = |key: &str| text(site, key);
        let written = site.as_text().or_else(|| of("exact")).or_else(|| of("regex"));
        matches!(written, Some("*" | ".*" | "^.*$" | ".+" | "^.+$" | "https?://.*"))
            || matches!(of("prefix"), Some("" | "http" | "https" | "http://" | "https://"))
    };
    depth < DEEPEST
        && (node.items().iter().any(|one| answers_all(one, depth + 1))
            || node.entries().iter().any(|(key, value)| {
                SITES.contains(&key.text()) && value.items().iter().any(is_all)
                    || answers_all(value, depth + 1)
            }))
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn service(name: &str, rules: &[&str]) -> String {
        format!(
            "{{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {{name: {name}}}, spec: {{hosts: [a.example.org], gateways: [g], http: [{}]}}}}\n---\n",
            rules.join(", ")
        )
    }

    const ALL: &str = "{route: [{destination: {host: web}}]}";

    #[test]
    fn refusals_are_removed_or_come_too_late() {
        let at = |path: &str, then: &str| format!("{{match: [{{uri: {{{path}}}}}], {then}}}");
        let answer = "directResponse: {status: 403}";
        let abort = "fault: {abort: {httpStatus: 403, percentage: {value: 100}}}, route: [{destination: {host: web}}]";
        let route = "route: [{destination: {host: web}}]";
        for then in [answer, abort] {
            let refusal = at("prefix: /admin", then);
            let one = service("v", &[&refusal, ALL]);
            let words = "007 warning VirtualService v: no longer refuses requests at /admin";
            for other in [
                service("v", &[ALL]),
                service("v", &[ALL, &refusal]),
                service("v", &[&at("prefix: /ad", route), &refusal, ALL]),
                service("v", &[&refusal.replace("403", "200"), ALL]),
            ] {
                let found = judged(&one, &other);
                assert!(found.contains(&words.to_owned()), "{other} {found:?}");
                assert!(!judged(&other, &one).iter().any(|one| one.contains("refuses")), "{other}");
            }
            // As much is refused, or nothing is served there.
            for same in [
                service("v", &[&at("prefix: /adm", then), ALL]),
                service("v", &[&at("prefix: /web", route), &refusal, ALL]),
                service("v", &[&at("exact: /web", route)]),
                service("v", &[&refusal.replace("403", "404"), ALL]),
                service("v", &[ALL]) + &service("w", &[&refusal]),
            ] {
                let found = judged(&one, &same);
                assert!(!found.iter().any(|one| one.contains("refuses")), "{same} {found:?}");
            }
            // Under another name, and without the refusal.
            let renamed =
                service("other", &[ALL]).replace("gateways: [g]", "gateways: [g], exportTo: [x]");
            let found = judged(&one, &renamed);
            assert!(
                found.iter().any(|one| one.ends_with("no longer refuses requests at /admin")),
                "{found:?}"
            );
        }
        let part = at("prefix: /admin", &abort.replace("100", "50"));
        let whole = at("prefix: /admin", abort);
        assert_eq!(judged(&service("v", &[&whole, ALL]), &service("v", &[&part, ALL])).len(), 1);
    }

    #[test]
    fn scripts_of_all_sites_are_answered() {
        let words = "answers scripts of all sites";
        let object = |version: &str, kind: &str, spec: &str| {
            format!(
                "{{apiVersion: {version}, kind: {kind}, metadata: {{name: x}}, spec: {{{spec}}}}}"
            )
        };
        for (version, kind, spec, old, new) in [
            (
                "networking.istio.io/v1",
                "VirtualService",
                "hosts: [a], gateways: [g], http: [{corsPolicy: {allowOrigins: [SITE]}}]",
                "{exact: 'https://a'}",
                "{regex: '.*'}",
            ),
            (
                "networking.istio.io/v1",
                "VirtualService",
                "hosts: [a], gateways: [g], http: [{corsPolicy: {allowOrigins: [SITE]}}]",
                "{exact: 'https://a'}",
                "{exact: '*'}",
            ),
            (
                "projectcontour.io/v1",
                "HTTPProxy",
                "virtualhost: {fqdn: a, corsPolicy: {allowOrigin: [SITE]}}",
                "'https://a'",
                "'*'",
            ),
            (
                "traefik.io/v1alpha1",
                "Middleware",
                "headers: {accessControlAllowOriginList: [SITE]}",
                "'https://a'",
                "'*'",
            ),
            (
                "gateway.networking.k8s.io/v1",
                "HTTPRoute",
                "rules: [{filters: [{type: CORS, cors: {allowOrigins: [SITE]}}]}]",
                "'https://a'",
                "'*'",
            ),
        ] {
            let of = |site: &str| object(version, kind, &spec.replace("SITE", site));
            told(&of(old), &of(new), &[&*format!("007 warning {kind} x: {words}")]);
            assert_eq!(judged(&of(old), &of("'https://b.example.org'")), [""; 0]);
        }
    }
}
