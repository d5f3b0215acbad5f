//! `krender diff --against-file`: the new side is the render of a target, the old one what a cluster has of it.

use std::collections::BTreeSet;

use clap::ValueEnum;

use super::{TargetInput, manifests, tell};
use crate::cli::{reading, terminal::Format};
use crate::{
    diff::{Failure, Options, Review, Side, Target, TargetReview, Unrendered, against},
    error::{Code, Error, Result},
    fleet::Run,
    limits::Budget,
    load::Loader,
    resource::secret::Shield,
};

/// Which objects count that the file has and the render does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Extra {
    /// Those with the label `app.kubernetes.io/instance` or `app.kubernetes.io/part-of` of a rendered object
    Labelled,
    /// All
    All,
    /// None
    None,
}

/// Compares a target with a file.
///
/// # Errors
/// Those of the file, and [`Code::InvalidArgument`] for several targets.
pub(super) fn compare(
    file: &str,
    paths: &[String],
    (loader, run): (&Loader, &Run<'_>),
    extra: Extra,
    options: &Options,
    format: Format,
) -> Result<Review> {
    let target = match paths {
        [] => ".",
        [target] => target,
        _ => {
            let message = "`--against-file` compares one target";
            return Err(Error::new(Code::InvalidArgument, message)
                .help("name the directory of the target, and the file behind the flag"));
        }
    };
    let budget = Budget::new(loader.limits());
    let shield = Shield::default();
    let live = match file {
        "-" if target == "-" => {
            return Err(Error::new(Code::InvalidArgument, "only one side can be standard input"));
        }
        "-" => reading::standard_input(loader)?,
        path => loader.file(path)?,
    };
    let live = manifests(&live, &budget)?;
    let [before, after] = match TargetInput::path(target).render(run, loader) {
        Ok(rendered) => {
            let unrendered = match extra {
                Extra::Labelled => Unrendered::Labelled,
                Extra::All => Unrendered::All,
                Extra::None => Unrendered::None,
            };
            against(live, rendered, unrendered)?.map(Side::Rendered)
        }
        Err(error) => {
            tell(&error, loader.sources(), &shield, format, &mut BTreeSet::new());
            let failure = Failure::of(&error, loader.sources(), &shield);
            [Side::Absent, Side::Failed(failure)]
        }
    };
    let target = Target { name: target.to_owned(), moved_from: None, before, after };
    Ok(Review::of(vec![TargetReview::of(&target, options)]))
}
