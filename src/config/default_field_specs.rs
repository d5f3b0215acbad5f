//! The default field specs of the builtin transformers, equal to kustomize's
//! (`api/internal/konfig/builtinpluginconsts`).
//!
//! Configuration files and nested kustomizations extend these lists (`transformer_config`). They are static data in the
//! order that builds need, so that no start-up work is needed: sorted by type ([`Gvk::legacy_key`]), and in kustomize's
//! order for equal types. Name references keep kustomize's order throughout, since it does not sort them either.
//! Mistakes of kustomize are preserved: `Ingress` names its secrets twice, a path of `CronJob` lacks `spec`, and the
//! group of `IngressClass` contains a version, so that it never matches.

use super::{FieldSpec, FieldSpecs, NameBackReferences};
use crate::schema::Gvk;
use crate::source::Span;
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// Fields that get the name prefix.
#[rustfmt::skip]
pub(super) static NAME_PREFIX: SpecList = &[
    field("", "", "", "metadata/name"),
];

/// Fields that get the name suffix.
#[rustfmt::skip]
pub(super) static NAME_SUFFIX: SpecList = &[
    field("", "", "", "metadata/name"),
];

/// Fields that get the namespace, besides `metadata.namespace`.
#[rustfmt::skip]
pub(super) static NAMESPACE: SpecList = &[
    create("", "", "Namespace", "metadata/name"),
    field("apiextensions.k8s.io", "", "CustomResourceDefinition", "spec/conversion/webhook/clientConfig/service/namespace"),
    create("apiregistration.k8s.io", "", "APIService", "spec/service/namespace"),
];

/// Fields that get labels that also apply to selectors.
#[rustfmt::skip]
pub(super) static COMMON_LABELS: SpecList = &[
    create("", "v1", "Service", "spec/selector"),
    field("apps", "", "Deployment", "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels"),
    field("apps", "", "Deployment", "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels"),
    field("apps", "", "Deployment", "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels"),
    field("apps", "", "Deployment", "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels"),
    field("apps", "", "Deployment", "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels"),
    create("", "", "Deployment", "spec/selector/matchLabels"),
    create("", "", "Deployment", "spec/template/metadata/labels"),
    create("apps", "", "StatefulSet", "spec/selector/matchLabels"),
    field("apps", "", "StatefulSet", "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels"),
    field("apps", "", "StatefulSet", "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels"),
    field("apps", "", "StatefulSet", "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels"),
    field("apps", "", "StatefulSet", "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels"),
    field("apps", "", "StatefulSet", "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels"),
    create("apps", "", "StatefulSet", "spec/template/metadata/labels"),
    create("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels"),
    field("batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels"),
    create("batch", "", "CronJob", "spec/jobTemplate/metadata/labels"),
    create("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels"),
    field("policy", "", "PodDisruptionBudget", "spec/selector/matchLabels"),
    field("batch", "", "Job", "spec/selector/matchLabels"),
    create("batch", "", "Job", "spec/template/metadata/labels"),
    field("networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels"),
    field("networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels"),
    field("networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels"),
    create("", "v1", "ReplicationController", "spec/selector"),
    create("", "v1", "ReplicationController", "spec/template/metadata/labels"),
    create("", "", "DaemonSet", "spec/selector/matchLabels"),
    create("", "", "DaemonSet", "spec/template/metadata/labels"),
    create("", "", "ReplicaSet", "spec/selector/matchLabels"),
    create("", "", "ReplicaSet", "spec/template/metadata/labels"),
    create("", "", "", "metadata/labels"),
];

/// Fields that get labels that also apply to templates.
#[rustfmt::skip]
pub(super) static TEMPLATE_LABELS: SpecList = &[
    create("", "", "Deployment", "spec/template/metadata/labels"),
    create("apps", "", "StatefulSet", "spec/template/metadata/labels"),
    create("batch", "", "CronJob", "spec/jobTemplate/metadata/labels"),
    create("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels"),
    create("batch", "", "Job", "spec/template/metadata/labels"),
    create("", "v1", "ReplicationController", "spec/template/metadata/labels"),
    create("", "", "DaemonSet", "spec/template/metadata/labels"),
    create("", "", "ReplicaSet", "spec/template/metadata/labels"),
    create("", "", "", "metadata/labels"),
];

/// Fields that get labels that also apply to volume claim templates.
#[rustfmt::skip]
pub(super) static VOLUME_CLAIM_TEMPLATE_LABELS: SpecList = &[
    create("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels"),
];

/// Fields that get annotations.
#[rustfmt::skip]
pub(super) static COMMON_ANNOTATIONS: SpecList = &[
    create("", "", "Deployment", "spec/template/metadata/annotations"),
    create("", "", "StatefulSet", "spec/template/metadata/annotations"),
    create("batch", "", "CronJob", "spec/jobTemplate/metadata/annotations"),
    create("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations"),
    create("batch", "", "Job", "spec/template/metadata/annotations"),
    create("", "v1", "ReplicationController", "spec/template/metadata/annotations"),
    create("", "", "DaemonSet", "spec/template/metadata/annotations"),
    create("", "", "ReplicaSet", "spec/template/metadata/annotations"),
    create("", "", "", "metadata/annotations"),
];

/// Fields that hold images.
#[rustfmt::skip]
pub(super) static IMAGES: SpecList = &[
    create("", "", "", "spec/containers[]/image"),
    create("", "", "", "spec/initContainers[]/image"),
    create("", "", "", "spec/volumes[]/image/reference"),
    create("", "", "", "spec/template/spec/containers[]/image"),
    create("", "", "", "spec/template/spec/initContainers[]/image"),
    create("", "", "", "spec/template/spec/volumes[]/image/reference"),
];

/// Fields that hold a number of replicas.
#[rustfmt::skip]
pub(super) static REPLICAS: SpecList = &[
    create("", "", "Deployment", "spec/replicas"),
    create("", "", "StatefulSet", "spec/replicas"),
    create("", "", "ReplicaSet", "spec/replicas"),
    create("", "", "ReplicationController", "spec/replicas"),
];

/// Name references, by the kind that they refer to.
#[rustfmt::skip]
pub(super) static NAME_REFERENCE: &[NameBackReferences] = &[
    referred("storage.k8s.io", "v1", "StorageClass", FieldSpecs::of_program(STORAGE_CLASS)),
    referred("", "v1", "ServiceAccount", FieldSpecs::of_program(SERVICE_ACCOUNT)),
    referred("rbac.authorization.k8s.io", "", "Role", FieldSpecs::of_program(ROLE)),
    referred("rbac.authorization.k8s.io", "", "ClusterRole", FieldSpecs::of_program(CLUSTER_ROLE)),
    referred("", "v1", "ConfigMap", FieldSpecs::of_program(CONFIG_MAP)),
    referred("", "v1", "Secret", FieldSpecs::of_program(SECRET)),
    referred("", "v1", "Service", FieldSpecs::of_program(SERVICE)),
    referred("scheduling.k8s.io", "v1", "PriorityClass", FieldSpecs::of_program(PRIORITY_CLASS)),
    referred("", "v1", "PersistentVolume", FieldSpecs::of_program(PERSISTENT_VOLUME)),
    referred("", "v1", "PersistentVolumeClaim", FieldSpecs::of_program(PERSISTENT_VOLUME_CLAIM)),
    referred("", "", "Deployment", FieldSpecs::of_program(SCALED)),
    referred("", "", "StatefulSet", FieldSpecs::of_program(SCALED)),
    referred("admissionregistration.k8s.io", "", "ValidatingAdmissionPolicy", FieldSpecs::of_program(VALIDATING_ADMISSION_POLICY)),
    referred("networking.k8s.io/v1", "v1", "IngressClass", FieldSpecs::of_program(INGRESS_CLASS)),
    referred("", "", "ReplicaSet", FieldSpecs::of_program(SCALED)),
    referred("", "", "ReplicationController", FieldSpecs::of_program(SCALED)),
];

/// Fields that hold the name of a `StorageClass`.
#[rustfmt::skip]
static STORAGE_CLASS: SpecList = &[
    field("", "", "PersistentVolume", "spec/storageClassName"),
    field("", "", "PersistentVolumeClaim", "spec/storageClassName"),
    field("", "", "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"),
];

/// Fields that hold the name of a `ServiceAccount`.
#[rustfmt::skip]
static SERVICE_ACCOUNT: SpecList = &[
    field("rbac.authorization.k8s.io", "", "RoleBinding", "subjects"),
    field("rbac.authorization.k8s.io", "", "ClusterRoleBinding", "subjects"),
    field("", "", "Pod", "spec/serviceAccountName"),
    field("", "", "StatefulSet", "spec/template/spec/serviceAccountName"),
    field("", "", "Deployment", "spec/template/spec/serviceAccountName"),
    field("", "", "ReplicationController", "spec/template/spec/serviceAccountName"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/serviceAccountName"),
    field("", "", "Job", "spec/template/spec/serviceAccountName"),
    field("", "", "DaemonSet", "spec/template/spec/serviceAccountName"),
];

/// Fields that hold the name of a `Role`.
#[rustfmt::skip]
static ROLE: SpecList = &[
    field("rbac.authorization.k8s.io", "", "RoleBinding", "roleRef/name"),
];

/// Fields that hold the name of a `ClusterRole`.
#[rustfmt::skip]
static CLUSTER_ROLE: SpecList = &[
    field("rbac.authorization.k8s.io", "", "RoleBinding", "roleRef/name"),
    field("rbac.authorization.k8s.io", "", "ClusterRoleBinding", "roleRef/name"),
];

/// Fields that hold the name of a `ConfigMap`.
#[rustfmt::skip]
static CONFIG_MAP: SpecList = &[
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
];

/// Fields that hold the name of a `Secret`.
#[rustfmt::skip]
static SECRET: SpecList = &[
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
];

/// Fields that hold the name of a `Service`.
#[rustfmt::skip]
static SERVICE: SpecList = &[
    field("apps", "", "StatefulSet", "spec/serviceName"),
    field("", "", "Ingress", "spec/rules/http/paths/backend/serviceName"),
    field("", "", "Ingress", "spec/backend/serviceName"),
    field("", "", "Ingress", "spec/rules/http/paths/backend/service/name"),
    field("", "", "Ingress", "spec/defaultBackend/service/name"),
    field("apiregistration.k8s.io", "", "APIService", "spec/service/name"),
    field("admissionregistration.k8s.io", "", "ValidatingWebhookConfiguration", "webhooks/clientConfig/service"),
    field("admissionregistration.k8s.io", "", "MutatingWebhookConfiguration", "webhooks/clientConfig/service"),
];

/// Fields that hold the name of a `PriorityClass`.
#[rustfmt::skip]
static PRIORITY_CLASS: SpecList = &[
    field("", "", "Pod", "spec/priorityClassName"),
    field("", "", "StatefulSet", "spec/template/spec/priorityClassName"),
    field("", "", "Deployment", "spec/template/spec/priorityClassName"),
    field("", "", "ReplicationController", "spec/template/spec/priorityClassName"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/priorityClassName"),
    field("", "", "Job", "spec/template/spec/priorityClassName"),
    field("", "", "DaemonSet", "spec/template/spec/priorityClassName"),
];

/// Fields that hold the name of a `PersistentVolume`.
#[rustfmt::skip]
static PERSISTENT_VOLUME: SpecList = &[
    field("", "", "PersistentVolumeClaim", "spec/volumeName"),
    field("", "", "ClusterRole", "rules/resourceNames"),
];

/// Fields that hold the name of a `PersistentVolumeClaim`.
#[rustfmt::skip]
static PERSISTENT_VOLUME_CLAIM: SpecList = &[
    field("", "", "Pod", "spec/volumes/persistentVolumeClaim/claimName"),
    field("", "", "StatefulSet", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
    field("", "", "Deployment", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
    field("", "", "ReplicationController", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/persistentVolumeClaim/claimName"),
    field("", "", "Job", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
    field("", "", "DaemonSet", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
];

/// Fields that hold the name of a scalable workload.
#[rustfmt::skip]
static SCALED: SpecList = &[
    field("", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name"),
];

/// Fields that hold the name of a `ValidatingAdmissionPolicy`.
#[rustfmt::skip]
static VALIDATING_ADMISSION_POLICY: SpecList = &[
    field("admissionregistration.k8s.io", "", "ValidatingAdmissionPolicyBinding", "spec/policyName"),
];

/// Fields that hold the name of an `IngressClass`.
#[rustfmt::skip]
static INGRESS_CLASS: SpecList = &[
    field("", "", "Ingress", "spec/ingressClassName"),
];

/// Fields in which `$(NAME)` is replaced.
#[rustfmt::skip]
pub(super) static VAR_REFERENCE: SpecList = &[
    field("", "", "Service", "spec/ports/port"),
    field("", "", "Service", "spec/ports/targetPort"),
    field("", "", "PersistentVolume", "spec/nfs/server"),
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
    field("", "", "StatefulSet", "spec/template/spec/containers/args"),
    field("", "", "StatefulSet", "spec/template/spec/containers/command"),
    field("", "", "StatefulSet", "spec/template/spec/containers/env/value"),
    field("", "", "StatefulSet", "spec/template/spec/containers/volumeMounts/mountPath"),
    field("", "", "StatefulSet", "spec/template/spec/initContainers/args"),
    field("", "", "StatefulSet", "spec/template/spec/initContainers/command"),
    field("", "", "StatefulSet", "spec/template/spec/initContainers/env/value"),
    field("", "", "StatefulSet", "spec/template/spec/initContainers/volumeMounts/mountPath"),
    field("", "", "StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server"),
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
    field("", "", "", "metadata/labels"),
    field("", "", "", "metadata/annotations"),
];

type SpecList = &'static [Spanned<FieldSpec>];

/// A field spec that changes only existing fields. Empty parts of the type match anything.
const fn field(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    path: &'static str,
) -> Spanned<FieldSpec> {
    spec(gvk(group, version, kind), path, false)
}

/// A field spec that creates a missing field.
const fn create(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    path: &'static str,
) -> Spanned<FieldSpec> {
    spec(gvk(group, version, kind), path, true)
}

/// The fields that hold names of objects of this type.
const fn referred(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    referrers: FieldSpecs,
) -> NameBackReferences {
    NameBackReferences { gvk: gvk(group, version, kind), referrers }
}

const fn spec(gvk: Gvk, path: &'static str, create: bool) -> Spanned<FieldSpec> {
    Spanned::new(FieldSpec { gvk, path: Text::of_program(path), create }, Span::NONE)
}

const fn gvk(group: &'static str, version: &'static str, kind: &'static str) -> Gvk {
    Gvk {
        group: Text::of_program(group),
        version: Text::of_program(version),
        kind: Text::of_program(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NameReferences, Section, TransformerConfig};
    use super::*;

    /// The field specs of the transformers, by section.
    fn sections() -> Vec<(String, FieldSpecs)> {
        let config = TransformerConfig::defaults();
        let specs = |&section: &Section| (section.name().to_owned(), config.specs(section).clone());
        Section::ALL.iter().map(specs).collect()
    }

    /// All lists: [`sections`], and those of name references.
    fn lists() -> Vec<(String, FieldSpecs)> {
        let named = |known: &NameBackReferences| {
            (format!("nameReference of {}", known.gvk), known.referrers.clone())
        };
        sections().into_iter().chain(NAME_REFERENCE.iter().map(named)).collect()
    }

    /// The field specs in a list that is not static.
    fn copied(specs: &FieldSpecs) -> FieldSpecs {
        specs.iter().map(|spec| spec.value.clone()).collect()
    }

    /// Compares with kustomize's sorting: the static lists must be in the same order.
    #[test]
    fn the_lists_stand_in_the_order_of_types() {
        for (section, specs) in sections() {
            let mut sorted = copied(&specs);
            sorted.sort();
            assert_eq!(specs, sorted, "{section}");
        }
        let mut sorted: NameReferences = NAME_REFERENCE.iter().cloned().collect();
        sorted.sort();
        assert_eq!(NameReferences::of_program(NAME_REFERENCE), sorted);
    }

    /// A list that is merged into itself stays the same, so sharing a list is equivalent to merging it.
    #[test]
    fn no_field_spec_contradicts_another() {
        for (section, specs) in lists() {
            let mut merged = specs.clone();
            specs.iter().try_for_each(|spec| merged.merge_one(spec)).unwrap();
            assert_eq!(merged, specs, "{section}");
        }
    }

    /// Compares merging of static lists with merging of copies.
    #[test]
    fn merging_is_the_same_as_with_lists_of_files() {
        for (section, specs) in lists() {
            for (other_section, others) in lists() {
                let (mut quick, mut slow) = (specs.clone(), copied(&specs));
                let merged = quick.merge(&others);
                let expected = others.iter().try_for_each(|other| slow.merge_one(other));
                assert_eq!(merged.is_ok(), expected.is_ok(), "{section} and {other_section}");
                assert_eq!(quick, slow, "{section} and {other_section}");
            }
        }
    }

    #[test]
    fn no_type_is_referred_to_twice() {
        for (place, known) in NAME_REFERENCE.iter().enumerate() {
            assert!(
                NAME_REFERENCE[..place].iter().all(|before| before.gvk != known.gvk),
                "{}",
                known.gvk
            );
        }
    }
}
