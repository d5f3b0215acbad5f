//! KR-DIF-005: the requests of a namespace, which the nodes must have room for.

use std::collections::BTreeMap;

use super::{SCALERS, Whole};
use crate::diff::{Object, Step};
use crate::harden::{Facts, capacity, template};
use crate::resource::{Quantity, ResMap};

/// Requests of a namespace that have grown by more than a fifth.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Growth {
    /// The namespace; may be the default one.
    pub namespace: String,
    /// `cpu` or `memory`.
    pub resource: &'static str,
    /// The sum before.
    pub before: Quantity,
    /// The sum after.
    pub after: Quantity,
}

impl Growth {
    /// The growth in hundredths.
    #[must_use]
    pub const fn percent(&self) -> i128 {
        let (before, after) = (self.before.billionths(), self.after.billionths());
        match after.saturating_sub(before).saturating_mul(100).checked_div(before) {
            Some(percent) => percent,
            None => i128::MAX,
        }
    }

    /// The sums before and after as text.
    #[must_use]
    pub fn sums(&self) -> [String; 2] {
        // Writing takes a multiple.
        const MOST: i128 = i128::MAX / 1000;
        [self.before, self.after].map(|sum| {
            let sum = Quantity::of_billionths(sum.billionths().min(MOST));
            if self.resource == "memory" { sum.bytes() } else { sum.thousandths() }
        })
    }
}

/// The namespaces whose requests grow. Looks at whole renders only if a changed object can have an effect on that.
pub(super) fn growth(whole: &Whole<'_>, objects: &[Object]) -> Vec<Growth> {
    if whole.renders[0].is_empty() || !objects.iter().any(may_grow) {
        return Vec::new();
    }
    let [before, after] = whole.renders.map(sums);
    let grown = |(key, after): (&(String, &'static str), &Quantity)| {
        let before = before.get(key)?;
        let growth =
            Growth { namespace: key.0.clone(), resource: key.1, before: *before, after: *after };
        (before.is_positive() && growth.percent() > 20).then_some(growth)
    };
    after.iter().filter_map(grown).collect()
}

/// True if an object is one of pods that is new, or has other resources or copies; or one that scales.
fn may_grow(object: &Object) -> bool {
    let id = object.id();
    let is_workload = template(id.group(), &id.kind).is_some();
    if !is_workload && !SCALERS.contains(&id.kind.as_str()) {
        return false;
    }
    let is_one_sided = object.ids.iter().any(Option::is_none);
    let counts = |step: &Step| match step {
        Step::Key(key) => {
            matches!(&**key, "resources" | "overhead" | "replicas" | "parallelism")
                || key.ends_with("Replicas")
                || key.ends_with("ReplicaCount")
        }
        Step::Item(_) | Step::Index(..) => false,
    };
    is_one_sided
        || object.changes.iter().any(|change| {
            let steps = change.path.steps();
            steps.iter().any(counts) || matches!(steps.last(), Some(Step::Item(_)))
        })
}

/// The sums of the requests of all pods, by namespace and resource.
fn sums(render: &ResMap) -> BTreeMap<(String, &'static str), Quantity> {
    let mut sums = BTreeMap::new();
    for workload in capacity(render, &Facts::default(), 1).workloads {
        let copies = i64::try_from(workload.copies.least).unwrap_or(i64::MAX);
        for resource in ["cpu", "memory"] {
            let Some(request) = workload.requests.get(resource) else { continue };
            let sum = sums.entry((workload.namespace.clone(), resource)).or_insert(Quantity::ZERO);
            *sum = sum.plus(request.times(copies));
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use crate::diff::tests::review;

    #[test]
    fn requests_of_namespaces_grow() {
        let deployment = |name: &str, replicas: u32, cpu: &str| {
            format!(
                "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}}}, spec: {{replicas: {replicas}, template: {{spec: {{containers: [{{name: a, resources: {{requests: {{cpu: {cpu}}}}}}}]}}}}}}}}\n---\n"
            )
        };
        let grown = |before: &str, after: &str| -> Vec<String> {
            let growth = review(before, after).growth;
            let told = |one: &super::Growth| {
                let [before, after] = one.sums();
                format!("{} {} {before} {after} {}%", one.namespace, one.resource, one.percent())
            };
            growth.iter().map(told).collect()
        };
        let two = deployment("a", 2, "100m") + &deployment("b", 1, "800m");
        let five = deployment("a", 5, "100m") + &deployment("b", 1, "800m");
        let three = deployment("a", 3, "100m") + &deployment("b", 1, "800m");
        assert_eq!(grown(&two, &five), ["default cpu 1 1300m 30%"]);
        assert_eq!(grown(&five, &two), [""; 0]);
        assert_eq!(grown(&two, &three), [""; 0]);
        assert_eq!(grown("", &five), [""; 0], "a new target");
    }
}
