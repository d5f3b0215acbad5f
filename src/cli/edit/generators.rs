//! Sub-commands for `configMapGenerator` and `secretGenerator`.

use clap::Args;

use super::flags::done;
use super::{Context, Work};
use crate::cli::plugins::Truth;
use crate::{
    edit::kustomization::{GeneratorEntry, GeneratorField},
    error::{Code, Error, Result},
    text::{escape, phrase::quoted},
};

/// Flags that `add configmap` and `add secret` have.
#[derive(Args)]
struct Sources {
    /// Name of the object
    #[arg(value_name = "NAME")]
    name: String,

    /// Add a literal entry (may be repeated)
    #[arg(long, value_name = "KEY=VALUE", allow_hyphen_values = true)]
    from_literal: Vec<String>,

    /// Add an entry with the content of a file, whose name is the key unless one is given (may be repeated). Patterns such as
    /// `conf/*` stand for all files that match
    #[arg(long, value_name = "[KEY=]FILE", value_delimiter = ',', allow_hyphen_values = true)]
    from_file: Vec<String>,

    /// Add the lines `KEY=VALUE` of a file as entries
    #[arg(long, value_name = "FILE", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    from_env_file: String,

    /// Leave the hash of the content out of the name
    #[arg(long = "disableNameSuffixHash", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", value_parser = Truth, value_name = "BOOL")]
    #[arg(hide_possible_values = true)]
    disable_name_suffix_hash: Option<bool>,

    /// Namespace of the object
    #[arg(long, value_name = "NAMESPACE", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    namespace: String,
}

/// Arguments of `add configmap`.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct AddConfigMap {
    #[command(flatten)]
    sources: Sources,

    /// Treatment of a ConfigMap of that name in a base: `create` (it must not exist), `merge` or `replace`
    #[arg(long, value_name = "BEHAVIOR", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    behavior: String,
}

/// Arguments of `add secret`.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct AddSecret {
    #[command(flatten)]
    sources: Sources,

    /// Type of a new Secret, such as `kubernetes.io/tls`
    #[arg(long, value_name = "TYPE", default_value = "Opaque", allow_hyphen_values = true)]
    r#type: String,
}

/// Arguments of `set configmap` and `set secret`.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct Change {
    /// Name of the object
    #[arg(value_name = "NAME")]
    name: String,

    /// Set the value of a literal entry (may be repeated)
    #[arg(long, value_name = "KEY=VALUE", allow_hyphen_values = true)]
    from_literal: Vec<String>,

    /// Namespace of the object; `default` if it has none
    #[arg(long, value_name = "NAMESPACE", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    namespace: String,

    /// New namespace
    #[arg(long, value_name = "NAMESPACE", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    new_namespace: String,
}

/// Arguments of `remove configmap` and `remove secret`.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct RemoveGenerators {
    /// Names, with commas between them
    #[arg(value_name = "NAME[,NAME]")]
    names: String,

    /// Namespace of the objects; `default` if they have none
    #[arg(long, value_name = "NAMESPACE", default_value = "", hide_default_value = true)]
    #[arg(allow_hyphen_values = true)]
    namespace: String,
}

impl AddConfigMap {
    /// The change.
    pub(super) fn work(&self, context: &mut Context) -> Result<Work<'_>> {
        let entry = self.sources.entry(context)?;
        let entry = GeneratorEntry { behavior: self.behavior.clone(), ..entry };
        add(GeneratorField::ConfigMaps, entry, context)
    }
}

impl AddSecret {
    /// The change.
    pub(super) fn work(&self, context: &mut Context) -> Result<Work<'_>> {
        let entry = self.sources.entry(context)?;
        let entry = GeneratorEntry { secret_type: self.r#type.clone(), ..entry };
        add(GeneratorField::Secrets, entry, context)
    }
}

fn add<'w>(field: GeneratorField, entry: GeneratorEntry, context: &Context) -> Result<Work<'w>> {
    entry.check()?;
    let loader = context.loader.clone();
    Ok(done(move |draft| field.add(draft, &loader.root(".")?, &entry)))
}

impl Sources {
    fn entry(&self, context: &mut Context) -> Result<GeneratorEntry> {
        Ok(GeneratorEntry {
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            literals: self.from_literal.clone(),
            files: self.files(context)?,
            env_file: self.from_env_file.clone(),
            without_hash: self.disable_name_suffix_hash == Some(true),
            ..GeneratorEntry::default()
        })
    }

    /// The files that `--from-file` stands for.
    fn files(&self, context: &mut Context) -> Result<Vec<String>> {
        let mut files = Vec::new();
        for given in &self.from_file {
            let parts: Vec<&str> = given.split('=').collect();
            let (key, pattern) = match &*parts {
                [key, pattern] => (*key, *pattern),
                _ => ("", parts.first().copied().unwrap_or_default()),
            };
            if key.is_empty() {
                files.extend(context.glob(&[pattern.to_owned()])?);
                continue;
            }
            match &*context.loader.glob(pattern)? {
                [file] => files.push(format!("{key}={file}")),
                found => return Err(not_one(pattern, found)),
            }
        }
        Ok(files)
    }
}

#[cold]
fn not_one(pattern: &str, found: &[String]) -> Error {
    let shown = escape::visible(pattern);
    let message = match found.len() {
        0 => format!("`{shown}` has no match"),
        number => {
            let few = quoted(found.iter().take(3).map(|path| escape::visible(path)));
            let few = few.collect::<Vec<_>>().join(", ");
            format!("`{shown}` matches {number} files ({few}), expected one for a key")
        }
    };
    Error::new(Code::InvalidArgument, message).help("`KEY=FILE` names one file")
}

impl Change {
    /// The change.
    pub(super) fn work(&self, field: GeneratorField, context: &Context) -> Result<Work<'_>> {
        if self.from_literal.is_empty() && self.new_namespace.is_empty() {
            return Err(Error::new(Code::InvalidArgument, "no new value is given")
                .help("give at least one of `--from-literal` and `--new-namespace`"));
        }
        let loader = context.loader.clone();
        Ok(done(move |draft| {
            let id = (&*self.name, &*self.namespace);
            field.change(draft, &loader.root(".")?, id, &self.from_literal, &self.new_namespace)
        }))
    }
}

impl RemoveGenerators {
    /// The change.
    pub(super) fn work(&self, field: GeneratorField) -> Work<'_> {
        let names: Vec<&str> = self.names.split(',').collect();
        done(move |draft| field.remove(draft, &names, &self.namespace))
    }
}
