//! Random manifests: all kinds that create pods, with containers in every list, each relevant field in every state
//! (absent, null, empty, right, wrong), and other objects next to the pods.

use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// Fields with the values that they may have.
type Fields = &'static [(&'static str, &'static [&'static str])];

const CONTEXT: Fields = &[
    ("runAsNonRoot", &["true", "true", "false", "~"]),
    ("runAsUser", &["0", "1000", "20000", "~"]),
    (
        "seccompProfile",
        &[
            "{type: RuntimeDefault}",
            "{type: Unconfined}",
            "{type: Localhost, localhostProfile: a}",
            "~",
        ],
    ),
    ("runAsGroup", &["0", "20000", "~"]),
    ("seLinuxOptions", &["{type: spc_t, level: s0}", "{user: u, role: r}", "{}"]),
    ("appArmorProfile", &["{type: Unconfined}", "{type: RuntimeDefault}"]),
    ("windowsOptions", &["{hostProcess: true}", "{hostProcess: true, runAsUserName: a}"]),
];

const CONTEXT_OF_CONTAINER: Fields = &[
    ("privileged", &["true", "false", "~"]),
    ("allowPrivilegeEscalation", &["true", "false", "~"]),
    (
        "capabilities",
        &[
            "{add: [SYS_ADMIN]}",
            "{add: [CAP_SYS_ADMIN, SYS_ADMIN, NET_BIND_SERVICE]}",
            "{add: [NET_BIND_SERVICE, CHOWN], drop: [NET_RAW]}",
            "{drop: [ALL]}",
            "{drop: [all]}",
            "{drop: ~, add: []}",
            "{}",
            "~",
        ],
    ),
    ("procMount", &["Unmasked", "Default"]),
    ("readOnlyRootFilesystem", &["true", "false", "~"]),
];

const CONTEXT_OF_POD: Fields = &[
    ("fsGroup", &["0", "20000", "~"]),
    ("supplementalGroups", &["[0]", "[0, 20000]", "[]"]),
    (
        "sysctls",
        &[
            "[{name: kernel.msgmax, value: '1'}, {name: net.ipv4.tcp_syncookies, value: '1'}]",
            "[{name: kernel.msgmax, value: '1'}]",
            "[{name: net.ipv4.tcp_rmem, value: '1'}]",
        ],
    ),
];

const CONTAINER: Fields = &[
    (
        "image",
        &[
            "web:1.0",
            "registry.example.com/web@sha256:abc",
            "gcr.io/distroless/static:nonroot",
            "web",
        ],
    ),
    ("command", &["[sh, -c, sleep 1]"]),
    ("args", &["[--verbose, '1', \"1.5\"]"]),
    (
        "env",
        &[
            "[{name: B, value: '1'}, {name: A, valueFrom: {configMapKeyRef: {name: settings, key: a}}}]",
        ],
    ),
    ("envFrom", &["[{secretRef: {name: secrets}}]"]),
    (
        "ports",
        &[
            "[{containerPort: 8080}, {containerPort: 80, hostPort: 80}]",
            "[{name: http, containerPort: 8080, hostPort: 0}]",
            "[{name: http, containerPort: 8080}]",
            "[{name: http, containerPort: 8080}]",
            "[]",
        ],
    ),
    (
        "livenessProbe",
        &[
            "{httpGet: {host: example.com, port: 80}}",
            "{tcpSocket: {host: a, port: http}, successThreshold: 2}",
            "{httpGet: {host: a, port: 8080}, initialDelaySeconds: 60, timeoutSeconds: 20, periodSeconds: 30}",
            "{exec: {command: [a]}}",
            "{exec: {command: [a]}, failureThreshold: 1}",
            "~",
        ],
    ),
    (
        "readinessProbe",
        &["{httpGet: {port: 8080}, terminationGracePeriodSeconds: 5}", "{exec: {command: [a]}}"],
    ),
    (
        "lifecycle",
        &[
            "{preStop: {sleep: {seconds: 50}}}",
            "{preStop: {exec: {command: [sh, -c, sleep 60]}}}",
            "{preStop: {httpGet: {host: a, port: 1}}, postStart: {tcpSocket: {host: b, port: 2}}}",
            "{preStop: ~}",
            "{}",
            "~",
        ],
    ),
    (
        "resources",
        &[
            "{limits: {memory: 64Mi}}",
            "{requests: {cpu: 1, memory: 1Gi}}",
            "{requests: {memory: 512Mi}, limits: {memory: 512Mi, cpu: '2'}}",
            "{requests: ~, limits: {}}",
            "{}",
            "~",
        ],
    ),
    (
        "volumeMounts",
        &[
            "[{name: tmp, mountPath: /tmp}]",
            "[{name: tmp, mountPath: /tmp}]",
            "[{name: tmp, mountPath: /tmp/}]",
            "[{name: tmp, mountPath: /tmpfiles}, {name: data, mountPath: /tmp/data}]",
            "[{name: tmp, mountPath: /}]",
            "[]",
            "~",
        ],
    ),
];

const POD: Fields = &[
    ("hostNetwork", &["true", "false", "~"]),
    ("dnsPolicy", &["ClusterFirstWithHostNet", "ClusterFirst"]),
    ("hostPID", &["true", "false"]),
    ("hostIPC", &["true", "~"]),
    ("hostUsers", &["false", "true", "~"]),
    ("os", &["{name: windows}", "{name: linux}", "~"]),
    ("nodeSelector", &["{kubernetes.io/os: windows}", "{kubernetes.io/os: linux}"]),
    (
        "affinity",
        &[
            "{nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/os, operator: In, values: [windows]}]}]}}}",
        ],
    ),
    ("terminationGracePeriodSeconds", &["0", "10", "27", "27", "30", "600", "~"]),
    (
        "volumes",
        &[
            "[{name: tmp}, {name: data, emptyDir: {}}]",
            "[{name: tmp, hostPath: {path: /}}, {name: krender-w-web-0, emptyDir: {}}]",
            "[{name: data, persistentVolumeClaim: {claimName: data}}]",
            "[{name: krender-w-web-0}, {name: krender-w-web-0-2, nfs: {server: a, path: /}}, {name: tmp}]",
            "[]",
            "~",
        ],
    ),
    ("resources", &["{requests: {cpu: 1, memory: 64Mi}}", "{limits: {memory: 64Mi}}", "{}"]),
    ("serviceAccountName", &["default", "robot"]),
    ("serviceAccount", &["default", "robot"]),
    ("automountServiceAccountToken", &["true", "false", "~"]),
    ("priorityClassName", &["high"]),
    ("restartPolicy", &["Never"]),
    ("shareProcessNamespace", &["true"]),
];

/// Fields of a mapping, each with some chance.
fn fields(of: &[Fields]) -> impl Strategy<Value = String> + use<> {
    let fields: Vec<_> = of
        .iter()
        .flat_map(|fields| fields.iter())
        .map(|(name, values)| {
            weighted(0.3, select(*values).prop_map(move |value| format!("{name}: {value}")))
        })
        .collect();
    fields.prop_map(|fields| fields.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// A `securityContext`: absent, null, or a mapping.
fn context(of: &[Fields]) -> impl Strategy<Value = Option<String>> + use<> {
    prop_oneof![
        1 => Just(None),
        1 => Just(Some("~".to_owned())),
        4 => fields(of).prop_map(|fields| Some(format!("{{{fields}}}"))),
    ]
}

/// A container, whose context may be the anchor `name`, or be an alias of that of another one.
fn container(name: &'static str, rest: &'static str) -> impl Strategy<Value = String> {
    let context = context(&[CONTEXT, CONTEXT_OF_CONTAINER]);
    (context, fields(&[CONTAINER])).prop_map(move |(context, fields)| {
        let context = context.map(|context| format!(", securityContext: {context}"));
        let fields = if fields.is_empty() { fields } else { format!(", {fields}") };
        format!("{{name: {name}{}{fields}{rest}}}", context.unwrap_or_default())
    })
}

/// A container name of the maximum length.
const LONG: &str = "a-container-with-a-name-so-long-that-no-letter-more-fits-in-it0";

/// The lists of containers. In some pods the second container shares the context of the first by an alias.
fn containers() -> impl Strategy<Value = String> {
    let ephemeral = "{name: debug, image: busybox:1.0}";
    let parts = (
        subsequence(vec![0, 1], 0..=2),
        container("setup", ""),
        container("proxy", ", restartPolicy: Always"),
        container("web", ""),
        prop_oneof![container("app", ""), container(LONG, "")],
        context(&[CONTEXT, CONTEXT_OF_CONTAINER]),
        any::<(bool, bool, bool)>(),
    );
    parts.prop_map(move |(init, setup, proxy, web, app, shared, (two, alias, debug))| {
        let init: Vec<String> = init.into_iter().map(|index| [&setup, &proxy][index].clone()).collect();
        let apps = match (two, alias, shared) {
            (_, true, Some(shared)) if shared != "~" => format!(
                "{{name: web, image: 'a:1', securityContext: &shared {shared}}}, {{name: app, image: 'b:1', securityContext: *shared }}"
            ),
            (true, ..) => format!("{web}, {app}"),
            (false, ..) => web,
        };
        let debug = if debug { format!(", ephemeralContainers: [{ephemeral}]") } else { String::new() };
        format!("initContainers: [{}], containers: [{apps}]{debug}", init.join(", "))
    })
}

const ANNOTATIONS: &[&str] = &[
    "container.apparmor.security.beta.kubernetes.io/web: unconfined",
    "seccomp.security.alpha.kubernetes.io/pod: unconfined",
    "container.seccomp.security.alpha.kubernetes.io/web: runtime/default",
    "krender.dev/drain-seconds: '3'",
    "krender.dev/handles-sigterm-drain: 'true'",
    "ignore.krender.dev/host-pid: it looks at them",
    "ignore.krender.dev/read-only-root-fs.web: ''",
    "note: \"1\"",
];

/// `metadata` and `spec` of a pod.
pub(crate) fn pod() -> impl Strategy<Value = (String, String)> {
    let annotations = subsequence(ANNOTATIONS, 0..3);
    let context = context(&[CONTEXT, CONTEXT_OF_POD]);
    (annotations, context, containers(), fields(&[POD])).prop_map(
        |(annotations, context, containers, fields)| {
            let context = context.map(|context| format!(", securityContext: {context}"));
            let fields = if fields.is_empty() { fields } else { format!(", {fields}") };
            let annotations = annotations.join(", ");
            (
                format!("labels: {{app: web}}, annotations: {{{annotations}}}"),
                format!("{{{containers}{}{fields}}}", context.unwrap_or_default()),
            )
        },
    )
}

/// Kinds that create pods.
pub(crate) const KINDS: &[(&str, &str)] = &[
    ("v1", "Pod"),
    ("v1", "PodTemplate"),
    ("v1", "ReplicationController"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "StatefulSet"),
    ("extensions/v1beta1", "Deployment"),
    ("batch/v1", "Job"),
    ("batch/v1", "CronJob"),
    ("argoproj.io/v1alpha1", "Rollout"),
    ("serving.knative.dev/v1", "Service"),
    ("serving.knative.dev/v1", "Configuration"),
];

/// An object of a kind that creates this pod.
pub(crate) fn object(version: &str, kind: &str, name: &str, metadata: &str, spec: &str) -> String {
    let head = format!("apiVersion: {version}\nkind: {kind}\n");
    let named = format!("metadata: {{name: {name}, labels: {{app: web}}}}\n");
    let template = format!("template: {{metadata: {{{metadata}}}, spec: {spec}}}");
    match kind {
        "Pod" => format!("{head}metadata: {{name: {name}, {metadata}}}\nspec: {spec}\n"),
        "PodTemplate" => format!("{head}{named}{template}\n"),
        "ReplicationController" => {
            format!("{head}{named}spec: {{replicas: 2, selector: {{app: web}}, {template}}}\n")
        }
        "CronJob" => format!(
            "{head}{named}spec: {{schedule: '* * * * *', jobTemplate: {{spec: {{{template}}}}}}}\n"
        ),
        "Job" | "Service" | "Configuration" => format!("{head}{named}spec: {{{template}}}\n"),
        "StatefulSet" => format!(
            "{head}{named}spec: {{serviceName: web, selector: {{matchLabels: {{app: web}}}}, {template}, volumeClaimTemplates: [{{metadata: {{name: data}}, spec: {{accessModes: [ReadWriteOnce]}}}}]}}\n"
        ),
        "Deployment" => format!(
            "{head}{named}spec: {{replicas: 2, strategy: {{rollingUpdate: {{maxUnavailable: 2, maxSurge: 0}}}}, selector: {{matchLabels: {{app: web}}}}, {template}}}\n"
        ),
        _ => {
            format!("{head}{named}spec: {{selector: {{matchLabels: {{app: web}}}}, {template}}}\n")
        }
    }
}

/// A Service that selects all pods with its port.
pub(crate) const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 8080}]}\n";

/// Other objects of the render, which are never changed.
const OTHERS: &[&str] = &[
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: \"hostNetwork: true\", privileged: 'true'}\n",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: secrets}\nstringData: {privileged: 'true'}\n",
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: robot}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\nsubjects: [{kind: ServiceAccount, name: robot, namespace: default}]\n",
    "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec: {tls: [{secretName: tls}], rules: [{host: a, http: {paths: []}}]}\n",
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: ships.example.com}\nspec: {template: {spec: {containers: [{name: a, securityContext: {privileged: true}}]}}}\n",
    "apiVersion: example.com/v1\nkind: Ship\nmetadata: {name: ship}\nspec: {template: {spec: {hostNetwork: true, containers: [{name: a}]}}}\n",
];

/// Objects that act on workloads.
const ACTING: &[&str] = &[
    "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec: {scaleTargetRef: {kind: Deployment, name: web}, minReplicas: 2, maxReplicas: 4}\n",
    "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}\n",
];

/// Objects that create pods, and others.
pub(crate) fn manifest() -> impl Strategy<Value = String> {
    let made = (select(KINDS), pod());
    let others = (any::<bool>(), subsequence(ACTING, 0..=2), subsequence(OTHERS, 0..=2));
    (proptest::collection::vec(made, 1..=2), others).prop_map(
        |(made, (is_served, acting, others))| {
            let made = made.into_iter().enumerate().map(|(number, ((version, kind), pod))| {
                object(version, kind, ["web", "other"][number], &pod.0, &pod.1)
            });
            let service = is_served.then(|| SERVICE.to_owned());
            let others = acting.into_iter().chain(others).map(str::to_owned);
            made.chain(service).chain(others).collect::<Vec<_>>().join("---\n")
        },
    )
}

/// A pod behind a Service, with a `preStop`, a drain time, a grace period of some seconds, and a probe, or without them.
pub(crate) fn served() -> impl Strategy<Value = String> {
    let hook = prop_oneof![4 => 1_u16..20, 1 => select(vec![100, 590])];
    let seconds = (weighted(0.3, hook), weighted(0.5, 0_u8..30), weighted(0.8, 0_u8..45));
    let grace = weighted(0.2, select(vec![0_u16, 1, 100, 595]));
    (select(vec!["Deployment", "StatefulSet", "DaemonSet"]), seconds, grace, any::<bool>()).prop_map(
        |(kind, (pre_stop, drain, grace), other_grace, is_probed)| {
            let hook = pre_stop.map(|one| format!(", lifecycle: {{preStop: {{sleep: {{seconds: {one}}}}}}}"));
            let drain = drain.map(|one| format!(", annotations: {{krender.dev/drain-seconds: '{one}'}}"));
            let grace = other_grace.or(grace.map(u16::from));
            let grace = grace.map(|one| format!(", terminationGracePeriodSeconds: {one}"));
            let probe = is_probed.then(|| ", livenessProbe: {exec: {command: [a]}}".to_owned());
            let [hook, drain, grace, probe] = [hook, drain, grace, probe].map(Option::unwrap_or_default);
            let metadata = format!("labels: {{app: web}}{drain}");
            let spec = format!("{{containers: [{{name: web, image: 'web:1.0', ports: [{{containerPort: 8080}}]{hook}{probe}}}]{grace}}}");
            format!("{}---\n{SERVICE}", object("apps/v1", kind, "web", &metadata, &spec))
        },
    )
}
