//! The effects that the entries of kustomizations have in builds: which of them select nothing, change nothing, or loosen
//! the hardening of another kustomization.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::harden::{Rule, Verdict, Version};
use crate::resource::{ResId, ResMap, Resource};
use crate::source::Span;
use crate::transform::{Asked, Cause, Change, Observer};

/// The effects of entries in any number of builds.
#[derive(Default)]
pub(super) struct Effects {
    entries: BTreeMap<Key, Effect>,
    /// Pods that an entry made weaker, in the order in which they were found.
    pub(super) loosened: Vec<Loosened>,
    /// The changes of selectors, by the directory of the kustomization and the span of the entry.
    pub(super) reselected: BTreeMap<(PathBuf, Span), Reselected>,
}

/// A change of a selector.
#[derive(Clone)]
pub(super) struct Reselected {
    /// The workload.
    pub(super) object: ResId,
    /// Its place.
    pub(super) place: Span,
}

/// The directory of a kustomization, the builtin, and the span of the entry.
type Key = (PathBuf, String, Span);

/// The effect of an entry.
#[derive(Clone, Debug)]
pub(super) struct Effect {
    /// The field.
    pub(super) field: String,
    /// The position in the field, if it is known.
    pub(super) number: Option<usize>,
    /// The number of times that it was applied.
    pub(super) runs: usize,
    /// The number of times that it changed nothing.
    pub(super) unchanged: usize,
    /// The parts that had no effect, with the number of times.
    pub(super) idle: BTreeMap<Span, (usize, Error)>,
}

/// A pod that an entry made weaker.
#[derive(Clone)]
pub(super) struct Loosened {
    /// The number of the target.
    pub(super) target: usize,
    /// The directory of the kustomization with the entry.
    pub(super) layer: PathBuf,
    /// The span of the entry.
    pub(super) span: Span,
    /// The object, by its original id.
    pub(super) object: ResId,
    /// The place of the object.
    pub(super) place: Span,
    /// The violated rule.
    pub(super) rule: &'static Rule,
    /// The container, if it is about one.
    pub(super) container: Option<String>,
}

impl Effects {
    /// Adds the effects in another build.
    pub(super) fn add(&mut self, other: Self) {
        for (key, effect) in other.entries {
            let Some(known) = self.entries.get_mut(&key) else {
                self.entries.insert(key, effect);
                continue;
            };
            known.runs += effect.runs;
            known.unchanged += effect.unchanged;
            for (span, (count, error)) in effect.idle {
                known.idle.entry(span).or_insert((0, error)).0 += count;
            }
        }
        self.loosened.extend(other.loosened);
        for (key, reselected) in other.reselected {
            self.reselected.entry(key).or_insert(reselected);
        }
    }

    /// The entries, each with the directory of its kustomization and its span.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Path, Span, &Effect)> {
        self.entries.iter().map(|((layer, _, span), effect)| (&**layer, *span, effect))
    }
}

/// The builtins whose changes are compared with the state before them.
const PATCHES: [&str; 3] =
    ["PatchTransformer", "PatchStrategicMergeTransformer", "PatchJson6902Transformer"];
/// The builtin that copies values.
const REPLACEMENT: &str = "ReplacementTransformer";
/// The builtin that sets labels.
const LABELS: &str = "LabelTransformer";

/// The observer of the build of a target.
pub(super) struct Watch {
    target: usize,
    version: Version,
    effects: Effects,
    /// The resources before the current change, if it is compared.
    before: Option<Vec<Resource>>,
    /// The parts of the current change that have no effect.
    idle: BTreeMap<Span, Error>,
}

impl Watch {
    /// An observer for the target with a number. Pods are judged by a version of the Pod Security Standards.
    pub(super) fn new(target: usize, version: Version) -> Self {
        let (effects, idle) = (Effects::default(), BTreeMap::new());
        Self { target, version, effects, before: None, idle }
    }

    /// The effects that were observed.
    pub(super) fn into_effects(self) -> Effects {
        self.effects
    }

    /// Records the pods that became weaker.
    fn compare(&mut self, cause: &Cause<'_>, before: &Resource, after: &Resource) {
        let Some(now) = Verdict::of(after, self.version) else { return };
        if now.violated.is_empty() {
            return;
        }
        let was = Verdict::of(before, self.version).unwrap_or_default();
        for violated in now.violated {
            let is_same = |old: &crate::harden::Violated| {
                old.rule == violated.rule && old.container == violated.container
            };
            // A container that the entry adds is its own.
            let is_new_container =
                violated.container.as_ref().is_some_and(|name| !has_container(before, name));
            if is_new_container || was.violated.iter().any(is_same) {
                continue;
            }
            self.effects.loosened.push(Loosened {
                target: self.target,
                layer: cause.layer.path().to_path_buf(),
                span: cause.span,
                object: after.original_id(),
                place: before.span(),
                rule: violated.rule,
                container: violated.container.map(|name| name.to_string()),
            });
        }
    }
}

/// True if a container of an object has this name.
pub(super) fn has_container(object: &Resource, name: &str) -> bool {
    let is_named = |node: &crate::yaml::Node| {
        node.get("name").and_then(crate::yaml::Node::as_text) == Some(name)
    };
    object.node().walk().any(is_named)
}

impl Observer for Watch {
    fn before(&mut self, change: &Change<'_>, resources: &mut ResMap) -> Result<()> {
        let builtin = change.cause.builtin;
        let is_compared = PATCHES.contains(&builtin) || builtin == REPLACEMENT || builtin == LABELS;
        self.before = is_compared.then(|| resources.iter().cloned().collect());
        self.idle.clear();
        Ok(())
    }

    fn idle(&mut self, cause: &Cause<'_>, found: Error) {
        // The target of a patch may miss resources by its kind in one build, and by its name in another.
        let is_one = PATCHES.contains(&cause.builtin) || found.span().is_none();
        let span = if is_one { cause.span } else { found.span() };
        self.idle.entry(span).or_insert(found);
    }

    fn after(&mut self, cause: &Cause<'_>, resources: &mut ResMap) -> Result<()> {
        let (field, number) = match cause.asked {
            Asked::Field(field) => (field, None),
            Asked::Entry(field, number) => (field, Some(number)),
            Asked::Document { name, .. } => (name, None),
            Asked::End(_) => return Ok(()),
        };
        let before = self.before.take();
        let is_unchanged = PATCHES.contains(&cause.builtin)
            && self.idle.is_empty()
            && before.as_ref().is_some_and(|before| {
                let pairs = || before.iter().zip(resources.iter());
                before.len() == resources.len()
                    && pairs().all(|(before, after)| {
                        before.node() == after.node() && before.id() == after.id()
                    })
            });
        let key = (cause.layer.path().to_path_buf(), cause.builtin.to_owned(), cause.span);
        let effect = self.effects.entries.entry(key).or_insert_with(|| Effect {
            field: field.to_owned(),
            number,
            runs: 0,
            unchanged: 0,
            idle: BTreeMap::new(),
        });
        effect.runs += 1;
        effect.unchanged += usize::from(is_unchanged);
        for (span, error) in std::mem::take(&mut self.idle) {
            effect.idle.entry(span).or_insert((0, error)).0 += 1;
        }
        let Some(before) = before.filter(|_| !is_unchanged) else { return Ok(()) };
        for (old, new) in pairs(&before, resources) {
            if old.node() == new.node() {
                continue;
            }
            match cause.builtin {
                LABELS => self.note_selector(cause, old, new),
                _ => self.compare(cause, old, new),
            }
        }
        Ok(())
    }
}

impl Watch {
    /// Records a workload whose selector was changed.
    fn note_selector(&mut self, cause: &Cause<'_>, before: &Resource, after: &Resource) {
        let kinds = ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"];
        let selector = |one: &Resource| one.node().get_path(&["spec", "selector"]).cloned();
        if kinds.contains(&after.kind()) && selector(before) != selector(after) {
            let key = (cause.layer.path().to_path_buf(), cause.span);
            let (object, place) = (before.original_id(), before.span());
            self.effects.reselected.entry(key).or_insert(Reselected { object, place });
        }
    }
}

/// The resources before and after a change, in pairs. Resources that it deleted or added have none.
fn pairs<'r>(before: &'r [Resource], after: &'r ResMap) -> Vec<(&'r Resource, &'r Resource)> {
    if before.len() == after.len() {
        return before.iter().zip(after.iter()).collect();
    }
    let known: BTreeMap<String, &Resource> =
        before.iter().map(|one| (one.original_id().to_string(), one)).collect();
    let pair = |one: &'r Resource| Some((*known.get(&one.original_id().to_string())?, one));
    after.iter().filter_map(pair).collect()
}
