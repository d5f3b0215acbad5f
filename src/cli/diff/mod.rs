//! `krender diff`: shows the effect of a change on each object.

mod against;
pub(super) mod git;
mod matches;
mod moved;
mod secrets;
mod trees;
mod verdict;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::configuration::Wanted;
use super::findings::apart_from_inputs;
use super::patterns::Found;
use super::reading::{self, Jobs, Reading, working_directory};
use super::rendered;
use super::select::Select;
use super::terminal::{self, Format};
use matches::Matches;
use moved::Moved;
pub(super) use secrets::{SecretPlaces, shield};
use verdict::FailOn;

use crate::{
    build,
    diff::{self, Failure, Ignore, Masking, Only, Rendered, Review, Side, Target, TargetReview},
    error::{Code, Error, Result},
    fleet::Run,
    harden::{Date, Profile, Settings},
    limits::Budget,
    load::{self, Disk, Kind, Loader},
    parallel::{Threads, in_order},
    report::reviews::{
        html, json,
        markdown::{self, Place},
        text, unified,
    },
    resource::{self, Resource, secret::Shield},
    schema::Schema,
    source::Sources,
    text::{escape, phrase},
    yaml::{Node, parse::Document},
};

/// Show the effect of a change on each object
///
/// Renders A and B, or every kustomization that a change in git can affect, and compares their objects field by field.
/// Deletions, recreations, changes of the Pod Security level and restarts come first. A change that is identical in
/// many targets is shown once. Values of Secrets are not shown.
///
/// Directories are compared target by target, paired by their paths below A and B: directories with kustomizations that
/// no other one includes, files of manifests, and directories with a file per object.
///
/// Exit codes: 0 if there is no difference, 1 if there are differences (`--fail-on`: some differences), 2 if a target
/// cannot be rendered that could be before, or none can. docs/diff.md describes all of it.
#[derive(Args)]
#[command(args_override_self = true)]
pub(super) struct Diff {
    /// Old and new side: a directory with a kustomization file, a tree of such directories, a file or a directory of
    /// manifests, or `-`; with `--git` the directories to search for kustomizations, by default `.`; with `--against-file`
    /// one of these, by default `.`
    #[arg(value_name = "A B | PATH")]
    paths: Vec<String>,

    /// Compare two revisions of a git repository without a checkout, or one revision with the working tree; `A...B`
    /// compares B with the merge base of A and B
    #[arg(long, value_name = "REV1..REV2|REV")]
    git: Option<String>,

    /// Compare a target with what a cluster or a rendered branch has of it: the output of `kubectl get -o yaml`, or `-`. What
    /// the API server adds is no difference: its own fields, and defaults that the render leaves to it
    #[arg(
        long,
        value_name = "FILE|DIR|-",
        conflicts_with_all = ["git", "include", "exclude"],
        allow_hyphen_values = true
    )]
    against_file: Option<String>,

    /// With `--against-file`: objects of the file that are not rendered, and count as differences
    #[arg(long, value_name = "WHICH", default_value = "labelled", requires = "against_file")]
    extra: against::Extra,

    #[command(flatten)]
    jobs: Jobs,

    /// Output format [default: that of the ending of FILE: `.html`, `.md`, `.json`, `.diff` or `.patch` (unified), `.txt`;
    /// otherwise text]
    #[arg(long, value_name = "FORMAT")]
    format: Option<ReviewForm>,

    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,

    /// Length of Markdown: that of a comment on `github` or `gitlab`, of a `job-summary`, or a number of characters
    #[arg(long, value_name = "PLACE|N", default_value = "github", value_parser = place)]
    max_length: Place,

    /// Ignore a field, such as `metadata.labels.*`, or all fields whose path matches `/REGEX/` (may be repeated)
    #[arg(long, value_name = "PATH|/REGEX/")]
    ignore: Vec<String>,

    /// Compare only these objects, such as `Deployment/web` or `*/web-*` (may be repeated)
    #[arg(long, value_name = "KIND/NAME")]
    only: Vec<String>,

    #[command(flatten)]
    select: Select,

    /// Exit with 1 only for these differences, separated by commas; the default is `any`
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    fail_on: Vec<FailOn>,

    /// Check both sides against the rules of `krender check`, and show the findings that are new, resolved, or accepted only
    /// after the change
    #[arg(long)]
    findings: bool,

    /// Configuration file for `--findings`, on both sides; its `rules` also switch off the rules `KR-DIF`, or set their
    /// severities [default for `--findings`: the nearest `.krender.yaml` between the working directory and the top of
    /// the repository]
    #[arg(long, value_name = "FILE")]
    config: Option<String>,

    /// Show the values of Secrets
    #[arg(long)]
    show_secrets: bool,

    /// Key of the hashes that replace the values of Secrets: with the same key, equal values have equal hashes in all
    /// runs
    #[arg(long, value_name = "KEY")]
    mask_key: Option<String>,

    #[command(flatten)]
    reading: Reading,
}

/// Output format of differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ReviewForm {
    /// Text in colour, for people
    Text,
    /// Unified diff of the rendered YAML
    Unified,
    /// Markdown for a comment on a pull request
    Markdown,
    /// JSON, with the changes as JSON patches
    Json,
    /// One page with filters, for people: it loads nothing
    Html,
}

/// Parses the place that Markdown is for.
fn place(text: &str) -> Result<Place> {
    const SHORTEST: usize = 2000;
    match (text, text.parse()) {
        ("github", _) => Ok(Place::GitHub),
        ("gitlab", _) => Ok(Place::GitLab),
        ("job-summary", _) => Ok(Place::JobSummary),
        (_, Ok(characters)) if characters >= SHORTEST => Ok(Place::Characters(characters)),
        _ => {
            let message = format!("`{}` is no length of Markdown", escape::visible(text));
            Err(Error::new(Code::InvalidArgument, message).help(format!(
                "name a place, `github`, `gitlab` or `job-summary`, or a number of characters, at least {SHORTEST}"
            )))
        }
    }
}

/// Exit code if a side could not be rendered.
pub(super) const NOT_DONE: u8 = 2;

impl Diff {
    /// Compares, and returns the exit code.
    pub(super) fn run(&self, format: Format) -> ExitCode {
        let threads = self.jobs.threads();
        let sources: &Arc<Sources> = super::until_exit(Arc::default());
        let review = self.form().and_then(|form| match &self.against_file {
            Some(file) => self.compare_with_file(file, sources, &threads, (form, format)),
            None => {
                let build = super::until_exit(self.reading.options(threads.clone()));
                self.sides(sources, build).and_then(|sides| {
                    self.compare(super::until_exit(sides), sources, build, (form, format))
                })
            }
        });
        match review {
            Ok(review) if review.has_failures() => ExitCode::from(NOT_DONE),
            Ok(review) if self.fails(&review) => ExitCode::FAILURE,
            Ok(_) => ExitCode::SUCCESS,
            Err(error) => {
                terminal::errors(&error, sources, format);
                ExitCode::from(NOT_DONE)
            }
        }
    }

    /// True if there are differences to fail on.
    fn fails(&self, review: &Review) -> bool {
        match &self.fail_on[..] {
            [] => review.is_different(),
            kinds => {
                let summary = review.summary();
                kinds.iter().any(|kind| kind.is_in(review, &summary))
            }
        }
    }

    /// The selected targets of both sides.
    fn sides<'a>(&self, sources: &Arc<Sources>, build: &'a build::Options) -> Result<Sides<'a>> {
        let patterns = self.select.patterns()?;
        let mut sides = self.all_sides(sources, build)?;
        // By the path below a directory that is searched, as for `build --all`, and as the review names it.
        let name = |target: &Named| target.name.trim_start_matches("./").to_owned();
        let all = || sides.targets.iter().chain(&sides.others);
        let found = Found {
            targets: all().map(|target| target.below.clone()).collect(),
            names: all().map(name).collect(),
            others: Vec::new(),
        };
        let tree = if self.paths.is_empty() { &[".".to_owned()][..] } else { &self.paths };
        patterns.check(&found, tree)?;
        let matches = |target: &Named| patterns.selects_any(&[&target.below, &name(target)]);
        sides.targets.retain(matches);
        sides.others.retain(matches);
        Ok(sides)
    }

    /// The two sides to compare. Both add their texts to the same sources.
    fn all_sides<'a>(
        &self,
        sources: &Arc<Sources>,
        build: &'a build::Options,
    ) -> Result<Sides<'a>> {
        let options = self.reading.load_options(working_directory()?);
        let options = load::Options { sources: Arc::clone(sources), ..options };
        if let Some(revisions) = &self.git {
            let Select { include, exclude } = &self.select;
            let has_patterns = [include, exclude, &self.only].iter().any(|list| !list.is_empty());
            let remote = &self.reading.remote;
            return git::sides(revisions, &self.paths, (&options, build), remote, has_patterns);
        }
        let [before, after] = &self.paths[..] else {
            let number = match self.paths.len() {
                0 => "no paths".to_owned(),
                1 => "one path".to_owned(),
                number => format!("{number} paths"),
            };
            let message = format!("found {number}, expected two");
            let error = Error::new(Code::InvalidArgument, message);
            return Err(match &self.paths[..] {
                [one] if one.contains("..") && one.split('/').all(|part| part != "..") => {
                    error.help(format!("to compare revisions: `krender diff --git {one}`"))
                }
                _ => error.help(
                    "name the old and the new side, or two revisions: `krender diff --git main..HEAD`",
                ),
            });
        };
        if before == "-" && after == "-" {
            return Err(Error::new(Code::InvalidArgument, "only one side can be standard input"));
        }
        let loader = super::until_exit(Loader::new(Disk, options));
        let runs = [(); 2].map(|()| &*super::until_exit(Run::new(loader, build)));
        let targets = trees::targets(loader, [before, after], &build.threads)
            .map_err(|error| revisions_meant(error, before, after))?;
        let secrets = SecretPlaces::below(&[before.clone(), after.clone()]);
        Ok(Sides { runs, targets, others: Vec::new(), secrets })
    }

    fn compare_with_file(
        &self,
        file: &str,
        sources: &Arc<Sources>,
        threads: &Threads,
        (form, format): (ReviewForm, Format),
    ) -> Result<Review> {
        let options = self.reading.load_options(working_directory()?);
        let options = load::Options { sources: Arc::clone(sources), ..options };
        let loader = super::until_exit(Loader::new(Disk, options));
        let build = super::until_exit(self.reading.options(threads.clone()));
        let settings = self.settings(sources, build.plugins.today)?;
        let run = super::until_exit(Run::new(loader, build));
        let options = self.options(settings.as_ref(), form)?;
        let ways = against::Ways {
            extra: self.extra,
            options: &options,
            only: &self.only,
            findings: settings.as_ref().filter(|_| self.findings),
            format,
        };
        let (review, matches) = against::compare(file, &self.paths, run, &ways)?;
        if review.is_different() {
            matches.tell_unused(&self.ignore, format);
        }
        self.deliver(&review, form, loader)?;
        Ok(review)
    }

    fn compare(
        &self,
        sides: &Sides<'_>,
        all_sources: &Arc<Sources>,
        build: &build::Options,
        (form, format): (ReviewForm, Format),
    ) -> Result<Review> {
        let threads = &build.threads;
        let settings = self.settings(all_sources, build.plugins.today)?;
        let options = self.options(settings.as_ref(), form)?;
        let Sides { runs, .. } = *sides;
        let (sources, shield) = (runs[1].loader().sources(), Shield::default());
        if sides.targets.len() > 1 {
            let directories = |side: fn(&Named) -> &Option<TargetInput>| -> Vec<&str> {
                sides.targets.iter().filter_map(|of| side(of).as_ref()?.directory()).collect()
            };
            runs[0].expect(&directories(|of| &of.before));
            runs[1].expect(&directories(|of| &of.after));
        }
        let moved = Moved::find(sides, threads);
        let old = moved.all_old();
        let numbers: Vec<usize> =
            (0..sides.targets.len()).filter(|number| !old.contains(number)).collect();
        let matches = Matches::of(&options);
        let work = |place: usize| {
            let number = numbers[place];
            let Named { name, former, before, after, .. } = &sides.targets[number];
            let render = |number: usize, input: &Option<TargetInput>, side: usize| {
                let rendered = moved.rendered(number);
                rendered.or_else(|| Some(input.as_ref()?.render(runs[side])))
            };
            let old = moved.old(number);
            let before = match (old, before) {
                (Some(old), _) => moved.rendered(old),
                (None, None) => None,
                (None, before) => render(number, before, 0),
            };
            let after = if after.is_some() { render(number, after, 1) } else { None };
            let errors = [&before, &after]
                .map(|side| side.as_ref().and_then(|side| side.as_ref().err().cloned()));
            let sides_of_target = [before, after].map(|outcome| side_of(outcome, sources, &shield));
            let [before, after] = self.with_like_failures(sides_of_target);
            let moved_from = old.map(|old| sides.targets[old].name.clone());
            let moved_from = moved_from.or_else(|| former.clone());
            let target = Target { name: name.clone(), moved_from, before, after };
            let mut review = TargetReview::of(&target, &options);
            if let Some(settings) = settings.as_ref().filter(|_| self.findings) {
                review.findings = diff::findings(&target, &review.pairs, sources, settings);
            }
            matches.look(&target, &options);
            (review, errors)
        };
        let mut reviews = Vec::with_capacity(numbers.len());
        let mut failures: Vec<Error> = Vec::new();
        in_order(numbers.len(), threads, work, |_, (review, errors)| {
            // Failures that the change did not cause have a line at the end of the review.
            let is_old = review.status.is_failed_alike() && sides.targets.len() > 1
                || review.failed_before.is_some();
            failures.extend(errors.into_iter().flatten().filter(|_| !is_old));
            reviews.push(review);
            ControlFlow::Continue(())
        });
        // Only now the Secrets of all targets are known.
        let search = || sides.secrets.read(runs);
        let shield = self::shield(&options, &reviews, sources, &search, format);
        let mut told = BTreeSet::new();
        for error in &failures {
            tell(error, sources, &shield, format, &mut told);
        }
        matches.search(&sides.others, runs[1], &options);
        matches.check(&self.only)?;
        let review = Review::of(reviews, &options);
        if review.is_different() {
            matches.tell_unused(&self.ignore, format);
        }
        self.deliver(&review, form, runs[1].loader())?;
        Ok(review)
    }

    /// Prints a review, or writes it to the file that is named.
    fn deliver(&self, review: &Review, form: ReviewForm, loader: &Loader) -> Result<()> {
        match self.output.as_deref().filter(|file| *file != "-") {
            Some(file) => {
                apart_from_inputs(file, loader)?;
                load::write(file.as_ref(), &[&form.written(review, self.max_length)?])
            }
            None => form.print(review, self.max_length),
        }
    }

    /// The sides of a target, whose failures are equal if they differ in the compared paths only.
    fn with_like_failures(&self, sides: [Side; 2]) -> [Side; 2] {
        match (&sides, &self.paths[..]) {
            ([Side::Failed(before), Side::Failed(after)], [top_before, top_after])
                if self.git.is_none() && before.is_like(top_before, after, top_after) =>
            {
                [Side::Failed(after.clone()), Side::Failed(after.clone())]
            }
            _ => sides,
        }
    }

    /// The settings of the configuration, if it is asked for.
    fn settings(&self, sources: &Arc<Sources>, today: Option<Date>) -> Result<Option<Settings>> {
        if !self.findings && self.config.is_none() {
            return Ok(None);
        }
        let directory = working_directory()?;
        let wanted = Wanted {
            named: self.config.as_deref(),
            near: Some(&directory),
            ignored: false,
            usual: Profile::default(),
        };
        // The configuration is that of the working directory, also where both sides are revisions.
        let options = self.reading.load_options(directory.clone());
        let sources = Arc::clone(sources);
        let loader = Loader::new(Disk, load::Options { sources, ..options });
        let mut settings = wanted.read(&loader, None)?.settings;
        settings.today = today;
        Ok(Some(settings))
    }

    fn options(&self, settings: Option<&Settings>, form: ReviewForm) -> Result<diff::Options> {
        let named = settings.filter(|_| self.config.is_some());
        Ok(diff::Options {
            rules: named.map(|settings| settings.severities.clone()).unwrap_or_default(),
            ignore: self.ignore.iter().map(|text| Ignore::parse(text)).collect::<Result<_>>()?,
            only: self.only.iter().map(|text| Only::parse(text)).collect::<Result<_>>()?,
            mask: match &self.mask_key {
                _ if self.show_secrets => None,
                Some(key) => Some(Masking::new(key.as_str())),
                None => Some(Masking::new(random_key()?)),
            },
            renders: form.needs_renders(),
            around: form == ReviewForm::Html,
        })
    }

    /// The output format: that of the flag, or else of the ending of the file.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for a file with an ending of no format.
    fn form(&self) -> Result<ReviewForm> {
        let Some(file) = self.output.as_deref().filter(|_| self.format.is_none()) else {
            return Ok(self.format.unwrap_or(ReviewForm::Text));
        };
        let Some(ending) = Path::new(file).extension().and_then(OsStr::to_str) else {
            return Ok(ReviewForm::Text);
        };
        let ending = ending.to_lowercase();
        let known = ENDINGS.iter().find(|(endings, _)| endings.contains(&&*ending));
        known.map(|(_, form)| *form).ok_or_else(|| {
            let message = format!("`.{}` is the ending of no format", escape::visible(&ending));
            let all: Vec<String> = ENDINGS
                .iter()
                .flat_map(|(endings, _)| *endings)
                .map(|it| format!("`.{it}`"))
                .collect();
            Error::new(Code::InvalidArgument, message)
                .help(format!("endings of formats are {}", phrase::listed(all, "and")))
                .help("or name the format: `--format text`")
        })
    }
}

/// Formats of files by their endings.
const ENDINGS: &[(&[&str], ReviewForm)] = &[
    (&["html", "htm"], ReviewForm::Html),
    (&["md", "markdown"], ReviewForm::Markdown),
    (&["json"], ReviewForm::Json),
    (&["diff", "patch"], ReviewForm::Unified),
    (&["txt", "log", "out"], ReviewForm::Text),
];

impl ReviewForm {
    /// Prints a review, as Markdown for this place.
    pub(super) fn print(self, review: &Review, place: Place) -> Result<()> {
        match self {
            Self::Text => terminal::print(&text::write(review, terminal::width())),
            Self::Unified | Self::Markdown | Self::Json | Self::Html => {
                super::print(&self.written(review, place)?)
            }
        }
    }

    /// The text of a review, without colours.
    fn written(self, review: &Review, place: Place) -> Result<String> {
        Ok(match self {
            Self::Text => {
                escape::without_colours(&text::write(review, terminal::width())).into_owned()
            }
            Self::Unified => unified::write(review),
            Self::Markdown => markdown::write(review, place),
            Self::Json => json::write(review)?,
            Self::Html => html::write(review),
        })
    }

    /// True if it needs the renders in a review.
    pub(super) const fn needs_renders(self) -> bool {
        matches!(self, Self::Unified | Self::Json)
    }
}

/// Suggests `--git` if both paths are names of revisions.
#[cold]
fn revisions_meant(error: Error, before: &str, after: &str) -> Error {
    let knows = |name: &str| {
        let repository = reading::repository(&working_directory()?, &Budget::default())?;
        Ok::<bool, Error>(repository.knows(name))
    };
    let are_known = [before, after].into_iter().all(|name| knows(name).unwrap_or_default());
    match error.code() == Code::FileNotFound && are_known {
        true => error.help(format!("to compare two revisions: `--git {before}..{after}`")),
        false => error,
    }
}

/// A random key for this run: hashes cannot be compared with those of guessed values.
pub(super) fn random_key() -> Result<Vec<u8>> {
    let mut key = vec![0; 32];
    getrandom::fill(&mut key).map_err(|error| {
        Error::new(Code::ReadFailed, format!("the system provides no random numbers: {error}"))
            .help("name a key with `--mask-key`")
    })?;
    Ok(key)
}

/// The two sides.
struct Sides<'a> {
    /// The run of each side, over its own files.
    runs: [&'a Run<'a>; 2],
    targets: Vec<Named>,
    /// Targets of the new side that the change does not affect, which are not rendered.
    others: Vec<Named>,
    /// Places of Secrets whose values may be copied.
    secrets: SecretPlaces,
}

/// A target, and its inputs on each side; `None` where it does not exist.
struct Named {
    name: String,
    /// Its path below the directory that was searched.
    below: String,
    /// Its name before, if it is of another stage than that.
    former: Option<String>,
    before: Option<TargetInput>,
    after: Option<TargetInput>,
}

/// Input of a target.
enum TargetInput {
    /// A directory with a kustomization, a file of manifests, or `-`.
    Path(String),
    /// A file of manifests.
    File(String),
    /// Files of manifests, by their paths relative to a directory.
    Files { directory: String, files: Vec<String> },
    /// An input that could not be read.
    Refused(Error),
}

impl TargetInput {
    fn path(path: &str) -> Self {
        Self::Path(path.to_owned())
    }

    /// A file of manifests, or `-`.
    fn file(path: &str) -> Self {
        if path == "-" { Self::path(path) } else { Self::File(path.to_owned()) }
    }

    /// The place of files in or below a directory.
    fn below(directory: &str, files: &[String]) -> Self {
        Self::Files { directory: directory.to_owned(), files: files.to_vec() }
    }

    /// The directory to build; `None` for manifests.
    fn directory(&self) -> Option<&str> {
        match self {
            Self::Path(path) => Some(path),
            Self::File(_) | Self::Files { .. } | Self::Refused(_) => None,
        }
    }

    /// Renders the objects.
    fn render(&self, run: &Run<'_>) -> Result<Rendered> {
        let loader = run.loader();
        let budget = Budget::new(loader.limits());
        let resources: Vec<Resource> = match self {
            Self::Path(path) if path == "-" => standard_input(loader, &budget)?,
            Self::Path(path) if loader.kind(path) == Kind::File => {
                manifests(&loader.file(path)?, &budget)?
            }
            Self::File(path) => manifests(&loader.file(path)?, &budget)?,
            Self::Path(path) => {
                return run.build_from(path, &mut Vec::new()).map(Rendered::from);
            }
            Self::Refused(error) => return Err(error.clone()),
            Self::Files { directory, files } => {
                let mut resources = Vec::new();
                for file in files {
                    let file = loader.file_below(directory, file)?;
                    resources.extend(manifests(&file, &budget)?);
                }
                resources
            }
        };
        Ok(Rendered { resources: resources.into(), schema: Schema::built_in() })
    }
}

/// Objects of a file of manifests.
pub(super) fn manifests(file: &load::File, budget: &Budget) -> Result<Vec<Resource>> {
    resource::read(file.source()?, &file.whole_documents(budget)?, &Schema::built_in())
}

/// Objects on standard input. An empty list, as kubectl writes it, is a cluster without objects; an empty text is the output
/// of a command that failed.
fn standard_input(loader: &Loader, budget: &Budget) -> Result<Vec<Resource>> {
    let file = reading::standard_input(loader)?;
    let objects = manifests(&file, budget)?;
    let is_list = |document: &Document| {
        let kind = document.root.get("kind").and_then(Node::as_text);
        kind.is_some_and(|kind| kind.ends_with("List"))
    };
    if objects.is_empty() && !file.whole_documents(budget)?.iter().any(is_list) {
        return Err(rendered::no_objects("-"));
    }
    Ok(objects)
}

/// Writes a full error message to standard error: once, even if several targets or both sides have it.
fn tell(
    error: &Error,
    sources: &Sources,
    shield: &Shield,
    format: Format,
    told: &mut BTreeSet<(&'static str, String)>,
) {
    let failure = Failure::of(error, sources, shield);
    if told.insert((failure.code, failure.to_string())) {
        terminal::errors_behind(shield, error, sources, format);
    }
}

fn side_of(outcome: Option<Result<Rendered>>, sources: &Sources, shield: &Shield) -> Side {
    match outcome {
        None => Side::Absent,
        Some(Ok(rendered)) => Side::Rendered(rendered),
        Some(Err(error)) => Side::Failed(Failure::of(&error, sources, shield)),
    }
}
