//! Hardening: applies the fixes of rules in their order, as far as they are allowed.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{check, violations};
use super::edit::{self, Operation};
use super::finding::Finding;
use super::rule::Rule;
use super::rules::{find, rules};
use super::scene::{Render, Scene};
use super::settings::{Most, Settings};
use super::suppress::HARDEN;
use super::violation::{Class, Edit, Fix, List, Violation};
use super::workload::pods;
use crate::error::Result;
use crate::resource::{ResMap, Resource};
use crate::schema::Schema;
use crate::source::Sources;
use crate::yaml::path::{Path, PathStep};
use crate::yaml::{Node, Text};

/// A fix that hardening applied to an object.
#[derive(Clone, Debug)]
pub struct Change {
    /// The index of the object.
    pub place: usize,
    /// The violated rule.
    pub rule: &'static Rule,
    /// The container that the violation was about; `None` for the whole pod.
    pub container: Option<Text>,
    /// The class of the fix.
    pub class: Class,
    /// The applied operations.
    pub operations: Vec<Operation>,
    /// The rule whose fix in the same run let the object violate this rule; `None` if it was violated before.
    pub follows: Option<&'static Rule>,
    /// The rules that the object violates after the run, and did not before, because of this fix: those that
    /// [`Rule::follow_ups`] names.
    pub leaves: Vec<&'static Rule>,
}

impl Change {
    /// Makes the same change in a copy of the object.
    pub fn apply(&self, root: &mut Node) {
        self.operations.iter().for_each(|operation| edit::carry_out(root, operation));
    }
}

/// The fixes to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixes {
    /// Those that the settings allow, by default those up to [`Class::Safe`].
    OfSettings,
    /// Those up to a class, or fewer if the settings restrict a rule.
    UpTo(Class),
}

impl Fixes {
    /// True if a fix of a rule of a class is allowed.
    #[must_use]
    pub fn allows(self, rule: &Rule, class: Class, settings: &Settings) -> bool {
        self.most(rule, settings).is_some_and(|most| class <= most)
    }

    fn most(self, rule: &Rule, settings: &Settings) -> Most {
        match self {
            Self::UpTo(class) => {
                settings.most_said(rule).map_or(Some(class), |said| said.min(Some(class)))
            }
            Self::OfSettings => settings.most(rule),
        }
    }
}

/// Hardens resources: applies fixes of the active rules. Accepted violations ([`Suppression`](super::Suppression)) and
/// objects with the annotation `krender.dev/harden: "off"` are left unchanged, and so are system objects if the
/// settings exclude them ([`Settings::excludes_system`]).
///
/// Fixes are applied in rounds until none is left, removals first, because they decide which fields may be added. So a
/// second run changes nothing, and an object without violations is left unchanged. A fix may let another rule apply, as
/// [`Rule::follow_ups`] declares: [`Change::follows`] and [`Change::leaves`] tell where it did. The result for an object depends on
/// the object itself, and on the Services of the render that select its pods. `schema` is the one of the build. Linear
/// in the number of resources and rules.
///
/// # Errors
/// Those of [`Resource::edit`].
pub fn harden(
    resources: &mut ResMap,
    sources: &Sources,
    schema: &Schema,
    settings: &Settings,
    fixes: Fixes,
) -> Result<Vec<Change>> {
    harden_among((resources, sources), schema, settings, fixes, None)
}

/// Fixes of some rules, by the object: the rule, and the container, as [`Change`] has it.
pub type ChosenFixes = BTreeMap<usize, Vec<(&'static str, Option<Text>)>>;

/// Hardens resources as [`harden`] does, with `only` some of the fixes.
///
/// # Errors
/// Those of [`Resource::edit`].
pub fn harden_only(
    (resources, sources): (&mut ResMap, &Sources),
    schema: &Schema,
    settings: &Settings,
    fixes: Fixes,
    only: &ChosenFixes,
) -> Result<Vec<Change>> {
    harden_among((resources, sources), schema, settings, fixes, Some(only))
}

fn harden_among(
    (resources, sources): (&mut ResMap, &Sources),
    schema: &Schema,
    settings: &Settings,
    fixes: Fixes,
    only: Option<&ChosenFixes>,
) -> Result<Vec<Change>> {
    let before = resources.clone();
    let render = Render::new(&before, &settings.facts);
    let accepted = accepted(&before, sources, settings);
    let may_fix = |rule: &&Rule| {
        let most = fixes.most(rule, settings);
        settings.asks(rule) && rule.fixes().any(|(class, _)| Some(class) <= most)
    };
    let rules: Vec<&'static Rule> = rules().filter(may_fix).collect();
    let asked = |(id, _): (&str, &str)| find(id).filter(|rule| settings.asks(rule));
    let leads = rules.iter().map(|rule| (rule.id, rule.follow_ups().filter_map(asked).collect()));
    let leads = leads.filter(|(_, rules): &(_, Vec<_>)| !rules.is_empty()).collect();
    let work = Fixer { settings, schema, render: &render, rules, leads, fixes, only };
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

struct Fixer<'a> {
    settings: &'a Settings,
    schema: &'a Schema,
    render: &'a Render<'a>,
    rules: Vec<&'static Rule>,
    /// The active rules that objects may violate after the fix of a rule.
    leads: BTreeMap<&'static str, Vec<&'static Rule>>,
    fixes: Fixes,
    /// The only fixes to apply; `None` for all.
    only: Option<&'a ChosenFixes>,
}

/// True if a fix changes fields of a container, not of its pod.
fn is_of_container(fix: &Fix) -> bool {
    let is_container = |steps: &[PathStep]| match steps {
        [PathStep::Key(key), PathStep::Index(_)] => {
            List::ALL.iter().any(|list| **key == *list.field())
        }
        _ => false,
    };
    fix.edits.iter().any(|edit| match edit {
        Edit::Set(path, _) | Edit::Append(path, _) | Edit::Remove(path) => {
            path.steps().windows(2).any(is_container)
        }
    })
}

/// True if a fix of a violation in a container is one of the container.
fn is_named(name: &Text, fix: &Fix) -> bool {
    !name.is_empty() && is_of_container(fix)
}

/// True if a fix changes the id of an object. Hardening does not, since other objects, patches of outer kustomizations and
/// the cluster know the object by it.
fn changes_id(fix: &Fix) -> bool {
    fix.edits.iter().any(|edit| match edit {
        Edit::Set(path, _) | Edit::Append(path, _) | Edit::Remove(path) => {
            matches!(path.steps(), [PathStep::Key(key)] if matches!(&**key, "apiVersion" | "kind"))
        }
    })
}

/// The classes of fixes, by rule and field.
type Classes = BTreeMap<(&'static str, Path), Class>;

/// The rules that an object violated in its original state or violates since a fix, each with the container and the rule
/// of that fix.
type Origins = BTreeMap<(&'static str, Option<Text>), Option<&'static Rule>>;

/// The violations of an object in its original state, and those that appeared since.
struct Seen {
    classes: Classes,
    origins: Origins,
}

/// A fix to apply, and the container of its violation.
type Due = (Option<Text>, Fix);

/// The order of fixes: overwriting ones first, then by the order of the rules. Among fixes of equal order, overrides
/// come first, then weaker classes.
type FixOrder = (Option<u8>, bool, Class);

/// More rounds than any object needs: each applies all fixes of a rule that are due.
const MOST_ROUNDS: usize = 100;

impl Fixer<'_> {
    fn harden(
        &self,
        resource: &mut Resource,
        place: usize,
        accepted: &[Accepted],
    ) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        let original = resource.clone();
        let mut seen: Option<Seen> = None;
        let mut last = None;
        let mut left = BTreeSet::new();
        for _ in 0..MOST_ROUNDS {
            let due = self.due((place, resource), accepted, seen.as_mut(), last);
            let Some((rule, fixes)) = due else { break };
            let seen = seen.get_or_insert_with(|| self.seen(&original));
            let before = changes.len();
            for (violated, fix) in fixes {
                let edit = |root: &mut _| Ok(edit::apply(root, &fix.edits));
                let operations = resource.edit(self.schema, edit)?;
                if !operations.is_empty() {
                    let container = violated.clone().filter(|name| is_named(name, &fix));
                    let follows = seen.origins.get(&(rule.id, violated)).copied().flatten();
                    let (class, leaves) = (fix.class, Vec::new());
                    let change =
                        Change { place, rule, container, class, operations, follows, leaves };
                    changes.push(change);
                }
            }
            let Some(first) = changes.get_mut(before) else { break };
            for led in self.leads.get(rule.id).into_iter().flatten() {
                if !left.contains(led.id) && self.is_new(led, &original, resource) {
                    left.insert(led.id);
                    first.leaves.push(led);
                }
            }
            last = Some(rule);
        }
        // A later fix may have healed some.
        for change in changes.iter_mut().filter(|change| !change.leaves.is_empty()) {
            change.leaves.retain(|led| self.is_new(led, &original, resource));
        }
        Ok(changes)
    }

    /// True if an object violates a rule in other containers than before.
    fn is_new(&self, rule: &Rule, before: &Resource, after: &Resource) -> bool {
        !self.violated(rule, after).is_subset(&self.violated(rule, before))
    }

    /// The containers in which an object violates a rule; `None` stands for the object.
    fn violated(&self, rule: &Rule, object: &Resource) -> BTreeSet<Option<Text>> {
        let pods = pods(object, &self.settings.facts);
        let scene = Scene { facts: &self.settings.facts, object, pods: &pods };
        let found = violations(rule, scene, self.render).into_iter();
        found.map(|one| one.container.map(|(_, name)| name)).collect()
    }

    /// The violations of an object in its original state. The classes of their fixes stay in force while the object
    /// changes: an unsafe fix stays unsafe, even after another fix has already forbidden what it would break.
    fn seen(&self, object: &Resource) -> Seen {
        let pods = pods(object, &self.settings.facts);
        let scene = Scene { facts: &self.settings.facts, object, pods: &pods };
        let mut seen = Seen { classes: Classes::new(), origins: Origins::new() };
        for rule in &self.rules {
            for violation in violations(rule, scene, self.render) {
                // A violation without a fix in the original state has no safe fix later.
                let class = violation.fix.map_or(Class::Unsafe, |fix| fix.class);
                seen.classes.insert((rule.id, violation.path), class);
                seen.origins.insert((rule.id, violation.container.map(|(_, name)| name)), None);
            }
        }
        seen
    }

    /// The next rule with fixes to apply, with these fixes and their containers. Violations that appeared are added to
    /// those that were seen, as effects of the `last` rule that was fixed.
    fn due(
        &self,
        (place, object): (usize, &Resource),
        accepted: &[Accepted],
        mut seen: Option<&mut Seen>,
        last: Option<&'static Rule>,
    ) -> Option<(&'static Rule, Vec<Due>)> {
        let pods = pods(object, &self.settings.facts);
        let scene = Scene { facts: &self.settings.facts, object, pods: &pods };
        if is_excluded(scene, self.settings) {
            return None;
        }
        let mut first: Option<(FixOrder, &'static Rule, Vec<Due>)> = None;
        // The fixes of `first` by the fields that they change first and last: only fixes of the same fields can be equal.
        let mut by_field: BTreeMap<Option<(Path, Path)>, Vec<usize>> = BTreeMap::new();
        for rule in &self.rules {
            let most = self.fixes.most(rule, self.settings);
            for violation in violations(rule, scene, self.render) {
                let is_accepted = accepted.iter().any(|one| one.is(rule, &violation));
                let container = violation.container.map(|(_, name)| name);
                let key = (rule.id, violation.path);
                let was = seen.as_deref_mut().and_then(|seen| {
                    seen.origins.entry((rule.id, container.clone())).or_insert(last);
                    seen.classes.get(&key).copied()
                });
                let fix = violation
                    .fix
                    .map(|fix| Fix { class: fix.class.max(was.unwrap_or(fix.class)), ..fix });
                let may = |fix: &Fix| !is_accepted && Some(fix.class) <= most && !changes_id(fix);
                let Some(fix) = fix.filter(may) else { continue };
                let own = || container.as_ref().filter(|name| is_named(name, &fix));
                let is_chosen = |only: &ChosenFixes| {
                    let mut chosen = only.get(&place).into_iter().flatten();
                    chosen.any(|(id, container)| *id == rule.id && container.as_ref() == own())
                };
                if !self.only.is_none_or(is_chosen) {
                    continue;
                }
                let of_rule = (!fix.is_overwriting).then_some(rule.fix_order);
                let turn = (of_rule, fix.class != Class::Override, fix.class);
                match &mut first {
                    Some((known, of, fixes)) if *known == turn && of == rule => {
                        let places = by_field.entry(fix.ends()).or_default();
                        if !places.iter().any(|&place| fixes[place].1 == fix) {
                            places.push(fixes.len());
                            fixes.push((container, fix));
                        }
                    }
                    Some((known, ..)) if *known <= turn => {}
                    _ => {
                        by_field = BTreeMap::from([(fix.ends(), vec![0])]);
                        first = Some((turn, rule, vec![(container, fix)]));
                    }
                }
            }
        }
        first.map(|(_, rule, fixes)| (rule, fixes))
    }
}

/// True if hardening skips an object.
fn is_excluded(scene: Scene<'_>, settings: &Settings) -> bool {
    let Scene { object, pods, .. } = scene;
    let is_off = |(key, value): (&str, &str)| key == HARDEN && value == "off";
    !settings.phase.looks_at(object)
        || !settings.selects(object)
        || settings.excludes_system && scene.is_system()
        || object.annotations().any(is_off)
        || pods.iter().any(|pod| pod.annotations().any(is_off))
}

/// A violation that a suppression accepts; it stays accepted while other fields are fixed.
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

/// The accepted violations, in the order of the objects.
fn accepted(resources: &ResMap, sources: &Sources, settings: &Settings) -> Vec<Accepted> {
    let findings = check(resources, sources, settings).into_iter();
    let accepted = findings.filter(|finding| finding.suppressed.is_some());
    // Own rules have no fixes.
    let accepted = accepted.filter_map(|Finding { place, rule, container, path, .. }| {
        let container = container.map(|(_, name)| name);
        Some(Accepted { place, rule: rule.known()?, container, path })
    });
    let mut accepted: Vec<Accepted> = accepted.collect();
    accepted.sort_by_key(|one| one.place);
    accepted
}
