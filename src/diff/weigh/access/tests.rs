//! Rights that grow, and that do not.

use proptest::prelude::*;

use crate::diff::weigh::tests::{judged, told};

fn role(rules: &str) -> String {
    format!(
        "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: r}}, rules: [{rules}]}}\n---\n"
    )
}

fn rule(groups: &str, resources: &str, verbs: &str) -> String {
    format!("{{apiGroups: [{groups}], resources: [{resources}], verbs: [{verbs}]}}")
}

#[test]
fn roles_allow_more() {
    let reads = rule("''", "configmaps", "get, list");
    let some = |after: &str, words: &str| {
        told(&role(&reads), &role(after), &[&*format!("006 {words}")]);
    };
    some(
        &rule("''", "configmaps", "list, get, watch"),
        "warning ClusterRole r: may now watch configmaps",
    );
    some(
        &rule("''", "configmaps, secrets", "get, list"),
        "error ClusterRole r: may now get, list secrets (reads Secrets)",
    );
    some(
        &rule("'', apps", "configmaps", "get, list"),
        "warning ClusterRole r: may now get, list configmaps.apps",
    );
    some(&rule("'*'", "'*'", "'*'"), "error ClusterRole r: may now do everything on all resources");
    some(
        &format!("{reads}, {{nonResourceURLs: [/metrics], verbs: [get]}}"),
        "warning ClusterRole r: may now get /metrics",
    );
    some(
        &format!("{reads}, {}", rule("''", "pods/exec", "create")),
        "error ClusterRole r: may now create pods/exec (runs commands in containers)",
    );
    let named =
        "{apiGroups: [''], resources: [configmaps], verbs: [get, list], resourceNames: [a]}";
    told(&role(named), &role(&reads), &["006 warning ClusterRole r: may now get, list configmaps"]);
}

#[test]
fn other_words_for_the_same_rights_are_no_grant() {
    for (before, after) in [
        (rule("''", "pods, services", "get, list"), rule("''", "services, pods", "list, get")),
        (
            rule("''", "pods, services", "get"),
            format!("{}, {}", rule("''", "pods", "get"), rule("''", "services", "get")),
        ),
        (
            rule("''", "pods", "get, list"),
            format!("{}, {}", rule("''", "pods", "get"), rule("''", "pods", "list")),
        ),
    ] {
        told(&role(&before), &role(&after), &[]);
        told(&role(&after), &role(&before), &[]);
    }
    let all = "get, list, watch, create, update, patch, delete, deletecollection";
    for narrower in [
        rule("''", "pods", all),
        rule("''", "pods/exec", "'*'"),
        "{nonResourceURLs: [/a/b, /c*], verbs: [get]}".to_owned(),
    ] {
        let wide =
            format!("{}, {{nonResourceURLs: [/a/*, /c*], verbs: ['*']}}", rule("''", "'*'", "'*'"));
        assert_eq!(judged(&role(&wide), &role(&narrower)), [""; 0], "{narrower}");
        assert_ne!(judged(&role(&narrower), &role(&wide)), [""; 0], "{narrower}");
    }
    let parts = rule("''", "'*/scale'", "get");
    assert_eq!(judged(&role(&parts), &role(&rule("''", "x/scale", "get"))), [""; 0]);
}

#[test]
fn roles_reach_others() {
    let labelled = |label: &str| {
        role("").replace(
            "name: r",
            &format!("name: r, labels: {{rbac.authorization.k8s.io/aggregate-to-{label}: 'true'}}"),
        )
    };
    told(
        &role(""),
        &labelled("edit"),
        &["006 error ClusterRole r: its rules become part of the role edit of each namespace"],
    );
    told(
        &labelled("edit"),
        &labelled("view"),
        &["006 error ClusterRole r: its rules become part of the role view of each namespace"],
    );
    let collects = |labels: &str| {
        role("")
            .replace("rules: []", &format!("aggregationRule: {{clusterRoleSelectors: [{labels}]}}"))
    };
    told(
        &collects("{matchLabels: {a: b}}"),
        &collects("{matchLabels: {a: b}}, {matchLabels: {c: d}}"),
        &["006 warning ClusterRole r: collects the rules of more ClusterRoles, those with c=d"],
    );
}

/// The rights that are dangerous by themselves, with the words for them.
const DANGEROUS: [(&str, &str, &str, &str); 24] = [
    ("''", "pods/exec", "create", "runs commands"),
    ("''", "'*/exec'", "create", "runs commands"),
    ("'*'", "'*/exec'", "create", "runs commands"),
    ("''", "serviceaccounts/token", "create", "makes tokens"),
    ("''", "'*/token'", "create", "makes tokens"),
    ("''", "nodes/proxy", "get", "reaches the kubelet"),
    ("''", "'*/proxy'", "get", "reaches the kubelet"),
    ("'*'", "'*'", "get", "reads Secrets"),
    ("''", "'*'", "list", "reads Secrets"),
    ("''", "pods", "create", "runs pods"),
    ("apps", "daemonsets", "create", "runs pods"),
    ("apps", "deployments", "patch", "runs pods"),
    ("apps", "statefulsets", "create", "runs pods"),
    ("batch", "cronjobs", "create", "runs pods"),
    ("batch", "jobs", "create", "runs pods"),
    ("''", "users", "impersonate", "acts as others"),
    ("''", "groups", "impersonate", "acts as others"),
    ("authentication.k8s.io", "userextras/scopes", "impersonate", "acts as others"),
    ("rbac.authorization.k8s.io", "clusterroles", "escalate", "gives itself"),
    ("rbac.authorization.k8s.io", "clusterroles", "bind", "gives itself"),
    (
        "admissionregistration.k8s.io",
        "mutatingwebhookconfigurations",
        "patch",
        "changes every object",
    ),
    ("apiregistration.k8s.io", "apiservices", "create", "takes the place"),
    (
        "certificates.k8s.io",
        "certificatesigningrequests/approval",
        "update",
        "approves certificates",
    ),
    ("certificates.k8s.io", "signers", "approve", "signs certificates"),
];

#[test]
fn dangerous_rights_are_errors_with_their_reason() {
    for (groups, resources, verbs, words) in DANGEROUS {
        let told = judged(&role(""), &role(&rule(groups, resources, verbs)));
        assert!(told[0].starts_with("006 error") && told[0].contains(words), "{told:?}");
        assert_eq!(judged(&role(&rule(groups, resources, verbs)), &role("")), [""; 0]);
    }
    let both = rule("''", "secrets, pods/exec, configmaps", "create, get");
    told(
        &role(""),
        &role(&both),
        &[
            "006 error ClusterRole r: may now create, get pods/exec, secrets; create, get configmaps (reads Secrets; runs commands in containers)",
        ],
    );
}

#[test]
fn roles_add_to_those_that_collect_them() {
    let base = |selector: &str| {
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: all}}, aggregationRule: {{clusterRoleSelectors: [{selector}]}}, rules: []}}\n---\n{}",
            binding("ClusterRoleBinding", "all", "{kind: Group, name: ops}")
        )
    };
    let plain = role(&rule("''", "secrets", "get"));
    let labelled = plain.replace("name: r", "name: r, labels: {part: ops}");
    for selector in [
        "{matchLabels: {part: ops}}",
        "{matchExpressions: [{key: part, operator: In, values: [ops]}]}",
    ] {
        told(
            &format!("{}{plain}", base(selector)),
            &format!("{}{labelled}", base(selector)),
            &[
                "006 error ClusterRole r: its rules become part of the ClusterRole all, which may now get secrets (reads Secrets), for Group ops in the whole cluster",
            ],
        );
        let more = labelled.replace("[get]", "[get, list]");
        told(
            &format!("{}{labelled}", base(selector)),
            &format!("{}{more}", base(selector)),
            &[
                "006 error ClusterRole r: may now list secrets (reads Secrets), for Group ops in the whole cluster",
            ],
        );
        let told = judged(
            &format!("{}{labelled}", base("{matchLabels: {part: none}}")),
            &format!("{}{labelled}", base(selector)),
        );
        assert_eq!(
            told,
            [
                "006 error ClusterRole all: may now get secrets (reads Secrets), for Group ops in the whole cluster",
                "006 warning ClusterRole all: collects the rules of more ClusterRoles, those with part=ops",
            ]
        );
    }
    let wide = "{matchExpressions: [{key: part, operator: Exists}]}";
    let narrow = "{matchLabels: {part: ops}}";
    assert_eq!(
        judged(&format!("{}{plain}", base(wide)), &format!("{}{plain}", base(narrow))),
        [""; 0],
        "a narrower selector"
    );
    let edit = plain.replace(
        "name: r",
        "name: r, labels: {rbac.authorization.k8s.io/aggregate-to-edit: 'true'}",
    );
    told(
        &edit,
        &edit.replace("[get]", "[get, list]"),
        &[
            "006 error ClusterRole r: may now list secrets (reads Secrets) as a part of the role edit of each namespace",
        ],
    );
}

#[test]
fn other_names_for_the_same_rights_are_no_grant() {
    let reads = role(&rule("''", "secrets", "get"));
    let named = reads.replace("name: r", "name: other");
    let bound = |name: &str, role: &str| {
        binding("RoleBinding", role, WEB).replace("name: b}", &format!("name: {name}}}"))
    };
    for (before, after) in [
        (reads.clone(), named.clone()),
        (bound("b", "view"), bound("zz", "view")),
        (format!("{reads}{}", bound("b", "r")), format!("{named}{}", bound("zz", "other"))),
        (
            bound("b", "view"),
            bound("b", "view").replace(WEB, "{kind: User, name: 'system:serviceaccount:shop:web'}"),
        ),
    ] {
        assert_eq!(judged(&before, &after), [""; 0], "{before}{after}");
        assert_eq!(judged(&after, &before), [""; 0], "{before}{after}");
    }
    let more = named.replace("[get]", "[get, list]");
    let told =
        judged(&format!("{reads}{}", bound("b", "r")), &format!("{more}{}", bound("zz", "other")));
    assert!(told.iter().all(|one| one.starts_with("006 error")) && told.len() == 2, "{told:?}");
    // The same role for others, or in the whole cluster, is one.
    let cluster = bound("zz", "view").replace("RoleBinding", "ClusterRoleBinding");
    assert_eq!(
        judged(&bound("b", "view"), &cluster),
        [
            "006 warning ClusterRoleBinding zz: gives view in the whole cluster to ServiceAccount shop/web"
        ]
    );
}

#[test]
fn pods_run_as_accounts_with_more_rights() {
    let pod = |account: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: p, namespace: shop}}, spec: {{serviceAccountName: {account}, containers: [{{name: c}}]}}}}\n---\n"
        )
    };
    let rights = role(&rule("''", "secrets", "get")) + &binding("ClusterRoleBinding", "r", WEB);
    let told = judged(&format!("{rights}{}", pod("weak")), &format!("{rights}{}", pod("web")));
    assert_eq!(
        told,
        [
            "006 error Pod p: runs as the ServiceAccount web, and may now get secrets (reads Secrets) in the whole cluster",
            "001 note Pod p: runs as the ServiceAccount web in place of weak",
        ]
    );
    let told = judged(&format!("{rights}{}", pod("web")), &format!("{rights}{}", pod("weak")));
    assert_eq!(told, ["001 note Pod p: runs as the ServiceAccount weak in place of web"]);
}

fn pod(name: &str, account: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: shop}}, spec: {{serviceAccountName: {account}, containers: [{{name: c, image: {name}}}]}}}}\n---\n"
    )
}

fn granted(before: &str, after: &str) -> Vec<String> {
    judged(before, after).into_iter().filter(|one| one.starts_with("006")).collect()
}

const NO: [&str; 0] = [];

/// The words for what is dangerous of `admin`.
const OF_ADMIN: &str =
    " (reads Secrets; runs commands in containers; makes tokens of ServiceAccounts; and 4 more)";

#[test]
fn new_pods_run_as_accounts_with_strong_rights() {
    let in_shop =
        binding("RoleBinding", "admin", WEB).replace("name: b}", "name: b, namespace: shop}");
    let elsewhere = in_shop.replace("namespace: shop}, roleRef", "namespace: other}, roleRef");
    let everyone = "{kind: Group, name: 'system:serviceaccounts'}";
    let of_shop = "{kind: Group, name: 'system:serviceaccounts:shop'}";
    let own = role(&rule("''", "secrets", "get"));
    for (rights, words) in [
        (
            binding("ClusterRoleBinding", "cluster-admin", WEB),
            "may now do everything on all resources in the whole cluster",
        ),
        (
            own + &binding("ClusterRoleBinding", "r", WEB),
            "secrets (reads Secrets) in the whole cluster",
        ),
        (binding("ClusterRoleBinding", "edit", WEB), "in the whole cluster"),
        (in_shop, OF_ADMIN),
        (elsewhere, "in namespace other"),
    ] {
        let with = |pods: &str| format!("{rights}{pods}");
        let [weak, strong] = ["weak", "web"].map(|account| with(&pod("p", account)));
        // Another account, and a new pod.
        for before in [&weak, &rights] {
            let told = granted(before, &strong);
            assert!(
                told.len() == 1
                    && told[0].starts_with("006 error Pod p: runs as the ServiceAccount web, ")
                    && told[0].ends_with(words),
                "{told:?}"
            );
        }
        assert_eq!(granted(&strong, &weak), NO);
        assert_eq!(granted(&rights, &weak), NO);
        assert_eq!(granted(&strong, &rights), NO);
        // One under another name, and one that was there.
        assert_eq!(granted(&with(&pod("q", "web")), &strong), NO);
        assert_eq!(granted(&strong, &strong.replace("image: p", "image: q")), NO);
        // The binding is new too, and tells it.
        let told = granted(&pod("q", "weak"), &with(&(pod("q", "weak") + &pod("p", "web"))));
        assert!(!told.is_empty() && !told.iter().any(|one| one.contains("Pod p")), "{told:?}");
    }
    for group in [everyone, of_shop] {
        let rights = binding("ClusterRoleBinding", "cluster-admin", group);
        assert_eq!(granted(&rights, &(rights.clone() + &pod("p", "any"))).len(), 1);
        assert_eq!(granted(&(rights.clone() + &pod("p", "any")), &(rights + &pod("p", "web"))), NO);
    }
    let view = binding("ClusterRoleBinding", "view", WEB);
    assert_eq!(granted(&view, &(view.clone() + &pod("p", "web"))), NO, "no strong rights");
    let [weak, strong] = ["weak", "web"].map(|account| view.clone() + &pod("p", account));
    assert_eq!(granted(&weak, &strong).len(), 1);
    let unknown = binding("ClusterRoleBinding", "other", WEB);
    let [weak, strong] = ["weak", "web"].map(|account| unknown.clone() + &pod("p", account));
    assert_eq!(
        granted(&weak, &strong),
        [
            "006 warning Pod p: runs as the ServiceAccount web, which has the role other, of which the rules are not in the render"
        ]
    );
}

#[test]
fn roles_of_each_cluster_are_compared() {
    let bound = |role: &str| binding("ClusterRoleBinding", role, WEB);
    let one = |before: &str, after: &str| granted(&bound(before), &bound(after));
    for (weak, strong) in [("view", "edit"), ("edit", "admin"), ("admin", "cluster-admin")] {
        assert_eq!(one(weak, strong).len(), 1, "{strong}");
        assert_eq!(one(strong, weak), NO, "{weak}");
    }
    let with = |role: &str, name: &str| format!("{role}{}", bound(name));
    let reads = role(&rule("''", "pods", "get"));
    assert_eq!(granted(&with(&reads, "view"), &with(&reads, "r")), NO, "view has more");
    assert_eq!(granted(&with(&reads, "r"), &with(&reads, "view")).len(), 1);
    let secrets = role(&rule("''", "secrets", "get"));
    assert_eq!(granted(&with(&secrets, "view"), &with(&secrets, "r")).len(), 1);
    assert_eq!(granted(&with(&secrets, "edit"), &with(&secrets, "r")), NO, "edit has more");
    // A group gives its rights to each account in it.
    let everyone = bound("edit").replace(WEB, "{kind: Group, name: 'system:authenticated'}");
    let with = |more: &str| everyone.clone() + &more.replace("name: b}", "name: c}");
    assert_eq!(granted(&everyone, &with(&bound("view"))), NO);
    assert_eq!(granted(&everyone, &with(&bound("admin"))).len(), 1);
    // A role of the render that is a part of `view`.
    let part = role(&rule("example.org", "things", "get")).replace(
        "name: r}",
        "name: r, labels: {rbac.authorization.k8s.io/aggregate-to-view: 'true'}}",
    );
    let things = binding("RoleBinding", "r", WEB).replace("name: b}", "name: c, namespace: shop}");
    let parts = format!("{part}{}", bound("edit"));
    assert_eq!(granted(&parts, &(parts.clone() + &things)), NO);
}

#[test]
fn secrets_have_tokens() {
    let secret = |name: &str, account: &str| {
        format!(
            "{{apiVersion: v1, kind: Secret, type: kubernetes.io/service-account-token, metadata: {{name: {name}, namespace: shop, annotations: {{kubernetes.io/service-account.name: {account}}}}}}}\n---\n"
        )
    };
    let label = "Secret t: has a token of the ServiceAccount web that does not expire";
    let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}\n---\n";
    let new = format!("{map}{}", secret("t", "web"));
    told(map, &new, &[&*format!("006 warning {label}")]);
    let other = format!("{map}{}", secret("t", "weak"));
    assert_eq!(granted(&other, &new), [format!("006 warning {label}")]);
    assert_eq!(granted(&new, &format!("{map}{}", secret("token-t", "web"))), NO);
    let rights = binding("ClusterRoleBinding", "cluster-admin", WEB);
    told(
        &rights,
        &format!("{rights}{}", secret("t", "web")),
        &[&*format!(
            "006 error {label}, and may now do everything on all resources in the whole cluster"
        )],
    );
    let opaque = secret("t", "web").replace("kubernetes.io/service-account-token", "Opaque");
    told(map, &format!("{map}{opaque}"), &[]);
}

fn binding(kind: &str, role: &str, subjects: &str) -> String {
    format!(
        "{{apiVersion: rbac.authorization.k8s.io/v1, kind: {kind}, metadata: {{name: b}}, roleRef: {{kind: ClusterRole, name: {role}}}, subjects: [{subjects}]}}\n---\n"
    )
}

const WEB: &str = "{kind: ServiceAccount, name: web, namespace: shop}";

#[test]
fn bindings_give_roles() {
    let account =
        "{apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: shop}}\n---\n";
    let bound = binding("ClusterRoleBinding", "cluster-admin", WEB);
    told(
        account,
        &format!("{account}{bound}"),
        &[
            "006 error ClusterRoleBinding b: gives cluster-admin in the whole cluster to ServiceAccount shop/web",
        ],
    );
    let one = binding("RoleBinding", "view", WEB);
    let two = binding("RoleBinding", "view", &format!("{{kind: Group, name: all}}, {WEB}"));
    told(&one, &two, &["006 warning RoleBinding b: gives view to Group all"]);
    let strong = binding("RoleBinding", "admin", WEB);
    told(
        &one,
        &strong,
        &[&*format!("006 error RoleBinding b: leads to admin in place of view{OF_ADMIN}")],
    );
    let narrow = role(&rule("''", "pods", "get"));
    let wide = role(&rule("''", "pods", "get, list")).replace("name: r", "name: s");
    let (to_narrow, to_wide) = (binding("RoleBinding", "r", WEB), binding("RoleBinding", "s", WEB));
    told(
        &format!("{narrow}{wide}{to_narrow}"),
        &format!("{narrow}{wide}{to_wide}"),
        &["006 warning RoleBinding b: leads to s in place of r: may now list pods"],
    );
}

#[test]
fn accounts_that_move_get_nothing() {
    let all = |namespace: &str, prefix: &str| {
        let text = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: Xweb, namespace: NS}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: Xr, namespace: NS}, rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: Xb, namespace: NS}, roleRef: {kind: Role, name: Xr}, subjects: [{kind: ServiceAccount, name: Xweb, namespace: NS}]}
";
        text.replace("NS", namespace).replace('X', prefix)
    };
    assert_eq!(judged(&all("a", "p-"), &all("b", "p-")), [""; 0]);
    assert_eq!(judged(&all("a", ""), &all("a", "p-")), [""; 0]);
}

#[test]
fn bindings_that_move_give_rights_elsewhere() {
    let bound = |namespace: &str, role: &str, subject: &str| {
        binding("RoleBinding", role, subject)
            .replace("name: b}", &format!("name: b, namespace: {namespace}}}"))
    };
    let account =
        "{apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: shop}}\n---\n";
    for (role, words) in [("admin", OF_ADMIN), ("cluster-admin", "")] {
        for account in ["", account] {
            let [old, new] = ["shop", "kube-system"]
                .map(|namespace| format!("{account}{}", bound(namespace, role, WEB)));
            let expected = format!(
                "006 error RoleBinding b: gives {role} in namespace kube-system to ServiceAccount shop/web{words}"
            );
            assert_eq!(judged(&old, &new), [expected]);
            let kept = bound("kube-system", role, WEB).replace("name: b,", "name: kept,");
            assert_eq!(
                judged(&format!("{old}{kept}"), &format!("{new}{kept}")),
                [""; 0],
                "it had the rights there"
            );
        }
    }
    // With its own role: a ClusterRole, which stays, and a Role, which moves too.
    let own = role(&rule("''", "secrets", "get"));
    let expected = [
        "006 error RoleBinding b: gives r in namespace kube-system to ServiceAccount shop/web: may now get secrets (reads Secrets)",
    ];
    let [old, new] =
        ["shop", "kube-system"].map(|namespace| format!("{own}{}", bound(namespace, "r", WEB)));
    assert_eq!(judged(&old, &new), expected);
    let [old, new] = ["shop", "kube-system"].map(|namespace| {
        let text = format!("{own}{}", bound(namespace, "r", WEB));
        text.replace("ClusterRole", "Role")
            .replace("name: r}, rules", &format!("name: r, namespace: {namespace}}}, rules"))
    });
    assert_eq!(judged(&old, &new), expected);
    // An account that moves along gets nothing; one that stays does, even if the subject has another namespace.
    let along = WEB.replace("shop", "kube-system");
    let (old, new) = (bound("shop", "admin", WEB), bound("kube-system", "admin", &along));
    assert_eq!(judged(&old, &new), [""; 0]);
    let moved = account.replace("shop", "kube-system");
    assert_eq!(judged(&format!("{account}{old}"), &format!("{moved}{new}")), [""; 0]);
    assert_eq!(
        judged(&format!("{account}{old}"), &format!("{account}{new}")),
        [format!(
            "006 error RoleBinding b: gives admin in namespace kube-system to ServiceAccount kube-system/web{OF_ADMIN}"
        )]
    );
}

#[test]
fn roles_that_collect_each_other_are_bounded() {
    let roles = |verb: &str| -> String {
        (0..450)
            .map(|place| {
                role(&rule("''", &format!("x{place}"), verb)).replace(
                    "metadata: {name: r}",
                    &format!(
                        "metadata: {{name: r{place}, labels: {{m: y}}}}, aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{m: y}}}}]}}"
                    ),
                )
            })
            .collect()
    };
    let told = judged(&roles("get"), &roles("list"));
    let words = "is not judged with the other roles: they are too many";
    assert!(told.iter().any(|one| one.ends_with(words)), "{told:?}");
}

#[test]
fn very_many_rules_are_compared_in_linear_time() {
    let rules = |verb: &str| -> String {
        (0..10_000).map(|place| rule("''", &format!("r{place}"), verb) + ", ").collect()
    };
    let told = judged(&role(&rules("get")), &role(&rules("list")));
    assert!(told[0].ends_with("and 9996 more"), "{told:?}");
    // A product that would take 1,000,000,000 steps.
    let many = |word: &str| (0..1000).map(|place| format!("{word}{place}, ")).collect::<String>();
    let huge = |verbs: &str| {
        role(&format!(
            "{{apiGroups: [{}], resources: [{}], resourceNames: [{}], verbs: [{verbs}]}}",
            many("g"),
            many("r"),
            many("n")
        ))
    };
    let told = judged(&huge("get"), &huge("get, list"));
    assert_eq!(
        told,
        ["006 warning ClusterRole r: may allow more: its rules are too many to be compared"]
    );
    assert_eq!(judged(&huge("get"), &huge("get")), [""; 0]);
}

fn words(words: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(words, 1..words.len())
}

fn any_rule() -> impl Strategy<Value = String> {
    (
        words(&["''", "apps", "'*'"]),
        words(&["pods", "secrets", "pods/exec", "'*/scale'", "x/scale", "'*'"]),
        words(&["get", "list", "bind", "'*'"]),
        prop::option::of(words(&["a", "b", "c"])),
    )
        .prop_map(|(groups, resources, verbs, names)| {
            let names = names.map(|names| format!(", resourceNames: [{}]", names.join(", ")));
            let [groups, resources, verbs] = [groups, resources, verbs].map(|list| list.join(", "));
            rule(&groups, &resources, &verbs)
                .replace("]}", &format!("]{}}}", names.unwrap_or_default()))
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Rights are sets: more rules give no less, and of two differences in opposite directions one is growth at most if
    /// one set contains the other.
    #[test]
    fn fewer_rules_are_never_a_grant(
        rules in prop::collection::vec(any_rule(), 1..5),
        kept in prop::collection::vec(prop::bool::ANY, 5),
    ) {
        let kept: Vec<&str> =
            rules.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(rule, _)| &**rule).collect();
        let (all, some) = (role(&rules.join(", ")), role(&kept.join(", ")));
        prop_assert_eq!(judged(&all, &all), [""; 0]);
        prop_assert_eq!(judged(&all, &some), [""; 0]);
    }
}

#[test]
fn roles_of_openshift_are_judged() {
    let role = |resources: &str| {
        format!(
            "{{apiVersion: authorization.openshift.io/v1, kind: ClusterRole, metadata: {{name: r}}, rules: [{{resources: [{resources}], verbs: [get]}}]}}\n---\n"
        )
    };
    told(
        &role("pods"),
        &role("secrets, pods"),
        &["006 error ClusterRole r: may now get secrets (reads Secrets)"],
    );
    let binding = |subjects: &str| {
        format!(
            "{{apiVersion: authorization.openshift.io/v1, kind: ClusterRoleBinding, metadata: {{name: b}}, roleRef: {{name: cluster-admin}}, subjects: [{subjects}]}}\n---\n"
        )
    };
    let (ann, eve) = ("{kind: SystemUser, name: ann}", "{kind: User, name: eve}");
    let words = judged(&binding(ann), &binding(&format!("{eve}, {ann}")));
    assert_eq!(words.len(), 1, "{words:?}");
    assert!(words.iter().all(|one| one.contains("cluster-admin in the whole cluster to User eve")));
    assert_eq!(judged(&binding(&format!("{eve}, {ann}")), &binding(ann)), [""; 0]);
}
