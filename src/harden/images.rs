//! Facts about images that no manifest states: their users, ports and directories, and the registries that are closed.

use std::sync::LazyLock;

use crate::resource::ImageReference;
use crate::text::wildcard::fits;

/// A fact about a public image.
pub(super) struct PublicImage {
    name: &'static str,
    tag: Option<&'static str>,
    /// The user, and those that its program may change to.
    users: &'static str,
    directories: &'static str,
    ports: &'static str,
}

/// The user of an image, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ImageUser<'a> {
    /// Root, also if its program changes to another user later: the kubelet reads only the image.
    Root,
    /// A number other than 0.
    Number(i64),
    /// A name, which the kubelet cannot tell from root.
    Named(&'a str),
    /// Some number other than 0.
    NonRoot,
}

static IMAGES: LazyLock<Vec<PublicImage>> = LazyLock::new(|| {
    rows(include_str!("data/images.txt")).filter_map(|row| PublicImage::read(&row)).collect()
});

static CLOSED: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let pair = |row: Vec<&'static str>| Some((*row.first()?, *row.get(1)?));
    rows(include_str!("data/registries.txt")).filter_map(pair).collect()
});

/// The rows of a table: lines of words.
pub(super) fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_whitespace().collect())
}

impl PublicImage {
    fn read(row: &[&'static str]) -> Option<Self> {
        let [image, users, directories, ports] = *row else { return None };
        let (name, tag) = match image.split_once(':') {
            Some((name, tag)) => (name, Some(tag)),
            None => (image, None),
        };
        Some(Self { name, tag, users, directories, ports })
    }

    /// The fact about an image.
    pub(super) fn of(image: &str) -> Option<&'static Self> {
        let ImageReference { name, tag, .. } = ImageReference::new(image);
        let name = short(name);
        IMAGES
            .iter()
            .find(|one| fits(one.name, name) && one.tag.is_none_or(|pattern| fits(pattern, tag)))
    }

    /// The user.
    pub(super) fn user(&self) -> ImageUser<'static> {
        let user = self.users.split(',').next().unwrap_or_default();
        match (user, user.parse()) {
            ("root", _) => ImageUser::Root,
            (_, Ok(number)) => ImageUser::Number(number),
            (name, Err(_)) => ImageUser::Named(name),
        }
    }

    /// True if it is made to run as a user: its own one, or the one that its program changes to.
    pub(super) fn is_for_user(&self, user: i64) -> bool {
        self.users.split(',').any(|one| one.parse() == Ok(user))
    }

    /// True if the last part of an image's name is that of a known image that is made to run as a user: a copy of it in
    /// another registry.
    pub(super) fn is_copy_for_user(image: &str, user: i64) -> bool {
        let name = last_part(image);
        IMAGES.iter().any(|one| last_part(one.name) == name && one.is_for_user(user))
    }

    /// The directories that it writes to.
    pub(super) fn directories(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.directories.split(',').filter(|one| one.starts_with('/'))
    }

    /// The ports on which it listens.
    pub(super) fn ports(&self) -> impl Iterator<Item = i64> + use<> {
        self.ports.split(',').filter_map(|one| one.parse().ok())
    }
}

/// The beginnings of names that stand for images of Docker Hub.
const HUB: [&str; 6] = [
    "docker.io/library/",
    "docker.io/",
    "index.docker.io/library/",
    "library/",
    "public.ecr.aws/docker/library/",
    "mirror.gcr.io/library/",
];

static STORES: LazyLock<Vec<&str>> =
    LazyLock::new(|| rows(include_str!("data/stores.txt")).flatten().collect());

/// The last part of the name of an image, without tag and digest.
pub(super) fn last_part(image: &str) -> &str {
    let name = ImageReference::new(image).name;
    name.rsplit('/').next().unwrap_or(name)
}

/// The name of the program of an image that keeps data of its own, so that copies of it differ; `None` for others.
pub(super) fn store(image: &str) -> Option<&'static str> {
    let name = last_part(image);
    STORES.iter().find(|one| **one == name).copied()
}

/// The name of an image without the registry, if that is Docker Hub.
pub(super) fn short(name: &str) -> &str {
    HUB.iter().find_map(|start| name.strip_prefix(start)).unwrap_or(name)
}

/// True for a name that a build may replace with the image that it makes: one word that names no known public image, of no
/// version (skaffold, tilt) or `latest` (kubebuilder), or a path of ko.
pub(super) fn is_placeholder(image: &str) -> bool {
    let ImageReference { name, tag, digest } = ImageReference::new(image);
    let is_word = !name.contains('/') && matches!(tag, "" | "latest");
    digest.is_empty() && (name.starts_with("ko://") || is_word && PublicImage::of(image).is_none())
}

/// The full name of an image with its registry.
pub(super) fn full(name: &str) -> String {
    let name = short(name);
    let first = name.split('/').next().unwrap_or_default();
    let is_registry = name.contains('/') && (first.contains(['.', ':']) || first == "localhost");
    match (is_registry, name.contains('/')) {
        (true, _) => name.to_owned(),
        (false, true) => format!("docker.io/{name}"),
        (false, false) => format!("docker.io/library/{name}"),
    }
}

/// The part of the name of an image that names a closed registry, and its replacement; `-` if there is none.
pub(super) fn closed(name: &str) -> Option<(&'static str, &'static str)> {
    CLOSED.iter().find(|(start, _)| name.starts_with(start)).copied()
}

/// Images of shells and tools, which differ little between versions: the official ones.
const TOOLS: [&str; 3] = ["alpine", "busybox", "curlimages/curl"];

/// True for the official image of a tool. Others may have its name.
pub(super) fn is_tool(image: &str) -> bool {
    let name = ImageReference::new(image).name;
    let hubs = ["docker.io/", "index.docker.io/", "public.ecr.aws/docker/"];
    let name = hubs.iter().find_map(|hub| name.strip_prefix(hub)).unwrap_or(name);
    TOOLS.contains(&name.strip_prefix("library/").unwrap_or(name))
}

/// The names of the image that does nothing: that of Kubernetes, and the copies that providers of clusters publish.
const PAUSES: [&str; 7] = [
    "registry.k8s.io/pause",
    "k8s.gcr.io/pause",
    "gcr.io/google-containers/pause",
    "gcr.io/google_containers/pause",
    "gke.gcr.io/pause",
    "mcr.microsoft.com/oss/kubernetes/pause",
    "public.ecr.aws/eks-distro/kubernetes/pause",
];

/// True for the official image that does nothing. Others may have its name.
pub(super) fn does_nothing(image: &str) -> bool {
    PAUSES.contains(&ImageReference::new(image).name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_well_formed() {
        for (number, row) in rows(include_str!("data/images.txt")).enumerate() {
            let image = PublicImage::read(&row).expect("four words");
            let is_path = |one: &str| one == "-" || one.starts_with('/');
            assert!(image.directories.split(',').all(is_path), "{row:?}");
            let is_port = |one: &str| one == "-" || one.parse::<u16>().is_ok();
            assert!(image.ports.split(',').all(is_port), "{row:?}");
            assert!(image.user() != ImageUser::Number(0), "{row:?}");
            let is_number = |one: &str| one.parse().is_ok_and(|user: i64| user > 0);
            assert!(image.users.split(',').skip(1).all(is_number), "{row:?}");
            // No line is hidden by an earlier one.
            let name = image.name.replace('*', "x");
            let tag = image.tag.map_or("1".to_owned(), |tag| tag.replace('*', ""));
            let first = IMAGES.iter().position(|one| {
                fits(one.name, &name) && one.tag.is_none_or(|pattern| fits(pattern, &tag))
            });
            assert_eq!(first, Some(number), "{row:?}");
        }
    }

    #[test]
    fn images_are_found_by_each_of_their_names() {
        let user = |image: &str| PublicImage::of(image).map(PublicImage::user);
        for image in
            ["nginx", "nginx:1.27", "docker.io/library/nginx:1.27@sha256:abc", "library/nginx"]
        {
            assert_eq!(user(image), Some(ImageUser::Root), "{image}");
        }
        assert_eq!(user("acme/nginx:1.27"), None);
        assert_eq!(user("ghcr.io/nginx"), None);
        assert_eq!(user("docker.io/nginxinc/nginx-unprivileged:1"), Some(ImageUser::Number(101)));
        assert_eq!(
            user("gcr.io/distroless/static-debian12:nonroot"),
            Some(ImageUser::Number(65532))
        );
        assert_eq!(user("gcr.io/distroless/static"), None);
        assert_eq!(user("prom/prometheus:v3"), Some(ImageUser::Named("nobody")));
        let nginx = PublicImage::of("nginx").expect("it is known");
        assert_eq!(nginx.ports().collect::<Vec<_>>(), [80]);
        assert_eq!(nginx.directories().collect::<Vec<_>>(), ["/var/cache/nginx", "/var/run"]);
    }

    #[test]
    fn placeholders_are_words_without_a_version() {
        for (image, expected) in [
            ("emailservice", true),
            ("controller:latest", true),
            ("ko://github.com/acme/web/cmd/web", true),
            ("nginx", false),
            ("busybox:latest", false),
            ("emailservice:v1", false),
            ("acme/web", false),
            ("localhost:5000/web", false),
        ] {
            assert_eq!(is_placeholder(image), expected, "{image}");
        }
    }

    #[test]
    fn programs_change_to_users_of_their_image() {
        let is_for = |image, user| PublicImage::of(image).is_some_and(|one| one.is_for_user(user));
        assert!(is_for("mysql:8.4", 999) && is_for("postgres:17-alpine", 70));
        assert!(is_for("nginxinc/nginx-unprivileged", 101) && !is_for("mysql", 101));
    }

    #[test]
    fn copies_of_images_run_as_the_same_user() {
        for (image, user, expected) in [
            ("index.docker.io/sourcegraph/grafana:5.3@sha256:abc", 472, true),
            ("registry.example.com/mirror/mysql", 999, true),
            ("mysql:8.4", 999, true),
            ("sourcegraph/grafana", 100, false),
            ("acme/mysql-exporter", 999, false),
        ] {
            assert_eq!(PublicImage::is_copy_for_user(image, user), expected, "{image} {user}");
        }
    }

    #[test]
    fn programs_with_data_are_known_by_the_last_part_of_the_name() {
        assert_eq!(store("public.ecr.aws/docker/library/redis:8.2@sha256:abc"), Some("redis"));
        assert_eq!(store("ghcr.io/acme/redis-exporter:1"), None);
        for image in ["busybox", "docker.io/library/busybox:1", "docker.io/curlimages/curl:8"] {
            assert!(is_tool(image), "{image}");
        }
        for image in ["evil.example.com/miner/busybox:1", "acme/alpine", "evil.example.com/alpine"]
        {
            assert!(!is_tool(image), "{image}");
        }
    }

    #[test]
    fn the_image_that_does_nothing_is_that_of_kubernetes() {
        for image in
            ["registry.k8s.io/pause:3.10", "k8s.gcr.io/pause", "gke.gcr.io/pause:3.9@sha256:abc"]
        {
            assert!(does_nothing(image), "{image}");
        }
        for image in [
            "pause",
            "pause:3.10",
            "evil.example.com/pause:3.10",
            "registry.k8s.io.example.com/pause",
            "registry.k8s.io/evil/pause",
        ] {
            assert!(!does_nothing(image), "{image}");
        }
    }

    #[test]
    fn names_are_completed() {
        for (name, expected) in [
            ("nginx", "docker.io/library/nginx"),
            ("acme/web", "docker.io/acme/web"),
            ("docker.io/nginx", "docker.io/library/nginx"),
            ("ghcr.io/acme/web", "ghcr.io/acme/web"),
            ("localhost/web", "localhost/web"),
            ("registry:5000/web", "registry:5000/web"),
        ] {
            assert_eq!(full(name), expected);
        }
    }
}
