use super::*;
use crate::diff::{Options, Side, Target, TargetReview};
use crate::schema::{Gvk, Schema};
use crate::source::Source;
use crate::yaml::parse;

fn resources(text: &str) -> Vec<Resource> {
    let source = Source::detached(text);
    let documents = parse::documents(&source).unwrap();
    crate::resource::read(&source, &documents, &Schema::built_in()).unwrap()
}

/// The differences of a cluster to a render, as lines.
fn differences(live: &str, render: &str, unrendered: Unrendered) -> Vec<String> {
    let render = Rendered { resources: resources(render).into(), schema: Schema::built_in() };
    let [before, after] = against(resources(live), render, unrendered).unwrap();
    let (before, after) = (Side::Rendered(before), Side::Rendered(after));
    let target = Target { name: "t".to_owned(), moved_from: None, before, after };
    let review = TargetReview::of(&target, &Options::default());
    let mut lines = Vec::new();
    for object in review.objects {
        match &object.ids {
            [Some(id), None] => lines.push(format!("- {} {}", id.kind, id.name)),
            [None, Some(id)] => lines.push(format!("+ {} {}", id.kind, id.name)),
            _ => lines.extend(object.changes.iter().map(|change| change.path.to_string())),
        }
    }
    lines
}

const RENDER: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  creationTimestamp: null
  labels: {app.kubernetes.io/instance: shop}
  annotations: {}
  name: web
  namespace: shop
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  strategy: {}
  template:
    metadata:
      creationTimestamp: null
      labels: {app: web}
    spec:
      hostNetwork: false
      containers:
      - name: app
        image: registry.example.com:5000/web:1.2
        args: []
        env:
        - {name: A, value: ''}
        - {name: B, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        ports: [{containerPort: 80}]
        readinessProbe: {httpGet: {port: 80}}
        resources: {limits: {cpu: 1000m, memory: 1024Mi}}
      serviceAccountName: web
      volumes:
      - {name: tmp, emptyDir: {}}
      - {name: config, configMap: {name: web}}
status: {}
---
apiVersion: v1
kind: Service
metadata: {labels: {app.kubernetes.io/instance: shop}, name: web, namespace: shop}
spec:
  ports: [{port: 80}]
  selector: {app: web}
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
stringData: {password: hunter2}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {}, egress: [{to: [{podSelector: {}}], ports: [{port: 53}]}], ingress: []}
";

/// Output of `kubectl get -o yaml` for it.
const LIVE: &str = "\
apiVersion: v1
kind: List
metadata: {resourceVersion: ''}
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    annotations:
      deployment.kubernetes.io/revision: '3'
      kubectl.kubernetes.io/last-applied-configuration: '{}'
    creationTimestamp: '2026-01-01T00:00:00Z'
    generation: 3
    labels: {app.kubernetes.io/instance: shop}
    managedFields: [{manager: kubectl}]
    name: web
    namespace: shop
    resourceVersion: '123'
    uid: 1-2-3
  spec:
    progressDeadlineSeconds: 600
    replicas: 1
    revisionHistoryLimit: 10
    selector: {matchLabels: {app: web}}
    strategy: {rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}, type: RollingUpdate}
    template:
      metadata: {labels: {app: web}}
      spec:
        containers:
        - name: app
          image: registry.example.com:5000/web:1.2
          env:
          - name: A
          - {name: B, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: metadata.name}}}
          imagePullPolicy: IfNotPresent
          ports: [{containerPort: 80, protocol: TCP}]
          readinessProbe:
            failureThreshold: 3
            httpGet: {path: /, port: 80, scheme: HTTP}
            periodSeconds: 10
            successThreshold: 1
            timeoutSeconds: 1
          resources: {limits: {cpu: '1', memory: 1Gi}}
          terminationMessagePath: /dev/termination-log
          terminationMessagePolicy: File
        dnsPolicy: ClusterFirst
        restartPolicy: Always
        schedulerName: default-scheduler
        securityContext: {}
        serviceAccount: web
        serviceAccountName: web
        terminationGracePeriodSeconds: 30
        volumes:
        - {name: tmp, emptyDir: {}}
        - {name: config, configMap: {defaultMode: 420, name: web}}
  status: {replicas: 1}
- apiVersion: v1
  kind: Service
  metadata: {labels: {app.kubernetes.io/instance: shop}, name: web, namespace: shop, uid: '4'}
  spec:
    clusterIP: 10.0.0.1
    clusterIPs: [10.0.0.1]
    internalTrafficPolicy: Cluster
    ipFamilies: [IPv4]
    ipFamilyPolicy: SingleStack
    ports: [{port: 80, protocol: TCP, targetPort: 80}]
    selector: {app: web}
    sessionAffinity: None
    type: ClusterIP
  status: {loadBalancer: {}}
- apiVersion: v1
  kind: Secret
  metadata: {name: db, namespace: shop}
  data: {password: aHVudGVyMg==}
  type: Opaque
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: {name: web, namespace: shop}
  spec:
    podSelector: {}
    egress: [{to: [{podSelector: {}}], ports: [{port: 53, protocol: TCP}]}]
    policyTypes: [Ingress, Egress]
";

#[test]
fn what_a_server_adds_is_no_difference() {
    assert_eq!(differences(LIVE, RENDER, Unrendered::Labelled), [""; 0]);
    // A rendered branch has no additions.
    assert_eq!(differences(RENDER, RENDER, Unrendered::All), [""; 0]);
}

#[test]
fn any_other_value_is_a_difference() {
    for (from, to, path) in [
        ("replicas: 1\n    rev", "replicas: 4\n    rev", "spec.replicas"),
        ("revisionHistoryLimit: 10", "revisionHistoryLimit: 2", "spec.revisionHistoryLimit"),
        ("imagePullPolicy: IfNotPresent", "imagePullPolicy: Always", "imagePullPolicy"),
        ("protocol: TCP}]\n          rea", "protocol: UDP}]\n          rea", "UDP"),
        ("maxSurge: 25%", "maxSurge: 50%", "spec.strategy"),
        ("securityContext: {}", "securityContext: {runAsUser: 0}", "securityContext"),
        ("securityContext: {}", "hostNetwork: true", "hostNetwork"),
        ("securityContext: {}", "hostPID: true", "hostPID"),
        ("serviceAccount: web", "serviceAccount: root", "serviceAccount"),
        ("memory: 1Gi", "memory: 2Gi", "memory"),
        ("- name: A\n", "- {name: A, value: x}\n", "value"),
        ("emptyDir: {}", "emptyDir: {medium: Memory}", "emptyDir"),
        ("policyTypes: [Ingress, Egress]", "policyTypes: [Egress]", "policyTypes"),
        (
            "to: [{podSelector: {}}]",
            "to: [{podSelector: {}, namespaceSelector: {}}]",
            "namespaceSelector",
        ),
        ("type: ClusterIP", "type: LoadBalancer", "spec.type"),
        ("targetPort: 80", "targetPort: 8080", "targetPort"),
        ("aHVudGVyMg==", "aHVudGVyMw==", "data.password"),
        ("managedFields: [{manager: kubectl}]", "managedFields: []\n    finalizers: [x]", ""),
        ("revision: '3'", "revision: '3'\n      example.com/by-hand: x", "example.com/by-hand"),
        ("schedulerName: default-scheduler", "schedulerName: other", "schedulerName"),
    ] {
        assert!(LIVE.contains(from), "{from}");
        let found = differences(&LIVE.replacen(from, to, 1), RENDER, Unrendered::Labelled);
        let is_found = found.iter().any(|line| line.contains(path));
        assert!(
            found.is_empty() == path.is_empty() && (path.is_empty() || is_found),
            "{to}: {found:?}"
        );
    }
}

#[test]
fn what_is_rendered_and_missing_is_a_difference() {
    let render = RENDER.replace("replicas: 1", "replicas: 3").replace(
        "ports: [{port: 80}]",
        "externalTrafficPolicy: Local\n  ports: [{port: 80, nodePort: 30080}]",
    );
    let found = differences(LIVE, &render, Unrendered::Labelled);
    assert_eq!(found.len(), 3, "{found:?}");
    let only = LIVE.split("- apiVersion: v1\n  kind: Secret").next().unwrap();
    assert_eq!(
        differences(only, RENDER, Unrendered::Labelled),
        ["+ Secret db", "+ NetworkPolicy web"]
    );
}

#[test]
fn objects_that_are_not_rendered_count_if_they_belong_to_it() {
    let more = |kind: &str, metadata: &str| {
        format!(
            "{RENDER}---\napiVersion: v1\nkind: {kind}\nmetadata: {{name: old, namespace: shop, {metadata}}}\n"
        )
    };
    let instance = "labels: {app.kubernetes.io/instance: shop}";
    let owned = format!("{instance}, ownerReferences: [{{kind: ReplicaSet, name: x}}]");
    for (live, labelled, all) in [
        (more("ConfigMap", instance), 1, 1),
        (more("ConfigMap", "labels: {app.kubernetes.io/instance: other}"), 0, 1),
        (more("ConfigMap", "labels: {}"), 0, 1),
        (more("Pod", &owned), 0, 1),
        (more("Endpoints", instance), 0, 1),
    ] {
        assert_eq!(differences(&live, RENDER, Unrendered::Labelled).len(), labelled, "{live}");
        assert_eq!(differences(&live, RENDER, Unrendered::All).len(), all, "{live}");
        assert_eq!(differences(&live, RENDER, Unrendered::None).len(), 0, "{live}");
    }
}

#[test]
fn a_namespace_may_come_from_the_command() {
    let render = RENDER.replace(", namespace: shop", "").replace("  namespace: shop\n", "");
    assert_eq!(differences(LIVE, &render, Unrendered::Labelled), [""; 0]);
    let twice = format!("{RENDER}---\n{}", RENDER.replace("namespace: shop", "namespace: other"));
    let found = differences(&twice, &render, Unrendered::None);
    assert_eq!(
        found.iter().filter(|line| line.starts_with('+')).count(),
        4,
        "it is not known which one is meant: {found:?}"
    );
}

#[test]
fn kinds_of_others_have_no_defaults() {
    let render = "{apiVersion: example.com/v1, kind: Service, metadata: {name: a}, spec: {}}";
    let live = "{apiVersion: example.com/v1, kind: Service, metadata: {name: a, uid: x}, spec: {type: ClusterIP}, status: {a: 1}}";
    assert_eq!(differences(live, render, Unrendered::None), ["spec.type"]);
}

#[test]
fn rules_are_well_formed() {
    let text = include_str!("served.txt").lines();
    let count = text.filter(|line| !line.is_empty() && !line.starts_with('#')).count();
    assert_eq!(rules::lines().count(), count);
    let names = ["pull-policy", "list-kind", "singular", "subject-group", "policy-types"];
    for (kinds, path, value) in rules::lines() {
        assert!(!path.split('/').any(str::is_empty), "{path}");
        let is_kind = |kind: &str| {
            let (group, kind) = kind.split_once('/').unwrap_or(("", kind));
            matches!(kind, "*" | "pods")
                || Schema::built_in_scope(&Gvk::new(group, "v1", kind)).is_some()
        };
        assert!(kinds.split(',').all(is_kind), "{kinds}");
        if let Some(name) = value.strip_prefix('@') {
            assert!(names.contains(&name), "{name}");
        }
    }
}

#[test]
fn deep_objects_are_compared_too() {
    let deep = |end: &str| {
        let (open, close) = ("{a: ".repeat(5_000), "}".repeat(5_000));
        format!(
            "{{apiVersion: example.com/v1, kind: A, metadata: {{name: a}}, spec: {open}{end}{close}}}"
        )
    };
    assert_eq!(differences(&deep("1"), &deep("1"), Unrendered::All), [""; 0]);
}
