//! The last changes of a build, which turn resources into output.

use super::account::{self, Metadata};
use super::order::Order;
use crate::error::{Error, Result};
use crate::load::Root;
use crate::resource::{Kept, ResMap, Resource, check_ids, validate};
use crate::schema::Schema;
use crate::source::Span;
use crate::transform::{Asked, Cause, Change, Fate, Report, Step, Tally, Work};

/// Builds the last changes: local-config and empty resources are dropped, the managed-by label is added if requested,
/// and bookkeeping is removed.
///
/// # Errors
/// In the work, in this order: those of [`validate`] for the remaining resources, since a patch may have removed a
/// name; [`Code::DuplicateId`](crate::error::Code::DuplicateId); [`Code::InvalidType`](crate::error::Code::InvalidType)
/// if labels are not a mapping; those of [`Resource::finish`], all of them in the order of the output.
pub(super) fn changes<'c>(
    order: &'c Order,
    metadata: Metadata,
    schema: &'c Schema,
    layer: &'c Root,
) -> impl Iterator<Item = Change<'c>> {
    let check = Change::new(step("", "local-config", layer), [Work::step(OutputCheck)]);
    let label = metadata.managed_by.then(|| account::label_manager(schema, layer.budget()));
    let label =
        label.map(|work| Change::new(step("LabelTransformer", "managed-by label", layer), work));
    let finish = Finish { kept: metadata.kept, order };
    let finish = Change::new(step("", "bookkeeping", layer), [Work::step(finish)]);
    [Some(check), label, Some(finish)].into_iter().flatten()
}

/// The cause of a step at the end of every build. `builtin` is the kind of the equivalent builtin of the reference, if
/// there is one.
pub(super) const fn step<'c>(
    builtin: &'static str,
    name: &'static str,
    layer: &'c Root,
) -> Cause<'c> {
    Cause { builtin, asked: Asked::End(name), span: Span::NONE, layer }
}

/// The step that drops resources which are not printed, and validates the others.
struct OutputCheck;

/// The dropped resources, and the errors of the others.
#[derive(Default)]
struct Checked {
    /// The positions of dropped resources, in order.
    gone: Vec<usize>,
    errors: Vec<Error>,
}

impl Tally for Checked {
    fn add(&mut self, following: Self) {
        self.gone.extend(following.gone);
        self.errors.extend(following.errors);
    }
}

impl Step for OutputCheck {
    type Tally = Checked;

    fn change(&self, checked: &mut Checked, place: usize, resource: &mut Resource) -> Result<Fate> {
        let is_empty = resource.node().is_empty();
        if !is_empty {
            checked.errors.extend(validate(resource.node()).err());
        }
        if is_empty || resource.is_local_config() {
            checked.gone.push(place);
            return Ok(Fate::Goes);
        }
        Ok(Fate::Stays)
    }

    /// Ids can be compared here, because later steps do not change them.
    fn finish(&self, checked: Checked, resources: &ResMap, _: &mut Report<'_, '_>) -> Result<()> {
        if let Some(error) = Error::all(checked.errors) {
            return Err(error);
        }
        let mut gone = checked.gone.into_iter().peekable();
        let stays = |(place, _): &(usize, _)| gone.next_if_eq(place).is_none();
        check_ids(resources.iter().enumerate().filter(stays).map(|(_, resource)| resource))
    }
}

/// The step that removes bookkeeping.
struct Finish<'o> {
    kept: Kept,
    order: &'o Order,
}

/// Errors, with the positions of their resources.
#[derive(Default)]
struct Failures(Vec<(usize, Error)>);

impl Tally for Failures {
    fn add(&mut self, following: Self) {
        self.0.extend(following.0);
    }
}

impl Step for Finish<'_> {
    type Tally = Failures;

    fn change(
        &self,
        failures: &mut Failures,
        place: usize,
        resource: &mut Resource,
    ) -> Result<Fate> {
        failures.0.extend(resource.finish(self.kept).err().map(|error| (place, error)));
        Ok(Fate::Stays)
    }

    fn finish(
        &self,
        Failures(mut errors): Failures,
        resources: &ResMap,
        _: &mut Report<'_, '_>,
    ) -> Result<()> {
        // Errors are reported in the order of the output.
        let id = |place| resources.get(place).map(Resource::id);
        errors.sort_by_cached_key(|&(place, _)| id(place).map(|id| self.order.key(id)));
        Error::all(errors.into_iter().map(|(_, error)| error)).map_or(Ok(()), Err)
    }
}
