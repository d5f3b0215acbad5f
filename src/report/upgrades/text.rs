//! The effects of an upgrade as text: each effect once, with its targets, and a table of the targets.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::effects::{Effects, Found, Judged};
use crate::harden::{Effect, EffectKind, Severity};
use crate::source::{Sources, Span};
use crate::text::escape::visible;
use crate::text::phrase::{counted, few};

/// Maximum number of targets that are named with an effect.
const MOST_NAMED: usize = 3;

/// Effects that are the same in several targets, by what is shown of them: the kind of object, container, field and message.
type Same<'a> = BTreeMap<(EffectKind, Reverse<Severity>, Place, [&'a str; 4]), Group<'a>>;

/// A place that orders as its file and line do; effects without one come last.
type Place = (bool, String, usize, usize);

struct Group<'a> {
    effect: &'a Effect,
    objects: BTreeSet<(&'a str, &'a str)>,
    targets: Vec<&'a str>,
}

/// Writes the effects. Linear in their number.
#[must_use]
pub fn text(effects: &Effects<'_>) -> String {
    let Effects { upgrade, targets, sources } = effects;
    let mut groups = Same::new();
    for Judged { target, outcome } in *targets {
        for effect in outcome.iter().flat_map(|found| &found.effects) {
            let object = &effect.object;
            let container = effect.container.as_ref().map_or("", |name| name.as_str());
            let same = [object.gvk.kind.as_str(), container, &*effect.field, &*effect.message];
            let key = (effect.kind, Reverse(effect.severity), place(effect.span, sources), same);
            let new = || Group { effect, objects: BTreeSet::new(), targets: Vec::new() };
            let group = groups.entry(key).or_insert_with(new);
            group.objects.insert((object.namespace.as_str(), object.name.as_str()));
            if group.targets.last().is_none_or(|last| last != target) {
                group.targets.push(target);
            }
        }
    }
    let mut out = String::new();
    let mut last = None;
    for ((kind, _, place, _), group) in &groups {
        if last != Some(*kind) {
            let gap = if last.is_some() { "\n" } else { "" };
            let _ = writeln!(out, "{gap}{}", title(*kind));
            last = Some(*kind);
        }
        write(&mut out, place, group, targets.len() > 1);
    }
    if last.is_some() {
        out.push('\n');
    }
    if targets.len() > 1 {
        out.push_str(&table(targets));
    }
    let fails =
        |one: &&Judged| one.outcome.as_ref().is_ok_and(|found| found.count(Severity::Error) > 0);
    let broken = targets.iter().filter(fails).count();
    let failed = targets.iter().filter(|one| one.outcome.is_err()).count();
    let words = match broken {
        0 => "nothing breaks".to_owned(),
        1 if targets.len() == 1 => "it breaks".to_owned(),
        1 => "1 breaks".to_owned(),
        broken => format!("{broken} break"),
    };
    let not_judged = match failed {
        0 => String::new(),
        failed => format!(", {failed} could not be rendered"),
    };
    let count = counted(targets.len(), "target");
    let _ = writeln!(out, "{count} from {} to {}: {words}{not_judged}", upgrade.from, upgrade.to);
    out
}

const fn title(kind: EffectKind) -> &'static str {
    match kind {
        EffectKind::Removed => "APIs that are not served",
        EffectKind::Unknown => "Unknown APIs",
        EffectKind::Deprecated => "Deprecated APIs",
        EffectKind::Definition => "Versions of custom resources",
        EffectKind::PodSecurity => "Pod Security",
        EffectKind::Changed => "Fields that mean something else",
    }
}

fn place(span: Span, sources: &Sources) -> Place {
    match sources.locate(span) {
        Some(place) => (false, place.source.name().to_owned(), place.line, place.column),
        None => (true, String::new(), 0, 0),
    }
}

/// The objects of a group: their kind with the name of the only one, or of the first one and the number of the others.
fn objects(group: &Group<'_>) -> String {
    let kind = group.effect.object.gvk.kind.as_str();
    let mut objects = group.objects.iter();
    let Some((namespace, name)) = objects.next() else { return kind.to_owned() };
    if objects.len() > 0 && objects.clone().all(|(_, other)| other == name) {
        return format!("{kind} {name}");
    }
    let first = match *namespace {
        "" => format!("{kind} {name}"),
        namespace => format!("{kind} {namespace}/{name}"),
    };
    match objects.len() {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

fn write(out: &mut String, place: &Place, group: &Group<'_>, has_targets: bool) {
    let Group { effect, targets, .. } = group;
    let (is_unknown, file, line, column) = place;
    let place = if *is_unknown { String::new() } else { format!("{file}:{line}:{column}: ") };
    let container = match &effect.container {
        Some(name) if !name.is_empty() => format!(" container {name}"),
        _ => String::new(),
    };
    let (severity, message) = (effect.severity, &effect.message);
    let mut line = |text: &str| {
        let _ = writeln!(out, "{}", visible(text));
    };
    line(&format!("  {place}{severity}: {}{container}: {message}", objects(group)));
    let is_same_version =
        effect.kind == EffectKind::Changed || effect.kind == EffectKind::PodSecurity;
    if is_same_version {
        line(&format!("      at {}", effect.field));
    }
    if let Some(rewrite) = &effect.rewrite {
        let (version, kind) = &rewrite.old;
        if let Some((new_version, new_kind)) = &rewrite.new {
            let new = match new_kind == kind {
                true => new_version.clone(),
                false => format!("{new_version} {new_kind}"),
            };
            line(&format!("      apiVersion: {version} -> {new}"));
        }
        if !rewrite.moves.is_empty() {
            line(&format!("      {}", rewrite.moves));
        }
    }
    if has_targets {
        let names = few(targets, MOST_NAMED, |target| (*target).to_owned());
        line(&format!("      in {names}"));
    }
}

/// The table of the targets on which the upgrade has an effect.
fn table(targets: &[Judged]) -> String {
    let affected = || targets.iter().filter_map(affected);
    let widest = affected().map(|(target, _)| visible(target).chars().count()).max();
    let Some(widest) = widest else { return String::new() };
    let width = widest.max("TARGET".len());
    let mut out = format!("{:<width$}  ERRORS  WARNINGS  NOTES\n", "TARGET");
    for (target, found) in affected() {
        let [errors, warnings, notes] =
            [Severity::Error, Severity::Warning, Severity::Note].map(|one| found.count(one));
        let target = visible(target);
        let _ = writeln!(out, "{target:<width$}  {errors:>6}  {warnings:>8}  {notes:>5}");
    }
    out
}

fn affected(judged: &Judged) -> Option<(&str, &Found)> {
    let found = judged.outcome.as_ref().ok().filter(|found| !found.effects.is_empty());
    found.map(|found| (&*judged.target, found))
}
