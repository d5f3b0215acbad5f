//! Evidence that lowers severities, kept to be compared with another render: a change can bring it together with what it
//! lowers.

use std::collections::{BTreeMap, BTreeSet};

use super::appliers::appliers;
use super::drivers::Driver;
use super::eviction;
use super::facts::Facts;
use super::finding::Finding;
use super::grants::Holder;
use super::objects::Objects;
use super::places::Places;
use super::purpose::TargetPath;
use super::rights::{ADMIN, is_binding, is_role, role_of, told};
use super::scene::{Render, Scene};
use super::settings::Settings;
use super::suppress::has_foreign;
use super::value::items;
use super::violation::{Easing, Proof, Severity};
use crate::resource::{CLUSTER, ResMap, Resource};
use crate::source::Sources;

/// The evidence of a render.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    is_trial: bool,
    /// The namespaces and hosts of a target that is not for production.
    places: Places,
    is_of_openshift: bool,
    /// The objects that show something of their purpose, and the container that does.
    of_objects: BTreeSet<(Easing, Key, Option<String>)>,
    /// Evidence for the purposes of roles, and for those of bindings of all rights.
    proofs: BTreeMap<Key, BTreeSet<Proof>>,
    /// The findings that were eased, each with its highest severity.
    eased: BTreeMap<EasedFinding, Severity>,
    /// The groups with `CustomResourceDefinitions`.
    groups: BTreeSet<String>,
    /// The names of images whose versions entries of kustomizations set, in any target of the run.
    versioned: BTreeSet<String>,
}

/// The group, the kind, the namespace and the name of an object, the latter without what a build adds.
type Key = [String; 4];

/// The reason for which a finding was eased, the id of its rule, its object and its container.
type EasedFinding = (Easing, String, Key, Option<String>);

impl Evidence {
    /// The evidence of the resources of a target, by the arguments of [`check_among`](super::check_among).
    #[must_use]
    pub fn among(
        resources: &ResMap,
        target: TargetPath<'_>,
        others: Option<(usize, &Objects<'_>)>,
        sources: &Sources,
        settings: &Settings,
    ) -> Self {
        let facts = &settings.facts;
        let render = Render::among(resources, facts, None, others).of_target(target, sources);
        let mut found = Self {
            is_trial: render.trial.is_some(),
            places: match render.trial {
                Some(_) => Places::of(resources, facts),
                None => Places::default(),
            },
            is_of_openshift: render.platform.is_seen,
            of_objects: BTreeSet::new(),
            eased: BTreeMap::new(),
            proofs: BTreeMap::new(),
            groups: render.defined_groups().map(str::to_owned).collect(),
            versioned: render.versioned(),
        };
        for (object, pods) in resources.iter().zip(&render.pods) {
            let mut add = |by, container: Option<&str>| {
                found.of_objects.insert((by, key(object), container.map(str::to_owned)));
            };
            if render.bundles.has(object) {
                add(Easing::Bundle, None);
            }
            let scene = Scene { facts, object, pods };
            let proofs = proofs(scene, &render);
            if !proofs.is_empty() {
                found.proofs.entry(key(object)).or_default().extend(proofs);
            }
            if has_foreign(scene) {
                add(Easing::Foreign, None);
            }
            for pod in pods {
                if scene.is_part(&render, pod) {
                    add(Easing::Part, None);
                }
                if eviction::is_controller(scene, &render, pod) {
                    add(Easing::Controller, None);
                }
                if eviction::may_fail(scene, &render, pod) {
                    add(Easing::Hook, None);
                }
                let Some(driver) = Driver::of(scene, pod) else { continue };
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

    /// Adds the findings of the render that were eased.
    pub fn add_eased(&mut self, findings: &[Finding], resources: &ResMap) {
        for finding in findings {
            let (Some(eased), Some(object)) = (finding.lowered(), resources.get(finding.place))
            else {
                continue;
            };
            let highest = self.eased.entry(eased_finding(finding, object, eased.by));
            let highest = highest.or_insert(finding.severity);
            *highest = finding.severity.max(*highest);
        }
    }

    /// The same evidence for a later render of the target.
    #[must_use]
    pub fn for_later<'e>(&'e self, later: &ResMap, settings: &'e Settings) -> Proven<'e> {
        let facts = &settings.facts;
        // Without evidence no target needs more.
        let gained = match self.is_trial {
            true => Places::of(later, facts).gained_since(&self.places),
            false => BTreeSet::new(),
        };
        Proven { earlier: self, gained, facts }
    }
}

/// The evidence of an earlier render, for a later one of the same target.
#[derive(Debug)]
pub struct Proven<'e> {
    earlier: &'e Evidence,
    /// The namespaces that the target has only later, and those that have a host for production only later: the earlier
    /// path says nothing about them.
    gained: BTreeSet<String>,
    facts: &'e Facts,
}

impl Proven<'_> {
    /// True if the earlier render has what lowers the severity of a finding of an object.
    #[must_use]
    pub fn lowers(&self, finding: &Finding, object: &Resource, by: Easing) -> bool {
        match by {
            Easing::Trial => self.earlier.is_trial && !self.is_moved(object),
            // The configuration may name targets before they are there.
            Easing::ToldTrial => !self.is_moved(object),
            by => self.earlier.lowers(finding, object, by),
        }
    }

    /// True if the object is in a place for which the earlier path says nothing, or in all.
    fn is_moved(&self, object: &Resource) -> bool {
        let namespace = self.facts.namespace(object);
        let is_named = object.kind() == "Namespace" && self.gained.contains(object.name());
        let is_everywhere = namespace == CLUSTER && object.kind() != "Namespace";
        is_named || self.gained.contains(namespace) || is_everywhere && !self.gained.is_empty()
    }
}

impl Evidence {
    fn lowers(&self, finding: &Finding, object: &Resource, by: Easing) -> bool {
        if needs_finding(finding, by) && !self.had_eased(finding, object, by) {
            return false;
        }
        match by {
            Easing::Platform => self.is_of_openshift,
            Easing::Bundle | Easing::Part | Easing::Foreign | Easing::Controller | Easing::Hook => {
                self.of_objects.contains(&(by, key(object), None))
            }
            Easing::Driver => {
                let container = finding.container.as_ref().map(|(_, name)| name.to_string());
                self.of_objects.contains(&(by, key(object), container))
            }
            Easing::Role | Easing::People | Easing::Applier | Easing::Whole => {
                let proofs = finding.lowered().map_or(&[][..], |eased| &eased.proofs);
                let known = self.proofs.get(&key(object));
                let is_known = |proof: &Proof| known.is_some_and(|known| known.contains(proof));
                proofs.iter().all(|proof| match proof {
                    Proof::Group(group) => self.groups.contains(group),
                    Proof::Version(image) => self.versioned.contains(image),
                    Proof::Words(words) => {
                        words.iter().any(|word| is_known(&Proof::Words(vec![word.clone()])))
                    }
                    proof => is_known(proof),
                })
            }
            // A change can bring the other target, too.
            Easing::Elsewhere => false,
            // The fields of the object itself, or the configuration.
            _ => true,
        }
    }

    /// True if the rule had a finding in the same container that was eased alike, and at least as severe.
    fn had_eased(&self, finding: &Finding, object: &Resource, by: Easing) -> bool {
        let highest = self.eased.get(&eased_finding(finding, object, by));
        highest.is_some_and(|highest| *highest >= finding.severity)
    }
}

/// True if words that anyone can write lower what is grave: then such a finding must have been there before.
fn needs_finding(finding: &Finding, by: Easing) -> bool {
    matches!(by, Easing::Agent | Easing::Applier | Easing::Demo | Easing::Driver)
        || finding.rule.id() == "KR-RBAC-005"
}

fn eased_finding(finding: &Finding, object: &Resource, by: Easing) -> EasedFinding {
    let container = finding.container.as_ref().map(|(_, name)| name.to_string());
    (by, finding.rule.id().to_owned(), key(object), container)
}

impl Finding {
    /// Takes back what has lowered the severity, and returns its kind; `None` if nothing has.
    pub fn restore(&mut self) -> Option<Easing> {
        let eased = self.lowered()?.clone();
        if !eased.told.is_empty() {
            self.message = self.message.replacen(&format!("; {}", eased.told), "", 1);
        }
        let from: Severity = eased.from;
        self.severity = from;
        self.eased = None;
        Some(eased.by)
    }
}

/// Evidence for the purpose of a role or of a binding of all rights; empty for other objects.
fn proofs(scene: Scene<'_>, render: &Render<'_>) -> Vec<Proof> {
    let object = scene.object;
    if is_role(object) {
        return Holder::new(object, scene.namespace(), render).proofs();
    }
    let has_all = is_binding(object) && role_of(object) == Some(ADMIN);
    let subjects = items(object.node().get("subjects").filter(|_| has_all));
    let mut found: Vec<Proof> =
        subjects.iter().map(|subject| Proof::Subject(told(subject))).collect();
    if has_all {
        found.extend(appliers(object, render).into_iter().flatten());
    }
    found
}

fn key(object: &Resource) -> Key {
    let name = &object.original_id().name;
    [&*object.gvk().group, object.kind(), object.namespace(), name].map(str::to_owned)
}
