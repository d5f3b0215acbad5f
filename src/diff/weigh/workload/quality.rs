//! KR-DIF-005: the class of quality of service.

use crate::diff::weigh::{Judgement, Phrase, Sides};
use crate::diff::{Step, What};
use crate::harden::differences::QOS_CHANGED;
use crate::harden::{Facts, Quality, demands};
use crate::resource::Resource;
use crate::schema::Schema;
use crate::yaml::Node;

/// Judges the class of the pods of a workload that is there on both sides.
pub(in crate::diff::weigh) fn quality(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    if changes_resources(sides) {
        succeeded(sides, found);
    }
}

/// Judges the class of the pods of a workload that takes the place of another.
pub(in crate::diff::weigh) fn succeeded(sides: &Sides<'_, '_>, found: &mut Vec<Judgement>) {
    let (Some(before), Some(after)) = (sides.before, sides.after) else { return };
    let (Some(old), Some(new)) = (of_object(before), of_object(after)) else { return };
    if new < old {
        let words = format!("its pods are evicted earlier: {old} → {new}");
        found.push(Judgement::new(&QOS_CHANGED, "spec", Phrase::new(words)));
    }
}

/// True if a change is in the resources of a container, or a container is new or gone.
pub(in crate::diff::weigh) fn changes_resources(sides: &Sides<'_, '_>) -> bool {
    sides.object.changes.iter().any(|change| {
        let is_meant = |step: &Step| matches!(step, Step::Key(key) if matches!(&**key, "resources" | "overhead"));
        let steps = change.path.steps();
        let is_whole = !matches!(steps.last(), Some(Step::Key(_)));
        steps.iter().any(is_meant)
            || is_whole && matches!(change.what, What::Added(_) | What::Removed(_))
    })
}

/// The lowest class of the pods of an object.
fn of_object(node: &Node) -> Option<Quality> {
    let object = Resource::new(node.clone(), &Schema::built_in()).ok()?;
    demands(&object, &Facts::default()).iter().map(|demand| demand.quality).min()
}

#[cfg(test)]
mod tests {
    use crate::diff::weigh::tests::told;

    #[test]
    fn pods_are_evicted_earlier() {
        let deployment = |resources: &str| {
            format!(
                "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d}}, spec: {{template: {{spec: {{containers: [{{name: a, resources: {{{resources}}}}}]}}}}}}}}"
            )
        };
        let limits = "limits: {cpu: 1, memory: 1Gi}";
        let [best, burst, guaranteed] = ["", "requests: {cpu: 1}", limits].map(deployment);
        let label = "005 warning Deployment d: its pods are evicted earlier: ";
        told(&burst, &best, &[&*format!("{label}Burstable → BestEffort")]);
        told(
            &guaranteed,
            &deployment(&format!("{limits}, requests: {{cpu: 500m}}")),
            &[&*format!("{label}Guaranteed → Burstable")],
        );
        told(&guaranteed, &deployment(&limits.replace("1Gi", "1024Mi")), &[]);
    }
}
