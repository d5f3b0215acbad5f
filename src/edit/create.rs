//! A new kustomization: its text, and the resources that are there to be listed in it.

use std::collections::BTreeMap;
use std::path::Path;

use super::kustomization::pair;
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::load::{Entry, KUSTOMIZATION_FILES, Kind, Loader, is_remote};
use crate::schema::Schema;
use crate::source::Span;
use crate::text::escape;
use crate::yaml::{Node, Scalar, emit};

/// The fields of a new kustomization. Those that are empty are not written.
#[derive(Debug, Default)]
pub struct NewKustomization {
    /// Paths and URLs, in this order.
    pub resources: Vec<String>,
    /// The prefix of names.
    pub name_prefix: String,
    /// The suffix of names.
    pub name_suffix: String,
    /// The namespace of resources.
    pub namespace: String,
    /// Labels, also of selectors.
    pub common_labels: BTreeMap<String, String>,
    /// Annotations.
    pub common_annotations: BTreeMap<String, String>,
}

impl NewKustomization {
    /// The text, in the order of fields of `kustomize create`.
    ///
    /// # Errors
    /// [`Code::UnrepresentableValue`] for characters that YAML does not allow.
    pub fn text(&self) -> Result<String> {
        let text = |text: &str| Node::from(Scalar::string(text, Span::NONE));
        let key = |key: &str| Scalar::string(key, Span::NONE);
        let pairs = |pairs: &BTreeMap<String, String>| {
            let entries = pairs.iter().map(|(name, value)| (key(name), text(value)));
            Node::mapping(entries.collect(), Span::NONE)
        };
        let resources = self.resources.iter().map(|path| text(path)).collect();
        let fields = [
            ("resources", Node::sequence(resources, Span::NONE)),
            ("namePrefix", text(&self.name_prefix)),
            ("nameSuffix", text(&self.name_suffix)),
            ("namespace", text(&self.namespace)),
            ("commonLabels", pairs(&self.common_labels)),
            ("commonAnnotations", pairs(&self.common_annotations)),
        ];
        let mut out =
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n".to_owned();
        for (name, value) in fields {
            if value.is_empty() || value.as_text() == Some("") {
                continue;
            }
            let field = Node::mapping(vec![(key(name), value)], Span::NONE);
            emit(&field, &mut out)
                .map_err(|error| error.step(format!("while writing `{name}`")))?;
        }
        Ok(out)
    }
}

/// Reads `key:value,key:value`. A key without a colon has an empty value, quotes around a value are left out, and the last
/// value of a key counts.
///
/// # Errors
/// [`Code::InvalidArgument`] for a value without a key. `what` is the thing that a pair is, such as a label.
pub fn pairs(text: &str, what: &str) -> Result<BTreeMap<String, String>> {
    text.split(',').filter(|_| !text.is_empty()).map(|text| pair(text, what)).collect()
}

/// The paths that patterns for resources stand for, in order: files and directories, and URLs as they are.
///
/// # Errors
/// Those of [`Loader::glob`], and for a pattern without a match those of reading it as an entry of `resources`: it may be a
/// URL.
pub fn named(loader: &Loader, patterns: &[&str]) -> Result<Vec<String>> {
    let mut resources = Vec::new();
    for pattern in patterns {
        let found = loader.glob(pattern)?;
        let has_pattern = pattern.contains(['*', '?', '[']) && !is_remote(pattern);
        if found.is_empty() && has_pattern {
            let message = format!("no file or directory matches `{}`", escape::visible(pattern));
            return Err(Error::new(Code::FileNotFound, message)
                .help("hidden names match a pattern with a dot, such as `.*`"));
        }
        if found.is_empty() {
            match loader.root(".")?.entry(pattern, Span::NONE)? {
                Entry::File(_) | Entry::Directory(_) => resources.push((*pattern).to_owned()),
            }
        }
        resources.extend(found);
    }
    Ok(resources)
}

/// The resources of a directory.
#[derive(Debug, Default)]
pub struct Detected {
    /// Paths of files with resources, and of directories with a kustomization, in the order of their names.
    pub resources: Vec<String>,
    /// Entries that were not read, each with the reason.
    pub skipped: Vec<Error>,
}

/// Searches the working directory for resources: files of any name whose documents are all resources, and with
/// `is_recursive` also directories. A directory with a kustomization is one resource, and is not entered; neither is
/// `.git`. Links that lead out of the directory and links to directories are skipped.
///
/// # Errors
/// Those of reading, and [`Code::LimitExceeded`].
pub fn detected(loader: &Loader, is_recursive: bool) -> Result<Detected> {
    let top = loader.root(".")?.path().to_path_buf();
    let mut found = Detected::default();
    loader.visit(&top, |below, kind| {
        let is_directory = kind == Kind::Directory;
        if is_directory && (!is_recursive || below.file_name().is_some_and(|name| name == ".git")) {
            return Ok(false);
        }
        let Some(path) = below.to_str() else {
            let shown = escape::file_name(below.as_os_str());
            let message = format!("the path `{shown}` is not UTF-8");
            found.skipped.push(Error::new(Code::InvalidPath, message));
            return Ok(is_directory);
        };
        if !is_directory {
            match has_resources(loader, path) {
                Ok(true) => found.resources.push(path.to_owned()),
                Ok(false) => {}
                Err(error) if error.is_spent() || error.code() == Code::ReadFailed => {
                    return Err(error);
                }
                Err(error) => found.skipped.push(error),
            }
            return Ok(false);
        }
        let is_kustomization = KUSTOMIZATION_FILES.iter().any(|name| has(loader, below, name));
        if is_kustomization {
            found.resources.push(path.to_owned());
        }
        Ok(!is_kustomization)
    })?;
    Ok(found)
}

/// True if a directory has an entry of this name.
fn has(loader: &Loader, directory: &Path, name: &str) -> bool {
    directory.join(name).to_str().is_some_and(|path| loader.kind(path) != Kind::Missing)
}

/// True if all documents of a file are resources, or if it has none.
///
/// # Errors
/// Those of [`Loader::file_below`].
fn has_resources(loader: &Loader, path: &str) -> Result<bool> {
    let file = loader.file_below(".", path)?;
    match file.resources(&Budget::new(loader.limits()), &Schema::default()) {
        Ok(_) => Ok(true),
        Err(error) if error.is_spent() => Err(error),
        Err(_) => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Memory, Options};

    #[test]
    fn fields_are_written_in_their_order() {
        let kustomization = NewKustomization {
            resources: ["a.yaml", "no"].map(str::to_owned).to_vec(),
            name_suffix: "-1".to_owned(),
            namespace: "n".to_owned(),
            common_labels: pairs("a:1,b:true,c", "label").unwrap(),
            ..NewKustomization::default()
        };
        assert_eq!(
            kustomization.text().unwrap(),
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- a.yaml\n- \"no\"\n\
             nameSuffix: \"-1\"\nnamespace: \"n\"\ncommonLabels:\n  a: \"1\"\n  b: \"true\"\n  c: \"\"\n"
        );
    }

    #[test]
    fn pairs_are_read_as_kustomize_reads_them() {
        let read = |text: &str| {
            pairs(text, "label").map(|pairs| {
                pairs
                    .iter()
                    .map(|(key, value)| format!("{key}={value}"))
                    .collect::<Vec<_>>()
                    .join(" ")
            })
        };
        for (text, expected) in [
            ("", ""),
            ("a:b,c:d", "a=b c=d"),
            ("u:http://x/y:z", "u=http://x/y:z"),
            ("a:\"b c\"", "a=b c"),
            ("a:\"", "a=\""),
            ("a:\"b,c\"", "a=\"b c\"="),
            ("a:,b", "a= b="),
            ("a:1,a:2", "a=2"),
            ("a,,b", "= a= b="),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        assert_eq!(read("a:b,:c").unwrap_err().code(), Code::InvalidArgument);
    }

    #[test]
    fn resources_are_found_by_their_content() {
        let service = "kind: Service\nmetadata: {name: a}\n";
        let files = Memory::new()
            .file("a", service)
            .file(".b", service)
            .file("empty.txt", "")
            .file("values.yaml", "replicas: 1\n")
            .file("binary", b"\xff\xfe\xff")
            .file("sub/c.yaml", service)
            .file("base/kustomization.yml", "")
            .file("base/d.yaml", service)
            .file(".git/e.yaml", service)
            .link("f.yaml", "sub/c.yaml")
            .link("g.yaml", "../out.yaml")
            .link("h", "sub");
        let loader = Loader::new(files, Options::default());
        let mut found = detected(&loader, true).unwrap();
        assert_eq!(found.resources, [".b", "a", "base", "empty.txt", "f.yaml", "sub/c.yaml"]);
        assert_eq!(found.skipped.len(), 2, "{:?}", found.skipped);
        found = detected(&loader, false).unwrap();
        assert_eq!(found.resources, [".b", "a", "empty.txt", "f.yaml"]);
    }
}
