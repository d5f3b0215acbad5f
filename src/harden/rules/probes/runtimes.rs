//! The runtime of a container, the probes that the configuration has for it, and the seconds of probes.

use crate::harden::pod::{Container, Pod};
use crate::harden::runtime::{Runtime, Timing};
use crate::harden::scene::Scene;
use crate::harden::scoped::{Probes, first};
use crate::harden::value::{integer, items, present, text};
use crate::harden::violation::{Edit, key, plain};
use crate::yaml::path::Path;
use crate::yaml::{Mapping, Node};

/// The annotation of pods with the runtime of their programs; a container is added after a dot.
const ANNOTATION: &str = "krender.dev/runtime";

/// The runtime of a program.
pub(super) struct Known {
    pub(super) runtime: Runtime,
    /// The image or command that it is assumed from; `None` if an annotation or the configuration sets it.
    pub(super) assumed: Option<String>,
}

/// The runtime of the program of a container: by an annotation, the configuration, its command or its image; `None` if it
/// is not known.
pub(super) fn runtime(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Option<Known> {
    let own = pod.annotation(&format!("{ANNOTATION}.{}", container.name));
    let said = own.or_else(|| pod.annotation(ANNOTATION));
    if let Some(runtime) = said.and_then(|said| said.parse().ok()) {
        return Some(Known { runtime, assumed: None });
    }
    let image = container.image();
    if let Some(runtime) = first(&scene.facts.told.runtimes, scene.object, Some(image)) {
        return Some(Known { runtime: *runtime, assumed: None });
    }
    let command = items(container.node.get("command")).first().and_then(Node::as_text);
    if let Some(word) = command {
        let runtime = Runtime::of_command(word)?;
        return Some(Known { runtime, assumed: Some(format!("the command `{word}`")) });
    }
    let runtime = Runtime::of_image(image)?;
    Some(Known { runtime, assumed: Some(format!("the image `{image}`")) })
}

/// The probes that the configuration has for a container without them.
pub(super) fn defaults<'s>(container: &Container<'_>, scene: Scene<'s>) -> Option<&'s Probes> {
    first(&scene.facts.told.probes, scene.object, Some(container.image()))
}

/// The edit that adds a probe of the configuration; `None` if it has none, or one of a port that the container lacks.
pub(super) fn add_default(
    container: &Container<'_>,
    path: Path,
    probe: Option<&Node>,
    timing: Option<Timing>,
) -> Option<Vec<Edit>> {
    let probe = probe?;
    let handlers = ["grpc", "httpGet", "tcpSocket"].iter();
    let mut ports = handlers.filter_map(|handler| text(present(probe, handler)?, "port"));
    if !ports.all(|port| has_port(container, port)) {
        return None;
    }
    let mut probe = probe.clone();
    if let (Some(timing), Some(fields)) = (timing, probe.as_mapping_mut()) {
        add_timing(fields, timing);
    }
    Some(vec![Edit::Set(path, probe)])
}

/// Adds the fields of a timing that a probe lacks.
pub(super) fn add_timing(probe: &mut Mapping, timing: Timing) {
    for (name, seconds) in [
        ("periodSeconds", Some(timing.period)),
        ("timeoutSeconds", timing.timeout),
        ("failureThreshold", Some(timing.failures)),
    ] {
        if let Some(seconds) = seconds.filter(|_| probe.get(name).is_none()) {
            probe.insert(key(name), plain(&seconds.to_string()));
        }
    }
}

/// True if a port is a number, or the name of a port of the container.
pub(super) fn has_port(container: &Container<'_>, port: &str) -> bool {
    let is_name = |one: &Node| text(one, "name") == Some(port);
    port.parse::<u16>().is_ok() || items(container.node.get("ports")).iter().any(is_name)
}

/// The seconds and counts of a probe, with the defaults of the API server.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) initial: i64,
    pub(super) period: i64,
    pub(super) timeout: i64,
    pub(super) failures: i64,
}

impl Times {
    /// Those of a probe; `None` if one is no number.
    pub(super) fn of(probe: &Node) -> Option<Self> {
        let number = |key: &str, usual| match present(probe, key).map(integer) {
            None | Some(Some(0)) => Some(usual),
            Some(number) => number,
        };
        Some(Self {
            initial: number("initialDelaySeconds", 0)?,
            period: number("periodSeconds", 10)?,
            timeout: number("timeoutSeconds", 1)?,
            failures: number("failureThreshold", 3)?,
        })
    }

    /// The seconds from the first failure to the last.
    pub(super) const fn window(self) -> i64 {
        self.period.saturating_mul(self.failures)
    }

    /// The seconds from the start of the container to the last failure.
    pub(super) const fn since_start(self) -> i64 {
        self.initial.saturating_add(self.window())
    }
}
