//! Evidence that lowers severities, kept to be compared with another render: a change can bring it together with what it
//! lowers.

use std::collections::BTreeSet;

use super::drivers::Driver;
use super::finding::Finding;
use super::objects::Objects;
use super::scene::{Render, Scene};
use super::settings::Settings;
use super::suppress::has_foreign;
use super::violation::{Easing, Severity};
use crate::resource::{ResMap, Resource};
use crate::source::Sources;

/// The evidence of a render.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    is_trial: bool,
    is_of_openshift: bool,
    /// The objects that show something of their purpose, and the container that does.
    of_objects: BTreeSet<(Easing, Key, Option<String>)>,
}

/// The group, the kind, the namespace and the name of an object, the latter without what a build adds.
type Key = [String; 4];

impl Evidence {
    /// The evidence of the resources of a target, by the arguments of [`check_among`](super::check_among).
    #[must_use]
    pub fn among(
        resources: &ResMap,
        target: &str,
        others: Option<(usize, &Objects<'_>)>,
        sources: &Sources,
        settings: &Settings,
    ) -> Self {
        let facts = &settings.facts;
        let render = Render::among(resources, facts, None, others).of_target(target, sources);
        let mut found = Self {
            is_trial: render.trial.is_some(),
            is_of_openshift: render.platform.is_seen,
            of_objects: BTreeSet::new(),
        };
        for (object, pods) in resources.iter().zip(&render.pods) {
            let mut add = |by, container: Option<&str>| {
                found.of_objects.insert((by, key(object), container.map(str::to_owned)));
            };
            if render.bundles.has(object) {
                add(Easing::Bundle, None);
            }
            let scene = Scene { facts, object, pods };
            if has_foreign(scene) {
                add(Easing::Foreign, None);
            }
            for pod in pods {
                if scene.is_part(&render, pod) {
                    add(Easing::Part, None);
                }
                let Some(driver) = Driver::of(object, pod) else { continue };
                add(Easing::Driver, None);
                let works = |one: &&super::pod::Container<'_>| driver.folder_of(one).is_some();
                pod.containers
                    .iter()
                    .filter(works)
                    .for_each(|one| add(Easing::Driver, Some(one.name)));
            }
        }
        found
    }

    /// True if it has what lowers the severity of a finding of an object, in this render or in a later one.
    #[must_use]
    pub fn lowers(&self, finding: &Finding, object: &Resource, by: Easing) -> bool {
        match by {
            Easing::Trial => self.is_trial,
            Easing::Platform => self.is_of_openshift,
            Easing::Bundle | Easing::Part | Easing::Foreign => {
                self.of_objects.contains(&(by, key(object), None))
            }
            Easing::Driver => {
                let container = finding.container.as_ref().map(|(_, name)| name.to_string());
                self.of_objects.contains(&(by, key(object), container))
            }
            // A change can bring the other target, too.
            Easing::Elsewhere => false,
            // The fields of the object itself, or the configuration.
            _ => true,
        }
    }
}

impl Finding {
    /// Takes back what has lowered the severity, and returns its kind; `None` if nothing has.
    pub fn restore(&mut self) -> Option<Easing> {
        let eased = self.lowered()?.clone();
        if let Some(message) = self.message.strip_suffix(&*eased.told) {
            self.message.truncate(message.trim_end_matches("; ").len());
        }
        let from: Severity = eased.from;
        self.severity = from;
        self.eased = None;
        Some(eased.by)
    }
}

fn key(object: &Resource) -> Key {
    let name = &object.original_id().name;
    [&*object.gvk().group, object.kind(), object.namespace(), name].map(str::to_owned)
}
