//! The configuration document: `apiVersion: krender.dev/v1alpha1`, with one of three kinds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::exclusion::Exclusion;
use super::facts::{
    CpuLimits, External, Facts, Placement, PodPath, PullPolicy, Registries, Values,
};
use super::foreign::Tool;
use super::own;
use super::platform::Platform;
use super::producers::Producer;
use super::profile::{Profile, minor};
use super::rule::Rule;
use super::rules::known;
use super::scoped::{ProbesSpec, QualitySpec, RuntimeSpec, Told};
use super::settings::{FailOn, Holds, Most, Selected, Settings};
use super::value::boolean;
use super::violation::{Class, Severity};
use crate::config::Selector;
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::resource::{LabelSelector, Quantity};
use crate::source::{Sources, Span};
use crate::text::phrase::{listed, quoted};
use crate::transform::select::Selection;
use crate::yaml::de::{self, Spanned};
use crate::yaml::{Mapping, Node, Scalar, Text};

/// The kind of a configuration. All kinds have the same fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file for the command line.
    Hardening,
    /// An entry of `transformers`.
    Transformer,
    /// An entry of `validators`.
    Validator,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Hardening, Self::Transformer, Self::Validator];

    /// The text of the field `kind`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hardening => "Hardening",
            Self::Transformer => "HardeningTransformer",
            Self::Validator => "HardeningValidator",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Configuration {
    api_version: Spanned<Text>,
    kind: Spanned<Text>,
    #[serde(deserialize_with = "de::mapping")]
    metadata: Option<Node>,
    spec: Spec,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    profile: Spanned<Text>,
    kubernetes_version: Spanned<Text>,
    fix: Option<Level>,
    r#override: Vec<Spanned<Text>>,
    fail_on: FailOn,
    #[serde(deserialize_with = "de::mapping")]
    rules: Option<Node>,
    values: ValuesSpec,
    images: Images,
    registries: RegistriesSpec,
    externals: Vec<Spanned<ExternalSpec>>,
    producers: Vec<Spanned<ProducerSpec>>,
    pod_specs: Vec<Spanned<PodSpec>>,
    runtimes: Vec<RuntimeSpec>,
    probes: ProbesSpec,
    qos: Vec<QualitySpec>,
    select: Vec<Selector>,
    exclude: Vec<Spanned<ExclusionSpec>>,
    exclude_system: bool,
    default_namespace: String,
    platform: Option<Platform>,
    trials: Option<Vec<String>>,
    keep_severities: bool,
    honor_foreign: Vec<Tool>,
    strip_annotations: bool,
    allow_ignores: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    None,
    Safe,
    Unsafe,
    Override,
}

/// An entry of `rules`: settings of a known rule, or a rule of its own, which has `validate`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RuleSpec {
    severity: Option<Grade>,
    fix: Option<Spanned<Level>>,
    name: Option<Spanned<Text>>,
    summary: Option<String>,
    why: Option<String>,
    advice: Option<String>,
    // These are read from their nodes.
    r#match: Option<Spanned<IgnoredAny>>,
    validate: Option<Spanned<IgnoredAny>>,
    message: Option<Spanned<IgnoredAny>>,
    message_expression: Option<Spanned<IgnoredAny>>,
    params: Option<Spanned<IgnoredAny>>,
    examples: Option<Spanned<IgnoredAny>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Grade {
    Error,
    Warning,
    Note,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ValuesSpec {
    run_as_user: Option<i64>,
    run_as_group: Option<i64>,
    fs_group: Option<i64>,
    min_uid: Option<i64>,
    allow_root_group: bool,
    pull_policy: PullPolicy,
    writable_dirs: Option<Vec<String>>,
    floating_tags: Vec<String>,
    required_labels: Option<Vec<String>>,
    #[serde(deserialize_with = "de::mapping")]
    labels: Option<Node>,
    service_types: Vec<String>,
    placement: Placement,
    empty_dir_size_limit: Spanned<Text>,
    min_replicas: Option<i64>,
    resources: Resources,
    shutdown: Shutdown,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Resources {
    requests: Requests,
    memory_limit_factor: Option<i64>,
    min_memory_limit: Spanned<Text>,
    max_memory_ratio: Option<i64>,
    cpu_limits: Option<CpuLimits>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Requests {
    cpu: Spanned<Text>,
    memory: Spanned<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Shutdown {
    pre_stop_seconds: Option<i64>,
    drain_seconds: Option<i64>,
    margin_seconds: Option<i64>,
    max_grace_seconds: Option<i64>,
    endpoint_propagation_seconds: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RegistriesSpec {
    allow: Vec<String>,
    deny: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Images {
    non_root: Vec<String>,
    #[serde(deserialize_with = "de::mapping")]
    writable_dirs: Option<Node>,
    #[serde(deserialize_with = "de::mapping")]
    run_as_user: Option<Node>,
    #[serde(deserialize_with = "de::mapping")]
    built: Option<Node>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ExternalSpec {
    kind: String,
    namespace: String,
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ProducerSpec {
    group: Spanned<Text>,
    kind: Spanned<Text>,
    makes: Spanned<Text>,
    name: Spanned<Text>,
    namespace: String,
    with: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PodSpec {
    group: String,
    kind: String,
    path: String,
    replicas_path: Option<Spanned<IgnoredAny>>,
    selector_path: Option<Spanned<IgnoredAny>>,
}

/// The fields of a [`Selector`], and the rules, the reason and the last day of the exclusion.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ExclusionSpec {
    group: Spanned<Text>,
    version: Spanned<Text>,
    kind: Spanned<Text>,
    name: Spanned<Text>,
    namespace: Spanned<Text>,
    label_selector: Spanned<Text>,
    annotation_selector: Spanned<Text>,
    rules: Vec<Spanned<Text>>,
    reason: String,
    until: Option<Spanned<Text>>,
}

const API_VERSION: &str = "krender.dev/v1alpha1";

/// The JSON Schema of configurations. The rules are added to it by `krender schema`.
pub const SCHEMA: &str = include_str!("data/configuration.schema.json");

/// The fields of a configuration by the paths of the mappings that have them, and the words of fields that take one of
/// some. An entry of `rules` is `spec.rules.*`.
#[must_use]
pub fn configuration_fields() -> BTreeMap<String, &'static [&'static str]> {
    let mut fields = de::shape::<Configuration>();
    for (path, names) in de::shape::<RuleSpec>() {
        let path = if path.is_empty() { path } else { format!(".{path}") };
        fields.insert(format!("spec.rules.*{path}"), names);
    }
    fields
}

impl Settings {
    /// Reads a configuration of one of `kinds`. Fields that it omits keep their defaults; `usual` is the default
    /// profile.
    ///
    /// # Errors
    /// All mistakes in the document together: those of [`de::from_node`] (such as unknown keys), [`Code::InvalidValue`]
    /// for another kind of document, and for profiles, versions, rules and severities that do not exist,
    /// [`Code::NotSupportedYet`] for fields that no rule uses yet, and those of selectors.
    pub fn read(root: &Node, kinds: &[Kind], usual: Profile) -> Result<Self> {
        Self::read_within(root, kinds, usual, None, &Budget::default())
    }

    /// Reads a configuration as [`Settings::read`] does, and charges its patterns to a budget. With the sources of its
    /// text, mistakes in expressions are shown within them.
    ///
    /// # Errors
    /// The same, and [`Code::LimitExceeded`].
    pub fn read_within(
        root: &Node,
        kinds: &[Kind],
        usual: Profile,
        sources: Option<&Sources>,
        budget: &Budget,
    ) -> Result<Self> {
        let Configuration { api_version, kind, metadata: _, spec } = de::from_node(root)?;
        if kinds.iter().all(|known| **kind != *known.as_str()) {
            return Err(unexpected(&kind, &listed(quoted(kinds), "or")));
        }
        if **api_version != *API_VERSION {
            return Err(unexpected(&api_version, &format!("`{API_VERSION}`")));
        }
        let mut errors = Vec::new();
        let settings = spec.settings(usual, sources, budget, &mut errors);
        errors.sort_by_key(Error::span);
        Error::all(errors).map_or(Ok(settings), Err)
    }
}

fn unexpected(found: &Spanned<Text>, expected: &str) -> Error {
    let message = format!("found `{}`, expected {expected}", found.as_str());
    let help = format!(
        "a configuration begins with `apiVersion: {API_VERSION}` and `kind: {}`",
        Kind::Hardening
    );
    Error::new(Code::InvalidValue, message).at(found.span).help(help)
}

impl Spec {
    /// The settings; mistakes are added to `errors`.
    fn settings(
        self,
        usual: Profile,
        sources: Option<&Sources>,
        budget: &Budget,
        errors: &mut Vec<Error>,
    ) -> Settings {
        self.refuse(errors);
        let mut settings = Settings {
            facts: Facts {
                profile: usual,
                non_root_images: self.images.non_root,
                registries: self.registries.registries(),
                default_namespace: self.default_namespace,
                platform: self.platform,
                trials: self.trials,
                keeps_severities: self.keep_severities,
                values: self.values.values(errors),
                ..Facts::default()
            },
            fix: self.fix.map(Level::most),
            fixes_follow_profile: !self.profile.is_empty(),
            fail_on: self.fail_on,
            excludes_system: self.exclude_system,
            honored: self.honor_foreign,
            strips_annotations: self.strip_annotations,
            allows_ignores: self.allow_ignores,
            ..Settings::default()
        };
        settings.facts.told = Told::read(self.runtimes, self.probes, self.qos, budget, errors);
        let mut keep = |error| errors.push(error);
        if !self.profile.is_empty() {
            let profile = wrong(self.profile.parse(), &self.profile);
            settings.facts.profile = profile.map_err(&mut keep).unwrap_or(usual);
        }
        let version = &self.kubernetes_version;
        if !version.is_empty() {
            let said = wrong(minor(version), version);
            settings.facts.kubernetes = said.map_err(&mut keep).ok();
        }
        for name in &self.r#override {
            match wrong(known(name), name) {
                Ok(rule) => settings.fixes.push((rule, Some(Class::Override))),
                Err(error) => keep(error),
            }
        }
        rules(self.rules.as_ref(), &mut settings, sources, budget, &mut keep);
        let users = by_key(self.images.run_as_user.as_ref());
        settings.facts.values.image_users = users.map_err(&mut keep).unwrap_or_default();
        let directories = by_key(self.images.writable_dirs.as_ref());
        settings.facts.values.image_dirs = directories.map_err(&mut keep).unwrap_or_default();
        let built = by_key(self.images.built.as_ref());
        settings.facts.built_images = built.map_err(&mut keep).unwrap_or_default();
        for external in self.externals {
            match external.value.external(external.span) {
                Ok(external) => settings.facts.externals.push(external),
                Err(error) => keep(error),
            }
        }
        for producer in self.producers {
            match producer.value.producer(producer.span) {
                Ok(producer) => settings.facts.producers.push(producer),
                Err(error) => keep(error),
            }
        }
        for pod in self.pod_specs {
            // Refused already.
            if pod.value.replicas_path.is_some() || pod.value.selector_path.is_some() {
                continue;
            }
            match pod.value.path(pod.span) {
                Ok(path) => settings.facts.pod_paths.push(path),
                Err(error) => keep(error),
            }
        }
        for selector in &self.select {
            match selection(selector, budget) {
                Ok(selection) => settings.select.push(Arc::new(Selected(selection))),
                Err(error) => keep(error),
            }
        }
        for exclusion in self.exclude {
            match exclusion.value.exclusion(exclusion.span, &settings, budget) {
                Ok(exclusion) => settings.exclusions.push(Arc::new(exclusion)),
                Err(error) => keep(error),
            }
        }
        settings
    }

    /// Refuses fields that no rule uses yet: users would believe that they have an effect.
    fn refuse(&self, errors: &mut Vec<Error>) {
        let of_pods = self.pod_specs.iter().map(|pod| &pod.value).flat_map(|pod| {
            [("replicasPath", &pod.replicas_path), ("selectorPath", &pod.selector_path)]
        });
        for (name, value) in of_pods {
            let Some(value) = value else { continue };
            let error = Error::new(
                Code::NotSupportedYet,
                format!("`{name}` is for rules that krender does not have yet"),
            );
            errors.push(error.at(value.span).help("remove it: it has no effect"));
        }
    }
}

impl RegistriesSpec {
    fn registries(self) -> Registries {
        let Self { allow, deny } = self;
        Registries { allow, deny }
    }
}

impl ExternalSpec {
    fn external(self, span: Span) -> Result<External> {
        let Self { kind, namespace, name } = self;
        if kind.is_empty() {
            let error = Error::new(Code::InvalidValue, "an external object needs `kind`").at(span);
            return Err(error.help("write `{kind: Secret, namespace: shop, name: \"*-tls\"}`"));
        }
        Ok(External { kind, namespace, name })
    }
}

impl ProducerSpec {
    fn producer(self, span: Span) -> Result<Producer> {
        let Self { group, kind, makes, name, namespace, with } = self;
        let fields = [("kind", &kind), ("makes", &makes), ("name", &name)];
        if let Some((field, _)) = fields.into_iter().find(|(_, value)| value.is_empty()) {
            let message = format!("a producer needs `{field}`");
            let help = "write `{group: example.com, kind: Database, makes: Secret, name: \"{metadata.name}-login\"}`";
            return Err(Error::new(Code::InvalidValue, message).at(span).help(help));
        }
        let [group, kind, makes, name] = [group, kind, makes, name].map(|one| one.to_string());
        let image = String::new();
        Ok(Producer { group, kind, makes, name, namespace, with, image })
    }
}

impl PodSpec {
    fn path(self, span: Span) -> Result<PodPath> {
        let Self { group, kind, path, .. } = self;
        for (field, value) in [("kind", &kind), ("path", &path)] {
            if value.is_empty() {
                let message = format!("a kind that creates pods needs `{field}`");
                let error = Error::new(Code::InvalidValue, message).at(span);
                return Err(
                    error.help("write `{group: example.com, kind: Worker, path: spec.template}`")
                );
            }
        }
        Ok(PodPath { group, kind, path: path.split('.').map(str::to_owned).collect() })
    }
}

impl Level {
    const fn most(self) -> Most {
        match self {
            Self::None => None,
            Self::Safe => Some(Class::Safe),
            Self::Unsafe => Some(Class::Unsafe),
            Self::Override => Some(Class::Override),
        }
    }
}

/// Values by patterns of images, or by other keys.
fn by_key<T: DeserializeOwned>(said: Option<&Node>) -> Result<Vec<(String, T)>> {
    let entries = said.and_then(Node::as_mapping).map(Mapping::entries).unwrap_or_default();
    let read =
        |(pattern, value): &(Scalar, Node)| Ok((pattern.text().to_owned(), de::from_node(value)?));
    entries.iter().map(read).collect()
}

/// The result of parsing a word, with an error at that word.
fn wrong<T>(read: Result<T>, word: &Spanned<Text>) -> Result<T> {
    read.map_err(|error| {
        let told = Error::new(Code::InvalidValue, error.message()).at(word.span);
        error.helps().iter().fold(told, Error::help)
    })
}

/// Reads the entries of rules: settings of known ones, and own ones, which have `validate`.
fn rules(
    entries: Option<&Node>,
    settings: &mut Settings,
    sources: Option<&Sources>,
    budget: &Budget,
    keep: &mut impl FnMut(Error),
) {
    let entries = entries.and_then(Node::as_mapping).map(Mapping::entries).unwrap_or_default();
    for (id, value) in entries {
        if value.get("validate").is_some() {
            match words(value).and_then(|words| own::read(id, value, &words, sources, budget)) {
                Ok(rule) => settings.own.push(Arc::new(rule)),
                Err(error) => keep(error),
            }
            continue;
        }
        let name = Spanned::new(id.shared_text().clone(), id.span());
        let said = wrong(known(&name), &name).map_err(|error| {
            match value.as_mapping().is_some_and(|entry| entry.len() > 2) {
                true => error.help("a rule of your own has `validate`, an expression in CEL"),
                false => error,
            }
        });
        if let Err(error) = said.and_then(|rule| say(rule, value, settings)) {
            keep(error);
        }
    }
    let mut words = BTreeSet::new();
    for rule in &settings.own {
        let mut is_taken = |word: &str| known(word).is_ok() || !words.insert(word.to_lowercase());
        let mut names = vec![&rule.id];
        names.extend((!rule.name.eq_ignore_ascii_case(&rule.id)).then_some(&rule.name));
        let taken: Vec<&String> = names.into_iter().filter(|name| is_taken(name)).collect();
        for name in taken {
            let message = format!("there is another rule with the id or name `{name}`");
            keep(Error::new(Code::DuplicateId, message).at(rule.span()));
        }
    }
}

/// Reads the entry of a rule: `off`, or a severity and a fix.
fn say(rule: &'static Rule, value: &Node, settings: &mut Settings) -> Result<()> {
    // YAML 1.1 reads `off` as false.
    if boolean(value) == Some(false) || value.as_text() == Some("off") {
        settings.severities.push((rule, Holds::Off));
        return Ok(());
    }
    if value.as_mapping().is_none_or(Mapping::is_empty) {
        return Err(Error::new(Code::InvalidValue, "a rule is `off`, or has a severity or a fix")
            .at(value.span())
            .help("write `off`, `{severity: warning}`, or `{fix: safe}`"));
    }
    if let Some(severity) = off(value) {
        let message = "a rule that is off has no severity";
        let error = Error::new(Code::InvalidValue, message).at(severity);
        return Err(error.help(format!("write `{}: off`", rule.name)));
    }
    let spec: RuleSpec = de::from_node(value)?;
    let mut others = value.entries().iter().filter(|(key, _)| !SETTINGS.contains(&key.text()));
    if let Some((key, _)) = others.next() {
        let message = format!("`{}` has no effect on `{}`, a rule of krender", key.text(), rule.id);
        let help = "write `off`, `{severity: warning}`, or `{fix: safe}`";
        return Err(Error::new(Code::InvalidValue, message).at(key.span()).help(help));
    }
    let holds = spec.severity.map_or(Holds::On, |grade| Holds::As(grade.severity()));
    settings.severities.push((rule, holds));
    settings.fixes.extend(spec.fix.map(|level| (rule, level.value.most())));
    Ok(())
}

/// The place of a severity `off` of a rule.
fn off(rule: &Node) -> Option<Span> {
    let severity = rule.get("severity")?;
    let is_off = boolean(severity) == Some(false)
        || severity.as_text().is_some_and(|text| matches!(text, "off" | "none" | "never"));
    is_off.then(|| severity.span())
}

/// The fields that configure a known rule.
const SETTINGS: [&str; 2] = ["severity", "fix"];

impl Grade {
    const fn severity(self) -> Severity {
        match self {
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Note => Severity::Note,
        }
    }
}

/// The words of an own rule.
fn words(value: &Node) -> Result<own::Words> {
    if let Some(severity) = off(value) {
        let message = "a rule of a configuration is always on";
        let error = Error::new(Code::InvalidValue, message).at(severity);
        return Err(error.help("remove the rule, or write `error`, `warning` or `note`"));
    }
    let spec: RuleSpec = de::from_node(value)?;
    if let Some(fix) = spec.fix {
        let error = Error::new(Code::InvalidValue, "a rule of a configuration has no fixes");
        return Err(error.at(fix.span).help("remove `fix`"));
    }
    Ok(own::Words {
        name: spec.name,
        severity: spec.severity.map_or(Severity::Warning, Grade::severity),
        summary: spec.summary.unwrap_or_default(),
        why: spec.why.unwrap_or_default(),
        advice: spec.advice.unwrap_or_default(),
    })
}

/// A compiled selector. Label selectors are parsed here too, so that errors are reported early.
fn selection(selector: &Selector, budget: &Budget) -> Result<Selection> {
    for text in [&selector.label_selector, &selector.annotation_selector] {
        LabelSelector::parse(text).map_err(|error| error.at(text.span))?;
    }
    Selection::new(selector, budget)
}

impl ExclusionSpec {
    fn exclusion(self, span: Span, settings: &Settings, budget: &Budget) -> Result<Exclusion> {
        let rules = self.rules.iter().map(|name| wrong(settings.known(name), name));
        let rules = rules.collect::<Result<_>>()?;
        let until = self.until.as_ref().map(|until| wrong(until.parse(), until));
        let until = until.transpose()?;
        let Self { group, version, kind, name, namespace, .. } = self;
        let Self { label_selector, annotation_selector, .. } = self;
        let selector =
            Selector { group, version, kind, name, namespace, annotation_selector, label_selector };
        let fields = [
            ("group", &selector.group),
            ("version", &selector.version),
            ("kind", &selector.kind),
            ("namespace", &selector.namespace),
            ("name", &selector.name),
            ("labelSelector", &selector.label_selector),
            ("annotationSelector", &selector.annotation_selector),
        ];
        let said = fields.iter().filter(|(_, text)| !text.is_empty());
        let said = said.map(|(field, text)| format!("{field} `{}`", text.as_str()));
        let objects = said.collect::<Vec<_>>().join(", ");
        let selection = selection(&selector, budget)?;
        Ok(Exclusion {
            selection,
            objects,
            rules,
            reason: self.reason.trim().to_owned(),
            until,
            span,
        })
    }
}

impl ValuesSpec {
    fn values(&self, errors: &mut Vec<Error>) -> Values {
        let Self { resources, shutdown, .. } = self;
        let usual = Values::default();
        let labels = by_key(self.labels.as_ref()).unwrap_or_else(|error| {
            errors.push(error);
            Vec::new()
        });
        let mut quantity = |said: &Spanned<Text>, usual: String| {
            if said.is_empty() {
                return usual;
            }
            if Quantity::parse(said).is_none() {
                let message = format!("`{}` is no quantity", said.as_str());
                let error = Error::new(Code::InvalidValue, message).at(said.span);
                let help = "write a number and a unit: `500m` of CPU, `64Mi` of memory";
                errors.push(error.help(help));
            }
            said.to_string()
        };
        Values {
            run_as_user: self.run_as_user.unwrap_or(usual.run_as_user),
            run_as_group: self.run_as_group.unwrap_or(usual.run_as_group),
            fs_group: self.fs_group.unwrap_or(usual.fs_group),
            min_uid: self.min_uid,
            allow_root_group: self.allow_root_group,
            pull_policy: self.pull_policy,
            writable_dirs: self.writable_dirs.clone().unwrap_or(usual.writable_dirs),
            cpu: quantity(&resources.requests.cpu, usual.cpu),
            memory: quantity(&resources.requests.memory, usual.memory),
            memory_limit_factor: resources.memory_limit_factor.unwrap_or(usual.memory_limit_factor),
            min_memory_limit: quantity(&resources.min_memory_limit, usual.min_memory_limit),
            floating_tags: self.floating_tags.clone(),
            required_labels: self.required_labels.clone().unwrap_or(usual.required_labels),
            labels,
            service_types: self.service_types.clone(),
            pre_stop_seconds: shutdown.pre_stop_seconds.unwrap_or(usual.pre_stop_seconds),
            drain_seconds: shutdown.drain_seconds.unwrap_or(usual.drain_seconds),
            margin_seconds: shutdown.margin_seconds.unwrap_or(usual.margin_seconds),
            max_grace_seconds: shutdown.max_grace_seconds.unwrap_or(usual.max_grace_seconds),
            endpoint_propagation_seconds: shutdown
                .endpoint_propagation_seconds
                .unwrap_or(usual.endpoint_propagation_seconds),
            min_replicas: self.min_replicas.unwrap_or(usual.min_replicas),
            max_memory_ratio: resources.max_memory_ratio.unwrap_or(usual.max_memory_ratio),
            cpu_limits: resources.cpu_limits,
            placement: self.placement,
            empty_dir_size_limit: quantity(&self.empty_dir_size_limit, usual.empty_dir_size_limit),
            image_dirs: usual.image_dirs,
            image_users: usual.image_users,
        }
    }
}
