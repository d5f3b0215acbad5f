//! Settings that switch rules off or lower them, compared with the usual profile. Reports show them next to a verdict.

use super::facts::Values;
use super::producers::Producer;
use super::profile::Profile;
use super::rule::Rule;
use super::rules::rules;
use super::settings::{FailOn, Holds, Settings};
use crate::text::phrase::few;
use crate::text::wildcard::fits;

/// A setting that switches a rule off or lowers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lowering {
    /// The kind.
    pub kind: LoweringKind,
    /// The rule, if it concerns one.
    pub rule: Option<&'static Rule>,
    /// The details in a few words, to follow the verb of the kind.
    pub text: String,
}

/// The kinds of lowering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LoweringKind {
    /// The profile has fewer rules, or those of an older version.
    Profile,
    /// A rule of the profile is off.
    RuleOff,
    /// Violations of a rule have a lower severity.
    Severity,
    /// No finding makes a run fail.
    FailOn,
    /// Objects are excluded from rules.
    Exclusion,
    /// Violations by system objects are only notes.
    System,
    /// The annotations of another tool accept findings.
    Foreign,
    /// Annotations and comments accept findings of a build.
    Ignores,
    /// Objects are assumed to exist elsewhere.
    External,
    /// A value that a rule compares with is lower.
    Value,
}

impl LoweringKind {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::RuleOff => "rule-off",
            Self::Severity => "severity",
            Self::FailOn => "fail-on",
            Self::Exclusion => "exclusion",
            Self::System => "system",
            Self::Foreign => "foreign",
            Self::Ignores => "ignores",
            Self::External => "external",
            Self::Value => "value",
        }
    }

    /// The verb that precedes [`Lowering::text`].
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Profile => "sets the profile",
            Self::RuleOff => "turns off",
            Self::Severity => "lowers",
            Self::FailOn => "lets",
            Self::Exclusion => "excludes",
            Self::System => "reports as notes",
            Self::Foreign => "honors annotations of",
            Self::Ignores => "honors",
            Self::External => "treats as defined elsewhere:",
            Self::Value => "sets",
        }
    }
}

/// An image that only patterns for images of any registry fit.
const ANY_IMAGE: &str = "registry.invalid/any/image:1";

impl Settings {
    /// The lowerings, grouped by kind; `usual` is the profile without a configuration.
    #[must_use]
    pub fn lowerings(&self, usual: Profile) -> Vec<Lowering> {
        let mut found = Vec::new();
        let mut add = |kind, rule, text: String| found.push(Lowering { kind, rule, text });
        let Profile { set, .. } = self.facts.profile;
        if set < usual.set || self.facts.profile.version() < usual.version() {
            add(
                LoweringKind::Profile,
                None,
                format!("`{}` (usual: `{usual}`)", self.facts.profile),
            );
        }
        for rule in rules() {
            match self.said(rule) {
                Some(Holds::Off) if self.facts.profile.has(&rule.scope) => {
                    add(LoweringKind::RuleOff, Some(rule), rule.title());
                }
                Some(Holds::As(severity)) if severity < rule.severity => {
                    let text = format!("{} to {severity}", rule.title());
                    add(LoweringKind::Severity, Some(rule), text);
                }
                _ => {}
            }
        }
        if self.fail_on == FailOn::Never {
            add(LoweringKind::FailOn, None, "every run pass (`failOn: never`)".to_owned());
        }
        for exclusion in &self.exclusions {
            add(LoweringKind::Exclusion, None, exclusion.told());
        }
        if self.excludes_system {
            let text = "errors in system namespaces (`excludeSystem: true`)";
            add(LoweringKind::System, None, text.to_owned());
        }
        for tool in &self.honored {
            add(LoweringKind::Foreign, None, tool.name().to_owned());
        }
        for external in &self.facts.externals {
            let names = [&external.namespace, &external.name].map(|name| match &**name {
                "" => "*",
                name => name,
            });
            let text = format!("{} `{}/{}`", external.kind, names[0], names[1]);
            add(LoweringKind::External, None, text);
        }
        for producer in &self.facts.producers {
            let Producer { kind, makes, name, .. } = producer;
            let text = format!("{makes} `{name}`, which a {kind} makes");
            add(LoweringKind::External, None, text);
        }
        for (name, value) in self.facts.values.lowered() {
            add(LoweringKind::Value, None, format!("`values.{name}` to {value}"));
        }
        let usual_uid = self.facts.usual_min_uid();
        if let Some(user) = self.facts.values.min_uid.filter(|user| *user < usual_uid) {
            add(LoweringKind::Value, None, format!("`values.minUid` to {user}"));
        }
        if self.facts.values.allow_root_group {
            add(LoweringKind::Value, None, "`values.allowRootGroup` to true".to_owned());
        }
        let is_of_all = |pattern: &&String| pattern.contains('*') && fits(pattern, ANY_IMAGE);
        for pattern in self.facts.non_root_images.iter().filter(is_of_all) {
            add(LoweringKind::Value, None, format!("`images.nonRoot` to all images (`{pattern}`)"));
        }
        found
    }

    /// The lowering by which annotations and comments accept findings of a build, if they do.
    #[must_use]
    pub fn lowering_of_builds(&self) -> Option<Lowering> {
        let text = "annotations and comments that accept findings".to_owned();
        self.allows_ignores.then_some(Lowering { kind: LoweringKind::Ignores, rule: None, text })
    }
}

impl Values {
    /// The values that are lower than the defaults, or higher, so that a rule finds less.
    fn lowered(&self) -> impl Iterator<Item = (&'static str, i64)> {
        let usual = Self::default();
        let values = [
            ("shutdown.drainSeconds", self.drain_seconds, usual.drain_seconds),
            ("shutdown.marginSeconds", self.margin_seconds, usual.margin_seconds),
            (
                "shutdown.endpointPropagationSeconds",
                self.endpoint_propagation_seconds,
                usual.endpoint_propagation_seconds,
            ),
            ("minReplicas", self.min_replicas, usual.min_replicas),
        ];
        let most = [
            ("shutdown.maxGraceSeconds", self.max_grace_seconds, usual.max_grace_seconds),
            ("resources.maxMemoryRatio", self.max_memory_ratio, usual.max_memory_ratio),
        ];
        let lower = values.into_iter().filter(|(_, value, usual)| value < usual);
        let higher = most.into_iter().filter(|(_, value, usual)| value > usual);
        lower.chain(higher).map(|(name, value, _)| (name, value))
    }
}

/// The lowerings as one line, each kind once with its first few; empty if there are none.
#[must_use]
pub fn told(lowerings: &[Lowering]) -> String {
    const MOST: usize = 6;
    let mut parts: Vec<String> = Vec::new();
    for group in lowerings.chunk_by(|one, other| one.kind == other.kind) {
        let verb = group.first().map_or("", |one| one.kind.verb());
        parts.push(format!("{verb} {}", few(group, MOST, |one| one.text.clone())));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harden::configuration::Kind;
    use crate::resource::sample::resource;

    fn lowerings(spec: &str) -> String {
        let text = format!(
            "{{apiVersion: krender.dev/v1alpha1, kind: Hardening, metadata: {{name: a}}, spec: {spec}}}"
        );
        let usual = Profile::default();
        let settings = Settings::read(resource(&text).node(), &Kind::ALL, usual).unwrap();
        told(&settings.lowerings(usual))
    }

    #[test]
    fn what_is_lowered_is_told() {
        for (spec, expected) in [
            ("{}", ""),
            ("{profile: recommended, failOn: warning}", ""),
            ("{profile: paranoid, rules: {read-only-root-fs: {severity: error}}}", ""),
            (
                "{profile: baseline}",
                "sets the profile `baseline@v1.37` (usual: `recommended@v1.37`)",
            ),
            (
                "{profile: paranoid@v1.24}",
                "sets the profile `paranoid@v1.24` (usual: `recommended@v1.37`)",
            ),
            ("{rules: {host-pid: off}}", "turns off KR-SEC-003 host-pid"),
            // This rule is not in the profile.
            ("{rules: {host-path-volume: off}}", ""),
            ("{rules: {host-pid: {severity: note}}}", "lowers KR-SEC-003 host-pid to note"),
            ("{failOn: never}", "lets every run pass (`failOn: never`)"),
            (
                "{excludeSystem: true}",
                "reports as notes errors in system namespaces (`excludeSystem: true`)",
            ),
            ("{honorForeign: [polaris, checkov]}", "honors annotations of polaris, checkov"),
            (
                "{exclude: [{kind: Pod, name: a.*, rules: [host-pid], reason: old, until: 2027-01-31}]}",
                "excludes kind `Pod`, name `a.*` from KR-SEC-003 until 2027-01-31 (old)",
            ),
            ("{exclude: [{}]}", "excludes all objects from all rules (no reason)"),
            ("{externals: [{kind: Secret}]}", "treats as defined elsewhere: Secret `*/*`"),
            ("{values: {shutdown: {drainSeconds: 0}}}", "sets `values.shutdown.drainSeconds` to 0"),
            (
                "{values: {minUid: 1, allowRootGroup: true}}",
                "sets `values.minUid` to 1, `values.allowRootGroup` to true",
            ),
            ("{values: {minUid: 5000}, images: {nonRoot: ['registry.acme.io/*']}}", ""),
            ("{images: {nonRoot: ['*']}}", "sets `images.nonRoot` to all images (`*`)"),
        ] {
            assert_eq!(lowerings(spec), expected, "{spec}");
        }
    }
}
