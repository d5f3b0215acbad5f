//! Violations by drivers and agents of nodes, and by programs that serve the network of their node.

use std::collections::BTreeSet;

use super::object::{Easings, Facts, Lower, is_among, is_error, one_lower};
use crate::harden::drivers::{Need, is_daemon_set};
use crate::harden::pod::Container;
use crate::harden::rule::Rule;
use crate::harden::value::text;
use crate::harden::violation::{Easing, Severity, Violation};
use crate::harden::{scripts, servers};
use crate::yaml::path::{Path, PathStep};

/// The rules about folders of the node.
const FOLDERS: &str = "KR-SEC-038 KR-SEC-039 KR-SEC-040";

/// The rules about what a driver of nodes needs.
const NEEDED_BY_DRIVERS: &str = "KR-SEC-001 KR-SEC-002 KR-SEC-039 KR-SEC-040";

/// The rules about the user of a driver of nodes, and about what admission asks of it.
const USER_OF_DRIVERS: &str = "KR-SEC-022 KR-SEC-023 KR-SEC-048";

/// The rules about what agents of nodes need: each has its node for itself, and looks at it.
const NEEDED_BY_AGENTS: &str = "KR-SEC-006 KR-SEC-020 KR-SEC-039";

impl<'a> Easings<'a, '_> {
    /// Lower severities for what a driver of nodes needs: the container itself works in a folder of drivers, or one of the
    /// pod for what concerns the pod.
    pub(super) fn of_driver(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_among = |rules: &str| is_among(rules, rule);
        if !is_among(NEEDED_BY_DRIVERS) && !is_among(USER_OF_DRIVERS) || self.is_enforced() {
            return None;
        }
        let facts = self.facts_of(violation)?;
        let driver = facts.driver.as_ref()?;
        let folder = match self.container(violation, facts.pod) {
            Some(container) => driver.folder_of(&container)?,
            None if violation.container.is_some() => return None,
            None => driver.folder,
        };
        let told = |needed: &str| {
            format!("assumed: a driver of nodes, which works in `{folder}`, {needed}")
        };
        if is_of_claim(violation) {
            return None;
        }
        if is_among(NEEDED_BY_DRIVERS) {
            // The violation is at `hostPath.path` of a volume.
            let volume = violation.path.parent().and_then(|path| path.parent());
            let volume = volume.as_ref().and_then(|path| path.find(self.scene.object.node()));
            if volume.is_some_and(|volume| driver.writes_to_all(volume)) {
                return None;
            }
            let severity = match volume.and_then(|volume| driver.need(volume)) {
                Some(Need::No) if rule.id == "KR-SEC-039" => return None,
                Some(Need::Own) if rule.id == "KR-SEC-039" => Severity::Note,
                _ => one_lower(violation.severity.unwrap_or(rule.severity)),
            };
            return Some(Lower::to(severity, Easing::Driver, told("needs this")));
        }
        let needed = told("runs as root, and not in a restricted namespace");
        Some(Lower::to(Severity::Note, Easing::Driver, needed))
    }

    /// A lower severity for what an agent of nodes needs: a `DaemonSet` runs it on each. It may not write to the node, and not
    /// read its secrets. KR-SEC-038, 039 and 040 judge which folders it has.
    pub(super) fn of_agent(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_of_agent = is_among(NEEDED_BY_AGENTS, rule)
            && self.facts_of(violation).is_some_and(|one| is_daemon_set(self.scene.maker(one.pod)))
            && !self.is_enforced();
        if !is_of_agent
            || is_of_claim(violation)
            || rule.id == "KR-SEC-020" && !is_host_path(violation)
        {
            return None;
        }
        let told = "assumed: an agent of nodes needs it";
        if rule.id == "KR-SEC-020" {
            let is_known = self.is_harmless(violation);
            let note = Lower::to(Severity::Note, Easing::Agent, told);
            return match is_known || self.is_alone {
                // What it reads says nothing that is secret, or others say nothing about it.
                true if is_known => Some(note),
                true => self
                    .is_unknown(violation)
                    .then(|| Lower { severity: Severity::Warning, ..note }),
                false => Some(note.told_by(FOLDERS, violation.path.clone(), Severity::Note)),
            };
        }
        // The violation is at `hostPath.path` of a volume.
        let volume = || violation.path.parent()?.parent();
        let harms = || {
            let volume = volume();
            let volume = volume.as_ref();
            self.is_of_volumes(violation, volume, |facts| &facts.views.written)
                || self.is_of_volumes(violation, volume, |facts| &facts.views.open_secrets)
        };
        let severity = match rule.id {
            "KR-SEC-039" if harms() => return None,
            _ => one_lower(violation.severity.unwrap_or(rule.severity)),
        };
        Some(Lower::to(severity, Easing::Agent, told))
    }

    /// A warning about an agent that reads the state of the kubelet: about the folder, and about its user if it may do nothing
    /// else.
    pub(super) fn of_kubelet(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_known = is_among("KR-SEC-022 KR-SEC-023 KR-SEC-039", rule)
            && is_error(rule, violation)
            && !self.is_enforced();
        let facts = is_known.then(|| self.facts_of(violation))??;
        if !is_daemon_set(self.scene.maker(facts.pod)) {
            return None;
        }
        let kubelet = &self.more(facts).kubelet;
        let is_meant = match self.container(violation, facts.pod) {
            Some(container) => kubelet.is_bare_reader(&container),
            None => {
                let volume = violation.path.parent().and_then(|path| path.parent());
                self.name_of(volume.as_ref()).is_some_and(|name| kubelet.is_read(name))
            }
        };
        let told = "assumed: an agent of nodes reads what the kubelet says of its pods there";
        is_meant.then(|| Lower::to(Severity::Warning, Easing::Agent, told.to_owned()))
    }

    /// A warning about a folder of the node that no container may write to: it is harmless to read, or KR-SEC-039 reports it.
    pub(super) fn of_reader(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        if rule.id != "KR-SEC-020" || !is_host_path(violation) || self.is_enforced() {
            return None;
        }
        let is_read = !self.is_written_to(violation, violation.path.parent().as_ref());
        let told = "assumed: it only looks at the node";
        let lower = is_read.then(|| Lower::to(Severity::Warning, Easing::Agent, told))?;
        match self.is_harmless(violation) {
            true => Some(lower),
            false => (!self.is_alone)
                .then(|| lower.told_by(FOLDERS, violation.path.clone(), Severity::Note)),
        }
    }

    /// A warning about the network of the node and its capabilities for what cannot work without.
    pub(super) fn of_server(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let rules = "KR-SEC-002 KR-SEC-021 KR-SEC-025";
        let is_known = is_among(rules, rule) && is_error(rule, violation) && !self.is_enforced();
        let pod = is_known.then(|| self.facts_of(violation))??.pod;
        let starts_others =
            |one: &Container<'a>| scripts::starts_others(one, pod, self.scene, self.render);
        let told = match (rule.id, self.container(violation, pod)) {
            ("KR-SEC-002", _) => servers::told(pod, starts_others)?,
            ("KR-SEC-021", Some(container)) => {
                let is_needed = servers::has_capabilities_of_files(&container, pod);
                let told = "as it is not root, it has the capabilities that it adds only by this";
                is_needed.then(|| told.to_owned())?
            }
            ("KR-SEC-025", Some(container)) => {
                servers::told_of_capabilities(&container, pod, &violation.values, starts_others)?
            }
            _ => return None,
        };
        let by = if rule.id == "KR-SEC-021" { Easing::Fields } else { Easing::Agent };
        Some(Lower::to(Severity::Warning, by, told))
    }

    /// True if a container may write to a volume of the pod of a violation.
    fn is_written_to(&self, violation: &Violation, volume: Option<&Path>) -> bool {
        self.is_of_volumes(violation, volume, |facts| &facts.written)
    }

    /// True for a violation at a `hostPath` of which the table says that it is harmless to read.
    fn is_harmless(&self, violation: &Violation) -> bool {
        let volume = violation.path.parent();
        self.name_of(volume.as_ref()).is_some_and(|name| {
            let facts = self.facts_of(violation);
            facts.is_some_and(|facts| {
                facts.views.harmless.contains(name) || !facts.views.is_mounted(name)
            })
        })
    }

    /// True for a violation at a `hostPath` about which the table says nothing.
    fn is_unknown(&self, violation: &Violation) -> bool {
        let volume = violation.path.parent();
        let name = self.name_of(volume.as_ref());
        let facts = self.facts_of(violation).zip(name);
        facts.is_some_and(|(facts, name)| facts.views.unknown.contains(name))
    }

    fn name_of(&self, volume: Option<&Path>) -> Option<&'a str> {
        text(volume?.find(self.scene.object.node())?, "name")
    }

    /// True if a volume of the pod of a violation is one of these, or not known.
    fn is_of_volumes<'s>(
        &'s self,
        violation: &Violation,
        volume: Option<&Path>,
        volumes: impl FnOnce(&'s Facts<'a>) -> &'s BTreeSet<&'a str>,
    ) -> bool {
        let (name, facts) = (self.name_of(volume), self.facts_of(violation));
        let (Some(name), Some(facts)) = (name, facts) else { return true };
        volumes(facts).contains(name)
    }
}

/// True for a violation at a `hostPath` of a volume.
fn is_host_path(violation: &Violation) -> bool {
    matches!(violation.path.steps().last(), Some(PathStep::Key(key)) if **key == *"hostPath")
}

/// True for a violation at a claim for a volume: what such programs need of their node, they mount themselves.
fn is_of_claim(violation: &Violation) -> bool {
    let is_claim = |step: &PathStep| matches!(step, PathStep::Key(key) if matches!(&**key, "persistentVolumeClaim" | "ephemeral"));
    violation.path.steps().iter().any(is_claim)
}
