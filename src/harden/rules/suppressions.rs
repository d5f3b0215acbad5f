//! KR-CFG-001, 002, 003: what ignores a rule has a reason, ends on the day that was said, and ignores something.

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
    condition: "The day of `until` of an entry of `exclude` in the configuration has passed, and the entry takes an object.",
    fixes: &[],
    fix_order: 0,
    advice: "repair what it excludes and remove the entry, or say until when it may stay",
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
    why: "Without a reason it cannot be judged later whether the suppression still holds.",
    condition: "An annotation `ignore.krender.dev/…` is empty, a comment `# krender: ignore …` has no `-- reason`, an entry of `exclude` in the configuration has no `reason`, or an annotation `krender.dev/harden: off` has no `krender.dev/harden-reason` beside it.",
    fixes: &[],
    fix_order: 0,
    advice: "write the reason as the value of the annotation, behind `--` in the comment, or as `reason` in the configuration",
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
    condition: "An annotation `ignore.krender.dev/…` or a comment `# krender: ignore …` names a rule that holds in the profile, and there is no finding of it there; or an entry of `exclude` takes objects of which none violates its rules: a note. There is no such rule, or an annotation `krender.dev/harden` is something else than `off`: a warning.",
    fixes: &[],
    fix_order: 0,
    advice: "remove it, or name a rule that `krender rules` lists",
    example: example!("unused-suppression"),
    elsewhere: &[],
    needs: Needs::Suppressions,
};
