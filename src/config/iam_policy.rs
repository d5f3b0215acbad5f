//! What `IAMPolicyGenerator` is told: `cloud`, `kubernetesService` and `serviceAccount`.

use serde::Deserialize;

use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// A service account to generate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IamPolicyArgs {
    /// The cloud that the account is in: `gke`.
    pub cloud: Spanned<Text>,
    /// The account inside the cluster.
    pub kubernetes_service: KubernetesService,
    /// The account of the cloud.
    pub service_account: CloudAccount,
}

/// The account inside the cluster.
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
    /// The project that it belongs to.
    pub project_id: Text,
}
