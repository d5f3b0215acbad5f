//! `krender diff --against-file`: the new side is the render of a target, the old one what a cluster has of it.

use std::collections::BTreeSet;

use clap::ValueEnum;

use super::{Matches, SecretPlaces, TargetInput, shield, tell};
use crate::cli::{rendered, terminal::Format};
use crate::{
    diff::{
        self, Failure, Options, Rendered, Review, Side, Target, TargetReview, Unrendered, against,
    },
    error::{Code, Error, Result},
    fleet::Run,
    harden::Settings,
    load::Kind,
    resource::secret::Shield,
    text::escape,
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

/// Ways to compare.
pub(super) struct Ways<'a> {
    pub(super) extra: Extra,
    pub(super) options: &'a Options,
    /// The patterns of `--only`, as on the command line.
    pub(super) only: &'a [String],
    /// The rules for findings, if they are asked for.
    pub(super) findings: Option<&'a Settings>,
    pub(super) format: Format,
}

/// Compares a target with a file or a folder of manifests. Returns the patterns that matched something, too.
///
/// # Errors
/// Those of the file, and [`Code::InvalidArgument`] for several targets.
pub(super) fn compare(
    file: &str,
    paths: &[String],
    run: &Run<'_>,
    ways: &Ways<'_>,
) -> Result<(Review, Matches)> {
    let loader = run.loader();
    let target = match paths {
        [] => ".",
        [target] => target,
        _ => {
            let message = "`--against-file` compares one target";
            return Err(Error::new(Code::InvalidArgument, message)
                .help("name the directory of the target, and the file behind the flag"));
        }
    };
    let mut failed = None;
    if file == "-" && target == "-" {
        return Err(Error::new(Code::InvalidArgument, "only one side can be standard input"));
    }
    let live = live(file, run)?;
    let [before, after] = match TargetInput::path(target).render(run) {
        Ok(rendered) => {
            let unrendered = match ways.extra {
                Extra::Labelled => Unrendered::Labelled,
                Extra::All => Unrendered::All,
                Extra::None => Unrendered::None,
            };
            let live = live.resources.into_iter().collect();
            against(live, rendered, unrendered)?.map(Side::Rendered)
        }
        Err(error) => {
            let failure = Failure::of(&error, loader.sources(), &Shield::default());
            failed = Some(error);
            [Side::Absent, Side::Failed(failure)]
        }
    };
    let target = Target { name: target.to_owned(), moved_from: None, before, after };
    let matches = Matches::of(ways.options);
    matches.look(&target, ways.options);
    matches.check(ways.only)?;
    let mut review = TargetReview::of(&target, ways.options);
    if let Some(settings) = ways.findings {
        review.findings = diff::findings(&target, &review.pairs, loader.sources(), settings);
    }
    let reviews = vec![review];
    let places = SecretPlaces::below(&[target.name, file.to_owned()]);
    let search = || places.read([run, run]);
    let shield = shield(ways.options, &reviews, loader.sources(), &search, ways.format);
    if let Some(error) = failed {
        tell(&error, loader.sources(), &shield, ways.format, &mut BTreeSet::new());
    }
    Ok((Review::of(reviews, ways.options), matches))
}

/// The objects of a file, of standard input, or of the files of a folder.
fn live(file: &str, run: &Run<'_>) -> Result<Rendered> {
    let loader = run.loader();
    if file == "-" || loader.kind(file) != Kind::Directory {
        // A missing file is reported when it is read.
        return TargetInput::file(file).render(run);
    }
    let shown = escape::visible(file);
    if rendered::is_of_manifests(run, file) {
        let files = loader.manifests(file)?;
        Error::all(files.refused.into_iter().map(|(_, error)| error)).map_or(Ok(()), Err)?;
        return TargetInput::below(file, &files.found).render(run);
    }
    let has_targets = run.targets(file).is_ok_and(|targets| !targets.is_empty());
    Err(match has_targets {
        true => Error::new(
            Code::InvalidArgument,
            format!("`{shown}` has kustomizations, and `--against-file` reads manifests"),
        )
        .help(
            "name a file or a folder of manifests; two renders are compared by `krender diff A B`",
        ),
        false => Error::new(Code::NoObjects, format!("there is no file of manifests in `{shown}`"))
            .help("name a file, or a folder with files that end in `.yaml`, `.yml` or `.json`"),
    })
}
