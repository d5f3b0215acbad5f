//! KR-IMG: images are known by name and version.

mod image_tag;
mod pull;
mod registries;
pub(in crate::harden) mod unused_entry;
mod versions;

use crate::harden::rule::Rule;

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &image_tag::IMAGE_TAG,
    &versions::IMAGE_DIGEST,
    &registries::REGISTRY,
    &pull::PULL_POLICY,
    &versions::TAG_DRIFT,
    &registries::DEAD_REGISTRY,
    &unused_entry::UNUSED_IMAGES_ENTRY,
];
