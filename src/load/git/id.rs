//! Ids of git objects.

use std::fmt;

use crate::text::hex;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

/// The id of a git object: the hash of its kind, its length and its content.
///
/// A file of a working tree whose hash is not computed yet has a [provisional](Id::provisional) id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    bytes: [u8; 32],
    form: IdForm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum IdForm {
    Sha1,
    Sha256,
    Provisional,
}

/// The kind of a git object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// A commit.
    Commit,
    /// A directory.
    Tree,
    /// The content of a file, or the path that a link leads to.
    Blob,
    /// An annotated tag.
    Tag,
}

impl ObjectKind {
    /// Parses git's word for the kind.
    #[must_use]
    pub fn parse(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"commit" => Self::Commit,
            b"tree" => Self::Tree,
            b"blob" => Self::Blob,
            b"tag" => Self::Tag,
            _ => return None,
        })
    }

    /// Git's word for the kind.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }
}

impl Id {
    /// The id with these bytes: 20 for SHA-1, 32 for SHA-256.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let form = match bytes.len() {
            20 => IdForm::Sha1,
            32 => IdForm::Sha256,
            _ => return None,
        };
        let mut id = Self { bytes: [0; 32], form };
        id.bytes[..bytes.len()].copy_from_slice(bytes);
        Some(id)
    }

    /// Parses an id written in hexadecimal digits.
    #[must_use]
    pub fn parse(digits: &[u8]) -> Option<Self> {
        let value = |digit: u8| char::from(digit).to_digit(16);
        let mut bytes = [0; 32];
        let bytes = bytes.get_mut(..digits.len() / 2)?;
        let (pairs, []) = digits.as_chunks::<2>() else { return None };
        for (byte, &[high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = u8::try_from(value(high)? << 4 | value(low)?).ok()?;
        }
        Self::from_bytes(bytes)
    }

    /// A placeholder. It differs from the ids of objects and from placeholders with another number.
    #[must_use]
    pub fn provisional(number: u64) -> Self {
        let mut id = Self { bytes: [0; 32], form: IdForm::Provisional };
        id.bytes[..8].copy_from_slice(&number.to_be_bytes());
        id
    }

    /// The number of a placeholder.
    #[must_use]
    pub fn provisional_number(&self) -> Option<u64> {
        let (number, _) = self.bytes.split_first_chunk()?;
        (self.form == IdForm::Provisional).then(|| u64::from_be_bytes(*number))
    }

    /// The bytes of the hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length()]
    }

    /// The length in bytes of the ids of this repository.
    #[must_use]
    pub const fn length(&self) -> usize {
        match self.form {
            IdForm::Sha1 => 20,
            IdForm::Sha256 => 32,
            IdForm::Provisional => 8,
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex(self.as_bytes()))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

/// Computes the id of an object whose content arrives in pieces.
pub struct IdHasher(Hash);

enum Hash {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl IdHasher {
    /// The hash for a repository whose ids have `length` bytes: SHA-1 for 20, SHA-256 for 32. The object has `size`
    /// bytes.
    #[must_use]
    pub fn new(length: usize, kind: ObjectKind, size: u64) -> Self {
        let mut hasher = Self(match length {
            32 => Hash::Sha256(Sha256::new()),
            _ => Hash::Sha1(Sha1::new()),
        });
        hasher.update(format!("{} {size}\0", kind.name()).as_bytes());
        hasher
    }

    /// Adds the next piece of the content.
    pub fn update(&mut self, piece: &[u8]) {
        match &mut self.0 {
            Hash::Sha1(hash) => hash.update(piece),
            Hash::Sha256(hash) => hash.update(piece),
        }
    }

    /// The id of the object.
    #[must_use]
    pub fn finish(self) -> Id {
        let mut id = Id { bytes: [0; 32], form: IdForm::Sha256 };
        match self.0 {
            Hash::Sha1(hash) => {
                id.form = IdForm::Sha1;
                id.bytes[..20].copy_from_slice(&hash.finalize());
            }
            Hash::Sha256(hash) => id.bytes.copy_from_slice(&hash.finalize()),
        }
        id
    }

    /// The id of an object with this content.
    #[must_use]
    pub fn hash(length: usize, kind: ObjectKind, content: &[u8]) -> Id {
        let mut hasher = Self::new(length, kind, content.len() as u64);
        hasher.update(content);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_git() {
        let id = IdHasher::hash(20, ObjectKind::Blob, b"");
        assert_eq!(id.to_string(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(Id::parse(id.to_string().as_bytes()), Some(id));
        let id = IdHasher::hash(32, ObjectKind::Blob, b"");
        assert_eq!(
            id.to_string(),
            "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"
        );
        assert_eq!(Id::parse(id.to_string().as_bytes()), Some(id));
    }

    #[test]
    fn text_that_is_no_id_is_refused() {
        let long = "a".repeat(66);
        for text in ["", "a", "main", "+1", &"g".repeat(40), &"a".repeat(41), &long] {
            assert_eq!(Id::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn placeholders_equal_no_id() {
        assert_ne!(Id::provisional(0), Id::from_bytes(&[0; 20]).unwrap());
        assert_ne!(Id::provisional(1), Id::provisional(2));
        assert_eq!(Id::provisional(7).provisional_number(), Some(7));
        assert_eq!(Id::from_bytes(&[0; 20]).unwrap().provisional_number(), None);
    }
}
