//! Objects that move to another target with other fields: they are judged as one object before and after, and not as one
//! that is gone and one that is new. Workloads are compared with others by what they run.

use super::{Whole, template};
use crate::diff::{Effect, Object, Options, Pair, Renames, TargetReview, judge};
use crate::index::Index;
use crate::resource::{ResMap, Resource};
use crate::schema::Schema;

/// An object that is removed from a target and added to another one.
struct Move {
    /// Its targets, and its places in them.
    places: [(usize, usize); 2],
    resources: [Resource; 2],
}

/// Judges the objects that move between targets. Linear in the objects that only one side has.
pub(in crate::diff) fn weigh_relocated(targets: &mut [TargetReview], options: &Options) {
    let moves = moves(targets);
    if moves.is_empty() {
        return;
    }
    let side = |side: usize| -> ResMap {
        ResMap::from(moves.iter().map(|one| one.resources[side].clone()).collect::<Vec<_>>())
    };
    let (before, after) = (side(0), side(1));
    let both = |place| Pair { before: Some(place), after: Some(place), renamed: None };
    let pairs: Vec<Pair> = (0..moves.len()).map(both).collect();
    let renames = Renames::default();
    let whole = Whole::new([&before, &after], &pairs, &renames);
    let mut objects: Vec<Object> = moves.iter().map(|one| joined(targets, one)).collect();
    whole.weigh(&mut objects, &options.rules);
    for (one, object) in moves.iter().zip(objects) {
        let names = one.places.map(|(target, _)| targets[target].name.clone());
        for ((target, place), other) in one.places.into_iter().zip(names.iter().rev()) {
            let moved = &mut targets[target].objects[place];
            moved.effects.retain(|effect| !matches!(effect, Effect::Judged(_)));
            moved.elsewhere = Some(other.clone());
        }
        let [_, (target, place)] = one.places;
        let effects = &mut targets[target].objects[place].effects;
        effects.extend(object.effects);
        judge::sort(effects);
    }
}

/// Indices of targets, and of objects in them.
type Places = Vec<(usize, usize)>;

/// The objects that one target loses and another one gets. With several places it is not clear which one leads where, and
/// targets that are beside each other stand for different clusters.
fn moves(targets: &[TargetReview]) -> Vec<Move> {
    let mut places: Index<[&str; 4], [Places; 2]> = Index::default();
    for (target, review) in targets.iter().enumerate() {
        for (place, object) in review.objects.iter().enumerate() {
            let side = match &object.ids {
                [Some(_), None] => 0,
                [None, Some(_)] => 1,
                _ => continue,
            };
            let id = object.id();
            if template(id.group(), &id.kind).is_none() {
                let key = [id.group(), &id.kind, &id.namespace, &id.name];
                places.entry(key).or_default()[side].push((target, place));
            }
        }
    }
    let read = |(target, place): (usize, usize)| {
        let node = targets[target].objects[place].nodes.iter().flatten().next()?;
        Resource::new(node.clone(), &Schema::built_in()).ok()
    };
    let one = |[removed, added]: &[Places; 2]| {
        let ([old], [new]) = (&removed[..], &added[..]) else { return None };
        let is_elsewhere = old.0 != new.0 && !targets[old.0].is_beside(&targets[new.0]);
        is_elsewhere.then_some(())?;
        Some(Move { places: [*old, *new], resources: [read(*old)?, read(*new)?] })
    };
    places.values().filter_map(one).collect()
}

/// A moved object with both sides.
fn joined(targets: &[TargetReview], one: &Move) -> Object {
    let [old, new] = one.places.map(|(target, place)| &targets[target].objects[place]);
    let ids = [old.ids[0].clone(), new.ids[1].clone()];
    Object::of(ids, new.stem.clone(), [old.nodes[0].clone(), new.nodes[1].clone()])
}

#[cfg(test)]
mod tests {
    use crate::diff::tests::target;
    use crate::diff::{Effect, Options, Review, TargetReview};

    /// The judgements on targets, with the names of these.
    fn judged(sides: &[[&str; 2]]) -> Vec<String> {
        let options = Options::default();
        let review = |(place, [before, after]): (usize, &[&str; 2])| {
            let mut one = target(before, after);
            one.name = format!("t{place}");
            TargetReview::of(&one, &options)
        };
        let review = Review::of(sides.iter().enumerate().map(review).collect(), &options);
        let told = |target: &TargetReview| {
            let effects = target.objects.iter().flat_map(|object| &object.effects);
            let judged = effects.filter_map(|effect| match effect {
                Effect::Judged(judged) => Some(format!("{} {}", target.name, judged.phrase)),
                _ => None,
            });
            judged.collect::<Vec<_>>()
        };
        review.targets.iter().flat_map(told).collect()
    }

    fn object(version: &str, kind: &str, fields: &str) -> String {
        format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: web, namespace: shop}}, {fields}}}\n---\n"
        )
    }

    fn labelled(object: &str) -> String {
        object.replacen("namespace: shop}", "namespace: shop, labels: {team: a}}", 1)
    }

    const RULES: &str = "rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]";
    const BOUND: &str = "roleRef: {kind: Role, name: web}, subjects: [{kind: ServiceAccount, name: web, namespace: shop}]";

    /// Objects that are told if they go or come, each with a change that is told even if it moves.
    fn moving() -> Vec<(String, [&'static str; 2])> {
        vec![
            (object("rbac.authorization.k8s.io/v1", "Role", RULES), ["[get]", "[get, list]"]),
            (
                object("rbac.authorization.k8s.io/v1", "RoleBinding", BOUND),
                ["shop}]}", "shop}, {kind: User, name: u}]}"],
            ),
            (
                object(
                    "networking.k8s.io/v1",
                    "NetworkPolicy",
                    "spec: {podSelector: {matchLabels: {app: web}}, ingress: []}",
                ),
                ["ingress: []", "ingress: [{}]"],
            ),
            (
                object(
                    "policy/v1",
                    "PodDisruptionBudget",
                    "spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}",
                ),
                ["minAvailable: 1", "minAvailable: 0"],
            ),
            (object("v1", "ResourceQuota", "spec: {hard: {pods: 3}}"), ["pods: 3", "pods: 4"]),
            (
                object("v1", "Service", "spec: {type: LoadBalancer, ports: [{port: 80}]}"),
                ["{port: 80}", "{port: 80}, {port: 81}"],
            ),
            (
                object("networking.k8s.io/v1", "Ingress", "spec: {rules: [{host: a.example.org}]}"),
                ["[{host: a", "[{host: b.example.org}, {host: a"],
            ),
        ]
    }

    #[test]
    fn objects_that_move_are_compared() {
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}, spec: {containers: [{name: c, image: c}]}}\n---\n";
        let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: shop}}\n---\n";
        for (object, [old, new]) in moving() {
            let with = |target: &str, object: &str| format!("{target}{object}");
            for moved in [object.clone(), labelled(&object)] {
                let sides = [[&*with(pod, &object), pod], [map, &*with(map, &moved)]];
                assert_eq!(judged(&sides), [""; 0], "{moved}");
            }
            let wider = labelled(&object).replace(old, new);
            assert_ne!(wider, labelled(&object));
            let sides = [[&*with(pod, &object), pod], [map, &*with(map, &wider)]];
            let told = judged(&sides);
            assert!(told.len() == 1 && told[0].starts_with("t1 "), "{wider} {told:?}");
            // Targets with objects of the same ids stand for different clusters.
            let sides = [[&*with(pod, &object), pod], [pod, &*with(pod, &labelled(&object))]];
            let same = [[&*with(pod, &object), pod], [pod, &*with(pod, &object)]];
            for sides in [sides, same] {
                assert_eq!(judged(&sides).len(), 1, "{object} {:?}", judged(&sides));
            }
        }
    }
}
