//! `ValidatingAdmissionPolicy`: policies of a render, evaluated for the objects of the same render.
//!
//! A policy judges as the API server does when the object is created: bindings, parameters and namespaces are those of
//! the render, and fields that the server sets by default are set. What depends on the cluster is not evaluated, and a
//! finding of its own.

mod defaults;
mod judge;
mod matching;
mod read;

pub(super) use judge::judge;
