//! The images that a render names.

use crate::harden::facts::Facts;
use crate::harden::value::{below, text};
use crate::harden::workload::pods;
use crate::resource::ResMap;
use crate::yaml::path::Path;

/// An image that a render names.
#[derive(Clone, Debug)]
pub struct Image {
    /// The index of the object.
    pub place: usize,
    /// The reference, as written.
    pub reference: String,
    /// The container, or the volume.
    pub user: String,
    /// The path of the field.
    pub path: Path,
}

/// The images of the containers and the volumes of pods, in the order of the objects.
#[must_use]
pub fn images(objects: &ResMap, facts: &Facts) -> Vec<Image> {
    let mut images = Vec::new();
    for (place, object) in objects.iter().enumerate() {
        for pod in pods(object, facts) {
            for container in pod.containers.iter().filter(|one| !one.image().is_empty()) {
                images.push(Image {
                    place,
                    reference: container.image().to_owned(),
                    user: container.name.to_owned(),
                    path: container.path(&["image"]),
                });
            }
            for (index, volume) in pod.volumes() {
                let image = below(volume, &["image"]);
                let Some(reference) = image.and_then(|image| text(image, "reference")) else {
                    continue;
                };
                images.push(Image {
                    place,
                    reference: reference.to_owned(),
                    user: text(volume, "name").unwrap_or_default().to_owned(),
                    path: pod.path(&["volumes"]).index(index).keys(&["image", "reference"]),
                });
            }
        }
    }
    images
}
