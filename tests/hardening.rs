//! What holds of hardening, whatever the pods: once is enough, what is right stays as it is, nothing gets worse, and
//! what is added takes nothing away. Over random pods, and over the fixtures of Kubernetes' own admission where they
//! lie beside the checkout.
#![expect(clippy::disallowed_methods, reason = "the fixtures are read as they are")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use krender::harden::{Class, Fixes, Profile, Settings, check, harden};
use krender::resource::{self, ResMap};
use krender::schema::Schema;
use krender::source::Sources;
use krender::yaml::{Node, parse};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const CLASSES: [Class; 3] = [Class::Safe, Class::Unsafe, Class::Override];
const PROFILES: [&str; 4] = ["baseline", "restricted", "restricted@v1.20", "paranoid"];

fn read(text: &str) -> ResMap {
    let sources = Sources::new();
    let source = sources.add("test.yaml", text).unwrap();
    let documents = parse::documents(&source).unwrap();
    resource::read(&source, &documents, &Schema::default()).unwrap().into()
}

fn settings(profile: &str) -> Settings {
    Settings::of(profile.parse::<Profile>().unwrap())
}

fn hardened(resources: &ResMap, settings: &Settings, class: Class) -> ResMap {
    let mut resources = resources.clone();
    harden(&mut resources, &Sources::new(), settings, Fixes::UpTo(class)).unwrap();
    resources
}

/// What is violated: rule, object, and container.
fn violated(resources: &ResMap, settings: &Settings) -> BTreeSet<(&'static str, usize, String)> {
    let findings = check(resources, &Sources::new(), settings).into_iter();
    let name = |container: Option<(_, krender::yaml::Text)>| {
        container.map(|(_, name)| name.to_string()).unwrap_or_default()
    };
    findings.map(|one| (one.rule.id, one.place, name(one.container))).collect()
}

/// The scalars of a document by their paths.
fn leaves(node: &Node, path: &str, found: &mut BTreeMap<String, String>) {
    if let Some(mapping) = node.as_mapping() {
        mapping
            .iter()
            .for_each(|(key, value)| leaves(value, &format!("{path}/{}", key.text()), found));
    } else if let Some(list) = node.as_sequence() {
        let items = list.items().iter().enumerate();
        items.for_each(|(index, item)| leaves(item, &format!("{path}/{index}"), found));
    } else if !node.is_null() {
        found.insert(path.to_owned(), node.as_text().unwrap_or_default().to_owned());
    }
}

fn all_leaves(resources: &ResMap) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (place, object) in resources.iter().enumerate() {
        leaves(object.node(), &place.to_string(), &mut found);
    }
    found
}

/// Everything that must hold of one manifest.
fn hold(text: &str) -> Result<(), String> {
    let before = read(text);
    for profile in PROFILES {
        let settings = settings(profile);
        for class in CLASSES {
            let complain = |what: &str, after: &ResMap| {
                Err(format!("{what}: {profile}, {class:?}\n{text}\n{}", after.to_yaml().unwrap()))
            };
            let after = hardened(&before, &settings, class);
            let (was, is) = (violated(&before, &settings), violated(&after, &settings));
            if hardened(&after, &settings, class).to_yaml() != after.to_yaml() {
                return complain("a second run changes something", &after);
            }
            if was.is_empty() && after.to_yaml() != before.to_yaml() {
                return complain("what is right is changed", &after);
            }
            if !is.is_subset(&was) {
                return complain("something gets worse", &after);
            }
            let (old, new) = (all_leaves(&before), all_leaves(&after));
            let is_kept = |(path, value): (&String, &String)| {
                // The list of dropped capabilities is replaced by `ALL`, which contains it.
                path.contains("/capabilities/drop/") || new.get(path) == Some(value)
            };
            if class < Class::Override && !old.iter().all(is_kept) {
                return complain("what was written is changed", &after);
            }
            if let Some(refused) = refused(&after, &before) {
                return complain(&refused, &after);
            }
        }
    }
    Ok(())
}

/// What the API server would refuse now and did not before.
fn refused(after: &ResMap, before: &ResMap) -> Option<String> {
    let found = |resources: &ResMap| {
        let leaves = all_leaves(resources);
        let mut found = BTreeSet::new();
        for (path, value) in &leaves {
            let Some(context) = path.strip_suffix("/allowPrivilegeEscalation") else { continue };
            let is = |key: &str, wanted: &str| {
                leaves.get(&format!("{context}/{key}")).is_some_and(|value| value == wanted)
            };
            let adds = (0..4).any(|index| is(&format!("capabilities/add/{index}"), "SYS_ADMIN"));
            if value == "false" && (is("privileged", "true") || adds) {
                found.insert(context.to_owned());
            }
        }
        found
    };
    let known = found(before);
    found(after)
        .into_iter()
        .find(|context| !known.contains(context))
        .map(|context| format!("the API server refuses {context}"))
}

/// Fields of a `securityContext`.
fn security(of_container: bool) -> impl Strategy<Value = String> {
    let mut fields = vec![
        "runAsNonRoot: true",
        "runAsUser: 0",
        "runAsUser: 1000",
        "seccompProfile: {type: RuntimeDefault}",
        "seccompProfile: {type: Unconfined}",
        "seLinuxOptions: {type: spc_t, level: s0}",
        "appArmorProfile: {type: Unconfined}",
        "windowsOptions: {hostProcess: true}",
    ];
    if of_container {
        fields.extend([
            "privileged: true",
            "allowPrivilegeEscalation: true",
            "allowPrivilegeEscalation: false",
            "capabilities: {add: [SYS_ADMIN]}",
            "capabilities: {add: [NET_BIND_SERVICE, CHOWN], drop: [NET_RAW]}",
            "capabilities: {drop: [ALL]}",
            "procMount: Unmasked",
            "readOnlyRootFilesystem: false",
        ]);
    } else {
        fields.extend([
            "sysctls: [{name: a}, {name: net.ipv4.tcp_syncookies}]",
            "runAsNonRoot: false",
        ]);
    }
    let count = fields.len();
    subsequence(fields, 0..count).prop_map(|fields| {
        let mut names = BTreeSet::new();
        let new =
            |field: &&str| names.insert(field.split(':').next().unwrap_or_default().to_owned());
        format!("{{{}}}", fields.into_iter().filter(new).collect::<Vec<_>>().join(", "))
    })
}

fn container(name: &'static str) -> impl Strategy<Value = String> {
    let extras = vec![
        "ports: [{containerPort: 80, hostPort: 80}]",
        "livenessProbe: {httpGet: {host: a, port: 80}}",
        "lifecycle: {preStop: {sleep: {seconds: 50}}}",
        "resources: {limits: {memory: 64Mi}}",
        "resources: ~",
        "volumeMounts: [{name: tmp, mountPath: /tmp}]",
    ];
    let context = prop_oneof![Just("~".to_owned()), Just("{}".to_owned()), security(true)];
    (context, subsequence(extras, 0..4)).prop_map(move |(context, extras)| {
        let mut names = BTreeSet::new();
        let new =
            |field: &&str| names.insert(field.split(':').next().unwrap_or_default().to_owned());
        let extras: String =
            extras.into_iter().filter(new).map(|extra| format!(", {extra}")).collect();
        format!("{{name: {name}, image: a, securityContext: {context}{extras}}}")
    })
}

fn pod() -> impl Strategy<Value = String> {
    let extras = vec![
        "hostNetwork: true, dnsPolicy: ClusterFirstWithHostNet",
        "hostPID: true",
        "hostUsers: false",
        "os: {name: windows}",
        "nodeSelector: {kubernetes.io/os: windows}",
        "terminationGracePeriodSeconds: 10",
        "volumes: [{name: tmp}, {name: host, hostPath: {path: /}}]",
    ];
    let annotations = select(vec![
        "{}",
        "{container.apparmor.security.beta.kubernetes.io/a: unconfined}",
        "{krender.dev/harden: 'off'}",
        "{ignore.krender.dev/host-pid: it looks at them}",
    ]);
    let context = prop_oneof![Just("~".to_owned()), security(false)];
    let parts = (
        context,
        subsequence(extras, 0..4),
        annotations,
        container("a"),
        container("b"),
        container("c"),
    );
    parts.prop_map(|(context, extras, annotations, a, b, c)| {
        let extras: String = extras.into_iter().map(|extra| format!(", {extra}")).collect();
        format!("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec: {{template: {{metadata: {{annotations: {annotations}}}, spec: {{securityContext: {context}, initContainers: [{c}], containers: [{a}, {b}]{extras}}}}}}}\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hardening_keeps_its_promises(text in pod()) {
        prop_assert_eq!(hold(&text), Ok(()));
    }
}

/// Which pods pass the level `restricted` after each class of fixes, among all, over the fixtures of the newest version.
#[test]
fn the_fixtures_of_kubernetes_become_compliant() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/pod-security");
    if !root.is_dir() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{}", root.display());
        println!("skipped: there is no {}", root.display());
        return;
    }
    let settings = settings("restricted@v1.37");
    let folder = |path: &str| root.join(path);
    let count = |folders: &[PathBuf]| {
        let texts: Vec<String> = folders.iter().flat_map(|folder| texts(folder)).collect();
        let passes = |resources: &ResMap| violated(resources, &settings).is_empty();
        let as_written = texts.iter().filter(|text| passes(&read(text))).count();
        let after = CLASSES.map(|class| {
            texts.iter().filter(|text| passes(&hardened(&read(text), &settings, class))).count()
        });
        texts.iter().for_each(|text| assert_eq!(hold(text), Ok(())));
        (texts.len(), as_written, after)
    };
    let restricted_fail = count(&[folder("restricted/v1.37/fail")]);
    let baseline = count(&[folder("baseline/v1.37/pass"), folder("baseline/v1.37/fail")]);
    let restricted_pass = count(&[folder("restricted/v1.37/pass")]);
    assert_eq!(
        (restricted_fail, baseline, restricted_pass),
        ((76, 0, [8, 9, 54]), (49, 0, [0, 13, 47]), (23, 23, [23, 23, 23]))
    );
}

fn texts(folder: &Path) -> Vec<String> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}
