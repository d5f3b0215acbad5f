//! Hardening: the fixes of rules, carried out in their order, as far as they are allowed.

use std::collections::BTreeMap;

use super::check::{check, violations};
use super::edit::{self, Operation};
use super::finding::Finding;
use super::path::{Path, Step};
use super::rule::Rule;
use super::rules::RULES;
use super::scene::{Render, Scene};
use super::settings::{Most, Settings};
use super::suppress::HARDEN;
use super::violation::{Class, Edit, Fix, List, Violation};
use super::workload::pods;
use crate::error::Result;
use crate::resource::{ResMap, Resource};
use crate::schema::Schema;
use crate::source::Sources;
use crate::yaml::Text;

/// What hardening did to one object.
#[derive(Clone, Debug)]
pub struct Change {
    /// The number of the object.
    pub place: usize,
    /// The rule whose violation was healed.
    pub rule: &'static Rule,
    /// The container that the violation was about; `None` for the whole pod.
    pub container: Option<Text>,
    /// How much the fix may change.
    pub class: Class,
    /// What was done.
    pub operations: Vec<Operation>,
}

/// Which fixes are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixes {
    /// Those that the settings ask for, or else those up to [`Class::Safe`].
    OfSettings,
    /// Those up to a class, or less where the settings say so of a rule.
    UpTo(Class),
}

impl Fixes {
    fn most(self, rule: &Rule, settings: &Settings) -> Most {
        match self {
            Self::UpTo(class) => {
                settings.most_said(rule).map_or(Some(class), |said| said.min(Some(class)))
            }
            Self::OfSettings => settings.most(rule),
        }
    }
}

/// Hardens resources: carries out fixes of the rules that hold. What is accepted
/// ([`Suppression`](super::Suppression)) or annotated `krender.dev/harden: "off"` stays as it is, and so does what runs the cluster
/// itself if the settings say so ([`Settings::excludes_system`]).
///
/// Fixes go by turns, removals first, for whether something may be added depends on them, until none is left to carry
/// out. So a second run changes nothing, and an object that violates no rule is not touched. What an object becomes
/// depends on it, and on which Services of the render lead to it. Linear in the number of resources and rules.
///
/// # Errors
/// Those of [`Resource::edit`].
pub fn harden(
    resources: &mut ResMap,
    sources: &Sources,
    settings: &Settings,
    fixes: Fixes,
) -> Result<Vec<Change>> {
    let before = resources.clone();
    let render = Render::new(&before, &settings.facts);
    let accepted = accepted(&before, sources, settings);
    let may_fix = |rule: &&Rule| {
        let most = fixes.most(rule, settings);
        settings.asks(rule) && rule.fixes.iter().any(|(class, _)| Some(*class) <= most)
    };
    let rules: Vec<&'static Rule> = RULES.iter().copied().filter(may_fix).collect();
    let work = Work { settings, render: &render, rules, fixes };
    let mut changes = Vec::new();
    let mut accepted = &accepted[..];
    for place in 0..resources.len() {
        let end = accepted.partition_point(|one| one.place <= place);
        let (own, rest) = accepted.split_at(end);
        accepted = rest;
        let done = resources.change(place, |resource| work.harden(resource, place, own));
        changes.extend(done.transpose()?.unwrap_or_default());
    }
    Ok(changes)
}

struct Work<'a> {
    settings: &'a Settings,
    render: &'a Render<'a>,
    rules: Vec<&'static Rule>,
    fixes: Fixes,
}

/// Whether a fix changes fields of a container, and not those of its pod.
fn is_of_container(fix: &Fix) -> bool {
    let is_container = |steps: &[Step]| match steps {
        [Step::Key(key), Step::Index(_)] => List::ALL.iter().any(|list| **key == *list.field()),
        _ => false,
    };
    fix.edits.iter().any(|edit| match edit {
        Edit::Set(path, _) | Edit::Append(path, _) | Edit::Remove(path) => {
            path.steps().windows(2).any(is_container)
        }
    })
}

/// The classes of fixes, by rule and field.
type Classes = BTreeMap<(&'static str, Path), Class>;

/// A fix that is due, and the container that its violation is about.
type Due = (Option<Text>, Fix);

/// When a fix is due: what changes what is there first, then by the order of the rules. What is overridden goes before
/// what is added in the same turn.
type Order = (Option<u8>, bool, Class);

/// More rounds than any object needs: each carries out all that a rule can do in one turn.
const MOST_ROUNDS: usize = 100;

impl Work<'_> {
    fn harden(
        &self,
        resource: &mut Resource,
        place: usize,
        accepted: &[Accepted],
    ) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        let original = resource.clone();
        let mut written = None;
        for _ in 0..MOST_ROUNDS {
            let Some((rule, fixes)) = self.due(resource, accepted, written.as_ref()) else { break };
            written.get_or_insert_with(|| self.classes(&original));
            let before = changes.len();
            for (container, fix) in fixes {
                let edit = |root: &mut _| Ok(edit::apply(root, &fix.edits));
                let operations = resource.edit(&Schema::default(), edit)?;
                if !operations.is_empty() {
                    let is_named = |name: &Text| !name.is_empty() && is_of_container(&fix);
                    let container = container.filter(is_named);
                    changes.push(Change { place, rule, container, class: fix.class, operations });
                }
            }
            if changes.len() == before {
                break;
            }
        }
        Ok(changes)
    }

    /// The classes of the fixes of an object as it was written. They hold however it is changed on the way: a fix that is
    /// unsafe is so, too, once another one has forbidden what it would break.
    fn classes(&self, object: &Resource) -> Classes {
        let pods = pods(object, &self.settings.facts);
        let scene = Scene { facts: &self.settings.facts, object, pods: &pods };
        let found = self.rules.iter().flat_map(|rule| {
            let found = violations(rule, scene, self.render).into_iter();
            found.map(|violation| {
                // What could not be fixed then is no safe change now.
                let class = violation.fix.map_or(Class::Unsafe, |fix| fix.class);
                ((rule.id, violation.path), class)
            })
        });
        found.collect()
    }

    /// The rule whose turn it is, with what it does in this turn, and to which containers.
    fn due(
        &self,
        object: &Resource,
        accepted: &[Accepted],
        classes: Option<&Classes>,
    ) -> Option<(&'static Rule, Vec<Due>)> {
        let pods = pods(object, &self.settings.facts);
        let scene = Scene { facts: &self.settings.facts, object, pods: &pods };
        if is_excluded(scene, self.settings) {
            return None;
        }
        let mut first: Option<(Order, &'static Rule, Vec<Due>)> = None;
        // Fixes of `first` by the field that they change first: only such can be equal.
        let mut by_field: BTreeMap<Option<Path>, Vec<usize>> = BTreeMap::new();
        for rule in &self.rules {
            let most = self.fixes.most(rule, self.settings);
            for violation in violations(rule, scene, self.render) {
                let is_accepted = accepted.iter().any(|one| one.is(rule, &violation));
                let key = (rule.id, violation.path);
                let was = classes.and_then(|classes| classes.get(&key).copied());
                let fix = violation
                    .fix
                    .map(|fix| Fix { class: fix.class.max(was.unwrap_or(fix.class)), ..fix });
                let Some(fix) = fix.filter(|fix| !is_accepted && Some(fix.class) <= most) else {
                    continue;
                };
                let container = violation.container.map(|(_, name)| name);
                let of_rule = (!fix.is_overwriting).then_some(rule.fix_order);
                let turn = (of_rule, fix.class != Class::Override, fix.class);
                match &mut first {
                    Some((known, of, fixes)) if *known == turn && of == rule => {
                        let places = by_field.entry(fix.first_path().cloned()).or_default();
                        if !places.iter().any(|&place| fixes[place].1 == fix) {
                            places.push(fixes.len());
                            fixes.push((container, fix));
                        }
                    }
                    Some((known, ..)) if *known <= turn => {}
                    _ => {
                        by_field = BTreeMap::from([(fix.first_path().cloned(), vec![0])]);
                        first = Some((turn, rule, vec![(container, fix)]));
                    }
                }
            }
        }
        first.map(|(_, rule, fixes)| (rule, fixes))
    }
}

/// Whether hardening leaves an object alone.
fn is_excluded(scene: Scene<'_>, settings: &Settings) -> bool {
    let Scene { object, pods, .. } = scene;
    let is_off = |(key, value): (&str, &str)| key == HARDEN && value == "off";
    !settings.phase.looks_at(object)
        || !settings.selects(object)
        || settings.excludes_system && scene.is_system()
        || object.annotations().any(is_off)
        || pods.iter().any(|pod| pod.annotations().any(is_off))
}

/// A violation that a suppression accepts, whatever is fixed around it.
struct Accepted {
    place: usize,
    rule: &'static Rule,
    container: Option<Text>,
    path: Path,
}

impl Accepted {
    fn is(&self, rule: &Rule, violation: &Violation) -> bool {
        let container = violation.container.as_ref().map(|(_, name)| name);
        self.rule == rule && self.container.as_ref() == container && self.path == violation.path
    }
}

/// What is accepted, in the order of the objects.
fn accepted(resources: &ResMap, sources: &Sources, settings: &Settings) -> Vec<Accepted> {
    let findings = check(resources, sources, settings).into_iter();
    let accepted = findings.filter(|finding| finding.suppressed.is_some());
    let accepted = accepted.map(|Finding { place, rule, container, path, .. }| Accepted {
        place,
        rule,
        container: container.map(|(_, name)| name),
        path,
    });
    let mut accepted: Vec<Accepted> = accepted.collect();
    accepted.sort_by_key(|one| one.place);
    accepted
}
