//! Collects the configurations of plugins that a field of a kustomization lists.

use super::account::{self, Account, of_configuration};
use super::files::read;
use crate::config::Warning;
use crate::error::{Error, Result};
use crate::load::{Entry, Kind, Root};
use crate::plugin::{self, Field, Host, Plugin};
use crate::resource::{self, ResMap, Resource};
use crate::schema::Schema;
use crate::source::Span;
use crate::transform::{Context, Observer};
use crate::yaml::de::Spanned;
use crate::yaml::{Text, parse};

/// The entries of `generators`, `transformers` or `validators`: inline configurations come first, then those of files
/// and directories. A directory is a kustomization whose resources are configurations.
#[derive(Debug, Default)]
pub(super) struct Configurations {
    /// The entries that are paths.
    paths: Vec<Spanned<Text>>,
    next: usize,
    gathered: ResMap,
}

impl Configurations {
    /// Reads the inline configurations of a field. (`api/internal/target/kusttarget.go`:
    /// `configureExternalTransformers`.)
    ///
    /// # Errors
    /// [`Code::DuplicateId`](crate::error::Code::DuplicateId) for configurations with the same id; the errors of an
    /// inline entry that cannot be a path.
    pub(super) fn of_field(
        field: &'static str,
        entries: &[Spanned<Text>],
        root: &Root,
        account: Option<&Account>,
        schema: &Schema,
    ) -> Result<Self> {
        let mut configurations = Self::default();
        for (number, entry) in entries.iter().enumerate() {
            let name = format!("{field}[{number}]");
            let source = root.loader().sources().add_inline(entry.span, &name, entry)?;
            let read = parse::documents(&source)
                .and_then(|documents| resource::read(&source, &documents, schema));
            match read {
                Ok(resources) => {
                    let mut resources = resources.into();
                    if let Some(account) = account {
                        account.annotate_inline(&mut resources)?;
                    }
                    configurations.merge(resources, entry.span)?;
                }
                Err(error) if entry.contains('\n') && root.kind_of(entry) == Kind::Missing => {
                    return Err(error.note(entry.span, "it comes in here"));
                }
                Err(_) => configurations.paths.push(entry.clone()),
            }
        }
        Ok(configurations)
    }

    /// The configurations collected so far.
    pub(super) const fn gathered(&self) -> &ResMap {
        &self.gathered
    }

    /// Reads files up to the next entry that is a directory, which is returned with its path.
    ///
    /// # Errors
    /// Those of the files.
    pub(super) fn next_directory(
        &mut self,
        root: &Root,
        account: Option<&Account>,
        schema: &Schema,
    ) -> Result<Option<(Root, Spanned<Text>)>> {
        while let Some(path) = self.paths.get(self.next).cloned() {
            let entry = root.entry(&path, path.span)?;
            self.next += 1;
            match entry {
                Entry::Directory(directory) => return Ok(Some((directory, path))),
                Entry::File(file) => {
                    let resources = read(&file, &path, account, schema, root);
                    let resources = resources.map_err(|error| error.at(path.span))?;
                    self.merge(resources, path.span)?;
                }
            }
        }
        Ok(None)
    }

    /// Adds the configurations of an entry.
    ///
    /// # Errors
    /// [`Code::DuplicateId`](crate::error::Code::DuplicateId).
    pub(super) fn merge(&mut self, other: ResMap, entry: Span) -> Result<()> {
        self.gathered.append_all(other).map_err(|error| error.note(entry, "it comes in here"))
    }

    /// The plugins that they configure, in order.
    ///
    /// # Errors
    /// Those of [`Plugin::transformer`], and of [`of_configuration`].
    pub(super) fn plugins(
        &self,
        context: &Context<'_>,
        field: Field,
        host: Host<'_>,
        mut observer: Option<&mut (dyn Observer + '_)>,
    ) -> Result<Vec<Plugin>> {
        let plugin = |configuration| {
            let observer = observer.as_deref_mut();
            let plugin = Plugin::transformer(configuration, context, field, host, observer)?;
            Ok(plugin.with_origin(of_configuration(configuration)?))
        };
        self.gathered.iter().map(plugin).collect()
    }

    /// The resources of the configured generators, in order. Warnings are added to `warnings`. Sets `varies` to true if they
    /// may be other ones the next time.
    ///
    /// # Errors
    /// Those of [`plugin::generate`], for each generator.
    pub(super) fn generate(
        &self,
        root: &Root,
        schema: &Schema,
        host: Host<'_>,
        warnings: &mut Vec<Warning>,
        varies: &mut bool,
    ) -> Result<Vec<Resource>> {
        let generated = self.gathered.iter().map(|configuration| {
            let mut resources =
                plugin::generate(configuration, root, schema, host, (warnings, varies))?;
            let origin = of_configuration(configuration)?;
            for resource in &mut resources {
                account::generated(resource, origin.as_ref())?;
            }
            Ok(resources)
        });
        Error::collect(generated).map(|generated| generated.into_iter().flatten().collect())
    }
}
