//! Generators configured by documents: `apiVersion: builtin`, with the kind of the generator.

use serde::Deserialize;

use super::programs::External;
use super::{Host, Options, hardening, helm, is_builtin, kind_of, sops};
use crate::config::{
    GeneratorArgs, Kustomization, ObjectMeta, SecretArgs, Warning, explain_plugin,
};
use crate::error::{Code, Error, Result, nearest};
use crate::generate::{self, Context};
use crate::load::Root;
use crate::resource::Resource;
use crate::schema::Schema;
use crate::source::Span;
use crate::transform::{BUILTINS, Builtin};
use crate::yaml::de::{self, Rules, Spanned};
use crate::yaml::{Node, json_passage};

/// The configuration of a generator, with the data for reading it.
struct Given<'a> {
    node: &'a Node,
    span: Span,
    options: &'a Options,
    /// Set to true by a generator that may create something else the next time.
    varies: &'a mut bool,
}

/// A generator: creates resources from its configuration. Unknown fields are ignored.
type Generator = fn(&Context<'_>, &mut Given<'_>) -> Result<Vec<Resource>>;

/// The builtin generators by kind (kustomize, `api/internal/plugins/builtinhelpers/builtins.go`).
const GENERATORS: &[(&str, Generator)] = &[
    ("ConfigMapGenerator", config_map),
    (helm::KIND, chart),
    ("IAMPolicyGenerator", iam_policy),
    ("SecretGenerator", secret),
];

/// Creates the resources that a document of `generators` configures; sets `varies` to true if it may create other ones the next
/// time. The cost is that of the generator with the same name. `generatorOptions` applies only to the fields of a kustomization. (`api/internal/plugins/loader/loader.go`.)
///
/// # Errors
/// [`Code::PluginNotEnabled`] for a generator that is not builtin or needs a program that no flag allows,
/// [`Code::UnknownPlugin`] for a kind that is not a generator, and those of reading the configuration.
pub fn generate(
    configuration: &Resource,
    root: &Root,
    schema: &Schema,
    host: Host<'_>,
    (warnings, varies): (&mut Vec<Warning>, &mut bool),
) -> Result<Vec<Resource>> {
    let (kind, span) = (configuration.kind(), configuration.span());
    if hardening::is_meant(configuration) {
        return Err(hardening::no_generator(configuration));
    }
    if !is_builtin(configuration) {
        let step = |error: Error| {
            error.at(span).step(format!("while running the {kind} `{}`", configuration.name()))
        };
        if host.options.sops_placeholders && sops::is_meant(configuration) {
            return sops::generate(configuration, root, schema, warnings).map_err(step);
        }
        let program = External::of(configuration, root, host, false).map_err(step)?;
        let generated = program.generate(root, schema).map_err(step);
        warnings.extend(program.warnings());
        return generated;
    }
    let Some((_, generator)) = GENERATORS.iter().find(|(known, ..)| *known == kind) else {
        return Err(unknown(kind).at(kind_of(configuration)));
    };
    let kustomization = &Kustomization::default();
    let context = Context { kustomization, root, schema };
    let make = |varies| {
        let mut node = configuration.node().clone();
        // The reference writes the document as JSON and reads it again.
        json_passage(&mut node)?;
        generator(&context, &mut Given { node: &node, span, options: host.options, varies })
    };
    make(varies).map_err(|error| {
        let error = explain_plugin(kind, &[], configuration.node(), error);
        error.at(span).step(format!("while running the {kind} `{}`", configuration.name()))
    })
}

/// The kinds of the builtin generators.
pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    GENERATORS.iter().map(|(kind, ..)| *kind)
}

/// True if there is a builtin generator of a kind.
pub(super) fn is_generator(kind: &str) -> bool {
    GENERATORS.iter().any(|(known, ..)| *known == kind)
}

/// Runs `ConfigMapGenerator`. (kustomize, `api/internal/builtins/ConfigMapGenerator.go`.)
fn config_map(context: &Context<'_>, given: &mut Given<'_>) -> Result<Vec<Resource>> {
    let mut args: GeneratorArgs = de::from_node_by(given.node, Rules::Embedded)?;
    given.complete(&mut args)?;
    Ok(vec![generate::config_map(context, &Spanned::new(args, given.span))?])
}

/// Runs `SecretGenerator`. (kustomize, `api/internal/builtins/SecretGenerator.go`.)
fn secret(context: &Context<'_>, given: &mut Given<'_>) -> Result<Vec<Resource>> {
    let mut secret: SecretArgs = de::from_node_by(given.node, Rules::Embedded)?;
    given.complete(&mut secret.args)?;
    Ok(vec![generate::secret(context, &Spanned::new(secret, given.span))?])
}

/// Runs `IAMPolicyGenerator`. (kustomize, `api/internal/builtins/IAMPolicyGenerator.go`.)
fn iam_policy(context: &Context<'_>, given: &mut Given<'_>) -> Result<Vec<Resource>> {
    let args = de::from_node_by(given.node, Rules::Embedded)?;
    Ok(vec![generate::iam_policy(context, &args, given.span)?])
}

/// Runs `HelmChartInflationGenerator`. (kustomize, `api/internal/builtins/HelmChartInflationGenerator.go`.)
fn chart(context: &Context<'_>, given: &mut Given<'_>) -> Result<Vec<Resource>> {
    let (resources, varies) = helm::document(given.node, given.span, context, given.options)?;
    *given.varies |= varies;
    Ok(resources)
}

impl Given<'_> {
    /// Fills in name and namespace from the metadata if the fields are empty.
    fn complete(&self, args: &mut GeneratorArgs) -> Result<()> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Configuration {
            metadata: ObjectMeta,
        }
        let Configuration { metadata } = de::from_node_by(self.node, Rules::Lenient)?;
        for (field, default) in
            [(&mut args.name, metadata.name), (&mut args.namespace, metadata.namespace)]
        {
            if field.is_empty() {
                *field = Spanned::new(default, self.span);
            }
        }
        Ok(())
    }
}

#[cold]
fn unknown(kind: &str) -> Error {
    if Builtin::of_kind(BUILTINS, kind).is_some() {
        return Error::new(Code::UnknownPlugin, format!("`{kind}` is no generator"))
            .help("list it under `transformers`");
    }
    let error = Error::new(Code::UnknownPlugin, format!("there is no builtin `{kind}`"));
    match nearest(kind, GENERATORS.iter().map(|(known, ..)| *known)) {
        Some(name) => error.help(format!("did you mean `{name}`?")),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_each_kind_once() {
        assert!(GENERATORS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn kinds_that_are_none_say_what_to_do() {
        for (kind, help) in [
            ("LabelTransformer", "list it under `transformers`"),
            ("ConfigGenerator", "did you mean `ConfigMapGenerator`?"),
        ] {
            let error = unknown(kind);
            assert_eq!((error.code(), &*error.helps()[0]), (Code::UnknownPlugin, help));
        }
    }
}
