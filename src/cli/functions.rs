//! `krender fn`: runs functions over the files of a package.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::plugins::{self, Truth};
use super::reading::{self, Limit, standard_input, working_directory};
use super::terminal::{self, Format};
use crate::{
    cli,
    error::{Code, Error, Result},
    load::{self, Disk, Loader, OutputFolder},
    package::{self, Folder, Item, Output, Subpackages},
    plugin::{self, Functions, Given, Options, Passed},
    source::{Sources, Span},
    text::escape,
    yaml::{CollectionStyle, Node, Scalar, Style, Tag},
};

/// Run functions over the files of a folder
#[derive(Args)]
pub(super) struct Fn {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    Run(Run),
}

/// Run functions over the resources of a folder, and write them back
///
/// The resources are those of files `*.yaml`, `*.yml` and `*.json`; without a folder, those of standard input, which are
/// printed. The functions are those that the resources declare by the annotation `config.kubernetes.io/function`: each
/// gets the resources of its folder and below. `--fn-path`, `--image` and `--exec-path` name others in their place.
#[derive(Args)]
#[command(
    args_override_self = true,
    after_help = "\
Examples:
  krender fn run manifests --enable-exec
  krender fn run manifests --image example.com/set-labels:v1 -- team=shop
  krender fn run manifests --enable-exec --exec-path ./check --dry-run > /dev/null"
)]
struct Run {
    /// Folder or file [default: standard input]
    #[arg(value_name = "DIR")]
    paths: Vec<String>,

    /// Values of the configuration of `--image` and `--exec-path`; a first word without `=` is its kind
    #[arg(last = true, value_name = "KEY=VALUE")]
    data: Vec<String>,

    /// Print the resources instead of writing files
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    dry_run: Option<bool>,

    /// Pass all resources to each function, and not only those of its folder
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    global_scope: Option<bool>,

    /// Run the functions of these folders (may be repeated)
    #[arg(long, value_name = "DIR", value_delimiter = ',', allow_hyphen_values = true)]
    fn_path: Vec<String>,

    /// Run this image
    #[arg(long, value_name = "IMAGE", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    image: String,

    /// Enable functions that are programs; never use it with a folder that you do not trust
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    enable_exec: Option<bool>,

    /// Run this program, with `--enable-exec`
    #[arg(long, value_name = "PATH", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    exec_path: String,

    /// Write the results that functions report to files in this folder
    #[arg(long, value_name = "DIR", allow_hyphen_values = true)]
    results_dir: Option<PathBuf>,

    /// Enable network access for functions that ask for it
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    network: Option<bool>,

    /// Mount storage into the containers of functions: `type=bind,src=DIR,dst=DIR` (may be repeated)
    #[arg(long, value_name = "MOUNT", allow_hyphen_values = true)]
    mount: Vec<String>,

    /// Set an environment variable of functions, or pass one through to containers (may be repeated)
    #[arg(short, long, value_name = "NAME[=VALUE]", allow_hyphen_values = true)]
    env: Vec<String>,

    /// Run containers of functions with the user id of krender
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    as_current_user: Option<bool>,

    /// Program that runs containers, such as `podman`
    #[arg(long, value_name = "PROGRAM", default_value = "docker", allow_hyphen_values = true)]
    container_command: String,

    /// Print the name of each function when it starts
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    log_steps: Option<bool>,

    /// Accepted without effect, as in kustomize
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL", hide = true)]
    include_subpackages: Option<bool>,

    #[command(flatten)]
    limit: Limit,
}

impl Fn {
    /// Runs the command, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        let Some(Action::Run(run)) = &self.action else {
            let mut command = Self::augment_args(clap::Command::new("krender fn"));
            let help = command.render_help().to_string();
            return super::finish(super::print(&help), &Sources::new(), format);
        };
        reading::run_with(run.loader(), |loader| run.run(loader, format), format)
    }
}

impl Run {
    fn loader(&self) -> Result<Loader> {
        let (working_directory, limits) = (working_directory()?, self.limit.limits());
        let options = load::Options { working_directory, limits, ..load::Options::default() };
        Ok(Loader::new(Disk, options))
    }

    fn run(&self, loader: &Loader, format: Format) -> Result<()> {
        let named = self.named()?;
        let folder = match &*self.paths {
            [] => None,
            [path] => Some(Folder::named(path)),
            _ => {
                let message = "found several folders, expected one";
                return Err(Error::new(Code::InvalidArgument, message)
                    .help("values for a function come after `--`"));
            }
        };
        let items = match &folder {
            Some(folder) => package::read_with_json(loader, folder)?,
            None => package::stream(loader, &standard_input(loader)?)?,
        };
        let before: BTreeSet<String> = package::paths(&items);
        let declared = self
            .fn_path
            .iter()
            .map(|path| package::read(loader, &Folder::named(path), Subpackages::Within));
        let given = Given {
            declared: Error::collect(declared)?.into_iter().flatten().collect(),
            named,
            is_elsewhere: !self.fn_path.is_empty(),
            is_global: self.global_scope == Some(true),
        };
        let mut started = |name: &str| {
            if self.log_steps == Some(true) {
                terminal::plain(&format!("Running {}\n", escape::visible(name)));
            }
        };
        let passed = plugin::run(loader, items, given, &self.options(), &mut started)?;
        let Passed { items, results, deferred, warnings } = passed;
        for warning in warnings {
            let (text, span) = (warning.text.unwrap_or_default(), warning.failure.span());
            terminal::warning(&text, span, loader.sources(), format);
        }
        self.report(&results)?;
        if let Some(items) = items {
            match folder.filter(|_| self.dry_run != Some(true)) {
                Some(_) => self.write(loader, items, &before)?,
                None => {
                    let output = Output { keeps_path: true, ..Output::default() };
                    cli::print(&package::write(items, &output)?)?;
                }
            }
        }
        Error::all(deferred).map_or(Ok(()), Err)
    }

    fn options(&self) -> Options {
        let functions = Functions {
            exec: self.enable_exec == Some(true),
            network: self.network == Some(true),
            mounts: self.mount.clone(),
            environment: self.env.clone(),
            as_current_user: self.as_current_user == Some(true),
            container_command: self.container_command.clone(),
        };
        Options { enabled: true, functions, host: plugins::host(), ..Options::default() }
    }

    /// The function that flags name, with the values after `--`.
    fn named(&self) -> Result<Option<Item>> {
        let is_exec = self.enable_exec == Some(true);
        if !self.exec_path.is_empty() && !is_exec {
            return Err(Error::new(Code::InvalidArgument, "`--exec-path` needs `--enable-exec`"));
        }
        let (kind, field, name) = match (&*self.image, &*self.exec_path) {
            ("", "") if self.data.is_empty() => return Ok(None),
            ("", "") => {
                let message = "found values for a function, and no function that they are for";
                return Err(Error::new(Code::InvalidArgument, message)
                    .help("name one by `--image`, or by `--enable-exec --exec-path`"));
            }
            ("", path) => ("exec", "path", path),
            (image, _) => ("container", "image", image),
        };
        let text = |text: &str| Scalar::untagged(text, Span::NONE);
        let mut spec = vec![(text(field), Node::from(text(name)))];
        if kind == "container" && self.network == Some(true) {
            let truth = Scalar::parsed("true", Tag::Bool, Style::Plain, Span::NONE);
            spec.push((text("network"), truth.into()));
        }
        let spec = Node::mapping(vec![(text(kind), in_flow(spec))], Span::NONE);
        let annotation = Item::new(spec).to_text()?;
        let (mut resource, mut data) = ("ConfigMap".to_owned(), Vec::new());
        for (number, value) in self.data.iter().enumerate() {
            match value.split_once('=') {
                Some((key, value)) => {
                    data.retain(|(known, _): &(Scalar, Node)| known.text() != key);
                    data.push((text(key), text(value).into()));
                }
                None if number == 0 => resource.clone_from(value),
                None => {
                    let message = format!("`{value}` is no value for a function: `=` is missing");
                    return Err(
                        Error::new(Code::InvalidArgument, message).help("write `key=value`")
                    );
                }
            }
        }
        let function = (text("config.kubernetes.io/function"), text(&annotation).into());
        let metadata = vec![
            (text("name"), text("function-input").into()),
            (text("annotations"), Node::mapping(vec![function], Span::NONE)),
        ];
        let config = vec![
            (text("metadata"), Node::mapping(metadata, Span::NONE)),
            (text("data"), in_flow(data)),
            (text("kind"), text(&resource).into()),
            (text("apiVersion"), text("v1").into()),
        ];
        Ok(Some(Item::new(Node::mapping(config, Span::NONE))))
    }

    /// Writes the results of functions.
    fn report(&self, results: &[(usize, Item)]) -> Result<()> {
        let Some(path) = self.results_dir.as_deref().filter(|path| !path.as_os_str().is_empty())
        else {
            return Ok(());
        };
        if results.is_empty() {
            return Ok(());
        }
        let folder = OutputFolder::make(path)?;
        results.iter().try_for_each(|(number, results)| {
            folder.write(OsStr::new(&format!("results-{number}.yaml")), &[results.to_text()?])
        })
    }

    /// Writes the resources back, and removes files that have none any more.
    fn write(&self, loader: &Loader, items: Vec<Item>, before: &BTreeSet<String>) -> Result<()> {
        let [path] = &*self.paths else { return Ok(()) };
        let path = Path::new(path);
        let is_folder = loader.kind(&path.to_string_lossy()) == load::Kind::Directory;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = if is_folder { path } else { parent.unwrap_or(Path::new(".")) };
        let folder = OutputFolder::make(folder)?;
        let files = package::files(items)?;
        for (path, text) in &files {
            let path = Path::new(path);
            let name = path.file_name().unwrap_or_default();
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            match parent {
                Some(parent) => folder.below(parent)?.write(name, &[text])?,
                None => folder.write(name, &[text])?,
            }
        }
        let gone = before.iter().filter(|path| is_folder && !files.contains_key(*path));
        gone.into_iter().try_for_each(|path| folder.remove_file(Path::new(path)))
    }
}

/// A mapping on one line.
fn in_flow(entries: Vec<(Scalar, Node)>) -> Node {
    let mut node = Node::mapping(entries, Span::NONE);
    if let Some(mapping) = node.as_mapping_mut() {
        mapping.set_style(CollectionStyle::Flow);
    }
    node
}
