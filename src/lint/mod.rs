//! Rules about the sources of kustomizations: what they list, what their entries change, and how they include each other.
//!
//! Rules look at a [scene](scene::Scene): the [kustomizations](layers) of a run, each of which is read once, the
//! [renders] of its targets, and the [effects] that the entries of the kustomizations had in these
//! builds. The table of rules is [`rules::LINTS`]; their texts are in [`crate::harden::kustomizations`], with those of all
//! rules.

mod containers;
mod effects;
mod entries;
mod fix;
mod found;
mod layers;
mod mentions;
mod renders;
mod rules;
mod scene;
mod stage;

pub use fix::{Fixes, Refused, fix};

use crate::error::{Error, Result};
use crate::fleet::Run;
use crate::harden::{Class, Finding, Fix, Settings, settle_sources};
use crate::load::{Loader, Restrictor, Root};
use crate::resource::{ResMap, Resource};
use crate::schema::Schema;
use crate::source::Span;
use crate::yaml::{Node, Scalar};
use found::Found;
use layers::{Layer, Layers};
use scene::Scene;

/// The kustomizations to look at.
pub struct Input<'a> {
    /// The targets, which are built.
    pub targets: &'a [String],
    /// Further kustomizations, which are only read: components that no target includes.
    pub others: Vec<Root>,
    /// The files that kustomizations may name.
    pub restrictor: Restrictor,
}

/// The outcome for the kustomizations of a run.
#[derive(Debug)]
pub struct Linted {
    /// Each kustomization as an object, named by its directory; findings refer to them by index.
    pub kustomizations: ResMap,
    /// The findings, by kustomization and place. Accepted ones are included.
    pub findings: Vec<Finding>,
    /// The targets that could not be built: rules that look at renders have not judged them.
    pub failed: Vec<(String, Error)>,
    /// The kustomizations with fixes, and the targets that include each: for [`fix()`].
    fixable: Vec<fix::Fixable>,
}

/// Applies the active rules to the kustomizations of targets and to further ones. Every target is built once, with an
/// observer.
///
/// # Errors
/// [`Code::ReadFailed`](crate::error::Code::ReadFailed) for a directory that cannot be listed.
pub fn lint(
    run: &Run<'_>,
    loader: &Loader,
    input: Input<'_>,
    settings: &Settings,
) -> Result<Linted> {
    let layers = Layers::read(loader, input.targets, input.others);
    let version = settings.facts.profile.version();
    let (renders, effects, failed) = renders::build(run, input.targets, version);
    let restrictor = input.restrictor;
    let scene = Scene { loader, run, layers, renders, effects, restrictor, version };
    let kustomizations: ResMap =
        scene.layers.iter().map(object).collect::<Result<Vec<_>>>()?.into();
    let mut findings = Vec::new();
    for lint in rules::LINTS.iter().filter(|lint| settings.asks(lint.rule)) {
        let found = (lint.find)(&scene)?;
        findings.extend(found.into_iter().filter_map(|one| {
            let place = (one.layer, kustomizations.get(one.layer)?);
            let Found { layer, span, path, message, severity, has_fix } = one;
            let message = match scene.layers.get(layer).map_or(0, |layer| layer.targets.len()) {
                0 | 1 => message,
                count => format!("{message} (in {count} targets)"),
            };
            let mut finding = Finding::of_source(lint.rule, place, path, message, span);
            finding.severity = severity.unwrap_or(finding.severity);
            // The edits are those of a file, and not of the object.
            let fix = Fix { class: Class::Safe, is_overwriting: false, edits: Vec::new() };
            finding.fix = has_fix.then_some(fix);
            Some(finding)
        }));
    }
    findings.sort_by(|one, other| {
        let key = |finding: &Finding| (finding.place, finding.span);
        key(one).cmp(&key(other)).then_with(|| one.rule.cmp(&other.rule))
    });
    settle_sources(&mut findings, &kustomizations, loader.sources(), settings);
    let fixable = fix::fixable(&findings, &scene, input.targets);
    Ok(Linted { kustomizations, findings, failed, fixable })
}

/// A kustomization as an object that findings are about.
fn object(layer: &Layer) -> Result<Resource> {
    let kind = if layer.fields.is_component() { "Component" } else { "Kustomization" };
    let text = |text: &str, span| Node::from(Scalar::new_string(text, span));
    let key = |text: &str| Scalar::new_string(text, Span::NONE);
    let name = text(layer.root.name(), layer.beginning());
    let root = vec![
        (key("apiVersion"), text("kustomize.config.k8s.io/v1beta1", Span::NONE)),
        (key("kind"), text(kind, Span::NONE)),
        (key("metadata"), Node::mapping(vec![(key("name"), name)], Span::NONE)),
    ];
    Resource::new(Node::mapping(root, Span::NONE), &Schema::built_in())
}
