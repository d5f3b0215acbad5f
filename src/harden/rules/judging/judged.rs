//! KR-CFG-004, 005, 006: targets are still checked, completely, and with the same hardening steps.

use crate::harden::path::by_name;
use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::unread::{InPart, judged_in_part};
use crate::harden::violation::{Severity, Violation};
use crate::harden::workload::DEEPEST;
use crate::resource::Resource;
use crate::yaml::path::Path;

/// KR-CFG-004: a target that was checked before is still checked.
pub static TARGET_NOT_JUDGED: Rule = Rule {
    id: "KR-CFG-004",
    name: "target-not-judged",
    text: text!("KR-CFG-004"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Always,
    fix_order: 0,
    needs: Needs::Targets,
};

pub(in crate::harden) static JUDGED_IN_PART: Rule = Rule {
    id: "KR-CFG-005",
    name: "judged-in-part",
    text: text!("KR-CFG-005"),
    severity: Severity::Note,
    score: None,
    scope: Scope::Always,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(in_part)),
};

/// KR-CFG-006: the hardening steps of a target have not changed.
pub static HARDENING_STEP_CHANGED: Rule = Rule {
    id: "KR-CFG-006",
    name: "hardening-step-changed",
    text: text!("KR-CFG-006"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Always,
    fix_order: 0,
    needs: Needs::Targets,
};

fn in_part(object: &Resource, scene: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    let mut messages = Vec::new();
    let mut first = None;
    for (path, why) in judged_in_part(object, scene.pods) {
        let Some(others) = render.others_in_part(object, why) else { continue };
        messages.push(message(object, &path, why, others));
        first = first.or(Some(path));
    }
    first.map(|path| Violation::at(path, messages.join("; "))).into_iter().collect()
}

/// The message about an object, and the number of others of its kind for which the same is true.
fn message(object: &Resource, path: &Path, why: InPart, others: usize) -> String {
    let kind = object.kind();
    let field = || by_name(path, object.node());
    let message = match why {
        InPart::Chart => "values of a chart are set here, and its pods are not checked".to_owned(),
        InPart::Patch => "a patch of the pod is not judged".to_owned(),
        InPart::Kind => format!(
            "pods of the kind `{kind}` are judged by what is written, not by what is missing: `podSpecs` of the configuration may name the path of their template"
        ),
        InPart::Form => format!(
            "parts of pods in the kind `{kind}` are judged by what is written, not by what is missing: they are completed elsewhere"
        ),
        InPart::Text => format!("`{}` has pods as text, which are not checked", field()),
        InPart::Change => {
            format!("`{}` changes pods of other objects, and the result is not checked", field())
        }
        InPart::Components => format!(
            "the components in `{}` change what is rendered for it, and the result is not checked",
            field()
        ),
        InPart::Made => format!("`{}` leads to pods that are not checked", field()),
        InPart::Depth => {
            format!(
                "what is nested more than {DEEPEST} levels deep is not checked, also not pods there"
            )
        }
    };
    if others == 0 {
        return message;
    }
    let objects = if others == 1 { "another object" } else { "other objects" };
    let number = if others == 1 { String::new() } else { format!("{others} ") };
    format!("{message}; so it is for {number}{objects} of the kind `{kind}`")
}
