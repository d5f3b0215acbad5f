//! KR-SEC-035, 036, 037: pods have a token only if they use it, and a `ServiceAccount` of their own.

use crate::harden::pod::{Pod, Shape};
use crate::harden::profile::Scope;
use crate::harden::rule::{Check, Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::value::{is_false, is_true, present, text};
use crate::harden::violation::{Class, Easing, Edit, Severity, Violation, plain, string};

pub(super) static SERVICE_ACCOUNT_TOKEN: Rule = Rule {
    id: "KR-SEC-035",
    name: "service-account-token",
    text: text!("KR-SEC-035"),
    severity: Severity::Warning,
    score: Some(5.0),
    scope: Scope::Recommended,
    fix_order: 60,
    needs: Needs::Render(RenderCheck::Pod(token)),
};

pub(super) static DEFAULT_SERVICE_ACCOUNT: Rule = Rule {
    id: "KR-SEC-036",
    name: "default-service-account",
    text: text!("KR-SEC-036"),
    severity: Severity::Note,
    score: Some(3.0),
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Pod(default_account)),
};

pub(super) static DEPRECATED_SERVICE_ACCOUNT: Rule = Rule {
    id: "KR-SEC-037",
    name: "deprecated-service-account",
    text: text!("KR-SEC-037"),
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    fix_order: 5,
    needs: Needs::Object(Check::Pod(deprecated)),
};

const TOKEN: &str = "automountServiceAccountToken";
const DEFAULT: &str = "default";

/// The name of the `ServiceAccount` of a pod.
fn account<'a>(pod: &Pod<'a>) -> &'a str {
    let name = |key| pod.get(&[key]).and_then(crate::yaml::Node::as_text);
    let name = name("serviceAccountName").or_else(|| name("serviceAccount"));
    name.filter(|name| !name.is_empty()).unwrap_or(DEFAULT)
}

/// Annotations of programs that put a container into the pod which uses the token.
const INJECTED: [(&str, &str); 2] =
    [("vault.hashicorp.com/agent-inject", "true"), ("sidecar.opentelemetry.io/inject", "true")];

fn token(pod: &Pod<'_>, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let written = pod.get(&[TOKEN]);
    let paranoid = scene.facts.is_paranoid();
    if is_false(written) || is_true(written) && !paranoid {
        return Vec::new();
    }
    let (namespace, name) = (scene.namespace(), account(pod));
    let rights = render.views.rights();
    let rendered = rights.account(namespace, name);
    let is_off = rendered.is_some_and(|account| is_false(present(account.node(), TOKEN)));
    if is_off && written.is_none()
        || INJECTED.iter().any(|&(key, value)| pod.annotation(key) == Some(value))
    {
        return Vec::new();
    }
    let has_role = rights.has_role(namespace, name);
    // A ServiceAccount of its own is mostly there to use the API: its role may be bound elsewhere.
    let is_doubtful = has_role || name != DEFAULT;
    if is_doubtful && !paranoid || pod.shape != Shape::Known {
        return Vec::new();
    }
    let message = match has_role {
        true => format!("the pod gets a token of the ServiceAccount `{name}`, which has a role"),
        false => format!(
            "the pod gets a token of the ServiceAccount `{name}`, to which no rendered binding gives a role"
        ),
    };
    let violation = pod.violation(&[TOKEN], message);
    if is_doubtful {
        return vec![violation.severity(Severity::Note)];
    }
    let violation = match scene.is_job() {
        true => {
            let told = "a Job has it only while it runs";
            violation.assuming(Severity::Note, Easing::Job, told, Vec::new())
        }
        false => violation,
    };
    if written.is_some() {
        return vec![violation];
    }
    let edit = Edit::Set(violation.path.clone(), plain("false"));
    vec![violation.fix(Class::Safe, vec![edit])]
}

fn default_account(pod: &Pod<'_>, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    if account(pod) != DEFAULT || scene.ends(pod) {
        return Vec::new();
    }
    let Some(binding) = render.views.rights().binding_of(scene.namespace(), DEFAULT) else {
        return Vec::new();
    };
    let message = format!(
        "the pod has the ServiceAccount `default`, to which the {} `{}` gives a role: every pod of the namespace without an own one has it",
        binding.kind(),
        binding.name()
    );
    vec![pod.violation(&["serviceAccountName"], message)]
}

fn deprecated(pod: &Pod<'_>, _: Scene<'_>) -> Vec<Violation> {
    let Some(name) = text(pod.spec, "serviceAccount").filter(|name| !name.is_empty()) else {
        return Vec::new();
    };
    let path = pod.path(&["serviceAccount"]);
    let new = text(pod.spec, "serviceAccountName").filter(|name| !name.is_empty());
    match new {
        Some(other) if other != name => {
            let message = format!(
                "the pod has two ServiceAccounts: `{name}` in `serviceAccount` and `{other}` in `serviceAccountName`, which counts"
            );
            vec![Violation::at(path, message).severity(Severity::Error)]
        }
        _ => {
            let message = "`serviceAccount` is the old name of `serviceAccountName`";
            let set = Edit::Set(pod.path(&["serviceAccountName"]), string(name));
            let edits = vec![set, Edit::Remove(path.clone())];
            let violation = Violation::at(path, message).severity(Severity::Note);
            vec![violation.fix(Class::Safe, edits)]
        }
    }
}
