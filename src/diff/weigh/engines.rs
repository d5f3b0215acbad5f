//! KR-DIF-008: policies of Kyverno and Gatekeeper, and what they leave out.

use std::collections::{BTreeMap, BTreeSet};

use super::selectors::Conditions;
use super::{Judgement, Phrase, Sides, canonical};
use crate::harden::Severity;
use crate::harden::differences::ADMISSION_LOOSENED;
use crate::harden::value::{below, is_false, items, present, text};
use crate::yaml::Node;

pub(super) fn judgement(path: &'static str, phrase: Phrase) -> Judgement {
    Judgement::new(&ADMISSION_LOOSENED, path, phrase)
}

const NOT_COMPARED: &str = ", which is not compared";

fn spec(policy: &Node) -> Option<&Node> {
    present(policy, "spec")
}

/// Judges a policy of Kyverno with rules that is there on both sides.
pub(super) fn kyverno(
    sides: &Sides<'_, '_>,
    before: &Node,
    after: &Node,
    found: &mut Vec<Judgement>,
) {
    let rules = |node| -> BTreeMap<&str, &Node> {
        let list = items(below(node, &["spec", "rules"])).iter();
        list.filter_map(|one| Some((text(one, "name")?, one))).collect()
    };
    let (old, new) = (rules(before), rules(after));
    let mut gone: Vec<&str> = old.keys().filter(|name| !new.contains_key(*name)).copied().collect();
    if !gone.is_empty() {
        let elsewhere = rules_elsewhere(sides, before);
        gone.retain(|name| !old.get(name).is_some_and(|rule| elsewhere.contains(&canonical(rule))));
    }
    if !gone.is_empty() {
        found.push(judgement("spec.rules", Phrase::new("no longer has the rule ").few(gone)));
    }
    actions(before, after, (&old, &new), found);
    for (name, old, new) in
        old.iter().filter_map(|(name, old)| Some((*name, *old, *new.get(name)?)))
    {
        for (words, severity) in rule(old, new) {
            let phrase = Phrase::new("its rule ").name(name).say(words);
            found.push(judgement("spec.rules", phrase).with_severity(severity));
        }
        found.extend(overrides(below(old, &["validate"]), below(new, &["validate"]), RULE_KEY));
    }
    found.extend(overrides(spec(before), spec(after), "validationFailureActionOverrides"));
    let is_asked = |node| !is_false(below(node, &["spec", "admission"]));
    if is_asked(before) && !is_asked(after) {
        let phrase = Phrase::new("is no longer asked at admission (admission: false)");
        found.push(judgement("spec.admission", phrase));
    }
}

/// True if all rules of a policy of Kyverno are in others that act as it did.
pub(super) fn is_split(sides: &Sides<'_, '_>, before: &Node) -> bool {
    let rules = items(below(before, &["spec", "rules"]));
    let elsewhere = rules_elsewhere(sides, before);
    !rules.is_empty() && rules.iter().all(|rule| elsewhere.contains(&canonical(rule)))
}

/// The rules of the policies after the change that act as one of before: all but their rules is the same.
fn rules_elsewhere(sides: &Sides<'_, '_>, before: &Node) -> BTreeSet<String> {
    let terms = |policy| -> BTreeSet<String> {
        let fields = spec(policy).map(Node::entries).unwrap_or_default().iter();
        let fields = fields.filter(|(key, value)| key.text() != "rules" && !value.is_null());
        fields.map(|(key, value)| format!("{}:{}", key.text(), canonical(value))).collect()
    };
    let (own, namespace) = (terms(before), sides.namespace(0));
    let mut rules = BTreeSet::new();
    for other in sides.whole.all_of_kind(1, sides.kind) {
        if !sides.whole.work.takes(other.node().count_below()) {
            break;
        }
        let is_near = other.id().cluster_scoped || other.id().effective_namespace() == namespace;
        if is_near && terms(other.node()) == own {
            rules.extend(items(below(other.node(), &["spec", "rules"])).iter().map(canonical));
        }
    }
    rules
}

/// The field of a rule with the actions in some namespaces.
const RULE_KEY: &str = "failureActionOverrides";

/// Adds the judgements on rules that only report what they refused. Without a field, a rule only reports.
fn actions(
    before: &Node,
    after: &Node,
    (old, new): (&BTreeMap<&str, &Node>, &BTreeMap<&str, &Node>),
    found: &mut Vec<Judgement>,
) {
    let enforces =
        |action: Option<&str>| action.is_some_and(|one| one.eq_ignore_ascii_case("enforce"));
    let of_policy =
        |node| below(node, &["spec"]).and_then(|spec| text(spec, "validationFailureAction"));
    let of_rule = |node, rule| {
        let own = below(rule, &["validate"]).and_then(|check| text(check, "failureAction"));
        enforces(own.or_else(|| of_policy(node)))
    };
    let was: Vec<&str> = old
        .iter()
        .filter(|(name, rule)| new.contains_key(*name) && of_rule(before, rule))
        .map(|(name, _)| *name)
        .collect();
    let reporting: Vec<&str> = was
        .iter()
        .filter(|name| new.get(*name).is_some_and(|rule| !of_rule(after, rule)))
        .copied()
        .collect();
    let is_whole = reporting.len() == was.len();
    let phrase = match reporting.is_empty() {
        true if old.is_empty() && enforces(of_policy(before)) && !enforces(of_policy(after)) => {
            Phrase::default()
        }
        true => return,
        false if is_whole && of_policy(before) != of_policy(after) => Phrase::default(),
        false => Phrase::new("its rule ").few(reporting).say(" "),
    };
    found.push(judgement("spec", phrase.say("only reports what it refused before")));
}

/// The judgements on namespaces in which a policy or a rule only reports, by the exceptions from its action.
fn overrides(old: Option<&Node>, new: Option<&Node>, key: &'static str) -> Vec<Judgement> {
    let of = |node: Option<&Node>, action: &str| -> (BTreeSet<String>, BTreeSet<String>) {
        let list = items(node.and_then(|node| present(node, key))).iter();
        let meant: Vec<&Node> = list
            .filter(|one| text(one, "action").is_some_and(|own| own.eq_ignore_ascii_case(action)))
            .collect();
        let names = meant.iter().flat_map(|one| items(present(one, "namespaces")));
        let selectors = meant.iter().filter_map(|one| present(one, "namespaceSelector"));
        (
            names.filter_map(Node::as_text).map(str::to_owned).collect(),
            selectors.map(canonical).collect(),
        )
    };
    let [(audited, selected), (audits, selects)] = [old, new].map(|node| of(node, "audit"));
    let [(enforced, _), (enforces, _)] = [old, new].map(|node| of(node, "enforce"));
    let mut found = Vec::new();
    let gained: Vec<&str> = audits.difference(&audited).map(String::as_str).collect();
    if !gained.is_empty() {
        let phrase = Phrase::new("only reports in the namespaces ").few(gained);
        found.push(judgement("spec", phrase));
    }
    if !selects.is_subset(&selected) {
        let phrase = Phrase::new("only reports in other namespaces, by a selector");
        found.push(judgement("spec", phrase.say(NOT_COMPARED)));
    }
    let lost: Vec<&str> = enforced.difference(&enforces).map(String::as_str).collect();
    if !lost.is_empty() {
        let phrase = Phrase::new("no longer refuses in the namespaces ").few(lost);
        found.push(judgement("spec", phrase));
    }
    found
}

/// The words for what a rule of Kyverno sees or checks otherwise.
fn rule(old: &Node, new: &Node) -> Vec<(String, Severity)> {
    let mut found = Vec::new();
    let mut say = |words: &str, severity| found.push((words.to_owned(), severity));
    let field = |rule, key: &str| present(rule, key).filter(|node| !node.is_empty());
    let same = |key: &str| field(old, key).map(canonical) == field(new, key).map(canonical);
    if field(new, "exclude").is_some() && !same("exclude") && !is_part(new, old, "exclude") {
        say(" leaves out other objects (exclude)", Severity::Warning);
    }
    if !same("match") && !is_part(old, new, "match") {
        say(" matches other objects than before, which are not compared", Severity::Warning);
    }
    for key in ["preconditions", "celPreconditions"] {
        if field(new, key).is_some() && !same(key) {
            say(" has other preconditions, which are not compared", Severity::Warning);
        }
    }
    let checks = |rule| -> Vec<String> {
        let keys = ["validate", "verifyImages", "mutate", "generate", "context"];
        keys.iter().map(|key| present(rule, key).map(without_actions).unwrap_or_default()).collect()
    };
    let security = |rule| below(rule, &["validate", "podSecurity"]);
    let level = |rule| security(rule).and_then(|one| text(one, "level")).unwrap_or("restricted");
    if security(old).is_some() && level(old) == "restricted" && level(new) != "restricted" {
        let words = format!(" checks the level {} in place of restricted", known(level(new)));
        say(&words, Severity::Error);
    } else if checks(old) != checks(new) && !is_stricter(old, new) {
        say(" checks otherwise than before, which is not compared", Severity::Warning);
    }
    found
}

/// A level for people.
fn known(level: &str) -> &'static str {
    match level {
        "baseline" => "baseline",
        "privileged" => "privileged",
        _ => "of another name",
    }
}

/// True if a rule differs only in a higher level of Pod Security, or in fewer exclusions from it.
fn is_stricter(old: &Node, new: &Node) -> bool {
    let rest = |rule: &Node| -> BTreeMap<String, String> {
        let entries = below(rule, &["validate"]).map(Node::entries).unwrap_or_default().iter();
        let entries = entries.filter(|(key, _)| !ACTIONS.contains(&key.text()));
        let entries = entries.filter(|(key, _)| key.text() != "podSecurity");
        entries.map(|(key, value)| (key.text().to_owned(), canonical(value))).collect()
    };
    let others = |rule: &Node| {
        let keys = ["verifyImages", "mutate", "generate", "context"];
        keys.map(|key| present(rule, key).map(canonical))
    };
    let security = |rule| below(rule, &["validate", "podSecurity"]);
    let (Some(was), Some(is)) = (security(old), security(new)) else { return false };
    let strength = |one| match text(one, "level") {
        Some("restricted") | None => 2,
        Some("baseline") => 1,
        Some(_) => 0,
    };
    let excluded = |one| -> BTreeSet<String> {
        items(present(one, "exclude")).iter().map(canonical).collect()
    };
    let version = |one| text(one, "version").unwrap_or("latest").to_owned();
    rest(old) == rest(new)
        && others(old) == others(new)
        && strength(is) >= strength(was)
        && excluded(is).is_subset(&excluded(was))
        && version(is) == version(was)
}

/// The fields of a check that say how, and not of what.
const ACTIONS: [&str; 4] = ["failureAction", RULE_KEY, "message", "allowExistingViolations"];

/// The meaning of a check without its actions and its message.
fn without_actions(check: &Node) -> String {
    let entries = check.entries().iter().filter(|(key, _)| !ACTIONS.contains(&key.text()));
    let mut parts: Vec<String> =
        entries.map(|(key, value)| format!("{:?}:{}", key.text(), canonical(value))).collect();
    parts.sort_unstable();
    match check.entries() {
        // A list, as that of `verifyImages`.
        [] => canonical(check),
        _ => parts.join(","),
    }
}

/// True if the filters on one side, one of which must fit, are some of those on the other side.
fn is_part(part: &Node, whole: &Node, key: &str) -> bool {
    matches!((filters(part, key), filters(whole, key)), (Some(part), Some(whole)) if part.is_subset(&whole))
}

/// The filters of `match` or `exclude`, as text: those of the list `any`, the only one of `all`, or the fields themselves.
/// `None` if several must fit.
fn filters(rule: &Node, key: &str) -> Option<BTreeSet<String>> {
    let Some(node) = present(rule, key) else { return Some(BTreeSet::new()) };
    let is_list = |key: &str| matches!(key, "any" | "all");
    let several: Vec<&Node> = match node.entries() {
        [(key, list)] if key.text() == "any" => list.items().iter().collect(),
        [(key, list)] if key.text() == "all" && list.items().len() == 1 => {
            list.items().iter().collect()
        }
        fields if fields.iter().any(|(key, _)| is_list(key.text())) => return None,
        _ => vec![node],
    };
    Some(several.into_iter().flat_map(parts_of_filter).collect())
}

/// The parts of a filter by kinds and namespaces, of which one each must fit.
fn parts_of_filter(filter: &Node) -> Vec<String> {
    const MOST: usize = 256;
    let resources = present(filter, "resources");
    let list = |key: &str| -> Vec<Option<String>> {
        let values = items(resources.and_then(|of| present(of, key))).iter();
        let values: Vec<Option<String>> = values.map(|one| Some(canonical(one))).collect();
        if values.is_empty() { vec![None] } else { values }
    };
    let (kinds, namespaces) = (list("kinds"), list("namespaces"));
    if kinds.len().saturating_mul(namespaces.len()) > MOST {
        return vec![canonical(filter)];
    }
    let without = |node: &Node, fields: &[&str]| -> BTreeSet<String> {
        let entries = node.entries().iter();
        let entries =
            entries.filter(|(key, value)| !fields.contains(&key.text()) && !value.is_null());
        entries.map(|(key, value)| format!("{:?}:{}", key.text(), canonical(value))).collect()
    };
    let rest = without(filter, &["resources"]);
    let of = resources.map(|of| without(of, &["kinds", "namespaces"])).unwrap_or_default();
    let with = |kind: &Option<String>| {
        let rest = format!("{rest:?} {of:?} {kind:?}");
        namespaces.iter().map(move |namespace| format!("{rest} {namespace:?}")).collect::<Vec<_>>()
    };
    kinds.iter().flat_map(with).collect()
}

/// Judges a `PolicyException` of Kyverno.
pub(super) fn exception(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(after) = sides.after else { return };
    let of = |node: Option<&Node>| -> BTreeSet<String> {
        let list = |key: &str| items(node.and_then(spec).and_then(|spec| present(spec, key)));
        let of_rules = list("exceptions").iter().flat_map(|one| {
            let policy = text(one, "policyName").unwrap_or_default();
            let rules = items(present(one, "ruleNames")).iter().filter_map(Node::as_text);
            rules.map(move |rule| format!("{policy}/{rule}"))
        });
        let of_policies = list("policyRefs").iter().filter_map(|one| text(one, "name"));
        of_rules.chain(of_policies.map(str::to_owned)).collect()
    };
    let is_moved = sides.before.is_none()
        && sides.whole.has_like(0, sides.kind, sides.namespace(1), spec(after));
    let (old, new) = (of(sides.before), of(Some(after)));
    let gained: Vec<&str> = new.difference(&old).map(String::as_str).collect();
    if !gained.is_empty() && !is_moved {
        let phrase = Phrase::new("excepts objects from ").few(gained);
        found.push(judgement("spec", phrase));
    }
    let Some(before) = sides.before else { return };
    let (Some(was), Some(is)) = (spec(before), spec(after)) else { return };
    let keys = ["match", "matchConditions", "conditions", "podSecurity", "images", "allowedValues"];
    let differs = |key: &&str| {
        present(was, key).map(canonical) != present(is, key).map(canonical)
            && !(*key == "match" && is_part(is, was, key))
    };
    if keys.iter().any(differs) {
        let phrase = Phrase::new("excepts other objects than before").say(NOT_COMPARED);
        found.push(judgement("spec", phrase).with_severity(Severity::Warning));
    }
}

/// Judges what a constraint of Gatekeeper leaves out or checks otherwise, if it is there on both sides.
pub(super) fn constraint(before: &Node, after: &Node, found: &mut Vec<Judgement>) {
    let path = &["spec", "parameters"];
    let exempt = |node| -> BTreeSet<String> {
        let list = below(node, path).map(|node| items(present(node, EXEMPT))).unwrap_or_default();
        list.iter().filter_map(Node::as_text).map(str::to_owned).collect()
    };
    let (old, new) = (exempt(before), exempt(after));
    let gained: Vec<&str> = new.difference(&old).map(String::as_str).collect();
    if !gained.is_empty() {
        let phrase = Phrase::new("exempts the images ").few(gained);
        found.push(judgement("spec.parameters.exemptImages", phrase));
    }
    let others = |node| -> BTreeMap<String, String> {
        let entries = below(node, path).map(Node::entries).unwrap_or_default().iter();
        let entries = entries.filter(|(key, _)| key.text() != EXEMPT);
        entries.map(|(key, value)| (key.text().to_owned(), canonical(value))).collect()
    };
    if others(before) != others(after) {
        let phrase = Phrase::new("checks by other parameters").say(NOT_COMPARED);
        found.push(judgement("spec.parameters", phrase).with_severity(Severity::Warning));
    }
    let of_match = |node, key: &str| below(node, &["spec", "match", key]);
    let [old, new] =
        [before, after].map(|node| Conditions::of_optional(of_match(node, "labelSelector")));
    if !old.is_within(&new) {
        let gone = new.beyond(&old);
        let phrase = Phrase::new("sees only objects with ");
        found.push(judgement("spec.match", phrase.few(gone.iter().map(String::as_str))));
    }
    let rest = |node| ["scope", "name", "source"].map(|key| of_match(node, key).map(canonical));
    let has_some = rest(after).iter().any(Option::is_some);
    if has_some && rest(before) != rest(after) {
        let phrase = Phrase::new("matches other objects than before").say(NOT_COMPARED);
        found.push(judgement("spec.match", phrase).with_severity(Severity::Warning));
    }
    found.extend(acts_less(before, after));
}

/// The actions of a constraint of Gatekeeper, the weakest first.
const SCOPED: [&str; 3] = ["dryrun", "warn", "deny"];

/// The strongest action of a constraint of Gatekeeper at each point of enforcement; `*` stands for all.
fn points(constraint: &Node) -> BTreeMap<&str, usize> {
    let strength = |action: &str| SCOPED.iter().position(|one| action.eq_ignore_ascii_case(one));
    let own = below(constraint, &["spec"]).and_then(|spec| text(spec, "enforcementAction"));
    let own = own.unwrap_or("deny");
    if !own.eq_ignore_ascii_case("scoped") {
        return BTreeMap::from([("*", strength(own).unwrap_or(0))]);
    }
    let mut points: BTreeMap<&str, usize> = BTreeMap::new();
    for one in items(below(constraint, &["spec", "scopedEnforcementActions"])) {
        let action = text(one, "action").and_then(strength).unwrap_or(0);
        let names = items(present(one, "enforcementPoints")).iter();
        for name in names.filter_map(|point| text(point, "name")) {
            let known = points.entry(name).or_default();
            *known = action.max(*known);
        }
    }
    points
}

/// The points at which objects are admitted: others only report what is there.
const ADMITTING: [&str; 2] = ["validation.gatekeeper.sh", "vap.k8s.io"];

/// True if a constraint of Gatekeeper refuses objects when they are written.
pub(super) fn denies(constraint: &Node) -> bool {
    let points = points(constraint);
    let denies =
        |name: &str| points.get(name).is_some_and(|action| SCOPED.get(*action) == Some(&"deny"));
    denies("*") || ADMITTING.iter().any(|name| denies(name))
}

/// The judgement on a constraint of Gatekeeper that acts less at some points, and still refuses objects.
fn acts_less(before: &Node, after: &Node) -> Option<Judgement> {
    if denies(before) && !denies(after) {
        return None;
    }
    let (old, new) = (points(before), points(after));
    let all = new.get("*").copied();
    let is_weaker = |(name, action): &(&&str, &usize)| {
        // At all points together, those that admit count.
        let now = match **name {
            "*" => all.or_else(|| denies(after).then_some(SCOPED.len())),
            name => new.get(name).copied().max(all),
        };
        now.is_none_or(|now| now < **action)
    };
    let weaker: Vec<&str> = old.iter().filter(is_weaker).map(|(name, _)| *name).collect();
    (!weaker.is_empty()).then(|| {
        let phrase = Phrase::new("acts less at the point ").few(weaker);
        judgement("spec", phrase).with_severity(Severity::Warning)
    })
}

const EXEMPT: &str = "exemptImages";

/// Judges a `ConstraintTemplate` of Gatekeeper.
pub(super) fn template(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let Some(before) = sides.before else { return };
    let Some(after) = sides.after else {
        if !sides.whole.has_like(1, sides.kind, sides.namespace(0), spec(before)) {
            found.push(judgement("", Phrase::new("is gone: its constraints check nothing")));
        }
        return;
    };
    let code = |node| below(node, &["spec", "targets"]).map(canonical);
    if code(before).is_some() && code(before) != code(after) {
        let phrase = Phrase::new("checks by other code").say(NOT_COMPARED);
        found.push(judgement("spec.targets", phrase).with_severity(Severity::Warning));
    }
}

/// Judges the `Config` of Gatekeeper.
pub(super) fn config(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    // The namespaces, each with the processes that leave it out.
    let excluded = |node: Option<&'_ Node>| -> BTreeMap<String, BTreeSet<String>> {
        let mut all = BTreeMap::<String, BTreeSet<String>>::new();
        for one in items(node.and_then(|node| below(node, &["spec", "match"]))) {
            let list = |key: &str| items(present(one, key)).iter().filter_map(Node::as_text);
            for name in list("excludedNamespaces") {
                all.entry(name.to_owned())
                    .or_default()
                    .extend(list("processes").map(str::to_owned));
            }
        }
        all
    };
    let (old, new) = (excluded(sides.before), excluded(sides.after));
    let is_known = |name: &String, processes: &BTreeSet<String>| {
        let known = old.get(name);
        known.is_some_and(|known| known.contains("*") || processes.is_subset(known))
    };
    let gained = new.iter().filter(|(name, processes)| !is_known(name, processes));
    let gained: Vec<&str> = gained.map(|(name, _)| name.as_str()).collect();
    if !gained.is_empty() {
        let phrase = Phrase::new("leaves out the namespaces ").few(gained);
        found.push(judgement("spec.match", phrase));
    }
}

/// Judges what a `ValidatingAdmissionPolicy`, its binding, or a policy of the same form checks by: variables and
/// parameters.
pub(super) fn checked_by(
    sides: &Sides<'_, '_>,
    before: &Node,
    after: &Node,
    found: &mut Vec<Judgement>,
) {
    let variables = |node| -> BTreeMap<&str, &str> {
        let list = items(below(node, &["spec", "variables"])).iter();
        list.filter_map(|one| Some((text(one, "name")?, text(one, "expression")?))).collect()
    };
    let (old, new) = (variables(before), variables(after));
    let is_other =
        |(name, expression): &(&&str, &&str)| new.get(**name).is_some_and(|now| now != *expression);
    let changed: Vec<&str> = old.iter().filter(is_other).map(|(name, _)| *name).collect();
    if !changed.is_empty() {
        let phrase = Phrase::new("checks by another expression of the variable ").few(changed);
        let judged = judgement("spec.variables", phrase.say(NOT_COMPARED));
        found.push(judged.with_severity(Severity::Warning));
    }
    let field = |node, key: &str| below(node, &["spec", key]);
    let kind = |node| field(node, "paramKind").map(canonical);
    if kind(before) != kind(after) {
        let phrase = Phrase::new("takes parameters of another kind").say(NOT_COMPARED);
        found.push(judgement("spec.paramKind", phrase).with_severity(Severity::Warning));
    }
    let mutations = |node| field(node, "mutations").map(canonical);
    if mutations(before) != mutations(after) {
        let phrase = Phrase::new("changes objects otherwise than before").say(NOT_COMPARED);
        found.push(judgement("spec.mutations", phrase).with_severity(Severity::Warning));
    }
    let reference = |node| field(node, "paramRef");
    let of = |node, key: &str| reference(node).and_then(|one| text(one, key)).map(str::to_owned);
    let admits = |node| of(node, MISSING).as_deref() == Some("Allow");
    if admits(after) && !admits(before) {
        let words = "admits everything while its parameters are missing";
        found.push(judgement("spec.paramRef", Phrase::new(words)));
    }
    let parameters = |node| {
        let selector = reference(node).and_then(|one| present(one, "selector")).map(canonical);
        (of(node, "name"), of(node, "namespace"), selector)
    };
    let (old, new) = (parameters(before), parameters(after));
    let is_renamed = match (&old.0, &new.0) {
        (Some(was), Some(is)) => sides.renames().follows(was, is).is_some(),
        _ => false,
    };
    if old != new && !is_renamed {
        let phrase = Phrase::new("takes other parameters").say(NOT_COMPARED);
        found.push(judgement("spec.paramRef", phrase).with_severity(Severity::Warning));
    }
}

/// The field of a reference to parameters that says what happens without them.
const MISSING: &str = "parameterNotFoundAction";

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::{judged, told};

    fn object(version: &str, kind: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: p}}, spec: {{{spec}}}}}\n---\n"
        )
    }

    fn kyverno(spec: &str) -> String {
        object("kyverno.io/v1", "ClusterPolicy", spec)
    }

    const MAP: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}\n---\n";

    #[test]
    fn policies_of_kyverno_refuse_less() {
        let enforce = "validationFailureAction: Enforce";
        let rule =
            |more: &str| format!("rules: [{{name: r, validate: {{{more}pattern: {{a: b}}}}}}]");
        let label = "008 error ClusterPolicy p: ";
        let whole = format!("{label}only reports what it refused before");
        for (before, after, expected) in [
            (format!("{enforce}, {}", rule("")), rule(""), whole.clone()),
            (
                rule("failureAction: Enforce, "),
                rule("failureAction: Audit, "),
                format!("{label}its rule r only reports what it refused before"),
            ),
            (
                format!("{enforce}, {}", rule("")),
                format!(
                    "{enforce}, validationFailureActionOverrides: [{{action: Audit, namespaces: [a]}}], {}",
                    rule("")
                ),
                format!("{label}only reports in the namespaces a"),
            ),
            (
                rule(""),
                format!("admission: false, {}", rule("")),
                format!("{label}is no longer asked at admission (admission: false)"),
            ),
        ] {
            told(&kyverno(&before), &kyverno(&after), &[&*expected]);
        }
        let (own, general) = (rule("failureAction: Enforce, "), format!("{enforce}, {}", rule("")));
        told(&kyverno(&own), &kyverno(&general), &[]);
        let message = rule("message: other, ");
        told(&kyverno(&rule("")), &kyverno(&message), &[]);
    }

    #[test]
    fn rules_of_kyverno_see_less() {
        let rule = |more: &str| kyverno(&format!("rules: [{{name: r, {more}}}]"));
        let kinds = |list: &str| {
            let all: Vec<String> =
                list.split(' ').map(|kind| format!("{{resources: {{kinds: [{kind}]}}}}")).collect();
            format!("{{any: [{}]}}", all.join(", "))
        };
        let label = "ClusterPolicy p: its rule r ";
        for (before, after, words) in [
            (
                format!("match: {}", kinds("A B")),
                format!("match: {}", kinds("A")),
                format!("warning {label}matches other objects than before, which are not compared"),
            ),
            (
                format!("exclude: {}", kinds("A")),
                format!("exclude: {}", kinds("A B")),
                format!("warning {label}leaves out other objects (exclude)"),
            ),
            (
                "validate: {podSecurity: {level: restricted}}".to_owned(),
                "validate: {podSecurity: {level: baseline}}".to_owned(),
                format!("error {label}checks the level baseline in place of restricted"),
            ),
        ] {
            told(&rule(&before), &rule(&after), &[&*format!("008 {words}")]);
        }
        let (one, other) =
            (rule("validate: {pattern: {a: b}}"), rule("validate: {pattern: {a: '*'}}"));
        for told in [judged(&one, &other), judged(&other, &one)] {
            assert_eq!(
                told,
                [format!("008 warning {label}checks otherwise than before, which is not compared")]
            );
        }
    }

    #[test]
    fn rules_of_kyverno_move_to_another_policy() {
        let rule = |name: &str| format!("{{name: {name}, validate: {{pattern: {{{name}: b}}}}}}");
        let policy = |name: &str, action: &str, rules: &[&str]| {
            let rules: Vec<String> = rules.iter().map(|name| rule(name)).collect();
            kyverno(&format!("validationFailureAction: {action}, rules: [{}]", rules.join(", ")))
                .replace("name: p}", &format!("name: {name}}}"))
        };
        let both = policy("p", "Enforce", &["a", "b"]);
        let apart = policy("p", "Enforce", &["a"]) + &policy("q", "Enforce", &["b"]);
        assert_eq!(judged(&both, &apart), [""; 0]);
        assert_eq!(judged(&apart, &both), [""; 0]);
        let label = "008 error ClusterPolicy p: no longer has the rule b";
        let weaker = policy("p", "Enforce", &["a"]) + &policy("q", "Audit", &["b"]);
        assert_eq!(judged(&both, &weaker), [label]);
        let other = apart.replace("{b: b}", "{b: '*'}");
        assert_eq!(judged(&both, &other), [label]);
        let gone = judged(&apart, &policy("p", "Enforce", &["a"]));
        assert_eq!(gone, ["008 error ClusterPolicy q: is no longer checked"]);
    }

    #[test]
    fn filters_of_kyverno_have_several_forms() {
        let rule = |more: &str| kyverno(&format!("rules: [{{name: r, {more}}}]"));
        let pods = "{resources: {kinds: [Pod]}}";
        let forms = [pods.to_owned(), format!("{{any: [{pods}]}}"), format!("{{all: [{pods}]}}")];
        for key in ["match", "exclude"] {
            for (old, new) in forms.iter().flat_map(|old| forms.iter().map(move |new| (old, new))) {
                let [old, new] = [old, new].map(|form| rule(&format!("{key}: {form}")));
                assert_eq!(judged(&old, &new), [""; 0], "{old} {new}");
            }
        }
        let of = |form: &str| rule(&format!("match: {form}"));
        let both = of("{any: [{resources: {kinds: [Pod, Job], namespaces: [a, b]}}]}");
        let apart = of(
            "{any: [{resources: {kinds: [Job], namespaces: [a, b]}}, {resources: {kinds: [Pod], namespaces: [b, a]}}]}",
        );
        told(&both, &apart, &[]);
        for narrower in [
            "{any: [{resources: {kinds: [Pod], namespaces: [a, b]}}]}",
            "{any: [{resources: {kinds: [Pod, Job], namespaces: [a]}}]}",
            "{resources: {kinds: [Pod, Job], namespaces: [a, b], names: [x]}}",
            "{resources: {kinds: [Pod, Job], namespaces: [a, b]}, subjects: [{kind: User, name: u}]}",
            "{all: [{resources: {kinds: [Pod, Job]}}, {resources: {namespaces: [a, b]}}]}",
        ] {
            assert_eq!(judged(&both, &of(narrower)).len(), 1, "{narrower}");
        }
    }

    #[test]
    fn exceptions_are_told() {
        let exception = |rules: &str| {
            object(
                "kyverno.io/v2",
                "PolicyException",
                &format!(
                    "exceptions: [{{policyName: a, ruleNames: [{rules}]}}], match: {{any: [{{resources: {{kinds: [Pod]}}}}]}}"
                ),
            )
        };
        let label = "008 error PolicyException p: excepts objects from ";
        told(MAP, &format!("{MAP}{}", exception("r")), &[&*format!("{label}a/r")]);
        told(&exception("r"), &exception("r, s"), &[&*format!("{label}a/s")]);
        let renamed = exception("r").replace("name: p", "name: q");
        told(&exception("r"), &renamed, &[]);
    }

    #[test]
    fn constraints_leave_more_out() {
        let constraint =
            |spec: &str| object("constraints.gatekeeper.sh/v1beta1", "K8sPSPPrivileged", spec);
        let label = "K8sPSPPrivileged p: ";
        for (before, after, words) in [
            ("", "enforcementAction: dryrun", "error only reports what it refused before"),
            (
                "match: {excludedNamespaces: [a]}",
                "match: {excludedNamespaces: [a, b]}",
                "error leaves out the namespaces b",
            ),
            (
                "parameters: {exemptImages: [a]}",
                "parameters: {exemptImages: [a, 'b/*']}",
                "error exempts the images b/*",
            ),
            (
                "",
                "match: {labelSelector: {matchLabels: {a: b}}}",
                "error sees only objects with a=b",
            ),
        ] {
            let (severity, words) = words.split_once(' ').unwrap();
            let expected = format!("008 {severity} {label}{words}");
            told(&constraint(before), &constraint(after), &[&*expected]);
        }
        let of = |value: &str| constraint(&format!("parameters: {{allowed: [{value}]}}"));
        assert_eq!(judged(&of("a"), &of("b")).len(), 1);
        assert_eq!(judged(&of("a, b"), &of("b, a")), [""; 0]);
        let template = |code: &str| {
            let spec = format!("targets: [{{target: t, rego: '{code}'}}]");
            object("templates.gatekeeper.sh/v1", "ConstraintTemplate", &spec)
        };
        assert_eq!(judged(&template("a"), &template("b")).len(), 1);
        assert_eq!(judged(&format!("{MAP}{}", template("a")), MAP).len(), 1);
        let scoped = |actions: &[(&str, &str)]| {
            let all = actions.iter().map(|(action, point)| {
                format!("{{action: {action}, enforcementPoints: [{{name: {point}}}]}}")
            });
            let all: Vec<String> = all.collect();
            constraint(&format!(
                "enforcementAction: scoped, scopedEnforcementActions: [{}]",
                all.join(", ")
            ))
        };
        let plain = constraint("");
        let (hook, audit) = ("validation.gatekeeper.sh", "audit.gatekeeper.sh");
        let (deny, warn) = (scoped(&[("deny", "'*'")]), scoped(&[("warn", "'*'")]));
        let only = format!("008 error {label}only reports what it refused before");
        for (before, after) in [
            (&plain, &warn),
            (&deny, &warn),
            (&plain, &scoped(&[("deny", audit), ("warn", hook)])),
            (&scoped(&[("deny", hook)]), &scoped(&[("deny", audit)])),
        ] {
            assert_eq!(judged(before, after)[0], only);
            assert!(!judged(after, before).contains(&only));
        }
        told(&plain, &deny, &[]);
        told(&plain, &scoped(&[("deny", hook), ("warn", audit)]), &[]);
        let less = format!("008 warning {label}acts less at the point {audit}");
        told(
            &scoped(&[("deny", hook), ("deny", audit)]),
            &scoped(&[("deny", hook), ("dryrun", audit)]),
            &[&*less],
        );
        let config = |names: &str| {
            let spec = format!("match: [{{excludedNamespaces: [{names}], processes: ['*']}}]");
            object("config.gatekeeper.sh/v1alpha1", "Config", &spec)
        };
        let words = "008 error Config p: leaves out the namespaces b";
        told(&config("a"), &config("a, b"), &[words]);
        let audited = config("a, b").replace("'*'", "audit");
        told(&audited, &config("a, b"), &["008 error Config p: leaves out the namespaces a, b"]);
    }

    #[test]
    fn policies_check_by_other_expressions() {
        let object = |kind: &str, spec: &str| object("admissionregistration.k8s.io/v1", kind, spec);
        let policy = |spec: &str| object("ValidatingAdmissionPolicy", spec);
        let binding = |spec: &str| object("ValidatingAdmissionPolicyBinding", spec);
        let variable = |expression: &str| {
            policy(&format!("variables: [{{name: v, expression: '{expression}'}}]"))
        };
        let words = "008 warning ValidatingAdmissionPolicy p: checks by another expression of the variable v, which is not compared";
        assert_eq!(judged(&variable("a"), &variable("true")), [words]);
        let reference = |more: &str| binding(&format!("paramRef: {{name: a, {more}}}"));
        told(
            &reference("parameterNotFoundAction: Deny"),
            &reference("parameterNotFoundAction: Allow"),
            &[
                "008 error ValidatingAdmissionPolicyBinding p: admits everything while its parameters are missing",
            ],
        );
        let other = reference("").replace("name: a,", "name: b,");
        assert_eq!(judged(&reference(""), &other).len(), 1);
        told(
            &policy(""),
            &policy("matchConditions: [{name: c, expression: 'false'}]"),
            &["008 error ValidatingAdmissionPolicy p: sees only what meets the condition c"],
        );
    }
}
