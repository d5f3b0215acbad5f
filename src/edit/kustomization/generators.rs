//! `configMapGenerator` and `secretGenerator`.

use super::{Draft, list, mapping, text};
use crate::config::{GeneratorArgs, GeneratorOptions, Kustomization, Pairs, SecretArgs};
use crate::error::{Code, Error, Result};
use crate::generate::{self, Context};
use crate::load::Root;
use crate::resource::{Behavior, DEFAULT_NAMESPACE};
use crate::schema::Schema;
use crate::source::Span;
use crate::text::{escape, phrase::quoted};
use crate::yaml::de::Spanned;
use crate::yaml::path::Path;
use crate::yaml::{Node, Scalar, Text};

/// A field of generators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeneratorField {
    /// `configMapGenerator`.
    ConfigMaps,
    /// `secretGenerator`.
    Secrets,
}

/// The arguments of `add` for a generator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GeneratorEntry {
    /// The name.
    pub name: String,
    /// The namespace; empty for none, which counts as `default`.
    pub namespace: String,
    /// Entries written as `key=value`.
    pub literals: Vec<String>,
    /// Entries from files: `path`, or `key=path`.
    pub files: Vec<String>,
    /// A file with lines `key=value`; empty for none.
    pub env_file: String,
    /// `create`, `merge` or `replace`; empty for none.
    pub behavior: String,
    /// Leaves the hash out of the name.
    pub without_hash: bool,
    /// The type of a new Secret.
    pub secret_type: String,
}

impl GeneratorEntry {
    /// Checks which values are given.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] if there is no source, if sources cannot be combined, and for an unknown behavior.
    pub fn check(&self) -> Result<()> {
        let wrong = |message: String| Error::new(Code::InvalidArgument, message);
        let has_others = !self.files.is_empty() || !self.literals.is_empty();
        if self.env_file.is_empty() && !has_others {
            return Err(wrong("no source of entries".to_owned()).help(
                "give at least one of `--from-literal`, `--from-file` and `--from-env-file`",
            ));
        }
        if !self.env_file.is_empty() && has_others {
            let message = "`--from-env-file` cannot be combined with the other sources";
            return Err(wrong(message.to_owned())
                .help("run the command once for each: the second run adds to the entry"));
        }
        if !self.behavior.is_empty() && Behavior::named(&self.behavior) == Behavior::Unspecified {
            let message = format!("invalid behavior `{}`", escape::visible(&self.behavior));
            return Err(wrong(message)
                .did_you_mean(&self.behavior, ["create", "merge", "replace"])
                .help("the behaviors are `create`, `merge` and `replace`"));
        }
        Ok(())
    }
}

impl GeneratorField {
    /// The kind that it generates.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::ConfigMaps => "ConfigMap",
            Self::Secrets => "Secret",
        }
    }

    /// The name of the field.
    const fn field(self) -> &'static str {
        match self {
            Self::ConfigMaps => "configMapGenerator",
            Self::Secrets => "secretGenerator",
        }
    }

    fn all(self, model: &Kustomization) -> Vec<&GeneratorArgs> {
        match self {
            Self::ConfigMaps => model.config_map_generator.iter().map(|it| &it.value).collect(),
            Self::Secrets => model.secret_generator.iter().map(|it| &it.value.args).collect(),
        }
    }

    fn set(self, model: &mut Kustomization, index: usize, args: &GeneratorArgs) {
        match self {
            Self::ConfigMaps => model.config_map_generator[index].value = args.clone(),
            Self::Secrets => model.secret_generator[index].value.args = args.clone(),
        }
    }

    fn find(self, model: &Kustomization, name: &str, namespace: &str) -> Option<usize> {
        let is_meant = |args: &&GeneratorArgs| {
            *args.name == *name && is_same_namespace(&args.namespace, namespace)
        };
        self.all(model).iter().position(is_meant)
    }

    /// Adds entries to the generator of a name and namespace. A missing one is added. The sources are read from `root` as a
    /// build does.
    ///
    /// # Errors
    /// Those of generating the object, and [`Code::EditRefused`].
    pub fn add(self, draft: &mut Draft<'_>, root: &Root, entry: &GeneratorEntry) -> Result<()> {
        let found = self.find(draft.model(), &entry.name, &entry.namespace);
        let before = found.map(|index| self.all(draft.model())[index].clone());
        let mut after = before.clone().unwrap_or_else(|| GeneratorArgs {
            name: value(&entry.name),
            namespace: value(&entry.namespace),
            ..GeneratorArgs::default()
        });
        after.literals.extend(entry.literals.iter().map(|it| value(it)));
        after.files.extend(entry.files.iter().map(|it| value(it)));
        if !entry.env_file.is_empty() {
            after.envs.push(value(&entry.env_file));
        }
        if !entry.behavior.is_empty() {
            after.behavior = value(&entry.behavior);
        }
        if entry.without_hash {
            after.options.get_or_insert_default().disable_name_suffix_hash = true;
        }
        self.complete(draft.model(), &mut after);
        self.prove(draft.model(), root, &after)?;
        let field = draft.field(self.field())?;
        let Some(index) = found else {
            let model = draft.model_mut();
            match self {
                Self::ConfigMaps => {
                    model.config_map_generator.push(Spanned::new(after.clone(), Span::NONE));
                }
                Self::Secrets => {
                    let secret_type = value(&entry.secret_type);
                    let secret = SecretArgs { args: after.clone(), secret_type };
                    model.secret_generator.push(Spanned::new(secret, Span::NONE));
                }
            }
            return draft.add(&field, vec![self.written(&after, &entry.secret_type)]);
        };
        let before = before.unwrap_or_default();
        let place = field.index(index);
        for (key, old, new) in [
            ("envs", &before.envs, &after.envs),
            ("files", &before.files, &after.files),
            ("literals", &before.literals, &after.literals),
        ] {
            let path = draft.below(&place, key)?;
            draft.add(&path, new[old.len()..].iter().map(|it| text(it)).collect())?;
        }
        if before.behavior != after.behavior {
            let path = draft.below(&place, "behavior")?;
            draft.set(&path, &text(&after.behavior))?;
        }
        self.finish(draft, index, &before, &after)
    }

    /// Sets values of literals that exist, and the namespace, of the generator of a name and namespace.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] if there is no such generator or literal, those of generating the object, and
    /// [`Code::EditRefused`].
    pub fn change(
        self,
        draft: &mut Draft<'_>,
        root: &Root,
        (name, namespace): (&str, &str),
        literals: &[String],
        new_namespace: &str,
    ) -> Result<()> {
        let Some(index) = self.find(draft.model(), name, namespace) else {
            return Err(self.missing(draft.model(), name, namespace));
        };
        let before = self.all(draft.model())[index].clone();
        let mut after = before.clone();
        if !literals.is_empty() {
            set_literals(&mut after, literals)?;
        }
        if !new_namespace.is_empty() {
            after.namespace = value(new_namespace);
        }
        self.complete(draft.model(), &mut after);
        self.prove(draft.model(), root, &after)?;
        let place = draft.field(self.field())?.index(index);
        let path = draft.below(&place, "literals")?;
        for (at, (old, new)) in before.literals.iter().zip(&after.literals).enumerate() {
            if old != new {
                draft.set(&path.clone().index(at), &text(new))?;
            }
        }
        if before.namespace != after.namespace {
            let path = draft.below(&place, "namespace")?;
            draft.set(&path, &text(&after.namespace))?;
        }
        self.finish(draft, index, &before, &after)
    }

    /// Removes generators by name from a namespace. Missing ones are told.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] if all are missing, and [`Code::EditRefused`].
    pub fn remove(self, draft: &mut Draft<'_>, names: &[&str], namespace: &str) -> Result<()> {
        let is_meant = |args: &GeneratorArgs| {
            names.contains(&args.name.as_str()) && is_same_namespace(&args.namespace, namespace)
        };
        let all = self.all(draft.model());
        let gone: Vec<usize> = (0..all.len()).filter(|&at| is_meant(all[at])).collect();
        let found: Vec<String> = gone.iter().map(|&at| all[at].name.to_string()).collect();
        if gone.is_empty() {
            let name = names.first().copied().unwrap_or_default();
            return Err(self.missing(draft.model(), name, namespace));
        }
        for name in names.iter().filter(|name| !found.iter().any(|found| found == *name)) {
            let kind = self.kind().to_lowercase();
            draft.note(format!("{kind} {name} doesn't exist in kustomization file"));
        }
        let field = draft.field(self.field())?;
        draft.remove_items(&field, &gone)?;
        let mut at = 0..;
        let mut is_kept = || at.next().is_none_or(|at| !gone.contains(&at));
        match self {
            Self::ConfigMaps => draft.model_mut().config_map_generator.retain(|_| is_kept()),
            Self::Secrets => draft.model_mut().secret_generator.retain(|_| is_kept()),
        }
        Ok(())
    }

    /// Merges the options for all generators into those of one, as kustomize's `edit` does.
    fn complete(self, model: &Kustomization, args: &mut GeneratorArgs) {
        let Some(global) = &model.generator_options else { return };
        let merged = args.options.clone().unwrap_or_default().over(global);
        if args.options.is_some() || merged != GeneratorOptions::default() {
            args.options = Some(merged);
        }
    }

    /// Generates the object, so that wrong sources are refused.
    fn prove(self, model: &Kustomization, root: &Root, args: &GeneratorArgs) -> Result<()> {
        let schema = Schema::built_in();
        let context = Context { kustomization: model, root, schema: &schema };
        let generated = match self {
            Self::ConfigMaps => {
                generate::config_map(&context, &Spanned::new(args.clone(), Span::NONE))
            }
            Self::Secrets => {
                let secret = SecretArgs { args: args.clone(), ..SecretArgs::default() };
                generate::secret(&context, &Spanned::new(secret, Span::NONE))
            }
        };
        let step = || format!("while generating the {} `{}`", self.kind(), *args.name);
        generated.map(drop).map_err(|error| error.step(step()))
    }

    /// Writes changed options, and enters the generator into the model.
    fn finish(
        self,
        draft: &mut Draft<'_>,
        index: usize,
        before: &GeneratorArgs,
        after: &GeneratorArgs,
    ) -> Result<()> {
        self.set(draft.model_mut(), index, after);
        let place = draft.field(self.field())?.index(index);
        let options = draft.below(&place, "options")?;
        let old = before.options.clone().unwrap_or_default();
        let new = after.options.clone().unwrap_or_default();
        for (key, old, new) in [
            ("annotations", &old.annotations, &new.annotations),
            ("labels", &old.labels, &new.labels),
        ] {
            let path = draft.below(&options, key)?;
            for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                draft.set(&path.clone().keys(&[key]), &text(value))?;
            }
        }
        for (key, old, new) in [
            ("disableNameSuffixHash", old.disable_name_suffix_hash, new.disable_name_suffix_hash),
            ("immutable", old.immutable, new.immutable),
        ] {
            if old != new {
                let path: Path = draft.below(&options, key)?;
                draft.set(&path, &truth())?;
            }
        }
        Ok(())
    }

    /// A new generator, with its keys in the order in which kustomize writes them.
    fn written(self, args: &GeneratorArgs, secret_type: &str) -> Node {
        let some = |value: &str| (!value.is_empty()).then(|| text(value));
        let all = |values: &[Spanned<Text>]| {
            (!values.is_empty()).then(|| list(values.iter().map(|it| text(it))))
        };
        let pairs = |pairs: &Pairs| {
            let entry = |(key, value): (&Text, &Spanned<Text>)| {
                (Scalar::string(key, Span::NONE), text(value))
            };
            let entries = pairs.iter().map(entry).collect();
            (!pairs.is_empty()).then(|| Node::mapping(entries, Span::NONE))
        };
        let options = args.options.as_ref().map(|options| {
            mapping([
                ("annotations", pairs(&options.annotations)),
                ("disableNameSuffixHash", options.disable_name_suffix_hash.then(truth)),
                ("immutable", options.immutable.then(truth)),
                ("labels", pairs(&options.labels)),
            ])
        });
        let secret_type = if self == Self::Secrets { secret_type } else { "" };
        mapping([
            ("behavior", some(&args.behavior)),
            ("envs", all(&args.envs)),
            ("files", all(&args.files)),
            ("literals", all(&args.literals)),
            ("name", some(&args.name)),
            ("namespace", some(&args.namespace)),
            ("options", options),
            ("type", some(secret_type)),
        ])
    }

    #[cold]
    fn missing(self, model: &Kustomization, name: &str, namespace: &str) -> Error {
        let (kind, shown) = (self.kind(), escape::visible(name));
        let of = if namespace.is_empty() { DEFAULT_NAMESPACE } else { namespace };
        let message = format!("no {kind} `{shown}` in the namespace `{}`", escape::visible(of));
        let all = self.all(model);
        let error = Error::new(Code::InvalidArgument, message);
        if let Some(other) = all.iter().find(|args| *args.name == *name) {
            let found =
                if other.namespace.is_empty() { DEFAULT_NAMESPACE } else { &other.namespace };
            return error
                .at(other.name.span)
                .help(format!("it is in another one: `--namespace {found}`"));
        }
        let names = || all.iter().map(|args| args.name.as_str());
        let error = error.did_you_mean(name, names());
        if !error.helps().is_empty() {
            return error;
        }
        error.help(match all.len() {
            0 => format!("`{}` has no entries", self.field()),
            _ => {
                format!("`{}` has {}", self.field(), quoted(names()).collect::<Vec<_>>().join(", "))
            }
        })
    }
}

/// Sets the values of literals that exist.
fn set_literals(args: &mut GeneratorArgs, literals: &[String]) -> Result<()> {
    for literal in &args.literals {
        split(literal).map_err(|error| error.at(literal.span))?;
    }
    for literal in literals {
        let (key, _) = split(literal)?;
        let key_of = |literal: &str| literal.split_once('=').map(|(key, _)| key.to_owned());
        let found = args.literals.iter_mut().rfind(|it| key_of(it).as_deref() == Some(key));
        match found {
            Some(found) => found.value = literal.as_str().into(),
            None => {
                let message = format!("key `{}` not found in the literals", escape::visible(key));
                let keys: Vec<String> = args.literals.iter().filter_map(|it| key_of(it)).collect();
                return Err(Error::new(Code::InvalidArgument, message)
                    .did_you_mean(key, keys.iter().map(String::as_str))
                    .help("`edit add` adds new ones"));
            }
        }
    }
    Ok(())
}

/// The key and value of a literal. As in kustomize's `edit set`, the value has no `=`.
fn split(literal: &str) -> Result<(&str, &str)> {
    match literal.split_once('=') {
        Some((key, value)) if !value.contains('=') => Ok((key, value)),
        _ => {
            let shown = escape::visible(literal);
            let message = format!("found the literal `{shown}`, expected `key=value` with one `=`");
            Err(Error::new(Code::InvalidArgument, message)
                .help("as in kustomize, `edit set` changes no entries with further `=`: edit the file by hand"))
        }
    }
}

fn value(text: &str) -> Spanned<Text> {
    Spanned::new(text.into(), Span::NONE)
}

fn truth() -> Node {
    Scalar::untagged("true", Span::NONE).into()
}

/// True for the same namespace; an empty one is `default`.
fn is_same_namespace<'n>(left: &'n str, right: &'n str) -> bool {
    let name = |given: &'n str| if given.is_empty() { DEFAULT_NAMESPACE } else { given };
    name(left) == name(right)
}
