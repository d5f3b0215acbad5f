//! The proof that a target renders as before.

use crate::error::Result;
use crate::load::Digest;
use crate::resource::{ORIGIN, ResMap, TRANSFORMATIONS};
use crate::yaml;

/// Digests of a rendered target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    whole: Digest,
    /// Without annotations of origins, which name repositories and paths.
    without_origins: Digest,
}

/// The result of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Same {
    /// Every byte is the same.
    Whole,
    /// Only annotations of origins differ.
    ButOrigins,
    /// Something else differs.
    No,
}

impl Proof {
    /// The proof for rendered resources.
    ///
    /// # Errors
    /// Those of writing YAML.
    pub fn of(resources: &ResMap) -> Result<Self> {
        let whole = resources.to_yaml()?;
        let mut text = String::new();
        for resource in resources {
            let mut node = resource.node().clone();
            if let Some(metadata) = node.get_mut("metadata").and_then(|it| it.as_mapping_mut())
                && let Some(annotations) =
                    metadata.get_mut("annotations").and_then(|it| it.as_mapping_mut())
            {
                let was_empty = annotations.is_empty();
                for key in [ORIGIN, TRANSFORMATIONS] {
                    annotations.remove(key);
                }
                if !was_empty && annotations.is_empty() {
                    metadata.remove("annotations");
                }
            }
            text.push_str("---\n");
            yaml::emit(&node, &mut text)?;
        }
        Ok(Self { whole: Digest::of(whole), without_origins: Digest::of(text) })
    }

    /// Compares it with another one.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Same {
        if self.whole == other.whole {
            Same::Whole
        } else if self.without_origins == other.without_origins {
            Same::ButOrigins
        } else {
            Same::No
        }
    }
}
