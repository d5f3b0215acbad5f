//! `configMapGenerator:`, `secretGenerator:` and `generatorOptions:`.

use serde::Deserialize;

use super::Pairs;
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// A ConfigMap to generate; also the common part of a Secret.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct GeneratorArgs {
    /// Namespace.
    pub namespace: Spanned<Text>,
    /// Name, before prefixes, suffixes and the hash.
    pub name: Spanned<Text>,
    /// Treatment of an existing resource of that name: [`Behavior::named`](crate::resource::Behavior::named).
    pub behavior: Spanned<Text>,
    /// Entries written as `key=value`.
    pub literals: Vec<Spanned<Text>>,
    /// Entries from files: `path`, or `key=path`.
    pub files: Vec<Spanned<Text>>,
    /// Files with lines `key=value`.
    pub envs: Vec<Spanned<Text>>,
    /// Another file of `envs`. Deprecated: moved to the end of `envs` while a kustomization is read.
    pub env: Spanned<Text>,
    /// Options that override those for all generators.
    pub options: Option<GeneratorOptions>,
}

/// A Secret to generate.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "WrittenSecret")]
pub struct SecretArgs {
    /// The fields that a ConfigMap has, too.
    pub args: GeneratorArgs,
    /// The type of the Secret; `Opaque` if it is empty.
    pub secret_type: Spanned<Text>,
}

/// The serialised form of a [`SecretArgs`]: all fields on one level.
#[derive(Default, Deserialize)]
#[serde(default)]
struct WrittenSecret {
    namespace: Spanned<Text>,
    name: Spanned<Text>,
    behavior: Spanned<Text>,
    literals: Vec<Spanned<Text>>,
    files: Vec<Spanned<Text>>,
    envs: Vec<Spanned<Text>>,
    env: Spanned<Text>,
    options: Option<GeneratorOptions>,
    r#type: Spanned<Text>,
}

impl From<WrittenSecret> for SecretArgs {
    fn from(written: WrittenSecret) -> Self {
        let WrittenSecret {
            namespace,
            name,
            behavior,
            literals,
            files,
            envs,
            env,
            options,
            r#type: secret_type,
        } = written;
        let args = GeneratorArgs { namespace, name, behavior, literals, files, envs, env, options };
        Self { args, secret_type }
    }
}

/// Options for generated resources.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GeneratorOptions {
    /// Labels of the generated resources.
    pub labels: Pairs,
    /// Annotations of the generated resources.
    pub annotations: Pairs,
    /// Disables the hash suffix of names.
    pub disable_name_suffix_hash: bool,
    /// Marks the resources as immutable.
    pub immutable: bool,
}

impl GeneratorOptions {
    /// The options of one generator merged with the global ones. A flag that is true globally cannot be disabled.
    #[must_use]
    pub fn over(&self, global: &Self) -> Self {
        let over = |local: &Pairs, global: &Pairs| {
            let mut all = global.clone();
            all.extend(local.iter().map(|(key, value)| (key.clone(), value.clone())));
            all
        };
        Self {
            labels: over(&self.labels, &global.labels),
            annotations: over(&self.annotations, &global.annotations),
            disable_name_suffix_hash: self.disable_name_suffix_hash
                || global.disable_name_suffix_hash,
            immutable: self.immutable || global.immutable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    #[test]
    fn local_options_go_over_global_ones() {
        let pairs = |pairs: &[(&str, &str)]| -> Pairs {
            let spanned = |text: &str| Spanned::new(Text::from(text), Span::NONE);
            pairs.iter().map(|&(key, value)| (key.into(), spanned(value))).collect()
        };
        let global = GeneratorOptions {
            labels: pairs(&[("a", "global"), ("b", "global")]),
            immutable: true,
            ..GeneratorOptions::default()
        };
        let local = GeneratorOptions {
            labels: pairs(&[("b", "local"), ("c", "local")]),
            disable_name_suffix_hash: true,
            ..GeneratorOptions::default()
        };
        let expected = GeneratorOptions {
            labels: pairs(&[("a", "global"), ("b", "local"), ("c", "local")]),
            annotations: Pairs::new(),
            disable_name_suffix_hash: true,
            immutable: true,
        };
        assert_eq!(local.over(&global), expected);
    }
}
