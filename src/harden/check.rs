//! The check: applies rules to objects and their pods.

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::conceal::conceal;
use super::easing::Easings;
use super::finding::Finding;
use super::objects::Objects;
use super::own::{Expressed, judge};
use super::pod::{Pod, Shape};
use super::purpose::TargetPath;
use super::rule::{Check, Extent, Needs, RenderCheck, Rule};
use super::rules::judging::expressions::{ADMISSION_POLICY, POLICY_NOT_EVALUATED};
use super::rules::rules;
use super::scene::{Render, Scene};
use super::settings::{Phase, Settings};
use super::spans::Spans;
use super::suppress::{Comment, exclude, mention_foreign, suppress};
use super::violation::{Severity, Violation};
use super::workload::count;
use super::{easing, policy, twice};
use crate::resource::ResMap;
use crate::source::Sources;

/// Checks resources against the rules of a profile. The findings are in the order of the resources, those of one
/// resource in the order of the rules; findings about suppressions come last. Accepted findings are included, with
/// their suppression, which is searched for in the sources too. Linear in the number of resources and rules.
#[must_use]
pub fn check(resources: &ResMap, sources: &Sources, settings: &Settings) -> Vec<Finding> {
    check_among(resources, TargetPath::default(), None, sources, settings)
}

/// The number of objects that tell how many findings the others may have.
const SAMPLE: usize = 256;

/// The maximum number of findings that memory is reserved for.
const MOST_RESERVED: usize = 1 << 20;

/// Checks the resources of a target, which may be one of several, as [`check`] does. The path of the target in its repository
/// may say that it is not for production. `others` has its number, and the objects of all renders: references may lead to objects of another
/// render.
#[must_use]
pub fn check_among(
    resources: &ResMap,
    target: TargetPath<'_>,
    others: Option<(usize, &Objects<'_>)>,
    sources: &Sources,
    settings: &Settings,
) -> Vec<Finding> {
    let is_asked = |rule: &&'static Rule| settings.asks(rule);
    let rules: Vec<&'static Rule> = rules().filter(is_asked).collect();
    let awaited = match settings.phase {
        Phase::Final(configuration) => Some(configuration),
        _ => None,
    };
    let render =
        Render::among(resources, &settings.facts, awaited, others).of_target(target, sources);
    let scene = |(object, pods)| Scene { facts: &settings.facts, object, pods };
    let scenes: Vec<Scene<'_>> =
        resources.iter().zip(render.pods.iter().map(Vec::as_slice)).map(scene).collect();
    let mut findings = Vec::new();
    let expressed = Expressed::new(resources, sources, settings);
    let own = settings.own_to_judge();
    for (place, scene) in scenes.iter().enumerate() {
        if !settings.phase.looks_at(scene.object) {
            continue;
        }
        let is_system = settings.excludes_system && scene.is_system();
        let first = findings.len();
        if place == SAMPLE {
            // A growing list is copied, and there may be very many findings: memory that is not used costs nothing.
            let all = (first / SAMPLE).saturating_mul(scenes.len()) / 4 * 5;
            let _ = findings.try_reserve(all.min(MOST_RESERVED));
        }
        let mut spans = Spans::new(scene.object.node());
        let id = LazyCell::new(|| Arc::new(scene.object.id().clone()));
        let easings = Easings::new(*scene, &render, settings.phase == Phase::Complete);
        for rule in &rules {
            let found = violations(rule, *scene, &render).into_iter();
            findings.extend(found.map(|violation| {
                let violation = easings.ease(rule, violation);
                let span = spans.span(&violation.path);
                Finding::of(span, *rule, violation, (place, scene.object, Arc::clone(&id)))
            }));
        }
        for rule in &own {
            judge(rule, (place, scene.object), &expressed, &mut findings);
        }
        if !settings.facts.ignores_suppressions {
            mention_foreign(&mut findings[first..], *scene, settings);
        }
        for finding in &mut findings[first..] {
            // What the configuration says about the rule or the object decides alone.
            if is_system || settings.sets_severity(&finding.rule) {
                finding.eased = None;
            }
            finding.severity = match is_system {
                true => Severity::Note,
                false => settings.severity_of(&finding.rule, finding.severity),
            };
        }
    }
    let asks_policies = settings.asks(&ADMISSION_POLICY) || settings.asks(&POLICY_NOT_EVALUATED);
    if settings.phase == Phase::Complete && asks_policies {
        findings.extend(policy::judge(&expressed, &settings.facts).into_iter().map(
            |mut finding| {
                finding.severity = settings.severity_of(&finding.rule, finding.severity);
                finding
            },
        ));
    }
    findings.retain(|finding| settings.shows(&finding.rule));
    conceal(&mut findings, &scenes, sources);
    settle(&mut findings, &scenes, sources, settings, resources, None);
    easing::settle(&mut findings, &scenes, &render, settings);
    twice::lower(&mut findings, &scenes, &render, settings);
    findings
}

/// Completes findings about the sources of kustomizations, each of which `kustomizations` has as an object: sets their
/// severities, and marks those that comments and the configuration accept. Findings about suppressions are added.
pub fn settle_sources(
    findings: &mut Vec<Finding>,
    kustomizations: &ResMap,
    sources: &Sources,
    settings: &Settings,
) {
    settle_alone(findings, kustomizations, sources, settings, None);
}

/// Completes findings about texts that are not YAML, each of which `objects` has as an object, as [`settle_sources`] does.
/// Their `comments` are sorted by their place.
pub fn settle_texts(
    findings: &mut Vec<Finding>,
    objects: &ResMap,
    sources: &Sources,
    settings: &Settings,
    comments: &[Comment],
) {
    settle_alone(findings, objects, sources, settings, Some(comments));
}

fn settle_alone(
    findings: &mut Vec<Finding>,
    objects: &ResMap,
    sources: &Sources,
    settings: &Settings,
    comments: Option<&[Comment]>,
) {
    for finding in findings.iter_mut() {
        finding.severity = settings.severity_of(&finding.rule, finding.severity);
    }
    let scene = |object| Scene { facts: &settings.facts, object, pods: &[] };
    let scenes: Vec<Scene<'_>> = objects.iter().map(scene).collect();
    settle(findings, &scenes, sources, settings, objects, comments);
}

/// Marks the accepted findings, and adds those about suppressions.
fn settle(
    findings: &mut Vec<Finding>,
    scenes: &[Scene<'_>],
    sources: &Sources,
    settings: &Settings,
    resources: &ResMap,
    comments: Option<&[Comment]>,
) {
    if !settings.facts.ignores_suppressions {
        let judged = findings.len();
        suppress(findings, scenes, sources, settings, comments);
        exclude(findings, scenes, settings);
        let mut place = 0;
        findings.retain_mut(|finding| {
            place += 1;
            if place <= judged {
                return true;
            }
            finding.severity = settings.severity_of(&finding.rule, finding.severity);
            let object = resources.get(finding.place);
            settings.asks_for(&finding.rule)
                && object.is_some_and(|one| settings.phase.looks_at(one))
        });
    }
}

/// The number of pods and templates of pods.
#[must_use]
pub fn count_pods(resources: &ResMap, settings: &Settings) -> usize {
    resources.iter().map(|object| count(object, &settings.facts)).sum()
}

/// The violations of a rule by an object, for rules that may look at the whole render.
pub(super) fn violations(rule: &Rule, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    match rule.needs {
        Needs::Suppressions
        | Needs::Expressions
        | Needs::Targets
        | Needs::Sources
        | Needs::Dockerfiles
        | Needs::Reviews => Vec::new(),
        Needs::Object(check) => violations_alone(rule, check, scene),
        Needs::Render(RenderCheck::Object(judge)) => judge(scene.object, scene, render),
        Needs::Render(RenderCheck::Pod(judge)) => {
            of_pods(rule, scene, |pod| judge(pod, scene, render))
        }
        Needs::Render(RenderCheck::Container(judge)) => of_pods(rule, scene, |pod| {
            pod.containers.iter().flat_map(|one| judge(one, pod, scene, render)).collect()
        }),
    }
}

/// The violations of a rule by an object, for rules that look at one object.
pub(super) fn violations_alone(rule: &Rule, check: Check, scene: Scene<'_>) -> Vec<Violation> {
    match check {
        Check::Object(judge) => judge(scene.object, scene),
        Check::Pod(judge) => of_pods(rule, scene, |pod| judge(pod, scene)),
        Check::Container(judge) => of_pods(rule, scene, |pod| {
            pod.containers.iter().flat_map(|one| judge(one, pod, scene)).collect()
        }),
    }
}

/// The violations by the pods of an object. In incomplete pods, only fields that are written are reported. Fixes are
/// dropped for kinds of which krender does not know that they have the fields.
fn of_pods(
    rule: &Rule,
    scene: Scene<'_>,
    judge: impl Fn(&Pod<'_>) -> Vec<Violation>,
) -> Vec<Violation> {
    let mut found = Vec::new();
    let root = scene.object.node();
    for pod in scene.pods {
        let Some(extent) = rule.extent(pod.shape) else { continue };
        let mut of_pod = judge(pod);
        if extent == Extent::Written {
            let mut places = BTreeSet::new();
            of_pod.retain(|violation| {
                let is_written = violation.path.find(root).is_some_and(|node| !node.is_null());
                is_written && places.insert(violation.path.clone())
            });
        }
        if pod.shape != Shape::Known {
            of_pod.iter_mut().for_each(|violation| violation.fix = None);
        }
        found.extend(of_pod);
    }
    found
}
