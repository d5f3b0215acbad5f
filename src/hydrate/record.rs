//! The record of owned files: which files krender has written in a branch or a folder, for which target, and with which
//! content.

use std::collections::BTreeMap;

use crate::error::{Code, Error, Result};
use crate::load::git::Id;

use super::names::check_path;

/// Name of the file with the record, in the folder that it is about.
pub const RECORD: &str = ".krender-hydrate";

/// First line of a record. Its number changes with the format.
const HEAD: &str = "# krender hydrate 1: the files that it owns here, with their ids and targets. Other files are never changed.";

/// The part of the first line that states the format.
const FORMAT: &str = "# krender hydrate 1:";

/// The files that krender owns, by their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record(pub BTreeMap<String, Owned>);

/// An owned file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// The target that it was rendered from: its path from the top of the source repository.
    pub target: String,
    /// The id that git gives to its content.
    pub id: Id,
}

impl Record {
    /// Reads a record.
    ///
    /// # Errors
    /// [`Code::ReadFailed`] for a text that krender did not write: files that it lists would be replaced and removed.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|_| broken("it is not UTF-8"))?;
        let mut lines = text.lines();
        let head = lines.next().unwrap_or_default();
        if !head.starts_with(FORMAT) {
            return Err(broken("its first line is not that of this version of krender"));
        }
        let line = |line: &str| {
            let mut parts = line.split('\t');
            let parts = [parts.next(), parts.next(), parts.next(), parts.next()];
            let [Some(id), Some(target), Some(path), None] = parts else { return None };
            let id = Id::parse(id.as_bytes())?;
            (target.is_empty() || check_path(target).is_ok()).then_some(())?;
            check_path(path).ok()?;
            Some((path.to_owned(), Owned { target: target.to_owned(), id }))
        };
        let files = lines.enumerate().map(|(number, text)| {
            line(text).ok_or_else(|| broken(&format!("line {} is not of a file", number + 2)))
        });
        files.collect::<Result<_>>().map(Self)
    }

    /// The text of the record.
    #[must_use]
    pub fn write(&self) -> String {
        let mut text = format!("{HEAD}\n");
        for (path, Owned { target, id }) in &self.0 {
            text.extend([&id.to_string(), "\t", target, "\t", path, "\n"]);
        }
        text
    }
}

#[cold]
fn broken(why: &str) -> Error {
    Error::new(Code::ReadFailed, format!("cannot read `{RECORD}`: {why}")).help(
        "it lists the files that `krender hydrate` may replace and remove: restore it, or remove it and add `--adopt`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let owned = |target: &str| Owned {
            target: target.to_owned(),
            id: Id::parse(ID.as_bytes()).unwrap(),
        };
        let files = [("a/manifest.yaml", "apps/a"), ("manifest.yaml", "")];
        let record = Record(files.map(|(path, target)| (path.to_owned(), owned(target))).into());
        let text = record.write();
        assert_eq!(text, format!("{HEAD}\n{ID}\tapps/a\ta/manifest.yaml\n{ID}\t\tmanifest.yaml\n"));
        assert_eq!(Record::parse(text.as_bytes()).unwrap(), record);
        assert_eq!(Record::parse(Record::default().write().as_bytes()).unwrap(), Record::default());
    }

    #[test]
    fn a_record_of_others_is_refused() {
        for line in [
            format!("{ID}\ta\t../x"),
            format!("{ID}\ta\t/x"),
            format!("{ID}\ta\t.git/hooks/x"),
            format!("{ID}\t..\tx"),
            format!("{ID}\ta"),
            format!("{ID}\ta\tx\ty"),
            "1234\ta\tx".to_owned(),
            String::new(),
        ] {
            let error = Record::parse(format!("{HEAD}\n{line}\n").as_bytes()).unwrap_err();
            assert!(error.message().contains("line 2"), "{line}: {error}");
        }
        for text in [&b""[..], b"x\n", b"# krender hydrate 2: more\n", b"\xff"] {
            assert_eq!(Record::parse(text).unwrap_err().code(), Code::ReadFailed);
        }
    }
}
