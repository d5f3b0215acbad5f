//! Updates the references of one resource.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Field;
use super::candidates::{Candidate, Candidates, Viewpoint};
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::resource::{Names, ResId, Resource};
use crate::schema::{Gvk, Schema};
use crate::source::Span;
use crate::transform::{Create, is_shared};
use crate::yaml::{Kind, Node, Sequence, Tag, Text, Value, resolve};

/// Charge for a candidate that is compared with a name, in bytes: as many as a build copies in the same time.
const CANDIDATE: usize = 16;

/// The charge up to which candidates are free.
const ORDINARY: usize = 1000;

/// A resource that may refer to others, before any of its fields changes.
pub(super) struct Referrer<'c> {
    candidates: &'c Candidates,
    budget: &'c Budget,
    names: Arc<Names>,
    /// Other namespaces that it may refer to.
    namespaces: BTreeSet<Text>,
}

impl<'c> Referrer<'c> {
    /// # Errors
    /// Those of subjects that are not mappings, or whose namespace is not text.
    pub(super) fn new(
        resource: &Resource,
        candidates: &'c Candidates,
        budget: &'c Budget,
    ) -> Result<Self> {
        Ok(Self {
            candidates,
            budget,
            names: Arc::clone(resource.names()),
            namespaces: namespaces_of_subjects(resource)?,
        })
    }

    fn id(&self) -> &ResId {
        self.names.id()
    }

    /// Updates the value of a field: a name, a list of names, a mapping with a name and optionally a namespace, or a
    /// list of such mappings. Sets `shared` if a changed value is shared with other places.
    fn update(&self, root: &mut Node, field: &Field<'_>, shared: &mut bool) -> Result<()> {
        // A role with the same name and another kind must not match.
        let role = field.written.ends_with("roleRef/name").then(|| role(root)).flatten();
        let types = [Some(field.referral), role.as_ref()];
        let mut set = |node: &mut Node| self.update_node(node, types, shared);
        field.path.visit(root, Create::Never, Span::NONE, &mut set).map(drop)
    }

    fn update_node(
        &self,
        node: &mut Node,
        types: [Option<&Gvk>; 2],
        shared: &mut bool,
    ) -> Result<()> {
        if node.kind() != Kind::Sequence {
            return self.update_one(node, types, shared);
        }
        let items = node.as_sequence_mut().map(Sequence::items_mut);
        for item in items.into_iter().flatten() {
            if item.kind() == Kind::Sequence {
                let message = "found a list in a list, expected a name or a mapping with a `name`";
                return Err(Error::new(Code::InvalidType, message).at(item.span()));
            }
            self.update_one(item, types, shared)?;
        }
        Ok(())
    }

    fn update_one(
        &self,
        node: &mut Node,
        types: [Option<&Gvk>; 2],
        shared: &mut bool,
    ) -> Result<()> {
        if node.is_null() {
            return Ok(());
        }
        let from = Viewpoint { id: self.id(), namespaces: &self.namespaces };
        let Some(name) = node.as_text() else {
            return self.update_mapping(node, types, shared);
        };
        let candidates = self.candidates.named(name, &from);
        let same = |one: &Candidate, other: &Candidate| one.id().name == other.id().name;
        let Some(referral) = self.choose(candidates, types, same, node.span())? else {
            return Ok(());
        };
        if referral.id().name == *name || referral.id().name.is_empty() {
            return Ok(());
        }
        *shared |= is_shared(node);
        self.budget.text(referral.id().name.len(), node.span())?;
        node.set_text(&referral.id().name, Tag::None, referral.span)
    }

    fn update_mapping(
        &self,
        node: &mut Node,
        types: [Option<&Gvk>; 2],
        shared: &mut bool,
    ) -> Result<()> {
        let Some(written) = node.get("name") else { return Err(no_name(node, types)) };
        let name = written.as_text().unwrap_or_default();
        let from = Viewpoint { id: self.id(), namespaces: &self.namespaces };
        let candidates = match node.get("namespace") {
            Some(namespace) => {
                let namespace = namespace.as_text().unwrap_or_default();
                self.candidates.named_in(name, namespace, &from)
            }
            None => self.candidates.named(name, &from),
        };
        let same = |one: &Candidate, other: &Candidate| {
            one.id().name == other.id().name && one.id().namespace == other.id().namespace
        };
        let Some(referral) = self.choose(candidates, types, same, written.span())? else {
            return Ok(());
        };
        if referral.id().name == *name && referral.id().namespace.is_empty() {
            return Ok(());
        }
        let written_span = written.span();
        *shared |= is_shared(written) || node.get("namespace").is_some_and(is_shared);
        self.budget.text(referral.id().name.len(), written_span)?;
        self.budget.text(referral.id().namespace.len(), written_span)?;
        node.set_field("name", &referral.id().name, Tag::None, referral.span)?;
        // An empty namespace is not written: it would replace `default`.
        if referral.id().namespace.is_empty() {
            return Ok(());
        }
        node.set_field("namespace", &referral.id().namespace, Tag::None, referral.span)
    }

    /// The candidate that a name refers to. `None` is not an error: the name may refer to an object of the cluster.
    fn choose<'f>(
        &self,
        mut found: Vec<&'f Candidate>,
        types: [Option<&Gvk>; 2],
        same: impl Fn(&Candidate, &Candidate) -> bool,
        place: Span,
    ) -> Result<Option<&'f Candidate>> {
        if let charge @ ORDINARY.. = found.len() * CANDIDATE {
            self.budget.bytes(charge, place)?;
        }
        found.retain(|candidate| {
            types.iter().flatten().all(|gvk| candidate.was_of(gvk)) && self.reaches(candidate.id())
        });
        if found.len() > 1 {
            found.retain(|candidate| self.has_affixes_like(candidate, true));
        }
        if found.len() > 1 {
            found.retain(|candidate| self.has_affixes_like(candidate, false));
        }
        match found.as_slice() {
            [] => Ok(None),
            [first, others @ ..] if others.iter().all(|other| same(first, other)) => {
                Ok(Some(first))
            }
            _ => Err(ambiguous(&found, place)),
        }
    }

    fn reaches(&self, id: &ResId) -> bool {
        self.id().cluster_scoped
            || id.cluster_scoped
            // A binding can refer to service accounts in other namespaces.
            || id.gvk.kind == "ServiceAccount"
            || id.shares_namespace(self.id())
    }

    /// True if both have the same prefixes and suffixes, compared from the outermost as far as both have any.
    fn has_affixes_like(&self, candidate: &Candidate, empty_is_like_any: bool) -> bool {
        let like = |own: &[Text], others: &[Text]| {
            let (short, long) =
                if own.len() < others.len() { (own, others) } else { (others, own) };
            if short.is_empty() {
                empty_is_like_any || long.is_empty()
            } else {
                long.ends_with(short)
            }
        };
        like(&candidate.names.prefixes, &self.names.prefixes)
            && like(&candidate.names.suffixes, &self.names.suffixes)
    }
}

/// The namespaces that a role binding refers to: those of its service accounts. (`api/resmap/reswrangler.go`,
/// `getNamespacesForRoleBinding`.)
fn namespaces_of_subjects(resource: &Resource) -> Result<BTreeSet<Text>> {
    let mut namespaces = BTreeSet::new();
    if resource.kind() != "RoleBinding" || resource.id().cluster_scoped {
        return Ok(namespaces);
    }
    let subjects = resource.node().get("subjects").and_then(Node::as_sequence);
    for subject in subjects.into_iter().flat_map(Sequence::items) {
        if subject.as_mapping().is_none() {
            return Err(subject
                .wrong_kind(Kind::Mapping)
                .help("a subject has the fields `kind`, `name` and `namespace`"));
        }
        let kind = subject.get("kind").and_then(Node::as_text);
        let Some(namespace) = subject.get("namespace").filter(|_| kind == Some("ServiceAccount"))
        else {
            continue;
        };
        let text = namespace.as_scalar().map(resolve).transpose()?;
        let Some(Value::Str(text)) = text else {
            let found = match text {
                Some(Value::Null) => "nothing",
                _ => "something else than text",
            };
            let message = format!("found {found} as the namespace of a service account");
            return Err(Error::new(Code::InvalidType, message)
                .at(namespace.span())
                .help("write its name, in quotes if it looks like a number, or remove the field"));
        };
        namespaces.insert(Text::from(&*text));
    }
    Ok(namespaces)
}

/// The type in `roleRef`, if it has a group and a kind.
fn role(root: &Node) -> Option<Gvk> {
    let role = root.get("roleRef")?;
    let text = |key| Some(Text::from(role.get(key)?.as_text().unwrap_or_default()));
    Some(Gvk { group: text("apiGroup")?, version: Text::default(), kind: text("kind")? })
}

#[cold]
fn no_name(node: &Node, types: [Option<&Gvk>; 2]) -> Error {
    let kind = types.iter().flatten().next().map_or("", |gvk| gvk.kind.as_str());
    Error::new(Code::InvalidValue, format!("found a mapping without `name`, expected one that names a `{kind}`"))
        .at(node.span())
        .help("add a `name`; if the field refers to nothing, correct the path of its name reference in `configurations`")
}

#[cold]
fn ambiguous(found: &[&Candidate], place: Span) -> Error {
    let ids: Vec<String> = found.iter().map(|candidate| format!("`{}`", candidate.id())).collect();
    let message = format!("this name may mean {} resources: {}", found.len(), ids.join(", "));
    let error = Error::new(Code::ReferenceAmbiguous, message).at(place);
    let error = found.iter().fold(error, |error, candidate| {
        error.note(candidate.span, format!("`{}` had this name", candidate.id().name))
    });
    error.help("give the resources different names in their files, or put what belongs together into one base")
}

/// Updates all reference fields of a resource.
pub(super) fn follow(
    resource: &mut Resource,
    fields: &[Field<'_>],
    candidates: &Candidates,
    schema: &Schema,
    budget: &Budget,
) -> Result<()> {
    if fields.is_empty() {
        return Ok(());
    }
    // The reference reads the type in two ways here, which differ for a null written as text.
    if let Some(version) = resource.node().get("apiVersion")
        && version.is_null()
        && version.as_text() != Some("")
    {
        return Err(Error::new(Code::InvalidType, "found a null as `apiVersion`, expected text")
            .at(version.span())
            .help("name the version, or leave the field out"));
    }
    let within =
        |path: &str, id: &ResId| format!("while updating the name reference `{path}` of `{id}`");
    let referrer = Referrer::new(resource, candidates, budget)
        .map_err(|error| error.step(within("subjects", resource.id())))?;
    let mut shared = false;
    let updated = resource.edit(schema, |root| {
        fields.iter().try_for_each(|field| {
            let updated = referrer.update(root, field, &mut shared);
            updated.map_err(|error| error.step(within(field.written, referrer.id())))
        })
    });
    if shared {
        resource.settle_shares();
    }
    updated
}
