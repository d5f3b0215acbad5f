//! Requests of Services that matter little: their clients send them again, or they come seldom.

use std::cell::Cell;

use super::acting::{Acting, Service, leads_to};
use super::pod::{Container, Pod};
use super::value::text;
use crate::yaml::Node;

/// The reason for which requests matter little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Minor {
    /// Events of other programs at a port `webhook`.
    Events,
    /// Traces, metrics and logs.
    Telemetry,
    /// Questions of the API server about kinds that the render defines.
    Admission,
}

/// The starts of names of ports for telemetry: the protocols in which it is sent.
const TELEMETRY: &str = "fluentd forward jaeger opencensus otlp statsd syslog zipkin";

/// The port at which the API server asks a webhook.
const OF_ADMISSION: &str = "443";

impl Minor {
    /// The reason for which the requests to a container matter little, if those at each port that leads to it do.
    pub(super) fn of_container(
        acting: &Acting<'_>,
        namespace: &str,
        pod: &Pod<'_>,
        container: &Container<'_>,
    ) -> Option<Self> {
        Self::of(acting, namespace, pod, |port| leads_to(port, container, pod))
    }

    /// The reason for which the requests to a pod matter little.
    pub(super) fn of_pod(acting: &Acting<'_>, namespace: &str, pod: &Pod<'_>) -> Option<Self> {
        let leads = |port: &Node| pod.containers.iter().any(|one| leads_to(port, one, pod));
        Self::of(acting, namespace, pod, leads)
    }

    fn of(
        acting: &Acting<'_>,
        namespace: &str,
        pod: &Pod<'_>,
        leads: impl Fn(&Node) -> bool,
    ) -> Option<Self> {
        let first = Cell::new(None);
        let matters = acting.any_service(namespace, pod, |service| {
            let mut ports = service.ports().filter(|port| leads(port));
            ports.any(|port| {
                let minor = Self::of_port(service, port);
                first.set(first.get().or(minor));
                minor.is_none()
            })
        });
        first.get().filter(|_| !matters)
    }

    fn of_port(service: &Service<'_>, port: &Node) -> Option<Self> {
        let name = text(port, "name").unwrap_or_default();
        let is_sent = |protocol: &str| {
            name.strip_prefix(protocol).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        if service.is_about_own {
            Some(Self::Admission)
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harden::facts::Facts;
    use crate::harden::workload::pods;
    use crate::resource::ResMap;
    use crate::resource::sample::resource;

    /// The reason for which the requests to the pod of the first of some objects matter little.
    fn minor(texts: &[&str]) -> Option<Minor> {
        let objects: ResMap = texts.iter().map(|text| resource(text)).collect::<Vec<_>>().into();
        let facts = Facts::default();
        let acting = Acting::new(&objects, &facts);
        let pods = pods(objects.get(0).unwrap(), &facts);
        let of_pod = Minor::of_pod(&acting, "default", &pods[0]);
        let container = &pods[0].containers[0];
        assert_eq!(Minor::of_container(&acting, "default", &pods[0], container), of_pod);
        of_pod
    }

    #[test]
    fn the_requests_of_all_ports_decide() {
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web, labels: {app: web}}, \
                   spec: {containers: [{name: web, image: 'web:1'}]}}";
        let service = |name: &str, ports: &str| {
            format!(
                "{{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: default}}, \
                 spec: {{selector: {{app: web}}, ports: [{ports}]}}}}"
            )
        };
        for (ports, expected) in [
            ("{name: webhook, port: 7000}", Some(Minor::Events)),
            ("{name: webhook, port: 7000}, {name: metrics, port: 8080}", Some(Minor::Events)),
            ("{name: webhook, port: 7000}, {name: http, port: 80}", None),
            ("{name: webhook, port: 443}", None),
            ("{name: otlp-grpc, port: 4317}, {name: zipkin, port: 9411}", Some(Minor::Telemetry)),
            ("{name: otlpx, port: 4317}", None),
            ("{port: 80}", None),
            ("", None),
        ] {
            assert_eq!(minor(&[pod, &service("web", ports)]), expected, "{ports}");
        }
        let both =
            [service("web", "{name: webhook, port: 7000}"), service("other", "{port: 7000}")];
        assert_eq!(minor(&[pod, &both[0], &both[1]]), None);
    }

    #[test]
    fn questions_about_own_kinds_are_few() {
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web, labels: {app: web}}, \
                   spec: {containers: [{name: web, image: 'web:1'}]}}";
        let service = |ports: &str| {
            format!(
                "{{apiVersion: v1, kind: Service, metadata: {{name: web, namespace: default}}, \
                 spec: {{selector: {{app: web}}, ports: [{ports}]}}}}"
            )
        };
        let configuration = |group: &str| {
            format!(
                "{{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, \
                 metadata: {{name: web}}, webhooks: [{{name: a.example.com, clientConfig: {{service: \
                 {{name: web, namespace: default}}}}, rules: [{{apiGroups: [{group}], resources: ['*']}}]}}]}}"
            )
        };
        let definition = "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, \
                          metadata: {name: carts.shop.example.com}, spec: {group: shop.example.com}}";
        for (group, ports, expected) in [
            ("shop.example.com", "{port: 443}", Some(Minor::Admission)),
            ("shop.example.com", "{port: 443}, {port: 80}", None),
            ("''", "{port: 443}", None),
            ("'*'", "{port: 443}", None),
            ("shop.example.com, apps", "{port: 443}", None),
            ("other.example.com", "{port: 443}", None),
            ("shop.example.com", "{port: 443}, {name: pprof, port: 80}", Some(Minor::Admission)),
            ("", "{port: 443}", None),
        ] {
            let objects = [service(ports), configuration(group)];
            let objects = [pod, &objects[0], &objects[1], definition];
            assert_eq!(minor(&objects), expected, "{group} {ports}");
        }
    }
}
