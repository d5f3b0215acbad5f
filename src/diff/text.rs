//! Reviews as text for a terminal: a summary, then all differences with their targets.

use std::fmt::Write as _;

use super::Status;
use super::group::{Group, Review, Section, Summary};
use super::headline::{Failing, Headline, Kind, failing, headlines};
use super::outline::{self, Line, visible};
use super::words::{self, Tone, Words};

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const CYAN: &str = "\x1b[36m";
const ALARM: &str = "\x1b[1;31m";
const RESET: &str = "\x1b[0m";

/// Writes a review for a terminal of this width, in colour. The caller removes the colours if they are not supported.
#[must_use]
pub fn write(review: &Review, width: usize) -> String {
    let mut page = Page { out: String::new(), width: width.max(40), review };
    page.failures();
    if !review.is_different() {
        if review.targets.is_empty() || review.summary().failed < review.targets.len() {
            page.line(0, "", "no differences");
        }
        return page.out;
    }
    page.heading();
    page.first();
    for section in review.sections() {
        page.section(&section);
    }
    page.empty_targets();
    page.out
}

/// A line with the counts of a review.
pub(super) fn summary(review: &Review) -> Words {
    let Summary { targets, different, failed, added, removed, changed, .. } = review.summary();
    let Summary { restarted, recreated, lost, loosened, tightened, .. } = review.summary();
    let numbers = [
        (changed, "changed"),
        (added, "added"),
        (removed, "removed"),
        (restarted, "restarting"),
        (recreated, "to be recreated"),
        (lost, "LOST"),
        (loosened, "LOOSER"),
        (tightened, "tighter"),
        (failed, "not rendered"),
    ];
    let numbers = numbers.into_iter().filter(|(number, _)| *number > 0);
    let numbers: Vec<String> = numbers.map(|(number, word)| format!("{number} {word}")).collect();
    let numbers = match numbers.is_empty() {
        true => Words::default(),
        false => Words::new(numbers.join(" · ")),
    };
    match &review.targets[..] {
        [only] => Words::default().name(&only.name).and(numbers.behind(": ")),
        _ => {
            let differ = Words::new(format!("{different} of {targets} targets differ"));
            differ.and(numbers.behind(" · "))
        }
    }
}

/// A word for the only target of a section if it is new or gone.
pub(super) fn fate(review: &Review, section: &Section<'_>) -> &'static str {
    let [only] = section.targets[..] else { return "" };
    match review.targets[only].status {
        Status::Added => " (new)",
        Status::Removed => " (gone)",
        Status::Changed | Status::Same | Status::Failed(_) => "",
    }
}

struct Page<'a> {
    out: String,
    width: usize,
    review: &'a Review,
}

impl Page<'_> {
    fn line(&mut self, indent: usize, style: &str, text: &str) {
        let reset = if style.is_empty() { "" } else { RESET };
        // Writing to a `String` cannot fail.
        let _ = writeln!(self.out, "{:indent$}{style}{text}{reset}", "");
    }

    /// Writes words, wrapped at the width with a deeper indentation.
    fn wrapped(&mut self, indent: usize, style: &str, text: &str) {
        self.flow([indent, indent + 2], style, text.split(' '), " ");
    }

    /// Writes a path, wrapped in the same way.
    fn path(&mut self, indent: usize, style: &str, path: &str) {
        let parts = path.split_inclusive('.').flat_map(|part| part.split_inclusive(']'));
        self.flow([indent, indent + 4], style, parts, "");
    }

    fn flow<'p>(
        &mut self,
        [first, further]: [usize; 2],
        style: &str,
        parts: impl Iterator<Item = &'p str>,
        joint: &str,
    ) {
        let (mut line, mut indent) = (String::new(), first);
        for part in parts {
            let width = indent + line.chars().count() + joint.len() + part.chars().count();
            if !line.is_empty() && width > self.width {
                self.line(indent, style, &line);
                line.clear();
                indent = further;
            }
            if !line.is_empty() {
                line += joint;
            }
            line += part;
        }
        self.line(indent, style, &line);
    }

    fn failures(&mut self) {
        for Failing { when, failure, targets } in failing(self.review) {
            let names = words::targets(self.review, &targets, 12);
            self.wrapped(0, ALARM, &format!("! {names} cannot be rendered {when}"));
            self.wrapped(4, "", &visible(&format!("{failure} [{}]", failure.code)));
            self.out.push('\n');
        }
    }

    fn heading(&mut self) {
        self.wrapped(0, BOLD, &summary(self.review).to_string());
    }

    /// Writes the headlines.
    fn first(&mut self) {
        let (headlines, images) = (headlines(self.review), self.review.images());
        if headlines.is_empty() && images.is_empty() {
            return;
        }
        self.out.push('\n');
        for Headline { kind, title, words, targets } in headlines {
            let title = visible(&title);
            let found = self.found_in(&targets);
            let (style, word, mark) = match kind {
                Kind::Lost => (ALARM, "! REMOVED", ", and with it "),
                Kind::Replaced => (ALARM, "! REPLACED", ", and with it "),
                Kind::Recreated => (YELLOW, "! MADE ANEW", ": "),
                Kind::Removed => (RED, "- removed", ": "),
                Kind::Looser => (RED, "! LOOSER", ": "),
                Kind::Tighter => (GREEN, "* tighter", ": "),
            };
            self.wrapped(0, style, &format!("{word} {title}{}{found}", words.behind(mark)));
        }
        for (changed, targets) in images {
            let found = self.found_in(&targets);
            self.wrapped(0, CYAN, &format!("* image {}{found}", words::image(&changed)));
        }
    }

    fn found_in(&self, places: &[usize]) -> String {
        if self.review.targets.len() == 1 {
            return String::new();
        }
        format!(" — {}", words::briefly(self.review, places))
    }

    fn section(&mut self, section: &Section<'_>) {
        self.out.push('\n');
        if self.review.targets.len() > 1 {
            let names = words::targets(self.review, &section.targets, 12);
            let fate = fate(self.review, section);
            self.wrapped(0, BOLD, &format!("── {names}{fate}"));
            self.out.push('\n');
        }
        for (place, group) in section.groups.iter().enumerate() {
            if place > 0 && self.has_lines(section.groups[place - 1], group) {
                self.out.push('\n');
            }
            self.group(group);
        }
    }

    /// True if one of two neighbours has lines below it.
    fn has_lines(&self, one: &Group, other: &Group) -> bool {
        [one, other].iter().any(|group| {
            let object = self.review.object(group);
            !(object.ids[1].is_none() && words::effects(object).is_empty())
        })
    }

    fn group(&mut self, group: &Group) {
        let object = self.review.object(group);
        let (mark, style) = match &object.ids {
            [Some(_), Some(_)] => ('~', YELLOW),
            [Some(_), None] => ('-', RED),
            [None, _] => ('+', GREEN),
        };
        let renamed = words::renaming(object).map(|text| format!("  ({text})")).unwrap_or_default();
        let title = visible(&self.review.title(group));
        if title.chars().count() + renamed.chars().count() + 2 > self.width {
            self.wrapped(0, BOLD, &format!("{mark} {title}{renamed}"));
        } else {
            let _ = writeln!(self.out, "{style}{mark}{RESET} {BOLD}{title}{RESET}{renamed}");
        }
        for (tone, effect) in words::effects(object) {
            self.wrapped(4, style_of(tone), &format!("! {effect}"));
        }
        for line in outline::lines(object) {
            self.outlined(&line);
        }
    }

    fn outlined(&mut self, line: &Line) {
        let indent = |depth: &usize| depth * 2 + 2;
        match line {
            Line::Parent(path) => self.path(4, "", path),
            Line::Field { mark, path, depth } => {
                self.path(indent(depth), style(*mark), &format!("{mark} {path}:"));
            }
            Line::Value { mark, text, depth } => {
                self.line(indent(depth), style(*mark), format!("{mark} {text}").trim_end());
            }
            Line::Note { text, depth } => self.line(indent(depth), DIM, text),
            Line::Changed { path, before, after, depth } => {
                let indent = indent(depth);
                let width = indent
                    + [path, before, after].map(|text| text.chars().count()).iter().sum::<usize>()
                    + 7;
                if width <= self.width {
                    let _ = writeln!(
                        self.out,
                        "{:indent$}{YELLOW}~{RESET} {path}: {RED}{before}{RESET} → {GREEN}{after}{RESET}",
                        ""
                    );
                } else {
                    self.path(indent, YELLOW, &format!("~ {path}:"));
                    self.line(indent + 2, RED, &format!("- {before}"));
                    self.line(indent + 2, GREEN, &format!("+ {after}"));
                }
            }
        }
    }

    /// Writes targets that were added or removed without any object.
    fn empty_targets(&mut self) {
        let mut lines = Vec::new();
        for target in self.review.targets.iter().filter(|target| target.objects.is_empty()) {
            let name = visible(&target.name);
            match target.status {
                Status::Added => {
                    lines.push((GREEN, format!("+ {name} is new and has no objects")));
                }
                Status::Removed => {
                    lines.push((RED, format!("- {name} is gone and had no objects")));
                }
                Status::Same | Status::Changed | Status::Failed(_) => {}
            }
        }
        if !lines.is_empty() {
            self.out.push('\n');
        }
        for (style, line) in lines {
            self.line(0, style, &line);
        }
    }
}

const fn style_of(tone: Tone) -> &'static str {
    match tone {
        Tone::Alarm => ALARM,
        Tone::Warning => YELLOW,
        Tone::Looser => RED,
        Tone::Tighter => GREEN,
        Tone::Plain => CYAN,
    }
}

const fn style(mark: char) -> &'static str {
    match mark {
        '+' => GREEN,
        '-' => RED,
        '~' => YELLOW,
        _ => "",
    }
}
