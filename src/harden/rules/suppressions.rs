//! KR-CFG-001, 002, 003: what ignores a rule has a reason, ends on the day that was said, and ignores something.

use crate::harden::rule::{Judge, Rule, Scope, Severity};

pub(in crate::harden) static EXPIRED_EXCLUSION: Rule = Rule {
    id: "KR-CFG-001",
    name: "expired-exclusion",
    severity: Severity::Error,
    score: "",
    scope: Scope::Always,
    summary: "What is excluded until a day is repaired by then.",
    why: "Somebody promised to have another look, and the day has come.",
    condition: "The day of `until` of an entry of `exclude` in the configuration has passed, and the entry takes an object.",
    fixes: &[],
    advice: "repair what it excludes and remove the entry, or say until when it may stay",
    bad: "apiVersion: krender.dev/v1alpha1\nkind: Hardening\nspec:\n  exclude:\n  - kind: Pod\n    rules: [host-pid]\n    reason: the agent is replaced this year\n    until: 2026-01-31\n",
    good: "apiVersion: krender.dev/v1alpha1\nkind: Hardening\nspec:\n  exclude:\n  - kind: Pod\n    rules: [host-pid]\n    reason: the agent is replaced this year\n    until: 2027-01-31\n",
    elsewhere: "",
    judge: Judge::Suppressions,
};

pub(in crate::harden) static SUPPRESSION_WITHOUT_REASON: Rule = Rule {
    id: "KR-CFG-002",
    name: "suppression-without-reason",
    severity: Severity::Warning,
    score: "",
    scope: Scope::Always,
    summary: "Who ignores a rule says why.",
    why: "Without a reason nobody can tell later whether it still holds.",
    condition: "An annotation `ignore.krender.dev/…` is empty, a comment `# krender: ignore …` has no `-- reason`, an entry of `exclude` in the configuration has no `reason`, or an annotation `krender.dev/harden: off` has no `krender.dev/harden-reason` beside it.",
    fixes: &[],
    advice: "write the reason as the value of the annotation, behind `--` in the comment, or as `reason` in the configuration",
    bad: "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  annotations:\n    ignore.krender.dev/privileged-container: \"\"\nspec:\n  containers:\n  - name: web\n    image: web:1.0\n    securityContext:\n      privileged: true\n",
    good: "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  annotations:\n    ignore.krender.dev/privileged-container: it sets up the network of the node\nspec:\n  containers:\n  - name: web\n    image: web:1.0\n    securityContext:\n      privileged: true\n",
    elsewhere: "",
    judge: Judge::Suppressions,
};

pub(in crate::harden) static UNUSED_SUPPRESSION: Rule = Rule {
    id: "KR-CFG-003",
    name: "unused-suppression",
    severity: Severity::Note,
    score: "",
    scope: Scope::Always,
    summary: "Who ignores a rule ignores something.",
    why: "What ignores nothing today ignores tomorrow what nobody has looked at.",
    condition: "An annotation `ignore.krender.dev/…` or a comment `# krender: ignore …` names a rule that holds in the profile, and there is no finding of it there; or an entry of `exclude` takes objects of which none violates its rules: a note. There is no such rule, or an annotation `krender.dev/harden` is something else than `off`: a warning.",
    fixes: &[],
    advice: "remove it, or name a rule that `krender rules` lists",
    bad: "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  annotations:\n    ignore.krender.dev/privileged-container: it sets up the network of the node\nspec:\n  containers:\n  - name: web\n    image: web:1.0\n",
    good: "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: web\n    image: web:1.0\n",
    elsewhere: "",
    judge: Judge::Suppressions,
};
