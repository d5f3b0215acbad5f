//! The builtin transformers, in kustomize's order, and the runner that applies them.

mod affix;
mod builtin;
mod builtins;
mod change;
mod field;
mod fields;
mod hash;
mod images;
pub(crate) mod labels;
mod namespace;
mod observe;
mod patch_target;
mod patches;
mod replacements;
mod replicas;
mod run;
pub(crate) mod select;
mod targeted;
mod value_add;

pub use builtin::{Builtin, Changes, Configure, Configured};
pub use builtins::BUILTINS;
pub use change::{AnyStep, Asked, Begun, Cause, Change, Counted, Fate, Step, Tally, Whole, Work};
pub use field::{Create, FieldPath};
pub(crate) use fields::charge_specs;
pub use fields::is_shared;
pub use observe::{Observer, Observers, Outcome, Report};
pub use run::run;

use crate::config::{Kustomization, TransformerConfig};
use crate::error::Result;
use crate::load::Root;
use crate::parallel::Threads;
use crate::resource::ResMap;
use crate::schema::Schema;
use crate::source::Span;
use crate::yaml::de::Spanned;

/// The inputs of the transformers of one kustomization.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The kustomization.
    pub kustomization: &'a Kustomization,
    /// The fields that transformers change.
    pub configuration: &'a TransformerConfig,
    /// The directory that files are read from.
    pub root: &'a Root,
    /// The schemas of kinds.
    pub schema: &'a Schema,
    /// The builtin transformers: [`BUILTINS`].
    pub builtins: &'static [Builtin],
    /// True if each entry of a field is a change of its own, as an observer may need. Otherwise entries share a change
    /// where that is faster.
    pub by_entry: bool,
    /// The threads to work on.
    pub threads: &'a Threads,
}

impl Context<'_> {
    /// Builds the changes of a field: one for each entry, or one for all of them.
    fn changes<'e, T>(
        &self,
        field: Cause<'e>,
        entries: &'e [Spanned<T>],
        work: impl Fn(&'e [Spanned<T>]) -> Option<Work<'e>>,
    ) -> Vec<Change<'e>> {
        let size = if self.by_entry { 1 } else { entries.len().max(1) };
        let change = |(number, group): (usize, &'e [Spanned<T>])| {
            let span = group.first().map_or(Span::NONE, |entry| entry.span);
            let cause = if self.by_entry { field.at_entry(number, span) } else { field };
            Change::new(Cause { span, ..cause }, work(group))
        };
        entries.chunks(size).enumerate().map(change).collect()
    }
}

/// Runs the builtin transformers. An error in the fields of one is reported after those before it have run.
///
/// # Errors
/// Those of the first transformer that fails, and those of the observer.
pub fn transform(
    context: &Context<'_>,
    resources: &mut ResMap,
    observer: Option<&mut (dyn Observer + '_)>,
) -> Result<Outcome> {
    let mut changes = Vec::new();
    for builtin in context.builtins {
        match (builtin.changes)(builtin, context) {
            Ok(more) => changes.extend(more),
            Err(error) => {
                let cause = builtin.cause(context, Span::NONE);
                changes.push(Change::new(cause, [Work::failed(error)]));
                break;
            }
        }
    }
    let parts: usize = changes.iter().map(|change| change.work.len()).sum();
    if parts > MANY {
        let pairs = parts.saturating_mul(resources.len());
        context.root.budget().bytes(pairs.saturating_mul(PAIR), context.root.span())?;
    }
    run(changes, resources, observer, context.threads)
}

/// The number of entries above which a kustomization is charged for testing each resource against each entry.
const MANY: usize = 64;

/// The charge for testing a resource against an entry, in bytes.
const PAIR: usize = 8;
