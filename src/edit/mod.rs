//! Changes of kustomizations in place: `vendor` copies what they fetch into the tree.

pub mod vendor;
