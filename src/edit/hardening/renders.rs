//! The renders of targets, each as it is and as it should be.

use super::delta::{Delta, deltas};
use crate::error::{Error, Result};
use crate::fleet::Run;
use crate::harden::{self, Change, Fixes, Settings};
use crate::resource::{ResMap, Resource};
use crate::schema::Schema;

/// The render of a target.
#[derive(Debug)]
pub(super) struct Render {
    /// The name of the target.
    pub(super) name: String,
    /// The objects as they are.
    pub(super) before: ResMap,
    /// The objects as `build --harden` renders them.
    pub(super) after: ResMap,
    /// The fixes that it applies.
    pub(super) changes: Vec<Change>,
    /// The schema of the build.
    pub(super) schema: Schema,
}

/// The fixes and the settings that they depend on.
#[derive(Clone, Copy)]
pub struct Hardening<'a> {
    /// The settings.
    pub settings: &'a Settings,
    /// The fixes to make.
    pub fixes: Fixes,
}

/// An object that is not as it should be.
#[derive(Debug)]
pub(super) struct Wanted {
    /// The index of the target.
    pub(super) target: usize,
    /// The index of the object.
    pub(super) place: usize,
    /// The changes of its fields.
    pub(super) deltas: Vec<Delta>,
}

impl Render {
    /// Builds a target and hardens a copy.
    ///
    /// # Errors
    /// Those of the build and of hardening.
    pub(super) fn of(run: &Run<'_>, target: &str, hardening: Hardening<'_>) -> Result<Self> {
        let built = run.build_from(target, &mut Vec::new())?;
        let before = built.resources;
        let mut after = before.clone();
        let Hardening { settings, fixes } = hardening;
        let sources = run.loader().sources();
        let changes = harden::harden(&mut after, sources, &built.schema, settings, fixes)?;
        Ok(Self { name: target.to_owned(), before, after, changes, schema: built.schema })
    }

    /// The objects that are not as they should be, in order.
    pub(super) fn wanted(&self, target: usize) -> Vec<Wanted> {
        let mut places: Vec<usize> = self.changes.iter().map(|change| change.place).collect();
        places.dedup();
        let wanted = places.into_iter().filter_map(|place| {
            let (before, after) = (self.before.get(place)?, self.after.get(place)?);
            let deltas = deltas(before.node(), after.node());
            (!deltas.is_empty()).then_some(Wanted { target, place, deltas })
        });
        wanted.collect()
    }

    /// The fixes of an object.
    pub(super) fn changes_of(&self, place: usize) -> Vec<&Change> {
        // They are in the order of the objects.
        let first = self.changes.partition_point(|change| change.place < place);
        let end = self.changes.partition_point(|change| change.place <= place);
        self.changes.get(first..end).unwrap_or_default().iter().collect()
    }
}

/// The renders of targets, and the errors of those that cannot be rendered.
pub(super) fn renders(
    run: &Run<'_>,
    targets: &[String],
    hardening: Hardening<'_>,
) -> (Vec<Render>, Vec<(String, Error)>) {
    let (mut renders, mut failed) = (Vec::new(), Vec::new());
    for target in targets {
        match Render::of(run, target, hardening) {
            Ok(render) => renders.push(render),
            Err(error) => failed.push((target.clone(), error)),
        }
    }
    (renders, failed)
}

/// An object for people: its kind, and in backticks its namespace and name.
pub(super) fn subject(object: &Resource) -> String {
    match object.namespace() {
        "" => format!("{} `{}`", object.kind(), object.name()),
        namespace => format!("{} `{namespace}/{}`", object.kind(), object.name()),
    }
}
