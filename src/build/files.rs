//! Reads the resources of files that kustomizations list.

use super::account::Account;
use crate::error::{Code, Error, Result};
use crate::load::{File, KUSTOMIZATION_FILES, Root};
use crate::resource::ResMap;
use crate::schema::Schema;

/// The resources of a file in an entry.
pub(super) fn read(
    file: &File,
    path: &str,
    account: Option<&Account>,
    schema: &Schema,
    root: &Root,
) -> Result<ResMap> {
    let resources = file.resources(root.budget(), schema);
    let mut resources = resources.map_err(|error| kustomization_listed(path, error))?.into();
    if let Some(account) = account {
        account.annotate(path, &mut resources, schema, root)?;
    }
    Ok(resources)
}

/// Improves the error for a kustomization file that is listed under `resources`.
#[cold]
fn kustomization_listed(path: &str, error: Error) -> Error {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_missing =
        matches!(error.code(), Code::NotAResource | Code::MissingKind | Code::MissingName);
    match KUSTOMIZATION_FILES.contains(&name) && is_missing {
        true if directory.is_empty() => {
            error.without_help().help("this is the kustomization itself: remove the entry")
        }
        true => error.without_help().help(format!(
            "a kustomization is no resource: list its directory, `{directory}`, not the file"
        )),
        false => error,
    }
}
