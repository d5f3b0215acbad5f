//! Targets that moved to a path of another stage, as from `dev` to `prod`: what their objects give and expose is given and
//! exposed there for the first time, also if nothing of them differs.

use super::Whole;
use crate::diff::{Effect, Object, Pair, Renames, judge};
use crate::harden::{Holds, Rule};
use crate::resource::ResMap;

/// Adds to objects how they would be judged if they were new, and drops those without a difference that are not judged.
/// Linear in the objects, as the judgement of a new target.
pub(in crate::diff) fn weigh_restaged(
    objects: &mut Vec<Object>,
    after: &ResMap,
    rules: &[(&'static Rule, Holds)],
) {
    let empty = ResMap::new();
    let renames = Renames::default();
    let alone = |place| Pair { before: None, after: Some(place), renamed: None };
    let pairs: Vec<Pair> = (0..after.len()).map(alone).collect();
    let whole = Whole::new([&empty, after], &pairs, &renames);
    let arriving = |object: &Object| {
        let [_, id] = object.ids.clone();
        let [_, node] = object.nodes.clone();
        Object {
            ids: [None, id],
            nodes: [None, node],
            changes: Vec::new(),
            effects: Vec::new(),
            ..object.clone()
        }
    };
    let is_there = |object: &&mut Object| object.ids.iter().all(Option::is_some);
    let both: Vec<&mut Object> = objects.iter_mut().filter(is_there).collect();
    let mut new: Vec<Object> = both.iter().map(|object| arriving(object)).collect();
    whole.weigh(&mut new, rules);
    for (object, new) in both.into_iter().zip(new) {
        let judged = |effect: &Effect| matches!(effect, Effect::Judged(_));
        let told = new.effects.into_iter().filter(judged);
        let told: Vec<Effect> = told.filter(|effect| !object.effects.contains(effect)).collect();
        object.effects.extend(told);
        judge::sort(&mut object.effects);
    }
    objects.retain(|object| {
        let [old, new] = &object.ids;
        old != new || !object.changes.is_empty() || !object.effects.is_empty()
    });
}

#[cfg(test)]
mod tests {
    use crate::diff::tests::target;
    use crate::diff::{Options, Review, TargetReview};

    /// The judgements on a target that moved, after true if it differs.
    fn told(from: &str, to: &str, before: &str, after: &str) -> (bool, Vec<String>) {
        let options = Options::default();
        let mut one = target(before, after);
        one.name = to.to_owned();
        one.moved_from = Some(from.to_owned());
        let review = Review::of(vec![TargetReview::of(&one, &options)], &options);
        let effects = review.targets[0].objects.iter().flat_map(|object| &object.effects);
        let phrases = effects.map(|effect| match effect {
            crate::diff::Effect::Judged(judged) => judged.phrase.to_string(),
            other => format!("{other:?}"),
        });
        (review.is_different(), phrases.collect())
    }

    #[test]
    fn a_target_of_another_stage_is_judged_as_a_new_one() {
        let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}\n---\n";
        let bound = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: b}, roleRef: {kind: ClusterRole, name: cluster-admin}, subjects: [{kind: User, name: ci}]}\n---\n";
        let entry = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i}, spec: {rules: [{host: a.example.org}]}}\n---\n";
        let all = format!("{map}{bound}{entry}");
        for (from, to, is_told) in [
            ("dev/web", "prod/web", true),
            ("prod/web", "dev/web", true),
            ("overlays/dev", "overlays/development", false),
            ("eu/prod", "us/prod", false),
            ("a", "b", false),
        ] {
            let (is_different, told) = told(from, to, &all, &all);
            assert_eq!((is_different, told.len()), (is_told, usize::from(is_told) * 2), "{told:?}");
        }
        // The target differs even if it has nothing to judge.
        assert_eq!(told("dev", "prod", map, map), (true, Vec::new()));
        // What is judged anyway is told once.
        let wider = all.replace("name: ci}", "name: ci}, {kind: User, name: eve}");
        let (_, told) = told("dev", "prod", &all, &wider);
        assert!(told.len() == 3 && told.iter().any(|one| one.ends_with("to User eve")), "{told:?}");
    }
}
