//! Kustomizations that are made, and changed in place: `create` writes a new one, `edit` changes fields, `vendor` copies what
//! they fetch into the tree.

pub mod create;
pub mod kustomization;
pub mod vendor;
