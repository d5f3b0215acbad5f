//! krender renders Kubernetes manifests exactly as `kustomize build` does, many times faster.
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
//! Only the parts for embedders are documented here: the types at the top, and the modules [`error`], [`limits`], [`load`] and
//! [`source`]. The other modules are private. For the tests, benchmarks and fuzz targets of krender the feature `internals`
//! makes them public; they may change in any release.
//!
//! # Features
//!
//! The first five are on by default; a library needs none (`default-features = false`).
//!
//! - `cli`: the program, and the module `cli`.
//! - `cel`: own rules and admission policies, whose expressions are in CEL.
//! - `watch`: `krender build --watch`, and `load::Watch`.
//! - `mimalloc`: the allocator of the program, which is written in C.
//! - `http`: files over HTTP, whose cryptography is written in C and assembler.
//! - `internals`: not for use, and not a default.
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
//! # What always holds
//!
//! - A render depends only on its inputs. There is no global state: any number of builds may run at the same time, on
//!   any number of threads, with one loader or with several.
//! - Only [`load`], [`external`] and [`fetch`] access files, processes and the network, and only `cli` prints, exits, and
//!   reads the environment and the clock.
//! - Wrong input ends in an [`error::Error`] with a span. Depth, size and repetition of documents are bounded.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(feature = "internals"),
    allow(
        dead_code,
        unreachable_pub,
        unused_imports,
        unnameable_types,
        reason = "items that only tests, benchmarks and fuzz targets use; clippy checks all targets with `internals`"
    )
)]

#[cfg(not(feature = "internals"))]
mod text;
#[cfg(feature = "internals")]
pub mod text;

mod sync;

pub mod source;

pub mod error;

#[cfg(not(feature = "internals"))]
mod parallel;
#[cfg(feature = "internals")]
pub mod parallel;

pub mod limits;

#[cfg(not(feature = "internals"))]
mod index;
#[cfg(feature = "internals")]
pub mod index;

#[cfg(not(feature = "internals"))]
mod yaml;
#[cfg(feature = "internals")]
pub mod yaml;

#[cfg(not(feature = "internals"))]
mod schema;
#[cfg(feature = "internals")]
pub mod schema;

#[cfg(not(feature = "internals"))]
mod resource;
#[cfg(feature = "internals")]
pub mod resource;

#[cfg(not(feature = "internals"))]
mod config;
#[cfg(feature = "internals")]
pub mod config;

pub mod load;

#[cfg(not(feature = "internals"))]
mod external;
#[cfg(feature = "internals")]
pub mod external;

#[cfg(not(feature = "internals"))]
mod fetch;
#[cfg(feature = "internals")]
pub mod fetch;

#[cfg(not(feature = "internals"))]
mod package;
#[cfg(feature = "internals")]
pub mod package;

#[cfg(not(feature = "internals"))]
mod patch;
#[cfg(feature = "internals")]
pub mod patch;

#[cfg(not(feature = "internals"))]
mod generate;
#[cfg(feature = "internals")]
pub mod generate;

#[cfg(not(feature = "internals"))]
mod transform;
#[cfg(feature = "internals")]
pub mod transform;

#[cfg(not(feature = "internals"))]
mod expression;
#[cfg(feature = "internals")]
pub mod expression;

#[cfg(not(feature = "internals"))]
mod harden;
#[cfg(feature = "internals")]
pub mod harden;

#[cfg(not(feature = "internals"))]
mod plugin;
#[cfg(feature = "internals")]
pub mod plugin;

#[cfg(not(feature = "internals"))]
mod build;
#[cfg(feature = "internals")]
pub mod build;

#[cfg(not(feature = "internals"))]
mod fleet;
#[cfg(feature = "internals")]
pub mod fleet;

#[cfg(not(feature = "internals"))]
mod trace;
#[cfg(feature = "internals")]
pub mod trace;

#[cfg(not(feature = "internals"))]
mod graph;
#[cfg(feature = "internals")]
pub mod graph;

#[cfg(not(feature = "internals"))]
mod edit;
#[cfg(feature = "internals")]
pub mod edit;

#[cfg(not(feature = "internals"))]
mod lint;
#[cfg(feature = "internals")]
pub mod lint;

#[cfg(not(feature = "internals"))]
mod dockerfile;
#[cfg(feature = "internals")]
pub mod dockerfile;

#[cfg(not(feature = "internals"))]
mod diff;
#[cfg(feature = "internals")]
pub mod diff;

#[cfg(not(feature = "internals"))]
mod hydrate;
#[cfg(feature = "internals")]
pub mod hydrate;

#[cfg(not(feature = "internals"))]
mod report;
#[cfg(feature = "internals")]
pub mod report;

mod render;

#[cfg(feature = "cli")]
#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod cli;

pub use config::Warning;
pub use parallel::Threads;
pub use plugin::Options as PluginOptions;
pub use render::{Options, Rendered, Renderer};
pub use resource::{ResMap, Resource};
pub use schema::Schema;
pub use yaml::Node;

/// The examples of the page are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Page;
