//! KR-DIF-006: rights that a change gives.

mod bindings;
mod rights;
mod roles;
#[cfg(test)]
mod tests;

pub(super) use bindings::binding;
pub(super) use roles::role;
