//! Rights by other means than roles and bindings: identities in a cloud, and users of AWS that are groups of the cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::diff::weigh::workload::{account_of, pods};
use crate::diff::weigh::{Judgement, Phrase, Sides, Whole};
use crate::harden::differences::PRIVILEGE_GRANTED;
use crate::harden::value::{items, present, text};
use crate::harden::{Severity, pod_templates};
use crate::resource::Resource;
use crate::schema::Schema;
use crate::source::Source;
use crate::yaml::{Node, parse};

fn judgement(path: &'static str, phrase: Phrase) -> Judgement {
    Judgement::new(&PRIVILEGE_GRANTED, path, phrase).with_severity(Severity::Warning)
}

/// An annotation that gives an identity in a cloud.
struct Identity {
    is_of_account: bool,
    key: &'static str,
    words: &'static str,
}

static IDENTITIES: LazyLock<Vec<Identity>> = LazyLock::new(|| {
    let read = |line: &'static str| {
        let mut columns = line.split('\t');
        let is_of_account = columns.next()? == "account";
        Some(Identity { is_of_account, key: columns.next()?, words: columns.next()? })
    };
    let lines = include_str!("clouds.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(read).collect()
});

/// The identities of an account or a pod by its metadata: the words, and the name.
fn identities(metadata: Option<&Node>, is_of_account: bool) -> BTreeMap<&'static str, &str> {
    let Some(annotations) = metadata.and_then(|node| present(node, "annotations")) else {
        return BTreeMap::new();
    };
    let all = IDENTITIES.iter().filter(|one| one.is_of_account == is_of_account);
    let value = |one: &Identity| text(annotations, one.key).filter(|value| !value.is_empty());
    all.filter_map(|one| Some((one.words, value(one)?))).collect()
}

/// The identities that there were not before.
fn gained<'a>(
    before: &BTreeMap<&'static str, &str>,
    after: &BTreeMap<&'static str, &'a str>,
) -> Vec<(&'static str, &'a str)> {
    let is_new = |(words, name): &(&&'static str, &&str)| before.get(**words) != Some(*name);
    after.iter().filter(is_new).map(|(words, name)| (*words, *name)).collect()
}

fn told(phrase: Phrase, gained: &[(&'static str, &str)]) -> Phrase {
    phrase.each(gained, |phrase, (words, name)| phrase.say(*words).say(" ").name(name))
}

/// Judges a `ServiceAccount` that gets another identity in a cloud.
pub(in crate::diff::weigh) fn identity(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let [before, after] = [sides.before, sides.after]
        .map(|node| identities(node.and_then(|node| present(node, "metadata")), true));
    let gained = gained(&before, &after);
    if !gained.is_empty() {
        found.push(judgement("metadata.annotations", told(Phrase::new("gets "), &gained)));
    }
}

/// The identities of a `ServiceAccount` on a side, if it is in the render.
fn of_account<'a>(
    whole: &Whole<'a>,
    side: usize,
    (namespace, name): (&str, &str),
) -> BTreeMap<&'static str, &'a str> {
    let account = whole.account(side, namespace, name);
    identities(account.and_then(|account| present(account, "metadata")), true)
}

/// Judges pods that have another identity in a cloud: their own, or that of another account.
pub(in crate::diff::weigh) fn identity_of_pods(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let whole = sides.whole;
    let runs =
        |name: &str| Phrase::new("runs as the ServiceAccount ").name(name).say(", which has ");
    if sides.before.is_none() {
        return starts(sides, runs, found);
    }
    if !sides.touches(&["annotations", "serviceAccountName", "serviceAccount"]) {
        return;
    }
    for [before, after] in &pods(sides) {
        let own = gained(&identities(before.metadata, false), &identities(after.metadata, false));
        if !own.is_empty() {
            found.push(judgement("spec", told(Phrase::new("gets "), &own)));
        }
        let (old, new) = (account_of(before.spec), account_of(after.spec));
        if old == new || sides.renames().follows(old, new).is_some() {
            continue;
        }
        let known = of_account(whole, 0, (sides.namespace(0), old));
        let gained = gained(&known, &of_account(whole, 1, (sides.namespace(1), new)));
        if !gained.is_empty() {
            found.push(judgement("spec.serviceAccountName", told(runs(new), &gained)));
        }
    }
}

/// Judges a new workload: its accounts had an identity before. What an account gets by this change is told of it.
fn starts(sides: &Sides<'_, '_>, runs: impl Fn(&str) -> Phrase, found: &mut Vec<Judgement>) {
    let read = |node: &Node| Resource::new(node.clone(), &Schema::built_in()).ok();
    let Some(object) = sides.after.and_then(read) else { return };
    let pods = pod_templates(&object);
    let names: BTreeSet<&str> = pods.iter().map(|pod| account_of(pod.spec)).collect();
    for name in names {
        let place = (sides.namespace(1).to_owned(), name.to_owned());
        if sides.whole.left_accounts().contains(&place) {
            continue;
        }
        let [known, now] = [0, 1].map(|side| of_account(sides.whole, side, (&*place.0, name)));
        let held: Vec<(&'static str, &str)> =
            now.into_iter().filter(|(words, name)| known.get(words) == Some(name)).collect();
        if !held.is_empty() {
            found.push(judgement("spec.serviceAccountName", told(runs(name), &held)));
        }
    }
}

/// The users and roles of AWS that a cluster knows, each with its user and its groups there.
#[derive(Default)]
struct Mapped {
    /// The pairs of a group and what is in it.
    groups: BTreeSet<(String, String)>,
    users: BTreeMap<String, String>,
    accounts: BTreeSet<String>,
    /// True if a text cannot be read.
    is_unknown: bool,
}

impl Mapped {
    fn of(map: Option<&Node>) -> Self {
        let mut all = Self::default();
        let Some(data) = map.and_then(|map| present(map, "data")) else { return all };
        for (key, name) in [("mapRoles", "rolearn"), ("mapUsers", "userarn"), ("mapAccounts", "")] {
            let Some(written) = text(data, key).filter(|text| !text.trim().is_empty()) else {
                continue;
            };
            let source = Source::detached(written);
            match parse::document(&source).map(|document| document.map(|one| one.root)) {
                Ok(Some(root)) if root.is_null() => {}
                Ok(Some(root)) if root.as_sequence().is_some() => all.add(&root, name),
                Ok(None) => {}
                _ => all.is_unknown = true,
            }
        }
        all
    }

    fn add(&mut self, list: &Node, key: &str) {
        for one in list.items() {
            if let Some(account) = one.as_text().filter(|_| key.is_empty()) {
                self.accounts.insert(account.to_owned());
                continue;
            }
            let Some(name) = text(one, key) else { continue };
            let groups = items(present(one, "groups")).iter().filter_map(Node::as_text);
            self.groups.extend(groups.map(|group| (group.to_owned(), name.to_owned())));
            if let Some(user) = text(one, "username") {
                self.users.insert(name.to_owned(), user.to_owned());
            }
        }
    }
}

/// The group that may do everything.
const MASTERS: &str = "system:masters";

/// Judges the `ConfigMap` `aws-auth`, by which users and roles of AWS are users of the cluster.
pub(in crate::diff::weigh) fn mapped(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let id = sides.object.id();
    if id.name != "aws-auth" || sides.namespace(usize::from(sides.after.is_some())) != "kube-system"
    {
        return;
    }
    let (old, new) = (Mapped::of(sides.before), Mapped::of(sides.after));
    let mut gained: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (group, name) in new.groups.difference(&old.groups) {
        gained.entry(group).or_default().push(name);
    }
    for (group, names) in &gained {
        let phrase = Phrase::new("makes ").few(names.iter().copied()).say(" members of the group ");
        let phrase = phrase.name(group);
        found.push(match *group {
            MASTERS => judgement("data", phrase.say(", which may do everything"))
                .with_severity(Severity::Error),
            _ => judgement("data", phrase),
        });
    }
    // A new member of a group has a name of its own anyway.
    let members: BTreeSet<&String> = new.groups.iter().map(|(_, name)| name).collect();
    let named = new.users.iter().filter(|(name, user)| match old.users.get(*name) {
        Some(was) => was != *user,
        None => !members.contains(name),
    });
    let named: Vec<(&String, &String)> = named.collect();
    if !named.is_empty() {
        let phrase = Phrase::new("lets ").each(named, |phrase, (name, user)| {
            phrase.name(name).say(" act as the user ").name(user)
        });
        found.push(judgement("data", phrase));
    }
    let accounts: Vec<&str> = new.accounts.difference(&old.accounts).map(String::as_str).collect();
    if !accounts.is_empty() {
        let phrase = Phrase::new("lets in all users of the account of AWS ").few(accounts);
        found.push(judgement("data.mapAccounts", phrase));
    }
    if new.is_unknown && !old.is_unknown {
        let words = "is not judged: it has a list of roles or users that cannot be read";
        found.push(judgement("data", Phrase::new(words)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::weigh::tests::{judged, told};

    #[test]
    fn each_line_is_an_identity() {
        let lines = include_str!("clouds.txt").lines().filter(|line| !line.starts_with('#'));
        assert_eq!(IDENTITIES.len(), lines.count());
    }

    fn account(name: &str, annotations: &str) -> String {
        format!(
            "{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: {name}, annotations: {{{annotations}}}}}}}\n---\n"
        )
    }

    fn deployment(account: &str, annotations: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d}}, spec: {{template: {{metadata: {{annotations: {{{annotations}}}}}, spec: {{serviceAccountName: {account}, hostPID: true}}}}}}}}\n---\n"
        )
    }

    #[test]
    fn accounts_get_roles_of_clouds() {
        let label = "006 warning ServiceAccount a: gets ";
        for (key, words) in [
            ("eks.amazonaws.com/role-arn", "the role of AWS"),
            ("iam.gke.io/gcp-service-account", "the service account of Google Cloud"),
            ("azure.workload.identity/client-id", "the identity of Azure"),
        ] {
            let with = |name: &str| account("a", &format!("{key}: {name}"));
            let expected = format!("{label}{words} admin");
            told(&account("a", ""), &with("admin"), &[&*expected]);
            assert_eq!(judged(&with("reader"), &with("admin")), [&*expected]);
            let regional = with("admin, eks.amazonaws.com/sts-regional-endpoints: 'true'");
            told(&with("admin"), &regional, &[]);
            let new = format!("{}{}", account("b", ""), with("admin"));
            told(&account("b", ""), &new, &[&*expected]);
        }
    }

    #[test]
    fn pods_get_roles_of_clouds() {
        let accounts =
            account("plain", "") + &account("strong", "eks.amazonaws.com/role-arn: admin");
        let runs = "006 warning Deployment d: runs as the ServiceAccount strong, which has the role of AWS admin";
        let with = |name: &str| format!("{accounts}{}", deployment(name, ""));
        assert!(judged(&with("plain"), &with("strong")).contains(&runs.to_owned()));
        assert!(!judged(&with("strong"), &with("plain")).iter().any(|one| one.starts_with("006")));
        told(&accounts, &with("strong"), &[runs]);
        let other = with("strong").replace("name: d}", "name: e}");
        told(&with("strong"), &other, &[]);
        told(
            &deployment("a", ""),
            &deployment("a", "iam.amazonaws.com/role: admin"),
            &["006 warning Deployment d: gets the role of AWS admin"],
        );
    }

    #[test]
    fn users_of_aws_become_members_of_groups() {
        let map = |roles: &str, users: &str| {
            let entry = |key: &str, list: &str| {
                let lines = list.split(';').filter(|one| !one.is_empty());
                let lines = lines.map(|line| format!("    - {{{}}}\n", line.trim()));
                format!("  {key}: |\n{}", lines.collect::<String>())
            };
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: aws-auth, namespace: kube-system}}\ndata:\n{}{}",
                entry("mapRoles", roles),
                entry("mapUsers", users)
            )
        };
        let node = "rolearn: node, username: n, groups: [system:nodes]";
        let label = "ConfigMap aws-auth: makes ";
        let masters = "members of the group system:masters, which may do everything";
        told(
            &map(node, ""),
            &map(&format!("{node}; rolearn: dev, username: d, groups: [system:masters]"), ""),
            &[&*format!("006 error {label}dev {masters}")],
        );
        told(
            &map(node, ""),
            &map(node, "userarn: eve, username: eve, groups: [viewers, system:masters]"),
            &[
                &*format!("006 error {label}eve {masters}"),
                &*format!("006 warning {label}eve members of the group viewers"),
            ],
        );
        told(
            &map(node, ""),
            &map(
                &format!(
                    "groups: [system:nodes], {}",
                    node.replace(", groups: [system:nodes]", "")
                ),
                "",
            ),
            &[],
        );
        assert_eq!(
            judged(&map(node, ""), &map(&node.replace("username: n", "username: root"), "")),
            ["006 warning ConfigMap aws-auth: lets node act as the user root"]
        );
        let gone = judged(&map("", "userarn: a, username: x, groups: [g]"), &map("", ""));
        assert_eq!(gone, [""; 0]);
        let broken = map(node, "").replace("- {", "- {{");
        assert_eq!(judged(&map(node, ""), &broken).len(), 1);
        let other = |text: String| text.replace("aws-auth", "other");
        told(&other(map(node, "")), &other(map("rolearn: a, groups: [system:masters]", "")), &[]);
    }
}
