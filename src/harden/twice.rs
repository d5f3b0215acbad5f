//! Findings of the same fact: what two rules report for one omission or one value is told once with its severity, and the other
//! finding refers to it.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use super::eviction::critical_class;
use super::finding::Finding;
use super::profile::Set;
use super::scene::{Render, Scene};
use super::settings::Settings;
use super::value::present;
use super::violation::{Eased, Easing, Severity};
use crate::yaml::path::{Path, PathStep};

/// A rule, the index of an object, and a mapping of it.
type Place = (&'static str, usize, Path);

/// The rules whose findings others refer to.
const FIRST: [&str; 3] = [REQUEST, USER, PROCESS];

const PROCESS: &str = "KR-SEC-013";
const NETWORK: &str = "KR-SEC-002";

const REQUEST: &str = "KR-RES-002";
const LIMIT: &str = "KR-RES-003";
const USER: &str = "KR-SEC-023";
const NON_ROOT: &str = "KR-SEC-022";

/// Lowers findings in the profile `recommended` that report what another finding has, which is open and as severe: the missing
/// limit of a container whose missing request is one, that a container may be root whose user is, and what a process of a Windows node
/// always has: its network, and its rights. Linear.
pub(super) fn lower(
    findings: &mut [Finding],
    scenes: &[Scene<'_>],
    render: &Render<'_>,
    settings: &Settings,
) {
    let facts = &settings.facts;
    if facts.profile.set != Set::Recommended || facts.keeps_severities {
        return;
    }
    let told: BTreeMap<Place, Severity> = findings
        .iter()
        .filter(|one| one.suppressed.is_none())
        .filter_map(|one| {
            let rule = FIRST.into_iter().find(|rule| *rule == one.rule.id())?;
            Some(((rule, one.place, one.path.parent()?), one.severity))
        })
        .collect();
    if told.is_empty() {
        return;
    }
    let processes = processes(&told, scenes);
    let pods = scenes.iter().enumerate();
    let pods = pods.flat_map(|(place, scene)| scene.pods.iter().map(move |pod| (place, pod)));
    let run_nodes = pods.filter(|(_, pod)| critical_class(pod) == Some("system-node-critical"));
    let run_nodes: BTreeSet<(usize, Path)> =
        run_nodes.map(|(place, pod)| (place, pod.path(&[]))).collect();
    for finding in findings {
        let Some(scene) = scenes.get(finding.place) else { continue };
        let lower = match finding.rule.id() {
            LIMIT => limit(finding, &told, &run_nodes),
            NON_ROOT if !render.enforces_restricted(scene.namespace()) => {
                user(finding, *scene, &told).or_else(|| process(finding, &processes))
            }
            NETWORK => process(finding, &processes),
            _ => None,
        };
        let Some((severity, said)) = lower else { continue };
        if severity < finding.severity && !settings.sets_severity(&finding.rule) {
            let (from, told) = match &finding.eased {
                Some(eased) if !eased.told.is_empty() => {
                    (eased.from, format!("{}; {said}", eased.told))
                }
                eased => {
                    let from = eased.as_ref().map_or(finding.severity, |eased| eased.from);
                    (from, said.to_owned())
                }
            };
            finding.message = format!("{}; {said}", finding.message);
            let proofs = Vec::new();
            let eased = Eased { by: Easing::Twice, from, told, proofs, elsewhere: None };
            finding.eased = Some(Box::new(eased));
            finding.severity = severity;
        }
    }
}

/// A container without a request is the first that the kernel ends if its node lacks memory: it harms itself before others. Not
/// so in pods that run each node.
fn limit(
    finding: &Finding,
    told: &BTreeMap<Place, Severity>,
    run_nodes: &BTreeSet<(usize, Path)>,
) -> Option<(Severity, &'static str)> {
    // Both are below `resources`, in mappings of their own.
    let requests = finding.path.parent()?.parent()?.keys(&["requests"]);
    let known = *told.get(&(REQUEST, finding.place, requests))?;
    let around = iter::successors(finding.path.parent(), Path::parent);
    let runs_node = !run_nodes.is_empty()
        && around.into_iter().any(|path| run_nodes.contains(&(finding.place, path)));
    let is_told = known >= Severity::Warning && !runs_node;
    is_told.then_some((Severity::Warning, "it requests none either, which KR-RES-002 reports"))
}

/// The places of findings that say the same as one about a process of a Windows node, with the severity of that: such a process is
/// on the network of the node, and has the rights of its user there, whom `runAsNonRoot` does not limit. Both are certain
/// only of pods that run on Windows. Linear.
fn processes(
    told: &BTreeMap<Place, Severity>,
    scenes: &[Scene<'_>],
) -> BTreeMap<(usize, Path), Severity> {
    let mut found = BTreeMap::new();
    let places = told.keys().filter(|(rule, ..)| *rule == PROCESS).map(|(_, place, _)| *place);
    for place in places.collect::<BTreeSet<usize>>() {
        let pods = scenes.get(place).map(|scene| scene.pods).unwrap_or_default();
        for pod in pods.iter().filter(|pod| pod.is_bound_to_windows()) {
            let severity = |options: Path| told.get(&(PROCESS, place, options)).copied();
            let (options, user) =
                (["securityContext", "windowsOptions"], ["securityContext", "runAsNonRoot"]);
            let of_pod = severity(pod.path(&options));
            let mut highest = of_pod;
            for container in &pod.containers {
                let own = of_pod.max(severity(container.path(&options)));
                highest = highest.max(own);
                found.extend(own.map(|own| ((place, container.path(&user)), own)));
            }
            found.extend(of_pod.map(|own| ((place, pod.path(&user)), own)));
            found.extend(highest.map(|own| ((place, pod.path(&["hostNetwork"])), own)));
        }
    }
    found
}

/// A finding that says the same as one about a process of a Windows node.
fn process(
    finding: &Finding,
    processes: &BTreeMap<(usize, Path), Severity>,
) -> Option<(Severity, &'static str)> {
    let known = *processes.get(&(finding.place, finding.path.clone()))?;
    let said = "KR-SEC-013 reports that it is a process of the Windows node";
    (known >= finding.severity).then_some((Severity::Note, said))
}

/// The user of a container is its own, or that of its pod.
fn user(
    finding: &Finding,
    scene: Scene<'_>,
    told: &BTreeMap<Place, Severity>,
) -> Option<(Severity, &'static str)> {
    let mut at = finding.path.parent()?;
    loop {
        if let Some(known) = told.get(&(USER, finding.place, at.clone())) {
            let is_told = *known >= finding.severity;
            let said = "KR-SEC-023 reports its user, which is root";
            return is_told.then_some((Severity::Note, said));
        }
        let is_other = at.find(scene.object.node()).and_then(|one| present(one, "runAsUser"));
        if is_other.is_some() {
            return None;
        }
        at = above(&at)?;
    }
}

/// The `securityContext` of what is around the owner of one.
fn above(context: &Path) -> Option<Path> {
    let mut around = context.parent()?.parent()?;
    if matches!(around.steps().last(), Some(PathStep::Index(_))) {
        around = around.parent()?;
    }
    Some(around.keys(&["securityContext"]))
}
