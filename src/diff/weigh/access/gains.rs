//! Gains of those to whom the render gives a role: rights that they had by another role are no news.

use std::collections::{BTreeMap, BTreeSet};

use super::held::{held_before, is_master};
use super::rights::{RoleKey, Subject, for_subjects};
use super::sets::{Grown, Held, On, Right, beyond, grown};
use crate::diff::weigh::{Phrase, Sides};
use crate::yaml::Node;

/// The maximum number of subjects of a role that are compared one by one.
const MOST: usize = 1024;

/// Rights that subjects did not have, and those that get them.
#[derive(Default)]
pub(super) struct Gains<'o> {
    verbs: BTreeMap<On, BTreeSet<String>>,
    subjects: BTreeSet<&'o Subject>,
    places: BTreeSet<&'o str>,
    /// True if some subjects could do everything, and are not those that always can.
    has_admins: bool,
}

impl<'o> Gains<'o> {
    /// The gains by new rules of roles, of which the last ones are those of each cluster: beyond the old rules, and the
    /// others that the subjects had. `None` if the render gives the roles to none, or to too many to be compared.
    pub(super) fn of(
        sides: &Sides<'o, '_>,
        (reached, usual): (&[RoleKey], &[RoleKey]),
        [old, new]: [&[&Node]; 2],
    ) -> Option<Self> {
        let (whole, takes) = (sides.whole, |steps| sides.whole.work.takes(steps));
        let (mut gains, mut number) = (Self::default(), 0);
        // A role that was there may be given elsewhere, beside those of each cluster that it is a part of.
        if sides.before.is_some() && !usual.is_empty() {
            return None;
        }
        // The subjects of roles of each cluster are also in other renders.
        for role in usual {
            let mut held = old.to_vec();
            held.extend(whole.rights(0).rules(role, &takes).unwrap_or_default());
            gains.add(&grown(&held, new, sides.renames(), &whole.work))?;
            number += 1;
        }
        let own = Held::of(old.iter().copied(), sides.renames(), &whole.work);
        for binding in
            reached.iter().chain(usual).flat_map(|role| whole.rights(1).bindings_of(role))
        {
            for subject in &binding.subjects {
                number += 1;
                if number > MOST {
                    return None;
                }
                let had = held_before(sides, subject, &binding.namespace);
                let held: Vec<&Held<'_>> =
                    std::iter::once(&own).chain(had.iter().map(|one| &one.held)).collect();
                gains.has_admins |=
                    !is_master(subject) && had.iter().any(|one| one.held.is_everything());
                if gains.add(&beyond(&held, new, &whole.work))? {
                    gains.subjects.insert(subject);
                    gains.places.insert(&binding.namespace);
                }
            }
        }
        (number > 0 && !whole.work.is_over()).then_some(gains)
    }

    /// Adds rights. True if there are some; `None` if they are not known.
    fn add(&mut self, grown: &Grown) -> Option<bool> {
        let Grown::By(rights) = grown else { return None };
        for right in rights {
            self.verbs.entry(right.on.clone()).or_default().extend(right.verbs.iter().cloned());
        }
        Some(!rights.is_empty())
    }

    /// The rights that any of the subjects gets.
    pub(super) fn rights(&self) -> Grown {
        let right = |(on, verbs): (&On, &BTreeSet<String>)| {
            let is_all = verbs.contains("*");
            let verbs = if is_all { vec!["*".to_owned()] } else { verbs.iter().cloned().collect() };
            Right { verbs, on: on.clone() }
        };
        Grown::By(self.verbs.iter().map(right).collect())
    }

    /// True if the rights are new only for others than the render names: its own subjects can do everything by other roles.
    pub(super) fn are_for_others(&self) -> bool {
        self.has_admins && self.verbs.is_empty()
    }

    /// Appends the subjects that get rights, and where.
    pub(super) fn told(&self, phrase: Phrase) -> Phrase {
        for_subjects(phrase, &self.subjects, &self.places)
    }
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::judged;

    fn object(kind: &str, name: &str, fields: &str) -> String {
        let namespace = if kind.starts_with("Cluster") { "" } else { ", namespace: shop" };
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: {kind}, metadata: {{name: {name}{namespace}}}, {fields}}}\n---\n"
        )
    }

    fn role(kind: &str, name: &str, rules: &[&str]) -> String {
        object(kind, name, &format!("rules: [{}]", rules.join(", ")))
    }

    fn bound(kind: &str, role: &str, accounts: &[&str]) -> String {
        let account =
            |name: &&str| format!("{{kind: ServiceAccount, name: {name}, namespace: shop}}");
        let subjects: Vec<String> = accounts.iter().map(account).collect();
        let fields =
            format!("roleRef: {{kind: {kind}, name: {role}}}, subjects: [{}]", subjects.join(", "));
        object("RoleBinding", role, &fields)
    }

    const MAPS: &str = "{apiGroups: [''], resources: [configmaps], verbs: [get, list]}";
    const SECRETS: &str = "{apiGroups: [''], resources: [secrets], verbs: [get]}";
    const PODS: &str = "{apiGroups: [''], resources: [pods], verbs: [get]}";
    const ALL: &str = "{apiGroups: ['*'], resources: ['*'], verbs: ['*']}";

    /// A Role under a name, given to accounts.
    fn given(name: &str, rules: &[&str], accounts: &[&str]) -> String {
        role("Role", name, rules) + &bound("Role", name, accounts)
    }

    fn granted(before: &str, after: &str) -> Vec<String> {
        judged(before, after).into_iter().filter(|one| one.starts_with("006")).collect()
    }

    #[test]
    fn rights_that_all_subjects_had_are_no_grant() {
        let one = given("all", &[MAPS, SECRETS], &["web"]);
        let two = given("a", &[MAPS], &["web"]) + &given("b", &[SECRETS], &["web"]);
        let kept = given("all", &[MAPS], &["web"]) + &given("b", &[SECRETS], &["web"]);
        let of_cluster =
            role("ClusterRole", "all", &[MAPS, SECRETS]) + &bound("ClusterRole", "all", &["web"]);
        let everywhere = of_cluster
            .replace("RoleBinding", "ClusterRoleBinding")
            .replace("name: all, namespace: shop", "name: all");
        let edit = bound("ClusterRole", "edit", &["web"]);
        for (before, after) in [
            (&one, &two),
            (&two, &one),
            (&one, &kept),
            (&kept, &one),
            (&one, &of_cluster),
            (&of_cluster, &one),
            (&everywhere, &one),
            (&everywhere, &two),
            (&edit, &one),
            (&edit, &two),
        ] {
            assert_eq!(granted(before, after), [""; 0], "{before}{after}");
        }
        assert_ne!(granted(&one, &everywhere), [""; 0], "in the whole cluster");
    }

    #[test]
    fn more_rights_and_other_subjects_are_told_beside_those_that_were_there() {
        let one = given("all", &[MAPS, SECRETS], &["web"]);
        let more = given("a", &[MAPS], &["web"]) + &given("b", &[SECRETS, PODS], &["web"]);
        let told =
            "006 warning Role b: may now get pods, for ServiceAccount shop/web in namespace shop";
        assert!(granted(&one, &more).contains(&told.to_owned()), "{:?}", granted(&one, &more));
        let others = given("a", &[MAPS], &["web"]) + &given("b", &[SECRETS], &["web", "job"]);
        assert_eq!(
            granted(&one, &others),
            ["006 error RoleBinding b: gives b to ServiceAccount shop/job"]
        );
        // Of the subjects of one role, those of another one had its rights.
        let two = given("a", &[MAPS], &["web", "job"]) + &given("b", &[SECRETS], &["web"]);
        assert_eq!(
            granted(&two, &given("a", &[MAPS, SECRETS], &["web", "job"])),
            [
                "006 error Role a: may now get secrets (reads Secrets), for ServiceAccount shop/job in namespace shop"
            ]
        );
        let edit = bound("ClusterRole", "edit", &["web"])
            .replace("name: edit, namespace", "name: all, namespace");
        let told = granted(&edit, &given("all", &[ALL], &["web"]));
        assert!(told.len() == 2 && told.iter().all(|one| one.starts_with("006 error")), "{told:?}");
        // A role that the render gives to none may be given elsewhere.
        let told = granted(&one, &(one.clone() + &role("Role", "b", &[PODS])));
        assert_eq!(told, ["006 warning Role b: may now get pods"]);
    }

    #[test]
    fn a_role_that_was_there_may_be_given_to_others() {
        let given = |rules: &[&str], subject: &str| {
            let fields = format!("roleRef: {{kind: ClusterRole, name: r}}, subjects: [{subject}]");
            role("ClusterRole", "r", rules) + &object("ClusterRoleBinding", "r", &fields)
        };
        let account = "{kind: ServiceAccount, name: web, namespace: shop}";
        let admin = object(
            "ClusterRoleBinding",
            "admin",
            &format!("roleRef: {{kind: ClusterRole, name: cluster-admin}}, subjects: [{account}]"),
        );
        let (old, new) =
            (given(&[MAPS], account) + &admin, given(&[MAPS, SECRETS], account) + &admin);
        let words = "006 error ClusterRole r: may now get secrets (reads Secrets), for those to whom other renders give it";
        assert_eq!(granted(&old, &new), [words]);
        assert_eq!(granted(&new, &old), [""; 0]);
        // The group that may do everything gains nothing, and others do.
        let masters = "{kind: Group, name: 'system:masters'}";
        assert_eq!(granted(&given(&[MAPS], masters), &given(&[MAPS, SECRETS], masters)), [""; 0]);
        let both = format!("{masters}, {account}");
        let told = granted(&given(&[MAPS], &both), &given(&[MAPS, SECRETS], &both));
        assert_eq!(
            told,
            [
                "006 error ClusterRole r: may now get secrets (reads Secrets), for ServiceAccount shop/web in the whole cluster"
            ]
        );
    }

    #[test]
    fn many_roles_of_one_account_are_compared_in_linear_time() {
        let all = |rules: &[&str]| -> String {
            let one = |number: usize| {
                let name = format!("r{number}");
                role("ClusterRole", &name, rules)
                    + &object(
                        "ClusterRoleBinding",
                        &name,
                        &format!(
                            "roleRef: {{kind: ClusterRole, name: {name}}}, subjects: [{{kind: ServiceAccount, name: web, namespace: shop}}]"
                        ),
                    )
            };
            (0..400).map(one).collect()
        };
        let (old, new) = (all(&[PODS]), all(&[PODS, SECRETS]));
        let told = granted(&old, &new);
        assert_eq!(told.len(), 400);
        let words =
            "may now get secrets (reads Secrets), for ServiceAccount shop/web in the whole cluster";
        assert!(told.iter().all(|one| one.ends_with(words)), "{}", told[0]);
    }

    #[test]
    fn renamed_accounts_keep_their_rights() {
        let all = |name: &str, rules: &[&str]| {
            let account = format!(
                "{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: {name}, labels: {{app: web}}}}}}\n---\n"
            );
            let everywhere = bound("ClusterRole", "r", &[name])
                .replace("RoleBinding", "ClusterRoleBinding")
                .replace(", namespace: shop", "");
            // Others that are named alike.
            let other = account.replace(&format!("name: {name}"), &format!("name: {name}-job"));
            account + &other + &role("ClusterRole", "r", rules) + &everywhere
        };
        let (old, new) = (all("web", &[SECRETS]), all("team-web", &[SECRETS]));
        assert_eq!(granted(&old, &new), [""; 0]);
        assert_eq!(granted(&new, &old), [""; 0]);
        assert_eq!(granted(&old, &all("team-web", &[SECRETS, PODS])).len(), 1);
    }

    #[test]
    fn parts_of_roles_of_each_cluster_add_what_these_have() {
        let part = |name: &str, rules: &[&str]| {
            role("ClusterRole", name, rules).replace(
                &format!("{{name: {name}}}"),
                &format!("{{name: {name}, labels: {{rbac.authorization.k8s.io/aggregate-to-view: 'true'}}}}"),
            )
        };
        let own = "{apiGroups: [example.org], resources: [a], verbs: [get]}";
        let other = "{apiGroups: [example.org], resources: [b], verbs: [get]}";
        let (one, two) = (part("one", &[own, other]), part("one", &[own]) + &part("two", &[other]));
        assert_eq!(granted(&one, &two), [""; 0]);
        // A role that was there may be given elsewhere too.
        assert_eq!(granted(&two, &one).len(), 1);
        assert_eq!(granted(&one, &(one.clone() + &part("two", &[MAPS]))), [""; 0], "view has it");
        assert_eq!(granted(&part("one", &[own]), &two).len(), 2, "{two}");
        assert_eq!(granted(&one, &part("one", &[own, other, SECRETS])).len(), 1);
    }
}
