//! Patterns for image names, optionally followed by a tag and a digest.

use super::wildcards::Wildcards;
use super::{Matcher, Pattern};
use crate::error::Result;
use crate::limits::Budget;

/// The tag and digest that kustomize allows after a name.
const TAG_AND_DIGEST: &str =
    "(:[a-zA-Z0-9_.{}-]*)?(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?$";

impl Pattern {
    /// The pattern for the name in an entry of `images`; a tag and a digest may follow.
    ///
    /// (kustomize, `api/internal/image/image.go`, `IsImageMatched`.)
    ///
    /// # Errors
    /// As [`Pattern::anchored`].
    pub fn image(name: &str, budget: &Budget) -> Result<Self> {
        match Wildcards::new(name).filter(Wildcards::has_one_length) {
            Some(name) => Ok(Self(Matcher::Image(name))),
            None => Self::image_slowly(name, budget),
        }
    }

    /// True if this is the pattern of an image name of plain text and dots, which match any character.
    #[must_use]
    pub const fn is_image_name(&self) -> bool {
        matches!(&self.0, Matcher::Image(_))
    }

    pub(super) fn image_slowly(name: &str, budget: &Budget) -> Result<Self> {
        let whole = format!("^{name}{TAG_AND_DIGEST}");
        Self::compile(&whole, &whole, budget)
    }
}

/// True if [`TAG_AND_DIGEST`] matches a text.
pub(super) fn is_tag_and_digest(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_.{}-".contains(&byte);
    let behind_tag = match text.strip_prefix(':') {
        Some(tag) => &tag[tag.bytes().take_while(|&byte| is_part(byte)).count()..],
        None => text,
    };
    let Some(digest) = behind_tag.strip_prefix('@') else { return behind_tag.is_empty() };
    let Some((algorithm, value)) = digest.split_once(':') else { return false };
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    algorithm.split(['.', '+', '_', '-']).all(is_word) && value.bytes().all(is_part)
}
