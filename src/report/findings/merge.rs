//! Findings of many targets, joined by their sources: a finding in a base is one, however many overlays have it.

use std::cmp::Reverse;

use super::place::Places;
use super::{Checked, Judged, Subject};
use crate::harden::{Finding, PathStep, Severity};
use crate::index::Index;
use crate::resource::Resource;
use crate::source::{FileId, Span};
use crate::text::phrase::few;
use crate::yaml::Text;

/// A finding, with all targets that have it.
#[derive(Debug)]
pub(super) struct Merged<'a> {
    /// The finding in the first of the targets.
    pub(super) finding: &'a Finding,
    /// The result of checking that target.
    pub(super) checked: &'a Checked,
    /// Indices of the targets in order.
    pub(super) targets: Vec<usize>,
    /// True if the object has another name or namespace in another target.
    has_other_names: bool,
}

/// Findings about one object of a source.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// The findings, errors first.
    pub(super) members: Vec<Merged<'a>>,
    /// Indices of all their targets in order.
    pub(super) targets: Vec<usize>,
}

/// The object that a finding is about, the same in all targets that have it from one source.
#[derive(PartialEq, Eq, Hash)]
struct ObjectKey {
    place: Option<(usize, u32)>,
    kind: Text,
    name: Text,
    namespace: Text,
}

/// The identity of a finding, the same in all targets that have it from one source.
#[derive(PartialEq, Eq, Hash)]
struct Key<'a> {
    object: usize,
    rule: &'a str,
    severity: Severity,
    suppressed: Option<&'static str>,
    /// File and offset of the field.
    place: Option<(usize, u32)>,
    container: &'a str,
    /// The last key of the field: several may be missing in one place.
    field: &'a str,
    /// The number of findings of the same target before it that are the same otherwise.
    repeated: usize,
}

/// Joins the findings of some targets that `is_meant` selects, grouped by object: first groups with errors, then those
/// with warnings; equal ones in the order of the targets. Linear in the number of findings.
pub(super) fn groups<'a>(
    targets: &'a [Judged],
    places: &Places<'_>,
    is_meant: impl Fn(&Finding) -> bool,
) -> Vec<Group<'a>> {
    let mut joining = Joining {
        is_of_one: targets.len() == 1,
        places,
        files: Index::default(),
        names: Index::default(),
        objects: Index::default(),
        known: Index::default(),
        groups: Vec::new(),
    };
    for (target, judged) in targets.iter().enumerate() {
        let Ok(checked) = &judged.outcome else { continue };
        let mut last: Option<(usize, Span, usize)> = None;
        for finding in checked.findings.iter().filter(|finding| is_meant(finding)) {
            // Findings about one object follow each other.
            let same = last
                .filter(|(place, span, _)| *place == finding.place && *span == finding.object_span);
            let object = match same {
                Some((.., object)) => object,
                None => joining.object(finding, checked),
            };
            last = Some((finding.place, finding.object_span, object));
            joining.add(finding, checked, object, target);
        }
    }
    let mut groups = joining.groups;
    for group in &mut groups {
        group.members.sort_by_key(|one| Reverse(one.finding.severity));
    }
    groups.sort_by_key(|group| Reverse(group.worst()));
    groups
}

/// Findings that are being joined.
struct Joining<'a, 'p, 's> {
    /// True if all findings are of one target: then each of them is one of its own.
    is_of_one: bool,
    places: &'p Places<'s>,
    /// Numbers of files by id, and by name: a file that was read twice is one.
    files: Index<FileId, usize>,
    names: Index<String, usize>,
    /// Numbers of objects, which are those of their groups.
    objects: Index<ObjectKey, usize>,
    /// Numbers of findings in their groups.
    known: Index<Key<'a>, usize>,
    groups: Vec<Group<'a>>,
}

impl<'a> Joining<'a, '_, '_> {
    /// Adds a finding of a target: to that of earlier targets, or as another one.
    fn add(&mut self, finding: &'a Finding, checked: &'a Checked, object: usize, target: usize) {
        let key = (!self.is_of_one).then(|| self.key(finding, object));
        let Some(group) = self.groups.get_mut(object) else { return };
        if group.targets.last() != Some(&target) {
            group.targets.push(target);
        }
        let (targets, has_other_names) = (vec![target], false);
        let alone = Merged { finding, checked, targets, has_other_names };
        let Some(mut key) = key else {
            group.members.push(alone);
            return;
        };
        while let Some(&number) = self.known.get(&key) {
            let Some(merged) = group.members.get_mut(number) else { return };
            if merged.targets.last() != Some(&target) {
                merged.targets.push(target);
                merged.has_other_names |= merged.finding.object != finding.object;
                return;
            }
            key.repeated += 1;
        }
        self.known.insert(key, group.members.len());
        group.members.push(alone);
    }

    /// The file and the offset of a span.
    fn place(&mut self, span: Span) -> Option<(usize, u32)> {
        let (source, range) = self.places.sources.written(span)?;
        let Self { files, names, .. } = self;
        let number = *files.entry(source.id()).or_insert_with(|| {
            let next = names.len();
            *names.entry(source.name().to_owned()).or_insert(next)
        });
        Some((number, u32::try_from(range.start).unwrap_or(u32::MAX)))
    }

    /// The number of the object of a finding.
    fn object(&mut self, finding: &Finding, checked: &Checked) -> usize {
        let object = &finding.object;
        let place = self.place(finding.object_span);
        let written = checked.resources.get(finding.place).filter(|_| place.is_some());
        let (name, namespace) = match written.map(Resource::original_id) {
            Some(id) => (id.name, id.namespace),
            None => (object.name.clone(), object.namespace.clone()),
        };
        let key = ObjectKey { place, kind: object.gvk.kind.clone(), name, namespace };
        let next = self.groups.len();
        let number = *self.objects.entry(key).or_insert(next);
        if number == next {
            self.groups.push(Group { members: Vec::new(), targets: Vec::new() });
        }
        number
    }

    fn key(&mut self, finding: &'a Finding, object: usize) -> Key<'a> {
        let field = match finding.path.steps().last() {
            Some(PathStep::Key(key)) => key,
            Some(PathStep::Index(_)) | None => "",
        };
        Key {
            object,
            rule: finding.rule.id(),
            severity: finding.severity,
            suppressed: finding.suppressed.as_ref().map(|one| one.by.as_str()),
            place: self.place(finding.span),
            container: finding.container.as_ref().map_or("", |(_, name)| name),
            field,
            repeated: 0,
        }
    }
}

impl<'a> Merged<'a> {
    /// The object for people. Without a namespace if it differs from target to target.
    pub(super) fn subject(&self) -> String {
        let finding = self.finding;
        let original = self.checked.resources.get(finding.place).filter(|_| self.has_other_names);
        match original {
            Some(object) => format!("{} `{}`", finding.object.gvk.kind, object.original_id().name),
            None => finding.subject(),
        }
    }

    /// True if a finding is not accepted.
    pub(super) fn is_open(finding: &Finding) -> bool {
        finding.suppressed.is_none()
    }

    /// An identifier that is the same in all targets. `file` is the file of the finding.
    pub(super) fn fingerprint(&self, file: &str) -> String {
        let object = self.checked.resources.get(self.finding.place);
        self.finding.source_fingerprint(object, file)
    }

    /// The targets as a suffix of a message: ` (in 3 overlays: …)`. Empty if there is only one.
    pub(super) fn suffix(&self, all: &'a [Judged], subject: Subject) -> String {
        match &*self.targets {
            [_] => String::new(),
            many => format!(" ({})", within(many, all, subject)),
        }
    }
}

impl Group<'_> {
    /// The highest severity.
    pub(super) fn worst(&self) -> Severity {
        self.members.first().map_or(Severity::Note, |one| one.finding.severity)
    }

    /// The object for people.
    pub(super) fn subject(&self) -> String {
        let other = self.members.iter().find(|one| one.has_other_names);
        other.or(self.members.first()).map(Merged::subject).unwrap_or_default()
    }
}

/// True if the only target is the directory or the file with a finding, so that it need not be named.
pub(super) fn is_of_target(file: &str, numbers: &[usize], targets: &[Judged]) -> bool {
    let [number] = numbers else { return false };
    let Some(Judged { target, .. }) = targets.get(*number) else { return false };
    let rest = file.strip_prefix(target.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Maximum number of targets that are named.
const MOST: usize = 3;

/// The targets with a finding: "in `prod`", "in 5 overlays: `a`, `b`, `c` and 2 more".
pub(super) fn within(targets: &[usize], all: &[Judged], subject: Subject) -> String {
    let name = |number: &usize| {
        all.get(*number).map(|one| format!("`{}`", one.target)).unwrap_or_default()
    };
    let what = match subject {
        Subject::Objects => "overlays",
        Subject::Kustomizations => "targets",
    };
    match targets {
        [one] => format!("in {}", name(one)),
        many => format!("in {} {what}: {}", many.len(), few(many, MOST, name)),
    }
}
