//! KR-DIF-008: levels of namespaces, webhooks and policies that admit more.

use std::collections::{BTreeMap, BTreeSet};

use super::engines::{self, judgement};
use super::reach::Reach;
use super::selectors::Conditions;
use super::{Judgement, Phrase, Sides, canonical};
use crate::harden::Severity;
use crate::harden::value::{below, items, present, text};
use crate::yaml::Node;

/// The uses of a level of the Pod Security Standards, with the severity of a weaker one.
const MODES: [(&str, &str, Severity); 3] = [
    ("enforce", "enforces", Severity::Error),
    ("audit", "audits", Severity::Warning),
    ("warn", "warns of", Severity::Warning),
];

/// Judges a Namespace that was there before.
pub(super) fn namespace(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    for (mode, words, severity) in MODES {
        let [old, new] = [before, after].map(|node| Level::of(node, mode));
        let judged =
            |phrase: Phrase, severity| judgement("metadata.labels", phrase).with_severity(severity);
        let written = label(after, mode, "").filter(|written| !LEVELS.contains(written));
        if let Some(written) = written.filter(|_| label(before, mode, "") != label(after, mode, ""))
        {
            let phrase = Phrase::new(format!("its label {mode} is no level of Pod Security: "));
            let phrase = phrase.name(written).say(match mode {
                "enforce" => " (the API server refuses it)",
                _ => " (the API server refuses it, or takes it as privileged)",
            });
            found.push(judged(phrase, severity));
            continue;
        }
        if new < old {
            let phrase =
                Phrase::new(words).say(format!(" {} in place of {}", new.words(), old.words()));
            found.push(judged(phrase, severity));
            continue;
        }
        let version = |node| version(label(node, mode, "-version"));
        if new == old && new != Level::Privileged && version(after) < version(before) {
            let phrase = Phrase::new(words).say(format!(" {} by an older version: ", new.words()));
            let written = label(after, mode, "-version").unwrap_or_default();
            found.push(judged(phrase.name(written), Severity::Warning));
        }
    }
}

/// The levels of the Pod Security Standards.
const LEVELS: [&str; 3] = ["privileged", "baseline", "restricted"];

/// The label of a namespace for a mode.
fn label<'a>(namespace: &'a Node, mode: &str, suffix: &str) -> Option<&'a str> {
    let labels = below(namespace, &["metadata", "labels"])?;
    text(labels, &format!("pod-security.kubernetes.io/{mode}{suffix}"))
}

/// A level of the Pod Security Standards, the weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Privileged,
    Baseline,
    Restricted,
}

impl Level {
    /// The level of a namespace for a mode. The API server refuses another value when a namespace is made or its labels
    /// change. One that got there otherwise is taken as `restricted` if it is enforced, and else as `privileged`.
    /// (Kubernetes, `pod-security-admission/api/helpers.go`, `PolicyToEvaluate`; `admission.go`, `ValidateNamespace`.)
    fn of(namespace: &Node, mode: &str) -> Self {
        match label(namespace, mode, "") {
            None | Some("privileged") => Self::Privileged,
            Some("baseline") => Self::Baseline,
            Some("restricted") => Self::Restricted,
            Some(_) if mode == "enforce" => Self::Restricted,
            Some(_) => Self::Privileged,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

/// The minor version of the standards; the newest without a label.
fn version(label: Option<&str>) -> u32 {
    label.and_then(|label| label.strip_prefix("v1.")?.parse().ok()).unwrap_or(u32::MAX)
}

/// Judges a workload that moves to a namespace which enforces a weaker level.
pub(super) fn moved(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(_), Some(_)) = (sides.before, sides.after) else { return };
    let names = [0, 1].map(|side| sides.namespace(side));
    if names[0] == names[1] {
        return;
    }
    let object = |side: usize, name: &str| {
        let mut all = sides.whole.all_of_kind(side, "Namespace");
        all.find(|one| one.name() == name).map(crate::resource::Resource::node)
    };
    let Some(old) = object(0, names[0]).map(|node| Level::of(node, "enforce")) else { return };
    if old == Level::Privileged {
        return;
    }
    let phrase = Phrase::new("moves to namespace ").name(names[1]);
    let was = format!("{} of namespace ", old.words());
    let phrase = match object(1, names[1]).map(|node| Level::of(node, "enforce")) {
        Some(new) if new >= old => return,
        Some(new) => phrase.say(format!(", which enforces {} in place of {was}", new.words())),
        // Its object may be in another target.
        None => phrase.say(format!(", of which the level is not known, from {was}")),
    };
    found.push(judgement("metadata.namespace", phrase.name(names[0])));
}

/// Judges a `ValidatingWebhookConfiguration` or a `MutatingWebhookConfiguration`.
pub(super) fn webhooks(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let severity = match sides.kind {
        "ValidatingWebhookConfiguration" => Severity::Error,
        _ => Severity::Warning,
    };
    let (old, new) = (hooks(sides.before), hooks(sides.after));
    let keys = ["namespaceSelector", "objectSelector"];
    let is_split = |hook: &Node| keys.iter().any(|key| shares(sides, hook, hook, key));
    let is_elsewhere = |hook: &Node| {
        let (name, work) = (text(hook, "name"), &sides.whole.work);
        let mut others = sides.whole.all_of_kind(1, sides.kind);
        others.any(|other| {
            let list = items(present(other.node(), "webhooks"));
            let is_same = |one: &Node| {
                text(one, "name") == name
                    && work.takes(one.count_below())
                    && canonical(one) == canonical(hook)
            };
            work.takes(list.len()) && list.iter().any(is_same)
        })
    };
    let gone = old.iter().filter(|(name, _)| !new.contains_key(*name));
    let gone: Vec<&str> = gone
        .filter(|(_, hook)| !is_elsewhere(hook) && !is_split(hook))
        .map(|(name, _)| *name)
        .collect();
    if !gone.is_empty() {
        let path = if sides.after.is_none() { "" } else { "webhooks" };
        let phrase = Phrase::new("no longer asks ").few(gone);
        found.push(judgement(path, phrase).with_severity(severity));
    }
    // Before `v1` the default was another one.
    let is_old = |side: usize| {
        let id = sides.object.ids[side].as_ref();
        id.is_some_and(|id| id.api_version.ends_with("/v1beta1"))
    };
    let ignores = |side: usize, hook: &Node| match text(hook, "failurePolicy") {
        None => is_old(side),
        Some(policy) => policy == "Ignore",
    };
    let both = || old.iter().filter_map(|(name, hook)| Some((*name, *hook, *new.get(name)?)));
    let ignoring = both().filter(|(_, before, after)| !ignores(0, before) && ignores(1, after));
    let ignoring: Vec<&str> = ignoring.map(|(name, ..)| name).collect();
    if !ignoring.is_empty() {
        let phrase = Phrase::new("admits everything while ")
            .few(ignoring)
            .say(" fails (failurePolicy: Ignore)");
        found.push(judgement("webhooks", phrase).with_severity(severity));
    }
    found.extend(sent(sides, &old, &new));
    let work = sides.work();
    for (name, before, after) in both() {
        let reach = |hook| Reach { scope: Some(hook), rules: "rules", conditions: Some(hook) };
        let is_shared = |key: &str| shares(sides, before, after, key);
        for phrase in reach(before).narrowed(&reach(after), &is_shared, &work) {
            let phrase = Phrase::default().name(name).say(" ").and(phrase);
            found.push(judgement("webhooks", phrase).with_severity(severity));
        }
        found.extend(readdressed(sides, name, [before, after]));
    }
}

/// The maximum number of webhooks, and of parts of a selector, that share what one saw.
const MOST_SHARING: usize = 32;

/// True if webhooks that say the same as one of after see all together what one of before selected by a field.
fn shares(sides: &Sides<'_, '_>, before: &Node, after: &Node, key: &str) -> bool {
    let work = &sides.whole.work;
    let meaning = |hook: &Node| {
        let entries = hook.entries().iter();
        let entries =
            entries.filter(|(of, value)| !["name", key].contains(&of.text()) && !value.is_null());
        let parts: BTreeSet<String> =
            entries.map(|(of, value)| format!("{:?}:{}", of.text(), canonical(value))).collect();
        parts
    };
    let own = meaning(after);
    let all = sides.whole.all_of_kind(1, sides.kind);
    let hooks = all.flat_map(|one| items(present(one.node(), "webhooks")));
    let hooks = hooks.take_while(|hook| work.takes(hook.count_below()));
    let sharing = hooks.filter(|hook| meaning(hook) == own).take(MOST_SHARING);
    let sharing: Vec<Conditions> =
        sharing.map(|hook| Conditions::of_optional(present(hook, key))).collect();
    let parts = Conditions::of_optional(present(before, key)).split_by(&sharing, MOST_SHARING);
    let size: usize = sharing.iter().map(Conditions::len).sum();
    work.takes(parts.len().saturating_mul(1 + size))
        && parts.iter().all(|part| sharing.iter().any(|one| part.is_within(one)))
}

/// The address of a webhook: a URL, or a Service with its namespace and name.
#[derive(PartialEq, Eq)]
enum Address<'a> {
    Url(&'a str),
    Service(&'a str, &'a str),
}

impl<'a> Address<'a> {
    fn of(hook: &'a Node) -> Option<Self> {
        let config = present(hook, "clientConfig")?;
        if let Some(url) = text(config, "url") {
            return Some(Self::Url(url));
        }
        let service = present(config, "service")?;
        Some(Self::Service(text(service, "namespace").unwrap_or_default(), text(service, "name")?))
    }

    fn told(&self) -> String {
        match self {
            Self::Url(url) => (*url).to_owned(),
            Self::Service("", name) => (*name).to_owned(),
            Self::Service(namespace, name) => format!("{namespace}/{name}"),
        }
    }
}

/// The judgement on new webhooks that are asked at a URL, which none was before: it sees the objects that are written.
fn sent(
    sides: &Sides<'_, '_>,
    old: &BTreeMap<&str, &Node>,
    new: &BTreeMap<&str, &Node>,
) -> Option<Judgement> {
    let url = |hook| match Address::of(hook) {
        Some(Address::Url(url)) => Some(url),
        _ => None,
    };
    let added = new.iter().filter(|(name, _)| !old.contains_key(*name));
    let mut added: Vec<&str> = added.filter_map(|(_, hook)| url(hook)).collect();
    if added.is_empty() {
        return None;
    }
    let all = sides.whole.all_of_kind(0, sides.kind);
    let hooks = all.flat_map(|one| items(present(one.node(), "webhooks")));
    let known: BTreeSet<&str> =
        hooks.take_while(|_| sides.whole.work.takes(1)).filter_map(url).collect();
    added.retain(|url| !known.contains(url));
    let phrase = Phrase::new("sends the objects that it sees to ").few(added.iter().copied());
    (!added.is_empty()).then(|| judgement("webhooks", phrase))
}

/// The judgements on a webhook that is asked of another service or URL, or there at another path or port.
fn readdressed(sides: &Sides<'_, '_>, name: &str, hooks: [&Node; 2]) -> Vec<Judgement> {
    let other = |words: &'static str, [old, new]: [&str; 2]| {
        let phrase = Phrase::default().name(name).say(words).name(new).say(" in place of ");
        judgement("webhooks", phrase.name(old)).with_severity(Severity::Warning)
    };
    let [Some(old), Some(new)] = hooks.map(Address::of) else { return Vec::new() };
    let is_same = old == new
        || match (&old, &new) {
            (Address::Service(was, old), Address::Service(now, new)) => {
                was == now && sides.renames().follows(old, new).is_some()
                    || has_moved(sides, [(was, old), (now, new)])
            }
            (Address::Url(old), Address::Url(new)) => sides.renames().follows(old, new).is_some(),
            _ => false,
        };
    if !is_same {
        // A service of the same namespace is told by its name.
        let told = match (&old, &new) {
            (Address::Service(was, old), Address::Service(now, new)) if was == now => {
                [old, new].map(|name| (*name).to_owned())
            }
            _ => [&old, &new].map(Address::told),
        };
        return vec![other(" is asked of ", [&told[0], &told[1]])];
    }
    let part = |hook: &Node, key: &str, usual: &str| -> String {
        let service = below(hook, &["clientConfig", "service"]);
        let text = service.and_then(|service| text(service, key)).filter(|text| !text.is_empty());
        text.unwrap_or(usual).to_owned()
    };
    let mut found = Vec::new();
    for (key, usual, words) in
        [("path", "/", " is asked at the path "), ("port", "443", " is asked at the port ")]
    {
        let [old, new] = hooks.map(|hook| part(hook, key, usual));
        if old != new {
            found.push(other(words, [&old, &new]));
        }
    }
    found
}

/// True if a Service of the render has moved from a namespace and name to others.
pub(super) fn has_moved(sides: &Sides<'_, '_>, [old, new]: [(&str, &str); 2]) -> bool {
    let whole = sides.whole;
    let is_at = |side: usize, place: Option<usize>, (namespace, name): (&str, &str)| {
        let object = place.and_then(|place| whole.renders[side].get(place));
        object.is_some_and(|one| {
            one.kind() == "Service"
                && one.name() == name
                && one.id().effective_namespace() == namespace
        })
    };
    whole.work.takes(whole.pairs.len())
        && whole.pairs.iter().any(|pair| is_at(0, pair.before, old) && is_at(1, pair.after, new))
}

/// The webhooks of a configuration by name.
fn hooks(node: Option<&Node>) -> BTreeMap<&str, &Node> {
    let webhooks = items(node.and_then(|node| present(node, "webhooks"))).iter();
    webhooks.filter_map(|one| Some((text(one, "name")?, one))).collect()
}

/// Judges policies of Kubernetes, Kyverno and Gatekeeper: their removal, that they only report, and what they see or
/// check no longer.
pub(super) fn policy(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let spec = |node| present(node, "spec");
    let Some(after) = sides.after else {
        let own = sides.before.and_then(spec);
        let is_split = || {
            sides.group == "kyverno.io"
                && sides.before.is_some_and(|before| engines::is_split(sides, before))
        };
        if !sides.whole.has_like(1, sides.kind, sides.namespace(0), own) && !is_split() {
            let words = match sides.kind.starts_with("Mutating") {
                true => "is no longer applied",
                false => "is no longer checked",
            };
            found.push(judgement("", Phrase::new(words)));
        }
        return;
    };
    let Some(before) = sides.before else { return };
    if sides.group == "kyverno.io" {
        engines::kyverno(sides, before, after, found);
    } else if refuses(before) && !refuses(after) {
        found.push(judgement("spec", Phrase::new("only reports what it refused before")));
    }
    let ignores = |node| spec(node).and_then(|spec| text(spec, "failurePolicy")) == Some("Ignore");
    if ignores(after) && !ignores(before) {
        let phrase = Phrase::new("admits everything while it fails (failurePolicy: Ignore)");
        found.push(judgement("spec.failurePolicy", phrase));
    }
    let reach = |node| Reach {
        scope: ["matchConstraints", "matchResources", "match"]
            .iter()
            .find_map(|key| below(node, &["spec", key])),
        rules: "resourceRules",
        conditions: spec(node),
    };
    for phrase in reach(before).narrowed(&reach(after), &|_| false, &sides.work()) {
        found.push(judgement("spec", phrase));
    }
    found.extend(checked(before, after));
    match sides.group {
        "constraints.gatekeeper.sh" => engines::constraint(before, after, found),
        "kyverno.io" => {}
        _ => engines::checked_by(sides, before, after, found),
    }
    let policy = |node| spec(node).and_then(|spec| text(spec, "policyName"));
    if let (Some(old), Some(new)) = (policy(before), policy(after))
        && old != new
        && sides.renames().follows(old, new).is_none()
    {
        let phrase = Phrase::new("binds ").name(new).say(" in place of ").name(old);
        found.push(judgement("spec.policyName", phrase));
    }
}

/// The judgements on the parts of a policy that are gone, or that are left out by it: validations, and the objects that
/// constraints of Gatekeeper match.
fn checked(before: &Node, after: &Node) -> Vec<Judgement> {
    let list = |node, path: &[&str]| below(node, path).map(Node::items).unwrap_or_default();
    let mut found = Vec::new();
    let expressions = |node| -> BTreeSet<&str> {
        list(node, &["spec", "validations"])
            .iter()
            .filter_map(|one| text(one, "expression"))
            .collect()
    };
    let (old, new) = (expressions(before), expressions(after));
    let gone: Vec<&str> = old.difference(&new).copied().collect();
    if !gone.is_empty() {
        found.push(judgement("spec.validations", Phrase::new("no longer checks ").few(gone)));
    }
    found.extend(matched(before, after));
    found
}

/// The judgements on objects that a constraint of Gatekeeper matches no longer.
fn matched(before: &Node, after: &Node) -> Vec<Judgement> {
    let list = |node, path: &[&str]| below(node, path).map(Node::items).unwrap_or_default();
    let mut found = Vec::new();
    for (key, words, is_of_fewer) in [
        ("excludedNamespaces", "leaves out the namespaces ", false),
        ("namespaces", "sees no longer the namespaces ", true),
        ("kinds", "sees no longer the kinds ", true),
    ] {
        let set = |node| -> BTreeSet<String> {
            let value = |one: &Node| one.as_text().map_or_else(|| canonical(one), str::to_owned);
            list(node, &["spec", "match", key]).iter().map(value).collect()
        };
        let (old, new) = (set(before), set(after));
        // A list that is missing sees all.
        let lost: Vec<&str> = match is_of_fewer {
            false => new.difference(&old).map(String::as_str).collect(),
            true if new.is_empty() => Vec::new(),
            true if old.is_empty() => vec!["of no list"],
            true => old.difference(&new).map(String::as_str).collect(),
        };
        if !lost.is_empty() {
            let phrase = match lost[..] {
                ["of no list"] => Phrase::new("sees only some ").say(key),
                _ => Phrase::new(words).few(lost),
            };
            found.push(judgement("spec.match", phrase));
        }
    }
    found
}

/// True if a policy or binding refuses objects, by the fields of each kind.
fn refuses(policy: &Node) -> bool {
    let Some(spec) = present(policy, "spec") else { return true };
    let actions: BTreeSet<&str> =
        items(present(spec, "validationActions")).iter().filter_map(Node::as_text).collect();
    (actions.is_empty() || actions.contains("Deny")) && engines::denies(policy)
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    #[test]
    fn namespaces_admit_more() {
        let namespace = |labels: &str| {
            format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, labels: {{{labels}}}}}}}")
                .replace("PS", "pod-security.kubernetes.io")
        };
        let plain = namespace("");
        let restricted = namespace("PS/enforce: restricted");
        for (before, after, words) in [
            (
                &restricted,
                "PS/enforce: privileged",
                "error Namespace shop: enforces privileged in place of restricted",
            ),
            (
                &restricted,
                "PS/enforce: baseline",
                "error Namespace shop: enforces baseline in place of restricted",
            ),
            (&restricted, "", "error Namespace shop: enforces privileged in place of restricted"),
            (
                &namespace("PS/warn: baseline"),
                "PS/warn: privileged",
                "warning Namespace shop: warns of privileged in place of baseline",
            ),
            (
                &restricted,
                "PS/enforce: restricted, PS/enforce-version: v1.25",
                "warning Namespace shop: enforces restricted by an older version: v1.25",
            ),
        ] {
            told(before, &namespace(after), &[&*format!("008 {words}")]);
        }
        told(&plain, &namespace("PS/enforce: privileged"), &[]);
        told(
            &restricted,
            &namespace("PS/enforce: restrictd"),
            &[
                "008 error Namespace shop: its label enforce is no level of Pod Security: restrictd (the API server refuses it)",
            ],
        );
        let pod = |of: &str| {
            format!("---\n{{apiVersion: v1, kind: Pod, metadata: {{name: p, namespace: {of}}}}}\n")
        };
        let (strict, open) = (
            format!("{restricted}\n"),
            format!("---\n{}\n", namespace("").replace("shop", "open")),
        );
        told(
            &format!("{strict}{open}{}", pod("shop")),
            &format!("{strict}{open}{}", pod("open")),
            &[
                "008 error Pod p: moves to namespace open, which enforces privileged in place of restricted of namespace shop",
            ],
        );
        told(&restricted, &namespace("PS/enforce: restricted, PS/enforce-version: latest"), &[]);
        assert_eq!(
            judged(
                &format!("{restricted}\n---\n{}", namespace("").replace("shop", "a")),
                &namespace("").replace("shop", "a")
            ),
            [""; 0],
            "told as lost"
        );
    }

    #[test]
    fn webhooks_and_policies_stop_less() {
        let webhook = |hooks: &str| {
            format!(
                "{{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {{name: w}}, webhooks: [{hooks}]}}"
            )
        };
        let label = "008 error ValidatingWebhookConfiguration w: ";
        told(
            &webhook("{name: a.b}"),
            &webhook("{name: a.b, failurePolicy: Ignore}"),
            &[&*format!("{label}admits everything while a.b fails (failurePolicy: Ignore)")],
        );
        let rules = |operations: &str, resources: &str| {
            format!(
                "rules: [{{apiGroups: [''], apiVersions: [v1], operations: [{operations}], resources: [{resources}]}}]"
            )
        };
        let all = rules("CREATE, UPDATE", "pods, services");
        for (before, after, words) in [
            (
                all.clone(),
                format!("{all}, namespaceSelector: {{matchLabels: {{env: prod}}}}"),
                "sees only namespaces with env=prod",
            ),
            (
                all.clone(),
                format!(
                    "{all}, objectSelector: {{matchExpressions: [{{key: skip, operator: DoesNotExist}}]}}"
                ),
                "sees only objects with !skip",
            ),
            (
                all.clone(),
                format!("{all}, matchConditions: [{{name: few, expression: 'false'}}]"),
                "sees only what meets the condition few",
            ),
            (
                all.clone(),
                rules("CREATE", "pods, services"),
                "no longer sees UPDATE pods, UPDATE services",
            ),
            (
                all.clone(),
                rules("CREATE, UPDATE", "pods"),
                "no longer sees CREATE services, UPDATE services",
            ),
            (rules("'*'", "'*/*'"), rules("'*'", "'*'"), "no longer sees * */*"),
            (
                all.clone(),
                format!("{all}, matchPolicy: Exact"),
                "sees only the versions that it names (matchPolicy: Exact)",
            ),
        ] {
            let hook = |fields: &str| webhook(&format!("{{name: a.b, {fields}}}"));
            told(&hook(&before), &hook(&after), &[&*format!("{label}a.b {words}")]);
        }
        for (before, after) in [
            (all.clone(), rules("UPDATE, CREATE", "services, pods")),
            (all.clone(), rules("'*'", "'*'")),
            (
                all.clone(),
                format!(
                    "{}, {}",
                    rules("CREATE, UPDATE", "pods").trim_end_matches(']'),
                    rules("CREATE, UPDATE", "services").trim_start_matches("rules: [")
                ),
            ),
        ] {
            let hook = |fields: &str| webhook(&format!("{{name: a.b, {fields}}}"));
            assert_eq!(judged(&hook(&before), &hook(&after)), [""; 0], "{after}");
        }
        let renamed = webhook("{name: a.b}").replace("name: w}", "name: zz}");
        told(&webhook("{name: a.b}"), &renamed, &[]);
        told(
            &webhook("{name: a.b}, {name: c.d}"),
            &webhook("{name: c.d, failurePolicy: Fail}"),
            &[&*format!("{label}no longer asks a.b")],
        );
        let policy = |spec: &str| {
            format!(
                "{{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {{name: p}}, spec: {{{spec}}}}}"
            )
        };
        let label = "008 error ValidatingAdmissionPolicy p: ";
        let checks = "validations: [{expression: a}, {expression: b}]";
        told(
            &policy(checks),
            &policy("validations: [{expression: a}]"),
            &[&*format!("{label}no longer checks b")],
        );
        told(
            &policy(checks),
            &policy(&format!(
                "{checks}, matchConstraints: {{namespaceSelector: {{matchLabels: {{a: b}}}}}}"
            )),
            &[&*format!("{label}sees only namespaces with a=b")],
        );
        let constraint = |spec: &str| {
            format!(
                "{{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: K8sAllowed, metadata: {{name: p}}, spec: {{match: {{{spec}}}}}}}"
            )
        };
        told(
            &constraint(""),
            &constraint("excludedNamespaces: [shop]"),
            &["008 error K8sAllowed p: leaves out the namespaces shop"],
        );
        let policy = |action: &str| {
            format!(
                "{{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {{name: p}}, spec: {{validationFailureAction: {action}}}}}"
            )
        };
        told(
            &policy("Enforce"),
            &policy("Audit"),
            &["008 error ClusterPolicy p: only reports what it refused before"],
        );
    }

    #[test]
    fn webhooks_are_asked_of_others() {
        let webhook = |config: &str| {
            format!(
                "{{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration, metadata: {{name: w}}, webhooks: [{{name: a.b, clientConfig: {{{config}}}}}]}}"
            )
        };
        let plain = "service: {name: s, namespace: n}";
        let service = |namespace: &str| {
            format!(
                "\n---\n{{apiVersion: v1, kind: Service, metadata: {{name: s, namespace: {namespace}}}}}\n"
            )
        };
        let label = "008 warning MutatingWebhookConfiguration w: a.b is asked";
        for (other, there, back) in [
            ("service: {name: t, namespace: n}", "of t in place of s", "of s in place of t"),
            (
                "service: {name: s, namespace: m}",
                "of m/s in place of n/s",
                "of n/s in place of m/s",
            ),
            (
                "url: 'https://x.y'",
                "of https://x.y in place of n/s",
                "of n/s in place of https://x.y",
            ),
            (
                "service: {name: s, namespace: n, path: /x}",
                "at the path /x in place of /",
                "at the path / in place of /x",
            ),
            (
                "service: {name: s, namespace: n, port: 8443}",
                "at the port 8443 in place of 443",
                "at the port 443 in place of 8443",
            ),
        ] {
            let (plain, other) = (webhook(plain), webhook(other));
            assert_eq!(judged(&plain, &other), [format!("{label} {there}")]);
            assert_eq!(judged(&other, &plain), [format!("{label} {back}")]);
        }
        told(
            &webhook(plain),
            &webhook("service: {name: s, namespace: n, port: 443, path: /}"),
            &[],
        );
        let moved = webhook(&plain.replace("namespace: n", "namespace: m"));
        told(
            &format!("{}{}", webhook(plain), service("n")),
            &format!("{moved}{}", service("m")),
            &[],
        );
        assert_eq!(
            judged(
                &format!("{}{}{}", webhook(plain), service("n"), service("m")),
                &format!("{moved}{}{}", service("n"), service("m")),
            ),
            [format!("{label} of m/s in place of n/s")],
            "another service, which was there"
        );
    }

    #[test]
    fn new_webhooks_send_objects_to_urls() {
        let hooks = |hooks: &str| {
            format!(
                "{{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration, metadata: {{name: w}}, webhooks: [{hooks}]}}\n"
            )
        };
        let hook =
            |name: &str, config: &str| format!("{{name: {name}, clientConfig: {{{config}}}}}");
        let service = hook("a", "service: {namespace: n, name: s}");
        let outside = hook("b", "url: 'https://x'");
        let words =
            "008 error MutatingWebhookConfiguration w: sends the objects that it sees to https://x";
        assert_eq!(judged(&hooks(&service), &hooks(&format!("{service}, {outside}"))), [words]);
        let other = outside.replace("name: b", "name: c");
        assert!(!judged(&hooks(&outside), &hooks(&other)).contains(&words.to_owned()));
    }
}
