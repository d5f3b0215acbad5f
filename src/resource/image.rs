//! References to images of containers.

/// The parts of a reference: `registry:5000/name:tag@digest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageReference<'a> {
    /// The name, with the registry.
    pub name: &'a str,
    /// The tag; empty if there is none.
    pub tag: &'a str,
    /// The digest with its algorithm; empty if there is none.
    pub digest: &'a str,
}

impl<'a> ImageReference<'a> {
    /// Takes a reference apart. A colon before the first slash belongs to the port of a registry. (kustomize,
    /// `api/internal/image/image.go`, `Split`.)
    #[must_use]
    pub fn new(image: &'a str) -> Self {
        let start = image.find('/').unwrap_or(0);
        let find = |mark| image[start..].find(mark).map(|offset| start + offset);
        let (name, tag, digest) = match (find('@'), find(':')) {
            (None, None) => (image, "", ""),
            (Some(at), Some(colon)) if colon < at => {
                (&image[..colon], &image[colon + 1..at], &image[at + 1..])
            }
            (Some(at), _) => (&image[..at], "", &image[at + 1..]),
            (None, Some(colon)) => (&image[..colon], &image[colon + 1..], ""),
        };
        Self { name, tag, digest }
    }

    /// True if both are images of one repository: `nginx`, `docker.io/nginx` and `index.docker.io/library/nginx` are. Tags and
    /// digests do not count.
    #[must_use]
    pub fn is_of_repository(&self, other: &ImageReference<'_>) -> bool {
        self.name == other.name || repository(self.name) == repository(other.name)
    }
}

/// The registry of a name, the first folder below it if the name leaves it out, and the path. (Docker and containerd,
/// `distribution/reference`, `splitDockerDomain`.)
fn repository(name: &str) -> (&str, &str, &str) {
    const HUB: &str = "docker.io";
    let (registry, path) = match name.split_once('/') {
        Some((first, _)) if !first.contains(['.', ':']) && first != "localhost" => (HUB, name),
        Some(("index.docker.io", path)) => (HUB, path),
        Some(parts) => parts,
        None => (HUB, name),
    };
    match path.split_once('/') {
        Some(("library", image)) if registry == HUB && !image.contains('/') => {
            (registry, "library", image)
        }
        None if registry == HUB => (registry, "library", path),
        _ => (registry, "", path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_have_several_names() {
        for (one, other, is_same) in [
            ("nginx", "docker.io/library/nginx:1", true),
            ("nginx:2", "library/nginx@sha256:1", true),
            ("docker.io/nginx", "index.docker.io/library/nginx", true),
            ("index.docker.io/a/b", "a/b", true),
            ("docker.io/a/b:1", "a/b", true),
            ("a/b", "a/c", false),
            ("library/a/b", "a/b", false),
            ("nginx", "quay.io/nginx", false),
            ("quay.io/library/nginx", "quay.io/nginx", false),
            ("nginx", "docker.io.example.com/library/nginx", false),
            ("localhost/nginx", "nginx", false),
            ("registry:5000/nginx", "nginx", false),
            ("docker.io/docker.io/nginx", "nginx", false),
        ] {
            let [first, second] = [one, other].map(ImageReference::new);
            assert_eq!(first.is_of_repository(&second), is_same, "{one} {other}");
            assert_eq!(second.is_of_repository(&first), is_same, "{other} {one}");
        }
    }
}
