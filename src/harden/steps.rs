//! Steps of pipelines: containers of Tekton, which work on the files of a workspace and end.

use super::violation::Violation;
use crate::resource::Resource;
use crate::yaml::path::PathStep;

/// The group of Tekton.
const GROUP: &str = "tekton.dev";

/// The kinds with steps.
const KINDS: [&str; 6] =
    ["ClusterTask", "Pipeline", "PipelineRun", "StepAction", "Task", "TaskRun"];

/// Capabilities over users and files, which programs need that build images and change the owners of files. The level
/// `baseline` allows all of them.
const OF_BUILDS: [&str; 7] =
    ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETFCAP", "SETGID", "SETUID"];

/// True if a violation is that of a step, and not of a sidecar, which runs beside all steps.
pub(super) fn is_of_step(object: &Resource, violation: &Violation) -> bool {
    let is_sidecars = |step: &PathStep| matches!(step, PathStep::Key(key) if **key == *"sidecars");
    object.gvk().group == GROUP
        && KINDS.contains(&object.kind())
        && !violation.path.steps().iter().any(is_sidecars)
}

/// True if a step has what builds need: the user root, or capabilities over users and files.
pub(super) fn is_needed_by_builds(rule: &str, violation: &Violation) -> bool {
    let is_of_builds = |one: &String| OF_BUILDS.contains(&one.as_str());
    match rule {
        "KR-SEC-022" | "KR-SEC-023" => true,
        "KR-SEC-025" => !violation.values.is_empty() && violation.values.iter().all(is_of_builds),
        _ => false,
    }
}
