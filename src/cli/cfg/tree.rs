//! `krender cfg tree`: draws resources as a tree.

use std::path::Path;

use clap::Args;

use super::super::plugins::Truth;
use super::super::reading::Limit;
use super::from_standard_input;
use crate::{
    cli,
    error::Result,
    limits::Budget,
    load::{Kind, Loader},
    package::{self, Folder, Prepared, Root, Structure, Subpackages, TreeField, tree},
};

/// Draw the resources of a folder or of standard input as a tree
///
/// They are drawn below the folders of their files, or below their owners if one of them has owners. Resources with the
/// annotation `config.kubernetes.io/local-config` are left out.
#[derive(Args)]
#[command(
    args_override_self = true,
    after_help = "\
Examples:
  krender cfg tree manifests
  krender cfg tree --image --replicas manifests
  kubectl get all -o yaml | krender cfg tree - --graph-structure owners"
)]
pub(super) struct Tree {
    /// Folder or file; `-` is standard input
    #[arg(value_name = "DIR", default_value = ".")]
    path: String,

    #[command(flatten)]
    shown: Shown,

    /// Show this field, such as `metadata.labels` (may be repeated)
    #[arg(long, value_name = "PATH", value_delimiter = ',', allow_hyphen_values = true)]
    field: Vec<String>,

    /// Draw also resources that are for local tools
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    include_local: Option<bool>,

    /// Draw no others than those
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    exclude_non_local: Option<bool>,

    /// Structure of the tree, `directory` or `owners`; others have no effect
    #[arg(long, value_name = "STRUCTURE", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    graph_structure: String,

    #[command(flatten)]
    pub(super) limit: Limit,
}

/// The flags for fields.
#[derive(Args)]
struct Shown {
    /// Show the names of containers
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    name: Option<bool>,

    /// Show the resources of containers
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    resources: Option<bool>,

    /// Show the ports of containers and Services
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    ports: Option<bool>,

    /// Show the images of containers
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    image: Option<bool>,

    /// Show the number of replicas
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    replicas: Option<bool>,

    /// Show the arguments of containers
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    args: Option<bool>,

    /// Show the commands of containers
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    command: Option<bool>,

    /// Show the environment of containers
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    env: Option<bool>,

    /// Show all of these; `--all --env=false` leaves one out
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = Truth, value_name = "BOOL")]
    all: Option<bool>,
}

impl Shown {
    /// The fields to show.
    fn fields(&self, budget: &Budget) -> Result<Vec<TreeField>> {
        let Self { name, resources, ports, image, replicas, args, command, env, all } = self;
        let is_shown = |flag: &Option<bool>| flag.unwrap_or(*all == Some(true));
        let of_containers = [
            (name, "name"),
            (image, "image"),
            (command, "command"),
            (args, "args"),
            (env, "env"),
            (resources, "resources"),
            (ports, "ports"),
        ];
        let mut fields = Vec::new();
        for (_, name) in of_containers.iter().filter(|(flag, _)| is_shown(flag)) {
            fields.extend(TreeField::of_containers(name, budget)?);
        }
        for (flag, path) in [(replicas, "spec.replicas"), (ports, "spec.ports")] {
            if is_shown(flag) {
                fields.push(TreeField::parse(path, budget)?);
            }
        }
        Ok(fields)
    }
}

impl Tree {
    pub(super) fn run(&self, loader: &Loader) -> Result<()> {
        let budget = Budget::new(loader.limits());
        let mut fields = Vec::new();
        for path in &self.field {
            fields.push(TreeField::parse(path, &budget)?);
        }
        fields.extend(self.shown.fields(&budget)?);
        let (items, top) = match &*self.path {
            "-" => (from_standard_input(loader)?, ".".to_owned()),
            path => {
                let items = package::read(loader, &Folder::named(path), Subpackages::Within)?;
                (items, package::clean(Path::new(path)))
            }
        };
        let mut prepared = Prepared::new(items)?;
        let (local, other) =
            (self.include_local == Some(true), self.exclude_non_local != Some(true));
        prepared.items.retain(|item| if package::is_local(item) { local } else { other });
        if prepared.items.is_empty() {
            return Ok(());
        }
        let items = prepared.finish()?;
        let structure = match &*self.graph_structure {
            "owners" => Structure::Owners,
            "directory" => Structure::Folders,
            _ => Structure::of(&items),
        };
        let is_package = |folder: &str| {
            let file = Path::new(&top).join(folder).join("Krmfile");
            file.to_str().is_some_and(|file| loader.kind(file) != Kind::Missing)
        };
        let root = Root { name: &top, is_package: &is_package };
        cli::print(&tree(&items, structure, &fields, &root, &budget)?)
    }
}
