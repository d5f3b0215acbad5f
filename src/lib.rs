//! krender renders Kubernetes manifests exactly as `kustomize build` does, many times faster.

pub mod cli;
pub mod error;
pub mod source;
pub mod yaml;
