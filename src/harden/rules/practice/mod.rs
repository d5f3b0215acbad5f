//! KR-CLN: twelve-factor programs.

mod backing;
mod logs;
mod processes;
pub mod sources;
mod state;

use crate::harden::rule::Rule;

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
    &sources::CONFIG_IN_IMAGE_ARGS,
    &sources::ENV_SPECIFIC_IN_BASE,
    &state::LOCAL_STATE,
    &logs::LOG_TO_FILE,
    &backing::HARD_CODED_BACKING_SERVICE,
    &sources::DEV_PROD_PARITY,
    &processes::PORT_BINDING,
    &processes::PROCESS_COUNT,
    &processes::ADMIN_PROCESS,
    &backing::CLOUD_LOCK_IN,
];
