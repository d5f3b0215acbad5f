//! Output formats of the effects of an upgrade of Kubernetes.

mod effects;
mod json;
mod text;

pub use effects::{Effects, Found, Judged};
pub use json::json;
pub use text::text;
