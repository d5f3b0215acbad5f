//! The traffic that rules of network policies allow: pairs of a peer and a port.

use std::collections::BTreeSet;

use super::addresses::Range;
use crate::diff::weigh::Phrase;
use crate::diff::weigh::selectors::Conditions;
use crate::diff::weigh::work::Work;
use crate::harden::value::{integer, items, present, text};
use crate::yaml::Node;

/// A peer, or all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Peer {
    All,
    Addresses {
        range: Result<Range, String>,
        except: BTreeSet<Range>,
    },
    /// Pods by the labels of their namespace (`None`: that of the policy) and their own.
    Pods {
        namespaces: Option<Conditions>,
        pods: Conditions,
        /// The label that is known of the namespace of the policy: its name.
        own: Option<Conditions>,
    },
}

/// The label of a namespace that the API server sets to its name.
const NAME: &str = "kubernetes.io/metadata.name";

/// Ports of a protocol, or all ports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Port {
    All,
    Of { protocol: String, ports: Ports },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ports {
    All,
    From(i64, i64),
    Named(String),
}

/// Traffic that is allowed.
pub(super) type Allowed = BTreeSet<(Peer, Port)>;

/// The traffic that the rules of a direction allow; `peers` is `from` or `to`, and `namespace` that of the policy, which may
/// be empty. `None` if that is too much work.
pub(super) fn allowed(
    rules: &[Node],
    peers: &str,
    namespace: &str,
    work: &Work,
) -> Option<Allowed> {
    let peer = |node: &Node| peer(node, namespace);
    let mut allowed = Allowed::new();
    for rule in rules {
        let listed_peers = items(present(rule, peers));
        let mut of_peers: Vec<Peer> = listed_peers.iter().map(peer).collect();
        // All addresses are all peers, as none is.
        if of_peers.is_empty()
            || ["0.0.0.0/0", "::/0"].iter().all(|all| of_peers.contains(&whole(all)))
        {
            of_peers = vec![Peer::All];
        }
        let listed = items(present(rule, "ports"));
        let of_ports =
            if listed.is_empty() { vec![Port::All] } else { listed.iter().map(port).collect() };
        // Each pair has its own copy of the peer.
        let size = |node: &Node| 1 + node.count_below();
        let sizes: usize = listed_peers.iter().map(size).sum();
        if !work.takes(sizes.max(1).saturating_mul(of_ports.len())) {
            return None;
        }
        for peer in &of_peers {
            allowed.extend(of_ports.iter().map(|port| (peer.clone(), port.clone())));
        }
    }
    Some(allowed)
}

/// The peer of all addresses of a range.
fn whole(range: &str) -> Peer {
    let range = Range::parse(range).ok_or_else(|| range.to_owned());
    Peer::Addresses { range, except: BTreeSet::new() }
}

fn peer(node: &Node, namespace: &str) -> Peer {
    if let Some(block) = present(node, "ipBlock") {
        let written = text(block, "cidr").unwrap_or_default();
        let except = items(present(block, "except")).iter().filter_map(Node::as_text);
        return Peer::Addresses {
            range: Range::parse(written).ok_or_else(|| written.to_owned()),
            except: except.filter_map(Range::parse).collect(),
        };
    }
    let of = |key: &str| present(node, key).map(Conditions::of);
    Peer::Pods {
        namespaces: of("namespaceSelector"),
        pods: of("podSelector").unwrap_or_default(),
        own: (!namespace.is_empty()).then(|| Conditions::with(NAME, namespace)),
    }
}

fn port(node: &Node) -> Port {
    let number = |key: &str| present(node, key).and_then(integer);
    let ports = match (present(node, "port"), number("port")) {
        (None, _) => Ports::All,
        (Some(_), Some(first)) => Ports::From(first, number("endPort").unwrap_or(first)),
        (Some(name), None) => Ports::Named(name.as_text().unwrap_or_default().to_owned()),
    };
    Port::Of { protocol: text(node, "protocol").unwrap_or("TCP").to_owned(), ports }
}

impl Peer {
    /// True if all of this peer is in the other one.
    pub(super) fn is_in(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::All) => true,
            (
                Self::Addresses { range: Ok(range), except },
                Self::Addresses { range: Ok(of), except: but },
            ) => {
                let is_excepted = |gap: &Range| except.iter().any(|own| own.contains(*gap));
                let touches = |gap: &&Range| range.contains(**gap) || gap.contains(*range);
                of.contains(*range) && but.iter().filter(touches).all(is_excepted)
            }
            (
                Self::Pods { namespaces, pods, own },
                Self::Pods { namespaces: others, pods: of, own: home },
            ) => {
                let is_within = match (namespaces, others) {
                    (None, None) => true,
                    (None, Some(others)) => {
                        others.is_empty() || own.as_ref().is_some_and(|own| own.is_within(others))
                    }
                    (Some(one), None) => home.as_ref().is_some_and(|home| one.is_within(home)),
                    (Some(one), Some(others)) => one.is_within(others),
                };
                is_within && pods.is_within(of)
            }
            _ => self == other,
        }
    }

    /// Appends the peer to a phrase.
    fn told(&self, phrase: Phrase) -> Phrase {
        let selected = |phrase: Phrase, conditions: &Conditions| {
            phrase.few(conditions.told().iter().map(String::as_str))
        };
        match self {
            Self::All => phrase.say("everywhere"),
            Self::Addresses { range, except } => {
                let phrase = match range {
                    Ok(range) => phrase.name(&range.to_string()),
                    Err(written) => phrase.name(written),
                };
                if except.is_empty() { phrase } else { phrase.say(" with exceptions") }
            }
            Self::Pods { namespaces, pods, own: _ } => {
                let phrase = match pods.is_empty() {
                    true => phrase.say("all pods"),
                    false => selected(phrase.say("pods "), pods),
                };
                match namespaces {
                    None => phrase.say(" of the namespace"),
                    Some(of) if of.is_empty() => phrase.say(" of all namespaces"),
                    Some(of) => selected(phrase.say(" of namespaces "), of),
                }
            }
        }
    }
}

impl Port {
    pub(super) fn is_in(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::All) => true,
            (Self::Of { protocol, ports }, Self::Of { protocol: of, ports: others }) => {
                protocol == of
                    && match (ports, others) {
                        (_, Ports::All) => true,
                        (Ports::From(first, last), Ports::From(from, to)) => {
                            from <= first && last <= to
                        }
                        _ => ports == others,
                    }
            }
            (Self::All, Self::Of { .. }) => false,
        }
    }

    fn told(&self, phrase: Phrase) -> Phrase {
        match self {
            Self::All => phrase,
            Self::Of { protocol, ports } => {
                let phrase = phrase.say(" on ").name(protocol);
                match ports {
                    Ports::All => phrase,
                    Ports::From(first, last) if first == last => {
                        phrase.say(" ").name(&first.to_string())
                    }
                    Ports::From(first, last) => phrase.say(" ").name(&format!("{first}-{last}")),
                    Ports::Named(name) => phrase.say(" ").name(name),
                }
            }
        }
    }
}

impl Peer {
    /// The number of its exceptions or conditions.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::All => 0,
            Self::Addresses { except, .. } => except.len(),
            Self::Pods { namespaces, pods, own: _ } => {
                pods.len() + namespaces.as_ref().map_or(0, Conditions::len)
            }
        }
    }
}

/// Appends traffic to a phrase.
pub(super) fn told(phrase: Phrase, gained: &[&(Peer, Port)]) -> Phrase {
    phrase.each(gained, |phrase, (peer, port)| port.told(peer.told(phrase)))
}
