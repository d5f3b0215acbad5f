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
//! A [`Renderer`] renders directories from any source of [files](load::Files), on disk or in memory. The
//! [result](Rendered) has the objects, which can be serialized, the warnings and the inputs; an [error](error::Error)
//! has codes and positions, and [can be displayed](error::Error::display) with the source text.
//!
//! ```
//! use krender::{Options, Renderer, load::Memory};
//!
//! let files = Memory::new()
//!     .file("shop/kustomization.yaml", "namePrefix: test-\nresources: [pod.yaml]\n")
//!     .file("shop/pod.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: web}}\n");
//! let renderer = Renderer::new(files, Options::default());
//! match renderer.render("shop") {
//!     Ok(rendered) => print!("{}", rendered.to_yaml()?),
//!     Err(error) => eprint!("{}", error.display(renderer.sources())),
//! }
//! # Ok::<(), krender::error::Error>(())
//! ```
//!
//! # Features
//!
//! All but `http` are on by default; a library needs none (`default-features = false`).
//!
//! - `cli`: the program, and the module `cli`.
//! - `watch`: `krender build --watch`, and `load::Watch`.
//! - `mimalloc`: the allocator of the program, which is written in C.
//! - `http`: reserved.
//!
//! # What always holds
//!
//! - A render depends only on its inputs. There is no global state: any number of builds may run at the same time, on
//!   any number of threads, with one loader or with several.
//! - Only [`load`] and [`external`] access files and processes, and only `cli` prints, exits, and reads the environment
//!   and the clock.
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

mod render;

#[cfg(feature = "cli")]
pub mod cli;

pub use render::{Options, Rendered, Renderer};

/// The examples of the page are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Page;
