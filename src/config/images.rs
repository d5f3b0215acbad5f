//! `images:` and the deprecated `imageTags:`.

use serde::Deserialize;

use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// A change of name, tag or digest of all uses of a container image.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Image {
    /// Pattern for the name of the image, without a tag.
    pub name: Spanned<Text>,
    /// New name.
    pub new_name: Spanned<Text>,
    /// Suffix to append to the tag.
    pub tag_suffix: Spanned<Text>,
    /// New tag.
    pub new_tag: Spanned<Text>,
    /// New digest, in place of a tag.
    pub digest: Spanned<Text>,
}

impl Image {
    /// The new values: empty ones leave the old value.
    #[must_use]
    pub const fn parts(&self) -> [&Spanned<Text>; 4] {
        [&self.new_tag, &self.digest, &self.tag_suffix, &self.new_name]
    }
}
