//! KR-SEC: pods and containers have no more rights than they need.

mod app_armor_profile;
mod capabilities;
mod host_namespaces;
mod host_path_volume;
mod host_port;
mod privilege_escalation;
mod privileged_container;
mod probe_host;
mod proc_mount;
mod read_only_root_fs;
mod restricted_volume_types;
mod run_as_non_root;
mod run_as_root_uid;
mod seccomp_profile;
mod selinux_options;
mod unsafe_sysctls;
mod windows_host_process;

use crate::harden::rule::Rule;

/// The rules of this topic, in the order of their ids.
pub(super) static RULES: &[&Rule] = &[
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
];
