//! Variables: `$(NAME)` in a field is replaced by the value of a field of another resource.
//!
//! (kustomize, `api/internal/accumulator/resaccumulator.go`, `api/filters/refvar`.)

mod expand;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use super::by_type::ByType;
use crate::config::{FieldSpecs, Var, Warning};
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::resource::{Index, ResMap, Resource};
use crate::schema::{Gvk, Schema};
use crate::source::Span;
use crate::transform::{Create, FieldPath, Work};
use crate::yaml::de::Spanned;
use crate::yaml::{Kind, Mapping, Node, Scalar, Sequence, Style, Tag, Text, Value, resolve, share};
use value::FieldValue;

/// The variables of a kustomization and its bases, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables(BTreeMap<Text, Spanned<Var>>);

impl Variables {
    /// Adds the variables of a kustomization, and marks the resource that each refers to, by its current id or a
    /// previous one. Costs a walk over the resources if there are any variables.
    ///
    /// # Errors
    /// [`Code::VarAmbiguous`] if a variable matches several resources, and those of [`Variables::merge`].
    pub(super) fn collect(
        &mut self,
        variables: &[Spanned<Var>],
        resources: &mut ResMap,
    ) -> Result<()> {
        if variables.is_empty() {
            return Ok(());
        }
        let by_name = places_by_name(resources);
        for variable in variables {
            let named = by_name.get(&variable.objref.name.value).map_or(&[][..], Vec::as_slice);
            let is_meant = |place: &&usize| {
                resources.get(**place).is_some_and(|resource| is_looked_at(variable, resource))
            };
            let found: Vec<usize> = named.iter().filter(is_meant).copied().collect();
            match found[..] {
                [] => {}
                [place] => {
                    let name = variable.name.value.clone();
                    resources.change(place, |resource| resource.ties_mut().variables.push(name));
                }
                _ => return Err(ambiguous(variable, &found, resources)),
            }
        }
        variables.iter().try_for_each(|variable| self.add(variable.clone()))
    }

    /// Adds the variables of another kustomization.
    ///
    /// # Errors
    /// [`Code::DuplicateVar`] for a name that exists already, even if both variables are equal.
    pub(super) fn merge(&mut self, other: Self) -> Result<()> {
        other.0.into_values().try_for_each(|variable| self.add(variable))
    }

    fn add(&mut self, variable: Spanned<Var>) -> Result<()> {
        if let Some(known) = self.0.get(&*variable.name.value) {
            let name = variable.name.as_str();
            let error =
                Error::new(Code::DuplicateVar, format!("two variables have the name `{name}`"))
                    .at(variable.name.span);
            let error = if known.name.span == variable.name.span {
                error.label("it comes in twice")
            } else {
                error.note(known.name.span, "the first one")
            };
            return Err(
                error.help("a name must be unique in the whole build: rename or remove one")
            );
        }
        self.0.insert(variable.name.value.clone(), variable);
        Ok(())
    }

    /// Builds the work that replaces variables in the fields of `varReference`, and warns about unused ones. `None`
    /// without variables.
    ///
    /// # Errors
    /// In the work: [`Code::VarTargetNotFound`] if a variable matches no resource, [`Code::VarFieldNotFound`] if its
    /// resource has no such field; [`Code::InvalidType`] for a field that is not text.
    pub(super) fn work<'c>(
        &'c self,
        specs: &'c FieldSpecs,
        schema: &'c Schema,
        budget: &'c Budget,
        warnings: &'c mut Vec<Warning>,
    ) -> Option<Work<'c>> {
        let is_asked = !self.0.is_empty();
        let work =
            move |resources: &mut ResMap| self.replace(resources, specs, schema, budget, warnings);
        is_asked.then(|| Work::whole(work))
    }

    fn replace(
        &self,
        resources: &mut ResMap,
        specs: &FieldSpecs,
        schema: &Schema,
        budget: &Budget,
        warnings: &mut Vec<Warning>,
    ) -> Result<()> {
        let values = self.values(resources)?;
        let mut fields =
            ByType::new(specs.iter().len(), budget, |gvk: &Gvk| -> Vec<(&str, FieldPath)> {
                let specs = specs.iter().filter(|spec| gvk.is_selected_by(&spec.gvk));
                specs.map(|spec| (&*spec.path, FieldPath::new(&spec.path))).collect()
            });
        let mut used = BTreeSet::new();
        for resource in resources.iter_mut().filter(|resource| !resource.node().is_empty()) {
            let fields = fields.of(resource.gvk(), || resource.span())?;
            let shares = resource.shares;
            let replaced = resource.edit(schema, |root| {
                fields.iter().try_for_each(|(written, path)| {
                    let mut set = |node: &mut Node| replace_in(node, &values, &mut used, budget);
                    let visited = path.visit(root, Create::Never, Span::NONE, &mut set).map(drop);
                    if shares {
                        share::settle(root);
                    }
                    visited.map_err(|error| {
                        error.step(format!("while replacing variables in `{written}`"))
                    })
                })
            });
            replaced.map_err(|error| error.step(format!("while changing `{}`", resource.id())))?;
        }
        let unused: Vec<&str> =
            self.0.keys().filter(|name| !used.contains(*name)).map(Text::as_str).collect();
        if !unused.is_empty() {
            let text = format!("well-defined vars that were never replaced: {}", unused.join(","));
            let failure = |name: &&str| {
                let variable = self.0.get(*name)?;
                let message = format!("the variable `{name}` is never used");
                Some(Error::new(Code::NoEffect, message).at(variable.name.span).help(format!(
                    "write `$({name})` in a field that `varReference` names, or remove the variable"
                )))
            };
            let failures = Error::all(unused.iter().filter_map(failure));
            warnings.extend(failures.map(|failure| Warning { text: Some(text), failure }));
        }
        Ok(())
    }

    fn values(&self, resources: &ResMap) -> Result<Values> {
        let mut marked: BTreeMap<&Text, &Resource> = BTreeMap::new();
        for resource in resources {
            for name in &resource.ties().variables {
                marked.entry(name).or_insert(resource);
            }
        }
        let value = |(name, variable): (&Text, &Spanned<Var>)| {
            let resource = *marked.get(name).ok_or_else(|| no_resource(variable, resources))?;
            let value = FieldValue::of(resource.node(), variable.field_path());
            let value = value.ok_or_else(|| no_field(variable, resource))?;
            Ok((name.clone(), (value, variable.name.span)))
        };
        self.0.iter().map(value).collect()
    }
}

/// The values of variables, with the spans of the variables.
type Values = BTreeMap<Text, (FieldValue, Span)>;

fn places_by_name(resources: &ResMap) -> Index<Text, Vec<usize>> {
    let mut by_name: Index<Text, Vec<usize>> = Index::default();
    for (place, resource) in resources.iter().enumerate() {
        let previous = resource.names().previous.iter().map(|previous| &previous.name);
        for name in previous.chain([&resource.id().name]) {
            let places = by_name.entry(name.clone()).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }
    by_name
}

/// True if a variable refers to a resource. Without a namespace, it matches resources in all of them.
fn is_looked_at(variable: &Var, resource: &Resource) -> bool {
    let target = &variable.objref;
    let gvk = target.gvk();
    !resource.node().is_empty()
        && resource.names().previous_ids().chain([resource.id().clone()]).any(|id| {
            id.gvk == gvk
                && id.name == target.name.value
                && (target.namespace.is_empty()
                    || id.effective_namespace() == target.namespace.as_str())
        })
}

/// Replaces variables in a field: in text, in a list of texts, or in the values of a mapping.
fn replace_in(
    node: &mut Node,
    values: &Values,
    used: &mut BTreeSet<Text>,
    budget: &Budget,
) -> Result<()> {
    match node.kind() {
        Kind::Scalar => replace_text(node, values, used, budget),
        Kind::Sequence => {
            let items = node.as_sequence_mut().map(Sequence::items_mut);
            items.into_iter().flatten().try_for_each(|item| {
                if !is_text(item) {
                    return Err(no_text("an element of a list", item));
                }
                replace_text(item, values, used, budget)
            })
        }
        Kind::Mapping => {
            let entries = node.as_mapping_mut().map(Mapping::entries_mut);
            entries.into_iter().flatten().try_for_each(|(key, value)| {
                if !is_text(&key.clone().into()) {
                    return Err(no_text("a key", &key.clone().into()));
                }
                replace_text(value, values, used, budget)
            })
        }
    }
}

/// Replaces variables in text. The result is a plain string, even if the text contains no variable.
fn replace_text(
    node: &mut Node,
    values: &Values,
    used: &mut BTreeSet<Text>,
    budget: &Budget,
) -> Result<()> {
    if !is_text(node) {
        return Ok(());
    }
    let span = node.span();
    let text = node.as_text().unwrap_or_default();
    let (text, tag, span) = expand::expand(text, span, values, used, budget)?;
    *node = Node::replacing(Scalar::parsed(&text, tag, Style::Plain, span), node.share());
    Ok(())
}

fn is_text(node: &Node) -> bool {
    node.as_scalar().is_some_and(|scalar| match scalar.tag() {
        Tag::Str => true,
        Tag::None if scalar.is_untagged() => true,
        Tag::None => matches!(resolve(scalar), Ok(Value::Str(_))),
        _ => false,
    })
}

#[cold]
fn no_text(what: &str, found: &Node) -> Error {
    Error::new(Code::InvalidType, format!("{what} is no text, where variables are replaced"))
        .at(found.span())
        .help("write it in quotes")
}

#[cold]
fn ambiguous(variable: &Var, found: &[usize], resources: &ResMap) -> Error {
    let message =
        format!("the variable `{}` looks at {} resources", variable.name.as_str(), found.len());
    let error = Error::new(Code::VarAmbiguous, message).at(variable.objref.span);
    let found = found.iter().filter_map(|&place| resources.get(place));
    found
        .fold(error, |error, found| error.note(found.span(), format!("`{}` is one", found.id())))
        .help("add `namespace` to `objref`")
}

#[cold]
fn no_resource(variable: &Var, resources: &ResMap) -> Error {
    let target = &variable.objref;
    let message =
        format!("the variable `{}` looks at a resource that is not there", variable.name.as_str());
    let of_kind = resources.iter().filter(|resource| resource.kind() == &**target.kind);
    Error::new(Code::VarTargetNotFound, message)
        .at(target.name.span)
        .at(target.span)
        .label(format!("no `{}` of this name", target.gvk()))
        .did_you_mean(&target.name, of_kind.map(Resource::name))
        .help("give `apiVersion`, `kind` and `name` as the resource has them in its file")
}

#[cold]
fn no_field(variable: &Var, resource: &Resource) -> Error {
    let path = variable.field_path();
    let message =
        format!("the variable `{}` looks at a field that is not there", variable.name.as_str());
    let field = &variable.fieldref.field_path;
    let place = if field.span.is_none() { variable.name.span } else { field.span };
    let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
    let mut names = parent.split('.').filter(|name| !name.is_empty());
    let parent = names.try_fold(resource.node(), |node, name| node.get(name));
    let keys = parent.and_then(Node::as_mapping).into_iter().flat_map(|mapping| mapping.iter());
    Error::new(Code::VarFieldNotFound, message)
        .at(place)
        .label(format!("no field `{path}`"))
        .note(resource.span(), "in this resource")
        .did_you_mean(path.rsplit('.').next().unwrap_or_default(), keys.map(|(key, _)| key.text()))
        .help("write the path with points: `spec.ports[0].port`")
}
