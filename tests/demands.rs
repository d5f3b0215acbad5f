//! Effective requests and limits and the quality of service of random pods, compared with a second, simpler
//! formulation: the largest sum over the moments of the life of a pod.
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use krender::harden::{Facts, Quality, demands};
use krender::resource::{self, Quantity, ResMap};
use krender::schema::Schema;
use krender::source::Sources;
use krender::yaml::parse;
use proptest::option;
use proptest::prelude::*;

/// The quantities of a resource: the text, and its value in thousandths.
const QUANTITIES: [(&str, i64); 8] = [
    ("0", 0),
    ("100m", 100),
    ("0.25", 250),
    ("1", 1000),
    ("1e3m", 1_000_000),
    ("2k", 2_000_000),
    ("1Ki", 1_024_000),
    ("1.5Ki", 1_536_000),
];

const NAMES: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// A request and a limit for each resource, as indices of [`QUANTITIES`].
type Resources = [Pair; NAMES.len()];

/// A request and a limit.
type Pair = (Option<usize>, Option<usize>);

#[derive(Clone, Debug)]
struct Container {
    list: &'static str,
    is_sidecar: bool,
    resources: Resources,
}

#[derive(Clone, Debug)]
struct Pod {
    containers: Vec<Container>,
    own: Option<Resources>,
    overhead: Option<usize>,
}

fn quantity() -> impl Strategy<Value = Option<usize>> {
    // `1e3m` is no quantity.
    option::of(prop::sample::select(vec![0, 1, 2, 3, 5, 6, 7]))
}

fn resources() -> impl Strategy<Value = Resources> {
    [(quantity(), quantity()), (quantity(), quantity()), (quantity(), quantity())]
}

/// Containers that request and limit the same, which random ones do not.
fn equal() -> impl Strategy<Value = Resources> {
    prop::collection::vec(prop::sample::select(vec![1, 3]), 3)
        .prop_map(|amounts| [0, 1, 2].map(|of| (None, Some(amounts[of]))))
}

fn pod() -> impl Strategy<Value = Pod> {
    let lists = prop::sample::select(vec!["initContainers", "containers", "ephemeralContainers"]);
    let resources_of_container = || prop_oneof![resources(), equal()];
    let container =
        (lists, any::<bool>(), resources_of_container()).prop_map(|(list, always, resources)| {
            let is_sidecar = always && list == "initContainers";
            Container { list, is_sidecar, resources }
        });
    let own = option::weighted(0.3, resources_of_container());
    let containers = prop_oneof![
        prop::collection::vec(container, 0..6),
        prop::collection::vec(
            equal().prop_map(|resources| Container {
                list: "containers",
                is_sidecar: false,
                resources
            }),
            1..3
        ),
    ];
    let overhead = option::weighted(0.3, prop::sample::select(vec![1, 3]));
    (containers, own, overhead).prop_map(|(containers, own, overhead)| Pod {
        containers,
        own,
        overhead,
    })
}

impl Pod {
    fn text(&self) -> String {
        let mut text =
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  nodeName: a\n".to_owned();
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            writeln!(text, "  {list}:").unwrap();
            for (place, one) in self.containers.iter().filter(|one| one.list == list).enumerate() {
                let policy = if one.is_sidecar { ", restartPolicy: Always" } else { "" };
                let resources = written(&one.resources);
                writeln!(text, "  - {{name: c{place}{policy}, resources: {resources}}}").unwrap();
            }
        }
        if let Some(own) = &self.own {
            writeln!(text, "  resources: {}", written(own)).unwrap();
        }
        if let Some(overhead) = self.overhead {
            writeln!(text, "  overhead: {{cpu: {}}}", QUANTITIES[overhead].0).unwrap();
        }
        text
    }

    fn of_list(&self, list: &'static str) -> impl Iterator<Item = &Container> {
        self.containers.iter().filter(move |one| one.list == list)
    }

    /// The sets of containers that run at the same time.
    fn moments(&self) -> Vec<Vec<&Container>> {
        let (mut moments, mut beside) = (Vec::new(), Vec::new());
        for container in self.of_list("initContainers") {
            let mut now = beside.clone();
            now.push(container);
            moments.push(now);
            if container.is_sidecar {
                beside.push(container);
            }
        }
        beside.extend(self.of_list("containers"));
        moments.push(beside);
        moments
    }

    /// The largest sum over all moments; `None` if no container has the amount.
    fn most(&self, of: impl Fn(&Container) -> Option<i64>) -> Option<i64> {
        let sum = |moment: Vec<&Container>| moment.into_iter().filter_map(&of).reduce(|a, b| a + b);
        self.moments().into_iter().filter_map(sum).max()
    }

    /// The effective requests and limits of a resource.
    fn effective(&self, resource: usize) -> (Option<i64>, Option<i64>) {
        let own = self.own.filter(|_| NAMES[resource] != "ephemeral-storage");
        let (own_request, own_limit) = own.map_or((None, None), |own| own[resource]);
        let [own_request, own_limit] = [own_request, own_limit].map(value);
        let overhead = self.overhead.filter(|_| NAMES[resource] == "cpu");
        let overhead = overhead.and_then(|of| value(Some(of)));
        let requests = own_request
            .or_else(|| self.most(|one| request(&one.resources, resource)))
            .or(own_limit);
        let limits = own_limit.or_else(|| self.most(|one| value(one.resources[resource].1)));
        let requests = match overhead {
            Some(overhead) => Some(requests.unwrap_or(0) + overhead),
            None => requests,
        };
        (requests, limits.map(|limits| limits + overhead.unwrap_or(0)))
    }

    /// The quality of service, from the definition in the documentation of Kubernetes.
    fn quality(&self) -> Quality {
        let said = |own: &Resources| own.iter().any(|(a, b)| a.is_some() || b.is_some());
        if let Some(own) = self.own.filter(said) {
            return self.quality_of_pod_level(&own);
        }
        let counted = self.containers.iter().filter(|one| one.list != "ephemeralContainers");
        let judged: Vec<&Resources> = counted.map(|one| &one.resources).collect();
        let has_any = |one: &&Resources| {
            [0, 1].iter().any(|&of| is_positive(request(one, of)) || is_positive(value(one[of].1)))
        };
        if !judged.iter().any(has_any) {
            return Quality::BestEffort;
        }
        let has_limits = |one: &&Resources| [0, 1].iter().all(|&of| is_positive(value(one[of].1)));
        let requests = |of: usize| judged.iter().filter_map(|one| request(one, of)).sum::<i64>();
        let limits = |of: usize| judged.iter().filter_map(|one| value(one[of].1)).sum::<i64>();
        let is_equal = |of: usize| requests(of) == limits(of);
        match judged.iter().all(has_limits) && is_equal(0) && is_equal(1) {
            true => Quality::Guaranteed,
            false => Quality::Burstable,
        }
    }

    /// The same for a pod with requests or limits of its own: requests of containers become its own if it has limits.
    fn quality_of_pod_level(&self, own: &Resources) -> Quality {
        let has_limits = own[..2].iter().any(|(_, limit)| limit.is_some());
        let requested = |of: usize| match own[of] {
            (None, limit) if has_limits => {
                self.most(|one| request(&one.resources, of)).or(value(limit))
            }
            (given, _) => value(given),
        };
        let positive = |of: Option<i64>| of.filter(|of| *of > 0);
        match [0, 1].map(|of| (positive(requested(of)), positive(value(own[of].1)))) {
            [(None, None), (None, None)] => Quality::BestEffort,
            [(Some(a), Some(b)), (Some(c), Some(d))] if a == b && c == d => Quality::Guaranteed,
            _ => Quality::Burstable,
        }
    }
}

fn is_positive(of: Option<i64>) -> bool {
    of.is_some_and(|of| of > 0)
}

/// A request, whose default is the limit.
fn request(resources: &Resources, of: usize) -> Option<i64> {
    value(resources[of].0.or(resources[of].1))
}

fn value(of: Option<usize>) -> Option<i64> {
    of.map(|of| QUANTITIES[of].1)
}

fn written(resources: &Resources) -> String {
    let list = |of: &dyn Fn(&Pair) -> Option<usize>| {
        let entries = NAMES.iter().zip(resources);
        let told =
            entries.filter_map(|(name, one)| Some(format!("{name}: {}", QUANTITIES[of(one)?].0)));
        told.collect::<Vec<_>>().join(", ")
    };
    format!("{{requests: {{{}}}, limits: {{{}}}}}", list(&|one| one.0), list(&|one| one.1))
}

fn read(text: &str) -> ResMap {
    let source = Sources::new().add("pod.yaml", text).unwrap();
    let documents = parse::documents(&source).unwrap();
    resource::read(&source, &documents, &Schema::default()).unwrap().into()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn demands_are_the_largest_sums_of_containers_that_run_together(pod in pod()) {
        let objects = read(&pod.text());
        let found = demands(objects.iter().next().unwrap(), &Facts::default());
        let mut expected = [BTreeMap::new(), BTreeMap::new()];
        for (of, name) in NAMES.iter().enumerate() {
            let (requests, limits) = pod.effective(of);
            for (amount, list) in [requests, limits].into_iter().zip(&mut expected) {
                let parsed = amount.map(|amount| Quantity::parse(&format!("{amount}m")).unwrap());
                list.extend(parsed.map(|parsed| (*name, parsed)));
            }
        }
        prop_assert_eq!(&[&found[0].requests, &found[0].limits], &expected.each_ref());
        prop_assert_eq!(found[0].quality, pod.quality());
    }
}
