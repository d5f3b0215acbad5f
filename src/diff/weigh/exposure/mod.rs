//! KR-DIF-007: what can be reached from more places.

mod addresses;
mod annotations;
mod destinations;
mod grants;
mod internal;
mod leads;
mod others;
mod peers;
mod policies;
mod proxies;
mod routes;
mod services;
#[cfg(test)]
mod tests;
mod transports;

pub(super) use annotations::annotated;
pub(super) use destinations::destination_rule;
pub(super) use grants::grant;
pub(super) use leads::{led, led_to};
pub(super) use others::other_policy;
pub(super) use policies::{Policies, host_network, network_policy, policed, policies};
pub(super) use proxies::{http_proxy, ingress_route, listeners, middleware, virtual_service};
pub(super) use routes::{gateway, ingress, route};
pub(super) use services::{behind, joined, service};
pub(super) use transports::{options, termination, tls_option, transport};

use super::judgement::{Judgement, Phrase};
use crate::harden::differences::EXPOSURE_GREW;
use addresses::Ranges;

pub(super) fn judgement(path: &'static str, phrase: Phrase) -> Judgement {
    Judgement::new(&EXPOSURE_GREW, path, phrase)
}

/// The judgement on lists of accepted addresses, where an empty one accepts all.
fn widened(
    old: &[String],
    new: &[String],
    path: &'static str,
    what: &'static str,
) -> Option<Judgement> {
    let known = Ranges::of(old.iter().map(String::as_str));
    // A list with all addresses restricts nothing.
    if known.is_empty() || known.beyond(["0.0.0.0/0"]).is_empty() {
        return None;
    }
    let gained = known.beyond(new.iter().map(String::as_str));
    let phrase = Phrase::new("accepts ").say(what).say(" from ");
    match (new.is_empty(), gained.is_empty()) {
        (true, _) => Some(judgement(path, phrase.say("everywhere"))),
        (false, true) => None,
        (false, false) => Some(judgement(path, phrase.few(gained))),
    }
}
