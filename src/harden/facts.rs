//! Facts about the cluster and about images, and values for conditions and fixes.

use serde::Deserialize;

use super::profile::{Profile, Set, Version};
use super::scoped::Told;
use crate::resource::{DEFAULT_NAMESPACE, Resource};
use crate::text::wildcard::fits;

/// Facts about the cluster and about images, and values for conditions and fixes. The condition of a rule sees no other
/// settings.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The rules that hold, and the version of the Pod Security Standards.
    pub profile: Profile,
    /// Additional kinds that create pods.
    pub pod_paths: Vec<PodPath>,
    /// Images that run as a numeric user other than root, as patterns in which `*` matches any text.
    pub non_root_images: Vec<String>,
    /// Dockerfiles by the images that they build: a pattern, and the end of a path.
    pub built_images: Vec<(String, String)>,
    /// Objects that exist in other renders.
    pub externals: Vec<External>,
    /// The minor version of the target Kubernetes; `None` for that of the profile.
    pub kubernetes: Option<u16>,
    /// The namespace of objects without one; empty for `default`.
    pub default_namespace: String,
    /// True if findings that annotations, comments or the configuration accept are reported as well.
    pub ignores_suppressions: bool,
    /// Parts of the configuration that hold for some containers.
    pub told: Told,
    /// The values for conditions and fixes.
    pub values: Values,
}

impl Facts {
    /// The namespace of an object.
    pub(super) fn namespace<'a>(&'a self, object: &'a Resource) -> &'a str {
        let namespace = object.id().effective_namespace();
        let is_unsaid = object.namespace().is_empty() && namespace == DEFAULT_NAMESPACE;
        if is_unsaid && !self.default_namespace.is_empty() {
            &self.default_namespace
        } else {
            namespace
        }
    }

    /// The minor version of the target Kubernetes; `None` if neither it nor a version of the profile is given, so that
    /// it may be any supported version.
    pub(super) fn kubernetes(&self) -> Option<u16> {
        self.kubernetes.or(self.profile.version.map(Version::minor))
    }

    /// True if an object is configured as existing elsewhere.
    pub(super) fn is_external(&self, kind: &str, namespace: &str, name: &str) -> bool {
        let any = |pattern: &str, text| pattern.is_empty() || fits(pattern, text);
        self.externals.iter().any(|external| {
            external.kind == kind
                && any(&external.namespace, namespace)
                && any(&external.name, name)
        })
    }

    /// True if an image is configured as running as a numeric user other than root.
    pub(super) fn runs_as_non_root(&self, image: &str) -> bool {
        self.non_root_images.iter().any(|pattern| fits(pattern, image))
    }

    /// True in the widest profile, in which rules also report what is only possible.
    pub(super) fn is_paranoid(&self) -> bool {
        self.profile.set == Set::Paranoid
    }
}

/// Objects that exist in other renders. Names and namespaces are patterns in which `*` matches any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct External {
    /// The kind.
    pub kind: String,
    /// The namespace; empty for any.
    pub namespace: String,
    /// The name; empty for any.
    pub name: String,
}

/// The values for conditions and fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// The user that replaces root.
    pub run_as_user: i64,
    /// The directories that stay writable in a read-only root file system.
    pub writable_dirs: Vec<String>,
    /// The CPU request for containers without one.
    pub cpu: String,
    /// The memory request for containers without one.
    pub memory: String,
    /// The factor between memory request and memory limit, for containers without a limit.
    pub memory_limit_factor: i64,
    /// The minimum memory limit.
    pub min_memory_limit: String,
    /// Tags of images that are reused for new versions, in addition to `latest`.
    pub floating_tags: Vec<String>,
    /// Seconds that a `preStop` hook waits before the containers get their signal.
    pub pre_stop_seconds: i64,
    /// Seconds that a program needs to end after the signal.
    pub drain_seconds: i64,
    /// Spare seconds.
    pub margin_seconds: i64,
    /// The longest usual grace period, in seconds.
    pub max_grace_seconds: i64,
    /// Seconds until no more requests are sent to a pod that ends.
    pub endpoint_propagation_seconds: i64,
    /// The number of copies of a program that serves requests.
    pub min_replicas: i64,
    /// The largest ratio of memory limit and memory request.
    pub max_memory_ratio: i64,
    /// The policy for limits of CPU; `None` if there is none.
    pub cpu_limits: Option<CpuLimits>,
    /// The place of fields that a pod can set for all of its containers.
    pub placement: Placement,
    /// The size limit of added `emptyDir` volumes; empty for none.
    pub empty_dir_size_limit: String,
    /// Additional directories that stay writable, by patterns of images.
    pub image_dirs: Vec<(String, Vec<String>)>,
    /// The users that replace root, by patterns of images.
    pub image_users: Vec<(String, i64)>,
}

/// The place of fields that a pod can set for all of its containers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Placement {
    /// In the pod, unless a container differs.
    #[default]
    Pod,
    /// In each container that lacks them.
    Container,
    /// In the pod, and in each container that lacks them.
    Both,
}

/// A policy for limits of CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CpuLimits {
    /// Each container has one.
    Require,
    /// No container has one: it would be throttled although CPU is free.
    Forbid,
    /// Both are right.
    Ignore,
}

impl Default for Values {
    fn default() -> Self {
        Self {
            run_as_user: 10001,
            writable_dirs: vec!["/tmp".to_owned()],
            cpu: "100m".to_owned(),
            memory: "128Mi".to_owned(),
            memory_limit_factor: 2,
            min_memory_limit: "256Mi".to_owned(),
            floating_tags: Vec::new(),
            pre_stop_seconds: 5,
            drain_seconds: 20,
            margin_seconds: 5,
            max_grace_seconds: 600,
            endpoint_propagation_seconds: 5,
            min_replicas: 2,
            max_memory_ratio: 4,
            cpu_limits: None,
            placement: Placement::default(),
            empty_dir_size_limit: String::new(),
            image_dirs: Vec::new(),
            image_users: Vec::new(),
        }
    }
}

impl Values {
    /// The user that replaces root in a container of an image.
    pub(super) fn user_of(&self, image: &str) -> i64 {
        let known = self.image_users.iter().find(|(pattern, _)| fits(pattern, image));
        known.map_or(self.run_as_user, |(_, user)| *user)
    }

    /// The directories that stay writable in a container of an image, each once.
    pub(super) fn writable_dirs_of(&self, image: &str) -> Vec<&str> {
        let own = self.image_dirs.iter().filter(|(pattern, _)| fits(pattern, image));
        let mut found: Vec<&str> = Vec::new();
        for directory in self.writable_dirs.iter().chain(own.flat_map(|(_, dirs)| dirs)) {
            let is_same = |one: &&str| one.trim_end_matches('/') == directory.trim_end_matches('/');
            if !found.iter().any(is_same) {
                found.push(directory);
            }
        }
        found
    }
}

/// The path of the pod template in a custom kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodPath {
    /// The group of the kind.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The keys of the path to the node with the fields `metadata` and `spec` of the pod; `*` stands for each element
    /// of a list.
    pub path: Vec<String>,
}
