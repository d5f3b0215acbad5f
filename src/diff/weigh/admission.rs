//! KR-DIF-008: levels of namespaces, webhooks, policies and quotas that admit more.

use std::collections::{BTreeMap, BTreeSet};

use super::{Judgement, Phrase, Sides};
use crate::harden::Severity;
use crate::harden::differences::ADMISSION_LOOSENED;
use crate::harden::value::{below, items, present, text};
use crate::resource::Quantity;
use crate::yaml::Node;

fn judgement(path: &'static str, phrase: Phrase) -> Judgement {
    Judgement::new(&ADMISSION_LOOSENED, path, phrase)
}

/// The uses of a level of the Pod Security Standards, with the severity of a weaker one.
const MODES: [(&str, &str, Severity); 3] = [
    ("enforce", "enforces", Severity::Error),
    ("audit", "audits", Severity::Warning),
    ("warn", "warns of", Severity::Warning),
];

/// Judges a Namespace that was there before.
pub(super) fn namespace(sides: &Sides<'_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    for (mode, words, severity) in MODES {
        let label = |node: &'_ Node, suffix: &str| -> Option<String> {
            let labels = below(node, &["metadata", "labels"])?;
            let key = format!("pod-security.kubernetes.io/{mode}{suffix}");
            text(labels, &key).map(str::to_owned)
        };
        let [old, new] = [before, after].map(|node| Level::of(label(node, "").as_deref()));
        let judged =
            |phrase: Phrase, severity| judgement("metadata.labels", phrase).with_severity(severity);
        if new < old {
            let phrase =
                Phrase::new(words).say(format!(" {} in place of {}", new.words(), old.words()));
            found.push(judged(phrase, severity));
            continue;
        }
        let version = |node: &Node| version(label(node, "-version").as_deref());
        if new == old && new != Level::Privileged && version(after) < version(before) {
            let phrase = Phrase::new(words).say(format!(" {} by an older version: ", new.words()));
            let written = label(after, "-version").unwrap_or_default();
            found.push(judged(phrase.name(&written), Severity::Warning));
        }
    }
}

/// A level of the Pod Security Standards, the weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Privileged,
    Baseline,
    Restricted,
}

impl Level {
    /// The level of a label; the admission controller takes `restricted` for one that it does not know.
    fn of(label: Option<&str>) -> Self {
        match label {
            None | Some("privileged") => Self::Privileged,
            Some("baseline") => Self::Baseline,
            Some(_) => Self::Restricted,
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

/// Judges a `ValidatingWebhookConfiguration` or a `MutatingWebhookConfiguration`.
pub(super) fn webhooks(sides: &Sides<'_>, found: &mut Vec<Judgement>) {
    let severity = match sides.kind {
        "ValidatingWebhookConfiguration" => Severity::Error,
        _ => Severity::Warning,
    };
    let policies = |node: Option<&'_ Node>| -> BTreeMap<String, bool> {
        let webhooks = items(node.and_then(|node| present(node, "webhooks"))).iter();
        let policy = |one: &Node| {
            let ignores = text(one, "failurePolicy") == Some("Ignore");
            Some((text(one, "name")?.to_owned(), ignores))
        };
        webhooks.filter_map(policy).collect()
    };
    let (old, new) = (policies(sides.before), policies(sides.after));
    let gone: Vec<&str> =
        old.keys().filter(|name| !new.contains_key(*name)).map(String::as_str).collect();
    if !gone.is_empty() {
        let path = if sides.after.is_none() { "" } else { "webhooks" };
        let phrase = Phrase::new("no longer asks ").few(gone);
        found.push(judgement(path, phrase).with_severity(severity));
    }
    let ignores = |name: &&String| old.get(*name) == Some(&false) && new.get(*name) == Some(&true);
    let ignoring: Vec<&str> = new.keys().filter(ignores).map(String::as_str).collect();
    if !ignoring.is_empty() {
        let phrase = Phrase::new("admits everything while ")
            .few(ignoring)
            .say(" fails (failurePolicy: Ignore)");
        found.push(judgement("webhooks", phrase).with_severity(severity));
    }
}

/// Judges policies of Kubernetes, Kyverno and Gatekeeper: their removal, and that they only report.
pub(super) fn policy(sides: &Sides<'_>, found: &mut Vec<Judgement>) {
    let Some(after) = sides.after else {
        found.push(judgement("", Phrase::new("is no longer checked")));
        return;
    };
    let Some(before) = sides.before else { return };
    if refuses(before) && !refuses(after) {
        found.push(judgement("spec", Phrase::new("only reports what it refused before")));
    }
    let ignores = |node: &Node| {
        below(node, &["spec"]).and_then(|spec| text(spec, "failurePolicy")) == Some("Ignore")
    };
    if ignores(after) && !ignores(before) {
        let phrase = Phrase::new("admits everything while it fails (failurePolicy: Ignore)");
        found.push(judgement("spec.failurePolicy", phrase));
    }
}

/// True if a policy or binding refuses objects, by the fields of each kind.
fn refuses(policy: &Node) -> bool {
    let Some(spec) = present(policy, "spec") else { return true };
    let is = |key: &str, words: &[&str]| {
        text(spec, key).is_none_or(|value| words.iter().any(|one| one.eq_ignore_ascii_case(value)))
    };
    let actions: BTreeSet<&str> =
        items(present(spec, "validationActions")).iter().filter_map(Node::as_text).collect();
    (actions.is_empty() || actions.contains("Deny"))
        && is("enforcementAction", &["deny", "scoped"])
        && is("validationFailureAction", &["enforce"])
}

/// Judges a `ResourceQuota`.
pub(super) fn quota(sides: &Sides<'_>, found: &mut Vec<Judgement>) {
    let Some(before) = sides.before else { return };
    let Some(after) = sides.after else {
        let phrase = Phrase::new("no longer limits its namespace");
        found.push(judgement("", phrase).with_severity(Severity::Warning));
        return;
    };
    let hard = |node: &'_ Node| -> BTreeMap<String, Quantity> {
        let hard = below(node, &["spec", "hard"]).map(Node::entries).unwrap_or_default();
        let amount = |value: &Node| Quantity::of(Some(value));
        hard.iter()
            .filter_map(|(key, value)| Some((key.text().to_owned(), amount(value)?)))
            .collect()
    };
    let (old, new) = (hard(before), hard(after));
    let is_raised =
        |(name, most): &(&String, &Quantity)| new.get(*name).is_none_or(|now| now > *most);
    let raised: Vec<&str> = old.iter().filter(is_raised).map(|(name, _)| &**name).collect();
    if !raised.is_empty() {
        let phrase = Phrase::new("allows more ").few(raised);
        found.push(judgement("spec.hard", phrase).with_severity(Severity::Note));
    }
}

/// Judges a `LimitRange`, of which only the removal is understood.
pub(super) fn limit_range(sides: &Sides<'_>, found: &mut Vec<Judgement>) {
    if sides.after.is_none() {
        let phrase = Phrase::new("no longer limits the pods of its namespace");
        found.push(judgement("", phrase).with_severity(Severity::Warning));
    }
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
        told(
            &webhook("{name: a.b}, {name: c.d}"),
            &webhook("{name: c.d, failurePolicy: Fail}"),
            &[&*format!("{label}no longer asks a.b")],
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
    fn quotas_allow_more() {
        let quota = |hard: &str| {
            format!(
                "{{apiVersion: v1, kind: ResourceQuota, metadata: {{name: q}}, spec: {{hard: {{{hard}}}}}}}"
            )
        };
        told(
            &quota("cpu: 500m, pods: 3"),
            &quota("cpu: '1', pods: 3"),
            &["008 note ResourceQuota q: allows more cpu"],
        );
        told(&quota("cpu: '1'"), &quota("cpu: 1000m"), &[]);
        told(
            &quota("cpu: '1', pods: 3"),
            &quota("cpu: '1'"),
            &["008 note ResourceQuota q: allows more pods"],
        );
    }
}
