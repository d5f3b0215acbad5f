//! Facts about the cluster and about images, and the values that rules go by and fixes write.

use serde::Deserialize;

use super::profile::{Profile, Version};
use crate::resource::{DEFAULT_NAMESPACE, Resource};
use crate::text::wildcard::fits;

/// What is known of the cluster and of images, and the values that rules go by: all that the condition of a rule sees of
/// the settings.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The rules that hold, and the version of the Pod Security Standards.
    pub profile: Profile,
    /// Kinds beyond the known ones that make pods.
    pub pod_paths: Vec<PodPath>,
    /// Images that run as a numeric user other than root: patterns in which `*` stands for any text.
    pub non_root_images: Vec<String>,
    /// Objects that other renders define.
    pub externals: Vec<External>,
    /// The minor version of the Kubernetes that is rendered for; nothing where it is that of the profile.
    pub kubernetes: Option<u16>,
    /// The namespace of objects that name none; `default` if it is empty.
    pub default_namespace: String,
    /// Whether findings count that annotations, comments and the configuration accept.
    pub ignores_suppressions: bool,
    /// The values that rules go by and fixes write.
    pub values: Values,
}

impl Facts {
    /// The namespace that an object is in.
    pub(super) fn namespace<'a>(&'a self, object: &'a Resource) -> &'a str {
        let namespace = object.id().effective_namespace();
        let is_unsaid = object.namespace().is_empty() && namespace == DEFAULT_NAMESPACE;
        if is_unsaid && !self.default_namespace.is_empty() {
            &self.default_namespace
        } else {
            namespace
        }
    }

    /// The minor version of the Kubernetes that is rendered for; `None` if neither that nor a version of the profile is
    /// named: it may be any that is in use.
    pub(super) fn kubernetes(&self) -> Option<u16> {
        self.kubernetes.or(self.profile.version.map(Version::minor))
    }

    /// Whether an object is said to be defined elsewhere.
    pub(super) fn is_external(&self, kind: &str, namespace: &str, name: &str) -> bool {
        let any = |pattern: &str, text| pattern.is_empty() || fits(pattern, text);
        self.externals.iter().any(|external| {
            external.kind == kind
                && any(&external.namespace, namespace)
                && any(&external.name, name)
        })
    }

    /// Whether an image is known to run as a numeric user other than root.
    pub(super) fn runs_as_non_root(&self, image: &str) -> bool {
        self.non_root_images.iter().any(|pattern| fits(pattern, image))
    }
}

/// Objects that other renders define. Names and namespaces are patterns in which `*` stands for any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct External {
    /// The kind.
    pub kind: String,
    /// The namespace; any if it is empty.
    pub namespace: String,
    /// The name; any if it is empty.
    pub name: String,
}

/// The values that rules go by and fixes write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// The user that replaces root.
    pub run_as_user: i64,
    /// The directories that stay writable where all else cannot be written.
    pub writable_dirs: Vec<String>,
    /// The request of CPU where there is none.
    pub cpu: String,
    /// The request of memory where there is none.
    pub memory: String,
    /// How many times its request a container may use of memory, where no limit is said.
    pub memory_limit_factor: i64,
    /// The least limit of memory.
    pub min_memory_limit: String,
    /// Tags of images that move, beside `latest`.
    pub floating_tags: Vec<String>,
    /// Seconds between the decision to end a pod and the signal to its containers.
    pub pre_stop_seconds: i64,
    /// Seconds that a program needs to end once it is told to.
    pub drain_seconds: i64,
    /// Seconds to spare.
    pub margin_seconds: i64,
    /// Where fields are written that a pod may have for all of its containers.
    pub placement: Placement,
    /// How much an `emptyDir` may hold that is added; any amount if it is empty.
    pub empty_dir_size_limit: String,
    /// Directories that stay writable, too, by patterns of images.
    pub image_dirs: Vec<(String, Vec<String>)>,
    /// The users that replace root, by patterns of images.
    pub image_users: Vec<(String, i64)>,
}

/// Where fields are written that a pod may have for all of its containers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Placement {
    /// In the pod, unless a container says otherwise.
    #[default]
    Pod,
    /// In each container that lacks them.
    Container,
    /// In the pod, and in each container that lacks them.
    Both,
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

/// Where a kind that is not built in has its pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodPath {
    /// The group of the kind.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The keys that lead to what has the fields `metadata` and `spec` of the pod; `*` stands for each element of a
    /// list.
    pub path: Vec<String>,
}
