//! The roles and bindings of a render: the rules that reach a role, and the subjects that a role reaches.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::sets::Held;
use super::usual;
use crate::diff::weigh::Phrase;
use crate::diff::weigh::selectors::Conditions;
use crate::harden::selector::{labels, selects};
use crate::harden::value::{below, items, present, text};
use crate::resource::{DEFAULT_NAMESPACE, ResMap, Resource};
use crate::yaml::Node;

/// A subject: kind, namespace, name.
pub(super) type Subject = (String, String, String);

/// A role: kind, namespace (empty for a `ClusterRole`), name.
pub(super) type RoleKey = [String; 3];

/// The roles and bindings of a render. Reading them is linear.
#[derive(Default)]
pub(in crate::diff::weigh) struct Rights<'a> {
    roles: BTreeMap<RoleKey, &'a Node>,
    /// The `ClusterRoles` that collect the rules of others: name and selectors.
    collecting: Vec<(&'a str, &'a [Node])>,
    /// The `ClusterRoles` that are a part of those of each cluster: the place of the strongest that they are labelled
    /// for, and their rules.
    parts: Vec<(usize, &'a [Node])>,
    bindings: Vec<Binding>,
    /// Indices of bindings by role.
    of_role: BTreeMap<RoleKey, Vec<usize>>,
    /// Indices of bindings by subject.
    of_subject: BTreeMap<Subject, Vec<usize>>,
    /// The rights of subjects in a namespace, as far as they have been asked for.
    pub(super) known: RefCell<BTreeMap<(Subject, String), Rc<Known<'a>>>>,
}

/// The rights that the bindings of a render give to a subject.
pub(super) struct Known<'a> {
    pub(super) rules: Vec<&'a Node>,
    pub(super) held: Held<'a>,
    /// The roles of which the rules are not known.
    pub(super) unknown: BTreeSet<RoleKey>,
}

/// A binding.
pub(super) struct Binding {
    /// The namespace in which it holds; empty for the whole cluster.
    pub(super) namespace: String,
    pub(super) role: RoleKey,
    pub(super) subjects: Vec<Subject>,
}

impl<'a> Rights<'a> {
    pub(in crate::diff::weigh) fn of(render: &'a ResMap) -> Self {
        let mut rights = Self::default();
        // OpenShift serves the same objects under a group of its own.
        let of_group = |of: &&Resource| {
            ["rbac.authorization.k8s.io", "authorization.openshift.io"].contains(&&*of.gvk().group)
        };
        for object in render.iter().filter(of_group) {
            let namespace = object.id().effective_namespace();
            match object.kind() {
                "Role" => rights.add_role(["Role", namespace, object.name()], object.node()),
                "ClusterRole" => {
                    rights.add_role(["ClusterRole", "", object.name()], object.node());
                    if let Some(selectors) = selectors(object.node()) {
                        rights.collecting.push((object.name(), selectors));
                    }
                    // A part of `view` is one of `edit` and `admin` too.
                    let labels = labels(below(object.node(), &["metadata", "labels"]));
                    let places = labels.filter_map(|(key, value)| {
                        let role = key.strip_prefix(AGGREGATE).filter(|_| value == "true")?;
                        usual::ORDERED.iter().position(|one| *one == role)
                    });
                    if let Some(place) = places.min() {
                        rights.parts.push((place, items(present(object.node(), "rules"))));
                    }
                }
                "RoleBinding" => rights.add_binding(namespace, object.node()),
                "ClusterRoleBinding" => rights.add_binding("", object.node()),
                _ => {}
            }
        }
        rights
    }

    fn add_role(&mut self, key: [&str; 3], node: &'a Node) {
        self.roles.insert(key.map(str::to_owned), node);
    }

    fn add_binding(&mut self, namespace: &str, node: &Node) {
        let Some(role) = role_of(node, namespace) else { return };
        let number = self.bindings.len();
        let subjects = subjects(node, namespace);
        self.of_role.entry(role.clone()).or_default().push(number);
        for subject in &subjects {
            self.of_subject.entry(subject.clone()).or_default().push(number);
        }
        self.bindings.push(Binding { namespace: namespace.to_owned(), role, subjects });
    }

    pub(super) fn role(&self, key: &RoleKey) -> Option<&'a Node> {
        self.roles.get(key).copied()
    }

    /// The rules of a role, with those that it collects. `None` if it is neither in the render nor in each cluster.
    pub(super) fn rules(
        &self,
        key: &RoleKey,
        takes: &dyn Fn(usize) -> bool,
    ) -> Option<Vec<&'a Node>> {
        let Some(role) = self.role(key) else { return self.usual(key, takes) };
        let mut rules: Vec<&Node> = items(present(role, "rules")).iter().collect();
        for selector in selectors(role).unwrap_or_default() {
            for (_, other) in
                self.roles.range(["ClusterRole".to_owned(), String::new(), String::new()]..)
            {
                if !takes(1) {
                    return Some(rules);
                }
                let is_other = !std::ptr::eq(*other, role);
                if is_other && selects(selector, below(other, &["metadata", "labels"])) {
                    let more = items(present(other, "rules"));
                    // They are compared too.
                    if !takes(more.iter().map(|rule| 4 * rule.count_below()).sum()) {
                        return Some(rules);
                    }
                    rules.extend(more.iter());
                }
            }
        }
        Some(rules)
    }

    /// The rules of a role that each cluster has, with those that roles of the render add to it.
    fn usual(&self, key: &RoleKey, takes: &dyn Fn(usize) -> bool) -> Option<Vec<&'a Node>> {
        let mut rules: Vec<&Node> = usual::rules(key)?.iter().collect();
        let strength = usual::strength(key)?;
        for (_, more) in self.parts.iter().filter(|(place, _)| *place <= strength) {
            if !takes(1 + more.iter().map(|rule| 4 * rule.count_below()).sum::<usize>()) {
                break;
            }
            rules.extend(more.iter());
        }
        Some(rules)
    }

    /// The `ClusterRoles` of the render that collect the rules of one with these labels.
    pub(super) fn collectors(
        &self,
        role: Option<&Node>,
        takes: &dyn Fn(usize) -> bool,
    ) -> BTreeSet<&'a str> {
        let Some(role) = role else { return BTreeSet::new() };
        let labels = below(role, &["metadata", "labels"]);
        let own = below(role, &["metadata"]).and_then(|metadata| text(metadata, "name"));
        let collects = |(name, given): &&(&'a str, &'a [Node])| {
            takes(given.len()) && Some(*name) != own && given.iter().any(|one| selects(one, labels))
        };
        self.collecting.iter().filter(collects).map(|(name, _)| *name).collect()
    }

    /// The bindings of a role.
    pub(super) fn bindings_of(&self, role: &RoleKey) -> impl Iterator<Item = &Binding> {
        let places = self.of_role.get(role).into_iter().flatten();
        places.filter_map(|place| self.bindings.get(*place))
    }

    /// The bindings of a subject, or of a group that it is in, that hold in a namespace; for an empty one, those that
    /// hold in the whole cluster.
    pub(super) fn bindings_for(
        &self,
        subject: &Subject,
        namespace: &str,
    ) -> impl Iterator<Item = &Binding> {
        let all = self.all_bindings_for(subject);
        all.filter(move |one| one.namespace.is_empty() || one.namespace == namespace)
    }

    /// The bindings of a subject, or of a group that it is in, wherever they hold.
    pub(super) fn all_bindings_for(&self, subject: &Subject) -> impl Iterator<Item = &Binding> {
        let subjects = with_groups(subject).into_iter();
        let places = subjects.flat_map(|one| self.of_subject.get(&one).into_iter().flatten());
        places.filter_map(|place| self.bindings.get(*place))
    }

    /// Appends the subjects to which the render gives some roles, and where; nothing if there are none.
    pub(super) fn reached(&self, phrase: Phrase, roles: &[RoleKey]) -> Phrase {
        let bindings: Vec<&Binding> =
            roles.iter().flat_map(|role| self.bindings_of(role)).take(MOST_TOLD).collect();
        let subjects = bindings.iter().flat_map(|one| &one.subjects).collect();
        let places = bindings.iter().map(|one| &*one.namespace).collect();
        for_subjects(phrase, &subjects, &places)
    }
}

/// Appends some subjects, and where they have rights; nothing if there are none.
pub(super) fn for_subjects(
    phrase: Phrase,
    subjects: &BTreeSet<&Subject>,
    places: &BTreeSet<&str>,
) -> Phrase {
    if subjects.is_empty() {
        return phrase;
    }
    let phrase = phrase.say(", for ").each(subjects.iter().copied(), told);
    match places.contains("") {
        true => phrase.say(" in the whole cluster"),
        false => phrase.say(" in namespace ").few(places.iter().copied()),
    }
}

/// The label, before the name of the role, of a `ClusterRole` that is a part of a role of each cluster.
const AGGREGATE: &str = "rbac.authorization.k8s.io/aggregate-to-";

/// A subject, and the groups that it is always in. (Kubernetes documentation: "Authenticating", "Role Based Access
/// Control".)
fn with_groups(subject: &Subject) -> Vec<Subject> {
    const ACCOUNTS: &str = "system:serviceaccounts";
    const AUTHENTICATED: &str = "system:authenticated";
    let group = |name: String| ("Group".to_owned(), String::new(), name);
    let (kind, namespace, name) = subject;
    let mut all = vec![subject.clone()];
    match (kind.as_str(), name.as_str()) {
        ("ServiceAccount", _) => {
            all.push(group(format!("{ACCOUNTS}:{namespace}")));
            all.push(group(ACCOUNTS.to_owned()));
            all.push(group(AUTHENTICATED.to_owned()));
        }
        ("User", "system:anonymous") => all.push(group("system:unauthenticated".to_owned())),
        ("Group", "system:unauthenticated" | AUTHENTICATED) => {}
        ("Group", name) => {
            if name.strip_prefix(ACCOUNTS).is_some_and(|rest| rest.starts_with(':')) {
                all.push(group(ACCOUNTS.to_owned()));
            }
            all.push(group(AUTHENTICATED.to_owned()));
        }
        _ => all.push(group(AUTHENTICATED.to_owned())),
    }
    all
}

/// The maximum number of bindings of which the subjects are told.
const MOST_TOLD: usize = 256;

/// Appends a subject.
pub(super) fn told(phrase: Phrase, (kind, namespace, name): &Subject) -> Phrase {
    let dash = if namespace.is_empty() { "" } else { "/" };
    phrase.name(&format!("{kind} {namespace}{dash}{name}"))
}

/// The selectors by which a role collects the rules of others.
fn selectors(role: &Node) -> Option<&[Node]> {
    let rule = present(role, "aggregationRule")?;
    Some(items(present(rule, "clusterRoleSelectors")))
}

/// The conditions by which a role collects the rules of others.
pub(super) fn conditions(role: &Node) -> Vec<Conditions> {
    selectors(role).unwrap_or_default().iter().map(Conditions::of).collect()
}

/// The role of a binding in a namespace.
pub(super) fn role_of(binding: &Node, namespace: &str) -> Option<RoleKey> {
    let role = below(binding, &["roleRef"])?;
    // OpenShift names no kind: a role with a namespace is one of it.
    let usual = if present(role, "namespace").is_some() { "Role" } else { "ClusterRole" };
    let (kind, name) = (text(role, "kind").unwrap_or(usual), text(role, "name")?);
    let namespace = if kind == "Role" { namespace } else { "" };
    Some([kind, namespace, name].map(str::to_owned))
}

/// The subjects of a binding. A user with the name of a `ServiceAccount` is that.
pub(super) fn subjects(binding: &Node, namespace: &str) -> Vec<Subject> {
    // In a binding of the whole cluster an account without a namespace is one that gets it with the others.
    let namespace = if namespace.is_empty() { DEFAULT_NAMESPACE } else { namespace };
    let subject = |node: &Node| {
        let (kind, name) = (text(node, "kind")?, text(node, "name")?);
        // The words of OpenShift.
        let kind = match kind {
            "SystemUser" => "User",
            "SystemGroup" => "Group",
            kind => kind,
        };
        let (kind, own, name) = match kind {
            "ServiceAccount" => (kind, text(node, "namespace").unwrap_or(namespace), name),
            "User" => match name.strip_prefix("system:serviceaccount:") {
                Some(account) => {
                    let (namespace, name) = account.split_once(':')?;
                    ("ServiceAccount", namespace, name)
                }
                None => (kind, "", name),
            },
            _ => (kind, "", name),
        };
        Some((kind.to_owned(), own.to_owned(), name.to_owned()))
    };
    items(present(binding, "subjects")).iter().filter_map(subject).collect()
}
