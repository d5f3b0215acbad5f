//! Groups of the API.

/// True for groups of custom resources.
pub(super) fn is_custom(group: &str) -> bool {
    let is_built_in = !group.contains('.') || group.ends_with(".k8s.io");
    !is_built_in || group.ends_with(".x-k8s.io") || group == "gateway.networking.k8s.io"
}
