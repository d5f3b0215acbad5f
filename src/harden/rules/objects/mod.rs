//! KR-K8S: the quality of manifests.

mod deprecated_api;

use crate::harden::rule::Rule;

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[&deprecated_api::DEPRECATED_API];
