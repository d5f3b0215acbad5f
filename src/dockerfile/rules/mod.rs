//! The conditions. The texts of the rules are in [`crate::harden::dockerfiles`].

mod base_unpinned;
mod basics;
mod build_tools;
mod copies;
mod packages;
mod secrets;
mod shell_form;
pub(super) mod user;

use crate::dockerfile::found::Found;
use crate::dockerfile::scene::Scene;
use crate::harden::{Rule, dockerfiles as texts};

/// A rule with its condition.
pub(super) struct Condition {
    /// The rule.
    pub(super) rule: &'static Rule,
    /// Finds the violations of a Dockerfile.
    pub(super) find: fn(&Scene<'_>) -> Vec<Found>,
}

/// All rules, in the order of their ids.
pub(super) static CONDITIONS: &[Condition] = &[
    Condition { rule: &texts::BASE_UNPINNED, find: base_unpinned::find },
    Condition { rule: &texts::RUNS_AS_ROOT, find: user::root },
    Condition { rule: &texts::USER_NOT_NUMERIC, find: user::name },
    Condition { rule: &texts::DOCKERFILE_LOW_UID, find: user::low },
    Condition { rule: &texts::NOT_MULTI_STAGE, find: build_tools::single_stage },
    Condition { rule: &texts::FAT_RUNTIME, find: build_tools::fat_runtime },
    Condition { rule: &texts::SECRET_IN_IMAGE, find: secrets::find },
    Condition { rule: &texts::SHELL_FORM, find: shell_form::find },
    Condition { rule: &texts::ADD_INSTEAD_OF_COPY, find: copies::add },
    Condition { rule: &texts::LAYER_ORDER, find: copies::layer_order },
    Condition { rule: &texts::PACKAGE_HYGIENE, find: packages::find },
    Condition { rule: &texts::HEALTHCHECK, find: basics::healthcheck },
    Condition { rule: &texts::DOCKERFILE_BASICS, find: basics::find },
    Condition { rule: &texts::COPY_WHOLE_ROOT, find: copies::whole_root },
    Condition { rule: &texts::NO_DOCKERIGNORE, find: copies::no_dockerignore },
];

#[cfg(test)]
mod tests {
    use super::CONDITIONS;
    use crate::harden::{Rule, rules};

    #[test]
    fn every_rule_about_dockerfiles_has_a_condition() {
        let texts: Vec<&Rule> = rules().filter(|rule| rule.is_of_dockerfiles()).collect();
        assert_eq!(CONDITIONS.iter().map(|one| one.rule).collect::<Vec<_>>(), texts);
    }
}
