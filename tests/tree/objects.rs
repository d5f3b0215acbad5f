//! Objects that refer to each other.

use proptest::prelude::*;

/// The names of a base's objects: few, so that references match.
pub(super) const NAMES: [&str; 4] = ["web", "api", "yes", "db-1"];

/// A function that creates an object from a name, the name of another object, and some text.
type Make = fn(&str, &str, &str) -> String;

/// The kinds with their functions.
const KINDS: &[(&str, Make)] = &[
    ("Deployment", |name, other, word| workload("apps/v1", "Deployment", name, other, word)),
    ("StatefulSet", |name, other, word| workload("apps/v1", "StatefulSet", name, other, word)),
    ("CronJob", cron_job),
    ("Service", service),
    ("ConfigMap", |name, _, word| {
        format!("{}data:\n  key: {word}\n  other: \"{name}\"\n", head("v1", "ConfigMap", name))
    }),
    ("Secret", |name, _, word| {
        format!("{}stringData: {{key: {word}}}\ntype: Opaque\n", head("v1", "Secret", name))
    }),
    ("ServiceAccount", |name, other, _| {
        format!("{}secrets:\n- name: {other}\n", head("v1", "ServiceAccount", name))
    }),
    ("PersistentVolumeClaim", |name, _, _| {
        format!(
            "{}spec: {{accessModes: [ReadWriteOnce]}}\n",
            head("v1", "PersistentVolumeClaim", name)
        )
    }),
    ("ClusterRole", |name, other, _| {
        let rule = format!(
            "{{apiGroups: [''], resources: [secrets], resourceNames: [{other}], verbs: [get]}}"
        );
        format!("{}rules:\n- {rule}\n", head("rbac.authorization.k8s.io/v1", "ClusterRole", name))
    }),
    ("RoleBinding", |name, other, _| binding("RoleBinding", name, other)),
    ("ClusterRoleBinding", |name, other, _| binding("ClusterRoleBinding", name, other)),
    ("Ingress", ingress),
    ("HorizontalPodAutoscaler", |name, other, word| {
        let target = format!("{{apiVersion: apps/v1, kind: Deployment, name: {other}}}");
        let head = head("autoscaling/v2", "HorizontalPodAutoscaler", name);
        format!("{head}spec:\n  maxReplicas: 3\n  scaleTargetRef: {target}\nextra: {word}\n")
    }),
    ("Namespace", |name, _, _| head("v1", "Namespace", name)),
    ("Widget", |name, other, word| {
        let spec = format!(
            "  image: nginx\n  list:\n  - {{name: a, value: {word}}}\n  - b\n  ref: {other}\n"
        );
        format!("{}spec:\n{spec}", head("example.com/v1", "Widget", name))
    }),
];

/// Kinds by name, for selectors and targets.
pub(super) fn kind() -> impl Strategy<Value = &'static str> {
    (0..KINDS.len()).prop_map(|number| KINDS[number].0)
}

/// Names of objects of bases.
pub(super) fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

/// Text for values: words that YAML reads as other types, text that is folded, text that is quoted.
pub(super) fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "plain",
        "'on'",
        "on",
        "\"1\"",
        "1",
        "1.50",
        "0x10",
        "0123",
        "1e3",
        "~",
        "''",
        "null",
        "2001-01-01",
        "'a: b'",
        "\"two\\nlines\\n\"",
        "\"trailing \"",
        "a text of many words that is longer than the eighty columns behind which the lines of the output are folded",
        "{a: 1, b: [x, 'y']}",
        "[]",
        "!!str 12",
        "ünïcode",
        "|\n    kept\n     as it is\n",
    ])
}

/// The objects of a base.
pub(super) fn of_base() -> impl Strategy<Value = Vec<String>> {
    objects(&NAMES, 1..9)
}

/// The objects that an overlay adds, with names of their own.
pub(super) fn of_overlay() -> impl Strategy<Value = Vec<String>> {
    objects(&["extra"], 0..2)
}

/// The objects that a component adds.
pub(super) fn of_component() -> impl Strategy<Value = Vec<String>> {
    objects(&["part"], 0..2)
}

/// Objects with different ids.
fn objects(
    names: &'static [&'static str],
    count: std::ops::Range<usize>,
) -> impl Strategy<Value = Vec<String>> {
    let object = (0..KINDS.len(), prop::sample::select(names));
    let details = (name(), word(), 0..4_u8);
    prop::collection::btree_map(object, details, count).prop_map(|objects| {
        let make = |((kind, name), (other, word, namespace)): ((usize, &str), (&str, &str, u8))| {
            let text = KINDS[kind].1(name, other, word);
            match namespace {
                0 => text.replacen("metadata:\n", "metadata:\n  namespace: team\n", 1),
                1 => {
                    text.replacen("metadata:\n", "metadata:\n  labels: {app: web, tier: 'on'}\n", 1)
                }
                _ => text,
            }
        };
        objects.into_iter().map(make).collect()
    })
}

fn head(version: &str, kind: &str, name: &str) -> String {
    format!("apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: \"{name}\"\n")
}

fn workload(version: &str, kind: &str, name: &str, other: &str, word: &str) -> String {
    format!(
        r#"{head}spec:
  replicas: 2
  selector:
    matchLabels: {{app: "{name}"}}
  template:
    metadata:
      labels:
        app: "{name}"
    spec:
{pod}"#,
        head = head(version, kind, name),
        pod = pod(other, word, "      "),
    )
}

fn cron_job(name: &str, other: &str, word: &str) -> String {
    format!(
        "{head}spec:\n  schedule: \"* * * * *\"\n  jobTemplate:\n    spec:\n      template:\n        spec:\n{pod}",
        head = head("batch/v1", "CronJob", name),
        pod = pod(other, word, "          "),
    )
}

/// A pod specification with indented lines.
fn pod(other: &str, word: &str, indent: &str) -> String {
    let word = word.replace('\n', &format!("\n{indent}    "));
    let text = format!(
        r#"serviceAccountName: "{other}"
containers:
- name: main
  image: nginx:1.25
  args: ["--name=$(NAME)", --verbose]
  env:
  - name: NAME
    value: {word}
  - name: KEY
    valueFrom:
      configMapKeyRef: {{name: "{other}", key: key}}
  envFrom:
  - secretRef: {{name: "{other}"}}
  ports:
  - containerPort: 80
- name: side
  image: registry.example.com:5000/team/side@sha256:aaaa
volumes:
- name: config
  configMap:
    name: "{other}"
- name: claim
  persistentVolumeClaim: {{claimName: "{other}"}}
"#
    );
    text.lines().map(|line| format!("{indent}{line}\n")).collect()
}

fn service(name: &str, other: &str, word: &str) -> String {
    let head = head("v1", "Service", name);
    format!(
        "{head}spec:\n  selector: {{app: \"{other}\"}}\n  ports:\n  - port: 80\n    name: {word}\n"
    )
}

fn ingress(name: &str, other: &str, _: &str) -> String {
    let head = head("networking.k8s.io/v1", "Ingress", name);
    let backend = format!("{{service: {{name: \"{other}\", port: {{number: 80}}}}}}");
    format!("{head}spec:\n  defaultBackend: {backend}\n")
}

fn binding(kind: &str, name: &str, other: &str) -> String {
    let head = head("rbac.authorization.k8s.io/v1", kind, name);
    format!(
        "{head}roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: \"{other}\"}}\n\
         subjects:\n- {{kind: ServiceAccount, name: \"{other}\"}}\n- {{kind: ServiceAccount, name: default}}\n"
    )
}
