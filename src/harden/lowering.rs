//! Settings that switch rules off or lower them, compared with the usual profile. Reports show them next to a verdict.

use super::facts::{CpuLimits, External, Facts, Registries, Values};
use super::platform::Platform;
use super::producers::Producer;
use super::profile::{Profile, Version};
use super::rule::Rule;
use super::rules::rules;
use super::settings::{FailOn, Holds, Settings};
use crate::resource::Quantity;
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
        // Each field is named: who adds one decides here whether it can lower.
        let Self {
            facts,
            severities: _,
            only: _,
            own: _,
            limits: _,
            fix: _,
            fixes_follow_profile: _,
            fixes: _,
            fail_on,
            select: _,
            exclusions,
            today: _,
            excludes_system,
            honored,
            strips_annotations: _,
            allows_ignores: _,
            phase: _,
        } = self;
        let mut found = Vec::new();
        let mut add = |kind, rule, text: String| found.push(Lowering { kind, rule, text });
        let profile = facts.profile;
        if profile.set < usual.set || profile.version() < usual.version() {
            add(LoweringKind::Profile, None, format!("`{profile}` (usual: `{usual}`)"));
        }
        for rule in rules() {
            match self.said(rule) {
                Some(Holds::Off) if profile.has(&rule.scope) => {
                    add(LoweringKind::RuleOff, Some(rule), rule.title());
                }
                Some(Holds::As(severity)) if severity < rule.severity => {
                    let text = format!("{} to {severity}", rule.title());
                    add(LoweringKind::Severity, Some(rule), text);
                }
                _ => {}
            }
        }
        if *fail_on == FailOn::Never {
            add(LoweringKind::FailOn, None, "every run pass (`failOn: never`)".to_owned());
        }
        for exclusion in exclusions {
            add(LoweringKind::Exclusion, None, exclusion.told());
        }
        if *excludes_system {
            let text = "errors in system namespaces (`excludeSystem: true`)";
            add(LoweringKind::System, None, text.to_owned());
        }
        for tool in honored {
            add(LoweringKind::Foreign, None, tool.name().to_owned());
        }
        facts.lowerings(&mut |kind, text| add(kind, None, text));
        found
    }

    /// The lowering by which annotations and comments accept findings of a build, if they do.
    #[must_use]
    pub fn lowering_of_builds(&self) -> Option<Lowering> {
        let text = "annotations and comments that accept findings".to_owned();
        self.allows_ignores.then_some(Lowering { kind: LoweringKind::Ignores, rule: None, text })
    }
}

impl Facts {
    /// Adds the lowerings by facts: first objects elsewhere, then values.
    fn lowerings(&self, add: &mut dyn FnMut(LoweringKind, String)) {
        let Self {
            profile: _,
            // Pods are added to those that are found anyway.
            pod_paths: _,
            non_root_images,
            built_images,
            externals,
            producers,
            kubernetes,
            // The namespace that objects are applied to is no matter of strictness.
            default_namespace: _,
            platform,
            trials,
            registries: Registries { allow, deny: _ },
            // This only raises severities.
            keeps_severities: _,
            ignores_suppressions: _,
            told,
            values,
        } = self;
        for External { kind, namespace, name } in externals {
            let names = [namespace, name].map(|name| if name.is_empty() { "*" } else { name });
            add(LoweringKind::External, format!("{kind} `{}/{}`", names[0], names[1]));
        }
        for Producer { kind, makes, name, .. } in producers {
            add(LoweringKind::External, format!("{makes} `{name}`, which a {kind} makes"));
        }
        let mut set = |text: String| add(LoweringKind::Value, text);
        // Rules that need a newer version than the cluster has are off.
        let oldest = Version::LATEST.minor() + 1 - Version::SUPPORTED;
        if let Some(minor) = kubernetes.filter(|minor| *minor < oldest) {
            set(format!("`kubernetesVersion` to v1.{minor}"));
        }
        if *platform == Some(Platform::OpenShift) {
            set("`platform` to openshift".to_owned());
        }
        if let Some([_, ..]) = trials.as_deref() {
            set(format!("`trials` to {}", or_none(trials.as_deref().unwrap_or_default())));
        }
        self.lowered_values(values, &mut set);
        let users = values.image_users.iter().map(|(image, _)| image).collect::<Vec<_>>();
        let built = built_images.iter().map(|(image, _)| image).collect();
        for (field, patterns) in [
            ("images.nonRoot", non_root_images.iter().collect()),
            ("images.runAsUser", users),
            ("images.built", built),
            ("registries.allow", allow.iter().collect()),
        ] {
            let is_of_all = |pattern: &&String| pattern.contains('*') && fits(pattern, ANY_IMAGE);
            if let Some(pattern) = patterns.into_iter().find(is_of_all) {
                set(format!("`{field}` to all images (`{pattern}`)"));
            }
        }
        if told.has_runtime_of_all() {
            set("`runtimes` to one of all containers".to_owned());
        }
    }

    /// Adds the values with which rules find less than with the defaults.
    fn lowered_values(&self, values: &Values, set: &mut dyn FnMut(String)) {
        let Values {
            // These are written by fixes, and no rule compares with them.
            run_as_user: _,
            run_as_group: _,
            fs_group: _,
            writable_dirs: _,
            cpu: _,
            memory: _,
            memory_limit_factor: _,
            pre_stop_seconds: _,
            labels: _,
            placement: _,
            empty_dir_size_limit: _,
            image_dirs: _,
            // These can only add findings.
            pull_policy: _,
            floating_tags: _,
            min_uid,
            allow_root_group,
            min_memory_limit,
            required_labels,
            service_types,
            drain_seconds,
            margin_seconds,
            max_grace_seconds,
            endpoint_propagation_seconds,
            min_replicas,
            max_memory_ratio,
            cpu_limits,
            // Patterns for all images are lowerings.
            image_users: _,
        } = values;
        let usual = Values::default();
        for (name, value, usual) in [
            ("shutdown.drainSeconds", drain_seconds, usual.drain_seconds),
            ("shutdown.marginSeconds", margin_seconds, usual.margin_seconds),
            (
                "shutdown.endpointPropagationSeconds",
                endpoint_propagation_seconds,
                usual.endpoint_propagation_seconds,
            ),
            ("minReplicas", min_replicas, usual.min_replicas),
            ("minUid", &min_uid.unwrap_or(i64::MAX), self.usual_min_uid()),
        ] {
            if *value < usual {
                set(format!("`values.{name}` to {value}"));
            }
        }
        for (name, value, usual) in [
            ("shutdown.maxGraceSeconds", max_grace_seconds, usual.max_grace_seconds),
            ("resources.maxMemoryRatio", max_memory_ratio, usual.max_memory_ratio),
        ] {
            if *value > usual {
                set(format!("`values.{name}` to {value}"));
            }
        }
        if Quantity::parse(min_memory_limit) > Quantity::parse(&usual.min_memory_limit) {
            set(format!("`values.resources.minMemoryLimit` to {min_memory_limit}"));
        }
        if let Some(policy @ (CpuLimits::Forbid | CpuLimits::Ignore)) = cpu_limits
            && self.is_paranoid()
        {
            let policy = if *policy == CpuLimits::Forbid { "forbid" } else { "ignore" };
            set(format!("`values.resources.cpuLimits` to {policy}"));
        }
        if *allow_root_group {
            set("`values.allowRootGroup` to true".to_owned());
        }
        if usual.required_labels.iter().any(|label| !required_labels.contains(label)) {
            let labels = or_none(required_labels);
            set(format!("`values.requiredLabels` to {labels}"));
        }
        if !service_types.is_empty() {
            set(format!("`values.serviceTypes` to {}", or_none(service_types)));
        }
    }
}

/// The first words of a list, or `none`.
fn or_none(words: &[String]) -> String {
    const MOST: usize = 3;
    if words.is_empty() { "none".to_owned() } else { few(words, MOST, |word| format!("`{word}`")) }
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
    use crate::harden::configuration::{Kind, configuration_fields};
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
            ("{kubernetesVersion: '1.35', registries: {allow: [ghcr.io/acme], deny: ['*']}}", ""),
            ("{values: {requiredLabels: [app.kubernetes.io/name, team], floatingTags: [a]}}", ""),
            ("{values: {requiredLabels: [team]}}", "sets `values.requiredLabels` to `team`"),
            ("{values: {resources: {cpuLimits: ignore, minMemoryLimit: 64Mi}}}", ""),
            ("{runtimes: [{runtime: go, images: ['acme/*']}]}", ""),
            // These can only raise severities.
            ("{platform: kubernetes, trials: []}", ""),
            ("{trials: [overlays/qa, 'test/*']}", "sets `trials` to `overlays/qa`, `test/*`"),
        ] {
            assert_eq!(lowerings(spec), expected, "{spec}");
        }
    }

    /// A setting for each field by which rules find less, and the told lowering.
    const LOWERING: &[(&str, &str, &str)] = &[
        ("profile", "baseline", "profile `baseline@v1.37`"),
        ("kubernetesVersion", "'1.29'", "`kubernetesVersion` to v1.29"),
        ("failOn", "never", "`failOn: never`"),
        ("externals.kind", "[{kind: Secret}]", "Secret `*/*`"),
        ("producers.kind", "[{kind: A, makes: Secret, name: a}]", "Secret `a`, which a A makes"),
        ("platform", "openshift", "`platform` to openshift"),
        ("trials", "['overlays/*']", "`trials` to `overlays/*`"),
        ("images.nonRoot", "['*']", "`images.nonRoot` to all images"),
        ("images.runAsUser", "{'*': 1000}", "`images.runAsUser` to all images (`*`)"),
        ("images.built", "{'*/*': Dockerfile}", "`images.built` to all images (`*/*`)"),
        ("registries.allow", "[a.io, '*']", "`registries.allow` to all images (`*`)"),
        ("runtimes.runtime", "[{runtime: go}]", "`runtimes` to one of all containers"),
        ("excludeSystem", "true", "`excludeSystem: true`"),
        ("honorForeign", "[polaris]", "polaris"),
        ("exclude.kind", "[{kind: Pod}]", "kind `Pod`"),
        ("values.minUid", "1", "`values.minUid` to 1"),
        ("values.allowRootGroup", "true", "`values.allowRootGroup` to true"),
        ("values.requiredLabels", "[]", "`values.requiredLabels` to none"),
        ("values.serviceTypes", "[NodePort]", "`values.serviceTypes` to `NodePort`"),
        ("values.minReplicas", "1", "`values.minReplicas` to 1"),
        ("values.resources.maxMemoryRatio", "9", "`values.resources.maxMemoryRatio` to 9"),
        ("values.resources.minMemoryLimit", "1Gi", "`values.resources.minMemoryLimit` to 1Gi"),
        ("values.resources.cpuLimits", "ignore", "`values.resources.cpuLimits` to ignore"),
        ("values.shutdown.drainSeconds", "1", "`values.shutdown.drainSeconds` to 1"),
        ("values.shutdown.marginSeconds", "1", "`values.shutdown.marginSeconds` to 1"),
        ("values.shutdown.maxGraceSeconds", "999", "`values.shutdown.maxGraceSeconds` to 999"),
        (
            "values.shutdown.endpointPropagationSeconds",
            "1",
            "`values.shutdown.endpointPropagationSeconds` to 1",
        ),
    ];

    /// Fields that cannot make rules find less: those of fixes, those that add findings, conditions of a list's entry, and
    /// those of builds ([`Settings::lowering_of_builds`]).
    const OTHERS: &str = "fix override stripAnnotations keepSeverities allowIgnores select defaultNamespace podSpecs qos probes \
        registries.deny producers externals exclude runtimes images.writableDirs values.runAsUser values.runAsGroup \
        values.fsGroup values.labels values.pullPolicy values.writableDirs values.floatingTags values.placement \
        values.emptyDirSizeLimit values.resources.requests values.resources.memoryLimitFactor \
        values.shutdown.preStopSeconds rules";

    #[test]
    fn each_field_that_can_lower_is_told() {
        let fields = configuration_fields();
        let mut leaves = Vec::new();
        for (path, names) in &fields {
            let Some(path) = path.strip_prefix("spec") else { continue };
            let path = path.replace("[]", "").replace(".*", "");
            leaves.extend(names.iter().map(|name| format!("{path}.{name}")[1..].to_owned()));
        }
        // Fields with words have the words as leaves.
        let is_in = |leaf: &str, field: &str| {
            leaf.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let parents: Vec<String> =
            fields.keys().map(|path| path.replace("[]", "").replace(".*", "")).collect();
        leaves.retain(|leaf| !parents.contains(&format!("spec.{leaf}")));
        assert!(leaves.len() > 60, "{leaves:?}");
        for leaf in &leaves {
            let is_other = OTHERS.split_whitespace().any(|other| is_in(leaf, other));
            let is_told = LOWERING.iter().any(|(field, ..)| is_in(leaf, field));
            assert!(is_other || is_told, "`{leaf}` may lower: tell it, or say that it cannot");
        }
        for (field, value, expected) in LOWERING {
            assert!(leaves.iter().any(|leaf| is_in(leaf, field)), "there is no field `{field}`");
            // The entry of a list is given as a whole.
            let field =
                if value.starts_with("[{") { field.split('.').next().unwrap() } else { field };
            let mut spec = value.to_string();
            for key in field.rsplit('.') {
                spec = format!("{{{key}: {spec}}}");
            }
            let paranoid = format!("{{profile: paranoid, {}", &spec[1..]);
            let spec = if field == "profile" { spec } else { paranoid };
            let told = lowerings(&spec);
            assert!(told.contains(expected), "{spec}: {told}");
        }
    }
}
