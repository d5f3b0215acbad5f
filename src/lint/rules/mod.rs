//! The rules, one file for each. Their texts are in [`crate::harden::kustomizations`] and [`crate::harden::practice`].

mod base_namespace;
mod deprecated_field;
mod duplicated_patch;
mod fail_open_transformer;
mod hand_written_config;
mod hardening_not_last;
mod hash_disabled;
mod kept_by_one_overlay;
mod loosened_by_overlay;
mod missing_gvk;
mod no_op_patch;
mod orphan_file;
mod overlay_imports_overlay;
mod overridden_variables;
mod parity;
mod path_escape;
mod plaintext_secret;
mod plugin_documents;
mod posture_inversion;
mod selector_labels;
mod unmatched_patch;
mod unpinned_remote;
mod unused_images_entry;
mod uses;

use crate::error::Result;
use crate::harden::{Rule, UNUSED_IMAGES_ENTRY, kustomizations as texts, practice};
use crate::lint::found::Found;
use crate::lint::scene::Scene;

/// A rule with its condition.
pub(super) struct Lint {
    /// The rule.
    pub(super) rule: &'static Rule,
    /// Finds the violations.
    pub(super) find: fn(&Scene<'_>) -> Result<Vec<Found>>,
}

/// All rules, in the order of their ids.
pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &practice::CONFIG_IN_IMAGE_ARGS, find: overridden_variables::find_many },
    Lint { rule: &practice::ENV_SPECIFIC_IN_BASE, find: overridden_variables::find },
    Lint { rule: &practice::DEV_PROD_PARITY, find: parity::find },
    Lint { rule: &UNUSED_IMAGES_ENTRY, find: unused_images_entry::find },
    Lint { rule: &texts::DEPRECATED_FIELD, find: deprecated_field::find },
    Lint { rule: &texts::UNPINNED_REMOTE, find: unpinned_remote::find },
    Lint { rule: &texts::ORPHAN_FILE, find: orphan_file::find },
    Lint { rule: &texts::UNMATCHED_PATCH, find: unmatched_patch::find },
    Lint { rule: &texts::NO_OP_PATCH, find: no_op_patch::find },
    Lint { rule: &texts::PLAINTEXT_SECRET, find: plaintext_secret::find },
    Lint { rule: &texts::HASH_DISABLED, find: hash_disabled::find },
    Lint { rule: &texts::HAND_WRITTEN_CONFIG, find: hand_written_config::find },
    Lint { rule: &texts::SELECTOR_LABELS, find: selector_labels::find },
    Lint { rule: &texts::DUPLICATED_PATCH, find: duplicated_patch::find },
    Lint { rule: &texts::BASE_NAMESPACE, find: base_namespace::find },
    Lint { rule: &texts::OVERLAY_IMPORTS_OVERLAY, find: overlay_imports_overlay::find },
    Lint { rule: &texts::POSTURE_INVERSION, find: posture_inversion::find },
    Lint { rule: &texts::FAIL_OPEN_TRANSFORMER, find: fail_open_transformer::find },
    Lint { rule: &texts::HARDENING_NOT_LAST, find: hardening_not_last::find },
    Lint { rule: &texts::PATH_ESCAPE, find: path_escape::find },
    Lint { rule: &texts::MISSING_GVK, find: missing_gvk::find },
    Lint { rule: &texts::LOOSENED_BY_OVERLAY, find: loosened_by_overlay::find },
    Lint { rule: &texts::KEPT_BY_ONE_OVERLAY, find: kept_by_one_overlay::find },
];

#[cfg(test)]
mod tests {
    use super::LINTS;
    use crate::harden::{Rule, rules};

    #[test]
    fn every_rule_about_sources_has_a_condition() {
        let texts: Vec<&Rule> = rules().filter(|rule| rule.is_of_sources()).collect();
        assert_eq!(LINTS.iter().map(|lint| lint.rule).collect::<Vec<_>>(), texts);
    }
}
