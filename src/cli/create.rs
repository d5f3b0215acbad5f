//! `krender create`: writes a new kustomization.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;

use super::plugins::Truth;
use super::reading::{self, Limit, working_directory};
use super::remote::Remote;
use super::terminal::{self, Format};
use crate::{
    edit::create::{self, NewKustomization},
    error::{Code, Error, Result},
    load::{self, Disk, KUSTOMIZATION_FILES, Kind, Loader, OutputFolder},
    source::{Sources, Span},
    text::{escape, phrase},
};

/// Examples of `create` and of its second name, `init`.
pub(super) const EXAMPLES: &str = "\
Examples:
  krender create --resources ../base
  krender create --autodetect
  krender create --resources deployment.yaml,service.yaml,../base --namespace staging --nameprefix acme-";

/// Create a kustomization in the working directory
///
/// Writes kustomization.yaml with the resources and fields of the flags. It fails if there is a kustomization already.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct Create {
    /// Files, directories and URLs to list as resources, separated by commas; `*` stands for any text in a name
    #[arg(long, value_name = "PATHS", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    resources: String,

    /// Namespace of all resources
    #[arg(long, value_name = "NAMESPACE", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    namespace: String,

    /// Prefix of the names of all resources
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    nameprefix: String,

    /// Suffix of the names of all resources
    #[arg(long, value_name = "SUFFIX", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    namesuffix: String,

    /// Labels of all resources, also in their selectors: `key:value,key:value`
    #[arg(long, value_name = "LABELS", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    labels: String,

    /// Annotations of all resources: `key:value,key:value`
    #[arg(long, value_name = "ANNOTATIONS", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    annotations: String,

    /// List the files of the working directory that contain resources
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    autodetect: Option<bool>,

    /// With `--autodetect`: also those in directories below it, and directories that have a kustomization
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    recursive: Option<bool>,

    /// Ignored, as kustomize does
    #[arg(value_name = "ARGUMENT", hide = true)]
    ignored: Vec<String>,

    #[command(flatten)]
    limit: Limit,

    #[command(flatten)]
    remote: Remote,
}

impl Create {
    /// Writes the kustomization, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        if !self.ignored.is_empty() {
            let few = phrase::few(&self.ignored, 3, |word| format!("`{}`", escape::visible(word)));
            let text = format!("ignored arguments: {few}; resources are named with `--resources`");
            terminal::warning(&text, Span::NONE, &Sources::new(), format);
        }
        if self.recursive == Some(true) && self.autodetect != Some(true) {
            let text = "`--recursive` has no effect without `--autodetect`";
            terminal::warning(text, Span::NONE, &Sources::new(), format);
        }
        reading::run_with(self.loader(), |loader| self.create(loader, format), format)
    }

    fn loader(&self) -> Result<Loader> {
        let working_directory = working_directory()?;
        let remotes = self.remote.source(&working_directory);
        let limits = self.limit.limits();
        let options =
            load::Options { working_directory, limits, remotes, ..load::Options::default() };
        Ok(Loader::new(Disk, options))
    }

    fn create(&self, loader: &Loader, format: Format) -> Result<()> {
        if let Some(known) = KUSTOMIZATION_FILES.iter().find(|it| loader.kind(it) != Kind::Missing)
        {
            let message = format!("there is a kustomization file already: `{known}`");
            return Err(Error::new(Code::WriteFailed, message)
                .help("`krender edit` changes it; to make another one, remove it first"));
        }
        let patterns = self.resources.split(',').filter(|_| !self.resources.is_empty());
        let kustomization = NewKustomization {
            common_labels: create::pairs(&self.labels, "label")?,
            common_annotations: create::pairs(&self.annotations, "annotation")?,
            resources: self.listed(loader, &patterns.collect::<Vec<_>>(), format)?,
            name_prefix: self.nameprefix.clone(),
            name_suffix: self.namesuffix.clone(),
            namespace: self.namespace.clone(),
        };
        let text = kustomization.text()?;
        super::clean_up_on_signals();
        let [name, ..] = KUSTOMIZATION_FILES;
        OutputFolder::make(".".as_ref())?.create(name.as_ref(), &[text])
    }

    /// The resources that are named, and then those that are detected.
    fn listed(&self, loader: &Loader, patterns: &[&str], format: Format) -> Result<Vec<String>> {
        let mut resources = create::named(loader, patterns)?;
        if self.autodetect != Some(true) {
            return Ok(resources);
        }
        let mut found = create::detected(loader, self.recursive == Some(true))?;
        for skipped in &found.skipped {
            let text = format!("an entry is not listed: {}", skipped.message());
            terminal::warning(&text, Span::NONE, loader.sources(), format);
        }
        let known: BTreeSet<&String> = resources.iter().collect();
        found.resources.retain(|path| !known.contains(path));
        resources.append(&mut found.resources);
        Ok(resources)
    }
}
