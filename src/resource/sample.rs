//! Resources for tests, parsed from text.

use super::Resource;
use crate::error::Result;
use crate::schema::Schema;
use crate::source::Sources;
use crate::yaml::parse;

/// The resources of a file with this text.
pub(crate) fn read(text: &str) -> Result<Vec<Resource>> {
    let source = Sources::new().add("test.yaml", text)?;
    super::read(&source, &parse::documents(&source)?, &schema())
}

/// The single resource of a file with this text.
#[track_caller]
pub(crate) fn resource(text: &str) -> Resource {
    let mut resources = read(text).unwrap();
    assert_eq!(resources.len(), 1);
    resources.remove(0)
}

/// `kind/name` of each resource of a file with this text.
#[track_caller]
pub(crate) fn names(text: &str) -> Vec<String> {
    let resources = read(text).unwrap();
    resources.iter().map(|resource| format!("{}/{}", resource.kind(), resource.name())).collect()
}

/// The default schema of a build.
pub(crate) fn schema() -> Schema {
    Schema::default()
}
