//! Violations that matter less by other fields of the object.

use super::object::{Easings, Lower, SET_BY_CONSTRAINTS, is_among, is_error};
use crate::harden::images::{ImageUser, is_tool};
use crate::harden::rule::{Rule, Topic};
use crate::harden::value::is_false;
use crate::harden::violation::{Easing, Severity, Violation};

/// The rule about privileged containers.
const PRIVILEGED: &str = "KR-SEC-001";

/// The rules whose fields have no effect on a privileged container, and none on Windows.
const MOOT_ELSEWHERE: &str = "KR-SEC-021 KR-SEC-024 KR-SEC-025";

/// The rules about rights that are few beside those of a privileged container of the same pod.
const LESS_BESIDE_PRIVILEGED: &str = "KR-SEC-021 KR-SEC-022 KR-SEC-025";

/// The rule about the files of a container.
const WRITES_OF_TOOLS: &str = "KR-SEC-030";

/// The rules about fields that harm no one without a running pod.
const MOOT_WITHOUT_PODS: &str = "KR-SEC-021 KR-SEC-022 KR-SEC-024 KR-SEC-025 KR-SEC-030 KR-SEC-035";

impl Easings<'_, '_> {
    /// No program runs: what concerns running pods is a note.
    pub(super) fn without_copies(&self, rule: &Rule) -> Option<Lower> {
        let is_of_operation = || rule.topic().is_of_operation();
        let (by, told) = match self.is_idle() {
            true if is_of_operation() || rule.topic() == Topic::References => {
                (Easing::Idle, NO_POD_RUNS)
            }
            _ if self.takes_room_only() && (is_of_operation() || rule.id == "KR-SEC-035") => {
                (Easing::Room, "the image `pause` does nothing but take room")
            }
            _ => return None,
        };
        Some(Lower::to(Severity::Note, by, told.to_owned()))
    }

    /// A note about what a pod lacks that never runs.
    pub(super) fn without_pods(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_moot = is_among(MOOT_WITHOUT_PODS, rule)
            && !self.is_written(violation)
            && self.is_idle()
            && !self.is_enforced();
        is_moot.then(|| Lower::to(Severity::Note, Easing::Idle, NO_POD_RUNS.to_owned()))
    }

    pub(super) fn of_pod(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let rules = [MOOT_ELSEWHERE, SET_BY_CONSTRAINTS, WRITES_OF_TOOLS];
        if !rules.iter().any(|rules| is_among(rules, rule)) || self.is_enforced() {
            return None;
        }
        let facts = self.facts_of(violation)?;
        let container = self.container(violation, facts.pod);
        let privileged = container.as_ref().filter(|one| one.is_privileged() && !self.is_alone);
        if let Some(container) = privileged.filter(|_| is_among(MOOT_ELSEWHERE, rule)) {
            let told = "it is privileged, so that this has no effect";
            let lower = Lower::to(Severity::Note, Easing::Fields, told);
            return Some(lower.told_by(PRIVILEGED, container.path(&[]), Severity::Note));
        }
        if facts.pod.is_bound_to_windows()
            && is_among(MOOT_ELSEWHERE, rule)
            && !self.is_written(violation)
        {
            let told = "its nodes run Windows, where this has no effect";
            return Some(Lower::to(Severity::Note, Easing::Windows, told.to_owned()));
        }
        let container = container?;
        if is_tool(container.image())
            && (!container.is_running() || self.scene.ends(facts.pod))
            && !facts.runs_on(Some(&container))
            && !self.is_written(violation)
        {
            return Some(Lower::to(
                Severity::Note,
                Easing::Tool,
                "a tool that ends soon".to_owned(),
            ));
        }
        let user = container.user(facts.pod);
        match (rule.id, user) {
            ("KR-SEC-022", Some(user))
                if user > 0 && container.security("runAsNonRoot").is_none() =>
            {
                // The message has the user.
                Some(Lower::to(Severity::Note, Easing::Fields, String::new()))
            }
            ("KR-SEC-022", None) if container.security("runAsNonRoot").is_none() => {
                let user = self.scene.facts.user_of_image(container.image())?;
                Some(Lower::to(Severity::Warning, Easing::Image, of_image_user(user)?))
            }
            ("KR-SEC-025", _)
                if container.is_non_root(facts.pod)
                    && is_false(container.security("allowPrivilegeEscalation"))
                    && container.capabilities("add").next().is_none() =>
            {
                let told = "as it is not root and cannot gain privileges, it has none in effect";
                Some(Lower::to(Severity::Note, Easing::Fields, told.to_owned()))
            }
            // Of a user with a name, too: what counts is what the image does, not what the kubelet can verify.
            ("KR-SEC-025", None)
                if is_false(container.security("allowPrivilegeEscalation"))
                    && container.capabilities("add").next().is_none() =>
            {
                let user = self.scene.facts.user_of_image(container.image())?;
                let told = "assumed: its image does not run as root, and it cannot gain privileges";
                let is_root = user == ImageUser::Root;
                (!is_root).then(|| Lower::to(Severity::Warning, Easing::Image, told.to_owned()))
            }
            _ => None,
        }
    }

    /// A lower severity for rights of a container that is not privileged beside one that is.
    pub(super) fn of_privileged(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let is_less = is_among(LESS_BESIDE_PRIVILEGED, rule)
            && is_error(rule, violation)
            && !self.is_written(violation)
            && !self.is_enforced()
            && !self.is_alone;
        let facts = self.facts_of(violation).filter(|_| is_less)?;
        let container = self.container(violation, facts.pod)?;
        let other = self.more(facts).privileged.as_ref().filter(|_| !container.is_privileged())?;
        let (path, label) = other;
        let told = format!("{label} of its pod is privileged, which weighs more");
        let lower = Lower::to(Severity::Warning, Easing::Fields, told);
        Some(lower.told_by(PRIVILEGED, path.clone(), Severity::Warning))
    }

    /// Nodes may set the profile of seccomp for all pods.
    pub(super) fn of_nodes(&self, rule: &Rule, violation: &Violation) -> Option<Lower> {
        let may_be_set =
            rule.id == "KR-SEC-024" && !self.is_written(violation) && !self.is_enforced();
        may_be_set.then(|| {
            let told = "assumed: the nodes do not set it for all pods (`seccompDefault`)";
            Lower::to(Severity::Warning, Easing::Nodes, told.to_owned())
        })
    }
}

/// The statement about a workload that is switched off.
const NO_POD_RUNS: &str = "no pod runs: `replicas` is 0";

/// The statement about an image that runs as another user than root.
fn of_image_user(user: ImageUser<'_>) -> Option<String> {
    Some(match user {
        ImageUser::Root => return None,
        ImageUser::NonRoot => "assumed: its image has a user other than root".to_owned(),
        ImageUser::Number(user) => format!("assumed: its image runs as user {user}"),
        ImageUser::Named(user) => format!(
            "assumed: its image runs as the user `{user}`, which the kubelet cannot verify, so that `runAsNonRoot` needs `runAsUser`"
        ),
    })
}
