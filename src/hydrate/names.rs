//! Names of files for objects, and paths that may be written.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use crate::error::{Code, Error, Result};
use crate::resource::ResId;
use crate::text::{escape, hex};

/// Length to which a name is cut, in bytes, before a hash of the whole one. File systems allow 255.
const LONGEST: usize = 200;

/// Names of the files of one target: `namespace_group_kind_name.yaml`, without parts that are empty.
///
/// Two objects never share a file, also on file systems that ignore case: `a-z`, `0-9`, `-` and `.` are written as they
/// are, and any other byte of a part as `%` with two digits. A kind is in lower case.
#[derive(Debug, Default)]
pub struct FileNames(BTreeSet<String>);

impl FileNames {
    /// The file name of the next object. If an earlier one has it, as only objects without a name can, a number follows.
    pub fn next(&mut self, id: &ResId) -> String {
        let namespace = if id.cluster_scoped { "" } else { id.namespace.as_str() };
        let kind = id.gvk.kind.to_lowercase();
        let parts = [namespace, &id.gvk.group, &kind, &id.name];
        let parts = parts.into_iter().filter(|part| !part.is_empty()).map(escaped);
        let stem = shortened(parts.collect::<Vec<_>>().join("_"));
        let mut name = format!("{stem}.yaml");
        let mut number = 2_usize;
        while !self.0.insert(name.clone()) {
            name = format!("{stem}-{number}.yaml");
            number += 1;
        }
        name
    }
}

/// A part of a name. `_` separates parts, and `%` begins an escape, so that both are escaped; so is a dot at the start,
/// which would make a hidden file.
fn escaped(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    for (place, byte) in part.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' => out.push(char::from(byte)),
            b'.' if place > 0 => out.push('.'),
            _ => out.extend(["%", &hex(&[byte])]),
        }
    }
    out
}

/// Cuts a long name, and adds a hash of the whole one.
fn shortened(mut stem: String) -> String {
    if stem.len() > LONGEST {
        let hash = hex(&Sha256::digest(&stem)[..8]);
        // All characters are ASCII.
        stem.truncate(LONGEST);
        stem.extend(["-", &hash]);
    }
    stem
}

/// Refuses a path that is not plainly below a folder: absolute, with `..`, with an empty part, with an invisible character, or through a folder of git under any name by which a file system knows it.
///
/// # Errors
/// [`Code::InvalidPath`].
pub fn check_path(path: &str) -> Result<()> {
    let is_plain = |part: &str| {
        !matches!(part, "" | "." | "..") && !part.contains('\\') && !is_git_folder(part)
    };
    if path.split('/').all(is_plain) && !path.contains(escape::is_invisible) {
        return Ok(());
    }
    let message = format!("`{}` is no path for rendered files", escape::visible(path));
    Err(Error::new(Code::InvalidPath, message)
        .help("use plain names: no `..`, no `.git`, no backslash, no invisible character"))
}

/// True for `.git`, and for other names of it: file systems may ignore case, or dots and blanks at the end, have short
/// names, or name streams of a folder behind a colon.
#[must_use]
pub fn is_git_folder(part: &str) -> bool {
    let name = part.split(':').next().unwrap_or_default();
    let name = name.trim_end_matches(['.', ' ']).to_lowercase();
    name == ".git" || name == "git~1"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Gvk, Schema};

    fn id(group: &str, kind: &str, namespace: &str, name: &str) -> ResId {
        let gvk = Gvk { group: group.into(), version: "v1".into(), kind: kind.into() };
        ResId::new(gvk, name.into(), namespace.into(), &Schema::built_in())
    }

    fn name(group: &str, kind: &str, namespace: &str, name: &str) -> String {
        FileNames::default().next(&id(group, kind, namespace, name))
    }

    #[test]
    fn files_are_named_after_objects() {
        assert_eq!(name("apps", "Deployment", "shop", "web"), "shop_apps_deployment_web.yaml");
        assert_eq!(name("", "Service", "", "web"), "service_web.yaml");
        assert_eq!(name("", "Namespace", "ignored", "shop"), "namespace_shop.yaml");
        assert_eq!(
            name("rbac.authorization.k8s.io", "ClusterRole", "", "system:Node_x"),
            "rbac.authorization.k8s.io_clusterrole_system%3a%4eode%5fx.yaml"
        );
    }

    #[test]
    fn hostile_names_stay_file_names() {
        let long = "x".repeat(10_000);
        for part in
            ["../../etc/passwd", "..", ".", ".git", "a/b", "a\0b\n", "\u{202e}x", "ÄÖ", &long]
        {
            for id in [id("", "Pod", "", part), id(part, "Pod", part, "x"), id("", part, "", "")] {
                let name = FileNames::default().next(&id);
                let is_plain =
                    |byte: u8| byte.is_ascii_lowercase() || b"0123456789-._%".contains(&byte);
                assert!(name.bytes().all(is_plain) && !name.starts_with('.'), "{name}");
                assert!(name.len() < 240 && check_path(&name).is_ok(), "{name}");
            }
        }
    }

    #[test]
    fn different_objects_have_different_files() {
        let mut names = FileNames::default();
        let long = "x".repeat(500);
        let mut all: Vec<String> = [
            id("", "Pod", "", "a"),
            id("", "Pod", "", "A"),
            id("", "Pod", "", "%41"),
            id("", "Pod", "a", "b"),
            id("", "Pod", "", "a_b"),
            id("", "pod", "", "a"),
            id("", "Pod", "", ""),
            id("", "Pod", "", ""),
            id("", "Pod", "", &format!("{long}a")),
            id("", "Pod", "", &format!("{long}b")),
        ]
        .iter()
        .map(|id| names.next(id))
        .collect();
        let count = all.len();
        all.sort();
        all.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
        assert_eq!(all.len(), count, "{all:?}");
    }

    #[test]
    fn only_plain_paths_are_written() {
        for path in
            ["a", "overlays/prod/manifest.yaml", "a b/ä", ".gitlab/x", ".github", "git", "us:east"]
        {
            assert!(check_path(path).is_ok(), "{path}");
        }
        for path in [
            "",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "a/../b",
            "./a",
            ".git",
            "a/.GIT/hooks",
            ".git./x",
            ".git /x",
            "GIT~1/x",
            ".g\u{200c}it/x",
            "a\\b",
            "a\nb",
            "a\tb",
            ".git::$INDEX_ALLOCATION/x",
            "\u{202e}",
        ] {
            assert_eq!(check_path(path).unwrap_err().code(), Code::InvalidPath, "{path:?}");
        }
    }
}
