//! krender renders Kubernetes manifests exactly as `kustomize build` does, many times faster.
//!
//! # Data flow of a build
//!
//! A [`load::Loader`] reads the files of a target, each once. [`yaml`] parses them to documents, in which every node
//! has the span of its text. [`config`] interprets documents that are kustomizations, and [`resource`] those that are
//! Kubernetes objects, using the [`schema`] of their kinds. [`build`](mod@build) converts a directory to a
//! [`resource::ResMap`]: it accumulates bases, runs the generators ([`generate`]) and transformers ([`transform`],
//! [`patch`], [`plugin`]), and finally updates name references and sorts. [`harden`] checks the result against rules,
//! [`diff`] compares two results, and [`report`] writes errors, findings and differences in all output formats. `cli` is
//! the command-line program.
//!
//! # Use as a library
//!
//! ```
//! use krender::load::{Loader, Memory, Options};
//!
//! let files = Memory::new()
//!     .file("shop/kustomization.yaml", "namePrefix: test-\nresources: [pod.yaml]\n")
//!     .file("shop/pod.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: web}}\n");
//! let loader = Loader::new(files, Options::default());
//! let output = krender::build::build(&loader, "shop", &krender::build::Options::default())?;
//! assert_eq!(
//!     output.resources.to_yaml()?,
//!     "apiVersion: v1\nkind: Pod\nmetadata:\n  name: test-web\n",
//! );
//! # Ok::<(), krender::error::Error>(())
//! ```
//!
//! # What always holds
//!
//! - A render depends only on its inputs. There is no global state: any number of builds may run at the same time, on
//!   any number of threads, with one loader or with several.
//! - Only [`load`] and [`external`] access files and processes, and only [`cli`] prints, exits, and reads the
//!   environment.
//! - Wrong input ends in an [`error::Error`] with a span. Depth, size and repetition of documents are bounded.

#![forbid(unsafe_code)]

pub mod text;

mod sync;

pub mod source;

pub mod error;

pub mod parallel;

pub mod limits;

pub mod index;

pub mod yaml;

pub mod schema;

pub mod resource;

pub mod config;

pub mod load;

pub mod external;

pub mod patch;

pub mod generate;

pub mod transform;

pub mod harden;

pub mod plugin;

pub mod build;

pub mod diff;

pub mod report;

#[cfg(feature = "cli")]
pub mod cli;
