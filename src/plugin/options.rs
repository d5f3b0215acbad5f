//! Options for plugins, as given on the command line.

use std::sync::Arc;

use crate::external::Environment;
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
    /// True if generators that decrypt files of SOPS do not run, and placeholders take the place of the values (`--sops
    /// placeholder`).
    pub sops_placeholders: bool,
    /// The surroundings of the programs that plugins run.
    pub host: Host,
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
    /// The program that runs containers (`--container-command`); if empty, `docker`.
    pub container_command: String,
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

/// The surroundings of programs. By default there are none, so that no program is found.
#[derive(Clone, Default)]
pub struct Host {
    /// The environment that programs are searched in, and that they get.
    pub environment: Arc<Environment>,
    /// Shows a line that a program wrote to its standard error although it succeeded; `None` to drop it.
    pub tell: Option<fn(&str)>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Host")
    }
}

/// Two hosts are equal if they have the same environment: where messages go does not matter for a result.
impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        self.environment == other.environment
    }
}

impl Eq for Host {}
