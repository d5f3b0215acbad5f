//! The files that resources are written back to. (kyaml, `kio/pkgio_writer.go`, `kio/kioutil/kioutil.go`.)

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::annotations::{INDEX, PATH, set};
use super::exchange::{folder_of, place};
use super::meta::annotation;
use super::{Item, Output, clean, write};
use crate::error::{Code, Error, Result};
use crate::text::escape;

/// The files of resources, by their paths in the package: each goes to the file that its annotations name, and one without to
/// a new file.
///
/// # Errors
/// [`Code::InvalidPath`] for a path that leads out of the package, and those of [`write`](super::write()).
pub fn files(mut items: Vec<Item>) -> Result<BTreeMap<String, String>> {
    let mut next: BTreeMap<String, usize> = BTreeMap::new();
    for Item { root, .. } in &mut items {
        place(root, "")?;
        let path = annotation(root, PATH.internal).unwrap_or_default().to_owned();
        if let Some(index) = annotation(root, INDEX.internal) {
            let index: usize = index.parse().unwrap_or_default();
            let last = next.entry(path).or_default();
            *last = index.max(*last);
        }
    }
    let mut files: BTreeMap<String, Vec<(usize, Item)>> = BTreeMap::new();
    for mut item in items {
        let path = annotation(&item.root, PATH.internal).unwrap_or_default().to_owned();
        let known =
            annotation(&item.root, INDEX.internal).map(|index| index.parse().unwrap_or_default());
        let index: usize = match known {
            Some(index) => index,
            None => {
                let last = next.entry(path.clone()).or_default();
                let index = *last;
                *last += 1;
                [INDEX.internal, INDEX.legacy]
                    .into_iter()
                    .try_for_each(|key| set(&mut item.root, key, &index.to_string()))?;
                index
            }
        };
        if path.is_empty() || path.starts_with(['/', '\\']) || clean(path.as_ref()).contains("..") {
            let message = format!(
                "the path `{}` of a resource is not in the package",
                escape::visible(&path)
            );
            return Err(Error::new(Code::InvalidPath, message)
                .at(item.root.span())
                .help("a function sets `config.kubernetes.io/path` to a path from the folder of the package"));
        }
        files.entry(clean(path.as_ref())).or_default().push((index, item));
    }
    let text = |(path, mut items): (String, Vec<(usize, Item)>)| {
        items.sort_by_key(|(index, _)| *index);
        let items = items.into_iter().map(|(_, item)| item).collect();
        Ok((path, write(items, &Output::default())?))
    };
    files.into_iter().map(text).collect()
}

/// The paths of the files of resources.
#[must_use]
pub fn paths(items: &[Item]) -> BTreeSet<String> {
    let path = |item: &Item| annotation(&item.root, PATH.internal).map(str::to_owned);
    items.iter().filter_map(path).collect()
}

/// Sorts functions as they run: those in the deepest folders first, and those of a file in their order.
pub fn sort_functions(functions: &mut [(usize, Item)]) {
    functions.sort_by_cached_key(|(_, item)| {
        let path = annotation(&item.root, PATH.internal).unwrap_or_default();
        let index: usize = annotation(&item.root, INDEX.internal)
            .and_then(|it| it.parse().ok())
            .unwrap_or_default();
        let folder = folder_of(path);
        let depth = if folder == "." { 0 } else { folder.split('/').count() };
        (Reverse(depth), folder, path.to_owned(), index)
    });
}
