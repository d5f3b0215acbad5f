//! KR-CFG-002, 003: who ignores a rule says why, and ignores something.

use crate::harden::rule::{Judge, Rule, Scope, Severity};

pub(in crate::harden) static SUPPRESSION_WITHOUT_REASON: Rule = Rule {
    id: "KR-CFG-002",
    name: "suppression-without-reason",
    severity: Severity::Warning,
    score: "",
    scope: Scope::Always,
    summary: "Who ignores a rule says why.",
    why: "Without a reason nobody can tell later whether it still holds.",
    condition: "An annotation `ignore.krender.dev/…` is empty, or a comment `# krender: ignore …` has no `-- reason`.",
    fixes: &[],
    advice: "write the reason as the value of the annotation, or behind `--` in the comment",
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
    condition: "An annotation `ignore.krender.dev/…` or a comment `# krender: ignore …` names a rule that holds in the profile, and there is no finding of it there: a note. It names no rule: a warning.",
    fixes: &[],
    advice: "remove it, or name a rule that `krender rules` lists",
    bad: "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  annotations:\n    ignore.krender.dev/privileged-container: it sets up the network of the node\nspec:\n  containers:\n  - name: web\n    image: web:1.0\n",
    good: "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: web\n    image: web:1.0\n",
    elsewhere: "",
    judge: Judge::Suppressions,
};
