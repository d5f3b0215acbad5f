//! `krender build` renders a kustomization.

use std::{collections::BTreeSet, path::Path, process::ExitCode};

use clap::{Args, ValueEnum};

use super::plugins::{Plugins, truth};
use super::report::{self, Format};
use crate::{
    build,
    config::Warning,
    error::{Code, Error, Result},
    load::{self, Disk, Loader},
    resource::{ResMap, Resource},
    source::Sources,
    yaml,
};

/// Render a kustomization
///
/// Prints the resources of the kustomization in DIR as one stream of YAML, byte for byte as `kustomize build` does.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct Build {
    /// The directory with the kustomization file
    #[arg(value_name = "DIR", default_value = ".")]
    directory: String,

    /// Write to a file, or into a directory that exists: one file per resource
    #[arg(short, long, value_name = "FILE|DIR", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    output: String,

    /// Whether files may be read from outside the root of a kustomization
    #[arg(long, value_name = "RESTRICTOR", default_value = "LoadRestrictionsRootOnly")]
    load_restrictor: Restrictor,

    /// The order of the resources (deprecated: use `sortOptions` in kustomization.yaml)
    #[arg(long, value_name = "ORDER", hide = true)]
    reorder: Option<Order>,

    /// Label what is made (deprecated: use `buildMetadata: [managedByLabel]` in kustomization.yaml)
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = truth(), hide = true)]
    enable_managedby_label: Option<bool>,

    /// Print no warnings
    #[arg(short, long)]
    quiet: bool,

    /// Fail on warnings, and on what changes nothing: patches without a target, images that nobody uses
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    plugins: Plugins,
}

#[derive(Clone, Copy, ValueEnum)]
enum Restrictor {
    #[value(name = "LoadRestrictionsRootOnly", alias = "")]
    RootOnly,
    #[value(name = "LoadRestrictionsNone")]
    None,
}

#[derive(Clone, Copy, ValueEnum)]
enum Order {
    Legacy,
    None,
}

/// As kustomize says it.
const MANAGED_BY_DEPRECATED: &str = "Flag --enable-managedby-label has been deprecated, The flag `enable-managedby-label` has been deprecated. Use the `managedByLabel` option in the `buildMetadata` field instead.";
/// As kustomize says it.
const REORDER_DEPRECATED: &str = "Flag --reorder has been deprecated, use the new 'sortOptions' field in kustomization.yaml instead.";

impl Build {
    /// Renders, and exits as the outcome asks.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        let loader = match self.loader() {
            Ok(loader) => loader,
            Err(error) => return super::finish(Err(error), &Sources::new(), format),
        };
        let exit = super::finish(self.render(&loader, format), loader.sources(), format);
        // The process ends here, and its memory with it: walking what was read to free it would only take time.
        std::mem::forget(loader);
        exit
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the working directory is read here and handed on"
    )]
    fn loader(&self) -> Result<Loader> {
        let working_directory = std::env::current_dir().map_err(|error| {
            Error::new(Code::ReadFailed, format!("the working directory cannot be found: {error}"))
        })?;
        let restrictor = match self.load_restrictor {
            Restrictor::RootOnly => load::Restrictor::RootOnly,
            Restrictor::None => load::Restrictor::None,
        };
        Ok(Loader::new(Disk, load::Options { restrictor, working_directory }))
    }

    fn render(&self, loader: &Loader, format: Format) -> Result<()> {
        let reorder = self.reorder.map(|order| match order {
            Order::Legacy => build::Reorder::Legacy,
            Order::None => build::Reorder::None,
        });
        let options = build::Options {
            reorder,
            plugins: self.plugins.options(),
            managed_by_label: self.enable_managedby_label.unwrap_or_default()
                || is_managed_by_environment(),
            strict: self.strict,
        };
        let mut warnings = self.warnings();
        let built = build::build_and_warn(loader, &self.directory, &options, &mut warnings);
        let resources = self.heed(built, warnings, loader, format)?;
        let path = Path::new(&self.output);
        if self.output.is_empty() {
            super::print(&resources.to_yaml()?)?;
        } else if load::is_directory(path) {
            write_each(path, &resources)?;
        } else {
            load::write(path, resources.to_yaml()?.as_bytes())?;
        }
        std::mem::forget(resources);
        Ok(())
    }
}

impl Build {
    /// What there is to say about the flags.
    fn warnings(&self) -> Vec<Warning> {
        let deprecated = |text: &str, flag: &str, field: &str| Warning {
            text: Some(text.to_owned()),
            failure: Error::new(Code::Deprecated, format!("`{flag}` is deprecated"))
                .help(format!("use `{field}` in kustomization.yaml")),
        };
        let reorder =
            self.reorder.map(|_| deprecated(REORDER_DEPRECATED, "--reorder", "sortOptions"));
        let managed_by = self.enable_managedby_label.map(|_| {
            let field = "buildMetadata: [managedByLabel]";
            deprecated(MANAGED_BY_DEPRECATED, "--enable-managedby-label", field)
        });
        reorder.into_iter().chain(managed_by).collect()
    }

    /// Prints the warnings of a build, or makes failures of them where the user wants none.
    fn heed(
        &self,
        built: Result<ResMap>,
        warnings: Vec<Warning>,
        loader: &Loader,
        format: Format,
    ) -> Result<ResMap> {
        if self.strict {
            let failures = warnings.into_iter().map(|warning| warning.failure);
            let failures = Error::all(built.as_ref().err().cloned().into_iter().chain(failures));
            return failures.map_or(built, Err);
        }
        for Warning { text, failure } in warnings.iter().filter(|_| !self.quiet) {
            if let Some(text) = text {
                report::warning(text, failure.span(), loader.sources(), format);
            }
        }
        built
    }
}

/// Whether the environment asks for the label of `--enable-managedby-label`.
#[expect(clippy::disallowed_methods, reason = "the environment is read here and handed on")]
fn is_managed_by_environment() -> bool {
    std::env::var_os("KUSTOMIZE_ENABLE_MANAGEDBY_LABEL").is_some_and(|value| value == "on")
}

/// Writes one file per resource, named by type, name and, where there are several, namespace. All have their text
/// before the first is written; files that are there already are replaced or stay.
fn write_each(folder: &Path, resources: &ResMap) -> Result<()> {
    fn namespace(resource: &Resource) -> Option<&str> {
        let id = resource.id();
        (!id.cluster_scoped).then(|| id.effective_namespace())
    }
    let namespaces: BTreeSet<&str> = resources.iter().filter_map(namespace).collect();
    let mut files = Vec::with_capacity(resources.len());
    for resource in resources {
        let prefix = namespace(resource).filter(|_| namespaces.len() > 1);
        let id = resource.id();
        let parts = [&id.gvk.group, &id.gvk.version, &id.gvk.kind]
            .into_iter()
            .filter(|part| !part.is_empty());
        let parts = prefix
            .into_iter()
            .chain(parts.chain([&id.name]).map(|part| part.as_str()))
            .map(str::to_lowercase);
        let name = parts.collect::<Vec<_>>().join("_") + ".yaml";
        if name.contains(std::path::is_separator) {
            return Err(Error::new(
                Code::InvalidPath,
                format!("{id} makes no file name: `{name}`"),
            )
            .at(resource.span())
            .help("write to a file instead, or to standard output"));
        }
        let mut text = String::new();
        yaml::emit(resource.node(), &mut text)
            .map_err(|error| error.step(format!("while writing `{id}`")))?;
        files.push((folder.join(name), text));
    }
    files.iter().try_for_each(|(path, text)| load::write(path, text.as_bytes()))
}
