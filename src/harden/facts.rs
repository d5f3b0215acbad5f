//! Facts about the cluster and about images, and values for conditions and fixes.

use serde::Deserialize;

use super::images::{ImageUser, PublicImage};
use super::platform::Platform;
use super::producers::Producer;
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
    /// Objects that controllers create, in addition to those that are known.
    pub producers: Vec<Producer>,
    /// The minor version of the target Kubernetes; `None` for that of the profile.
    pub kubernetes: Option<u16>,
    /// The namespace of objects without one; empty for `default`.
    pub default_namespace: String,
    /// Registries that images may come from, and those that they may not.
    pub registries: Registries,
    /// The platform of the cluster; `None` if objects decide.
    pub platform: Option<Platform>,
    /// Patterns of targets that are not for production; `None` if folders decide.
    pub trials: Option<Vec<String>>,
    /// True if violations keep the severities of their rules, whatever the render shows.
    pub keeps_severities: bool,
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

    /// True if an image is known to run as a numeric user other than root.
    pub(super) fn runs_as_non_root(&self, image: &str) -> bool {
        matches!(self.user_of_image(image), Some(ImageUser::Number(_) | ImageUser::NonRoot))
    }

    /// The user of an image by the configuration, or by the table of public images; `None` if it is not known.
    pub(super) fn user_of_image(&self, image: &str) -> Option<ImageUser<'_>> {
        if let Some((_, user)) = self.values.image_users.iter().find(|(one, _)| fits(one, image)) {
            return Some(if *user == 0 { ImageUser::Root } else { ImageUser::Number(*user) });
        }
        match self.non_root_images.iter().any(|pattern| fits(pattern, image)) {
            true => Some(ImageUser::NonRoot),
            false => PublicImage::of(image).map(PublicImage::user),
        }
    }

    /// True if an image is made to run as a user: by the configuration, or by the table of public images, of which it may
    /// be a copy.
    pub(super) fn is_user_of_image(&self, image: &str, user: i64) -> bool {
        self.user_of_image(image) == Some(ImageUser::Number(user))
            || PublicImage::is_copy_for_user(image, user)
    }

    /// The lowest user that is certainly no user of the node.
    pub(super) fn min_uid(&self) -> i64 {
        self.values.min_uid.unwrap_or_else(|| self.usual_min_uid())
    }

    /// The lowest such user if the configuration says nothing.
    pub(super) fn usual_min_uid(&self) -> i64 {
        if self.is_paranoid() { 10_000 } else { 1_000 }
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

/// The registries of images, as patterns of full names (`docker.io/library/nginx`) in which `*` matches any text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registries {
    /// The only allowed ones; empty for all.
    pub allow: Vec<String>,
    /// Those that are not allowed.
    pub deny: Vec<String>,
}

/// The rule by which nodes should pull images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PullPolicy {
    /// Images with a fixed tag once, those whose tag moves always.
    #[default]
    Auto,
    /// All images always, so that each pod needs the right to pull them.
    Always,
}

/// The values for conditions and fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// The user that replaces root.
    pub run_as_user: i64,
    /// The group that replaces root's.
    pub run_as_group: i64,
    /// The group of files in volumes, where none is set.
    pub fs_group: i64,
    /// The lowest user that is certainly no user of the node; `None` for 1000, or 10000 in the profile `paranoid`.
    pub min_uid: Option<i64>,
    /// True if the group 0 is allowed, which `OpenShift` gives to programs with an arbitrary user.
    pub allow_root_group: bool,
    /// The rule by which nodes should pull images.
    pub pull_policy: PullPolicy,
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
    /// The labels that workloads and Services must have.
    pub required_labels: Vec<String>,
    /// The values of such labels, where they are missing; `{metadata.name}` stands for the name of the object.
    pub labels: Vec<(String, String)>,
    /// The types of Services that may be reachable from outside of the cluster.
    pub service_types: Vec<String>,
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
            run_as_group: 10001,
            fs_group: 10001,
            min_uid: None,
            allow_root_group: false,
            pull_policy: PullPolicy::default(),
            writable_dirs: vec!["/tmp".to_owned()],
            cpu: "100m".to_owned(),
            memory: "128Mi".to_owned(),
            memory_limit_factor: 2,
            min_memory_limit: "256Mi".to_owned(),
            required_labels: vec!["app.kubernetes.io/name".to_owned()],
            labels: Vec::new(),
            service_types: Vec::new(),
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
        let told = self.image_users.iter().find(|(pattern, _)| fits(pattern, image));
        let public = || match PublicImage::of(image)?.user() {
            ImageUser::Number(user) => Some(user),
            ImageUser::Root | ImageUser::Named(_) | ImageUser::NonRoot => None,
        };
        let known = told.map(|(_, user)| *user).or_else(public);
        known.filter(|user| *user > 0).unwrap_or(self.run_as_user)
    }

    /// The directories that stay writable in a container of an image, each once.
    pub(super) fn writable_dirs_of(&self, image: &str) -> Vec<&str> {
        let told = self.image_dirs.iter().filter(|(pattern, _)| fits(pattern, image));
        let told = told.flat_map(|(_, directories)| directories);
        let public = PublicImage::of(image).into_iter().flat_map(PublicImage::directories);
        let public = public.map(|directory| -> &str { directory });
        let mut found: Vec<&str> = Vec::new();
        for directory in self.writable_dirs.iter().chain(told).map(String::as_str).chain(public) {
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
