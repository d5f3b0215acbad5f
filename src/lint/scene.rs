//! The material of rules about sources: kustomizations, renders and effects.

use super::effects::Effects;
use super::entries::Role;
use super::layers::Layers;
use super::renders::Renders;
use crate::fleet::Run;
use crate::harden::Version;
use crate::load::{Kind, Loader, Restrictor};
use crate::source::Span;

/// The kustomizations of a run, the renders of its targets, and the effects of entries in these builds.
pub(super) struct Scene<'a> {
    pub(super) loader: &'a Loader,
    pub(super) run: &'a Run<'a>,
    pub(super) layers: Layers,
    pub(super) renders: Renders,
    pub(super) effects: Effects,
    /// The files that kustomizations may name.
    pub(super) restrictor: Restrictor,
    /// The version of the Pod Security Standards.
    pub(super) version: Version,
}

impl Scene<'_> {
    /// True if a place is in a manifest that a kustomization itself lists.
    pub(super) fn defines(&self, layer: usize, place: Span) -> bool {
        let Some(layer) = self.layers.get(layer) else { return false };
        let Some(source) = self.loader.sources().source_of(place) else { return false };
        let listed = layer.entries.iter().filter(|entry| entry.role == Role::Listed);
        listed.filter(|entry| layer.root.kind_of(&entry.path) == Kind::File).any(|entry| {
            layer.root.read(&entry.path, entry.span).is_ok_and(|one| one.id() == source.id())
        })
    }
}
