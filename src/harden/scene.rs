//! What a rule can look at beside the thing it judges.

use super::settings::Settings;

/// What surrounds a thing that is judged.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    /// What was asked for.
    pub(super) settings: &'a Settings,
}

impl Scene<'_> {
    /// The minor version of the Pod Security Standards that are asked for.
    pub(super) fn pod_security(self) -> u16 {
        self.settings.profile.version.minor()
    }
}
