//! Charts that were pulled, in the store: each by the digest of its files, and the last one of each name and version.

#![expect(clippy::disallowed_methods, reason = "charts are written here, into their folders")]

use std::path::{Component, Path, PathBuf};

use crate::error::{Code, Error, Result};
use crate::load::{self, Chart, Digest, Store};

/// The files of a chart.
pub(super) type Files = Vec<(PathBuf, Vec<u8>)>;

/// The key of the digest of the chart that was pulled last by a name.
fn last(name: &str) -> Digest {
    Digest::of_all([&b"pulled"[..], name.as_bytes()])
}

fn key(digest: &Digest) -> Digest {
    Digest::of_all([&b"chart"[..], digest.as_bytes()])
}

/// Keeps a chart that was pulled by a name. If that fails, it is pulled again.
pub(super) fn keep(store: &Store, name: &str, chart: &Chart) {
    let digest = chart.digest();
    let is_kept = store.set_value(&key(&digest), &packed(chart)).is_ok();
    if is_kept {
        drop(store.set_value(&last(name), digest.as_bytes()));
    }
}

/// The digest of the chart that was pulled last by a name.
pub(super) fn last_digest(store: &Store, name: &str) -> Option<[u8; 32]> {
    store.value(&last(name))?.try_into().ok()
}

/// The files of the chart with this digest.
pub(super) fn find(store: &Store, digest: &[u8; 32]) -> Option<Files> {
    let digest = Digest::parse(&crate::text::hex(digest))?;
    let files = unpacked(&store.value(&key(&digest))?)?;
    let is_safe = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
    files.iter().all(|(path, _)| is_safe(path)).then_some(files)
}

/// Writes files below a folder.
///
/// # Errors
/// [`Code::WriteFailed`].
pub(super) fn write(files: &Files, folder: &Path) -> Result<()> {
    make_folder(folder)?;
    for (path, content) in files {
        let whole = folder.join(path);
        make_folder(whole.parent().unwrap_or(folder))?;
        load::write(&whole, &[content])?;
    }
    Ok(())
}

/// Makes a folder with its parents, if it is missing.
///
/// # Errors
/// [`Code::WriteFailed`].
pub(super) fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| {
        let message = format!("cannot make the folder `{}`: {error}", folder.display());
        Error::new(Code::WriteFailed, message)
    })
}

/// The files one after the other: the lengths of path and content, and these.
fn packed(chart: &Chart) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (path, file) in &chart.files {
        let (path, content) = (path.as_os_str().as_encoded_bytes(), file.bytes());
        for length in [path.len(), content.len()] {
            bytes.extend_from_slice(&(length as u64).to_le_bytes());
        }
        bytes.extend_from_slice(path);
        bytes.extend_from_slice(content);
    }
    bytes
}

/// `None` for bytes that are not [`packed`], and for names that are not UTF-8.
fn unpacked(bytes: &[u8]) -> Option<Files> {
    let (mut files, mut rest) = (Files::new(), bytes);
    let take = |rest: &mut &[u8], length: u64| {
        let (taken, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        *rest = after;
        Some(taken.to_vec())
    };
    while !rest.is_empty() {
        let mut lengths = [0; 2];
        for length in &mut lengths {
            *length = u64::from_le_bytes(take(&mut rest, 8)?.try_into().ok()?);
        }
        let path = String::from_utf8(take(&mut rest, lengths[0])?).ok()?;
        files.push((path.into(), take(&mut rest, lengths[1])?));
    }
    Some(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Loader, Memory, Options};

    #[test]
    fn charts_are_packed_whole() {
        let files = Memory::new().file("c/Chart.yaml", "name: c\n").file("c/t/a.yaml", "");
        let chart = Loader::new(files, Options::default()).chart("/c".as_ref()).unwrap();
        let bytes = packed(&chart);
        let files = unpacked(&bytes).unwrap();
        let paths: Vec<&str> = files.iter().map(|(path, _)| path.to_str().unwrap()).collect();
        assert_eq!(paths, ["Chart.yaml", "t/a.yaml"]);
        assert_eq!(files[0].1, b"name: c\n");
        assert!(
            (1..bytes.len()).all(|end| {
                unpacked(&bytes[..end]).is_none_or(|found| found.len() < files.len())
            })
        );
    }
}
