//! Services that the API server asks: those of webhooks.

use std::collections::{BTreeMap, BTreeSet};

use super::traffic::Minor;
use super::value::{below, items, present, text};
use crate::resource::ResMap;
use crate::yaml::Node;

/// The Services that webhooks of a render name. Building it is linear.
pub(super) struct Webhooks<'a> {
    /// By namespace and name.
    asked: BTreeMap<(&'a str, &'a str), Asked<'a>>,
}

/// The webhooks of a Service.
struct Asked<'a> {
    /// Its ports that they name.
    ports: BTreeSet<&'a str>,
    /// True if all of them are about kinds that the render defines.
    is_about_own: bool,
    /// True if one of them converts resources.
    converts: bool,
    /// True if the API server goes on if one of them does not answer (`failurePolicy: Ignore`).
    may_fail: bool,
}

/// The kind that defines others.
const DEFINITION: &str = "CustomResourceDefinition";

/// The port that the API server asks if a webhook names none.
const USUAL: &str = "443";

impl<'a> Webhooks<'a> {
    /// Reads the configurations of webhooks, and the conversions of `CustomResourceDefinitions`.
    pub(super) fn new(objects: &'a ResMap) -> Self {
        let mut found = Self { asked: BTreeMap::new() };
        let definitions = objects.iter().filter(|one| one.kind() == DEFINITION);
        let groups = definitions.filter_map(|one| text(present(one.node(), "spec")?, "group"));
        let own: BTreeSet<&str> = groups.collect();
        for object in objects {
            match object.kind() {
                "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => {
                    for webhook in items(object.node().get("webhooks")) {
                        let may_fail = text(webhook, "failurePolicy") == Some("Ignore");
                        if let Some(asked) = found.add(webhook) {
                            asked.is_about_own &= is_about(webhook, &own);
                            asked.may_fail &= may_fail;
                        }
                    }
                }
                DEFINITION => {
                    let webhook = below(object.node(), &["spec", "conversion", "webhook"]);
                    if let Some(asked) = webhook.and_then(|webhook| found.add(webhook)) {
                        asked.converts = true;
                        asked.may_fail = false;
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// The Service that a webhook names, with its port added.
    fn add(&mut self, webhook: &'a Node) -> Option<&mut Asked<'a>> {
        let service = below(webhook, &["clientConfig", "service"])?;
        let name = (text(service, "namespace")?, text(service, "name")?);
        let new =
            Asked { ports: BTreeSet::new(), is_about_own: true, converts: false, may_fail: true };
        let asked = self.asked.entry(name).or_insert(new);
        asked.ports.insert(text(service, "port").unwrap_or(USUAL));
        Some(asked)
    }

    /// True if webhooks ask a Service at each of some of its ports, and all of them may fail.
    pub(super) fn may_fail(
        &self,
        namespace: &str,
        name: &str,
        ports: impl Iterator<Item = &'a Node>,
    ) -> bool {
        let asked = self.asked.get(&(namespace, name)).filter(|one| one.may_fail);
        asked.is_some_and(|asked| asked.has_all(ports))
    }

    /// The reason for which requests to a Service matter little, if webhooks ask it at each of some of its ports, and only about
    /// kinds that the render defines.
    pub(super) fn about_own(
        &self,
        namespace: &str,
        name: &str,
        ports: impl Iterator<Item = &'a Node>,
    ) -> Option<Minor> {
        let asked = self.asked.get(&(namespace, name)).filter(|one| one.is_about_own)?;
        let minor = if asked.converts { Minor::Conversion } else { Minor::Admission };
        asked.has_all(ports).then_some(minor)
    }
}

impl Asked<'_> {
    /// True if webhooks name each of some ports of the Service.
    fn has_all<'p>(&self, mut ports: impl Iterator<Item = &'p Node>) -> bool {
        ports.all(|port| text(port, "port").is_some_and(|port| self.ports.contains(port)))
    }
}

/// True if the rules of a webhook name some groups only.
fn is_about(webhook: &Node, own: &BTreeSet<&str>) -> bool {
    let rules = items(webhook.get("rules"));
    let names_own = |rule: &Node| {
        let groups = items(rule.get("apiGroups"));
        let is_own = |group: &Node| group.as_text().is_some_and(|group| own.contains(group));
        !groups.is_empty() && groups.iter().all(is_own)
    };
    !rules.is_empty() && rules.iter().all(names_own)
}
