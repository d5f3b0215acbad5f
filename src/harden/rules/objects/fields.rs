//! KR-K8S-015: fields that the API does not have.

use std::sync::LazyLock;

use crate::error::nearest;
use crate::harden::profile::Scope;
use crate::harden::rule::{Needs, RenderCheck, Rule};
use crate::harden::scene::{Render, Scene};
use crate::harden::violation::{Severity, Violation};
use crate::resource::Resource;
use crate::schema::{Schema, Type};
use crate::text::phrase::shortened;
use crate::yaml::Node;
use crate::yaml::path::{Path, PathStep, Trail};

pub(super) static UNKNOWN_FIELD: Rule = Rule {
    id: "KR-K8S-015",
    name: "unknown-field",
    text: text!("KR-K8S-015"),
    severity: Severity::Error,
    score: None,
    scope: Scope::Recommended,
    fix_order: 0,
    needs: Needs::Render(RenderCheck::Object(unknown_field)),
};

/// The schema of v1.21, whose fields may still be in use.
static OLD: LazyLock<Schema> = LazyLock::new(Schema::built_in);

fn unknown_field(object: &Resource, _: Scene<'_>, render: &Render<'_>) -> Vec<Violation> {
    render.views.known.find(object, || look_for_unknown(object))
}

fn look_for_unknown(object: &Resource) -> Vec<Violation> {
    let root = object.node();
    let version = root.get("apiVersion").and_then(Node::as_text).unwrap_or_default();
    let Some(newest) = Schema::newest().of(version, object.kind()) else { return Vec::new() };
    let mut look = Look { kind: (version, object.kind()), found: Vec::new() };
    look.at(root, newest, None);
    look.found
}

/// The search for unknown fields.
struct Look<'o> {
    /// The `apiVersion` and the kind of the object.
    kind: (&'o str, &'o str),
    found: Vec<Violation>,
}

impl Look<'_> {
    /// Looks for unknown fields in a node of a type in the newest schema. The depth is that of the schema.
    fn at(&mut self, node: &Node, newest: Type<'_>, at: Option<&Trail<'_>>) {
        if let Some(elements) = newest.elements() {
            for (index, item) in node.items().iter().enumerate() {
                if item.as_scalar().is_none() {
                    let below = Trail::index(at, index);
                    self.at(item, elements, Some(&below));
                }
            }
            return;
        }
        let is_closed = newest.is_closed();
        for (key, value) in node.entries() {
            let key = key.text();
            let is_leaf = value.as_scalar().is_some();
            if !is_leaf && let Some(field) = newest.field(key) {
                let below = Trail::key(at, key);
                self.at(value, field, Some(&below));
            } else if is_closed && !newest.has_field(key) && !value.is_null() {
                // Sops adds a field to encrypted objects, and removes it when it decrypts them.
                let is_expected = key == "<<" || key == "sops" && at.is_none();
                if !is_expected && !self.was_known(key, at) {
                    self.found.push(told(key, newest, at));
                }
            }
        }
    }

    /// True if the old schema has a field.
    fn was_known(&self, key: &str, at: Option<&Trail<'_>>) -> bool {
        let down = |of: Type<'static>, step: &PathStep| match step {
            PathStep::Key(key) => of.field(key),
            PathStep::Index(_) => of.elements(),
        };
        let root = OLD.of(self.kind.0, self.kind.1);
        let of = root.and_then(|root| Trail::path(at).steps().iter().try_fold(root, down));
        of.is_some_and(|of| of.has_field(key))
    }
}

fn told(key: &str, of: Type<'_>, at: Option<&Trail<'_>>) -> Violation {
    let at = Trail::path(at);
    let near = nearest(key, of.fields());
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    let place = match at.steps().is_empty() {
        true => "the object".to_owned(),
        false => format!("`{at}`"),
    };
    let key_shown = shortened(key, 80);
    let is_of_bundle = key == "containerPort" && is_webhook_service(&at);
    let message = match is_of_bundle {
        true => format!(
            "there is no field `{key_shown}` in {place}: the API server drops it; assumed: it is meant for a bundle of the Operator Lifecycle Manager"
        ),
        false => format!("there is no field `{key_shown}` in {place}{near}"),
    };
    let violation = Violation::at(at.keys(&[key]), message);
    if is_of_bundle { violation.severity(Severity::Note) } else { violation }
}

/// True for the Service of a webhook.
fn is_webhook_service(at: &Path) -> bool {
    matches!(
        at.steps(),
        [PathStep::Key(list), PathStep::Index(_), PathStep::Key(client), PathStep::Key(service)]
            if &**list == "webhooks" && &**client == "clientConfig" && &**service == "service"
    )
}
