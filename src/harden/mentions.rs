//! The accounts that texts name: values of charts, patches of appliers, and the configuration of programs.

use std::collections::{BTreeMap, BTreeSet};

use super::accounts::{is_of_account, only_tells};
use super::value::{below, items, present, text};
use super::workload::{is_inert, is_of, is_of_chart};
use crate::resource::Resource;
use crate::yaml::Node;

/// Further kinds (`*` for all) of objects with values for charts.
const RELEASES: &[(&str, &str)] = &[
    ("apps.open-cluster-management.io", "Subscription"),
    ("config.projectsveltos.io", "*"),
    ("fleet.cattle.io", "Bundle"),
    ("fleet.cattle.io", "GitRepo"),
    ("helm.crossplane.io", "Release"),
    ("helm.k0sproject.io", "Chart"),
    ("helm.m.crossplane.io", "Release"),
];

/// The charts of Argo CD and Flux themselves, and the repositories of those who publish them.
const OF_APPLIERS: [&str; 2] = ["argo-cd", "flux2"];
const PUBLISHERS: [&str; 4] = [
    "argoproj.github.io/argo-helm",
    "fluxcd-community.github.io/helm-charts",
    "ghcr.io/argoproj/argo-helm",
    "ghcr.io/fluxcd-community/charts",
];

/// Words in the keys of values by which such a chart starts another program.
const OF_PROGRAMS: [&str; 6] =
    ["args", "command", "container", "extraobjects", "registry", "repository"];

/// The greatest number of names that are combined in an object.
const MOST: usize = 16;

/// The length of the longest name.
const LONGEST: usize = 253;

/// The accounts that texts name.
#[derive(Default)]
pub(super) struct Mentions {
    words: BTreeSet<String>,
    /// Names that charts give: those of a release and of its chart.
    made: BTreeSet<String>,
}

impl Mentions {
    /// The accounts in the texts of objects: each word of a release of another chart than those of Argo CD and Flux, of patches
    /// by Flux and of values in a `ConfigMap`, and the values of fields for accounts in other texts. Linear.
    pub(super) fn of<'a>(objects: impl Iterator<Item = &'a Resource> + Clone) -> Self {
        let mut found = Self::default();
        let repositories = Repositories::of(objects.clone());
        let mut sources = BTreeSet::new();
        for object in objects.clone() {
            let (group, kind) = (&*object.gvk().group, object.kind());
            if is_of_chart(object) || is_of(RELEASES, group, kind) {
                if !repositories.publish(object) {
                    found.add_release(object);
                    let listed = items(below(object.node(), &["spec", "valuesFrom"])).iter();
                    let names =
                        listed.filter_map(|one| Some((text(one, "kind")?, text(one, "name")?)));
                    sources.extend(names.map(|(kind, name)| (object.namespace(), kind, name)));
                }
            } else if group == "kustomize.toolkit.fluxcd.io" {
                found.add_patches(object);
            } else if matches!((group, kind), ("", "ConfigMap")) || !only_tells(object) {
                found.add_fields(object);
            }
        }
        if !sources.is_empty() {
            let is_source =
                |one: &&Resource| sources.contains(&(one.namespace(), one.kind(), one.name()));
            for source in objects.filter(is_source) {
                let parts = ["data", "stringData"].into_iter();
                parts
                    .filter_map(|key| source.node().get(key))
                    .for_each(|data| found.add_words(data));
            }
        }
        found
    }

    /// True if a text names an account.
    pub(super) fn has(&self, account: &str) -> bool {
        self.words.contains(account) || self.made.contains(account)
    }

    fn add(&mut self, word: &str) {
        if !self.words.contains(word) {
            self.words.insert(word.to_owned());
        }
    }

    /// Adds all words below a node.
    fn add_words(&mut self, node: &Node) {
        let is_end = |letter: char| !letter.is_ascii_alphanumeric() && !matches!(letter, '-' | '.');
        for text in node.walk().filter_map(Node::as_text) {
            let words = text.split(is_end).filter(|word| !word.is_empty());
            words.for_each(|word| self.add(word));
        }
    }

    /// Adds the words of a release, and the names that its chart may give.
    fn add_release(&mut self, object: &Resource) {
        let is_of_flux = object.gvk().group == "helm.toolkit.fluxcd.io";
        let spec = present(object.node(), "spec");
        for (key, value) in spec.map(Node::entries).unwrap_or_default() {
            // Flux applies it as this account.
            if !(is_of_flux && key.text() == "serviceAccountName") && key.text() != IGNORED {
                self.add_words(value);
            }
        }
        self.add(object.name());
        let (mut charts, mut releases) = (Vec::new(), vec![object.name()]);
        for node in spec.into_iter().flat_map(Node::walk) {
            for (key, value) in node.entries() {
                let Some(value) = value.as_text() else { continue };
                match key.text() {
                    "chart" | "chartName" | "path" => {
                        charts.push(value.rsplit('/').next().unwrap_or(value));
                    }
                    "releaseName" => releases.push(value),
                    _ => {}
                }
            }
        }
        for release in releases.iter().take(MOST) {
            let charts = charts.iter().take(MOST);
            let charts = charts.filter(|chart| release.len() + chart.len() < LONGEST);
            let made = charts.map(|chart| format!("{release}-{chart}"));
            self.made.extend(made);
        }
    }

    /// Adds the words of patches of Flux that set an account, and of values that it fills in.
    fn add_patches(&mut self, object: &Resource) {
        let spec = present(object.node(), "spec");
        for (key, value) in spec.map(Node::entries).unwrap_or_default() {
            if key.text() == "postBuild" {
                self.add_words(value);
            } else if key.text().starts_with("patches") {
                let patches = value.items().iter();
                patches
                    .filter(|one| one.walk().any(sets_account))
                    .for_each(|one| self.add_words(one));
            }
        }
    }

    /// Adds the values of fields for accounts in the texts of an object.
    fn add_fields(&mut self, object: &Resource) {
        let is_map = object.kind() == "ConfigMap";
        let mut pending = vec![object.node()];
        while let Some(node) = pending.pop() {
            pending.extend(node.items());
            for (key, value) in node.entries().iter().filter(|(key, _)| !is_inert(key.text())) {
                if let Some(text) = value.as_text().filter(|_| is_map && is_of_account(key.text()))
                {
                    self.add(text.trim());
                }
                pending.push(value);
            }
            if let Some(text) = node.as_text().filter(|text| text.len() > SHORTEST) {
                self.add_text(text);
            }
        }
    }

    /// Adds the values of fields for accounts in a text, in any of the usual styles. Manifests in a text are not those of this cluster.
    fn add_text(&mut self, text: &str) {
        let letters = |one: &str| one.contains("ccount") || one.contains("ACCOUNT");
        if !letters(text) || text.lines().any(|line| line.starts_with("apiVersion:")) {
            return;
        }
        let mut is_open = false;
        for part in text.lines().flat_map(|line| line.split([',', '{', '}', '[', ']'])) {
            let part = part.trim_matches(is_around);
            let (key, value) = part.split_once([':', '=']).unwrap_or(("", part));
            let (key, value) = (key.trim_matches(is_around), value.trim_matches(is_around));
            let value =
                value.split_once(" #").map_or(value, |(value, _)| value.trim_matches(is_around));
            if is_of_account(key) || is_open && matches!(key, "" | "name") {
                self.add(value);
            }
            is_open = value.is_empty() && (is_of_account(key) || is_open);
        }
    }
}

/// The field with what Argo CD does not compare.
const IGNORED: &str = "ignoreDifferences";

/// A text that is no longer has no field with a value for an account.
const SHORTEST: usize = 14;

/// True for white space, quotes and the marks of elements around a key or a value.
fn is_around(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '"' | '\'' | '-')
}

/// True for a text or a mapping that sets an account.
fn sets_account(node: &Node) -> bool {
    node.as_text().is_some_and(|text| text.contains("erviceAccountName"))
        || node.entries().iter().any(|(key, _)| is_of_account(key.text()))
}

/// The repositories of charts in a run, each with true if all objects of its name lead to one of the [`PUBLISHERS`].
struct Repositories<'a>(BTreeMap<[&'a str; 3], bool>);

impl<'a> Repositories<'a> {
    fn of(objects: impl Iterator<Item = &'a Resource>) -> Self {
        let mut found = BTreeMap::new();
        for one in objects.filter(|one| one.gvk().group == "source.toolkit.fluxcd.io") {
            let url = below(one.node(), &["spec", "url"]).and_then(Node::as_text);
            let is_one = is_published(url.unwrap_or_default());
            *found.entry([one.kind(), one.namespace(), one.name()]).or_insert(true) &= is_one;
        }
        Self(found)
    }

    /// True for a release of a chart of Argo CD or Flux themselves, whose values start no other programs.
    fn publish(&self, release: &Resource) -> bool {
        let Some(spec) = present(release.node(), "spec") else { return false };
        let mut are_known = true;
        let mut charts = 0;
        for node in spec.walk() {
            let chart = text(node, "chart").or_else(|| text(node, "chartName"));
            let own = ["repoURL", "repo"].iter().find_map(|key| text(node, key));
            let of = ["sourceRef", "chartRef"].iter().find_map(|key| present(node, key));
            let named = of.and_then(|of| Some((text(of, "kind")?, text(of, "name")?, of)));
            let is_of_object = named.is_some_and(|(kind, name, of)| {
                let namespace = text(of, "namespace").unwrap_or(release.namespace());
                self.0.get(&[kind, namespace, name]).is_some_and(|is_one| *is_one)
            });
            let is_counted = chart.is_some() || own.is_some() || of.is_some();
            let is_own = chart.is_none_or(|chart| OF_APPLIERS.contains(&chart))
                && (own.is_some_and(is_published) || is_of_object);
            are_known &= !is_counted || is_own;
            charts += usize::from(is_counted);
            are_known &= !starts_programs(node);
        }
        charts > 0 && are_known
    }
}

/// True for the address of a repository of charts of Argo CD or Flux.
fn is_published(url: &str) -> bool {
    let url =
        ["https://", "oci://"].iter().find_map(|start| url.strip_prefix(start)).unwrap_or(url);
    PUBLISHERS.iter().any(|one| {
        let rest = url.trim_end_matches('/').strip_prefix(one);
        rest.is_some_and(|rest| {
            rest.is_empty() || OF_APPLIERS.iter().any(|chart| rest.strip_prefix('/') == Some(chart))
        })
    })
}

/// True for a node with values by which a chart starts another program than its own.
fn starts_programs(node: &Node) -> bool {
    let is_one = |key: &str| {
        let key = key.to_ascii_lowercase();
        OF_PROGRAMS.iter().any(|word| key.contains(word))
    };
    let is_text = |text: &str| (text.contains(": ") || text.contains('\n')) && is_one(text);
    node.entries().iter().any(|(key, value)| {
        is_one(key.text()) || key.text() == "image" && value.as_text().is_some()
    }) || node.as_text().is_some_and(is_text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::read;

    const NAME: &str = "argocd-application-controller";

    /// True if objects mention the account.
    fn is_mentioned(objects: &str) -> bool {
        let objects = read(&objects.replace("NAME", NAME)).unwrap();
        Mentions::of(objects.iter()).has(NAME)
    }

    fn object(version_and_kind: &str, fields: &str) -> String {
        format!(
            "{{apiVersion: {version_and_kind}, metadata: {{name: a, namespace: b}}, {fields}}}\n---\n"
        )
    }

    #[test]
    fn releases_of_other_charts_use_the_accounts_that_they_name() {
        let flux = |fields: &str| object("helm.toolkit.fluxcd.io/v2, kind: HelmRelease", fields);
        let argo = |fields: &str| {
            let source = "repoURL: 'https://charts.example.com', chart: web";
            object(
                "argoproj.io/v1alpha1, kind: Application",
                &format!("spec: {{source: {{{source}, {fields}}}}}"),
            )
        };
        for objects in [
            flux("spec: {values: {serviceAccount: {create: false, name: NAME}}}"),
            flux("spec: {values: {any: {thing: NAME}}}"),
            flux("spec: {values: {any: ['x=NAME,y']}}"),
            flux(
                "spec: {releaseName: argocd, chart: {spec: {chart: charts/application-controller}}}",
            ),
            flux("spec: {valuesFrom: [{kind: ConfigMap, name: v}]}")
                + "{apiVersion: v1, kind: ConfigMap, metadata: {name: v, namespace: b}, data: {values.yaml: 'sa: {name: NAME}'}}",
            flux(
                "spec: {postRenderers: [{kustomize: {patches: [{patch: 'serviceAccountName: NAME'}]}}]}",
            ),
            argo("helm: {parameters: [{name: serviceAccount.name, value: NAME}]}"),
            argo("helm: {valuesObject: {serviceAccount: {name: NAME}}}"),
            argo("helm: {values: \"serviceAccount:\\n  name: 'NAME'\\n\"}"),
            argo("kustomize: {patches: [{patch: 'serviceAccountName: NAME'}]}"),
            object(
                "argoproj.io/v1alpha1, kind: ApplicationSet",
                "spec: {generators: [{list: {elements: [{sa: NAME}]}}]}",
            ),
            object("helm.cattle.io/v1, kind: HelmChart", "spec: {valuesContent: 'sa: NAME'}"),
            object("fleet.cattle.io/v1alpha1, kind: GitRepo", "spec: {helm: {values: {sa: NAME}}}"),
        ] {
            assert!(is_mentioned(&objects), "{objects}");
        }
        for objects in [
            flux("spec: {values: {serviceAccount: {name: other}}}"),
            flux("spec: {serviceAccountName: NAME, values: {a: other-NAME}}"),
            flux("spec: {valuesFrom: [{kind: ConfigMap, name: v}]}")
                + "{apiVersion: v1, kind: ConfigMap, metadata: {name: other, namespace: b}, data: {values.yaml: 'any: {name: NAME}'}}",
            object(
                "argoproj.io/v1alpha1, kind: Application",
                "spec: {ignoreDifferences: [{kind: StatefulSet, name: NAME}]}",
            ),
        ] {
            assert!(!is_mentioned(&objects), "{objects}");
        }
    }

    #[test]
    fn charts_of_appliers_use_their_own_accounts() {
        let argo = |url: &str, chart: &str, values: &str| {
            let helm = format!(
                "helm: {{valuesObject: {{controller: {{serviceAccount: {{name: NAME}}}}, {values}}}}}"
            );
            object(
                "argoproj.io/v1alpha1, kind: Application",
                &format!("spec: {{source: {{repoURL: '{url}', chart: {chart}, {helm}}}}}"),
            )
        };
        let flux = |url: &str| {
            object(
                "source.toolkit.fluxcd.io/v1, kind: HelmRepository",
                &format!("spec: {{url: '{url}'}}"),
            ) + &object(
                "helm.toolkit.fluxcd.io/v2, kind: HelmRelease",
                "spec: {chart: {spec: {chart: argo-cd, sourceRef: {kind: HelmRepository, name: a}}}, values: {controller: {serviceAccount: {name: NAME}}}}",
            )
        };
        let url = "https://argoproj.github.io/argo-helm";
        for (objects, expected) in [
            (argo(url, "argo-cd", "global: {image: {tag: v3.1.0}}"), false),
            (argo("ghcr.io/argoproj/argo-helm", "argo-cd", "a: b"), false),
            (
                argo(url, "argo-cd", "global: {image: {repository: registry.example.com/miner}}"),
                true,
            ),
            (argo(url, "argo-cd", "server: {extraContainers: [{name: a}]}"), true),
            (argo(url, "argo-cd", "image: registry.example.com/miner"), true),
            (argo(url, "web", "a: b"), true),
            (argo("https://argoproj.github.io/argo-helm-of-mine", "argo-cd", "a: b"), true),
            (flux(url), false),
            (flux("https://charts.example.com"), true),
        ] {
            assert_eq!(is_mentioned(&objects), expected, "{objects}");
        }
    }

    #[test]
    fn patches_and_configurations_name_accounts() {
        let flux =
            |fields: &str| object("kustomize.toolkit.fluxcd.io/v1, kind: Kustomization", fields);
        let map = |data: &str| object("v1, kind: ConfigMap", &format!("data: {{{data}}}"));
        for objects in [
            flux("spec: {patches: [{patch: 'spec: {serviceAccountName: NAME}'}]}"),
            flux(
                "spec: {patches: [{patch: '[{op: add, path: /spec/serviceAccountName, value: NAME}]'}]}",
            ),
            flux("spec: {patchesStrategicMerge: [{spec: {serviceAccountName: NAME}}]}"),
            flux("spec: {postBuild: {substitute: {account: NAME}}}"),
            map("default-service-account: NAME"),
            map("workflowDefaults: \"spec:\\n  serviceAccountName: NAME # ours\\n\""),
            map("config.toml: 'service_account = \"NAME\"'"),
            map("a.json: '{\"serviceAccount\": {\"name\": \"NAME\"}}'"),
            map("a.yaml: \"serviceAccount:\\n  name: NAME\\n\""),
            object(
                "example.com/v1, kind: Any",
                "spec: {values: \"serviceAccount:\\n  name: NAME\\n\"}",
            ),
        ] {
            assert!(is_mentioned(&objects), "{objects}");
        }
        for objects in [
            flux("spec: {serviceAccountName: NAME}"),
            flux(
                "spec: {patches: [{patch: 'metadata: {annotations: {a: b}}', target: {kind: Deployment, name: NAME}}]}",
            ),
            map("policy.csv: 'g, system:serviceaccount:argocd:NAME, role:admin'"),
            map("a.yaml: \"apiVersion: apps/v1\\nspec: {serviceAccountName: NAME}\\n\""),
            map("a: NAME"),
        ] {
            assert!(!is_mentioned(&objects), "{objects}");
        }
    }
}
