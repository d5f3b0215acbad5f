//! `configMapGenerator:`, `secretGenerator:` and `generatorOptions:`.

use serde::Deserialize;

use super::Pairs;
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// A ConfigMap to generate, and what a Secret has in common with it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct GeneratorArgs {
    /// Its namespace.
    pub namespace: Spanned<Text>,
    /// Its name, before prefixes, suffixes and the hash.
    pub name: Spanned<Text>,
    /// What it does to a resource of that name: [`Behavior::named`](crate::resource::Behavior::named).
    pub behavior: Spanned<Text>,
    /// Entries written as `key=value`.
    pub literals: Vec<Spanned<Text>>,
    /// Entries from files: `path`, or `key=path`.
    pub files: Vec<Spanned<Text>>,
    /// Files with one `key=value` a line.
    pub envs: Vec<Spanned<Text>>,
    /// One more such file. Deprecated: moved to the end of `envs` and empty once a kustomization is read.
    pub env: Spanned<Text>,
    /// What goes before the options for all generators.
    pub options: Option<GeneratorOptions>,
}

/// A Secret to generate.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "WrittenSecret")]
pub struct SecretArgs {
    /// What it has in common with a ConfigMap.
    pub args: GeneratorArgs,
    /// The type of the Secret; `Opaque` if it is empty.
    pub secret_type: Spanned<Text>,
}

/// A [`SecretArgs`] as it is written: its fields lie side by side.
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

/// How resources are generated.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GeneratorOptions {
    /// Labels of the generated resources.
    pub labels: Pairs,
    /// Annotations of the generated resources.
    pub annotations: Pairs,
    /// Their names do not end in a hash of their content.
    pub disable_name_suffix_hash: bool,
    /// They are marked as immutable.
    pub immutable: bool,
}

impl GeneratorOptions {
    /// The options of one generator, over those for all of them. What is true for all cannot be undone for one.
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
