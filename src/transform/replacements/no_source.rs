//! Errors for a source that does not select exactly one resource. They point at the wrong or missing part.

use super::index::Index;
use crate::config::SourceSelector;
use crate::error::{Code, Error};
use crate::resource::{ResId, ResMap, Resource};
use crate::source::Span;
use crate::text::phrase::listed;
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// The error for a source that matches no resource. If a resource with the name exists, the error shows which other
/// part differs.
#[cold]
pub(super) fn not_found(source: &SourceSelector, resources: &ResMap, index: &Index) -> Error {
    let error = Error::new(
        Code::ReplacementSourceNotFound,
        format!("no resource fits the source{}", described(source)),
    );
    let ids = resources.iter().flat_map(|resource| {
        [resource.id().clone(), resource.original_id()].map(|id| (resource, id))
    });
    let named = ids.filter(|(_, id)| !source.name.is_empty() && id.name == source.name.value);
    let nearest = named
        .map(|(resource, id)| (resource, wrong(source, &id)))
        .filter(|(_, wrong)| !wrong.is_empty())
        .min_by_key(|(_, wrong)| wrong.len());
    if let Some((resource, wrong)) = nearest
        && let Some((field, span, actual)) = wrong.into_iter().next()
    {
        let error = error.at(span).note(resource.span(), format!("`{}`", resource.id()));
        return error.help(match &*actual {
            "" => format!("this one has no {field}: leave it out"),
            actual => format!("this one has the {field} `{actual}`"),
        });
    }
    let error = error.at(source.name.span).did_you_mean(&source.name, index.names());
    error.help("a source is named as it is written: all of `name`, `kind` and so on must be equal, and no pattern is read")
}

/// The error for a source that matches several resources.
#[cold]
pub(super) fn ambiguous(source: &SourceSelector, found: [&Resource; 2]) -> Error {
    let error = Error::new(
        Code::ReplacementSourceAmbiguous,
        format!("several resources fit the source{}", described(source)),
    );
    let error = found
        .iter()
        .fold(error, |error, found| error.note(found.span(), format!("`{}`", found.id())));
    let [first, second] = found.map(Resource::id);
    let telling: Vec<String> = parts(source, first)
        .into_iter()
        .zip(parts(source, second))
        .filter(|(first, second)| first.1.is_empty() && first.2 != second.2)
        .map(|(first, _)| format!("`{}`", first.0))
        .collect();
    error.help(match telling.is_empty() {
        true => "one resource must be left: give one of them another name".to_owned(),
        false => format!("add {} until one resource is left", listed(telling, "or")),
    })
}

/// The parts of a source, the most significant first, with the values of a resource.
fn parts<'a>(
    source: &'a SourceSelector,
    id: &ResId,
) -> [(&'static str, &'a Spanned<Text>, Text); 5] {
    [
        ("kind", &source.kind, id.gvk.kind.clone()),
        ("name", &source.name, id.name.clone()),
        ("namespace", &source.namespace, id.namespace.clone()),
        ("group", &source.group, id.gvk.group.clone()),
        ("version", &source.version, id.gvk.version.clone()),
    ]
}

/// The parts of a source that an id does not match: the field, its span, and the value of the id.
fn wrong(source: &SourceSelector, id: &ResId) -> Vec<(&'static str, Span, Text)> {
    let differs = |(_, given, actual): &(&str, &Spanned<Text>, Text)| {
        !given.is_empty() && given.value != *actual
    };
    let wrong = parts(source, id).into_iter().filter(differs);
    wrong.map(|(field, given, actual)| (field, given.span, actual)).collect()
}

/// The parts of a source for a message, such as `kind: Secret, name: password`, in backticks and after a space.
fn described(source: &SourceSelector) -> String {
    let given = parts(source, &ResId::default())
        .into_iter()
        .filter(|(_, given, _)| !given.is_empty())
        .map(|(field, given, _)| format!("{field}: {}", given.as_str()))
        .collect::<Vec<_>>();
    if given.is_empty() { String::new() } else { format!(" `{}`", given.join(", ")) }
}
