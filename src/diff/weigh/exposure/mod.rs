//! KR-DIF-007: what can be reached from more places.

pub(super) mod addresses;
mod admitting;
mod alternatives;
mod annotations;
mod attached;
mod attachments;
mod attributes;
mod cilium;
mod covers;
mod departed;
mod destinations;
mod entries;
mod grants;
mod headers;
mod internal;
mod joining;
mod leads;
mod leaving;
mod levels;
mod limits;
mod middlewares;
mod migrations;
mod mutual;
mod narrower;
mod others;
mod overriding;
mod peers;
mod policies;
mod proxies;
mod refusals;
mod released;
mod routes;
mod services;
mod serving;
mod strictness;
mod subjects;
#[cfg(test)]
mod tests;
mod transports;

pub(super) use admitting::admitting;
pub(super) use annotations::{annotated, unknown};
pub(super) use attached::Attached;
pub(super) use attachments::attached_policy;
pub(super) use destinations::destination_rule;
pub(super) use grants::grant;
pub(super) use headers::{set_headers, stripped};
pub(super) use joining::admitted;
pub(super) use leads::{led, led_to};
pub(super) use leaving::left;
pub(super) use middlewares::{Routing, middleware};
pub(super) use migrations::{Migrations, migrations};
pub(super) use mutual::mutual;
pub(super) use others::{other_policy, server};
pub(super) use overriding::{overridden, overriding};
pub(super) use policies::{Policies, host_network, network_policy, policed, policies, stays};
pub(super) use proxies::{http_proxy, ingress_route, listeners, virtual_service};
pub(super) use refusals::{answers, refused};
pub(super) use released::released;
pub(super) use routes::{gateway, ingress, route};
pub(super) use services::{behind, joined, service};
pub(super) use transports::{options, termination, tls_option, transport};

pub(super) use cilium::cilium_policy;
pub(super) use entries::Offers;

use super::judgement::{Judgement, Part, Phrase};
use super::work::Work;
use super::{Judge, Sides};
use crate::harden::differences::EXPOSURE_GREW;
use crate::resource::{ResMap, Resource};
use crate::yaml::Node;
use addresses::Ranges;
use attached::Target;
use serving::Offer;

/// The start of what is told of an object that is not compared with others.
const NOT_JUDGED: &str = "is not judged";

/// Judges an object by what can be reached. What is not compared with all others is told: it may be much.
pub(super) fn weigh(sides: &Sides<'_, '_>, judges: &[Judge], found: &mut Vec<Judgement>) {
    let (work, known) = (&sides.whole.work, found.len());
    // Others may have been refused steps before.
    work.was_refused();
    match departed::departed(sides, judges) {
        Some(judged) => found.extend(judged),
        None => judges.iter().for_each(|judge| judge(sides, found)),
    }
    let is_told = |one: &Judgement| matches!(one.phrase.parts(), [Part::Words(words), ..] if words.starts_with(NOT_JUDGED));
    if work.was_refused() && !found[known..].iter().any(is_told) {
        let words = format!("{NOT_JUDGED} with the other objects: they are too many");
        found.push(judgement("", Phrase::new(words)));
    }
}

/// The reader of what objects of a kind serve.
fn reader(group: &str, kind: &str) -> Option<fn(&Node) -> Offer> {
    Some(match (group, kind) {
        ("networking.k8s.io" | "extensions", "Ingress") => routes::of_ingress,
        ("gateway.networking.k8s.io", _) if kind.ends_with("Route") => routes::of_gateway_route,
        ("route.openshift.io", "Route") => routes::of_openshift,
        ("networking.istio.io", "VirtualService") => proxies::of_virtual_service,
        ("projectcontour.io", "HTTPProxy") => proxies::of_proxy,
        ("traefik.io" | "traefik.containo.us", _) if kind.starts_with("IngressRoute") => {
            proxies::of_ingress_route
        }
        _ => return None,
    })
}

/// The hosts and paths that the objects of a render serve, with the policies that are attached to them. Linear.
pub(super) fn offers(render: &ResMap, attached: &Attached<'_>, work: &Work) -> Offers {
    let offering = |object| {
        let of = reader(&Resource::gvk(object).group, object.kind())?;
        let policies = attached.to(&Target::of(object), object.node(), work);
        let offer = of(object.node()).guarded(policies);
        Some((object.kind(), object.id().effective_namespace(), offer))
    };
    Offers::of(render.iter().filter_map(offering).collect())
}

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
