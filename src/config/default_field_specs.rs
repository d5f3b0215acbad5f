//! The fields that the builtin transformers change, as the reference has them
//! (`api/internal/konfig/builtinpluginconsts`).
//!
//! Configuration files and nested kustomizations add to these tables; `transformer_config` puts them together. The rows
//! stand in the reference's order, its slips included: `Ingress` names its secrets twice, `CronJob` has a path without
//! `spec`, and the group of `IngressClass` has a version in it, so that no object ever fits.

/// One field: group, version and kind of the objects that have it (empty parts fit anything), and its path.
pub(super) struct Row {
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) kind: &'static str,
    pub(super) path: &'static str,
    pub(super) create: bool,
}

/// The fields that hold the name of an object of one kind.
pub(super) struct Referrers {
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) kind: &'static str,
    pub(super) fields: &'static [Row],
}

/// A field that is changed where it is.
const fn field(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    path: &'static str,
) -> Row {
    Row { group, version, kind, path, create: false }
}

/// A field that is added where it is not.
const fn create(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    path: &'static str,
) -> Row {
    Row { group, version, kind, path, create: true }
}

/// What gets a name prefix.
#[rustfmt::skip]
pub(super) const NAME_PREFIX: &[Row] = &[
    field("", "", "", "metadata/name"),
];

/// What gets a name suffix.
#[rustfmt::skip]
pub(super) const NAME_SUFFIX: &[Row] = &[
    field("", "", "", "metadata/name"),
];

/// What gets the namespace, besides `metadata.namespace`.
#[rustfmt::skip]
pub(super) const NAMESPACE: &[Row] = &[
    create("", "", "Namespace", "metadata/name"),
    create("apiregistration.k8s.io", "", "APIService", "spec/service/namespace"),
    field("apiextensions.k8s.io", "", "CustomResourceDefinition", "spec/conversion/webhook/clientConfig/service/namespace"),
];

/// What gets a label that is for selectors too.
#[rustfmt::skip]
pub(super) const COMMON_LABELS: &[Row] = &[
    create("", "v1", "Service", "spec/selector"),
    create("", "v1", "ReplicationController", "spec/selector"),
    create("", "", "Deployment", "spec/selector/matchLabels"),
    field("apps", "", "Deployment", "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels"),
    field("apps", "", "Deployment", "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels"),
    field("apps", "", "Deployment", "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels"),
    field("apps", "", "Deployment", "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels"),
    field("apps", "", "Deployment", "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels"),
    create("", "", "ReplicaSet", "spec/selector/matchLabels"),
    create("", "", "DaemonSet", "spec/selector/matchLabels"),
    create("apps", "", "StatefulSet", "spec/selector/matchLabels"),
    field("apps", "", "StatefulSet", "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels"),
    field("apps", "", "StatefulSet", "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels"),
    field("apps", "", "StatefulSet", "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels"),
    field("apps", "", "StatefulSet", "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels"),
    field("apps", "", "StatefulSet", "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels"),
    field("batch", "", "Job", "spec/selector/matchLabels"),
    field("batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels"),
    field("policy", "", "PodDisruptionBudget", "spec/selector/matchLabels"),
    field("networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels"),
    field("networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels"),
    field("networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels"),
    create("", "", "", "metadata/labels"),
    create("", "v1", "ReplicationController", "spec/template/metadata/labels"),
    create("", "", "Deployment", "spec/template/metadata/labels"),
    create("", "", "ReplicaSet", "spec/template/metadata/labels"),
    create("", "", "DaemonSet", "spec/template/metadata/labels"),
    create("apps", "", "StatefulSet", "spec/template/metadata/labels"),
    create("batch", "", "Job", "spec/template/metadata/labels"),
    create("batch", "", "CronJob", "spec/jobTemplate/metadata/labels"),
    create("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels"),
    create("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels"),
];

/// What gets a label that is for templates too.
#[rustfmt::skip]
pub(super) const TEMPLATE_LABELS: &[Row] = &[
    create("", "", "", "metadata/labels"),
    create("", "v1", "ReplicationController", "spec/template/metadata/labels"),
    create("", "", "Deployment", "spec/template/metadata/labels"),
    create("", "", "ReplicaSet", "spec/template/metadata/labels"),
    create("", "", "DaemonSet", "spec/template/metadata/labels"),
    create("apps", "", "StatefulSet", "spec/template/metadata/labels"),
    create("batch", "", "Job", "spec/template/metadata/labels"),
    create("batch", "", "CronJob", "spec/jobTemplate/metadata/labels"),
    create("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels"),
];

/// What gets a label that is for volume claim templates too.
#[rustfmt::skip]
pub(super) const VOLUME_CLAIM_TEMPLATE_LABELS: &[Row] = &[
    create("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels"),
];

/// What gets an annotation.
#[rustfmt::skip]
pub(super) const COMMON_ANNOTATIONS: &[Row] = &[
    create("", "", "", "metadata/annotations"),
    create("", "v1", "ReplicationController", "spec/template/metadata/annotations"),
    create("", "", "Deployment", "spec/template/metadata/annotations"),
    create("", "", "ReplicaSet", "spec/template/metadata/annotations"),
    create("", "", "DaemonSet", "spec/template/metadata/annotations"),
    create("", "", "StatefulSet", "spec/template/metadata/annotations"),
    create("batch", "", "Job", "spec/template/metadata/annotations"),
    create("batch", "", "CronJob", "spec/jobTemplate/metadata/annotations"),
    create("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations"),
];

/// Where images are named.
#[rustfmt::skip]
pub(super) const IMAGES: &[Row] = &[
    create("", "", "", "spec/containers[]/image"),
    create("", "", "", "spec/initContainers[]/image"),
    create("", "", "", "spec/volumes[]/image/reference"),
    create("", "", "", "spec/template/spec/containers[]/image"),
    create("", "", "", "spec/template/spec/initContainers[]/image"),
    create("", "", "", "spec/template/spec/volumes[]/image/reference"),
];

/// What holds a number of copies.
#[rustfmt::skip]
pub(super) const REPLICAS: &[Row] = &[
    create("", "", "Deployment", "spec/replicas"),
    create("", "", "ReplicationController", "spec/replicas"),
    create("", "", "ReplicaSet", "spec/replicas"),
    create("", "", "StatefulSet", "spec/replicas"),
];

/// Who refers to whom by name.
#[rustfmt::skip]
pub(super) const NAME_REFERENCE: &[Referrers] = &[
    Referrers { group: "", version: "", kind: "Deployment", fields: &[
        field("", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name"),
    ] },
    Referrers { group: "", version: "", kind: "ReplicationController", fields: &[
        field("", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name"),
    ] },
    Referrers { group: "", version: "", kind: "ReplicaSet", fields: &[
        field("", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name"),
    ] },
    Referrers { group: "", version: "", kind: "StatefulSet", fields: &[
        field("", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name"),
    ] },
    Referrers { group: "", version: "v1", kind: "ConfigMap", fields: &[
        field("", "v1", "Pod", "spec/volumes/configMap/name"),
        field("", "v1", "Pod", "spec/containers/env/valueFrom/configMapKeyRef/name"),
        field("", "v1", "Pod", "spec/initContainers/env/valueFrom/configMapKeyRef/name"),
        field("", "v1", "Pod", "spec/containers/envFrom/configMapRef/name"),
        field("", "v1", "Pod", "spec/initContainers/envFrom/configMapRef/name"),
        field("", "v1", "Pod", "spec/volumes/projected/sources/configMap/name"),
        field("", "", "PodTemplate", "template/spec/volumes/configMap/name"),
        field("", "", "PodTemplate", "template/spec/containers/env/valueFrom/configMapKeyRef/name"),
        field("", "", "PodTemplate", "template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
        field("", "", "PodTemplate", "template/spec/containers/envFrom/configMapRef/name"),
        field("", "", "PodTemplate", "template/spec/initContainers/envFrom/configMapRef/name"),
        field("", "", "PodTemplate", "template/spec/volumes/projected/sources/configMap/name"),
        field("", "", "Deployment", "spec/template/spec/volumes/configMap/name"),
        field("", "", "Deployment", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name"),
        field("", "", "Deployment", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
        field("", "", "Deployment", "spec/template/spec/containers/envFrom/configMapRef/name"),
        field("", "", "Deployment", "spec/template/spec/initContainers/envFrom/configMapRef/name"),
        field("", "", "Deployment", "spec/template/spec/volumes/projected/sources/configMap/name"),
        field("", "", "ReplicaSet", "spec/template/spec/volumes/configMap/name"),
        field("", "", "ReplicaSet", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name"),
        field("", "", "ReplicaSet", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
        field("", "", "ReplicaSet", "spec/template/spec/containers/envFrom/configMapRef/name"),
        field("", "", "ReplicaSet", "spec/template/spec/initContainers/envFrom/configMapRef/name"),
        field("", "", "ReplicaSet", "spec/template/spec/volumes/projected/sources/configMap/name"),
        field("", "", "DaemonSet", "spec/template/spec/volumes/configMap/name"),
        field("", "", "DaemonSet", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name"),
        field("", "", "DaemonSet", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
        field("", "", "DaemonSet", "spec/template/spec/containers/envFrom/configMapRef/name"),
        field("", "", "DaemonSet", "spec/template/spec/initContainers/envFrom/configMapRef/name"),
        field("", "", "DaemonSet", "spec/template/spec/volumes/projected/sources/configMap/name"),
        field("", "", "StatefulSet", "spec/template/spec/volumes/configMap/name"),
        field("", "", "StatefulSet", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name"),
        field("", "", "StatefulSet", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
        field("", "", "StatefulSet", "spec/template/spec/containers/envFrom/configMapRef/name"),
        field("", "", "StatefulSet", "spec/template/spec/initContainers/envFrom/configMapRef/name"),
        field("", "", "StatefulSet", "spec/template/spec/volumes/projected/sources/configMap/name"),
        field("", "", "Job", "spec/template/spec/volumes/configMap/name"),
        field("", "", "Job", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name"),
        field("", "", "Job", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
        field("", "", "Job", "spec/template/spec/containers/envFrom/configMapRef/name"),
        field("", "", "Job", "spec/template/spec/initContainers/envFrom/configMapRef/name"),
        field("", "", "Job", "spec/template/spec/volumes/projected/sources/configMap/name"),
        field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/configMap/name"),
        field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/projected/sources/configMap/name"),
        field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/env/valueFrom/configMapKeyRef/name"),
        field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
        field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/envFrom/configMapRef/name"),
        field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/envFrom/configMapRef/name"),
        field("", "", "Node", "spec/configSource/configMap"),
        field("", "", "Role", "rules/resourceNames"),
        field("", "", "ClusterRole", "rules/resourceNames"),
        field("", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap"),
    ] },
    Referrers { group: "", version: "v1", kind: "Secret", fields: &[
        field("", "v1", "Pod", "spec/volumes/secret/secretName"),
        field("", "v1", "Pod", "spec/containers/env/valueFrom/secretKeyRef/name"),
        field("", "v1", "Pod", "spec/initContainers/env/valueFrom/secretKeyRef/name"),
        field("", "v1", "Pod", "spec/containers/envFrom/secretRef/name"),
        field("", "v1", "Pod", "spec/initContainers/envFrom/secretRef/name"),
        field("", "v1", "Pod", "spec/imagePullSecrets/name"),
        field("", "v1", "Pod", "spec/volumes/projected/sources/secret/name"),
        field("", "", "PodTemplate", "template/spec/volumes/secret/secretName"),
        field("", "", "PodTemplate", "template/spec/containers/env/valueFrom/secretKeyRef/name"),
        field("", "", "PodTemplate", "template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
        field("", "", "PodTemplate", "template/spec/containers/envFrom/secretRef/name"),
        field("", "", "PodTemplate", "template/spec/initContainers/envFrom/secretRef/name"),
        field("", "", "PodTemplate", "template/spec/imagePullSecrets/name"),
        field("", "", "PodTemplate", "template/spec/volumes/projected/sources/secret/name"),
        field("", "", "Deployment", "spec/template/spec/volumes/secret/secretName"),
        field("", "", "Deployment", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
        field("", "", "Deployment", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
        field("", "", "Deployment", "spec/template/spec/containers/envFrom/secretRef/name"),
        field("", "", "Deployment", "spec/template/spec/initContainers/envFrom/secretRef/name"),
        field("", "", "Deployment", "spec/template/spec/imagePullSecrets/name"),
        field("", "", "Deployment", "spec/template/spec/volumes/projected/sources/secret/name"),
        field("", "", "ReplicaSet", "spec/template/spec/volumes/secret/secretName"),
        field("", "", "ReplicaSet", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
        field("", "", "ReplicaSet", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
        field("", "", "ReplicaSet", "spec/template/spec/containers/envFrom/secretRef/name"),
        field("", "", "ReplicaSet", "spec/template/spec/initContainers/envFrom/secretRef/name"),
        field("", "", "ReplicaSet", "spec/template/spec/imagePullSecrets/name"),
        field("", "", "ReplicaSet", "spec/template/spec/volumes/projected/sources/secret/name"),
        field("", "", "DaemonSet", "spec/template/spec/volumes/secret/secretName"),
        field("", "", "DaemonSet", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
        field("", "", "DaemonSet", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
        field("", "", "DaemonSet", "spec/template/spec/containers/envFrom/secretRef/name"),
        field("", "", "DaemonSet", "spec/template/spec/initContainers/envFrom/secretRef/name"),
        field("", "", "DaemonSet", "spec/template/spec/imagePullSecrets/name"),
        field("", "", "DaemonSet", "spec/template/spec/volumes/projected/sources/secret/name"),
        field("", "", "StatefulSet", "spec/template/spec/volumes/secret/secretName"),
        field("", "", "StatefulSet", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
        field("", "", "StatefulSet", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
        field("", "", "StatefulSet", "spec/template/spec/containers/envFrom/secretRef/name"),
        field("", "", "StatefulSet", "spec/template/spec/initContainers/envFrom/secretRef/name"),
        field("", "", "StatefulSet", "spec/template/spec/imagePullSecrets/name"),
        field("", "", "StatefulSet", "spec/template/spec/volumes/projected/sources/secret/name"),
        field("", "", "Job", "spec/template/spec/volumes/secret/secretName"),
        field("", "", "Job", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
        field("", "", "Job", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
        field("", "", "Job", "spec/template/spec/containers/envFrom/secretRef/name"),
        field("", "", "Job", "spec/template/spec/initContainers/envFrom/secretRef/name"),
        field("", "", "Job", "spec/template/spec/imagePullSecrets/name"),
        field("", "", "Job", "spec/template/spec/volumes/projected/sources/secret/name"),
        field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/secret/secretName"),
        field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/projected/sources/secret/name"),
        field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
        field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
        field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/envFrom/secretRef/name"),
        field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/envFrom/secretRef/name"),
        field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/imagePullSecrets/name"),
        field("", "", "Ingress", "spec/tls/secretName"),
        field("", "", "Ingress", "metadata/annotations/ingress.kubernetes.io\\/auth-secret"),
        field("", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret"),
        field("", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret"),
        field("", "", "Ingress", "spec/tls/secretName"),
        field("", "", "ServiceAccount", "imagePullSecrets/name"),
        field("", "", "StorageClass", "parameters/secretName"),
        field("", "", "StorageClass", "parameters/adminSecretName"),
        field("", "", "StorageClass", "parameters/userSecretName"),
        field("", "", "StorageClass", "parameters/secretRef"),
        field("", "", "Role", "rules/resourceNames"),
        field("", "", "ClusterRole", "rules/resourceNames"),
        field("serving.knative.dev", "v1", "Service", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
        field("", "", "PersistentVolume", "spec/azureFile/secretName"),
    ] },
    Referrers { group: "", version: "v1", kind: "Service", fields: &[
        field("apps", "", "StatefulSet", "spec/serviceName"),
        field("", "", "Ingress", "spec/rules/http/paths/backend/serviceName"),
        field("", "", "Ingress", "spec/backend/serviceName"),
        field("", "", "Ingress", "spec/rules/http/paths/backend/service/name"),
        field("", "", "Ingress", "spec/defaultBackend/service/name"),
        field("apiregistration.k8s.io", "", "APIService", "spec/service/name"),
        field("admissionregistration.k8s.io", "", "ValidatingWebhookConfiguration", "webhooks/clientConfig/service"),
        field("admissionregistration.k8s.io", "", "MutatingWebhookConfiguration", "webhooks/clientConfig/service"),
    ] },
    Referrers { group: "rbac.authorization.k8s.io", version: "", kind: "Role", fields: &[
        field("rbac.authorization.k8s.io", "", "RoleBinding", "roleRef/name"),
    ] },
    Referrers { group: "rbac.authorization.k8s.io", version: "", kind: "ClusterRole", fields: &[
        field("rbac.authorization.k8s.io", "", "RoleBinding", "roleRef/name"),
        field("rbac.authorization.k8s.io", "", "ClusterRoleBinding", "roleRef/name"),
    ] },
    Referrers { group: "", version: "v1", kind: "ServiceAccount", fields: &[
        field("rbac.authorization.k8s.io", "", "RoleBinding", "subjects"),
        field("rbac.authorization.k8s.io", "", "ClusterRoleBinding", "subjects"),
        field("", "", "Pod", "spec/serviceAccountName"),
        field("", "", "StatefulSet", "spec/template/spec/serviceAccountName"),
        field("", "", "Deployment", "spec/template/spec/serviceAccountName"),
        field("", "", "ReplicationController", "spec/template/spec/serviceAccountName"),
        field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/serviceAccountName"),
        field("", "", "Job", "spec/template/spec/serviceAccountName"),
        field("", "", "DaemonSet", "spec/template/spec/serviceAccountName"),
    ] },
    Referrers { group: "", version: "v1", kind: "PersistentVolumeClaim", fields: &[
        field("", "", "Pod", "spec/volumes/persistentVolumeClaim/claimName"),
        field("", "", "StatefulSet", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
        field("", "", "Deployment", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
        field("", "", "ReplicationController", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
        field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/persistentVolumeClaim/claimName"),
        field("", "", "Job", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
        field("", "", "DaemonSet", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
    ] },
    Referrers { group: "", version: "v1", kind: "PersistentVolume", fields: &[
        field("", "", "PersistentVolumeClaim", "spec/volumeName"),
        field("", "", "ClusterRole", "rules/resourceNames"),
    ] },
    Referrers { group: "storage.k8s.io", version: "v1", kind: "StorageClass", fields: &[
        field("", "", "PersistentVolume", "spec/storageClassName"),
        field("", "", "PersistentVolumeClaim", "spec/storageClassName"),
        field("", "", "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"),
    ] },
    Referrers { group: "scheduling.k8s.io", version: "v1", kind: "PriorityClass", fields: &[
        field("", "", "Pod", "spec/priorityClassName"),
        field("", "", "StatefulSet", "spec/template/spec/priorityClassName"),
        field("", "", "Deployment", "spec/template/spec/priorityClassName"),
        field("", "", "ReplicationController", "spec/template/spec/priorityClassName"),
        field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/priorityClassName"),
        field("", "", "Job", "spec/template/spec/priorityClassName"),
        field("", "", "DaemonSet", "spec/template/spec/priorityClassName"),
    ] },
    Referrers { group: "networking.k8s.io/v1", version: "v1", kind: "IngressClass", fields: &[
        field("", "", "Ingress", "spec/ingressClassName"),
    ] },
    Referrers { group: "admissionregistration.k8s.io", version: "", kind: "ValidatingAdmissionPolicy", fields: &[
        field("admissionregistration.k8s.io", "", "ValidatingAdmissionPolicyBinding", "spec/policyName"),
    ] },
];

/// Where `$(NAME)` is replaced.
#[rustfmt::skip]
pub(super) const VAR_REFERENCE: &[Row] = &[
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/args"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/command"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/env/value"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/volumeMounts/mountPath"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/args"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/command"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/env/value"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/volumeMounts/mountPath"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/volumes/nfs/server"),
    field("", "", "DaemonSet", "spec/template/spec/containers/args"),
    field("", "", "DaemonSet", "spec/template/spec/containers/command"),
    field("", "", "DaemonSet", "spec/template/spec/containers/env/value"),
    field("", "", "DaemonSet", "spec/template/spec/containers/volumeMounts/mountPath"),
    field("", "", "DaemonSet", "spec/template/spec/initContainers/args"),
    field("", "", "DaemonSet", "spec/template/spec/initContainers/command"),
    field("", "", "DaemonSet", "spec/template/spec/initContainers/env/value"),
    field("", "", "DaemonSet", "spec/template/spec/initContainers/volumeMounts/mountPath"),
    field("", "", "DaemonSet", "spec/template/spec/volumes/nfs/server"),
    field("", "", "Deployment", "spec/template/spec/containers/args"),
    field("", "", "Deployment", "spec/template/spec/containers/command"),
    field("", "", "Deployment", "spec/template/spec/containers/env/value"),
    field("", "", "Deployment", "spec/template/spec/containers/volumeMounts/mountPath"),
    field("", "", "Deployment", "spec/template/spec/initContainers/args"),
    field("", "", "Deployment", "spec/template/spec/initContainers/command"),
    field("", "", "Deployment", "spec/template/spec/initContainers/env/value"),
    field("", "", "Deployment", "spec/template/spec/initContainers/volumeMounts/mountPath"),
    field("", "", "Deployment", "spec/template/spec/volumes/nfs/server"),
    field("", "", "Deployment", "spec/template/metadata/annotations"),
    field("", "", "Ingress", "spec/rules/host"),
    field("", "", "Ingress", "spec/tls/hosts"),
    field("", "", "Ingress", "spec/tls/secretName"),
    field("", "", "Job", "spec/template/spec/containers/args"),
    field("", "", "Job", "spec/template/spec/containers/command"),
    field("", "", "Job", "spec/template/spec/containers/env/value"),
    field("", "", "Job", "spec/template/spec/containers/volumeMounts/mountPath"),
    field("", "", "Job", "spec/template/spec/initContainers/args"),
    field("", "", "Job", "spec/template/spec/initContainers/command"),
    field("", "", "Job", "spec/template/spec/initContainers/env/value"),
    field("", "", "Job", "spec/template/spec/initContainers/volumeMounts/mountPath"),
    field("", "", "Job", "spec/template/spec/volumes/nfs/server"),
    field("", "", "Pod", "spec/containers/args"),
    field("", "", "Pod", "spec/containers/command"),
    field("", "", "Pod", "spec/containers/env/value"),
    field("", "", "Pod", "spec/containers/volumeMounts/mountPath"),
    field("", "", "Pod", "spec/initContainers/args"),
    field("", "", "Pod", "spec/initContainers/command"),
    field("", "", "Pod", "spec/initContainers/env/value"),
    field("", "", "Pod", "spec/initContainers/volumeMounts/mountPath"),
    field("", "", "Pod", "spec/volumes/nfs/server"),
    field("", "", "ReplicaSet", "spec/template/spec/containers/args"),
    field("", "", "ReplicaSet", "spec/template/spec/containers/command"),
    field("", "", "ReplicaSet", "spec/template/spec/containers/env/value"),
    field("", "", "ReplicaSet", "spec/template/spec/containers/volumeMounts/mountPath"),
    field("", "", "ReplicaSet", "spec/template/spec/initContainers/args"),
    field("", "", "ReplicaSet", "spec/template/spec/initContainers/command"),
    field("", "", "ReplicaSet", "spec/template/spec/initContainers/env/value"),
    field("", "", "ReplicaSet", "spec/template/spec/initContainers/volumeMounts/mountPath"),
    field("", "", "ReplicaSet", "spec/template/spec/volumes/nfs/server"),
    field("", "", "Service", "spec/ports/port"),
    field("", "", "Service", "spec/ports/targetPort"),
    field("", "", "StatefulSet", "spec/template/spec/containers/args"),
    field("", "", "StatefulSet", "spec/template/spec/containers/command"),
    field("", "", "StatefulSet", "spec/template/spec/containers/env/value"),
    field("", "", "StatefulSet", "spec/template/spec/containers/volumeMounts/mountPath"),
    field("", "", "StatefulSet", "spec/template/spec/initContainers/args"),
    field("", "", "StatefulSet", "spec/template/spec/initContainers/command"),
    field("", "", "StatefulSet", "spec/template/spec/initContainers/env/value"),
    field("", "", "StatefulSet", "spec/template/spec/initContainers/volumeMounts/mountPath"),
    field("", "", "StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server"),
    field("", "", "PersistentVolume", "spec/nfs/server"),
    field("", "", "", "metadata/labels"),
    field("", "", "", "metadata/annotations"),
];
