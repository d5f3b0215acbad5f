//! Generated trees: a base of applications, and an overlay that touches all of them.
//!
//! The same number of resources always gives the same bytes, so that measurements can be compared over time.

/// A base of `resources` objects in `base/`, ten to a file, and an overlay in `overlay/`: path and text of each file.
///
/// An application is a Deployment, a Service and a ConfigMap that name each other. The overlay has what most overlays
/// have (a name prefix, labels, an image, patches), and a generated ConfigMap for every eighth object.
pub(crate) fn files(resources: usize) -> Vec<(String, String)> {
    let numbers: Vec<usize> = (0..resources).collect();
    let mut files: Vec<(String, String)> = numbers
        .chunks(10)
        .enumerate()
        .map(|(file, numbers)| {
            let documents: Vec<String> = numbers.iter().map(|&number| object(number)).collect();
            (format!("base/objects-{file}.yaml"), documents.join("---\n"))
        })
        .collect();
    let names: String =
        files.iter().map(|(path, _)| path.replacen("base/", "- ", 1) + "\n").collect();
    files.push(("base/kustomization.yaml".into(), format!("resources:\n{names}")));
    files.push(("overlay/kustomization.yaml".into(), overlay(resources)));
    files
}

fn object(number: usize) -> String {
    let group = number / 3;
    match number % 3 {
        0 => deployment(group),
        1 => service(group),
        _ => config_map(group),
    }
}

fn deployment(group: usize) -> String {
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

fn overlay(resources: usize) -> String {
    let generated: String = (0..resources / 8)
        .map(|number| format!("- name: generated-{number}\n  literals:\n  - number={number}\n"))
        .collect();
    let generators = if generated.is_empty() {
        String::new()
    } else {
        format!("configMapGenerator:\n{generated}")
    };
    format!(
        r"resources:
- ../base
namePrefix: staging-
labels:
- pairs:
    environment: staging
  includeSelectors: true
images:
- name: registry.example.com/team/app
  newTag: 2.0.0
patches:
- target:
    kind: Deployment
  patch: |
    - op: replace
      path: /spec/replicas
      value: 2
- patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: app-0
      namespace: team-0
    spec:
      template:
        spec:
          containers:
          - name: app
            resources:
              limits:
                memory: 512Mi
{generators}"
    )
}
