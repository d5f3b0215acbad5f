//! Where the output of a build goes: files and folders.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::{
    error::{Code, Error, Result},
    load,
    resource::{ResMap, Resource},
    yaml,
};

/// The files or folders of many targets: below one folder, each where its directory stands in the tree.
pub(super) struct Layout {
    places: Vec<PathBuf>,
    split: bool,
}

impl Layout {
    /// Targets are taken from `working_directory`, and their places from `top`: `clusters/prod` goes to `prod.yaml`
    /// when `clusters` is the top. What stands elsewhere goes by its whole path. With `split`, a target has a folder
    /// with a file per resource.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] when two targets would go to one place.
    pub(super) fn new(
        folder: &Path,
        targets: &[String],
        working_directory: &Path,
        top: &Path,
        split: bool,
    ) -> Result<Self> {
        let mut taken = BTreeMap::new();
        let mut places = Vec::with_capacity(targets.len());
        for target in targets {
            let whole = load::join(working_directory, Path::new(target));
            let place = folder.join(below(top, &whole, split));
            if let Some(other) = taken.insert(place.clone(), target) {
                let message =
                    format!("`{other}` and `{target}` would both go to `{}`", place.display());
                return Err(Error::new(Code::InvalidArgument, message)
                    .help("build one of them in a run of its own"));
            }
            places.push(place);
        }
        Ok(Self { places, split })
    }

    /// Writes the texts that a target came to.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub(super) fn write(&self, number: usize, texts: &[(String, String)]) -> Result<()> {
        let place = &self.places[number];
        if self.split {
            return write_each(place, texts);
        }
        if let Some(folder) = place.parent() {
            load::make_folder(folder)?;
        }
        texts.iter().try_for_each(|(_, text)| load::write(place, text.as_bytes()))
    }
}

/// The way to a target's place. The top itself goes by its name: `shop.yaml`.
fn below(top: &Path, whole: &Path, split: bool) -> PathBuf {
    let relative = whole.strip_prefix(top).or_else(|_| whole.strip_prefix("/")).unwrap_or(whole);
    if split {
        return relative.to_path_buf();
    }
    let unnamed = std::ffi::OsStr::new("root");
    let mut name = whole.file_name().unwrap_or(unnamed).to_os_string();
    // Not the extension: `v1.2` is a whole name.
    name.push(".yaml");
    relative.parent().map_or_else(|| PathBuf::from(&name), |folder| folder.join(&name))
}

/// The texts that resources are written as: with `split` one per resource, named by type, name and, where there are
/// several, namespace; else one without a name.
///
/// # Errors
/// [`Code::InvalidPath`] for a name that makes no file name, and what has no form in YAML.
pub(super) fn texts(resources: &ResMap, split: bool) -> Result<Vec<(String, String)>> {
    fn namespace(resource: &Resource) -> Option<&str> {
        let id = resource.id();
        (!id.cluster_scoped).then(|| id.effective_namespace())
    }
    if !split {
        return Ok(vec![(String::new(), resources.to_yaml()?)]);
    }
    let namespaces: BTreeSet<&str> = resources.iter().filter_map(namespace).collect();
    let file = |resource| {
        let name = file_name(resource, namespace(resource).filter(|_| namespaces.len() > 1))?;
        let mut text = String::new();
        yaml::emit(resource.node(), &mut text)
            .map_err(|error| error.step(format!("while writing `{}`", resource.id())))?;
        Ok((name, text))
    };
    resources.iter().map(file).collect()
}

fn file_name(resource: &Resource, prefix: Option<&str>) -> Result<String> {
    let id = resource.id();
    let parts =
        [&id.gvk.group, &id.gvk.version, &id.gvk.kind].into_iter().filter(|part| !part.is_empty());
    let parts = prefix
        .into_iter()
        .chain(parts.chain([&id.name]).map(|part| part.as_str()))
        .map(str::to_lowercase);
    let name = parts.collect::<Vec<_>>().join("_") + ".yaml";
    if name.contains(std::path::is_separator) {
        return Err(Error::new(Code::InvalidPath, format!("{id} makes no file name: `{name}`"))
            .at(resource.span())
            .help("write to a file instead, or to standard output"));
    }
    Ok(name)
}

/// Writes a file for each text, and makes the folder where it is not there. Files that are there already are replaced
/// or stay.
///
/// # Errors
/// [`Code::WriteFailed`].
pub(super) fn write_each(folder: &Path, texts: &[(String, String)]) -> Result<()> {
    load::make_folder(folder)?;
    texts.iter().try_for_each(|(name, text)| load::write(&folder.join(name), text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(targets: &[&str], top: &str, split: bool) -> Result<Vec<String>> {
        let targets: Vec<String> = targets.iter().map(|target| (*target).to_owned()).collect();
        let layout =
            Layout::new(Path::new("out"), &targets, Path::new("/site"), Path::new(top), split)?;
        Ok(layout.places.iter().map(|place| place.display().to_string()).collect())
    }

    #[test]
    fn a_target_goes_where_it_stands_in_the_tree() {
        assert_eq!(
            places(&["a", "./b/../c/v1.2/", "../else", "."], "/site", false).unwrap(),
            ["out/a.yaml", "out/c/v1.2.yaml", "out/else.yaml", "out/site.yaml"]
        );
        assert_eq!(
            places(&["clusters", "clusters/a", "clusters/b/c"], "/site/clusters", false).unwrap(),
            ["out/clusters.yaml", "out/a.yaml", "out/b/c.yaml"]
        );
        assert_eq!(places(&[".", "a/b"], "/site", true).unwrap(), ["out/", "out/a/b"]);
        assert_eq!(places(&["/"], "/", false).unwrap(), ["out/root.yaml"]);
    }

    #[test]
    fn two_targets_do_not_go_to_one_place() {
        let error =
            places(&["clusters", "clusters/clusters"], "/site/clusters", false).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(places(&["clusters", "clusters/clusters"], "/site/clusters", true).is_ok());
    }
}
