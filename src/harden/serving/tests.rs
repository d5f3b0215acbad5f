use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::harden::workload::pods;
use crate::resource::sample::{read, resource};

/// The slow twin: looks at all ports of all Services that select a pod for each question.
struct Slow<'a>(&'a Services<'a>);

impl<'a> Slow<'a> {
    fn of(&self, pod: &Pod<'_>) -> Vec<&'a Service<'a>> {
        self.0.selectors.scan("x", &Labels::of(pod.labels()))
    }

    fn ports(&self, pod: &Pod<'_>) -> Vec<(&'a Service<'a>, &'a Node)> {
        let of = |service: &&'a Service<'a>| {
            let service = *service;
            let ports = items(service.spec.get("ports").filter(|_| service.end().is_empty()));
            let ports = ports.iter().filter(|port| !is_of_monitoring(port));
            ports.map(move |port| (service, port)).collect::<Vec<_>>()
        };
        self.of(pod).iter().flat_map(of).collect()
    }

    fn has_traffic(&self, pod: &Pod<'_>, container: &Container<'_>) -> bool {
        !is_exporter(container)
            && self.ports(pod).iter().any(|(_, port)| leads(port, container, pod))
    }

    fn serves(&self, pod: &Pod<'_>) -> bool {
        let is_for_exporter = |port: &Node| {
            let mut exporters = pod.containers.iter().filter(|one| is_exporter(one));
            exporters.any(|one| declares(one, target_of(port)))
        };
        !pod.containers.iter().all(is_exporter)
            && self.ports(pod).iter().any(|(_, port)| !is_for_exporter(port))
    }

    fn assumed_port(&self, pod: &Pod<'_>) -> Option<AssumedPort> {
        let has_ports = pod.containers.iter().any(|one| !items(one.node.get("ports")).is_empty());
        let mut assumed: Option<AssumedPort> = None;
        for (_, port) in self.ports(pod) {
            let target = target_of(port)?;
            if pod.containers.iter().any(|one| has_port(one, target)) {
                return None;
            }
            let is_told = !has_ports && (text(port, "targetPort").is_some() || !needs_root(target));
            let new = AssumedPort { number: target.into(), is_told };
            assumed.get_or_insert(new).is_told |= is_told;
        }
        assumed
    }

    fn minor(&self, pod: &Pod<'_>, leads: impl Fn(&Node) -> bool) -> Option<Minor> {
        let mut first = None;
        for (service, port) in self.ports(pod).into_iter().filter(|(_, port)| leads(port)) {
            let minor = Minor::of_port(service.own, port)?;
            first = first.or(Some(minor));
        }
        first
    }

    fn is_spoken(&self, pod: &Pod<'_>, container: &Container<'_>, port: &str) -> bool {
        let ports = items(container.node.get("ports"));
        let number = |port: &str| {
            let named = ports.iter().find(|one| text(one, "name") == Some(port));
            named.and_then(|one| text(one, "containerPort")).unwrap_or(port).to_owned()
        };
        let mut all = self.of(pod).into_iter().flat_map(|one| items(one.spec.get("ports")));
        all.any(|one| {
            let said = text(one, "appProtocol").or_else(|| text(one, "name"));
            let is_same = |target: &str| number(target) == number(port);
            said.is_some_and(|said| said.starts_with("http") || said.starts_with("grpc"))
                && leads(one, container, pod)
                && target_of(one).is_some_and(is_same)
        })
    }
}

fn declares(container: &Container<'_>, target: Option<&str>) -> bool {
    items(container.node.get("ports")).iter().any(|one| {
        target.is_some() && (text(one, "name") == target || text(one, "containerPort") == target)
    })
}

fn listens(container: &Container<'_>, target: Option<&str>) -> bool {
    let number = target.and_then(|target| target.parse().ok());
    let image = number.and_then(|number: i64| Some((PublicImage::of(container.image())?, number)));
    image.is_some_and(|(image, number)| image.ports().any(|one| one == number))
}

fn leads(port: &Node, container: &Container<'_>, pod: &Pod<'_>) -> bool {
    let target = target_of(port);
    let is_bare = items(container.node.get("ports")).is_empty();
    declares(container, target)
        || container.is_running()
            && target.is_some_and(is_number)
            && (pod.running() == 1 || is_bare && listens(container, target))
}

fn has_port(container: &Container<'_>, port: &str) -> bool {
    let probes = ["livenessProbe", "readinessProbe", "startupProbe"].into_iter();
    let mut probes = probes.filter_map(|probe| present(container.node, probe));
    let is_probed = |probe: &Node| {
        let handlers = ["httpGet", "tcpSocket", "grpc"].into_iter();
        handlers.filter_map(|one| present(probe, one)).any(|one| text(one, "port") == Some(port))
    };
    let lists = ["command", "args"].into_iter().flat_map(|key| items(container.node.get(key)));
    let values = items(container.node.get("env")).iter().filter_map(|one| one.get("value"));
    let is_word = |text: &str| text.split(|c: char| !c.is_ascii_digit()).any(|word| word == port);
    declares(container, Some(port))
        || listens(container, Some(port))
        || probes.any(is_probed)
        || lists.chain(values).filter_map(Node::as_text).any(is_word)
}

const LABELS: [&str; 8] = ["a: v", "b: v", "c: v", "d: v", "e: v", "f: v", "g: w", "h: ~"];

const TARGETS: [&str; 12] =
    ["80", "'080'", "'+80'", "''", "'5432'", "6379", "9000", "http", "web", "metrics", "~", "99"];

fn ports_of_container() -> impl Strategy<Value = String> {
    let all = [
        "{containerPort: 80}",
        "{name: http, containerPort: 9000}",
        "{name: http, containerPort: 99}",
        "{name: web}",
        "{name: '80', containerPort: 99}",
        "{name: metrics, containerPort: 6379}",
        "{containerPort: 99}",
    ];
    subsequence(all.to_vec(), 0..3).prop_map(|ports| format!("ports: [{}]", ports.join(", ")))
}

fn container() -> impl Strategy<Value = String> {
    let name = select(vec!["web", "db", "web-exporter", "kube-rbac-proxy"]);
    let image = select(vec!["x:1", "nginx:1", "postgres:16", "redis:7", "acme/exporter:1"]);
    let probe = select(TARGETS.to_vec());
    let more = select(vec![
        "",
        ", args: ['--port=9000']",
        ", env: [{name: A, value: 'x:99'}]",
        ", command: ['']",
        ", restartPolicy: Always",
    ]);
    (name, image, ports_of_container(), any::<bool>(), probe, more).prop_map(
        |(name, image, ports, is_probed, probe, more)| {
            let probe = format!(", readinessProbe: {{tcpSocket: {{port: {probe}}}}}");
            let probe = if is_probed { &probe } else { "" };
            format!("{{name: {name}, image: '{image}', {ports}{probe}{more}}}")
        },
    )
}

fn pod() -> impl Strategy<Value = String> {
    let labels = subsequence(LABELS.to_vec(), 2..8);
    (labels, vec(container(), 0..3), vec(container(), 0..2)).prop_map(|(labels, app, init)| {
        format!(
            "kind: Pod\nmetadata: {{name: p, namespace: x, labels: {{{}}}}}\nspec: {{containers: [{}], initContainers: [{}]}}\n",
            labels.join(", "),
            app.join(", "),
            init.join(", ")
        )
    })
}

fn port() -> impl Strategy<Value = String> {
    let name =
        select(vec!["", "name: webhook, ", "name: otlp, ", "name: http, ", "name: metrics, "]);
    let number = select(vec!["", "port: 443, ", "port: 80, ", "port: 9000, "]);
    let more = select(vec!["", "appProtocol: grpc, ", "appProtocol: x, "]);
    let target = prop_oneof![Just(None), select(TARGETS.to_vec()).prop_map(Some)];
    (name, number, more, target).prop_map(|(name, number, more, target)| {
        let target = target.map(|one| format!("targetPort: {one}")).unwrap_or_default();
        format!("{{{name}{number}{more}{target}}}")
    })
}

fn service() -> impl Strategy<Value = String> {
    let name = select(vec!["s", "own", "s-metrics"]);
    let selector = subsequence(LABELS.to_vec(), 0..4);
    (name, selector, vec(port(), 0..3), prop::bool::weighted(0.1)).prop_map(
        |(name, selector, ports, takes_all)| {
            format!(
                "kind: Service\nmetadata: {{name: {name}, namespace: x}}\nspec: {{selector: {{{}}}, ports: [{}], publishNotReadyAddresses: {takes_all}}}\n",
                selector.join(", "),
                ports.join(", ")
            )
        },
    )
}

const OWN: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: carts.shop.example.com}
spec: {group: shop.example.com}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: own}
webhooks: [{clientConfig: {service: {name: own, namespace: x}}, rules: [{apiGroups: [shop.example.com]}]}]
";

fn objects(documents: &[String]) -> ResMap {
    let mut all = OWN.to_owned();
    for document in documents {
        let _ = write!(all, "---\napiVersion: v1\n{document}");
    }
    read(&all).unwrap().into()
}

fn check(documents: &[String]) {
    let objects = objects(documents);
    let facts = Facts::default();
    let services = Services::new(&objects, &facts);
    let slow = Slow(&services);
    for object in &objects {
        for pod in &pods(object, &facts) {
            assert_eq!(services.serves("x", pod), slow.serves(pod));
            let takes_all = |one: &&Service<'_>| is_true(one.spec.get("publishNotReadyAddresses"));
            assert_eq!(services.take_all("x", pod), slow.of(pod).iter().any(takes_all));
            assert_eq!(services.assumed_port("x", pod).cloned(), slow.assumed_port(pod));
            let is_led = |port: &Node| pod.containers.iter().any(|one| leads(port, one, pod));
            assert_eq!(services.minor_of_pod("x", pod), slow.minor(pod, is_led));
            for one in &pod.containers {
                let minor = slow.minor(pod, |port| leads(port, one, pod));
                assert_eq!(services.minor_of_container("x", pod, one), minor);
                assert_eq!(services.has_traffic("x", pod, one), slow.has_traffic(pod, one));
                let probe = below(one.node, &["readinessProbe", "tcpSocket"]);
                if let Some(port) = probe.and_then(|probe| text(probe, "port")) {
                    let is_spoken = slow.is_spoken(pod, one, port);
                    assert_eq!(services.is_spoken("x", pod, one, port), is_spoken);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_sums_answer_as_a_look_at_each_service(
        services in vec(service(), 0..40),
        pods in vec(pod(), 1..8),
    ) {
        check(&[pods, services].concat());
    }
}

/// The number of steps that all questions about some pods and Services take.
fn steps(documents: &[String]) -> usize {
    let objects = objects(documents);
    let facts = Facts::default();
    let services = Services::new(&objects, &facts);
    for object in &objects {
        for pod in &pods(object, &facts) {
            services.serves("x", pod);
            services.assumed_port("x", pod);
            services.minor_of_pod("x", pod);
            for one in &pod.containers {
                services.has_traffic("x", pod, one);
            }
        }
    }
    services.looked.get() + services.selectors.compared()
}

fn each(count: usize, make: impl Fn(usize) -> [String; 2]) -> Vec<String> {
    (0..count).flat_map(make).collect()
}

fn service_of(selector: &str, port: usize) -> String {
    format!(
        "kind: Service\nmetadata: {{name: s, namespace: x}}\nspec: {{selector: {{{selector}}}, ports: [{{port: {port}}}]}}\n"
    )
}

fn pod_of(labels: &str, containers: &str) -> String {
    format!(
        "kind: Pod\nmetadata: {{name: p, namespace: x, labels: {{{labels}}}}}\nspec: {{containers: [{containers}]}}\n"
    )
}

/// Twice as many objects take twice as many steps.
#[track_caller]
fn is_linear(documents: impl Fn(usize) -> Vec<String>) {
    let (few, many) = (steps(&documents(200)), steps(&documents(400)));
    assert!(few > 0 && many <= few * 5 / 2, "{few} {many}");
}

#[test]
fn services_with_one_selector_are_summed_up_once() {
    let bare = "{name: c, image: 'x:1'}";
    is_linear(|count| {
        each(count, |one| [pod_of("app: same", bare), service_of("app: same", 1000 + one)])
    });
    // The pods differ in a label for which other Services ask.
    is_linear(|count| {
        let all = each(count, |one| {
            let labels = format!("app: same, n: a{one}");
            [pod_of(&labels, bare), service_of("app: same", 1000 + one)]
        });
        let own = each(count, |one| {
            [service_of(&format!("n: a{one}"), 80), service_of(&format!("n: b{one}"), 80)]
        });
        [all, own].concat()
    });
}

#[test]
fn services_with_distinct_selectors_are_summed_up_once_for_equal_labels() {
    let names: Vec<String> = (0..10).map(|one| format!("l{one}: v")).collect();
    let selector = |number: usize| {
        let is_chosen = |place: &usize| number & (1 << place) != 0;
        let chosen = (0..names.len()).filter(is_chosen).map(|place| &*names[place]);
        chosen.collect::<Vec<_>>().join(", ")
    };
    is_linear(|count| {
        each(count, |one| {
            let labels = format!("{}, n: a{one}", names.join(", "));
            [
                pod_of(&labels, "{name: c, image: 'x:1'}"),
                service_of(&selector(one * 37 % 1021 + 1), 1000 + one),
            ]
        })
    });
}

#[test]
fn ports_of_services_are_looked_up_in_those_of_containers() {
    is_linear(|count| {
        let container =
            |one| format!("{{name: c{one}, image: 'x:1', ports: [{{containerPort: {one}}}]}}");
        let containers: Vec<String> = (0..count).map(container).collect();
        let services = each(count, |one| [service_of("app: same", one), service_of("a: b", one)]);
        [vec![pod_of("app: same", &containers.join(", "))], services].concat()
    });
}

/// The reason for which the requests to the pod of the first of some objects matter little.
fn minor(texts: &[&str]) -> Option<Minor> {
    let objects: ResMap = texts.iter().map(|text| resource(text)).collect::<Vec<_>>().into();
    let facts = Facts::default();
    let services = Services::new(&objects, &facts);
    let pods = pods(objects.get(0).unwrap(), &facts);
    let of_pod = services.minor_of_pod("default", &pods[0]);
    let container = &pods[0].containers[0];
    assert_eq!(services.minor_of_container("default", &pods[0], container), of_pod);
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
    let both = [service("web", "{name: webhook, port: 7000}"), service("other", "{port: 7000}")];
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
    let converted = "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, \
                     metadata: {name: carts.shop.example.com}, spec: {group: shop.example.com, \
                     conversion: {strategy: Webhook, webhook: {clientConfig: {service: \
                     {name: web, namespace: default}}}}}}";
    let objects = [service("{port: 443}"), configuration("shop.example.com")];
    assert_eq!(minor(&[pod, &objects[0], &objects[1], converted]), Some(Minor::Conversion));
}
