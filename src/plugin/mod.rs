//! Generators and transformers configured by documents: `apiVersion: builtin`, with a kind for each; and hardening,
//! which is an addition of krender.

mod generators;
mod hardening;
mod helm;
mod options;
mod programs;
mod sops;
mod validate;

use std::sync::Arc;

use generators::is_generator;
use programs::External;

use crate::config::{Warning, explain_plugin, ignored_fields};
use crate::error::{Code, Error, Result, nearest};
use crate::resource::{Origin, Resource};
use crate::source::Span;
use crate::transform::{Asked, BUILTINS, Builtin, Cause, Change, Configured, Context, Observer};
use crate::yaml::{Node, Text, json_passage};

pub use generators::generate;
pub use hardening::{Hardening, finish};
pub use helm::{Inflated, charts};
pub use options::{Functions, Helm, Host as Surroundings, Options};
pub use programs::{Given, Host, Passed, Programs, run};
pub use validate::validate;

/// A configured transformer. The cost is that of the transformer with the same name.
pub struct Plugin {
    kind: Text,
    name: Text,
    span: Span,
    /// The origin of the document, if it is known.
    origin: Option<Origin>,
    run: Box<dyn Configured>,
    hardening: Option<Arc<Hardening>>,
    /// The program that it is, if it is one.
    program: Option<Arc<External>>,
}

/// The field of a kustomization that lists a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `transformers`
    Transformers,
    /// `validators`
    Validators,
}

impl Plugin {
    /// Reads the configuration of a transformer, from `transformers` or `validators`.
    /// (`api/internal/plugins/loader/loader.go`.)
    ///
    /// # Errors
    /// [`Code::PluginNotEnabled`] for a transformer that is not builtin, [`Code::UnknownPlugin`] for a kind that is not
    /// a transformer, and those of reading the configuration.
    pub fn transformer(
        configuration: &Resource,
        context: &Context<'_>,
        field: Field,
        host: Host<'_>,
        observer: Option<&mut (dyn Observer + '_)>,
    ) -> Result<Self> {
        let (kind, span) = (configuration.kind(), configuration.span());
        let wrong = |error: Error| {
            error.at(span).step(format!("while reading the {kind} `{}`", configuration.name()))
        };
        if hardening::is_meant(configuration) {
            let root = context.root;
            let hardening =
                hardening::configure(configuration, field, host.options, root).map_err(wrong)?;
            let run = Box::new(Arc::clone(&hardening));
            let plugin = Self::new(configuration, run);
            return Ok(Self { hardening: Some(hardening), ..plugin });
        }
        if !is_builtin(configuration) {
            let is_validator = field == Field::Validators;
            let program = External::of(configuration, context.root, host, is_validator);
            let program = program.map_err(wrong)?;
            let plugin = Self::new(configuration, Box::new(Arc::clone(&program)));
            return Ok(Self { program: Some(program), ..plugin });
        }
        let Some(Builtin { configure, document: fields, .. }) =
            Builtin::of_kind(context.builtins, kind)
        else {
            return Err(unknown(kind).at(kind_of(configuration)));
        };
        let read = || {
            let mut node = configuration.node().clone();
            // The reference writes the document as JSON and reads it again: then `yes` is text, as in any resource.
            json_passage(&mut node)?;
            configure(context, &node)
        };
        let root = configuration.node();
        let run = read().map_err(|error| wrong(explain_plugin(kind, fields, root, error)))?;
        let plugin = Self::new(configuration, run);
        if let Some(observer) = observer {
            let ignored = ignored_fields(kind, fields, root).into_iter().map(wrong);
            ignored.for_each(|error| observer.idle(&plugin.cause(context), error));
        }
        Ok(plugin)
    }

    fn new(configuration: &Resource, run: Box<dyn Configured>) -> Self {
        Self {
            kind: configuration.kind().into(),
            name: configuration.name().into(),
            span: configuration.span(),
            origin: None,
            run,
            hardening: None,
            program: None,
        }
    }

    /// The same transformer with the origin of its document.
    #[must_use]
    pub fn with_origin(self, origin: Option<Origin>) -> Self {
        Self { origin, ..self }
    }

    /// True if the origin of its document is known.
    #[must_use]
    pub const fn has_origin(&self) -> bool {
        self.origin.is_some()
    }

    /// The cause of its changes.
    fn cause<'c>(&'c self, context: &Context<'c>) -> Cause<'c> {
        let asked = Asked::Document { name: &self.name, origin: self.origin.as_ref() };
        Cause { builtin: &self.kind, asked, span: self.span, layer: context.root }
    }

    /// The configuration of hardening that remains for the end of the build ([`finish`]).
    #[must_use]
    pub const fn hardening(&self) -> Option<&Arc<Hardening>> {
        self.hardening.as_ref()
    }

    /// The warnings of its runs so far.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.program.as_ref().map(|program| program.warnings()).unwrap_or_default()
    }

    /// Builds its change.
    #[must_use]
    pub fn change<'c>(&'c self, context: &Context<'c>) -> Change<'c> {
        Change::new(self.cause(context), self.run.work(context)).named()
    }
}

/// The span of the kind of a plugin.
fn kind_of(configuration: &Resource) -> Span {
    configuration.node().get("kind").map_or_else(|| configuration.span(), Node::span)
}

fn is_builtin(configuration: &Resource) -> bool {
    let gvk = configuration.gvk();
    gvk.group.is_empty() && *gvk.version == *"builtin"
}

#[cold]
fn not_enabled(configuration: &Resource) -> Error {
    let kind = configuration.kind();
    let error = Error::new(
        Code::PluginNotEnabled,
        format!("`{kind}` is not builtin, and such plugins are not enabled"),
    );
    if Builtin::of_kind(BUILTINS, kind).is_some() || is_generator(kind) {
        let version = configuration.node().get("apiVersion").map_or(Span::NONE, Node::span);
        return error
            .at(version)
            .at(configuration.span())
            .help(format!("the builtin {kind} has `apiVersion: builtin`"));
    }
    error.at(kind_of(configuration)).help(
        "`--enable-alpha-plugins` enables them; they run programs, so never use it with a kustomization that you do not trust",
    )
}

/// The kinds of the builtin transformers, sorted.
fn sorted_kinds() -> Vec<&'static str> {
    let mut kinds: Vec<&str> = BUILTINS.iter().map(|builtin| builtin.kind).collect();
    kinds.sort_unstable();
    kinds
}

/// The kinds of the builtin generators and transformers, sorted.
#[must_use]
pub fn builtin_kinds() -> Vec<&'static str> {
    let mut kinds = sorted_kinds();
    kinds.extend(generators::kinds());
    kinds.sort_unstable();
    kinds
}

#[cold]
fn unknown(kind: &str) -> Error {
    if is_generator(kind) {
        return Error::new(Code::UnknownPlugin, format!("`{kind}` is no transformer"))
            .help("list it under `generators`");
    }
    let error = Error::new(Code::UnknownPlugin, format!("there is no builtin `{kind}`"));
    if kind == "SortOrderTransformer" {
        return error.help("set `sortOptions` in the kustomization that is built");
    }
    // All kinds end in the same word, so only the rest is compared.
    let stem = |kind: &'static str| kind.trim_end_matches("Transformer");
    let stems = || sorted_kinds().into_iter().map(stem);
    let found = kind.trim_end_matches("Transformer");
    let contained = || {
        let near = |stem: &&str| found.contains(*stem) || !found.is_empty() && stem.contains(found);
        stems().filter(near).max_by_key(|stem| stem.len())
    };
    match nearest(found, stems()).or_else(contained) {
        Some(near) => error.help(format!("did you mean `{near}Transformer`?")),
        None => error.help("custom plugins need an `apiVersion` other than `builtin`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_are_none_say_what_to_do() {
        for (kind, help) in [
            ("SortOrderTransformer", "set `sortOptions` in the kustomization that is built"),
            ("SecretGenerator", "list it under `generators`"),
            ("LabelsTransformer", "did you mean `LabelTransformer`?"),
        ] {
            let error = unknown(kind);
            assert_eq!((error.code(), &*error.helps()[0]), (Code::UnknownPlugin, help));
        }
    }
}
