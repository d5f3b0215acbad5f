//! Violations: the result of the condition of a rule, with field, message and fix.

use std::fmt;

use crate::source::Span;
use crate::yaml::path::Path;
use crate::yaml::{Node, Scalar, Style, Tag, Text};

/// One violation of a rule.
#[derive(Clone, Debug)]
pub(super) struct Violation {
    pub(super) path: Path,
    pub(super) container: Option<(List, Text)>,
    pub(super) message: String,
    /// Values that are compared with earlier ones; empty if the message says all.
    pub(super) values: Vec<String>,
    /// Another severity than that of the rule.
    pub(super) severity: Option<Severity>,
    /// The reason for which it has a lower severity.
    pub(super) eased: Option<Box<Eased>>,
    /// The lower severity that it has if an assumption holds.
    pub(super) assumption: Option<Assumption>,
    pub(super) fix: Option<Fix>,
}

/// An assumption of a rule by which a violation has a lower severity, unless severities are kept.
#[derive(Clone, Debug)]
pub(super) struct Assumption {
    pub(super) severity: Severity,
    pub(super) by: Easing,
    /// The statement about it, to follow the message.
    pub(super) told: String,
    /// The evidence for it.
    pub(super) proofs: Vec<Proof>,
}

/// The severity of a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Information.
    Note,
    /// A problem that should be reviewed.
    Warning,
    /// A problem that must be fixed.
    Error,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A lowered severity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eased {
    /// The reason.
    pub by: Easing,
    /// The severity without it.
    pub from: Severity,
    /// The statement about it, which is at the end of the message; empty if the message has none.
    pub told: String,
    /// The evidence for it, beside the kind and the fields of the object. Compared with an earlier render, all of it must
    /// have been there.
    pub proofs: Vec<Proof>,
    /// The findings of which one must be told, if it is lower by them.
    pub elsewhere: Option<Elsewhere>,
}

/// Findings of other rules about a field or what is below it, which say more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// The ids of the rules, with spaces between them.
    pub rules: &'static str,
    /// The field.
    pub field: Path,
    /// The lowest severity of such a finding.
    pub least: Severity,
    /// The severity without all that lowers it.
    pub from: Severity,
}

/// Evidence for a lower severity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// The name of the object has one of these words.
    Words(Vec<String>),
    /// A role is about the status or the finalizers of custom resources.
    Completes,
    /// A label by which a role becomes a part of others.
    Label,
    /// A `CustomResourceDefinition` of this group.
    Group(String),
    /// This `ServiceAccount` is that of a controller which applies what a repository holds.
    Program(String),
    /// An entry of a kustomization that sets the version of images of this name.
    Version(String),
    /// A binding gives the role of the object, or is the object and gives a role, to this subject.
    Subject(String),
}

/// The reason for which a violation has a lower severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Easing {
    /// The target is not for production, by a folder of its path.
    Trial,
    /// The platform is `OpenShift`, by the objects that are checked.
    Platform,
    /// The target is input of a bundle of the Operator Lifecycle Manager.
    Bundle,
    /// The target is a part of a kubebuilder project.
    Part,
    /// The pod is a driver of nodes.
    Driver,
    /// The target is not for production, by the configuration.
    ToldTrial,
    /// An annotation accepts it for another tool.
    Foreign,
    /// The configuration names the platform.
    Configuration,
    /// Another finding has the same fact. This needs no evidence.
    Twice,
    /// Other fields of the container or its pod leave the violation without effect, or with less.
    Fields,
    /// The image is known to have a user other than root.
    Image,
    /// Controllers have the rights that apply what a repository holds.
    Applier,
    /// The pod is that of a controller, which goes on where it was.
    Controller,
    /// Only webhooks ask the pod that may fail.
    Hook,
    /// The command of the container shows that it is a demonstration.
    Demo,
    /// The container is a tool that ends soon.
    Tool,
    /// The name of the image has the version of its program.
    Stream,
    /// The makers of the image publish it so.
    Maker,
    /// The pod is one of a Job, or ends as one does.
    Job,
    /// The container is a step of a pipeline.
    Step,
    /// No pod runs.
    Idle,
    /// The pods only take room.
    Room,
    /// The pod is bound to Windows.
    Windows,
    /// The pod is an agent of nodes, only looks at its node, or serves the network of its node.
    Agent,
    /// The role is for a purpose, by its name, its rules and its bindings.
    Role,
    /// The binding gives a role to people only.
    People,
    /// No fact about the image is known.
    UnknownImage,
    /// The target is a part, which what includes it completes.
    Whole,
    /// The object has the default class of the cluster.
    DefaultClass,
    /// No pod of the namespace is rendered.
    Unseen,
    /// Another target of the run has the object as it should be.
    Elsewhere,
    /// Nodes may have a profile for all pods. This needs no evidence.
    Nodes,
}

impl Easing {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trial => "trial",
            Self::Platform => "platform",
            Self::Bundle => "bundle",
            Self::Part => "part",
            Self::Driver => "driver",
            Self::Foreign => "foreign",
            Self::Configuration | Self::ToldTrial => "configuration",
            Self::Twice => "twice",
            Self::Fields => "fields",
            Self::Image => "image",
            Self::Applier => "applier",
            Self::Controller => "controller",
            Self::Hook => "hook",
            Self::Demo => "demo",
            Self::Tool => "tool",
            Self::Stream => "stream",
            Self::Maker => "maker",
            Self::Job => "job",
            Self::Step => "step",
            Self::Idle => "idle",
            Self::Room => "room",
            Self::Windows => "windows",
            Self::Agent => "agent",
            Self::Role => "role",
            Self::People => "people",
            Self::UnknownImage => "unknown-image",
            Self::Whole => "whole",
            Self::DefaultClass => "default-class",
            Self::Unseen => "unseen",
            Self::Elsewhere => "elsewhere",
            Self::Nodes => "nodes",
        }
    }

    /// The reason in a few words, to follow the number of findings; `None` if it needs no evidence.
    #[must_use]
    pub const fn told(self) -> Option<&'static str> {
        Some(match self {
            Self::Trial => "by folders that are not for production",
            Self::Platform => "by objects of OpenShift",
            Self::Bundle => "by a bundle of the Operator Lifecycle Manager",
            Self::Part => "by a part of a kubebuilder project",
            Self::Driver => "by drivers of nodes",
            Self::Foreign => "by annotations for other tools",
            Self::Configuration => "by the configuration",
            Self::ToldTrial => "by `trials` of the configuration",
            Self::Fields => "by other fields of the pod",
            Self::Image => "by the known user of an image",
            Self::Applier => "by controllers that apply repositories",
            Self::Controller => "by controllers",
            Self::Hook => "by webhooks that may fail",
            Self::Demo => "by demonstrations",
            Self::Tool => "by tools that end soon",
            Self::Stream => "by versions in the names of images",
            Self::Maker => "by what the makers of images publish",
            Self::Job => "by Jobs",
            Self::Step => "by steps of pipelines",
            Self::Idle => "by `replicas: 0`",
            Self::Room => "by the image `pause`",
            Self::Windows => "by nodes with Windows",
            Self::Agent => "by agents of nodes",
            Self::Role => "by purposes of roles",
            Self::People => "by users and groups that administer",
            Self::UnknownImage => "by images of unknown users",
            Self::Whole => "by parts that other kustomizations complete",
            Self::DefaultClass => "by the default class of the cluster",
            Self::Unseen => "by namespaces without rendered pods",
            Self::Elsewhere => "by other targets",
            Self::Twice | Self::Nodes => return None,
        })
    }
}

/// The lists of containers, in the order in which they are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// `initContainers`
    Init,
    /// `containers`
    App,
    /// `ephemeralContainers`
    Ephemeral,
}

impl List {
    /// The lists in order.
    pub const ALL: [Self; 3] = [Self::Init, Self::App, Self::Ephemeral];

    /// The field of the specification of a pod.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Init => "initContainers",
            Self::App => "containers",
            Self::Ephemeral => "ephemeralContainers",
        }
    }
}

/// A fix of a violation.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// The class.
    pub class: Class,
    /// True if it removes or changes existing fields. Such fixes are applied before all others, because they decide
    /// which fields may be added.
    pub is_overwriting: bool,
    /// The edits, in order.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// The fields that it changes first and last; `None` if it changes none.
    pub(super) fn ends(&self) -> Option<(Path, Path)> {
        let path = |edit: &Edit| match edit {
            Edit::Set(path, _) | Edit::Append(path, _) | Edit::Remove(path) => path.clone(),
        };
        Some((path(self.edits.first()?), path(self.edits.last()?)))
    }
}

/// The effect that a fix may have on a working program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Sets only absent fields, and cannot break a working container.
    Safe,
    /// Sets only absent fields, and may break a working container.
    Unsafe,
    /// Changes or removes fields that are set.
    Override,
}

impl Class {
    /// The classes in order.
    pub const ALL: [Self; 3] = [Self::Safe, Self::Unsafe, Self::Override];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
            Self::Override => "override",
        }
    }
}

/// One change of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Sets a field. Missing mappings on the path are created.
    Set(Path, Node),
    /// Adds an element at the end of a list, which is created if it is missing.
    Append(Path, Node),
    /// Removes a field, and mappings around it that become empty.
    Remove(Path),
}

impl Violation {
    /// A violation at a field.
    pub(super) fn at(path: Path, message: impl Into<String>) -> Self {
        Self {
            path,
            container: None,
            message: message.into(),
            values: Vec::new(),
            severity: None,
            eased: None,
            assumption: None,
            fix: None,
        }
    }

    /// The same violation, which is lower if an assumption holds for which there is this evidence.
    pub(super) fn assuming(
        mut self,
        severity: Severity,
        by: Easing,
        told: impl Into<String>,
        proofs: Vec<Proof>,
    ) -> Self {
        self.assumption = Some(Assumption { severity, by, told: told.into(), proofs });
        self
    }

    /// The same violation with a fix that adds fields.
    pub(super) fn fix(mut self, class: Class, edits: Vec<Edit>) -> Self {
        self.fix = Some(Fix { class, is_overwriting: false, edits });
        self
    }

    /// The same violation with a fix that overwrites fields.
    pub(super) fn overwrite(mut self, edits: Vec<Edit>) -> Self {
        self.fix = Some(Fix { class: Class::Override, is_overwriting: true, edits });
        self
    }

    /// The same violation with the values that are compared with earlier ones. It is a new one if it has others, and the
    /// same if it has fewer.
    pub(super) fn values(mut self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.values = values.into_iter().map(Into::into).collect();
        self
    }

    /// The same violation with another severity than that of its rule.
    pub(super) fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// The same violation with a fix that removes the field.
    pub(super) fn remove(self) -> Self {
        let edits = vec![Edit::Remove(self.path.clone())];
        self.overwrite(edits)
    }

    /// The same violation with a fix that sets another value.
    pub(super) fn replace(self, value: Node) -> Self {
        let edits = vec![Edit::Set(self.path.clone(), value)];
        self.overwrite(edits)
    }
}

/// A boolean, a number, or other plain text, as if it was parsed, since patches may be applied to it later.
pub(super) fn plain(text: &str) -> Node {
    Scalar::parsed(text, Tag::None, Style::Plain, Span::NONE).into()
}

/// A new key.
pub(super) fn key(text: &str) -> Scalar {
    Scalar::parsed(text, Tag::None, Style::Plain, Span::NONE)
}

/// A new string.
pub(super) fn string(text: &str) -> Node {
    Scalar::new_string(text, Span::NONE).into()
}

/// A new list of strings.
pub(super) fn strings(texts: &[&str]) -> Node {
    Node::sequence(texts.iter().map(|text| string(text)).collect(), Span::NONE)
}

/// A new mapping.
pub(super) fn mapping(entries: &[(&str, Node)]) -> Node {
    let entries = entries.iter().map(|(name, value)| (key(name), value.clone())).collect();
    Node::mapping(entries, Span::NONE)
}
