//! Advice for misspelt behaviors of generators.

use crate::config::Kustomization;
use crate::error::{Code, Error, nearest};
use crate::resource::Behavior;

/// Points at the `behavior` of the generator that an error is about, if its value is unknown: as in kustomize, it is
/// then ignored, and the resource counts as new.
#[cold]
pub fn explain_behavior(kustomization: &Kustomization, error: Error) -> Error {
    let config_maps = kustomization.config_map_generator.iter().map(|generator| &generator.value);
    let secrets = kustomization.secret_generator.iter().map(|generator| &generator.args);
    let generator = config_maps.chain(secrets).find(|args| args.name.span == error.span());
    let Some(behavior) = generator.map(|args| &args.behavior) else { return error };
    let is_unknown = !behavior.is_empty() && Behavior::named(behavior) == Behavior::Unspecified;
    if error.code() != Code::DuplicateId || !is_unknown {
        return error;
    }
    let known = [Behavior::Create, Behavior::Merge, Behavior::Replace].map(Behavior::name);
    let told = Error::new(Code::DuplicateId, error.message())
        .at(behavior.span)
        .label("this behavior is unknown, and ignored")
        .note(error.span(), error.label_text());
    let told =
        error.notes().iter().fold(told, |told, note| told.note(note.span, note.label.clone()));
    match nearest(behavior, known) {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None => told.help(
            "write `merge` to change or add single entries, or `replace` to replace all entries",
        ),
    }
}
