//! `krender post-render`: renders the output of another program with a kustomization, as Helm's post-renderer does.

use std::borrow::Cow;
use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::reading::{Jobs, Reading, standard_input, working_directory};
use super::terminal::{self, Format};
use crate::build;
use crate::config::Warning;
use crate::error::{Code, Error, Result};
use crate::load::{self, Disk, KUSTOMIZATION_FILES, Loader, Overlay, join};
use crate::source::{Source, Sources, Span};
use crate::yaml::edit::{Change, edit_all};
use crate::yaml::path::PathStep;
use crate::yaml::{Node, Scalar, parse};

/// Render manifests from standard input with a kustomization
///
/// The kustomization in DIR finds the manifests as the file `all.yaml` in its directory. If it does not list that file, it
/// is rendered as if it did, in the first place of `resources`. Nothing is written to the disk. This is the protocol of the
/// post-renderers of Helm: `helm install NAME CHART --post-renderer …`.
#[derive(Args)]
pub(super) struct PostRender {
    /// Directory with a kustomization file
    #[arg(value_name = "DIR", default_value = ".")]
    directory: String,

    /// Name of the file by which the kustomization finds the manifests
    #[arg(long = "as", value_name = "FILE", default_value = "all.yaml")]
    name: String,

    /// Do not print warnings
    #[arg(short, long)]
    quiet: bool,

    #[command(flatten)]
    jobs: Jobs,

    #[command(flatten)]
    reading: Reading,
}

impl PostRender {
    /// Renders, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        let options = match working_directory() {
            Ok(directory) => self.reading.load_options(directory),
            Err(error) => return super::finish(Err(error), &Sources::new(), format),
        };
        let sources = Arc::clone(&options.sources);
        super::finish(self.render(options, format), &sources, format)
    }

    fn render(&self, options: load::Options, format: Format) -> Result<()> {
        let is_name = !self.name.is_empty() && !self.name.contains(['/', '\\']);
        if !is_name || KUSTOMIZATION_FILES.contains(&self.name.as_str()) {
            let message = format!("`--as` cannot be `{}`", self.name);
            return Err(Error::new(Code::InvalidArgument, message)
                .help("give the name of a file in DIR, such as `all.yaml`"));
        }
        if std::io::stdin().is_terminal() {
            let message = "standard input is a terminal, expected manifests";
            return Err(Error::new(Code::InvalidArgument, message).help(
                "run it behind another program: `helm template shop | krender post-render DIR`",
            ));
        }
        let below = Loader::new(Disk, options.clone());
        let root = below.root(&self.directory)?;
        if below.repository_of(root.path()).is_some() {
            return Err(Error::new(Code::InvalidArgument, "DIR is remote")
                .help("name a directory on this machine"));
        }
        let path = join(root.path(), Path::new(&self.name));
        if load::is_file(&path) {
            let message = format!("`{}` is there already", below.display(&path));
            return Err(Error::new(Code::InvalidArgument, message)
                .help("remove it, or give the manifests another name with `--as`"));
        }
        let source = root.kustomization_file()?;
        let name = Path::new(source.name()).file_name().unwrap_or_default();
        let kustomization = root.path().join(name);
        let manifests = standard_input(&below)?;
        let mut files = Overlay::new(Disk).file(&path, manifests.bytes());
        if let Cow::Owned(text) = self.with_manifests(&source)? {
            files = files.file(&kustomization, text);
        }
        let loader: &Loader = super::until_exit(Loader::new(files, options));
        let build = self.reading.options(self.jobs.threads());
        let mut warnings = Vec::new();
        let built = build::build_and_warn(loader, &self.directory, &build, &mut warnings);
        for Warning { text, failure } in warnings.iter().filter(|_| !self.quiet) {
            if let Some(text) = text {
                terminal::warning(text, failure.span(), loader.sources(), format);
            }
        }
        let texts = built?.into_yaml(&build.threads)?;
        super::print_on(texts.iter().map(String::as_str)).map(|_| ())
    }

    /// The text of the kustomization, with the manifests among its resources.
    fn with_manifests<'s>(&self, source: &'s Arc<Source>) -> Result<Cow<'s, str>> {
        let documents = parse::documents(source)?;
        let Some(document) = documents.first() else { return Ok(Cow::Borrowed(source.text())) };
        let resources = document.root.get("resources");
        let is_own = |path: &str| path == self.name || path.strip_prefix("./") == Some(&self.name);
        let mut listed = resources.into_iter().flat_map(|list| list.items());
        if listed.any(|item| item.as_scalar().is_some_and(|path| is_own(path.text()))) {
            return Ok(Cow::Borrowed(source.text()));
        }
        let name = Scalar::string(&self.name, Span::NONE).into();
        let list = Node::sequence(vec![name], Span::NONE);
        let (root, path) = ([], [PathStep::Key("resources".into())]);
        let change = match resources {
            Some(_) => Change::InsertItems { path: &path, at: Some(0), values: list.items() },
            None => Change::InsertEntry { path: &root, at: None, key: "resources", value: &list },
        };
        let text = edit_all(source, 0, &[change])
            .map_err(|error| error.help(format!("list `{}` under `resources`", self.name)))?;
        Ok(Cow::Owned(text))
    }
}
