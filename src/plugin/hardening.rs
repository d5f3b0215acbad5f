//! Hardening as a step of a build: `apiVersion: krender.dev/v1alpha1`, with `kind: HardeningTransformer` under
//! `transformers` or `kind: HardeningValidator` under `validators`. It runs no program, so it needs no flag.
//!
//! Later transformers and outer kustomizations may still change the resources. Rules that need final names are applied
//! when the build is complete: [`finish`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Field, Options, kind_of};
use crate::error::{Code, Error, Result};
use crate::harden::{self, Fixes, Kind, Phase, Profile, Set, Settings};
use crate::load::Root;
use crate::resource::{ResMap, Resource};
use crate::schema::Schema;
use crate::source::{Sources, Span};
use crate::transform::{Asked, Cause, Change, Configured, Context, Work};
use crate::yaml::{Text, to_json};

/// The API group of these configurations.
const GROUP: &str = "krender.dev";

/// The profile of configurations that name none; that of `build --harden`, too.
const PROFILE: Profile = Profile { set: Set::Restricted, version: None };

/// A configuration of hardening, kept for the end of the build.
#[derive(Debug)]
pub struct Hardening {
    kind: Kind,
    name: Text,
    /// The span of the configuration, by which resources refer to it.
    span: Span,
    /// The directory of the kustomization that lists it.
    directory: PathBuf,
    /// The document as JSON.
    text: String,
    settings: Settings,
}

/// True if a document configures hardening.
pub(super) fn is_meant(configuration: &Resource) -> bool {
    *configuration.gvk().group == *GROUP
}

/// Reads a configuration of hardening.
///
/// # Errors
/// [`Code::UnknownPlugin`] for a kind that is not allowed in this field, and those of [`Settings::read_within`].
pub(super) fn configure(
    configuration: &Resource,
    field: Field,
    options: &Options,
    root: &Root,
) -> Result<Arc<Hardening>> {
    let kind = match field {
        Field::Transformers => Kind::Transformer,
        Field::Validators => Kind::Validator,
    };
    if configuration.kind() != kind.as_str() {
        return Err(misplaced(configuration.kind(), field).at(kind_of(configuration)));
    }
    let settings = Settings {
        today: options.today,
        phase: Phase::Early,
        ..Settings::read_within(
            configuration.node(),
            &[kind],
            PROFILE,
            Some(root.loader().sources()),
            root.budget(),
        )?
    };
    let (name, span) = (configuration.name().into(), kind_of(configuration));
    let (directory, mut text) = (root.path().to_path_buf(), String::new());
    to_json(configuration.node(), &mut text)?;
    Ok(Arc::new(Hardening { kind, name, span, directory, text, settings }))
}

/// The error for hardening under `generators`.
#[cold]
pub(super) fn no_generator(configuration: &Resource) -> Error {
    let kind = configuration.kind();
    let field = if kind == Kind::Validator.as_str() { "validators" } else { "transformers" };
    Error::new(Code::UnknownPlugin, format!("`{kind}` is no generator"))
        .at(kind_of(configuration))
        .help(format!("list it under `{field}`"))
}

#[cold]
fn misplaced(kind: &str, field: Field) -> Error {
    let error = Error::new(
        Code::UnknownPlugin,
        match field {
            Field::Transformers => format!("`{kind}` is no transformer"),
            Field::Validators => format!("`{kind}` is no validator"),
        },
    );
    match (kind, field) {
        ("HardeningValidator", Field::Transformers) => error.help("list it under `validators`"),
        ("HardeningTransformer", Field::Validators) => error.help("list it under `transformers`"),
        (_, Field::Transformers) => {
            error.help(format!("of `{GROUP}` it is `{}`", Kind::Transformer))
        }
        (_, Field::Validators) => error.help(format!("of `{GROUP}` it is `{}`", Kind::Validator)),
    }
}

impl Hardening {
    /// The field in which it is listed.
    #[must_use]
    pub fn field(&self) -> Field {
        match self.kind {
            Kind::Validator => Field::Validators,
            Kind::Hardening | Kind::Transformer => Field::Transformers,
        }
    }

    /// The kind and the name, for messages.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} `{}`", self.kind, self.name)
    }

    /// The directory of the kustomization that lists it.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The document that configures it, as JSON.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The span of the configuration.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }

    /// True if its result depends on today's date.
    #[must_use]
    pub fn depends_on_day(&self) -> bool {
        self.settings.depends_on_day()
    }

    /// True if both are the configuration at the same place.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.span == other.span
    }

    fn act(
        &self,
        resources: &mut ResMap,
        sources: &Sources,
        schema: &Schema,
        settings: &Settings,
    ) -> Result<()> {
        if self.kind == Kind::Transformer {
            let hardened = harden::harden(resources, sources, schema, settings, Fixes::OfSettings);
            return hardened.map(drop);
        }
        let found = harden::check(resources, sources, settings).into_iter();
        let failures = found
            .filter(|finding| finding.counts_in_build(settings))
            .map(|finding| finding.failure_of_build());
        Error::all(failures).map_or(Ok(()), Err)
    }

    fn last(&self) -> Settings {
        Settings { phase: Phase::Final(self.span), ..self.settings.clone() }
    }
}

/// Applies the rules that do not need the complete build, and registers the configuration with the resources for the
/// others.
impl Configured for Arc<Hardening> {
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>> {
        let (sources, schema) = (context.root.loader().sources(), context.schema);
        vec![Work::whole(move |resources| {
            self.act(resources, sources, schema, &self.settings)?;
            for resource in resources.iter_mut() {
                if !resource.ties().awaited_by.contains(&self.span) {
                    resource.ties_mut().awaited_by.push(self.span);
                }
            }
            Ok(())
        })]
    }
}

/// Builds the changes for the end of the build: first the transformers, then the validators. Annotations are removed
/// last, because both read them. `layer` is the directory that is built, `schema` the one in force.
///
/// In the work: the errors of [`harden::harden`], and a [`Code::RuleViolated`] for each finding that counts as a
/// failure.
pub fn finish<'c>(
    left: &'c [Arc<Hardening>],
    layer: &'c Root,
    schema: &'c Schema,
) -> Vec<Change<'c>> {
    let cause = |hardening: &'c Hardening| Cause {
        builtin: hardening.kind.as_str(),
        asked: Asked::Document { name: &hardening.name, origin: None },
        span: hardening.span,
        layer,
    };
    let sources = layer.loader().sources();
    let mut changes = Vec::new();
    for kind in [Kind::Transformer, Kind::Validator] {
        for hardening in left.iter().filter(|hardening| hardening.kind == kind) {
            let act = |resources: &mut ResMap| {
                hardening.act(resources, sources, schema, &hardening.last())
            };
            changes.push(Change::new(cause(hardening), [Work::whole(act)]).named());
        }
    }
    for hardening in left.iter().filter(|hardening| hardening.settings.strips_annotations) {
        let strip = |resources: &mut ResMap| harden::strip(resources, schema, &hardening.last());
        changes.push(Change::new(cause(hardening), [Work::whole(strip)]));
    }
    changes
}
