//! Summaries of rendered targets: quality of service, resources, posture and images. Each is a sheet of tables and
//! charts, which text, CSV and a page show, and a JSON document of its own.

mod csv;
mod images;
mod page;
mod posture;
mod qos;
mod resources;
mod sheet;
mod summary;
mod text;
mod told;

pub use images::{Use, images, of_manifests, of_trace};
pub use posture::{Posture, posture};
pub use qos::qos;
pub use resources::{By, resources};
pub use summary::{Summarized, Summary};
