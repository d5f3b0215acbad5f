//! Network policies that allow more, and that do not.

use proptest::prelude::*;

use crate::diff::weigh::tests::{judged, told};

fn policy(name: &str, spec: &str) -> String {
    format!(
        "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: {name}}}, spec: {{{spec}}}}}\n---\n"
    )
}

fn pod(name: &str, labels: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, labels: {{{labels}}}}}}}\n---\n"
    )
}

const LABEL: &str = "007 warning NetworkPolicy p: ";

#[test]
fn a_policy_is_missed_by_pods_that_take_the_place_of_others() {
    let web = |kind: &str, labels: &str| {
        format!(
            "{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: web}}, spec: {{template: {{metadata: {{labels: {{{labels}}}}}, spec: {{containers: [{{name: a, image: a}}]}}}}}}}}\n---\n"
        )
    };
    let closed = policy("p", "podSelector: {matchLabels: {app: a}}, ingress: []");
    let open = policy("p", "podSelector: {matchLabels: {app: a}}, ingress: [{}]");
    let (old, new) = (web("DaemonSet", "app: a"), web("Deployment", "app: a"));
    let with = |policy: &str, pods: &str| format!("{policy}{pods}");
    for (after, words) in [
        (String::new(), "no longer restricts incoming traffic of Deployment web"),
        (open, "allows all incoming traffic to Deployment web"),
    ] {
        told(
            &with(&closed, &old),
            &with(&after, &new),
            &[&*format!("007 error NetworkPolicy p: {words}")],
        );
    }
    told(&with(&closed, &old), &with(&closed, &new), &[]);
    // With its pods, and where others take no place.
    told(&with(&closed, &old), "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}", &[]);
    let two = policy(
        "p",
        "podSelector: {matchExpressions: [{key: app, operator: In, values: [a, b]}]}, ingress: []",
    );
    let other = web("Deployment", "app: b").replace("name: web", "name: other");
    told(
        &format!("{two}{old}{other}"),
        &format!("{}{other}", closed.replace("app: a", "app: b")),
        &[],
    );
}

#[test]
fn rules_allow_more() {
    let from = |rules: &str| policy("p", &format!("podSelector: {{}}, ingress: [{rules}]"));
    for (before, after, words) in [
        (
            "{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}",
            "{from: [{ipBlock: {cidr: 10.0.0.0/7}}]}",
            "allows more incoming traffic from 10.0.0.0/7",
        ),
        (
            "{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}",
            "{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}",
            "allows more incoming traffic from 10.0.0.0/8",
        ),
        (
            "{from: [{podSelector: {matchLabels: {a: b, c: d}}}]}",
            "{from: [{podSelector: {matchLabels: {a: b}}}]}",
            "allows more incoming traffic from pods a=b of the namespace",
        ),
        (
            "{from: [{podSelector: {}}]}",
            "{from: [{podSelector: {}, namespaceSelector: {}}]}",
            "allows more incoming traffic from all pods of all namespaces",
        ),
        (
            "{ports: [{port: 80}]}",
            "{ports: [{port: 80}, {port: 443}]}",
            "allows more incoming traffic from everywhere on TCP 443",
        ),
        (
            "{ports: [{port: 80, endPort: 90}]}",
            "{ports: [{port: 80, endPort: 99}]}",
            "allows more incoming traffic from everywhere on TCP 80-99",
        ),
    ] {
        told(&from(before), &from(after), &[&*format!("{LABEL}{words}")]);
    }
    let all = "007 error NetworkPolicy p: allows all incoming traffic";
    told(&from("{from: [{podSelector: {}}]}"), &from("{}"), &[all]);
    told(&from(""), &from("{}"), &[all]);
    let one =
        "{from: [{podSelector: {matchLabels: {a: b}}}, {podSelector: {matchLabels: {c: d}}}]}";
    let same = "{from: [{podSelector: {matchExpressions: [{key: c, operator: In, values: [d]}]}}]}, {from: [{podSelector: {matchLabels: {a: b}}}]}";
    told(&from(one), &from(same), &[]);
}

#[test]
fn policies_that_are_gone_open_pods_that_stay() {
    let (web, policed) =
        (pod("web", "app: web"), policy("p", "podSelector: {matchLabels: {app: web}}"));
    let open = "007 error NetworkPolicy p: no longer restricts incoming traffic of Pod web";
    let other = pod("other", "app: other");
    told(&format!("{web}{policed}"), &web, &[open]);
    let open = "007 error NetworkPolicy p: no longer restricts incoming traffic of its pods";
    told(&format!("{other}{policed}"), &other, &[open]);
    assert_eq!(judged(&format!("{web}{policed}{other}"), &other), [""; 0], "its pods are gone");
    let denied = policy("deny", "podSelector: {}");
    let allows =
        policy("p", "podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 80}]}]");
    assert_eq!(judged(&format!("{web}{denied}{allows}"), &format!("{web}{denied}")), [""; 0]);
    let words = "007 warning NetworkPolicy p: allows more incoming traffic from everywhere on TCP 80 to Pod web";
    assert_eq!(judged(&format!("{web}{denied}"), &format!("{web}{denied}{allows}")), [words]);
    let both = policy("p", "podSelector: {}, policyTypes: [Ingress, Egress]");
    let one = policy("p", "podSelector: {}, policyTypes: [Ingress]");
    told(
        &both,
        &one,
        &["007 error NetworkPolicy p: no longer restricts outgoing traffic of its pods"],
    );
}

#[test]
fn selectors_leave_out_pods() {
    let all = policy("p", "podSelector: {}");
    let some = policy("p", "podSelector: {matchLabels: {app: web}}");
    let open = "007 error NetworkPolicy p: no longer restricts incoming traffic of ";
    told(&all, &some, &[&*format!("{open}its pods: it selects only those with app=web")]);
    let pods = pod("web", "app: web") + &pod("api", "app: api");
    told(
        &format!("{pods}{all}"),
        &format!("{pods}{some}"),
        &[&*format!("{open}Pod api: it selects only those with app=web")],
    );
    let with = |label: &str| {
        pod("web", &format!("app: {label}"))
            + &policy("p", &format!("podSelector: {{matchLabels: {{app: {label}}}}}"))
    };
    told(&with("a"), &with("b"), &[]);
}

#[test]
fn policies_add_up() {
    let web = pod("web", "app: web");
    let deny = policy("deny", "podSelector: {}");
    let open = policy("open", "podSelector: {matchLabels: {app: web}}, ingress: [{}]");
    told(
        &format!("{web}{deny}"),
        &format!("{web}{deny}{open}"),
        &["007 error NetworkPolicy open: allows all incoming traffic to Pod web"],
    );
    assert_eq!(judged(&web, &format!("{web}{open}")), [""; 0], "nothing was restricted");
    // Without pods in the render, the selectors are compared.
    told(
        &deny,
        &format!("{deny}{open}"),
        &["007 error NetworkPolicy open: allows all incoming traffic"],
    );
    let some = |name: &str, port: u32| {
        policy(
            name,
            &format!(
                "podSelector: {{matchLabels: {{app: web}}}}, ingress: [{{ports: [{{port: {port}}}]}}]"
            ),
        )
    };
    for (before, after) in [
        (some("p", 80), some("other", 80)),
        (
            format!("{}{}", some("p", 80), some("q", 443)),
            policy(
                "one",
                "podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 80}, {port: 443}]}]",
            ),
        ),
        (format!("{}{}", some("p", 80), some("q", 80)), some("q", 80)),
    ] {
        let (before, after) = (format!("{web}{before}"), format!("{web}{after}"));
        assert_eq!(judged(&before, &after), [""; 0], "{before}{after}");
    }
}

#[test]
fn a_policy_for_all_pods_counts_for_those_of_other_renders() {
    let (web, deny) = (pod("web", "app: web"), policy("deny", "podSelector: {}"));
    let some = policy("p", "podSelector: {matchLabels: {app: web}}");
    told(
        &format!("{web}{deny}{some}"),
        &format!("{web}{some}"),
        &[
            "007 error NetworkPolicy deny: no longer restricts incoming traffic of the other pods of its namespace",
        ],
    );
}

#[test]
fn pods_leave_their_policies() {
    let deny = policy("deny", "podSelector: {matchLabels: {zone: inner}}");
    let inner = pod("web", "app: web, zone: inner");
    let outer = pod("web", "app: web");
    told(
        &format!("{deny}{inner}"),
        &format!("{deny}{outer}"),
        &[
            "007 error Pod web: is no longer selected by NetworkPolicy deny: its incoming traffic is not restricted",
        ],
    );
    let base = policy("base", "podSelector: {}");
    let open = policy("open", "podSelector: {matchLabels: {zone: outer}}, ingress: [{}]");
    told(
        &format!("{base}{open}{inner}"),
        &format!("{base}{open}{}", pod("web", "app: web, zone: outer")),
        &[
            "007 error Pod web: is now selected by NetworkPolicy open, which allows all incoming traffic",
        ],
    );
    let elsewhere = |text: &str| text.replace("metadata: {", "metadata: {namespace: b, ");
    assert_eq!(
        judged(&format!("{deny}{inner}"), &format!("{deny}{}", elsewhere(&inner))),
        [
            "007 error Pod web: is no longer selected by NetworkPolicy deny: its incoming traffic is not restricted in namespace b",
        ]
    );
    assert_eq!(
        judged(&format!("{deny}{inner}"), &format!("{}{inner}", elsewhere(&deny))),
        ["007 error NetworkPolicy deny: no longer restricts incoming traffic of Pod web"]
    );
    assert_eq!(
        judged(&deny, &elsewhere(&deny)),
        [
            "007 error NetworkPolicy deny: no longer restricts incoming traffic of the pods in namespace default"
        ]
    );
    let both = format!("{deny}{inner}");
    assert_eq!(judged(&both, &elsewhere(&both)), [""; 0], "all move together");
}

#[test]
fn very_many_policies_are_not_judged() {
    let all = |port: u32| -> String {
        let one = |place: u32| {
            policy(
                &format!("p{place}"),
                &format!(
                    "podSelector: {{matchLabels: {{app: a{place}}}}}, ingress: [{{ports: [{{port: {port}}}]}}]"
                ),
            )
        };
        (0..3000).map(one).collect()
    };
    let told = judged(&all(80), &all(81));
    assert!(told.iter().any(|one| one.contains("is not judged")), "{:?}", told.last());
}

fn any_rule() -> impl Strategy<Value = String> {
    let peer = prop::sample::select(vec![
        "{ipBlock: {cidr: 10.0.0.0/8}}",
        "{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}",
        "{ipBlock: {cidr: 10.1.2.0/24}}",
        "{podSelector: {}}",
        "{podSelector: {matchLabels: {a: b}}}",
        "{podSelector: {matchLabels: {a: b}}, namespaceSelector: {}}",
        "{namespaceSelector: {matchLabels: {a: b}}}",
    ]);
    let port = prop::sample::select(vec![
        "{port: 80}",
        "{port: 80, endPort: 90}",
        "{port: http}",
        "{protocol: UDP}",
    ]);
    let lists = (prop::collection::vec(peer, 0..3), prop::collection::vec(port, 0..3));
    lists.prop_map(|(peers, ports)| {
        format!("{{from: [{}], ports: [{}]}}", peers.join(", "), ports.join(", "))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Fewer rules, in any order, never allow more.
    #[test]
    fn fewer_rules_never_allow_more(
        rules in prop::collection::vec(any_rule(), 1..5),
        kept in prop::collection::vec(prop::bool::ANY, 5),
    ) {
        let with = |rules: Vec<&str>| {
            policy("p", &format!("podSelector: {{}}, ingress: [{}]", rules.join(", ")))
        };
        let kept = rules.iter().zip(&kept).filter(|(_, kept)| **kept);
        let mut kept: Vec<&str> = kept.map(|(rule, _)| &**rule).collect();
        kept.reverse();
        let some = with(kept);
        let all = with(rules.iter().map(String::as_str).collect());
        prop_assert_eq!(judged(&all, &all), [""; 0]);
        prop_assert_eq!(judged(&all, &some), [""; 0]);
    }
}

/// Objects of Istio that take all steps for comparing objects with others.
fn spenders(timeout: u8) -> String {
    let matches: String = (0..510).map(|place| format!("{{uri: {{exact: /{place}}}}}, ")).collect();
    let one = |place: usize| {
        format!(
            "{{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {{name: a{place}, namespace: a}}, spec: {{hosts: [a.example.org], http: [{{match: [{matches}], timeout: {timeout}s, route: [{{destination: {{host: web}}}}]}}]}}}}\n---\n"
        )
    };
    (0..10).map(one).collect()
}

/// The last objects, after the others, are not compared with any: that is told, and only of those that must be compared.
#[test]
fn what_is_too_much_to_be_compared_is_told() {
    let of = |version: &str, kind: &str, name: &str, labels: &str, spec: &str| {
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: {name}, namespace: shop, labels: {{{labels}}}}}, spec: {{{spec}}}}}\n---\n"
        )
    };
    let istio = "security.istio.io/v1";
    let envoy = "gateway.envoyproxy.io/v1alpha1";
    let api = "gateway.networking.k8s.io/v1";
    let mode = |name: &str, mode: &str| {
        of(istio, "PeerAuthentication", name, "", &format!("mtls: {{mode: {mode}}}"))
            .replace("name: mesh, namespace: shop", "name: mesh, namespace: istio-system")
    };
    let mesh = mode("mesh", "STRICT");
    let listeners = "gatewayClassName: c, listeners: [{name: web, port: 80, protocol: HTTP}]";
    let gateway = |labels: &str| of(api, "Gateway", "z", labels, listeners);
    let route = of(api, "HTTPRoute", "web", "", "parentRefs: [{name: z}], rules: [{}]");
    let by_label = "targetSelectors: [{kind: Gateway, matchLabels: {x: y}}], basicAuth: {}";
    let by_label = of(envoy, "SecurityPolicy", "s", "", by_label);
    let lax = "targetRefs: [{kind: HTTPRoute, name: web}], cors: {}";
    let lax = of(envoy, "SecurityPolicy", "z", "", lax);
    let guarded = format!("{}{route}{by_label}", gateway("x: y"));
    let pods = |namespace: &str| {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: z, namespace: {namespace}}}, spec: {{template: {{metadata: {{labels: {{app: z}}}}, spec: {{containers: [{{name: c, image: c}}]}}}}}}}}\n---\n"
        )
    };
    let strict = of(istio, "AuthorizationPolicy", "p", "", "");
    for (before, after, label) in [
        (mesh.clone(), mesh.clone() + &mode("z", "PERMISSIVE"), "PeerAuthentication z"),
        (by_label.clone() + &gateway("x: y"), by_label.clone() + &gateway("x: n"), "Gateway z"),
        (guarded.clone(), guarded.clone() + &lax, "SecurityPolicy z"),
        (strict.clone() + &pods("shop"), strict.clone() + &pods("zoo"), "Deployment z"),
    ] {
        let told = |before: &str, after: &str| {
            let mut all = judged(before, after);
            all.retain(|one| one.contains(label));
            all
        };
        let loud = told(&before, &after);
        assert!(!loud.is_empty() && !loud[0].contains("not judged"), "{loud:?}");
        let [old, new] = [(before, 1), (after, 2)].map(|(all, spent)| spenders(spent) + &all);
        let told = told(&old, &new);
        assert!(told.iter().any(|one| one.contains(": is not judged")), "{label} {told:?}");
    }
    // What is judged by itself alone is.
    let service = |kind: &str| {
        of("v1", "ConfigMap", "z", "", "").replace("spec: {}", &format!("data: {{a: {kind}}}"))
    };
    let told = judged(&(spenders(1) + &service("b")), &(spenders(2) + &service("c")));
    assert!(!told.iter().any(|one| one.contains("ConfigMap")), "{told:?}");
}

/// Chains of Traefik that have each other as members are bounded: what is left out is told.
#[test]
fn chains_in_cycles_are_bounded() {
    let traefik = |kind: &str, name: &str, spec: &str| {
        format!(
            "{{apiVersion: traefik.io/v1alpha1, kind: {kind}, metadata: {{name: {name}, namespace: shop}}, spec: {{{spec}}}}}\n---\n"
        )
    };
    let all = |more: &str| -> String {
        let one = |place: usize| {
            let (next, far) = ((place + 1) % 600, (place * 7 + 3) % 600);
            let members = format!("[{{name: c{next}}}, {{name: c{far}}}{more}]");
            let routes = format!(
                "routes: [{{match: 'Host(`a{place}`)', middlewares: [{{name: c{place}}}]}}]"
            );
            traefik(
                "Middleware",
                &format!("c{place}"),
                &format!("chain: {{middlewares: {members}}}"),
            ) + &traefik("IngressRoute", &format!("r{place}"), &routes)
        };
        (0..600).map(one).collect()
    };
    let told = judged(&all(", {name: auth}"), &all(""));
    assert!(told.iter().any(|one| one.contains(": no longer asks the middleware auth")));
    assert!(told.iter().any(|one| one.contains(": is not judged")), "{}", told.len());
}

#[test]
fn products_of_peers_and_ports_are_bounded() {
    let of = |peers: usize, ports: usize, last: &str| {
        let block =
            |one: usize| format!("{{ipBlock: {{cidr: 10.{}.{}.0/24}}}}", one / 256, one % 256);
        let peers: Vec<String> = (0..peers).map(block).collect();
        let ports: Vec<String> = (1..=ports).map(|one| format!("{{port: {one}}}")).collect();
        let rule =
            format!("{{from: [{}, {last}], ports: [{}]}}", peers.join(", "), ports.join(", "));
        policy("p", &format!("podSelector: {{}}, ingress: [{rule}]"))
    };
    let (old, new) = ("{ipBlock: {cidr: 11.0.0.0/8}}", "{ipBlock: {cidr: 12.0.0.0/8}}");
    let found = judged(&of(20, 20, old), &of(20, 20, new));
    assert!(
        found.len() == 1 && found[0].contains("allows more incoming traffic from 12."),
        "{found:?}"
    );
    let words = format!("{LABEL}may allow more: its rules are too many to be compared");
    assert_eq!(judged(&of(3000, 200, old), &of(3000, 200, new)), [&*words]);
    // A large peer is in each pair.
    let large = |value: &str| {
        let labels: Vec<String> = (0..2000).map(|one| format!("a{one}: {value}")).collect();
        format!("{{podSelector: {{matchLabels: {{{}}}}}}}", labels.join(", "))
    };
    let [old, new] = ["a", "b"].map(|value| of(1, 2000, &large(value)));
    assert_eq!(judged(&old, &new), [&*words]);
}
