//! Generated trees: a base of applications, and an overlay that changes all of them.
//!
//! The same number of resources and the same features always give the same bytes, so that measurements can be compared
//! over time.
#![allow(dead_code, reason = "not every program that measures needs all of it")]

/// A change that an overlay makes to all resources, or to one in eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feature {
    Prefix,
    Namespace,
    Labels,
    Annotations,
    Images,
    Replicas,
    JsonPatch,
    StrategicMerge,
    Generators,
    Replacements,
}

impl Feature {
    /// All features, in the order in which an overlay has them.
    pub(crate) const ALL: [Self; 10] = [
        Self::Prefix,
        Self::Namespace,
        Self::Labels,
        Self::Annotations,
        Self::Images,
        Self::Replicas,
        Self::JsonPatch,
        Self::StrategicMerge,
        Self::Generators,
        Self::Replacements,
    ];

    /// The name of a feature for people, such as `json-patch`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Prefix => "prefix",
            Self::Namespace => "namespace",
            Self::Labels => "labels",
            Self::Annotations => "annotations",
            Self::Images => "images",
            Self::Replicas => "replicas",
            Self::JsonPatch => "json-patch",
            Self::StrategicMerge => "strategic-merge",
            Self::Generators => "generators",
            Self::Replacements => "replacements",
        }
    }

    /// The text of the feature in the overlay of a base with `resources` objects.
    fn text(self, resources: usize) -> String {
        match self {
            Self::Prefix => "namePrefix: staging-\n".into(),
            Self::Namespace => "namespace: shop\n".into(),
            Self::Labels => LABELS.into(),
            Self::Annotations => "commonAnnotations:\n  contact: shop@example.com\n".into(),
            Self::Images => IMAGES.into(),
            Self::Replicas => entries("replicas", resources, |number| {
                format!("- name: app-{number}\n  count: 5\n")
            }),
            Self::JsonPatch => format!("{PATCHES}{JSON_PATCH}"),
            Self::StrategicMerge => format!("{PATCHES}{STRATEGIC_MERGE}"),
            Self::Generators => entries("configMapGenerator", resources, |number| {
                format!("- name: generated-{number}\n  literals:\n  - number={number}\n")
            }),
            Self::Replacements => REPLACEMENTS.into(),
        }
    }
}

/// A list of the overlay with an item for every eighth object; empty if there are fewer.
fn entries(field: &str, resources: usize, item: impl Fn(usize) -> String) -> String {
    match resources / 8 {
        0 => String::new(),
        items => format!("{field}:\n{}", (0..items).map(item).collect::<String>()),
    }
}

const LABELS: &str = "labels:\n- pairs:\n    environment: staging\n  includeSelectors: true\n";

const IMAGES: &str = "images:\n- name: registry.example.com/team/app\n  newTag: 2.0.0\n";

const PATCHES: &str = "patches:\n";

const JSON_PATCH: &str = r"- target:
    kind: Deployment
  patch: |
    - op: replace
      path: /spec/replicas
      value: 2
";

const STRATEGIC_MERGE: &str = r"- target:
    kind: Deployment
  patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: any
    spec:
      template:
        spec:
          containers:
          - name: app
            resources:
              limits:
                memory: 512Mi
";

const REPLACEMENTS: &str = r"replacements:
- source:
    kind: ConfigMap
    name: settings-0
    fieldPath: data.level
  targets:
  - select:
      kind: Deployment
    fieldPaths:
    - spec.template.spec.containers.[name=app].env.[name=UPSTREAM].value
";

/// A base of `resources` objects in `base/`, ten to a file, and an overlay in `overlay/`: path and text of each file.
///
/// An application consists of a Deployment, a Service and a ConfigMap that refer to each other; the Deployment also
/// refers to a ConfigMap that an overlay with [`Feature::Generators`] generates. The overlay has exactly the requested
/// features.
pub(crate) fn files(resources: usize, features: &[Feature]) -> Vec<(String, String)> {
    let numbers: Vec<usize> = (0..resources).collect();
    let mut files: Vec<(String, String)> = numbers
        .chunks(10)
        .enumerate()
        .map(|(file, numbers)| {
            let objects = numbers.iter().map(|&number| object(number, resources));
            let documents: Vec<String> = objects.collect();
            (format!("base/objects-{file}.yaml"), documents.join("---\n"))
        })
        .collect();
    let names: String =
        files.iter().map(|(path, _)| path.replacen("base/", "- ", 1) + "\n").collect();
    files.push(("base/kustomization.yaml".into(), format!("resources:\n{names}")));
    files.push(("overlay/kustomization.yaml".into(), overlay(resources, features)));
    files
}

fn overlay(resources: usize, features: &[Feature]) -> String {
    let mut text = "resources:\n- ../base\n".to_owned();
    for feature in features {
        let part = feature.text(resources);
        // Patches of both kinds share one list.
        let more = part.strip_prefix(PATCHES).filter(|_| text.contains(PATCHES));
        text.push_str(more.unwrap_or(&part));
    }
    text
}

fn object(number: usize, resources: usize) -> String {
    let group = number / 3;
    match number % 3 {
        0 => deployment(group, group % (resources / 8).max(1)),
        1 => service(group),
        _ => config_map(group),
    }
}

fn deployment(group: usize, generated: usize) -> String {
    format!(
        r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{group}
  namespace: team-{team}
  labels:
    app.kubernetes.io/name: app-{group}
    app.kubernetes.io/component: backend
  annotations:
    description: "Answers the requests of team {team}, and hands what takes long to the workers behind the queue."
spec:
  replicas: {replicas}
  selector:
    matchLabels:
      app.kubernetes.io/name: app-{group}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: app-{group}
    spec:
      serviceAccountName: default
      containers:
      - name: app
        image: registry.example.com/team/app:1.{group}.0
        args: ["--listen=0.0.0.0:8080", "--workers={replicas}", "--verbose"]
        ports:
        - name: http
          containerPort: 8080
          protocol: TCP
        env:
        # Where the others are found.
        - name: UPSTREAM
          value: http://app-{group}.team-{team}.svc:80
        - name: LEVEL
          valueFrom:
            configMapKeyRef:
              name: settings-{group}
              key: level
        envFrom:
        - configMapRef:
            name: generated-{generated}
        readinessProbe:
          httpGet:
            path: /healthz
            port: http
          initialDelaySeconds: 5
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
          limits:
            memory: 256Mi
        volumeMounts:
        - name: settings
          mountPath: /etc/app
      volumes:
      - name: settings
        configMap:
          name: settings-{group}
"#,
        team = group % 7,
        replicas = 1 + group % 4,
    )
}

fn service(group: usize) -> String {
    format!(
        r"apiVersion: v1
kind: Service
metadata:
  name: app-{group}
  namespace: team-{team}
spec:
  type: ClusterIP
  selector:
    app.kubernetes.io/name: app-{group}
  ports:
  - name: http
    port: 80
    targetPort: http
",
        team = group % 7,
    )
}

fn config_map(group: usize) -> String {
    format!(
        r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: settings-{group}
  namespace: team-{team}
data:
  level: info
  timeout: "{group}"
  app.conf: |
    # group {group}
    [server]
    listen = 0.0.0.0:8080
    queue = amqp://queue.team-{team}.svc

    [limits]
    requests = {limit}
"#,
        team = group % 7,
        limit = 100 * group,
    )
}
