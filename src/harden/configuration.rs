//! The file that says what is asked for: `apiVersion: krender.dev/v1alpha1`, `kind: Hardening`.

use serde::Deserialize;

use super::profile::{Profile, Version};
use super::rule::{Rule, Severity};
use super::rules::{RULES, find};
use super::settings::{External, PodPath, Settings, Values};
use super::value::boolean;
use crate::error::{Code, Error, Result, nearest};
use crate::yaml::de::{self, Spanned};
use crate::yaml::{Mapping, Node, Text};

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
    #[serde(deserialize_with = "de::mapping")]
    rules: Option<Node>,
    values: ValuesSpec,
    images: Images,
    externals: Vec<ExternalSpec>,
    pod_specs: Vec<PodSpec>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ValuesSpec {
    run_as_user: Option<i64>,
    writable_dirs: Option<Vec<String>>,
    floating_tags: Vec<String>,
    resources: Resources,
    shutdown: Shutdown,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Resources {
    requests: Requests,
    memory_limit_factor: Option<i64>,
    min_memory_limit: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Requests {
    cpu: Option<String>,
    memory: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Shutdown {
    pre_stop_seconds: Option<i64>,
    drain_seconds: Option<i64>,
    margin_seconds: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Images {
    non_root: Vec<String>,
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
struct PodSpec {
    group: String,
    kind: String,
    path: String,
}

const API_VERSION: &str = "krender.dev/v1alpha1";
const KIND: &str = "Hardening";

impl Settings {
    /// Reads what a configuration file asks for. What it does not say is as without it.
    ///
    /// # Errors
    /// Those of [`de::from_node`] (unknown keys among them), [`Code::InvalidValue`] for another kind of document, and
    /// for profiles, versions, rules and severities that do not exist.
    pub fn read(root: &Node) -> Result<Self> {
        let Configuration { api_version, kind, metadata: _, spec } = de::from_node(root)?;
        for (found, expected) in [(&api_version, API_VERSION), (&kind, KIND)] {
            if **found != *expected {
                let message = format!("found `{}`, expected `{expected}`", found.as_str());
                let help = format!(
                    "a configuration begins with `apiVersion: {API_VERSION}` and `kind: {KIND}`"
                );
                return Err(Error::new(Code::InvalidValue, message).at(found.span).help(help));
            }
        }
        let mut settings = Self::default();
        if !spec.profile.is_empty() {
            settings.profile =
                spec.profile.parse::<Profile>().map_err(|error| error.at(spec.profile.span))?;
        }
        let version = &spec.kubernetes_version;
        if !version.is_empty() {
            let version: Version =
                version.parse().map_err(|error: Error| error.at(version.span))?;
            settings.kubernetes = Some(version.minor());
        }
        let rules = spec.rules.as_ref().and_then(Node::as_mapping);
        for (name, value) in rules.map(Mapping::entries).unwrap_or_default() {
            let rule = known(name.text()).map_err(|error| error.at(name.span()))?;
            settings.severities.push((rule, severity(value)?));
        }
        settings.values = values(spec.values);
        settings.non_root_images = spec.images.non_root;
        let external = |ExternalSpec { kind, namespace, name }| External { kind, namespace, name };
        settings.externals = spec.externals.into_iter().map(external).collect();
        let pod_path = |PodSpec { group, kind, path }: PodSpec| PodPath {
            group,
            kind,
            path: path.split('.').map(str::to_owned).collect(),
        };
        settings.pod_paths = spec.pod_specs.into_iter().map(pod_path).collect();
        Ok(settings)
    }
}

fn known(name: &str) -> Result<&'static Rule> {
    find(name).ok_or_else(|| {
        let error = Error::new(Code::InvalidValue, format!("there is no rule `{name}`"));
        match nearest(name, RULES.iter().flat_map(|rule| [rule.id, rule.name])) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("`krender rules` lists them"),
        }
    })
}

/// What is said of a rule: nothing if it is off.
fn severity(value: &Node) -> Result<Option<Severity>> {
    // YAML 1.1 reads `off` as false.
    if boolean(value) == Some(false) || value.as_text() == Some("off") {
        return Ok(None);
    }
    let entries = value.as_mapping().map(Mapping::entries).unwrap_or_default();
    let word = match entries {
        [(key, word)] if key.text() == "severity" => word.as_text(),
        _ => None,
    };
    match word {
        Some("error") => Ok(Some(Severity::Error)),
        Some("warning") => Ok(Some(Severity::Warning)),
        Some("note") => Ok(Some(Severity::Note)),
        _ => Err(Error::new(Code::InvalidValue, "a rule is `off`, or has a severity")
            .at(value.span())
            .help("write `{severity: error}`, `{severity: warning}` or `{severity: note}`")),
    }
}

fn values(spec: ValuesSpec) -> Values {
    let ValuesSpec { run_as_user, writable_dirs, floating_tags, resources, shutdown } = spec;
    let Resources { requests, memory_limit_factor, min_memory_limit } = resources;
    let Shutdown { pre_stop_seconds, drain_seconds, margin_seconds } = shutdown;
    let usual = Values::default();
    Values {
        run_as_user: run_as_user.unwrap_or(usual.run_as_user),
        writable_dirs: writable_dirs.unwrap_or(usual.writable_dirs),
        cpu: requests.cpu.unwrap_or(usual.cpu),
        memory: requests.memory.unwrap_or(usual.memory),
        memory_limit_factor: memory_limit_factor.unwrap_or(usual.memory_limit_factor),
        min_memory_limit: min_memory_limit.unwrap_or(usual.min_memory_limit),
        floating_tags,
        pre_stop_seconds: pre_stop_seconds.unwrap_or(usual.pre_stop_seconds),
        drain_seconds: drain_seconds.unwrap_or(usual.drain_seconds),
        margin_seconds: margin_seconds.unwrap_or(usual.margin_seconds),
    }
}
