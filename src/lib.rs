//! krender renders Kubernetes manifests exactly as `kustomize build` does, many times faster.

pub mod source;

pub mod error;

pub mod yaml;

pub mod schema;

pub mod resource;

pub mod config;

pub mod load;

pub mod patch;

pub mod generate;

pub mod transform;

pub mod plugin;

pub mod build;

pub mod cli;
