//! Definitions of custom resources, and the versions that they serve.

use std::collections::BTreeMap;

use super::effect::{Effect, EffectKind};
use crate::harden::rewrite::Rewrite;
use crate::harden::value::{is_false, is_true, items, present, text};
use crate::harden::violation::Severity;
use crate::resource::{ResMap, Resource};
use crate::yaml::Node;
use crate::yaml::path::Path;

/// The definitions of one or more renders, by group and kind.
#[derive(Clone, Debug, Default)]
pub struct Definitions(BTreeMap<(String, String), Vec<Served>>);

/// A version of a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Served {
    name: String,
    is_served: bool,
    is_stored: bool,
    is_deprecated: bool,
    warning: String,
}

impl Definitions {
    /// Adds the definitions of a render. Renders may have different releases of a definition: a version that one of them
    /// serves is served.
    pub fn add(&mut self, objects: &ResMap) {
        for object in objects {
            if object.kind() != "CustomResourceDefinition" {
                continue;
            }
            let Some(spec) = present(object.node(), "spec") else { continue };
            let kind = present(spec, "names").and_then(|names| text(names, "kind"));
            let (Some(group), Some(kind)) = (text(spec, "group"), kind) else { continue };
            let key = (group.to_owned(), kind.to_owned());
            let known = self.0.entry(key).or_default();
            for version in versions(spec) {
                match known.iter_mut().find(|one| one.name == version.name) {
                    Some(one) => {
                        one.is_served |= version.is_served;
                        one.is_deprecated &= version.is_deprecated;
                    }
                    None => known.push(version),
                }
            }
        }
    }

    fn of_kind(&self, object: &Resource) -> Option<&[Served]> {
        if self.0.is_empty() {
            return None;
        }
        let gvk = object.gvk();
        let key = (gvk.group.as_str().to_owned(), gvk.kind.as_str().to_owned());
        self.0.get(&key).map(Vec::as_slice).filter(|versions| !versions.is_empty())
    }

    /// Adds the effect on an object whose version is not served, or is deprecated, by its definition: that of its own
    /// render, or else that of another one.
    pub(super) fn judge(&self, others: &Self, object: &Resource, effects: &mut Vec<Effect>) {
        let gvk = object.gvk();
        let Some(versions) = self.of_kind(object).or_else(|| others.of_kind(object)) else {
            return;
        };
        let version = versions.iter().find(|one| one.name == *gvk.version);
        let kind = &gvk.kind;
        let (severity, message) = match version {
            None => {
                let names: Vec<&str> = versions.iter().map(|one| &*one.name).collect();
                let names = names.join(", ");
                (
                    Severity::Error,
                    format!(
                        "the definition of {kind} has no version `{}`: it has {names}",
                        gvk.version
                    ),
                )
            }
            Some(one) if !one.is_served => (
                Severity::Error,
                format!("the definition of {kind} does not serve its version `{}`", one.name),
            ),
            Some(one) if one.is_deprecated => {
                let warning = match &*one.warning {
                    "" => String::new(),
                    text => format!(": {text}"),
                };
                let text = format!(
                    "the definition of {kind} has deprecated its version `{}`{warning}",
                    one.name
                );
                (Severity::Warning, text)
            }
            Some(one) if !one.is_stored && versions.iter().any(|one| one.is_stored) => {
                let text = format!(
                    "the definition of {kind} serves its version `{}`, and stores another one",
                    one.name
                );
                (Severity::Note, text)
            }
            Some(_) => return,
        };
        let stored = versions.iter().find(|one| one.is_stored && one.is_served);
        let rewrite = stored.map(|one| Rewrite {
            old: (gvk.api_version().to_string(), kind.to_string()),
            new: Some((format!("{}/{}", gvk.group, one.name), kind.to_string())),
            moves: "fields as the schemas in the definition differ".to_owned(),
        });
        effects.push(Effect {
            kind: EffectKind::Definition,
            severity,
            since: None,
            object: object.id().clone(),
            container: None,
            field: "/apiVersion".to_owned(),
            span: Path::of(&["apiVersion"]).span(object.node()),
            message,
            rewrite,
            source: "",
        });
    }
}

/// The versions of a definition, in its order.
fn versions(spec: &Node) -> Vec<Served> {
    let version = |node: &Node| {
        Some(Served {
            name: text(node, "name")?.to_owned(),
            is_served: !is_false(present(node, "served")),
            is_stored: is_true(present(node, "storage")),
            is_deprecated: is_true(present(node, "deprecated")),
            warning: text(node, "deprecationWarning").unwrap_or_default().to_owned(),
        })
    };
    let listed: Vec<Served> = items(present(spec, "versions")).iter().filter_map(version).collect();
    // The only version of a definition of `apiextensions.k8s.io/v1beta1` can be in `version`.
    let only = |name: &str| Served {
        name: name.to_owned(),
        is_served: true,
        is_stored: true,
        is_deprecated: false,
        warning: String::new(),
    };
    match text(spec, "version") {
        Some(name) if listed.is_empty() => vec![only(name)],
        _ => listed,
    }
}
