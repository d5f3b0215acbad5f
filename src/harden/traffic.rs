//! The requests that Services send to a pod, and those of them that matter little: their clients send them again, or they
//! come seldom.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::value::text;
use crate::yaml::Node;

/// The requests that Services send to a pod, computed when they are first asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Traffic {
    /// The requests, in all.
    pub(super) reached: OnceCell<Reached>,
    /// The port at which the pod is assumed to listen.
    pub(super) assumed: OnceCell<Option<AssumedPort>>,
}

/// The requests to a pod, by the ports by which it can be asked for them.
#[derive(Clone, Debug, Default)]
pub(super) struct Reached {
    /// True if a Service sends requests of programs to the pod.
    pub(super) is_served: bool,
    /// True if a Service sends requests to pods that are not ready, too.
    pub(super) takes_all: bool,
    /// The requests by the `targetPort`, for those that name a port of the pod.
    pub(super) by_target: BTreeMap<Box<str>, Requests>,
    /// The requests by the number of their `targetPort`, for those on which an image of the pod is known to listen.
    pub(super) by_number: BTreeMap<i64, Requests>,
    /// The requests to all ports by their numbers.
    pub(super) at_numbers: Option<Requests>,
    /// The ports of the pod, by each `targetPort`, at which a Service expects answers of HTTP or gRPC.
    pub(super) spoken: BTreeSet<Box<str>>,
}

/// The requests of one or several ports of Services.
#[derive(Clone, Copy, Debug)]
pub(super) struct Requests {
    /// The place of the first port.
    pub(super) place: (usize, usize),
    /// The reason for which those at the first port matter little.
    pub(super) minor: Option<Minor>,
    /// True if those at some port matter.
    pub(super) matter: bool,
}

/// A port that no container is known to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AssumedPort {
    /// Its number.
    pub(super) number: Box<str>,
    /// True if a `targetPort` has it, or programs without the rights of root may listen on it, and the pod declares no port
    /// at all.
    pub(super) is_told: bool,
}

impl Requests {
    /// Those at the port at a place.
    pub(super) const fn new(place: (usize, usize), minor: Option<Minor>) -> Self {
        Self { place, minor, matter: minor.is_none() }
    }

    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        let first = if other.place < self.place { other } else { self };
        Self { matter: self.matter || other.matter, ..first }
    }

    /// The reason for which all of them matter little.
    pub(super) fn minor(self) -> Option<Minor> {
        self.minor.filter(|_| !self.matter)
    }
}

/// The reason for which requests matter little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Minor {
    /// Events of other programs at a port `webhook`.
    Events,
    /// Traces, metrics and logs.
    Telemetry,
    /// Questions of the API server about changes of kinds that the render defines.
    Admission,
    /// As `Admission`, and about their conversion between versions, without which they cannot be read either.
    Conversion,
}

/// The starts of names of ports for telemetry: the protocols in which it is sent.
const TELEMETRY: &str = "fluentd forward jaeger opencensus otlp statsd syslog zipkin";

/// The port at which the API server asks a webhook.
const OF_ADMISSION: &str = "443";

impl Minor {
    /// The reason for which the requests at a port of a Service matter little. `own` is that of the Service, if only the API
    /// server asks it, and only about kinds that the render defines.
    pub(super) fn of_port(own: Option<Self>, port: &Node) -> Option<Self> {
        let name = text(port, "name").unwrap_or_default();
        let is_sent = |protocol: &str| {
            name.strip_prefix(protocol).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        if own.is_some() {
            own
        } else if name == "webhook" && text(port, "port") != Some(OF_ADMISSION) {
            Some(Self::Events)
        } else {
            TELEMETRY.split(' ').any(is_sent).then_some(Self::Telemetry)
        }
    }

    /// The statement about it, to follow a message.
    pub(super) const fn told(self) -> &'static str {
        match self {
            Self::Events => "assumed: the events at its port `webhook` are few, and sent again",
            Self::Telemetry => "assumed: its clients send their telemetry again",
            Self::Admission => {
                "assumed: only the API server asks it, when a resource of its own kinds changes"
            }
            Self::Conversion => {
                "assumed: only the API server asks it, when a resource of its own kinds changes or is converted"
            }
        }
    }
}
