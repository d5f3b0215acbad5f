//! Kustomizations that are made, and changed in place: `create` writes a new one, `edit` changes fields, `fix` replaces
//! deprecated ones, `vendor` copies what they fetch into the tree, and `localize` copies a kustomization with all that it
//! uses. `hardening` writes the fixes of rules to manifests, patches or components.

mod copies;
pub mod create;
pub mod fix;
pub mod hardening;
pub mod kustomization;
pub mod localize;
mod proof;
pub mod vendor;
