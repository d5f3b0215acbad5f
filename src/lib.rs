//! krender renders Kubernetes manifests exactly as `kustomize build` does, many times faster.

pub mod error;
pub mod source;
pub mod yaml;
