//! KR-CFG-001, 002, 003: suppressions have a reason, are not expired, and match a finding.

use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, Rule, Topic};
use crate::harden::violation::Severity;

pub(in crate::harden) static EXPIRED_EXCLUSION: Rule = Rule {
    id: "KR-CFG-001",
    name: "expired-exclusion",
    topic: Topic::Judging,
    severity: Severity::Error,
    score: None,
    scope: Scope::Always,
    summary: "Exclusions have not expired.",
    why: "The exclusion was meant to end on that day.",
    condition: "The day of `until` of an entry of `exclude` in the configuration has passed, and the entry matches an object.",
    fixes: &[],
    fix_order: 0,
    advice: "fix the violation and remove the entry, or set a later date",
    example: example!("expired-exclusion"),
    elsewhere: &[],
    needs: Needs::Suppressions,
};

pub(in crate::harden) static SUPPRESSION_WITHOUT_REASON: Rule = Rule {
    id: "KR-CFG-002",
    name: "suppression-without-reason",
    topic: Topic::Judging,
    severity: Severity::Warning,
    score: None,
    scope: Scope::Always,
    summary: "Suppressions have a reason.",
    why: "Without a reason it is unclear later whether the suppression is still needed.",
    condition: "An annotation `ignore.krender.dev/…` is empty, a comment `# krender: ignore …` has no `-- reason`, an entry of `exclude` in the configuration has no `reason`, or an annotation `krender.dev/harden: off` comes without `krender.dev/harden-reason`.",
    fixes: &[],
    fix_order: 0,
    advice: "write the reason as the value of the annotation, after `--` in the comment, or as `reason` in the configuration",
    example: example!("suppression-without-reason"),
    elsewhere: &[],
    needs: Needs::Suppressions,
};

pub(in crate::harden) static UNUSED_SUPPRESSION: Rule = Rule {
    id: "KR-CFG-003",
    name: "unused-suppression",
    topic: Topic::Judging,
    severity: Severity::Note,
    score: None,
    scope: Scope::Always,
    summary: "Suppressions match a finding.",
    why: "A suppression that matches no finding today may hide a new one later.",
    condition: "An annotation `ignore.krender.dev/…` or a comment `# krender: ignore …` names an active rule, and matches no finding; or an entry of `exclude` matches only objects that do not violate its rules: a note. The rule does not exist, or the value of an annotation `krender.dev/harden` is not `off`: a warning.",
    fixes: &[],
    fix_order: 0,
    advice: "remove it, or name a rule that `krender rules` lists",
    example: example!("unused-suppression"),
    elsewhere: &[],
    needs: Needs::Suppressions,
};
