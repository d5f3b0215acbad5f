//! Resources: the document of an object, its id and its bookkeeping; and the ordered resources of a build.

mod absorb;
mod bookkeeping;
mod exchange;
mod id;
mod ids;
mod image;
mod list;
mod metadata;
mod names;
mod origin;
mod output;
mod pattern;
mod quantity;
mod read;
mod resmap;
#[expect(clippy::module_inception, reason = "the layer is named for the type it is about")]
mod resource;
#[cfg(test)]
pub(crate) mod sample;
pub mod secret;
mod selector;
mod settle;
mod ties;
mod unique;
mod valid;

pub use crate::index::{Hashes, Index};
pub use absorb::Absorber;
pub use bookkeeping::is_bookkeeping;
pub use id::{CLUSTER, DEFAULT_NAMESPACE, ResId};
pub use image::ImageReference;
pub use names::{Names, PreviousId};
pub use origin::{ConfiguredBy, ORIGIN, Origin, TRANSFORMATIONS, Transformations};
pub use pattern::Pattern;
pub use quantity::Quantity;
pub use read::resources as read;
pub use resmap::ResMap;
pub use resource::{Behavior, Kept, Resource};
pub use selector::LabelSelector;
pub use ties::{Rewritten, Ties};
pub use unique::{TWICE, Unique, check_ids};
pub use valid::validate;
