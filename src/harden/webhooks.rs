//! Services that the API server asks: those of webhooks.

use std::collections::{BTreeMap, BTreeSet};

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
                        found.add(webhook, is_about(webhook, &own));
                    }
                }
                DEFINITION => {
                    if let Some(webhook) = below(object.node(), &["spec", "conversion", "webhook"])
                    {
                        found.add(webhook, true);
                    }
                }
                _ => {}
            }
        }
        found
    }

    fn add(&mut self, webhook: &'a Node, is_about_own: bool) {
        let Some(service) = below(webhook, &["clientConfig", "service"]) else { return };
        let (Some(namespace), Some(name)) = (text(service, "namespace"), text(service, "name"))
        else {
            return;
        };
        let new = Asked { ports: BTreeSet::new(), is_about_own: true };
        let asked = self.asked.entry((namespace, name)).or_insert(new);
        asked.ports.insert(text(service, "port").unwrap_or(USUAL));
        asked.is_about_own &= is_about_own;
    }

    /// True if webhooks ask a Service at each of some of its ports, and only about kinds that the render defines.
    pub(super) fn are_about_own(
        &self,
        namespace: &str,
        name: &str,
        mut ports: impl Iterator<Item = &'a Node>,
    ) -> bool {
        let asked = self.asked.get(&(namespace, name)).filter(|one| one.is_about_own);
        let is_asked = |asked: &Asked<'_>, port| {
            text(port, "port").is_some_and(|port| asked.ports.contains(port))
        };
        asked.is_some_and(|asked| ports.all(|port| is_asked(asked, port)))
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
