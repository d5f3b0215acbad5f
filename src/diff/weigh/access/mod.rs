//! KR-DIF-006: rights that a change gives.

mod accounts;
mod bindings;
mod rights;
mod roles;
mod sets;
#[cfg(test)]
mod tests;

pub(super) use accounts::runs_as;
pub(super) use bindings::binding;
pub(super) use rights::Rights;
pub(super) use roles::role;
