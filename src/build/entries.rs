//! The entries of a kustomization that are paths, and the directories that they list.

use crate::config::Kustomization;
use crate::load::{Kind, Root};
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// The directories that a kustomization lists, with their entries.
pub(crate) fn directories<'k>(
    root: &Root,
    kustomization: &'k Kustomization,
) -> impl Iterator<Item = (&'k str, Root)> {
    let child =
        |(path, kind): (&'k Spanned<Text>, Kind)| Some((path.as_str(), child(root, path, kind)?));
    entries(root, kustomization).filter_map(child)
}

/// The entries of a kustomization that are paths, each with the kind of what is there.
pub(super) fn entries<'k>(
    root: &Root,
    kustomization: &'k Kustomization,
) -> impl Iterator<Item = (&'k Spanned<Text>, Kind)> {
    let Kustomization { resources, components, generators, transformers, validators, .. } =
        kustomization;
    let all = [resources, components, generators, transformers, validators].into_iter().flatten();
    // An entry with several lines is an inline configuration.
    all.filter(|path| !path.contains('\n')).map(|path| (path, root.kind_of(path)))
}

/// The directory of an entry, if it is one.
pub(super) fn child(root: &Root, path: &Spanned<Text>, kind: Kind) -> Option<Root> {
    (kind == Kind::Directory).then(|| root.child(path, path.span).ok()).flatten()
}
