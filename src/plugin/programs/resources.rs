//! Resources as a plugin gets them, and those of a build after a plugin has printed its own.
//! (kustomize, `api/internal/plugins/utils/utils.go`.)

use crate::error::{Code, Error, Result};
use crate::resource::{ResMap, Resource};
use crate::schema::Schema;
use crate::yaml;

/// The resources as a stream, with bookkeeping and ids in their annotations.
///
/// # Errors
/// Those of [`Resource::for_plugin`] and [`yaml::emit`], for each resource.
pub(super) fn stream(resources: &ResMap) -> Result<String> {
    let mut text = String::new();
    for (number, resource) in resources.iter().enumerate() {
        if number > 0 {
            text.push_str("---\n");
        }
        let budget = resources.budget();
        let written =
            resource.for_plugin().and_then(|root| yaml::emit_within(&root, &mut text, &budget));
        written.map_err(|error| error.step(format!("while writing `{}`", resource.id())))?;
    }
    Ok(text)
}

/// Takes over the resources that a transformer printed: one with a known id takes the place of that, others are added at
/// the end, and those that it did not print are removed. Linear.
///
/// # Errors
/// [`Code::DuplicateId`] if it printed a resource twice, and [`Code::InvalidValue`] for one that stands for several.
pub(super) fn update(
    resources: &mut ResMap,
    printed: Vec<Resource>,
    schema: &Schema,
) -> Result<()> {
    let mut seen = ResMap::new();
    for resource in printed {
        let resource = resource.from_transformer(schema)?;
        seen.append(resource.clone())
            .map_err(|error| error.step("while reading the output of the plugin"))?;
        let mut places = resources.places(resource.id());
        let (place, another) = (places.next(), places.next());
        drop(places);
        match (place, another) {
            (Some(_), Some(_)) => return Err(ambiguous(&resource)),
            (Some(place), None) => {
                resources.change(place, |old| old.replace_document(resource)).unwrap_or_default();
            }
            (None, _) => resources.append(resource)?,
        }
    }
    let is_gone = |resource: &Resource| seen.places(resource.id()).next().is_none();
    let gone: Vec<usize> = resources
        .iter()
        .enumerate()
        .filter(|(_, resource)| is_gone(resource))
        .map(|(place, _)| place)
        .collect();
    resources.remove(&gone);
    Ok(())
}

#[cold]
fn ambiguous(resource: &Resource) -> Error {
    let message = format!(
        "the plugin printed `{}`, and the build has several resources with this id",
        resource.id()
    );
    Error::new(Code::InvalidValue, message).at(resource.span())
}
