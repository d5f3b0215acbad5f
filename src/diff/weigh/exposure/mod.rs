//! KR-DIF-007: what can be reached from more places.

mod addresses;
mod peers;
mod policies;
mod routes;
mod services;
#[cfg(test)]
mod tests;

pub(super) use policies::{Policies, network_policy, other_policy, policed, policies};
pub(super) use routes::{gateway, ingress, route};
pub(super) use services::service;

use super::judgement::{Judgement, Phrase};
use crate::harden::differences::EXPOSURE_GREW;

fn judgement(path: &'static str, phrase: Phrase) -> Judgement {
    Judgement::new(&EXPOSURE_GREW, path, phrase)
}
