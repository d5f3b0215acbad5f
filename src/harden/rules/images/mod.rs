//! KR-IMG: images are known by name and version.

mod image_tag;

use crate::harden::rule::Rule;

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[&image_tag::IMAGE_TAG];
