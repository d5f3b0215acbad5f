//! `images:` and the deprecated `imageTags:`.

use serde::Deserialize;

use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// Changes name, tag or digest of a container image wherever it is used.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Image {
    /// The image to change, without a tag: a pattern.
    pub name: Spanned<Text>,
    /// The name to give it.
    pub new_name: Spanned<Text>,
    /// What to append to its tag.
    pub tag_suffix: Spanned<Text>,
    /// The tag to give it.
    pub new_tag: Spanned<Text>,
    /// The digest to give it, in place of a tag.
    pub digest: Spanned<Text>,
}

impl Image {
    /// What is to be changed: the parts that are empty stay.
    #[must_use]
    pub const fn parts(&self) -> [&Spanned<Text>; 4] {
        [&self.new_tag, &self.digest, &self.tag_suffix, &self.new_name]
    }
}
