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
}
