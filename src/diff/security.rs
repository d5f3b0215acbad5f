//! Changes of the Pod Security verdict of an object: looser or tighter.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::containers::{paired, paired_pods};
use crate::harden::{Level, Rule, Set, Verdict, Version, Violated};
use crate::resource::Resource;
use crate::schema::Schema;
use crate::yaml::{Node, Text};

/// A change of the Pod Security verdict of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Security {
    /// Strictest level that its pods satisfied; `None` if there were none.
    pub before: Option<Set>,
    /// Strictest level that its pods satisfy; `None` if there are none.
    pub after: Option<Set>,
    /// Rules that are violated only after the change.
    pub violated: Vec<Cause>,
    /// Rules that were violated only before the change.
    pub satisfied: Vec<Cause>,
}

/// A rule, and the containers that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The rule.
    pub rule: &'static Rule,
    /// The lowest level that includes the rule.
    pub level: Level,
    /// Names of the containers; empty if it is about the whole pod.
    pub containers: Vec<Text>,
}

/// Direction of a change of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// Pods may do more.
    Looser,
    /// Other rules are violated, but none that the level requires.
    Aside,
    /// Pods may do less.
    Tighter,
}

impl Security {
    /// Compares the verdicts on an object by the newest version of the standards. `None` if they are equal. New or
    /// removed pods are only reported if they are privileged.
    pub(super) fn of(before: Option<&Node>, after: Option<&Node>) -> Option<Self> {
        let objects = [before, after].map(|node| node.and_then(object));
        let [before, after] = [0, 1].map(|side| verdict(objects[side].as_ref()?));
        let [old, new] = [&before, &after].map(|side| side.as_ref().map(Verdict::level));
        let mut security =
            Self { before: old, after: new, violated: Vec::new(), satisfied: Vec::new() };
        match (&before, &after) {
            (Some(before), Some(after)) => {
                security.violated = beyond(after, before);
                security.satisfied = beyond(before, after);
                security.cancel(&objects);
            }
            (None, Some(after)) => {
                security.violated = beyond(after, &Verdict::default());
                security.violated.retain(|cause| cause.level == Level::Baseline);
            }
            (_, None) => {}
        }
        let is_telling = match (old, new) {
            (Some(_), Some(_)) => {
                old != new || !(security.violated.is_empty() && security.satisfied.is_empty())
            }
            _ => old.or(new) == Some(Set::Privileged),
        };
        is_telling.then_some(security)
    }

    /// Removes violations that are the same as before under another name: of a container that was renamed, or of
    /// another part of the pod, as often.
    fn cancel(&mut self, objects: &[Option<Resource>; 2]) {
        if self.violated.is_empty() || self.satisfied.is_empty() {
            return;
        }
        let names = renamed(objects);
        // The rules of which no cause is left, on each side.
        let mut void: [BTreeSet<&str>; 2] = Default::default();
        for new in &mut self.violated {
            let is_same = |old: &&mut Cause| {
                old.rule == new.rule && old.containers.is_empty() == new.containers.is_empty()
            };
            let Some(old) = self.satisfied.iter_mut().find(is_same) else { continue };
            let [was, is]: [BTreeSet<Text>; 2] =
                [&old.containers, &new.containers].map(|list| list.iter().cloned().collect());
            let same = names.iter().filter(|(old, new)| was.contains(old) && is.contains(new));
            let [was, is]: [BTreeSet<&Text>; 2] =
                [same.clone().map(|both| &both.0).collect(), same.map(|both| &both.1).collect()];
            old.containers.retain(|name| !was.contains(name));
            new.containers.retain(|name| !is.contains(name));
            for (void, cause) in void.iter_mut().zip([old, new]) {
                if cause.containers.is_empty() {
                    void.insert(cause.rule.id);
                }
            }
        }
        self.satisfied.retain(|cause| !void[0].contains(cause.rule.id));
        self.violated.retain(|cause| !void[1].contains(cause.rule.id));
    }

    /// The direction of the change.
    #[must_use]
    pub fn turned(&self) -> Turned {
        let (Some(before), Some(after)) = (self.before, self.after) else {
            return if self.before.is_none() { Turned::Looser } else { Turned::Tighter };
        };
        let is_grave = |causes: &[Cause]| causes.iter().any(|of| of.level == Level::Baseline);
        match after.cmp(&before) {
            Ordering::Less => Turned::Looser,
            Ordering::Greater => Turned::Tighter,
            Ordering::Equal if is_grave(&self.violated) => Turned::Looser,
            Ordering::Equal if is_grave(&self.satisfied) => Turned::Tighter,
            Ordering::Equal => Turned::Aside,
        }
    }
}

fn object(node: &Node) -> Option<Resource> {
    Resource::new(node.clone(), &Schema::built_in()).ok()
}

fn verdict(object: &Resource) -> Option<Verdict> {
    Verdict::of(object, Version::LATEST)
}

/// The containers that have another name than before: both names.
fn renamed(objects: &[Option<Resource>; 2]) -> BTreeSet<(Text, Text)> {
    let [Some(before), Some(after)] = objects else { return BTreeSet::new() };
    let pods = paired_pods(before, after);
    let containers = pods.iter().flat_map(|[old, new]| paired(&old.containers, &new.containers));
    let names = containers.filter_map(|pair| Some((pair.before?.1.into(), pair.after?.1.into())));
    names.filter(|(was, is): &(Text, Text)| was != is).collect()
}

/// The violations that only one verdict has. Those of `baseline` count per container; the others, which most pods have,
/// count once per rule: another container like its neighbours is not worth a report.
fn beyond(one: &Verdict, other: &Verdict) -> Vec<Cause> {
    let field = |violated: &Violated| match violated.level {
        Level::Restricted => None,
        Level::Baseline => Some(violated.field.clone()),
    };
    let key = |violated: &Violated| (violated.rule.id, field(violated));
    let known: BTreeSet<(&str, Option<String>)> = other.violated.iter().map(key).collect();
    let mut causes: Vec<Cause> = Vec::new();
    let mut told = BTreeSet::new();
    for violated in one.violated.iter().filter(|violated| !known.contains(&key(violated))) {
        let Violated { rule, level, container, .. } = violated;
        if causes.last().is_none_or(|cause| cause.rule != *rule) {
            causes.push(Cause { rule, level: *level, containers: Vec::new() });
            told.clear();
        }
        if let (Some(cause), Some(container)) = (causes.last_mut(), container)
            && told.insert(container)
        {
            cause.containers.push(container.clone());
        }
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::resource;

    fn turned(before: &str, after: &str) -> Option<(Turned, String, String)> {
        let node = |spec: &str| {
            let text =
                format!("{{apiVersion: v1, kind: Pod, metadata: {{name: a}}, spec: {spec}}}");
            (!spec.is_empty()).then(|| resource(&text).node().clone())
        };
        let security = Security::of(node(before).as_ref(), node(after).as_ref())?;
        let words = |causes: &[Cause]| {
            let word =
                |cause: &Cause| format!("{} [{}]", cause.rule.name, cause.containers.join(" "));
            causes.iter().map(word).collect::<Vec<_>>().join(", ")
        };
        Some((security.turned(), words(&security.violated), words(&security.satisfied)))
    }

    const PLAIN: &str = "{containers: [{name: app}]}";
    const PRIVILEGED: &str = "{containers: [{name: app, securityContext: {privileged: true}}]}";

    #[test]
    fn what_pods_may_do_more_is_told() {
        let told = |turned, violated: &str, satisfied: &str| {
            Some((turned, violated.to_owned(), satisfied.to_owned()))
        };
        let privileged = "privileged-container [app]";
        assert_eq!(turned(PLAIN, PRIVILEGED), told(Turned::Looser, privileged, ""));
        assert_eq!(turned(PRIVILEGED, PLAIN), told(Turned::Tighter, "", privileged));
        let host = PRIVILEGED.replace("{containers", "{hostPID: true, containers");
        assert_eq!(turned(PRIVILEGED, &host), told(Turned::Looser, "host-pid []", ""));
        assert_eq!(turned(&host, PRIVILEGED), told(Turned::Tighter, "", "host-pid []"));
        let with =
            |name: &str| PLAIN.replace("app}", &format!("app, securityContext: {{{name}}}}}"));
        assert_eq!(
            turned(&with("allowPrivilegeEscalation: false"), PLAIN),
            told(Turned::Aside, "privilege-escalation [app]", "")
        );
    }

    #[test]
    fn containers_that_trade_places_are_told() {
        let pod = |first: &str, second: &str| {
            format!("{{containers: [{{name: a, image: a{first}}}, {{name: b, image: b{second}}}]}}")
        };
        let privileged = ", securityContext: {privileged: true}";
        let one = pod(privileged, "");
        let told = turned(&one, &pod("", privileged));
        let rule = "privileged-container";
        assert_eq!(told, Some((Turned::Looser, format!("{rule} [b]"), format!("{rule} [a]"))));
        let renamed = one.replace("name: a", "name: c");
        assert_eq!(turned(&one, &renamed), None);
        let renamed = renamed.replace("image: b", "image: b, securityContext: {privileged: true}");
        assert_eq!(turned(&one, &renamed).map(|told| told.1), Some(format!("{rule} [b]")));
    }

    #[test]
    fn what_is_no_news_is_not_told() {
        assert_eq!(turned(PLAIN, PLAIN), None);
        assert_eq!(turned(PLAIN, &PLAIN.replace("app}", "app}, {name: b}")), None, "as the first");
        assert_eq!(turned(PRIVILEGED, &PRIVILEGED.replace("app", "b")), None, "only renamed");
        let host = |name: &str| format!("{{volumes: [{{name: {name}, hostPath: {{path: /}}}}]}}");
        assert_eq!(turned(&host("a"), &host("b")), None, "a renamed volume");
        assert_eq!((turned("", PLAIN), turned(PLAIN, "")), (None, None));
        assert!(turned("", PRIVILEGED).is_some() && turned(PRIVILEGED, "").is_some());
    }
}
