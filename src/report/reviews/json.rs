//! Reviews as JSON: all differences, and the changes of each target as RFC 6902 operations.

use serde::Serialize;
use serde_json::Value;

use crate::diff::operations::{self, Operations};
use crate::diff::{
    self, Cause, Change, Effect, Failure, FindingChange, Growth, Identity, Nature, Object, Rank,
    Renaming, Review, Status, Summary, TargetReview, Turned, What,
};
use crate::error::Result;
use crate::harden::{Set, differences};
use crate::text::escape;
use crate::yaml::Node;

/// Version of the format, which increases with incompatible changes.
pub(super) const VERSION: u32 = 2;

#[derive(Serialize)]
struct PageJson<'a> {
    version: u32,
    summary: Summary,
    /// All that the review consists of, if it is little: `hashes` or `images-and-versions`.
    only: Option<&'static str>,
    targets: Vec<TargetJson<'a>>,
    groups: Vec<GroupJson<'a>>,
}

#[derive(Serialize)]
struct TargetJson<'a> {
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_from: Option<&'a str>,
    /// True if it moved to a path of another stage.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    other_stage: bool,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_before: Option<ErrorJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_after: Option<ErrorJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    growth: Vec<GrowthJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<FindingJson<'a>>,
    /// Operations that turn the list of objects before into the list after.
    operations: Operations,
}

/// A finding of `check` that is new, accepted or resolved.
#[derive(Serialize)]
struct FindingJson<'a> {
    turned: &'static str,
    rule: &'a str,
    name: &'a str,
    severity: &'static str,
    object: &'a str,
    message: &'a str,
}

impl<'a> FindingJson<'a> {
    fn of(change: &'a FindingChange) -> Self {
        let FindingChange { turned, rule, severity, object, message, .. } = change;
        Self {
            turned: turned.as_str(),
            rule: rule.id(),
            name: rule.name(),
            severity: severity.as_str(),
            object,
            message,
        }
    }
}

/// Requests of a namespace that grow by more than a fifth.
#[derive(Serialize)]
struct GrowthJson<'a> {
    rule: &'static str,
    namespace: &'a str,
    resource: &'static str,
    before: String,
    after: String,
}

impl<'a> GrowthJson<'a> {
    fn of(growth: &'a Growth) -> Self {
        let [before, after] = growth.sums();
        let rule = differences::QOS_CHANGED.id;
        Self { rule, namespace: &growth.namespace, resource: growth.resource, before, after }
    }
}

#[derive(Serialize)]
struct ErrorJson<'a> {
    code: &'a str,
    message: &'a str,
    place: Option<&'a str>,
    more: usize,
}

#[derive(Serialize)]
struct GroupJson<'a> {
    change: &'static str,
    before: Option<Id<'a>>,
    after: Option<Id<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renamed: Option<&'static str>,
    /// The other target that has the object on the other side.
    #[serde(skip_serializing_if = "Option::is_none")]
    elsewhere: Option<&'a str>,
    effects: Vec<EffectJson<'a>>,
    fields: Vec<FieldJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    carries: Vec<Carried<'a>>,
    members: Vec<Member<'a>>,
}

#[derive(Serialize)]
struct Id<'a> {
    api_version: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Carried<'a> {
    object: &'a str,
    restarts: bool,
}

#[derive(Serialize)]
struct Member<'a> {
    target: &'a str,
    namespace: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(tag = "effect", rename_all = "kebab-case")]
enum EffectJson<'a> {
    Lost {
        rule: Option<&'static str>,
        what: &'a str,
    },
    Recreated {
        rule: Option<&'static str>,
        why: &'a [String],
    },
    Restarted {
        rule: Option<&'static str>,
        why: &'a [String],
    },
    Image {
        name: &'a str,
        before: &'a str,
        after: &'a str,
    },
    PodSecurity {
        /// The rule that is violated if the pods may do more.
        #[serde(skip_serializing_if = "Option::is_none")]
        rule: Option<&'static str>,
        turned: &'static str,
        before: Option<&'static str>,
        after: Option<&'static str>,
        violated: Vec<RuleJson<'a>>,
        satisfied: Vec<RuleJson<'a>>,
    },
    Judged {
        rule: &'static str,
        name: &'static str,
        severity: &'static str,
        phrase: String,
        path: &'a str,
    },
}

/// A rule of the Pod Security Standards, with the containers that it is about; empty for the whole pod.
#[derive(Serialize)]
struct RuleJson<'a> {
    rule: &'static str,
    name: &'static str,
    level: &'static str,
    containers: Vec<&'a str>,
}

#[derive(Serialize)]
struct FieldJson {
    path: String,
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    follows: Option<String>,
}

/// Writes a review as one indented JSON document. Requires [`Options::renders`](diff::Options::renders).
///
/// # Errors
/// As [`TargetReview::operations`].
pub fn write(review: &Review) -> Result<String> {
    let page = PageJson {
        version: VERSION,
        summary: review.summary(),
        only: review.nature().map(Nature::as_str),
        targets: review.targets.iter().map(target).collect::<Result<_>>()?,
        groups: review.groups.iter().map(|of| group(review, of)).collect::<Result<_>>()?,
    };
    // Serialising these types cannot fail.
    Ok(escape::json_text(&serde_json::to_string_pretty(&page).unwrap_or_default()) + "\n")
}

fn target(review: &TargetReview) -> Result<TargetJson<'_>> {
    let TargetReview { name, status, growth, findings, .. } = review;
    let (status, failures) = match status {
        Status::Same => ("same", None),
        Status::Changed => ("changed", None),
        Status::Added => ("added", None),
        Status::Removed => ("removed", None),
        Status::Failed(failures) => ("failed", Some(failures)),
    };
    let failure = |side: usize| {
        let gone = review.failed_before.as_ref().filter(|_| side == 0);
        let failed = failures.and_then(|failures| failures[side].as_ref());
        let Failure { code, message, place, more } = failed.or(gone)?;
        Some(ErrorJson { code, message, place: place.as_deref(), more: *more })
    };
    let operations = review.operations()?;
    Ok(TargetJson {
        target: name,
        moved_from: review.moved_from.as_deref(),
        other_stage: review.stage_before().is_some(),
        status,
        error_before: failure(0),
        error_after: failure(1),
        growth: growth.iter().map(GrowthJson::of).collect(),
        findings: findings.iter().map(FindingJson::of).collect(),
        operations,
    })
}

fn group<'a>(review: &'a Review, group: &'a diff::Group) -> Result<GroupJson<'a>> {
    let object = review.object(group);
    let id = |side: usize| {
        let Identity { api_version, kind, namespace, name } = object.ids[side].as_ref()?;
        Some(Id { api_version, kind, namespace, name })
    };
    let member = |&(target, place): &(usize, usize)| {
        let target = &review.targets[target];
        let id = target.objects[place].id();
        Member { target: &target.name, namespace: &id.namespace, name: &id.name }
    };
    Ok(GroupJson {
        change: match object.rank() {
            _ if object.ids[0].is_none() => "added",
            _ if object.ids[1].is_none() => "removed",
            Rank::Renamed => "renamed",
            _ => "changed",
        },
        before: id(0),
        after: id(1),
        renamed: object.renamed.map(|renamed| match renamed {
            Renaming::Hash => "hash",
            Renaming::Version => "version",
            Renaming::Group => "group",
            Renaming::Namespace => "namespace",
            Renaming::Name => "name",
        }),
        elsewhere: object.elsewhere.as_deref(),
        effects: object.effects.iter().map(effect).collect(),
        fields: fields(object)?,
        carries: object
            .carries
            .iter()
            .map(|(object, restarts)| Carried { object, restarts: *restarts })
            .collect(),
        members: group.members.iter().map(member).collect(),
    })
}

fn effect(effect: &Effect) -> EffectJson<'_> {
    let rule = effect.rule().map(|rule| rule.id);
    match effect {
        Effect::Lost(what) => EffectJson::Lost { rule, what },
        Effect::Recreated(why) => EffectJson::Recreated { rule, why },
        Effect::Restarted(why) => EffectJson::Restarted { rule, why },
        Effect::Image(image) => {
            EffectJson::Image { name: &image.name, before: &image.before, after: &image.after }
        }
        Effect::Judged(judgement) => EffectJson::Judged {
            rule: judgement.rule.id,
            name: judgement.rule.name,
            severity: judgement.severity.as_str(),
            phrase: judgement.phrase.to_string(),
            path: &judgement.path,
        },
        Effect::Security(security) => EffectJson::PodSecurity {
            rule,
            turned: match security.turned() {
                Turned::Looser => "looser",
                Turned::Aside => "neither",
                Turned::Tighter => "tighter",
            },
            before: security.before.map(Set::as_str),
            after: security.after.map(Set::as_str),
            violated: security.violated.iter().map(cause).collect(),
            satisfied: security.satisfied.iter().map(cause).collect(),
        },
    }
}

fn cause(cause: &Cause) -> RuleJson<'_> {
    let Cause { rule, level, containers } = cause;
    RuleJson {
        rule: rule.id,
        name: rule.name,
        level: level.as_str(),
        containers: containers.iter().map(|name| &**name).collect(),
    }
}

fn fields(object: &Object) -> Result<Vec<FieldJson>> {
    let value = |node: &Node| operations::value(node).map(Some);
    let field = |change: &Change| {
        let (word, before, after) = match &change.what {
            What::Added(node) => ("added", None, value(node)?),
            What::Removed(node) => ("removed", value(node)?, None),
            What::Changed(before, after) => ("changed", value(before)?, value(after)?),
            What::Reordered(before, after) => {
                ("reordered", Some(Value::from(before.clone())), Some(Value::from(after.clone())))
            }
        };
        let follows = change.follows.clone();
        Ok(FieldJson { path: change.path.to_string(), change: word, before, after, follows })
    };
    object.changes.iter().map(field).collect()
}
