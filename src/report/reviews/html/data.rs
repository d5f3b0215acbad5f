//! The data of the page.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::super::headline::Kind;
use super::super::outline::{self, Extent, Line};
use super::super::page::{Alike, Failing, Fate, ImageChange, Important, Page};
use super::super::words::{self, Tone, visible};
use crate::diff::lines::Mark;
use crate::diff::{Around, Group, Object, Rank, Review, Status, TurnedFinding};
use crate::index::Index;

/// All of the data.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Data {
    /// Names of targets.
    targets: Vec<String>,
    /// A letter for the outcome of each target.
    states: String,
    failures: Vec<[String; 3]>,
    headlines: Vec<HeadlineData>,
    /// Name, before, after, objects and targets of images.
    images: Vec<[String; 5]>,
    /// Number of further images.
    more_images: usize,
    /// Sets of targets: the first and the last number of each range.
    sets: Vec<Vec<usize>>,
    /// Phrases and lines.
    texts: Vec<String>,
    /// Kinds of objects.
    kinds: Vec<String>,
    changes: Vec<ChangeData>,
}

/// Tone, kind, title and words of a headline, its targets, and the index of its change or -1.
#[derive(Serialize)]
struct HeadlineData(usize, &'static str, String, String, String, i64);

/// A change. Numbers of texts are -1 if there is none.
#[derive(Serialize)]
struct ChangeData(
    /// The character for a new, removed or changed object.
    char,
    /// Severity, the highest first.
    usize,
    /// Number of the kind.
    usize,
    /// Kind, namespace and name of the first object.
    String,
    /// Title.
    String,
    /// Number of the text that tells the change of the id.
    i64,
    /// Tones, each with the number of the text of an effect.
    Vec<usize>,
    /// Number of the set of targets.
    usize,
    /// Number of the text with the lines.
    i64,
    /// Names of the objects with the sets of their targets, if these are several.
    Vec<(String, usize)>,
);

/// Texts, kinds and sets so far, each once.
#[derive(Default)]
struct Known {
    texts: Index<String, ()>,
    kinds: Index<String, ()>,
    sets: Index<Vec<usize>, ()>,
}

/// Lines of values, beyond which the page has their number only.
const EXTENT: Extent = Extent { most: 4000, has_removed: true };

impl Data {
    pub(super) fn of(review: &Review, page: &Page<'_>) -> Self {
        let mut known = Known::default();
        let changes = review.groups.iter().map(|group| known.change(review, group)).collect();
        let target = |words: &Option<words::Words>| match words {
            Some(words) => words.to_string(),
            None => String::new(),
        };
        let failing = |Failing { when, failure, targets }: &Failing<'_>| {
            [(*when).to_owned(), visible(&failure.to_string()), targets.to_string()]
        };
        let headline = |of: &Important| {
            let (tone, word) = word(of.kind);
            let title = visible(&of.title);
            let (words, found) = (of.words.to_string(), target(&of.targets));
            HeadlineData(place(tone), word, title, words, found, index(of.group))
        };
        let image = |of: &ImageChange| {
            let [name, before, after] = [&of.name, &of.before, &of.after].map(|of| visible(of));
            [name, before, after, of.users.to_string(), target(&of.targets)]
        };
        Self {
            targets: review.targets.iter().map(|target| visible(&target.name)).collect(),
            states: review.targets.iter().map(|target| state(&target.status)).collect(),
            failures: page
                .failures
                .iter()
                .map(failing)
                .chain(page.alike.iter().map(alike))
                .collect(),
            headlines: page.headlines.iter().map(headline).chain(remarks(page)).collect(),
            images: page.images.iter().map(image).collect(),
            more_images: page.more_images,
            sets: known.sets.into_keys().collect(),
            texts: known.texts.into_keys().collect(),
            kinds: known.kinds.into_keys().collect(),
            changes,
        }
    }
}

impl Known {
    fn change(&mut self, review: &Review, group: &Group) -> ChangeData {
        let object = &group.object;
        let id = object.id();
        let mark = match &object.ids {
            [Some(_), Some(_)] => Mark::Changed,
            [Some(_), None] => Mark::Removed,
            [None, _] => Mark::Added,
        };
        let name = match &*id.namespace {
            "" => format!("{}/{}", id.kind, id.name),
            namespace => format!("{}/{namespace}/{}", id.kind, id.name),
        };
        let renamed = words::renaming(object).map(|words| self.text(words.to_string()));
        let effects = words::effects(object).into_iter();
        let effects = effects.flat_map(|(tone, words)| [place(tone), self.text(words.to_string())]);
        let effects = effects.collect();
        let around = review.around(group).filter(|around| !around.is_empty());
        let body = match around {
            Some(around) => hunks(&around, object),
            None => body(&outline::lines(object, EXTENT)),
        };
        ChangeData(
            mark.symbol(),
            severity(object.rank()),
            self.kinds.insert_full(visible(&id.kind), ()).0,
            visible(&name),
            visible(&review.title(group)),
            index(renamed),
            effects,
            self.set(&group.targets()),
            index((!body.is_empty()).then(|| self.text(body))),
            self.objects(review, group),
        )
    }

    fn text(&mut self, text: String) -> usize {
        self.texts.insert_full(text, ()).0
    }

    /// The number of a set of targets, which are in order.
    fn set(&mut self, targets: &[usize]) -> usize {
        let mut ranges: Vec<usize> = Vec::new();
        for &target in targets {
            match ranges.last_mut() {
                Some(last) if *last + 1 == target => *last = target,
                _ => ranges.extend([target, target]),
            }
        }
        self.sets.insert_full(ranges, ()).0
    }

    /// The names of the objects before prefixes, if they have several, with the targets of each.
    fn objects(&mut self, review: &Review, group: &Group) -> Vec<(String, usize)> {
        let mut stems: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for &(target, object) in &group.members {
            let targets = stems.entry(&review.targets[target].objects[object].stem).or_default();
            if targets.last() != Some(&target) {
                targets.push(target);
            }
        }
        if stems.len() < 2 {
            return Vec::new();
        }
        stems.into_iter().map(|(stem, targets)| (visible(stem), self.set(&targets))).collect()
    }
}

/// The lines of a change, each behind its mark: `@` before a path that the lines after it are below, and `#` before a
/// remark.
fn body(lines: &[Line]) -> String {
    let mut body = String::new();
    let mut push = |mark: char, depth: usize, parts: &[&str]| {
        if !body.is_empty() {
            body.push('\n');
        }
        body.push(mark);
        // Lines below a path are not indented further.
        body.extend(std::iter::repeat_n("  ", depth));
        body.extend(parts.iter().copied());
    };
    let mut top = 1;
    for line in lines {
        match line {
            Line::Parent(path) => {
                top = 2;
                push('@', 0, &[path]);
            }
            Line::Field { mark, path, depth } => {
                top = *depth;
                let mark = if *mark == Mark::Changed { Mark::Same } else { *mark };
                push(mark.symbol(), 0, &[path, ":"]);
            }
            Line::Value { mark, text, depth } => {
                top = top.min(*depth);
                push(mark.symbol(), depth - top, &[text]);
            }
            Line::Note { text, .. } => push('#', 0, &[text]),
            Line::Changed { path, before, after, depth } => {
                top = *depth;
                push('-', 0, &[path, ": ", before]);
                push('+', 0, &[path, ": ", after]);
            }
        }
    }
    body
}

/// The changes of an object in its text, each behind its mark, with the lines around them: `@` is before the path that they
/// are below.
fn hunks(around: &[Around], object: &Object) -> String {
    let mut body = String::new();
    for Around { path, hunk } in around {
        if !body.is_empty() {
            body.push('\n');
        }
        let path = visible(path);
        body.extend(["@…", if path.is_empty() { "" } else { " " }, &*path]);
        let indented = hunk.lines.iter().filter(|(_, line)| !line.is_empty());
        let indents = indented.map(|(_, line)| line.len() - line.trim_start_matches(' ').len());
        // The path tells where the lines are.
        let indent = indents.min().unwrap_or_default();
        let most = hunk.lines.len().min(EXTENT.most * 2);
        for (mark, line) in &hunk.lines[..most] {
            body.extend(['\n', mark.symbol()]);
            body += &visible(line.get(indent..).unwrap_or_default());
        }
        if most < hunk.lines.len() {
            let _ = write!(body, "\n#… {} more lines", hunk.lines.len() - most);
        }
    }
    for text in outline::follows(&object.changes) {
        body.extend(["\n#", &text]);
    }
    body
}

/// Severities: critical, warning, restart, other.
fn severity(rank: Rank) -> usize {
    match rank {
        _ if rank < Rank::Recreated => 0,
        _ if rank < Rank::Restarted => 1,
        Rank::Restarted => 2,
        _ => 3,
    }
}

fn place(tone: Tone) -> usize {
    match tone {
        Tone::Alarm => 0,
        Tone::Warning => 1,
        Tone::Looser => 2,
        Tone::Tighter => 3,
        Tone::Plain => 4,
    }
}

/// The letter for the outcome of a target.
const fn state(status: &Status) -> char {
    match status {
        Status::Same => 's',
        Status::Changed => 'c',
        Status::Added => 'n',
        Status::Removed => 'g',
        Status::Failed(_) => 'f',
    }
}

/// Failures that are the same on both sides.
fn alike(Alike { targets, failure }: &Alike<'_>) -> [String; 3] {
    let failure = failure.map(|failure| visible(&failure.to_string()));
    ["as before the change".to_owned(), failure.unwrap_or_default(), targets.to_string()]
}

/// Remarks about findings and targets, which no change tells.
fn remarks(page: &Page<'_>) -> Vec<HeadlineData> {
    let remark = |tone, word, title: &str, words: String| {
        HeadlineData(place(tone), word, visible(title), words, String::new(), -1)
    };
    let findings = page.findings.iter().map(|(turned, words)| {
        let (tone, word) = match turned {
            TurnedFinding::New => (Tone::Looser, "New finding"),
            TurnedFinding::Accepted => (Tone::Looser, "Accepted finding"),
            TurnedFinding::Resolved => (Tone::Tighter, "Resolved finding"),
        };
        remark(tone, word, "", words.to_string())
    });
    let empty = page.empty.iter().map(|(fate, name)| {
        let (word, words) = match fate {
            Fate::New => ("New target", " has no objects"),
            Fate::Gone => ("Gone target", " had no objects"),
            Fate::GoneUnseen => ("Gone target", " could not be rendered before"),
        };
        remark(Tone::Plain, word, name, words.to_owned())
    });
    let moved = page.moved.iter().map(|(name, from)| {
        remark(Tone::Plain, "Moved target", name, format!(" was {} before", visible(from)))
    });
    let more = (page.more_moved > 0)
        .then(|| remark(Tone::Plain, "Moved target", "", format!("and {} more", page.more_moved)));
    findings.chain(empty).chain(moved).chain(more).collect()
}

/// The tone of a headline, and the words for its kind.
const fn word(kind: Kind) -> (Tone, &'static str) {
    match kind {
        Kind::Lost => (Tone::Alarm, "Removed with data"),
        Kind::Replaced => (Tone::Alarm, "Replaced"),
        Kind::Granted => (Tone::Alarm, "Grants"),
        Kind::AtRisk => (Tone::Alarm, "Data at risk"),
        Kind::Exposed => (Tone::Alarm, "Exposes"),
        Kind::Restaged => (Tone::Alarm, "Other stage"),
        Kind::Weaker => (Tone::Looser, "Weaker"),
        Kind::Broken => (Tone::Looser, "Breaks"),
        Kind::Unavailable => (Tone::Warning, "Less available"),
        Kind::Demand => (Tone::Warning, "Resources"),
        Kind::Version => (Tone::Warning, "Version"),
        Kind::Recreated => (Tone::Warning, "Must be recreated"),
        Kind::Removed => (Tone::Warning, "Removed"),
        Kind::Looser => (Tone::Looser, "Looser"),
        Kind::Tighter => (Tone::Tighter, "Tighter"),
    }
}

fn index(place: Option<usize>) -> i64 {
    place.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1)
}
