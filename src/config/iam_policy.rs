//! Configuration of `IAMPolicyGenerator`: `cloud`, `kubernetesService` and `serviceAccount`.

use serde::Deserialize;

use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// A `ServiceAccount` to generate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IamPolicyArgs {
    /// Cloud of the account: `gke`.
    pub cloud: Spanned<Text>,
    /// The `ServiceAccount` in the cluster.
    pub kubernetes_service: KubernetesService,
    /// The account of the cloud.
    pub service_account: CloudAccount,
}

/// The `ServiceAccount` in the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct KubernetesService {
    /// Its name.
    pub name: Text,
    /// Its namespace.
    pub namespace: Text,
}

/// The account of the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CloudAccount {
    /// Its name.
    pub name: Text,
    /// Its project.
    pub project_id: Text,
}
