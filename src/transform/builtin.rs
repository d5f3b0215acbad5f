//! The descriptor of a builtin transformer.

use super::{Asked, Cause, Change, Context, Work};
use crate::error::Result;
use crate::source::Span;
use crate::yaml::Node;

/// A builtin transformer: how a field of a kustomization and a document of `transformers` configure it.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// Its kind.
    pub kind: &'static str,
    /// The field of a kustomization that configures it. Empty if only documents do.
    pub field: &'static str,
    /// Builds the changes that a kustomization asks for.
    pub changes: Changes,
    /// The fields of a document that configures it, in addition to those of every object.
    pub document: &'static [&'static str],
    /// Reads a document that configures it.
    pub configure: Configure,
}

/// Builds the list of changes that a kustomization asks for: one for each instance of the builtin, as the reference
/// counts them. Fails if the fields, or the files that they name, are wrong.
pub type Changes = for<'c> fn(&Builtin, &Context<'c>) -> Result<Vec<Change<'c>>>;

/// Reads a document that configures a builtin, and the files that it names. Unknown fields are ignored.
pub type Configure = fn(&Context<'_>, &Node) -> Result<Box<dyn Configured>>;

/// A builtin configured by a document.
pub trait Configured {
    /// Builds the work of one run.
    fn work<'c>(&'c self, context: &Context<'c>) -> Vec<Work<'c>>;
}

impl Builtin {
    /// The descriptor of a kind in a table.
    #[must_use]
    pub fn of_kind<'t>(table: &'t [Self], kind: &str) -> Option<&'t Self> {
        table.iter().find(|builtin| builtin.kind == kind)
    }

    /// The cause of changes from its field, with the span of the field or entry.
    #[must_use]
    pub const fn cause<'c>(&self, context: &Context<'c>, span: Span) -> Cause<'c> {
        let asked = Asked::Field(self.field);
        Cause { builtin: self.kind, asked, span, layer: context.root }
    }
}

/// The list of changes of a builtin that only documents ask for.
pub(super) const fn no_changes<'c>(_: &Builtin, _: &Context<'c>) -> Result<Vec<Change<'c>>> {
    Ok(Vec::new())
}
