//! KR-SEC: pods and containers have no more rights than they need.

mod app_armor_profile;
mod capabilities;
mod host_mounts;
mod host_namespaces;
mod host_path_volume;
mod host_port;
pub(in crate::harden) mod open_secrets;
mod pod_fields;
mod privilege_escalation;
mod privileged_container;
mod probe_host;
mod proc_mount;
mod psa_label;
mod read_only_root_fs;
mod restricted_volume_types;
mod root_group;
mod run_as_non_root;
mod run_as_root_uid;
mod seccomp_profile;
mod selinux_options;
mod service_account;
mod unsafe_sysctls;
mod users;
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
    &users::LOW_UID,
    &users::NO_RUN_AS_USER,
    &root_group::ROOT_GROUP,
    &users::UNVERIFIABLE_NON_ROOT,
    &service_account::SERVICE_ACCOUNT_TOKEN,
    &service_account::DEFAULT_SERVICE_ACCOUNT,
    &service_account::DEPRECATED_SERVICE_ACCOUNT,
    &host_mounts::RUNTIME_SOCKET,
    &host_mounts::SENSITIVE_HOST_MOUNT,
    &host_mounts::WRITABLE_HOST_MOUNT,
    &pod_fields::SHARE_PROCESS_NAMESPACE,
    &pod_fields::USER_NAMESPACE,
    &open_secrets::SECRET_LITERAL_ENV,
    &open_secrets::SECRET_IN_ARGS,
    &open_secrets::SECRET_IN_CONFIG_MAP,
    &open_secrets::SECRET_AS_ENV,
    &pod_fields::HOST_ALIASES,
    &pod_fields::WINDOWS_OS_UNSET,
    &pod_fields::COMMITTED_EPHEMERAL,
    &pod_fields::APP_ARMOR_DEFAULT,
    &pod_fields::HOST_NETWORK_DNS,
    &host_mounts::GIT_REPO_VOLUME,
    &psa_label::PSA_LABEL,
];
