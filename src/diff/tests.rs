//! Properties that hold for all differences, tested with random renders.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::resource::sample::read;
use crate::source::Source;
use crate::yaml::parse;

pub(crate) fn rendered(text: &str) -> Rendered {
    Rendered { resources: read(text).unwrap().into(), schema: Schema::built_in() }
}

pub(crate) fn target(before: &str, after: &str) -> Target {
    let side = |text: &str| Side::Rendered(rendered(text));
    Target {
        name: "overlays/prod".to_owned(),
        moved_from: None,
        before: side(before),
        after: side(after),
    }
}

pub(crate) fn review(before: &str, after: &str) -> TargetReview {
    let mask = Some(Masking::new("key"));
    TargetReview::of(&target(before, after), &Options { renders: true, mask, ..Options::default() })
}

/// Short names, so that collisions are frequent.
fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "on", "1", "~", "a.b/c"]).prop_map(str::to_owned)
}

fn field() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        word(),
        word().prop_map(|word| format!("'{word}'")),
        Just("\"a\\nb\\n\"".to_owned()),
        Just("{}".to_owned()),
        Just("12345678901234567".to_owned()),
        Just("0x10".to_owned()),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::btree_map(word(), inner.clone(), 0..4)
                .prop_map(|entries| flow(&entries)),
            prop::collection::vec(inner.clone(), 0..5)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec((word(), inner), 0..4).prop_map(|items| {
                let items =
                    items.iter().map(|(name, value)| format!("{{name: {name}, v: {value}}}"));
                format!("[{}]", items.collect::<Vec<_>>().join(", "))
            }),
        ]
    })
}

fn flow(entries: &BTreeMap<String, String>) -> String {
    let entries = entries.iter().map(|(key, value)| format!("'{key}': {value}"));
    format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
}

fn container() -> impl Strategy<Value = String> {
    let ports = prop::collection::vec((1..4, prop::bool::ANY), 0..4).prop_map(|ports| {
        let port = |(number, udp): &(i32, bool)| {
            format!("{{containerPort: {number}, protocol: {}}}", if *udp { "UDP" } else { "TCP" })
        };
        format!("[{}]", ports.iter().map(port).collect::<Vec<_>>().join(", "))
    });
    let reference = name().prop_map(|name| format!("[{{configMapRef: {{name: {name}}}}}]"));
    let security = prop::sample::select(vec!["{}", "{privileged: true}", "{runAsNonRoot: true}"]);
    (word(), word(), ports, field(), reference, security).prop_map(
        |(name, tag, ports, field, reference, security)| {
            format!(
                "{{name: '{name}', image: 'web:{tag}', ports: {ports}, command: {field}, envFrom: {reference}, securityContext: {security}}}"
            )
        },
    )
}

/// Names of which some are others with a prefix or with another hash.
fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "dev-a", "conf-gh2k456789", "conf-gh2k4567bb"])
}

/// Text that is only in Secrets.
pub(crate) const HIDDEN: &str = "hush";

fn object() -> impl Strategy<Value = String> {
    let deployment = (prop::collection::vec(container(), 0..3), 0..3).prop_map(|(list, replicas)| {
        let containers = list.join(", ");
        format!("apiVersion: apps/v1, kind: Deployment, spec: {{replicas: {replicas}, template: {{spec: {{containers: [{containers}]}}}}}}")
    });
    let map = field().prop_map(|data| format!("apiVersion: v1, kind: ConfigMap, data: {data}"));
    let secret = (word(), 0..3).prop_map(|(key, value)| {
        format!("apiVersion: v1, kind: Secret, stringData: {{'{key}': {HIDDEN}{value}}}")
    });
    let custom = (1..3, field()).prop_map(|(version, spec)| {
        format!("apiVersion: g/v{version}, kind: Custom, spec: {spec}")
    });
    let body = prop_oneof![deployment, map, secret, custom];
    (body, name(), prop::bool::ANY).prop_map(|(body, name, other)| {
        let namespace = if other { ", namespace: other" } else { "" };
        format!("{{{body}, metadata: {{name: {name}{namespace}}}}}\n---\n")
    })
}

fn render() -> impl Strategy<Value = String> {
    prop::collection::vec(object(), 0..5).prop_map(|objects| objects.concat())
}

/// Two renders: any, or two that differ only in the hash in names and in references to them.
pub(crate) fn renders() -> impl Strategy<Value = (String, String)> {
    let rehashed = |text: String| {
        let other = text.replace("gh2k456789", "gh2k4567bb");
        (text, other)
    };
    prop_oneof![3 => (render(), render()), 1 => render().prop_map(rehashed)]
}

fn json(nodes: &[Node]) -> Value {
    nodes.iter().map(|node| operations::value(node).unwrap()).collect()
}

/// All nodes of a side, also unchanged ones.
fn nodes(side: &Side) -> Vec<Node> {
    let Side::Rendered(Rendered { resources, .. }) = side else { return Vec::new() };
    resources.iter().map(|resource| resource.node().clone()).collect()
}

/// All statements of a review as text, in a canonical order.
fn said(review: &TargetReview, is_mirrored: bool) -> Vec<String> {
    let mut said = Vec::new();
    for object in &review.objects {
        let [before, after] = object.ids.clone();
        let is_paired = before.is_some() && after.is_some();
        let ids = if is_mirrored { [after, before] } else { [before, after] };
        said.push(format!("{ids:?} {:?}", object.renamed));
        for change in &object.changes {
            let change = if is_mirrored { change.mirrored() } else { change.clone() };
            let follows = change.follows.is_some();
            said.push(format!("{ids:?} {:?} {:?} {follows}", change.path, change.what));
        }
        // Violations of removed objects are not reported.
        let securities = object.effects.iter().filter_map(|effect| match effect {
            Effect::Security(security) if is_paired => Some(security.clone()),
            _ => None,
        });
        for Security { before, after, violated, satisfied } in securities {
            let mut sides = [(before, satisfied), (after, violated)];
            if is_mirrored {
                sides.reverse();
            }
            said.push(format!("{ids:?} {sides:?}"));
        }
    }
    said.sort();
    said
}

/// Effects, those with several reasons once for each.
fn said_effects(effects: &[Effect]) -> Vec<String> {
    let said = |effect: &Effect| match effect {
        Effect::Restarted(why) => why.iter().map(|why| format!("restarts {why}")).collect(),
        Effect::Recreated(why) => why.iter().map(|why| format!("recreated {why}")).collect(),
        effect => vec![format!("{effect:?}")],
    };
    effects.iter().flat_map(said).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_differs_from_itself(text in render()) {
        let review = review(&text, &text);
        prop_assert_eq!(review.status, Status::Same);
        // Another style of the same values is not a difference.
        let resources = rendered(&text).resources;
        let review = self::review(&text, &resources.to_yaml().unwrap());
        prop_assert_eq!(review.status, Status::Same, "{:?}", review.objects);
    }

    #[test]
    fn operations_make_one_of_the_other((before, after) in renders()) {
        let review = review(&before, &after);
        let target = target(&before, &after);
        let [old, new] = if review.objects.is_empty() {
            [nodes(&target.before), nodes(&target.after)]
        } else {
            review.renders.clone()
        };
        let operations = operations::operations(&review.pairs, &Schema::built_in(), &old, &new).unwrap();
        prop_assert!(review.objects.is_empty() || review.operations().unwrap() == operations);
        let mut patched = json(&old);
        json_patch::patch(&mut patched, &operations).unwrap();
        prop_assert_eq!(patched, json(&new));
    }

    #[test]
    fn equal_differences_are_told_once((before, after) in renders()) {
        let one = Review::of(vec![review(&before, &after)], &Options::default());
        let both = vec![review(&before, &after), review(&before, &after)];
        let two = Review::of(both, &Options::default());
        prop_assert_eq!(one.groups.len(), two.groups.len());
        prop_assert!(two.groups.iter().all(|group| group.targets() == [0, 1]));
        prop_assert_eq!(two.summary().changed, 2 * one.summary().changed);
    }

    #[test]
    fn each_change_is_told_once_with_all_objects_that_have_it(
        (before, after) in renders(),
        (other_before, other_after) in renders(),
    ) {
        let targets = [(&before, &after), (&other_before, &other_after), (&before, &other_after)];
        let targets = targets.map(|(before, after)| review(before, after));
        let review = Review::of(targets.into(), &Options::default());
        let mut told: BTreeMap<(usize, usize), Vec<String>> = BTreeMap::new();
        for group in &review.groups {
            for &member in &group.members {
                let changes = group.object.changes.iter();
                let said = changes.map(|change| format!("{} {:?}", change.path, change.then));
                told.entry(member).or_default().extend(said);
            }
        }
        let mut effects: BTreeMap<(usize, usize), BTreeSet<String>> = BTreeMap::new();
        for (target, of) in review.targets.iter().enumerate() {
            for (place, object) in of.objects.iter().enumerate() {
                if object.folded.is_some() {
                    continue;
                }
                let changes = object.changes.iter();
                let mut own: Vec<String> =
                    changes.map(|change| format!("{} {:?}", change.path, change.then)).collect();
                let told = told.get_mut(&(target, place));
                prop_assert!(told.is_some());
                let told = told.unwrap();
                own.sort();
                told.sort();
                prop_assert_eq!(&own, told);
                effects.entry((target, place)).or_default().extend(said_effects(&object.effects));
            }
        }
        for group in &review.groups {
            for member in &group.members {
                for effect in said_effects(&group.object.effects) {
                    prop_assert!(effects[member].contains(&effect), "{}", effect);
                }
            }
        }
    }

    #[test]
    fn lists_without_names_have_a_mirror(
        before in prop::collection::vec(word(), 0..7),
        after in prop::collection::vec(word(), 0..7),
    ) {
        let object = |items: &[String]| {
            format!("{{apiVersion: v1, kind: A, metadata: {{name: a}}, spec: [{}]}}", items.join(", "))
        };
        let (before, after) = (object(&before), object(&after));
        let (there, back) = (review(&before, &after), review(&after, &before));
        prop_assert_eq!(said(&there, false), said(&back, true));
    }

    #[test]
    fn the_other_way_round_is_the_mirror((before, after) in renders()) {
        let (there, back) = (review(&before, &after), review(&after, &before));
        prop_assert_eq!(said(&there, false), said(&back, true));
    }
}

#[test]
fn deep_documents_are_compared_as_a_whole() {
    let body = || {
        let object = |leaf: &str| {
            let (open, close) = ("[".repeat(5000), "]".repeat(5000));
            format!("{{apiVersion: v1, kind: A, metadata: {{name: a}}, spec: {open}{leaf}{close}}}")
        };
        let review = review(&object("a"), &object("b"));
        assert_eq!(review.objects[0].changes.len(), 1);
        assert!(review.operations().is_err());
    };
    std::thread::Builder::new().stack_size(512 << 10).spawn(body).unwrap().join().unwrap();
}

#[test]
fn only_some_objects_are_compared() {
    let wanted = |only: &str, id: &str| {
        let (kind, name) = id.split_once('/').unwrap();
        let text = format!("{{apiVersion: v1, kind: {kind}, metadata: {{name: {name}}}}}");
        Only::parse(only).unwrap().selects(&Identity::of(&read(&text).unwrap()[0]))
    };
    for only in ["Deployment/web", "deployment", "*/web", "*/w*b", "Deployment/*"] {
        assert!(wanted(only, "Deployment/web"), "{only}");
        assert!(!wanted(only, "Service/other"), "{only}");
    }
    assert!(Only::parse("/web").is_err());
}

/// The restart that a changed image in the template of a kind causes.
fn restart_of(api_version: &str, kind: &str, spec: &str) -> Option<Vec<String>> {
    let text = |image: &str| {
        format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{{spec}template: {{spec: {{containers: [{{name: c, image: {image}}}]}}}}}}\n"
        )
    };
    let review = review(&text("a:1"), &text("a:2"));
    review.objects.iter().flat_map(|object| object.effects.clone()).find_map(
        |effect| match effect {
            Effect::Restarted(why) => Some(why),
            _ => None,
        },
    )
}

#[test]
fn pods_of_all_kinds_that_replace_them_restart() {
    for (api_version, kind) in [
        ("apps.kruise.io/v1alpha1", "CloneSet"),
        ("apps.kruise.io/v1alpha1", "DaemonSet"),
        ("apps.kruise.io/v1beta1", "StatefulSet"),
        ("apps.openshift.io/v1", "DeploymentConfig"),
        ("apps/v1", "DaemonSet"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("argoproj.io/v1alpha1", "Rollout"),
        ("serving.knative.dev/v1", "Configuration"),
        ("serving.knative.dev/v1", "Service"),
        ("sources.knative.dev/v1", "ContainerSource"),
        ("v1", "DeploymentConfig"),
    ] {
        let why = restart_of(api_version, kind, "");
        assert_eq!(why.as_deref(), Some(&["image".to_owned()][..]), "{kind}");
    }
    for (api_version, kind, spec) in [
        ("apps/v1", "ReplicaSet", ""),
        ("batch/v1", "Job", ""),
        ("v1", "ReplicationController", ""),
        ("example.com/v1", "Deployment", ""),
        ("v1", "Service", ""),
        ("apps/v1", "Deployment", "paused: true, "),
        ("apps/v1", "DaemonSet", "updateStrategy: {type: OnDelete}, "),
        ("apps.kruise.io/v1alpha1", "CloneSet", "updateStrategy: {paused: true}, "),
        (
            "apps.kruise.io/v1beta1",
            "StatefulSet",
            "updateStrategy: {rollingUpdate: {paused: true}}, ",
        ),
        ("apps.openshift.io/v1", "DeploymentConfig", "triggers: [], "),
        ("apps.openshift.io/v1", "DeploymentConfig", "triggers: [{type: ImageChange}], "),
    ] {
        assert_eq!(restart_of(api_version, kind, spec), None, "{kind} {spec}");
    }
    let trigger = "triggers: [{type: ImageChange}, {type: ConfigChange}], ";
    assert!(restart_of("apps.openshift.io/v1", "DeploymentConfig", trigger).is_some());
}

#[test]
fn deep_values_are_printed_in_linear_size() {
    let deep = |levels: usize, value: &str| {
        let text = format!("{}{value}{}", "{a: [".repeat(levels / 2), "]}".repeat(levels / 2));
        parse::document(&Source::detached(&text)).unwrap().unwrap().root
    };
    let shallow = text_of(&deep(128, "1"));
    assert!(shallow.ends_with("- 1") && shallow.lines().count() == 65, "{shallow}");
    let root = deep(9000, "'yes'");
    let text = text_of(&root);
    assert!(text.len() < 100_000, "{}", text.len());
    assert_ne!(text, text_of(&deep(9000, "yess")));
    // What is deeper is only the same with the same look: a text may have its JSON.
    assert!(!is_same_text(&root, &deep(9000, "\"yes\"")));
}
