//! Field specs: the fields of a kind that a transformer changes.

use std::collections::BTreeMap;
use std::fmt;
use std::mem;
use std::ptr;
use std::sync::Arc;

use serde::Deserialize;

use crate::error::{Code, Error, Result};
use crate::index::Index;
use crate::schema::Gvk;
use crate::yaml::Text;
use crate::yaml::de::{Spanned, embedded};

/// A field of all objects of a type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WrittenFieldSpec")]
pub struct FieldSpec {
    /// The type; empty parts match anything.
    pub gvk: Gvk,
    /// Path of the field, separated by slashes.
    pub path: Text,
    /// True if the field is created when it is missing.
    pub create: bool,
}

/// The serialised form of a [`FieldSpec`], with the parts of the type next to the path.
#[derive(Default, Deserialize)]
#[serde(default)]
struct WrittenFieldSpec {
    #[serde(deserialize_with = "embedded")]
    group: Text,
    #[serde(deserialize_with = "embedded")]
    version: Text,
    #[serde(deserialize_with = "embedded")]
    kind: Text,
    path: Text,
    create: bool,
}

impl From<WrittenFieldSpec> for FieldSpec {
    fn from(written: WrittenFieldSpec) -> Self {
        let WrittenFieldSpec { group, version, kind, path, create } = written;
        Self { gvk: Gvk { group, version, kind }, path, create }
    }
}

/// A list of field specs; those from files have a span. Clones share the list.
#[derive(Clone, Deserialize)]
#[serde(from = "Vec<Spanned<FieldSpec>>")]
pub struct FieldSpecs(Held);

/// Storage of a list.
#[derive(Clone)]
enum Held {
    /// In the program: most builds need no other.
    Program(&'static [Spanned<FieldSpec>]),
    /// With all that share it.
    Shared(Arc<Vec<Spanned<FieldSpec>>>),
}

impl FieldSpecs {
    /// A list of the program, in which no field spec contradicts another one. Sorting leaves it as it is.
    pub(super) const fn of_program(specs: &'static [Spanned<FieldSpec>]) -> Self {
        Self(Held::Program(specs))
    }

    /// The field specs in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Spanned<FieldSpec>> {
        self.specs().iter()
    }

    /// True if the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.specs().is_empty()
    }

    /// Adds the field specs that are not in the list yet. Linear in both lengths; free for a static list and itself,
    /// because nearly every kustomization has the defaults for nearly every field.
    ///
    /// # Errors
    /// As [`FieldSpecs::merge_one`].
    pub fn merge(&mut self, others: &Self) -> Result<()> {
        self.merge_by(others, &mut Searched::default())
    }

    /// Merges as [`FieldSpecs::merge`] does, with the index of earlier merges into this list. Nothing else may have
    /// changed the list since then.
    pub(super) fn merge_by(&mut self, others: &Self, searched: &mut Searched) -> Result<()> {
        if self.is_one_of_program(others) {
            return Ok(());
        }
        for other in others.iter() {
            let known = searched.find(self.specs(), other).map(|at| &self.specs()[at]);
            if !is_known(known, other)? {
                self.change(|specs| specs.push(other.clone()));
            }
        }
        Ok(())
    }

    /// Adds a field spec, unless there is one with the same path and the same or a narrower type. Only the first such
    /// field spec counts. (`api/types/fieldspec.go`, `MergeOne`.)
    ///
    /// # Errors
    /// [`Code::FieldSpecConflict`] if both differ in `create`.
    pub fn merge_one(&mut self, other: &Spanned<FieldSpec>) -> Result<()> {
        if !is_known(self.iter().find(|spec| spec.counts_for(other)), other)? {
            self.change(|specs| specs.push(other.clone()));
        }
        Ok(())
    }

    /// Sorts by type. Equal types keep their order: kustomize's order of those depends on its unstable sort, and has no
    /// effect.
    pub fn sort(&mut self) {
        if matches!(self.0, Held::Shared(_)) {
            self.change(|specs| specs.sort_by_cached_key(|spec| spec.gvk.legacy_key()));
        }
    }

    fn specs(&self) -> &[Spanned<FieldSpec>] {
        match &self.0 {
            Held::Program(specs) => specs,
            Held::Shared(specs) => specs,
        }
    }

    /// Changes the list. A static or shared one is copied first.
    fn change(&mut self, change: impl FnOnce(&mut Vec<Spanned<FieldSpec>>)) {
        let mut specs = match mem::take(self).0 {
            Held::Program(specs) => Arc::new(specs.to_vec()),
            Held::Shared(specs) => specs,
        };
        change(Arc::make_mut(&mut specs));
        self.0 = Held::Shared(specs);
    }

    /// True if both are the same static list.
    pub(super) fn is_one_of_program(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Held::Program(specs), Held::Program(others)) => ptr::eq(*specs, *others),
            _ => false,
        }
    }
}

/// An index of a list for searches of field specs that make another one redundant. It is built when several are
/// searched, and follows a list that grows.
#[derive(Debug, Default)]
pub(super) struct Searched {
    searches: usize,
    /// By the parts of a type that are stated (group, version, kind).
    firsts: BTreeMap<[bool; 3], Firsts>,
}

/// The first position of each path and type in the beginning of a list, where types are reduced to some of their parts.
#[derive(Debug, Default)]
struct Firsts {
    positions: Index<(Text, Gvk), usize>,
    /// The length of that beginning.
    length: usize,
}

impl Searched {
    /// The number of searches without an index.
    const FEW: usize = 4;

    /// The position of the first field spec that makes `other` redundant.
    fn find(&mut self, specs: &[Spanned<FieldSpec>], other: &FieldSpec) -> Option<usize> {
        self.searches += 1;
        if self.searches <= Self::FEW {
            return specs.iter().position(|spec| spec.counts_for(other));
        }
        let Gvk { group, version, kind } = &other.gvk;
        let stated = [group, version, kind].map(|part| !part.is_empty());
        let Firsts { positions, length } = self.firsts.entry(stated).or_default();
        for (position, spec) in specs.iter().enumerate().skip(*length) {
            positions.entry(spec.key(stated)).or_insert(position);
        }
        *length = specs.len();
        positions.get(&other.key(stated)).copied()
    }
}

impl FieldSpec {
    /// The path, and those parts of the type that are asked for: group, version and kind.
    fn key(&self, [group, version, kind]: [bool; 3]) -> (Text, Gvk) {
        let part =
            |part: &Text, is_asked: bool| if is_asked { part.clone() } else { Text::default() };
        let gvk = Gvk {
            group: part(&self.gvk.group, group),
            version: part(&self.gvk.version, version),
            kind: part(&self.gvk.kind, kind),
        };
        (self.path.clone(), gvk)
    }

    /// True if `other` is redundant by the rule of [`FieldSpecs::merge_one`].
    fn counts_for(&self, other: &Self) -> bool {
        self.path == other.path && self.gvk.is_selected_by(&other.gvk)
    }
}

impl fmt::Debug for FieldSpecs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for FieldSpecs {
    fn eq(&self, other: &Self) -> bool {
        self.specs() == other.specs()
    }
}

impl Eq for FieldSpecs {}

impl Default for FieldSpecs {
    fn default() -> Self {
        Self::of_program(&[])
    }
}

impl From<Vec<Spanned<FieldSpec>>> for FieldSpecs {
    fn from(specs: Vec<Spanned<FieldSpec>>) -> Self {
        Self(Held::Shared(Arc::new(specs)))
    }
}

impl FromIterator<FieldSpec> for FieldSpecs {
    fn from_iter<I: IntoIterator<Item = FieldSpec>>(specs: I) -> Self {
        let spanned = |spec| Spanned::new(spec, crate::source::Span::NONE);
        specs.into_iter().map(spanned).collect::<Vec<_>>().into()
    }
}

/// Reports whether a field spec is redundant because of an earlier one.
fn is_known(known: Option<&Spanned<FieldSpec>>, other: &Spanned<FieldSpec>) -> Result<bool> {
    match known {
        Some(known) if known.create != other.create => Err(conflict(known, other)),
        known => Ok(known.is_some()),
    }
}

#[cold]
fn conflict(known: &Spanned<FieldSpec>, other: &Spanned<FieldSpec>) -> Error {
    let path = &other.path;
    let message =
        format!("`create: {}` for `{path}` contradicts an earlier field spec", other.create);
    let error = Error::new(Code::FieldSpecConflict, message).at(other.span);
    let error = if known.span.is_none() {
        error
    } else {
        error.note(known.span, format!("`create: {}` here", known.create))
    };
    error.help(format!("say `create: {}` too, or leave the field spec out", known.create))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(gvk: &str, path: &str, create: bool) -> FieldSpec {
        FieldSpec { gvk: Gvk::parse(gvk).unwrap(), path: path.into(), create }
    }

    fn merged(first: &[FieldSpec], second: &[FieldSpec]) -> Result<Vec<String>> {
        let mut specs: FieldSpecs = first.iter().cloned().collect();
        specs.merge(&second.iter().cloned().collect())?;
        Ok(specs.iter().map(|spec| format!("{} {}", spec.gvk, spec.path)).collect())
    }

    const ANY: &str = "[noKind].[noVer].[noGrp]";
    const POD: &str = "Pod.[noVer].[noGrp]";
    const POD_V1: &str = "Pod.v1.[noGrp]";

    #[test]
    fn what_is_there_is_not_added_again() {
        let known = [spec(POD, "spec/a", false), spec(ANY, "spec/b", false)];
        for (added, expected) in [
            (spec(POD, "spec/a", false), 2),
            // For any kind: the field spec for Pods counts as the same.
            (spec(ANY, "spec/a", false), 2),
            // For a narrower type: it is new.
            (spec(POD_V1, "spec/a", false), 3),
            (spec(POD, "spec/b", false), 3),
            (spec(POD, "spec/c", true), 3),
        ] {
            assert_eq!(
                merged(&known, std::slice::from_ref(&added)).unwrap().len(),
                expected,
                "{added:?}"
            );
        }
    }

    #[test]
    fn a_different_create_is_a_conflict() {
        let known = [spec(POD_V1, "spec/a", false), spec(POD, "spec/a", true)];
        let error = merged(&known, &[spec(POD, "spec/a", true)]).unwrap_err();
        assert_eq!(error.code(), Code::FieldSpecConflict);
        assert_eq!(
            error.message(),
            "`create: true` for `spec/a` contradicts an earlier field spec"
        );
        assert_eq!(error.helps(), ["say `create: false` too, or leave the field spec out"]);
        assert!(merged(&known, &[spec("Job.[noVer].[noGrp]", "spec/a", true)]).is_ok());
    }

    /// The slow twin: lists that are merged with an index and one by one.
    #[test]
    fn long_lists_merge_as_one_by_one() {
        let types = [ANY, POD, POD_V1, "Job.[noVer].[noGrp]", "Job.v1.batch", "[noKind].v1.batch"];
        let list = |seed: usize, length: usize| -> Vec<FieldSpec> {
            let one = |at: usize| {
                let mixed = (at + 1).wrapping_mul(seed * 7919 + 13) / 3;
                spec(
                    types[mixed % 6],
                    ["a", "b", "c"][mixed / 6 % 3],
                    (mixed / 18).is_multiple_of(5),
                )
            };
            (0..length).map(one).collect()
        };
        let mut conflicts = 0;
        for seed in 1..200 {
            let (first, second) = (list(seed, seed % 9), list(seed + 300, 5 + seed % 7));
            let mut one_by_one: FieldSpecs = first.iter().cloned().collect();
            let seconds: FieldSpecs = second.iter().cloned().collect();
            let expected = seconds.iter().try_for_each(|other| one_by_one.merge_one(other));
            conflicts += usize::from(expected.is_err());
            let names = |specs: &FieldSpecs| -> Vec<String> {
                specs.iter().map(|spec| format!("{} {}", spec.gvk, spec.path)).collect()
            };
            assert_eq!(merged(&first, &second), expected.map(|()| names(&one_by_one)), "{seed}");
        }
        assert!((20..180).contains(&conflicts), "{conflicts}");
    }

    #[test]
    fn sorting_goes_by_type_and_keeps_the_order_of_equals() {
        let mut specs: FieldSpecs =
            [(POD, "b"), (ANY, "c"), (POD, "a"), ("Namespace.[noVer].[noGrp]", "d")]
                .map(|(gvk, path)| spec(gvk, path, false))
                .into_iter()
                .collect();
        specs.sort();
        let paths: Vec<&str> = specs.iter().map(|spec| spec.path.as_str()).collect();
        assert_eq!(paths, ["d", "b", "a", "c"]);
    }
}
