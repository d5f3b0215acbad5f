//! Kustomizations that are made, and changed in place: `create` writes a new one, `edit` changes fields, `fix` replaces
//! deprecated ones, `vendor` copies what they fetch into the tree, and `localize` copies a kustomization with all that it
//! uses.

mod copies;
pub mod create;
pub mod fix;
pub mod kustomization;
pub mod localize;
mod proof;
pub mod vendor;
