//! The arguments of `helm template`. (kustomize, `api/types/helmchartargs.go`: `AsHelmArgs`.)

use std::ffi::OsString;
use std::path::PathBuf;

use super::Given;
use super::place::Place;
use crate::config::HelmChart;
use crate::text::escape;

/// A file with values.
pub(super) struct Values {
    pub(super) path: PathBuf,
    /// The path to show.
    pub(super) shown: String,
    pub(super) content: Vec<u8>,
}

/// A call of Helm.
pub(super) struct Command {
    pub(super) arguments: Vec<OsString>,
    /// The arguments to show.
    pub(super) shown: String,
    /// The arguments without paths: what they mean for the output.
    pub(super) meaning: String,
}

impl Command {
    /// The call that renders a chart with files of values.
    pub(super) fn new(given: &Given<'_>, found: &Place, files: &[Values]) -> Self {
        let HelmChart { release_name, namespace, name_template, .. } = &given.chart;
        let mut command =
            Self { arguments: Vec::new(), shown: String::new(), meaning: String::new() };
        command.add("template");
        command.add(if release_name.is_empty() { "--generate-name" } else { release_name });
        command.path(found.path.clone(), &found.shown);
        command.option("--namespace", namespace);
        command.option("--name-template", name_template);
        for Values { path, shown, .. } in files {
            command.add("-f");
            command.path(path.clone(), shown);
        }
        let HelmChart { api_versions, kube_version, .. } = &given.chart;
        for version in api_versions {
            command.add("--api-versions");
            command.add(version);
        }
        command.option("--kube-version", kube_version);
        let HelmChart { include_crds, skip_tests, skip_hooks, debug, devel, .. } = given.chart;
        for (flag, is_set) in [
            ("--include-crds", include_crds),
            ("--skip-tests", skip_tests),
            ("--no-hooks", skip_hooks),
            ("--debug", debug),
            ("--devel", devel),
        ] {
            if is_set {
                command.add(flag);
            }
        }
        command
    }

    fn add(&mut self, argument: &str) {
        self.arguments.push(argument.into());
        self.meaning.extend([argument, "\0"]);
        self.show(argument);
    }

    fn option(&mut self, flag: &str, value: &str) {
        if !value.is_empty() {
            self.add(flag);
            self.add(value);
        }
    }

    fn path(&mut self, path: PathBuf, shown: &str) {
        self.arguments.push(path.into());
        self.meaning.push('\0');
        self.show(shown);
    }

    fn show(&mut self, argument: &str) {
        let start = if self.shown.is_empty() { "" } else { " " };
        let shown = escape::visible(argument);
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@+^~*".contains(&byte);
        match !shown.is_empty() && shown.bytes().all(is_word) {
            true => self.shown.extend([start, &shown]),
            false => self.shown.extend([start, "'", &shown, "'"]),
        }
    }
}
