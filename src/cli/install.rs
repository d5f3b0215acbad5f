//! `krender install`: puts krender where other programs look for theirs.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::reading::working_directory;
use crate::error::{Code, Error, Result};
use crate::harden::Kind;
use crate::load::{self, Disk, Files as _, LARGEST_FILE, OutputFolder, join};
use crate::text::escape;

/// Make a link to krender that other programs call
///
/// The link leads to this program, so an update of krender needs no other link. Nothing that is there already is replaced,
/// unless it is such a link.
#[derive(Args)]
pub(super) struct Install {
    /// The role of the link
    #[arg(value_name = "ROLE")]
    role: Role,

    /// Directory of the link, such as one on the PATH
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// For kubebuilder: the version of kustomize that the Makefile asks for (`KUSTOMIZE_VERSION`)
    #[arg(long, value_name = "VERSION", default_value = "v5.8.1")]
    kustomize_version: String,

    /// Replace a file or link that is there already
    #[arg(long)]
    force: bool,
}

/// A role of the program.
#[derive(Clone, Copy, ValueEnum)]
enum Role {
    /// The program `kustomize`: it presents itself as the version of kustomize whose output it gives
    Kustomize,
    /// The tool `kustomize` of a project of kubebuilder, in its folder `bin`: a copy with the version in its name, and a
    /// link to it, as the Makefile would make them
    Kubebuilder,
    /// The plugin of kubectl: `kubectl krender build DIR`
    KubectlKrender,
    /// A plugin for `helm --post-renderer krender` of Helm 4: a folder for `helm plugin install`
    HelmPlugin,
    /// The executables that kustomize calls for a `HardeningTransformer` or `HardeningValidator`, in its folder of plugins:
    /// `$XDG_CONFIG_HOME/kustomize/plugin`, usually `~/.config/kustomize/plugin`
    Plugin,
}

/// The description of the plugin of Helm. (Helm 4, `docs/plugins/developer/tutorial-postrenderer-plugin`.)
fn helm_plugin() -> String {
    format!(
        "apiVersion: v1\ntype: postrenderer/v1\nname: krender\nversion: {}\nruntime: subprocess\n\
         runtimeConfig:\n  platformCommand:\n  - command: ${{HELM_PLUGIN_DIR}}/krender\n    args:\n    - post-render\n",
        env!("CARGO_PKG_VERSION")
    )
}

impl Install {
    /// Makes the link, and prints its path.
    ///
    /// # Errors
    /// [`Code::WriteFailed`], also if something else has the name of the link.
    pub(super) fn run(&self) -> Result<()> {
        let program = std::env::current_exe().map_err(|error| {
            let message = format!("the path of this program cannot be found: {error}");
            Error::new(Code::ReadFailed, message)
        })?;
        super::clean_up_on_signals();
        let made = match self.role {
            Role::Kustomize => link(&self.directory, "kustomize", &program, self.force)?,
            Role::Kubebuilder => self.tool(&program)?,
            Role::KubectlKrender => link(&self.directory, "kubectl-krender", &program, self.force)?,
            Role::Plugin => {
                let folder = self.directory.join("krender.dev").join("v1alpha1");
                for kind in [Kind::Transformer, Kind::Validator] {
                    let folder = folder.join(kind.as_str().to_lowercase());
                    link(&folder, kind.as_str(), &program, self.force)?;
                }
                folder
            }
            Role::HelmPlugin => {
                let folder = self.directory.join("krender");
                let output = OutputFolder::make(&self.directory)?.below("krender".as_ref())?;
                if Disk.read(&folder.join("plugin.yaml"), LARGEST_FILE).ok().as_deref()
                    != Some(helm_plugin().as_bytes())
                {
                    self.keep(&folder.join("plugin.yaml"))?;
                    output.write("plugin.yaml".as_ref(), &[helm_plugin()])?;
                }
                link(&folder, "krender", &program, self.force)?;
                folder
            }
        };
        let path = made.display().to_string();
        super::print(&format!("{}\n", escape::visible(&path)))
    }

    /// Refuses to replace what is there already.
    fn keep(&self, path: &Path) -> Result<()> {
        if self.force || Disk.kind(path).is_ok_and(|kind| kind == load::Kind::Missing) {
            return Ok(());
        }
        let message = format!("`{}` is there already", path.display());
        Err(Error::new(Code::WriteFailed, message).help("remove it, or replace it with `--force`"))
    }

    /// The Makefile keeps a file with the version in its name, and a link to its whole path.
    fn tool(&self, program: &Path) -> Result<PathBuf> {
        let name = format!("kustomize-{}", self.kustomize_version);
        if name.contains(std::path::is_separator) {
            let message = format!("`--kustomize-version` cannot be `{}`", self.kustomize_version);
            return Err(Error::new(Code::InvalidArgument, message)
                .help("give the version in the Makefile, such as `v5.8.1`"));
        }
        let directory = join(&working_directory()?, &self.directory);
        let copy = directory.join(&name);
        let read = |path: &Path| Disk.read(path, LARGEST_FILE).ok();
        if read(&copy).is_none_or(|there| Some(there) != read(program)) {
            self.keep(&copy)?;
            OutputFolder::make(&directory)?.copy(name.as_ref(), program)?;
        }
        // A link there is the Makefile's own, to another version.
        let is_link =
            Disk.kind(&directory.join("kustomize")).is_ok_and(|kind| kind == load::Kind::Link);
        let replaces = self.force || is_link;
        link(&directory, "kustomize", &copy, replaces)?;
        Ok(self.directory.join("kustomize"))
    }
}

/// Makes a link, and returns its path.
fn link(directory: &Path, name: &str, program: &Path, replaces: bool) -> Result<PathBuf> {
    let path = directory.join(name);
    let made = OutputFolder::make(directory)?.link(name.as_ref(), program, replaces);
    made.map_err(|error| match load::is_file(&path) && !replaces {
        true => error.help("remove it, or replace it with `--force`"),
        false => error,
    })?;
    Ok(path)
}
