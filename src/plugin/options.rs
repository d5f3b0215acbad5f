//! Options for plugins, as given on the command line.

use crate::fetch::Charts;
use crate::harden::Date;

/// Options for plugins. By default only builtin plugins that need no program run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// True if other plugins and Helm may run (`--enable-alpha-plugins`).
    pub enabled: bool,
    /// Options for functions.
    pub functions: Functions,
    /// Options for Helm.
    pub helm: Helm,
    /// The day at which exclusions from rules are evaluated; `None` if none expires.
    pub today: Option<Date>,
}

/// Options for functions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Functions {
    /// True if programs may run as functions (`--enable-exec`).
    pub exec: bool,
    /// True if containers may use the network (`--network`).
    pub network: bool,
    /// Additional mounts for containers (`--mount`).
    pub mounts: Vec<String>,
    /// Environment variables: `NAME`, or `NAME=value` (`--env`).
    pub environment: Vec<String>,
    /// True if containers run as the current user (`--as-current-user`).
    pub as_current_user: bool,
}

/// Options for Helm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Helm {
    /// True if charts are rendered (`--enable-helm`).
    pub enabled: bool,
    /// The program (`--helm-command`).
    pub command: String,
    /// The default of `.Capabilities.APIVersions` in charts (`--helm-api-versions`).
    pub api_versions: Vec<String>,
    /// The default of `.Capabilities.KubeVersion` in charts (`--helm-kube-version`).
    pub kube_version: String,
    /// True if Helm writes debug output (`--helm-debug`).
    pub debug: bool,
    /// The charts of the run. By default none can be rendered.
    pub charts: Charts,
}
