//! The fixes of rules as edits of sources: in the manifest that sets the field, as a patch of the target, or as a component.
//!
//! Each target is rendered, and a copy is hardened. The differences of the two are edits of files ([`Form::Inline`]) or
//! patches. The result is proved before anything is written: every target to fix renders to what hardening makes of it, and
//! every other target of the repository that includes a changed file changes only as hardening would change it.

mod delta;
mod documents;
mod drafts;
mod files;
mod groups;
mod overlays;
mod patch;
mod places;
mod proof;
mod renders;
mod same;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::build;
use crate::error::Error;
use crate::error::Result;
use crate::fleet::Run;
use crate::harden::{Change, Class, Finding, Rule, by_name, check};
use crate::load::{self, Loader};
use crate::source::Span;
use crate::yaml::Node;
use delta::{Delta, What};
pub use files::{NewText, NewTexts, write};
use groups::{Group, Refused};
use overlays::{Writer, Written, described};
use places::Places;
use proof::{Prover, Unproved};
pub use renders::Hardening;
use renders::{Render, Wanted, subject};

/// The form of the edits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// The manifest or patch that sets the field, or defines what lacks it, is edited.
    Inline,
    /// Each target gets a file with patches.
    Patch,
    /// The targets include a component with patches; those that need the same patches share one.
    Component {
        /// The folder of the component; `None` for one in the directory that the targets have in common.
        folder: Option<PathBuf>,
    },
}

/// The input of a plan.
pub struct Input<'a> {
    /// The run that the targets are rendered in. Its loader has the options `load`.
    pub run: &'a Run<'a>,
    /// The options of loaders.
    pub load: &'a load::Options,
    /// The targets to fix.
    pub targets: &'a [String],
    /// The other targets of the repository, which must not change in another way.
    pub others: &'a [String],
    /// The directory that files must be in or below, with links resolved.
    pub top: &'a Path,
    /// The fixes.
    pub hardening: Hardening<'a>,
    /// The form of the edits.
    pub form: Form,
    /// True if objects whose fixes cannot be proved are left out; otherwise nothing is fixed then.
    pub keeps_going: bool,
}

/// Planned and proved edits.
#[derive(Debug, Default)]
pub struct Plan {
    /// The new texts of files. Empty if something could not be proved.
    pub files: NewTexts,
    /// The fixed fields.
    pub fixed: Vec<Fixed>,
    /// The objects that are not fixed, each with the reason and its targets.
    pub refused: Vec<(String, Error, Vec<String>)>,
    /// The errors of proofs that failed. Then nothing is to be written.
    pub unproved: Vec<Error>,
    /// The targets that could not be rendered.
    pub failed: Vec<(String, Error)>,
    /// The other targets that include a changed file: they change, too, as hardening would change them.
    pub affected: Vec<String>,
    /// The violations that appear because of the fixes, each once; they are among those that stay.
    pub appeared: Vec<Appeared>,
    /// The violations that stay, with the number of each.
    pub left: Vec<Left>,
    /// The number of targets that were rendered.
    pub targets: usize,
}

/// A fixed field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// The object in each of the targets, for people.
    pub objects: Vec<String>,
    /// The container, if the field is in one.
    pub container: Option<String>,
    /// The field, with the names of list elements.
    pub field: String,
    /// `sets`, `adds` or `removes`, and the value as JSON.
    pub verb: &'static str,
    /// The new value as JSON.
    pub value: Option<String>,
    /// The rules that ask for it.
    pub rules: Vec<FixedRule>,
    /// The place that is edited; [`Span::NONE`] for a patch.
    pub span: Span,
    /// The file of the patch.
    pub file: Option<PathBuf>,
    /// The targets.
    pub targets: Vec<String>,
}

/// A rule whose fix changed a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedRule {
    /// The rule.
    pub rule: &'static Rule,
    /// The class of the fix.
    pub class: Class,
    /// The rule whose fix made this one necessary, as [`Change::follows`](crate::harden::Change::follows).
    pub follows: Option<&'static Rule>,
}

/// A rule that an object violates because of a fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appeared {
    /// The object, for people.
    pub object: String,
    /// The rule.
    pub rule: &'static Rule,
    /// The rule that was fixed.
    pub cause: &'static Rule,
}

/// Violations of a rule that stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The rule.
    pub rule: &'static Rule,
    /// The weakest class of a fix that was not allowed; `None` if there is no fix.
    pub class: Option<Class>,
    /// True if the fix is allowed, and cannot be made: a field around it has another type, or the object is not selected.
    pub is_stuck: bool,
    /// The number of violations, over all targets.
    pub count: usize,
    /// True if a check fails because of one.
    pub fails: bool,
}

/// Plans the fixes of targets, and proves them.
///
/// # Errors
/// Those of reading files. What cannot be fixed or proved is a part of the plan.
pub fn plan(input: &Input<'_>, options: &build::Options) -> Result<Plan> {
    let (run, hardening) = (input.run, input.hardening);
    run.expect(input.targets);
    let (renders, failed) = renders::renders(run, input.targets, hardening);
    let mut plan = Plan { targets: renders.len(), ..Plan::default() };
    plan.left = left(&renders, run.loader(), hardening);
    let wanted: Vec<Wanted> =
        renders.iter().enumerate().flat_map(|(number, render)| render.wanted(number)).collect();
    let prover = Prover {
        load: input.load,
        options,
        hardening,
        renders: &renders,
        failed: &failed,
        others: input.others,
        budget: run.loader().budget(),
    };
    match input.form {
        Form::Inline => plan.inline(input, &prover, wanted),
        Form::Patch | Form::Component { .. } => plan.patches(input, &prover, wanted)?,
    }
    plan.failed = failed;
    if !plan.unproved.is_empty() {
        plan.files.clear();
        plan.fixed.clear();
    }
    plan.appeared = appeared(&renders, &plan.fixed);
    Ok(plan)
}

impl Plan {
    /// Plans edits of the files that set the fields.
    fn inline(&mut self, input: &Input<'_>, prover: &Prover<'_>, wanted: Vec<Wanted>) {
        let sources = input.run.loader().sources();
        let mut places = Places::new(sources, &input.load.working_directory, input.top);
        let renders = prover.renders;
        let (mut groups, refused) = groups::groups(renders, wanted, &mut places, prover.budget);
        self.unproved = Self::not_editable(renders, &groups, &refused);
        if !input.keeps_going && !self.unproved.is_empty() {
            return;
        }
        self.unproved.clear();
        for Refused { wanted: Wanted { target, place, .. }, error, .. } in &refused {
            self.refuse(renders, [(*target, *place)], error);
        }
        groups.retain(|group| match &group.refusal {
            Some(error) => {
                self.refuse(renders, group.objects(), error);
                false
            }
            None => true,
        });
        if groups.is_empty() {
            return;
        }
        let mut outcome = Self::proved(prover, &groups.iter().collect::<Vec<_>>(), false);
        if outcome.is_err() {
            // Those that cannot be proved are found by trying each alone.
            let alone = match Self::proved_alone(prover, &groups) {
                Ok(alone) => alone,
                Err(spent) => {
                    self.unproved = vec![spent];
                    return;
                }
            };
            let is_any = alone.iter().any(Option::is_some);
            if input.keeps_going && is_any {
                let mut alone = alone.into_iter();
                groups.retain(|group| match alone.next().flatten().map(Unproved::into_error) {
                    Some(Some(error)) => {
                        self.refuse(renders, group.objects(), &error.help(places::INSTEAD));
                        false
                    }
                    _ => true,
                });
                outcome = match &*groups {
                    [] => return,
                    groups => Self::proved(prover, &groups.iter().collect::<Vec<_>>(), false),
                };
            } else if is_any {
                self.unproved = groups
                    .iter()
                    .zip(alone)
                    .filter_map(|(group, unproved)| {
                        let (target, place) = group.objects().next()?;
                        let step = format!("while fixing {}", described(renders, target, place));
                        Some(unproved?.into_error()?.step(step).help(places::INSTEAD))
                    })
                    .collect();
                return;
            }
        }
        match outcome {
            Ok((files, affected)) => {
                (self.files, self.affected) = (files, affected);
                self.fixed = groups.iter().flat_map(|group| told(renders, group)).collect();
            }
            Err(unproved) => self.unproved = unproved.errors,
        }
    }

    /// The errors of edits that cannot be made in files that could be edited: as long as there are any, nothing is written.
    fn not_editable(renders: &[Render], groups: &[Group], refused: &[Refused]) -> Vec<Error> {
        let of_edits = refused.iter().filter(|one| one.is_of_edit);
        let of_edits =
            of_edits.map(|one| (&one.error, Some((one.wanted.target, one.wanted.place))));
        let of_groups = groups.iter().filter_map(|group| {
            group.refusal.as_ref().map(|error| (error, group.objects().next()))
        });
        let told = |(error, object): (&Error, Option<(usize, usize)>)| {
            let object = object.map(|(target, place)| described(renders, target, place));
            let step = object.map(|object| format!("while fixing {object}"));
            step.into_iter().fold(error.clone(), Error::step)
        };
        let mut errors: Vec<Error> = of_edits.chain(of_groups).map(told).collect();
        if let Some(last) = errors.pop() {
            errors.push(last.help("`--keep-going` leaves out these objects, and fixes the others"));
        }
        errors
    }

    /// The reasons why groups cannot be proved alone.
    ///
    /// # Errors
    /// [`Code::LimitExceeded`](crate::error::Code::LimitExceeded).
    fn proved_alone(prover: &Prover<'_>, groups: &[Group]) -> Result<Vec<Option<Unproved>>> {
        let alone = groups.iter().map(|group| {
            let unproved = Self::proved(prover, &[group], true).err();
            match unproved.as_ref().and_then(Unproved::spent) {
                Some(spent) => Err(spent.clone()),
                None => Ok(unproved),
            }
        });
        alone.collect()
    }

    fn proved(
        prover: &Prover<'_>,
        groups: &[&Group],
        only_affected: bool,
    ) -> std::result::Result<(NewTexts, Vec<String>), Unproved> {
        let edits = Group::ordered(groups);
        let mut files = NewTexts::new();
        drafts::apply(&mut files, &edits, prover.budget)?;
        let fixed: BTreeSet<(usize, usize)> =
            groups.iter().flat_map(|group| group.objects()).collect();
        let is_fixed = |target, place| fixed.contains(&(target, place));
        let affected = prover.prove(&files, &is_fixed, only_affected)?;
        Ok((files, affected))
    }

    /// Plans patches of the targets.
    fn patches(
        &mut self,
        input: &Input<'_>,
        prover: &Prover<'_>,
        mut wanted: Vec<Wanted>,
    ) -> Result<()> {
        let renders = prover.renders;
        let writer = Writer { run: input.run, top: input.top, form: &input.form };
        loop {
            let written = writer.write(renders, &wanted)?;
            if let [(target, place, error), ..] = &*written.refused {
                self.refuse(renders, [(*target, *place)], error);
                wanted.retain(|one| (one.target, one.place) != (*target, *place));
                continue;
            }
            if written.files.is_empty() {
                return Ok(());
            }
            let fixed: BTreeSet<(usize, usize)> =
                wanted.iter().map(|one| (one.target, one.place)).collect();
            let is_fixed = |target, place| fixed.contains(&(target, place));
            match prover.prove(&written.files, &is_fixed, false) {
                Ok(affected) => {
                    self.tell_patches(renders, &wanted, &written);
                    (self.files, self.affected) = (written.files, affected);
                    return Ok(());
                }
                Err(Unproved { objects, errors })
                    if input.keeps_going && objects.iter().any(|one| fixed.contains(one)) =>
                {
                    let error = Error::all(errors);
                    for one in objects.iter().filter(|one| fixed.contains(one)) {
                        let error = error.clone().into_iter();
                        error.for_each(|error| self.refuse(renders, [*one], &error));
                    }
                    wanted.retain(|one| !objects.contains(&(one.target, one.place)));
                }
                Err(unproved) => {
                    self.unproved = unproved.errors;
                    return Ok(());
                }
            }
        }
    }

    fn tell_patches(&mut self, renders: &[Render], wanted: &[Wanted], written: &Written) {
        for Wanted { target, place, deltas } in wanted {
            let Some(render) = renders.get(*target) else { continue };
            let own = deltas.iter().filter_map(|delta| fixed_field(render, *place, delta));
            let file = written.patches.get(target);
            self.fixed.extend(own.map(|one| Fixed { file: file.cloned(), ..one }));
        }
    }

    /// Adds objects that are not fixed, for the same reason.
    fn refuse(
        &mut self,
        renders: &[Render],
        objects: impl IntoIterator<Item = (usize, usize)>,
        error: &Error,
    ) {
        let mut by_object: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (target, place) in objects {
            let name = renders.get(target).map(|render| render.name.clone());
            by_object.entry(described(renders, target, place)).or_default().extend(name);
        }
        let refused = by_object.into_iter();
        self.refused.extend(refused.map(|(object, targets)| (object, error.clone(), targets)));
    }
}

/// The fixed fields of a group, each once.
fn told(renders: &[Render], group: &Group) -> Vec<Fixed> {
    let mut fixed: Vec<Fixed> = Vec::new();
    for one in &group.wanted {
        let Some(render) = renders.get(one.target) else { continue };
        for delta in &one.deltas {
            let Some(mut found) = fixed_field(render, one.place, delta) else { continue };
            let edit = group.edits.iter().find(|edit| {
                let object = render.before.get(one.place).map(|object| object.node());
                object.is_some_and(|object| delta.path.span(object) == edit.span)
            });
            found.span = edit.map_or(Span::NONE, |edit| edit.span);
            let is_same = |known: &&mut Fixed| {
                known.span == found.span && known.field == found.field && known.value == found.value
            };
            match fixed.iter_mut().find(is_same) {
                Some(known) => {
                    known.targets.append(&mut found.targets);
                    known.objects.append(&mut found.objects);
                }
                None => fixed.push(found),
            }
        }
    }
    fixed
}

/// A change of a field for people.
fn fixed_field(render: &Render, place: usize, delta: &Delta) -> Option<Fixed> {
    let object = render.before.get(place)?;
    let changes = render.changes_of(place);
    let causes = delta.causes(&changes);
    let (verb, value) = match &delta.what {
        What::Set(value) if delta.path.find(object.node()).is_none_or(Node::is_null) => {
            ("adds", json(value))
        }
        What::Set(value) => ("sets", json(value)),
        What::Append(values) => ("adds", json(&Node::sequence(values.clone(), Span::NONE))),
        What::Remove => ("removes", None),
    };
    let is_cause = |change: &&&Change| causes.iter().any(|cause| cause.rule == change.rule);
    let container = changes.iter().filter(is_cause).find_map(|change| {
        let name = change.container.as_ref()?;
        by_name(&delta.path, object.node())
            .split('/')
            .any(|part| part == &**name)
            .then(|| name.as_str().to_owned())
    });
    Some(Fixed {
        objects: vec![subject(object)],
        container,
        field: by_name(&delta.path, object.node()),
        verb,
        value,
        rules: causes.into_iter().map(of_rule).collect(),
        span: Span::NONE,
        file: None,
        targets: vec![render.name.clone()],
    })
}

const fn of_rule(&Change { rule, class, follows, .. }: &Change) -> FixedRule {
    FixedRule { rule, class, follows }
}

/// The violations that appear in fixed objects.
fn appeared(renders: &[Render], fixed: &[Fixed]) -> Vec<Appeared> {
    let names = fixed.iter().flat_map(|one| one.targets.iter().zip(&one.objects));
    let fixed: BTreeSet<(&String, &String)> = names.collect();
    let (mut found, mut told) = (Vec::new(), BTreeSet::new());
    for render in renders {
        for Change { place, rule: cause, leaves, .. } in &render.changes {
            let object = render.before.get(*place).filter(|_| !leaves.is_empty());
            let Some(object) = object.map(subject) else { continue };
            if !fixed.contains(&(&render.name, &object)) {
                continue;
            }
            for rule in leaves {
                if told.insert((object.clone(), rule.id)) {
                    found.push(Appeared { object: object.clone(), rule, cause });
                }
            }
        }
    }
    found
}

fn json(node: &Node) -> Option<String> {
    let mut text = String::new();
    crate::yaml::write_json(node, crate::yaml::Form::Compact, &mut text).ok()?;
    Some(text)
}

/// The violations that hardening leaves, by rule.
fn left(renders: &[Render], loader: &Loader, hardening: Hardening<'_>) -> Vec<Left> {
    let mut left: Vec<Left> = Vec::new();
    for render in renders {
        let findings = check(&render.after, loader.sources(), hardening.settings);
        for Finding { rule, fix, suppressed, severity, .. } in findings {
            // Rules of the configuration have no fixes.
            let Some(rule) = rule.known().filter(|_| suppressed.is_none()) else { continue };
            let class = fix.map(|fix| fix.class);
            let fails = hardening.settings.fail_on.counts(severity);
            let Hardening { settings, fixes } = hardening;
            let is_stuck = class.is_some_and(|class| fixes.allows(rule, class, settings));
            let is_same =
                |one: &&mut Left| (one.rule, one.class, one.is_stuck) == (rule, class, is_stuck);
            match left.iter_mut().find(is_same) {
                Some(one) => (one.count, one.fails) = (one.count + 1, one.fails || fails),
                None => left.push(Left { rule, class, is_stuck, count: 1, fails }),
            }
        }
    }
    left.sort_by_key(|one| (one.rule.id, one.class));
    left
}
