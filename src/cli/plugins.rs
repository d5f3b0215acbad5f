//! Flags for plugins, with kustomize's names and forms.

use std::{
    ffi::{OsStr, OsString},
    sync::Arc,
    time::SystemTime,
};

use clap::{
    Arg, Args, Command,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};

use super::remote::own_config_home;
use crate::{
    external::Environment,
    fetch::{ChartOptions, Charts},
    harden::Date,
    plugin::{Functions, Helm, Options, Surroundings},
};

/// Permissions of plugins.
#[derive(Args, Debug)]
pub(super) struct Plugins {
    /// Enable plugins that are not builtin: functions in containers, and executables in the folder of plugins
    #[arg(long, alias = "enable_alpha_plugins", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL", help_heading = "Functions and plugins")]
    enable_alpha_plugins: Option<bool>,

    /// Enable functions that are programs; never use it with a kustomization that you do not trust
    #[arg(long, alias = "enable_exec", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL", help_heading = "Functions and plugins")]
    enable_exec: Option<bool>,

    /// Enable network access for functions that ask for it
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL", help_heading = "Functions and plugins")]
    network: Option<bool>,

    /// Program that runs containers, such as `podman`
    #[arg(long, value_name = "PROGRAM", default_value = "docker", allow_hyphen_values = true)]
    #[arg(help_heading = "Functions and plugins")]
    container_command: String,

    /// Accepted without effect, as in kustomize
    #[arg(
        long,
        alias = "network_name",
        value_name = "NAME",
        allow_hyphen_values = true,
        hide = true
    )]
    network_name: Option<String>,

    /// Mount storage into the containers of functions: `type=bind,src=DIR,dst=DIR` (may be repeated)
    #[arg(long, value_name = "MOUNT", allow_hyphen_values = true)]
    #[arg(help_heading = "Functions and plugins")]
    mount: Vec<String>,

    /// Set an environment variable of functions, or pass one through to containers (may be repeated)
    #[arg(short, long, value_name = "NAME[=VALUE]", allow_hyphen_values = true)]
    #[arg(help_heading = "Functions and plugins")]
    env: Vec<String>,

    /// Run containers of functions with the user id of krender
    #[arg(long, alias = "as_current_user", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL", help_heading = "Functions and plugins")]
    as_current_user: Option<bool>,

    /// With `placeholder`: do not run ksops and `SopsSecretGenerator`, but put placeholders in place of the values that SOPS has
    /// encrypted, to review a build without the key
    #[arg(long, value_name = "MODE", help_heading = "Functions and plugins")]
    sops: Option<Sops>,

    /// Run Helm for the charts of kustomizations
    #[arg(long, alias = "enable_helm", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    #[arg(help_heading = "Charts")]
    enable_helm: Option<bool>,

    /// Helm program to run
    #[arg(
        long,
        alias = "helm_command",
        value_name = "PROGRAM",
        default_value = "helm",
        allow_hyphen_values = true
    )]
    #[arg(help_heading = "Charts")]
    helm_command: String,

    /// API versions that charts find in `.Capabilities.APIVersions`
    #[arg(long, alias = "helm_api_versions", value_name = "VERSION", allow_hyphen_values = true)]
    #[arg(help_heading = "Charts")]
    helm_api_versions: Vec<String>,

    /// Kubernetes version that charts find in `.Capabilities.KubeVersion`
    #[arg(
        long,
        alias = "helm_kube_version",
        value_name = "VERSION",
        default_value = "",
        hide_default_value = true
    )]
    #[arg(allow_hyphen_values = true)]
    #[arg(help_heading = "Charts")]
    helm_kube_version: String,

    /// Show Helm's debug output
    #[arg(long, alias = "helm_debug", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    #[arg(help_heading = "Charts")]
    helm_debug: Option<bool>,

    /// Let Helm use the logins and repositories in DIR [default: those of your own Helm]; else it sees none
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "")]
    #[arg(value_name = "DIR", help_heading = "Charts")]
    helm_config_home: Option<OsString>,

    /// Render each chart twice, and fail for one that does not print the same each time
    #[arg(long, help_heading = "Charts")]
    verify_helm: bool,

    /// Date used to decide whether exclusions from rules have expired [default: today]
    #[arg(long, value_name = "YYYY-MM-DD", help_heading = "Hardening")]
    now: Option<Date>,
}

/// The treatment of values that SOPS has encrypted.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Sops {
    /// Placeholders take their place.
    #[value(help = None::<&str>)]
    Placeholder,
}

/// The values without any flag.
impl Default for Plugins {
    fn default() -> Self {
        Self {
            enable_alpha_plugins: None,
            enable_exec: None,
            network: None,
            network_name: None,
            mount: Vec::new(),
            env: Vec::new(),
            as_current_user: None,
            container_command: "docker".to_owned(),
            sops: None,
            enable_helm: None,
            helm_command: "helm".to_owned(),
            helm_api_versions: Vec::new(),
            helm_kube_version: String::new(),
            helm_debug: None,
            helm_config_home: None,
            verify_helm: false,
            now: None,
        }
    }
}

impl Plugins {
    /// The first given flag that lets programs run, if any.
    pub(super) fn runs_programs(&self) -> Option<&'static str> {
        let flags = [
            ("--enable-alpha-plugins", self.enable_alpha_plugins),
            ("--enable-exec", self.enable_exec),
            ("--enable-helm", self.enable_helm),
        ];
        flags.into_iter().find_map(|(flag, is_on)| (is_on == Some(true)).then_some(flag))
    }

    /// The flags as options of a build. `charts` is called if Helm may run.
    pub(super) fn options(&self, charts: impl FnOnce(ChartOptions) -> Charts) -> Options {
        let Self {
            enable_alpha_plugins,
            enable_exec,
            network,
            network_name: _,
            mount,
            env,
            as_current_user,
            container_command,
            sops,
            enable_helm,
            helm_command,
            helm_api_versions,
            helm_kube_version,
            helm_debug,
            helm_config_home,
            verify_helm,
            now,
        } = self;
        let chart_options = || {
            let config_home = helm_config_home.as_ref().map(|home| match home.is_empty() {
                true => own_config_home().unwrap_or_default(),
                false => home.into(),
            });
            ChartOptions { config_home, verify: *verify_helm }
        };
        let is_enabled = [enable_helm, enable_alpha_plugins].contains(&&Some(true));
        Options {
            enabled: enable_alpha_plugins.unwrap_or_default(),
            functions: Functions {
                exec: enable_exec.unwrap_or_default(),
                network: network.unwrap_or_default(),
                mounts: mount.clone(),
                environment: env.clone(),
                as_current_user: as_current_user.unwrap_or_default(),
                container_command: container_command.clone(),
            },
            sops_placeholders: sops.is_some(),
            host: self.runs_programs().map(|_| host()).unwrap_or_default(),
            helm: Helm {
                enabled: enable_helm.unwrap_or_default(),
                command: helm_command.clone(),
                api_versions: helm_api_versions.clone(),
                kube_version: helm_kube_version.clone(),
                debug: helm_debug.unwrap_or_default(),
                charts: if is_enabled { charts(chart_options()) } else { Charts::default() },
            },
            today: now.or_else(today),
        }
    }
}

/// The surroundings of programs. From now on, signals end them.
#[expect(clippy::disallowed_methods, reason = "the working directory is read here and handed on")]
pub(super) fn host() -> Surroundings {
    super::clean_up_on_signals();
    let working_directory = std::env::current_dir().unwrap_or_default();
    let environment = Environment::new(std::env::vars_os(), &working_directory);
    let environment = environment.guarded_by(std::env::current_exe().ok());
    Surroundings { environment: Arc::new(environment), tell: Some(super::remote::tell) }
}

/// The current date in UTC.
#[expect(clippy::disallowed_methods, reason = "the clock is read here and handed on")]
pub(super) fn today() -> Option<Date> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Date::at(since.as_secs().try_into().ok()?)
}

/// Parser of `true` and `false` in the forms of Go's `strconv.ParseBool`. Its values are created only for a flag with a
/// value and for help: most builds use none of the flags.
#[derive(Clone)]
pub(super) struct Truth;

impl Truth {
    fn values() -> [PossibleValue; 2] {
        [
            PossibleValue::new("true").aliases(["1", "t", "T", "TRUE", "True"]),
            PossibleValue::new("false").aliases(["0", "f", "F", "FALSE", "False"]),
        ]
    }
}

impl TypedValueParser for Truth {
    type Value = bool;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<bool, clap::Error> {
        let text = PossibleValuesParser::new(Self::values()).parse_ref(command, argument, value)?;
        Ok(text.starts_with(['1', 't', 'T']))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Self::values().into_iter()))
    }
}
