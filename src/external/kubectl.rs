//! Questions to a cluster, by `kubectl` and its current context.

use super::{Environment, Outcome, Program};
use crate::error::{Code, Error, Result};
use crate::text::escape;

/// The maximum size of an OpenAPI document. That of a cluster with a thousand kinds has 10 MiB.
const MOST: u64 = 512 << 20;

/// The OpenAPI document of the cluster, in version 2.
///
/// # Errors
/// [`Code::ReadFailed`] if there is no `kubectl`, [`Code::FetchFailed`] if it fails, [`Code::TimedOut`], [`Code::TooLarge`].
pub fn open_api(environment: &Environment) -> Result<Vec<u8>> {
    let advice = |error: Error| {
        error
            .help("install kubectl, set its context, and make sure that the cluster can be reached")
    };
    let kubectl = Program::find("kubectl", environment, environment.working_directory());
    // It needs its configuration, and so do the programs that log in to clusters.
    let kubectl = kubectl.map_err(advice)?.output_at_most(MOST).variables(environment);
    let arguments = ["get", "--raw", "/openapi/v2"];
    let Outcome { is_success, output, said, .. } = kubectl.run(&arguments)?;
    if is_success && !output.is_empty() {
        return Ok(output);
    }
    let said = match said.trim() {
        "" => "it says nothing".to_owned(),
        said => escape::visible(said).into_owned(),
    };
    let message = format!("`kubectl {}` failed: {said}", arguments.join(" "));
    Err(advice(Error::new(Code::FetchFailed, message)))
}
