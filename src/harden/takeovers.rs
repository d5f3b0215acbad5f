//! Rights by which others take over the account of a controller: they act as it, ask for its tokens, or run pods as it.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::once;

use super::accounts::Accounts;
use super::constraints::{aggregated, given, may_give, selects};
use super::rights::is_of_people;
use super::value::{items, present, text};
use crate::resource::Resource;
use crate::yaml::Node;

/// The names of the `ServiceAccounts` that Flux makes. All of them may ask for the tokens of the others.
const OF_FLUX: [&str; 7] = [
    "helm-controller",
    "image-automation-controller",
    "image-reflector-controller",
    "kustomize-controller",
    "notification-controller",
    "source-controller",
    "source-watcher",
];

/// The ends of those that Argo CD and its operators make.
const OF_ARGO: [&str; 4] = [
    "argocd-application-controller",
    "argocd-applicationset-controller",
    "argocd-repo-server",
    "argocd-server",
];

/// The start of the names that accounts have as users.
const AS_USER: &str = "system:serviceaccount:";

/// The rights of the roles of a run over its accounts, and the programs with these roles that are no part of such a controller. People
/// do not count: to whom all rights are given directly, they are assumed to be the administrators.
#[derive(Default)]
pub(super) struct Takeovers {
    roles: Vec<Taken>,
    /// By namespace (`None` for the whole cluster, and empty for any one), and by the numbers of roles.
    bound: BTreeMap<Option<String>, BTreeMap<usize, Holders>>,
}

/// The kind, the namespace (empty for a `ClusterRole`) and the name of a role.
type RoleName<'a> = (&'a str, &'a str, &'a str);

/// A right over accounts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Right {
    /// It runs pods, or commands in them, or is one of all in the core group. It counts only where a binding gives it in the namespace of the
    /// account: many controllers have it in the whole cluster, and other rules tell it.
    Local,
    /// It is one over accounts: to act as them, or to ask for their tokens.
    Named,
}

/// The accounts over which a role gives rights, by their names; `*` for all.
#[derive(Clone, Default)]
struct Taken {
    accounts: BTreeMap<String, Right>,
    /// By the names of users.
    users: BTreeSet<String>,
}

/// The holders of a role in a namespace, or in the cluster.
#[derive(Default)]
struct Holders {
    are_foreign: bool,
    /// The namespaces of accounts that only their names tell to be parts of the controller, in which they are.
    namespaces: BTreeSet<String>,
}

/// The greatest number of roles in a namespace that are looked at: with more, any account may be taken.
const MANY: usize = 64;

/// The greatest number of steps from one account of a controller to another one.
const STEPS: usize = 16;

/// A binding of a role to accounts of a controller: the scope, the number of the role, and the accounts by namespace and name.
type Pending<'a> = (Option<String>, usize, Vec<(&'a str, &'a str)>);

impl Takeovers {
    /// The rights over accounts in a run. Linear in the size of its roles and bindings.
    pub(super) fn of<'a>(
        objects: impl Iterator<Item = &'a Resource> + Clone,
        accounts: &Accounts,
    ) -> Self {
        let (numbers, roles): (BTreeMap<_, _>, _) = roles(objects.clone())
            .into_iter()
            .enumerate()
            .map(|(number, (name, taken))| ((name, number), taken))
            .unzip();
        let mut found = Self { roles, bound: BTreeMap::new() };
        let mut pending: Vec<Pending<'_>> = Vec::new();
        for binding in objects {
            let Some((kind, name)) = given(binding) else { continue };
            let own = binding.namespace();
            let role = (kind, if kind == "Role" { own } else { "" }, name);
            let Some(role) = numbers.get(&role).copied() else { continue };
            let scope = (binding.kind() == "RoleBinding").then(|| own.to_owned());
            let of_scope = found.bound.entry(scope.clone()).or_default();
            let holders = of_scope.entry(role).or_default();
            let mut family = Vec::new();
            for subject in items(binding.node().get("subjects")) {
                match holder(subject, own) {
                    Holder::Account(of, name) => match is_of_controller(accounts, of, name) {
                        Some(Evidence::Pods) => family.push((of, name)),
                        Some(Evidence::Name) => {
                            holders.namespaces.insert(of.to_owned());
                            family.push((of, name));
                        }
                        None => holders.are_foreign = true,
                    },
                    Holder::People => {}
                    Holder::System => holders.are_foreign = true,
                }
            }
            if !holders.are_foreign && !family.is_empty() {
                pending.push((scope, role, family));
            }
        }
        found.spread(pending);
        found
    }

    /// Adds that others have what accounts of a controller have which others can take over.
    fn spread(&mut self, mut pending: Vec<Pending<'_>>) {
        for _ in 0..STEPS {
            let (taken, left) = pending.into_iter().partition::<Vec<_>, _>(|(.., family)| {
                family.iter().any(|(of, name)| self.take(of, name))
            });
            pending = left;
            if taken.is_empty() {
                return;
            }
            self.open(taken);
        }
        // That many are no accident.
        self.open(pending);
    }

    fn open(&mut self, bindings: Vec<Pending<'_>>) {
        for (scope, role, _) in bindings {
            let of_scope = self.bound.entry(scope).or_default();
            of_scope.entry(role).or_default().are_foreign = true;
        }
    }

    /// True if others can take over an account, which is one of a controller.
    pub(super) fn take(&self, namespace: &str, account: &str) -> bool {
        let user = format!("{AS_USER}{namespace}:{account}");
        // Without a namespace it may be in any.
        let scopes = [None, Some(String::new()), Some(namespace.to_owned())];
        let own = scopes.iter().filter_map(|scope| self.bound.get_key_value(scope));
        let all = self.bound.iter().filter(|_| namespace.is_empty());
        own.chain(all).any(|(scope, roles)| {
            let taken = |(role, holders): (&usize, &Holders)| {
                let Some(taken) = self.roles.get(*role) else { return false };
                let is_its_own = scope.as_deref().is_some_and(|of| of == namespace);
                let least = if is_its_own { Right::Local } else { Right::Named };
                let right = taken.over(account, scope.is_none().then_some(&*user));
                right.is_some_and(|right| right >= least && holders.are_others(namespace))
            };
            roles.len() > MANY || roles.iter().any(taken)
        })
    }
}

impl Holders {
    /// True if others than a controller in a namespace are among them.
    fn are_others(&self, namespace: &str) -> bool {
        let is_elsewhere = |of: &String| !of.is_empty() && !namespace.is_empty() && of != namespace;
        self.are_foreign || self.namespaces.iter().any(is_elsewhere)
    }
}

impl Taken {
    /// The right over an account, which may also be told by its name as a user.
    fn over(&self, account: &str, user: Option<&str>) -> Option<Right> {
        let is_user =
            user.is_some_and(|user| self.users.contains(user) || self.users.contains("*"));
        let accounts = [account, "*"].into_iter().filter_map(|one| self.accounts.get(one).copied());
        accounts.chain(is_user.then_some(Right::Named)).max()
    }

    fn add(&mut self, account: &str, right: Right) {
        let known = self.accounts.entry(account.to_owned()).or_insert(right);
        *known = right.max(*known);
    }

    fn join(&mut self, other: &Self) {
        other.accounts.iter().for_each(|(account, right)| self.add(account, *right));
        self.users.extend(other.users.iter().cloned());
    }

    /// Adds what a rule of a role gives.
    fn add_rule(&mut self, rule: &Node) {
        let list = |key| items(rule.get(key)).iter().filter_map(Node::as_text);
        let has = |key, words: &[&str]| list(key).any(|word| words.contains(&word));
        let names: BTreeSet<&str> = list("resourceNames").collect();
        let is_core = has("apiGroups", &["", "*"]);
        let mut add = |right| match names.is_empty() {
            true => self.add("*", right),
            false => names.iter().for_each(|name| self.add(name, right)),
        };
        let creates = has("verbs", &["create", "*"]);
        let acts = has("verbs", &["impersonate", "*"]);
        // All rights are an error of their own, and lead to no others.
        if ["apiGroups", "resources", "verbs"].into_iter().all(|key| has(key, &["*"])) {
            return;
        }
        let asks = has("resources", &["serviceaccounts/token", "serviceaccounts/*", "*/token"]);
        if creates && (asks && is_core || has("resources", &["tokenrequest", "tokenrequests"])) {
            add(Right::Named);
        }
        if acts && is_core && has("resources", &["serviceaccounts"]) {
            add(Right::Named);
        }
        if is_core && has("resources", &["*"]) && (creates || acts) {
            add(Right::Local);
        }
        if runs_pods(&has, names.is_empty()) {
            self.add("*", Right::Local);
        }
        if acts && is_core && has("resources", &["users"]) {
            let names = if names.is_empty() { BTreeSet::from(["*"]) } else { names };
            self.users.extend(names.into_iter().map(str::to_owned));
        }
    }
}

/// True for a rule by which one runs a pod as any account of its namespace, or a command in any, or makes a Secret with a token
/// and reads it. `has` tells which words the lists of the rule have.
fn runs_pods(has: &impl Fn(&'static str, &[&str]) -> bool, is_about_all: bool) -> bool {
    let is_core = has("apiGroups", &["", "*"]);
    let makes = has("verbs", &["create", "patch", "update", "*"]);
    let runs = ["daemonsets", "deployments", "replicasets", "statefulsets", "cronjobs", "jobs"];
    makes && has("apiGroups", &["apps", "batch", "*"]) && has("resources", &runs)
        || makes && is_core && has("resources", &["replicationcontrollers"])
        || is_core && has("verbs", &["create", "*"]) && has("resources", &["pods"])
        || is_core
            && is_about_all
            && (has("resources", &["pods/exec"]) && has("verbs", &["create", "get", "*"])
                || has("resources", &["pods/ephemeralcontainers"]) && makes
                || has("resources", &["secrets"])
                    && has("verbs", &["create", "*"])
                    && has("verbs", &["get", "list", "watch", "*"]))
}

/// The roles of Kubernetes that give such rights among many others.
const OF_KUBERNETES: [&str; 2] = ["admin", "edit"];

/// The roles with rights over accounts, also those that get them from others by their labels.
fn roles<'a>(objects: impl Iterator<Item = &'a Resource> + Clone) -> BTreeMap<RoleName<'a>, Taken> {
    let mut found = BTreeMap::<RoleName<'a>, Taken>::new();
    for name in OF_KUBERNETES {
        found.entry(("ClusterRole", "", name)).or_default().add("*", Right::Local);
    }
    let (mut labels, mut of_labels) = (BTreeSet::new(), Taken::default());
    let mut collecting = Vec::new();
    for role in objects.filter(|one| may_give(one)) {
        let mut taken = Taken::default();
        items(role.node().get("rules")).iter().for_each(|rule| taken.add_rule(rule));
        let is_of_cluster = role.kind() == "ClusterRole";
        if is_of_cluster && present(role.node(), "aggregationRule").is_some() {
            collecting.push(role);
        }
        if taken.accounts.is_empty() && taken.users.is_empty() {
            continue;
        }
        let of = if is_of_cluster { "" } else { role.namespace() };
        let given = if is_of_cluster { aggregated(role) } else { &[] };
        for name in once(role.name()).chain(given.iter().copied()) {
            found.entry((role.kind(), of, name)).or_default().join(&taken);
        }
        if is_of_cluster && role.labels().next().is_some() {
            labels.extend(role.labels());
            of_labels.join(&taken);
        }
    }
    // Each role that collects others has all of them.
    if !collecting.is_empty() && of_labels.accounts.len() + of_labels.users.len() > MANY {
        of_labels.add("*", Right::Named);
        of_labels.accounts.retain(|account, _| account == "*");
        of_labels.users = BTreeSet::from(["*".to_owned()]);
    }
    // A role that collects others may be collected itself.
    for _ in 0..STEPS {
        let (now, later) =
            collecting.into_iter().partition::<Vec<&Resource>, _>(|role| selects(role, &labels));
        for role in &now {
            found.entry(("ClusterRole", "", role.name())).or_default().join(&of_labels);
            labels.extend(role.labels());
        }
        collecting = later;
        if now.is_empty() {
            break;
        }
    }
    found
}

/// A subject of a binding.
enum Holder<'a> {
    /// An account, by its namespace and its name.
    Account(&'a str, &'a str),
    /// People.
    People,
    /// A group or a user of Kubernetes.
    System,
}

fn holder<'a>(subject: &'a Node, own: &'a str) -> Holder<'a> {
    let name = text(subject, "name").unwrap_or_default();
    if text(subject, "kind") == Some("ServiceAccount") {
        return Holder::Account(text(subject, "namespace").unwrap_or(own), name);
    }
    if let Some((of, name)) = name.strip_prefix(AS_USER).and_then(|rest| rest.split_once(':')) {
        return Holder::Account(of, name);
    }
    match is_of_people(subject) && !name.starts_with("system:") {
        true => Holder::People,
        false => Holder::System,
    }
}

/// The evidence that an account is one of a controller that applies what repositories hold.
enum Evidence {
    Name,
    Pods,
}

fn is_of_controller(accounts: &Accounts, namespace: &str, name: &str) -> Option<Evidence> {
    let runners = accounts.runners(namespace, name);
    let is_called = || {
        let ends = |end: &&str| {
            name.strip_suffix(*end).is_some_and(|rest| rest.is_empty() || rest.ends_with('-'))
        };
        OF_FLUX.contains(&name) || OF_ARGO.iter().any(ends)
    };
    match (runners.is_empty(), runners.has_strangers) {
        (true, _) => is_called().then_some(Evidence::Name),
        (false, false) => Some(Evidence::Pods),
        (false, true) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harden::facts::Facts;
    use crate::resource::sample::read;

    /// True if others can take over the account of Flux in the namespace `flux`.
    fn is_taken(objects: &str) -> bool {
        let objects = read(objects).unwrap();
        let accounts = Accounts::of(objects.iter(), &Facts::default());
        Takeovers::of(objects.iter(), &accounts).take("flux", "kustomize-controller")
    }

    const RBAC: &str = "apiVersion: rbac.authorization.k8s.io/v1";

    fn role(kind: &str, fields: &str) -> String {
        let of = if kind == "Role" { ", namespace: flux" } else { "" };
        format!("{{{RBAC}, kind: {kind}, metadata: {{name: r{of}}}, {fields}}}\n---\n")
    }

    fn rule(groups: &str, resources: &str, verbs: &str) -> String {
        let more = format!("resources: [{resources}], verbs: [{verbs}]");
        role("ClusterRole", &format!("rules: [{{apiGroups: [{groups}], {more}}}]"))
    }

    fn named(resources: &str, verbs: &str, name: &str) -> String {
        rule("''", resources, verbs).replace("}]}", &format!(", resourceNames: ['{name}']}}]}}"))
    }

    /// A binding in a namespace, or in the cluster, which `subject` completes.
    fn bound(namespace: &str, role: &str, subject: &str) -> String {
        let (kind, of) = match namespace {
            "" => ("ClusterRoleBinding", String::new()),
            of => ("RoleBinding", format!(", namespace: {of}")),
        };
        let of_role = format!("roleRef: {{kind: ClusterRole, name: {role}}}");
        format!(
            "{{{RBAC}, kind: {kind}, metadata: {{name: b{of}}}, {of_role}, subjects: [{{{subject}}}]}}\n---\n"
        )
    }

    const MINER: &str = "kind: ServiceAccount, name: miner, namespace: shop";
    const PEOPLE: &str = "kind: Group, name: team";

    #[test]
    fn rights_over_accounts_take_them_over() {
        let token = || rule("''", "serviceaccounts/token", "create");
        for (role, scope, subject, expected) in [
            (token(), "", MINER, true),
            (token(), "flux", MINER, true),
            (token(), "shop", MINER, false),
            (token(), "", PEOPLE, false),
            (token(), "", "kind: Group, name: 'system:serviceaccounts:shop'", true),
            (token(), "", "kind: User, name: 'system:serviceaccount:shop:miner'", true),
            (
                token(),
                "",
                "kind: User, name: 'system:serviceaccount:flux:source-controller'",
                false,
            ),
            (token(), "", "kind: ServiceAccount, name: source-controller, namespace: flux", false),
            (token(), "", "kind: ServiceAccount, name: source-controller, namespace: shop", true),
            (token(), "flux", "kind: ServiceAccount, name: kustomize-controller", false),
            (rule("''", "'*/token'", "create"), "", MINER, true),
            (rule("''", "serviceaccounts/token", "'*'"), "", MINER, true),
            (rule("''", "serviceaccounts/token", "get"), "", MINER, false),
            (rule("apps", "serviceaccounts/token", "create"), "", MINER, false),
            (rule("authentication.k8s.io", "tokenrequests", "create"), "", MINER, true),
            (named("serviceaccounts/token", "create", "kustomize-controller"), "", MINER, true),
            (named("serviceaccounts/token", "create", "other"), "", MINER, false),
            (rule("''", "serviceaccounts", "impersonate"), "", MINER, true),
            (rule("''", "serviceaccounts", "impersonate"), "shop", MINER, false),
            (named("serviceaccounts", "impersonate", "kustomize-controller"), "flux", MINER, true),
            (rule("''", "users", "impersonate"), "", MINER, true),
            (rule("''", "users", "impersonate"), "flux", MINER, false),
            (
                named("users", "impersonate", "system:serviceaccount:flux:kustomize-controller"),
                "",
                MINER,
                true,
            ),
            (named("users", "impersonate", "system:serviceaccount:shop:miner"), "", MINER, false),
            (rule("''", "serviceaccounts", "'*'"), "", MINER, true),
            (rule("''", "serviceaccounts", "'*'"), "", PEOPLE, false),
            (rule("''", "serviceaccounts", "get, create"), "", MINER, false),
            (rule("''", "'*'", "create"), "", MINER, false),
            (rule("''", "'*'", "create"), "flux", MINER, true),
            // Other rules tell it.
            (rule("'*'", "'*'", "'*'"), "", MINER, false),
            (rule("'*'", "'*'", "'*'"), "flux", MINER, false),
            (rule("''", "'*'", "'*'"), "flux", MINER, true),
            (rule("''", "'*'", "'*'"), "", MINER, false),
            (rule("''", "pods", "create"), "", MINER, false),
            (rule("''", "pods", "create"), "flux", MINER, true),
            (rule("''", "pods", "create"), "flux", PEOPLE, false),
            (rule("''", "pods", "get, list"), "flux", MINER, false),
            (rule("''", "pods/exec", "create"), "flux", MINER, true),
            (named("pods/exec", "create", "web-0"), "flux", MINER, false),
            (rule("apps", "deployments", "patch"), "flux", MINER, true),
            (rule("apps", "deployments", "get"), "flux", MINER, false),
            (rule("''", "secrets", "get, create"), "flux", MINER, true),
            (rule("''", "secrets", "get"), "flux", MINER, false),
        ] {
            let objects = role + &bound(scope, "r", subject);
            assert_eq!(is_taken(&objects), expected, "{objects}");
        }
        let own = role(
            "Role",
            "rules: [{apiGroups: [''], resources: [serviceaccounts/token], verbs: [create]}]",
        );
        let binding = bound("flux", "r", MINER).replace("ClusterRole", "Role");
        assert!(is_taken(&(own.clone() + &binding)));
        assert!(!is_taken(&(own + &binding.replace("namespace: flux}", "namespace: shop}"))));
        // Without a namespace it may be applied to any, but that is not known.
        for (objects, expected) in
            [(token() + &bound("flux", "r", MINER), true), (bound("flux", "edit", MINER), false)]
        {
            assert_eq!(is_taken(&objects.replace("name: b, namespace: flux", "name: b")), expected);
        }
    }

    #[test]
    fn roles_of_kubernetes_take_accounts_over() {
        for (scope, role, subject, expected) in [
            ("flux", "admin", MINER, true),
            ("", "edit", MINER, false),
            ("flux", "edit", MINER, true),
            ("flux", "cluster-admin", MINER, false),
            ("flux", "view", MINER, false),
            ("shop", "admin", MINER, false),
            ("", "cluster-admin", MINER, false),
            ("flux", "admin", PEOPLE, false),
        ] {
            let objects = bound(scope, role, subject);
            assert_eq!(is_taken(&objects), expected, "{objects}");
        }
    }

    #[test]
    fn roles_that_collect_others_take_accounts_over() {
        let labelled = |label: &str| {
            rule("''", "serviceaccounts/token", "create")
                .replace("{name: r}", &format!("{{name: r, labels: {{{label}}}}}"))
        };
        let collecting = |name: &str, label: &str, of: &str| {
            let rule =
                format!("aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{{of}}}}}]}}");
            role("ClusterRole", &rule)
                .replace("{name: r}", &format!("{{name: {name}, labels: {{{label}}}}}"))
        };
        let to_view = "rbac.authorization.k8s.io/aggregate-to-view: 'true'";
        assert!(is_taken(&(labelled(to_view) + &bound("", "view", MINER))));
        assert!(!is_taken(&(labelled("a: b") + &bound("", "view", MINER))));
        let all =
            labelled("a: b") + &collecting("s", "c: d", "a: b") + &collecting("t", "e: f", "c: d");
        assert!(is_taken(&(all.clone() + &bound("", "t", MINER))));
        let other = all.replace("{c: d}}]", "{x: y}}]");
        assert!(!is_taken(&(other + &bound("", "t", MINER))));
    }

    #[test]
    fn parts_of_a_controller_are_known_by_their_pods() {
        let pod = |image: &str| {
            format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{name: p, namespace: shop}}, spec: {{serviceAccountName: fetch, containers: [{{name: a, image: '{image}'}}]}}}}"
            )
        };
        let token = rule("''", "serviceaccounts/token", "create");
        let fetch = "kind: ServiceAccount, name: fetch, namespace: shop";
        let objects = token + &bound("", "r", fetch);
        assert!(!is_taken(&(objects.clone() + &pod("ghcr.io/fluxcd/source-controller:v1.5.0"))));
        assert!(is_taken(&(objects + &pod("registry.example.com/miner:1.0"))));
    }

    #[test]
    fn accounts_lead_to_others() {
        let token = rule("''", "serviceaccounts/token", "create");
        let source = "kind: ServiceAccount, name: source-controller, namespace: flux";
        let first = named("serviceaccounts/token", "create", "source-controller");
        let first = first.replace("name: r", "name: first") + &bound("flux", "first", MINER);
        assert!(is_taken(&(token.clone() + &bound("", "r", source) + &first)));
        assert!(!is_taken(&(token + &bound("", "r", source))));
    }

    #[test]
    fn with_too_many_roles_any_account_may_be_taken() {
        let one = |number: usize| {
            rule("''", "serviceaccounts/token", "create")
                .replace("name: r", &format!("name: r{number}"))
                + &bound(
                    "",
                    &format!("r{number}"),
                    "kind: ServiceAccount, name: source-controller, namespace: flux",
                )
        };
        assert!(!is_taken(&(0..MANY).map(one).collect::<String>()));
        assert!(is_taken(&(0..=MANY).map(one).collect::<String>()));
    }
}
