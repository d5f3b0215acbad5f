//! KR-DIF-006: rights that a change gives.

mod accounts;
mod bindings;
mod clouds;
mod gains;
mod held;
mod rights;
mod roles;
mod sets;
#[cfg(test)]
mod tests;
mod usual;

pub(super) use accounts::{left, runs_as, token};
pub(super) use bindings::binding;
pub(super) use clouds::{identity, identity_of_pods, mapped};
pub(super) use rights::Rights;
pub(super) use roles::role;
