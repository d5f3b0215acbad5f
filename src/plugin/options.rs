//! What plugins may do, and what they are told: the user says so on the command line.

use crate::harden::Date;

/// What the user says of plugins. By default only builtin ones run, and those of them that need no program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Plugins that are not builtin run too (`--enable-alpha-plugins`), and so does Helm.
    pub enabled: bool,
    /// What functions may do and get.
    pub functions: Functions,
    /// What Helm may do and gets.
    pub helm: Helm,
    /// The day that exclusions from rules are judged by; without one none of them ends.
    pub today: Option<Date>,
}

/// What functions may do and get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Functions {
    /// Programs run as functions (`--enable-exec`).
    pub exec: bool,
    /// Containers that ask for the network get it (`--network`).
    pub network: bool,
    /// More mounts for containers (`--mount`).
    pub mounts: Vec<String>,
    /// Variables of the environment: `NAME`, or `NAME=value` (`--env`).
    pub environment: Vec<String>,
    /// Containers run as the user that runs krender (`--as-current-user`).
    pub as_current_user: bool,
}

/// What Helm may do and gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Helm {
    /// Charts are rendered (`--enable-helm`).
    pub enabled: bool,
    /// The program (`--helm-command`).
    pub command: String,
    /// What charts find in `.Capabilities.APIVersions` when they say nothing of it (`--helm-api-versions`).
    pub api_versions: Vec<String>,
    /// What charts find in `.Capabilities.KubeVersion` when they say nothing of it (`--helm-kube-version`).
    pub kube_version: String,
    /// Helm talks (`--helm-debug`).
    pub debug: bool,
}
