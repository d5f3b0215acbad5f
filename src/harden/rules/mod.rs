//! The rules, one file for each, or for those that share a condition.

/// The example of a rule, from two files in `examples/`.
macro_rules! example {
    ($name:literal) => {
        Some($crate::harden::rule::Example {
            bad: include_str!(concat!("examples/", $name, ".bad.yaml")),
            good: include_str!(concat!("examples/", $name, ".good.yaml")),
        })
    };
}

mod app_armor_profile;
mod capabilities;
mod host_namespaces;
mod host_path_volume;
mod host_port;
mod image_tag;
pub(super) mod judged;
pub mod kustomizations;
mod privilege_escalation;
mod privileged_container;
mod probe_host;
mod probes;
mod proc_mount;
mod read_only_root_fs;
mod references;
mod resources;
mod restricted_volume_types;
mod run_as_non_root;
mod run_as_root_uid;
mod seccomp_profile;
mod selinux_options;
mod shutdown;
pub(super) mod suppressions;
mod unsafe_sysctls;
mod windows_host_process;

use super::rule::Rule;
use crate::error::{Code, Error, Result, nearest};

/// All rules, in the order of their ids.
pub static RULES: &[&Rule] = &[
    &suppressions::EXPIRED_EXCLUSION,
    &suppressions::SUPPRESSION_WITHOUT_REASON,
    &suppressions::UNUSED_SUPPRESSION,
    &judged::TARGET_NOT_JUDGED,
    &judged::JUDGED_IN_PART,
    &judged::HARDENING_STEP_CHANGED,
    &image_tag::IMAGE_TAG,
    &kustomizations::DEPRECATED_FIELD,
    &kustomizations::UNPINNED_REMOTE,
    &kustomizations::ORPHAN_FILE,
    &kustomizations::UNMATCHED_PATCH,
    &kustomizations::NO_OP_PATCH,
    &kustomizations::PLAINTEXT_SECRET,
    &kustomizations::HASH_DISABLED,
    &kustomizations::HAND_WRITTEN_CONFIG,
    &kustomizations::SELECTOR_LABELS,
    &kustomizations::DUPLICATED_PATCH,
    &kustomizations::BASE_NAMESPACE,
    &kustomizations::OVERLAY_IMPORTS_OVERLAY,
    &kustomizations::POSTURE_INVERSION,
    &kustomizations::FAIL_OPEN_TRANSFORMER,
    &kustomizations::HARDENING_NOT_LAST,
    &kustomizations::PATH_ESCAPE,
    &kustomizations::MISSING_GVK,
    &kustomizations::LOOSENED_BY_OVERLAY,
    &kustomizations::KEPT_BY_ONE_OVERLAY,
    &probes::READINESS_MISSING,
    &probes::PORT_UNKNOWN,
    &probes::ILLEGAL_FIELD,
    &references::MISSING_CONFIG,
    &references::MISSING_SERVICE_ACCOUNT,
    &references::SERVICE_SELECTS_NOTHING,
    &resources::CPU_REQUEST,
    &resources::MEMORY_REQUEST,
    &resources::MEMORY_LIMIT,
    &resources::BEST_EFFORT,
    &privileged_container::PRIVILEGED_CONTAINER,
    &host_namespaces::HOST_NETWORK,
    &host_namespaces::HOST_PID,
    &host_namespaces::HOST_IPC,
    &host_path_volume::HOST_PATH_VOLUME,
    &host_port::HOST_PORT,
    &capabilities::ADDED_CAPABILITIES,
    &app_armor_profile::APP_ARMOR_PROFILE,
    &selinux_options::SELINUX_OPTIONS,
    &proc_mount::PROC_MOUNT,
    &seccomp_profile::SECCOMP_UNCONFINED,
    &unsafe_sysctls::UNSAFE_SYSCTLS,
    &windows_host_process::WINDOWS_HOST_PROCESS,
    &probe_host::PROBE_HOST,
    &restricted_volume_types::RESTRICTED_VOLUME_TYPES,
    &privilege_escalation::PRIVILEGE_ESCALATION,
    &run_as_non_root::RUN_AS_NON_ROOT,
    &run_as_root_uid::RUN_AS_ROOT_UID,
    &seccomp_profile::SECCOMP_PROFILE,
    &capabilities::DROP_ALL_CAPABILITIES,
    &proc_mount::PROC_MOUNT_STRICT,
    &read_only_root_fs::READ_ONLY_ROOT_FS,
    &shutdown::NO_PRESTOP,
    &shutdown::BUDGET,
    &shutdown::PRESTOP_EXCEEDS_GRACE,
];

/// The rule with an id or a name, in any case of letters.
#[must_use]
pub fn find(id_or_name: &str) -> Option<&'static Rule> {
    let is_meant = |rule: &&&Rule| {
        rule.id.eq_ignore_ascii_case(id_or_name) || rule.name.eq_ignore_ascii_case(id_or_name)
    };
    RULES.iter().find(is_meant).copied()
}

/// The rule with an id or a name.
///
/// # Errors
/// [`Code::InvalidArgument`] if there is none, with a suggestion.
pub fn known(id_or_name: &str) -> Result<&'static Rule> {
    find(id_or_name).ok_or_else(|| {
        let message = format!("there is no rule `{id_or_name}`");
        let error = Error::new(Code::InvalidArgument, message);
        match nearest(id_or_name, RULES.iter().flat_map(|rule| [rule.id, rule.name])) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("`krender rules` lists them"),
        }
    })
}
