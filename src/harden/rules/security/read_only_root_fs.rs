//! KR-SEC-030: containers write only to volumes.

use sha2::{Digest, Sha256};

use crate::harden::images::store;
use crate::harden::pod::{Container, Pod};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, Rule};
use crate::harden::scene::Scene;
use crate::harden::value::{is_false, is_true, items, text};
use crate::harden::violation::{Class, Edit, Severity, Violation, mapping, plain, string};
use crate::source::Span;
use crate::text::hex;
use crate::yaml::Node;

pub(super) static READ_ONLY_ROOT_FS: Rule = Rule {
    id: "KR-SEC-030",
    name: "read-only-root-fs",
    text: text!("KR-SEC-030"),
    severity: Severity::Warning,
    score: Some(5.0),
    scope: Scope::Recommended,
    fix_order: 50,
    needs: Needs::Object(Check::Container(judge)),
};

const FIELD: &str = "readOnlyRootFilesystem";

fn judge(container: &Container<'_>, pod: &Pod<'_>, scene: Scene<'_>) -> Vec<Violation> {
    let value = container.security(FIELD);
    if is_true(value) || pod.is_windows() {
        return Vec::new();
    }
    let mut violation = container.violation_of_security(FIELD, "may write to its own files");
    // A store writes anyway; without rights, its own files are few.
    let is_confined =
        container.is_non_root(pod) && is_false(container.security("allowPrivilegeEscalation"));
    if is_confined && store(container.image()).is_some() && value.is_none() {
        violation = violation.severity(Severity::Note);
    }
    if pod.is_bound_to_windows() {
        return vec![violation];
    }
    let class = if value.is_some() { Class::Override } else { Class::Unsafe };
    let mut edits = vec![Edit::Set(violation.path.clone(), plain("true"))];
    let directories = scene.facts.values.writable_dirs_of(container.image());
    let directories = directories.into_iter().filter(|one| !covers(container, one));
    for (number, directory) in directories.enumerate() {
        let name = volume_name(container, pod, scene, (number, directory));
        let limit = match &*scene.facts.values.empty_dir_size_limit {
            "" => Node::mapping(Vec::new(), Span::NONE),
            limit => mapping(&[("sizeLimit", plain(limit))]),
        };
        let volume = mapping(&[("name", string(&name)), ("emptyDir", limit)]);
        let mount = mapping(&[("name", string(&name)), ("mountPath", string(directory))]);
        edits.push(Edit::Append(pod.path(&["volumes"]), volume));
        edits.push(Edit::Append(container.path(&["volumeMounts"]), mount));
    }
    vec![violation.fix(class, edits)]
}

/// True if a volume is mounted at a directory or above it.
fn covers(container: &Container<'_>, directory: &str) -> bool {
    let directory = directory.trim_end_matches('/');
    items(container.node.get("volumeMounts")).iter().any(|mount| {
        let path = text(mount, "mountPath").map(|path| path.trim_end_matches('/'));
        let rest = path.and_then(|path| directory.strip_prefix(path));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// The maximum length of the name of a volume.
const LONGEST: usize = 63;

const PREFIX: &str = "krender-w-";

/// A name for a new volume of the pod; containers never share one.
fn volume_name(
    container: &Container<'_>,
    pod: &Pod<'_>,
    scene: Scene<'_>,
    (number, directory): (usize, &str),
) -> String {
    let mut name = format!("{PREFIX}{}-{number}", container.name);
    if name.len() > LONGEST {
        let digest = Sha256::digest(format!("{}{directory}", container.name));
        let hash = hex(&digest[..4]);
        name = format!("{}-{hash}", &name[..name.floor_char_boundary(LONGEST - 9)]);
    }
    // `krender-w-a-0-2` could be the second choice for the container `a`, and the first for the container `a-0`.
    let is_first_choice = |name: &str| {
        pod.containers.iter().any(|other| {
            let rest = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(other.name));
            let number = rest.and_then(|rest| rest.strip_prefix('-')?.parse::<usize>().ok());
            let directories = || scene.facts.values.writable_dirs_of(other.image()).len();
            number.is_some_and(|number| number < directories())
        })
    };
    let choice = |number: usize| {
        let suffix = format!("-{number}");
        format!("{}{suffix}", &name[..name.floor_char_boundary(LONGEST - suffix.len())])
    };
    if !pod.has_volume(&name) {
        return name;
    }
    let is_free = |name: &String| !pod.has_volume(name) && !is_first_choice(name);
    (2..).map(choice).find(is_free).unwrap_or(name)
}
