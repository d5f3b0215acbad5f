//! A review for the terminal: a summary, then every difference with the targets that it is found in.

use std::fmt::Write as _;

use super::group::{Group, Review, Section, Summary, few};
use super::headline::{Headline, Kind, headlines};
use super::outline::{self, Line, visible};
use super::{Image, Object, Rank, Status};

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const CYAN: &str = "\x1b[36m";
const ALARM: &str = "\x1b[1;31m";
const RESET: &str = "\x1b[0m";

/// Writes a review for a terminal of this width, in colour: who writes where no colours are, strips them.
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

/// The one line that says how much differs.
pub(super) fn summary(summary: &Summary) -> String {
    let Summary { targets, different, failed, added, removed, changed, .. } = *summary;
    let Summary { restarted, recreated, lost, loosened, tightened, .. } = *summary;
    let mut words = vec![match targets {
        1 => "1 target compared".to_owned(),
        _ => format!("{different} of {targets} targets differ"),
    }];
    let objects = [(changed, "changed"), (added, "added"), (removed, "removed")];
    let effects = [
        (restarted, "restarting"),
        (recreated, "to be made anew"),
        (lost, "LOST"),
        (loosened, "LOOSER"),
        (tightened, "tighter"),
    ];
    for (number, word) in objects.into_iter().chain(effects) {
        words.extend((number > 0).then(|| format!("{number} {word}")));
    }
    words.extend((failed > 0).then(|| format!("{failed} not rendered")));
    words.join(" · ")
}

/// An image and what becomes of it.
pub(super) fn image(image: &Image) -> String {
    let Image { name, before, after } = image;
    let name = if name.is_empty() { String::new() } else { format!("{name}: ") };
    visible(&format!("{name}{before} → {after}"))
}

/// A few names of targets, and how many there are. What all of them stand below is said once.
pub(super) fn targets(review: &Review, targets: &[usize], most: usize) -> String {
    let names: Vec<String> =
        targets.iter().map(|&place| visible(&review.targets[place].name)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match names.len() {
        number if number == review.targets.len() && number > 1 => format!("all {number} targets"),
        number if number > 2 => {
            let top = common_directory(&names);
            let below: Vec<&str> = names.iter().map(|name| &name[top.len()..]).collect();
            let place = if top.is_empty() { String::new() } else { format!(" in {top}") };
            format!("{number} targets{place}: {}", few(&below, most))
        }
        _ => names.join(", "),
    }
}

/// The directories that all paths begin with, up to a slash and with something left of each path.
fn common_directory<'a>(paths: &[&'a str]) -> &'a str {
    let Some((first, others)) = paths.split_first() else { return "" };
    let is_common = |end: &usize| others.iter().all(|path| path.starts_with(&first[..*end]));
    let ends = first.char_indices().filter(|(_, character)| *character == '/');
    ends.map(|(at, _)| at + 1).take_while(is_common).last().map_or("", |end| &first[..end])
}

struct Page<'a> {
    out: String,
    width: usize,
    review: &'a Review,
}

impl Page<'_> {
    fn line(&mut self, indent: usize, style: &str, text: &str) {
        let reset = if style.is_empty() { "" } else { RESET };
        // Nothing fails that is written to text.
        let _ = writeln!(self.out, "{:indent$}{style}{text}{reset}", "");
    }

    /// Words that go on in the next line, further in, where the terminal ends.
    fn wrapped(&mut self, indent: usize, style: &str, text: &str) {
        let (mut line, mut margin) = (String::new(), indent);
        for word in text.split(' ') {
            let width = margin + line.chars().count() + word.chars().count() + 1;
            if !line.is_empty() && width > self.width {
                self.line(margin, style, &line);
                line.clear();
                margin = indent + 2;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line += word;
        }
        self.line(margin, style, &line);
    }

    fn failures(&mut self) {
        for target in &self.review.targets {
            let Status::Failed([before, after]) = &target.status else { continue };
            let name = visible(&target.name);
            let both = [("before", before), ("after", after)];
            if before == after {
                self.line(0, ALARM, &format!("! {name} cannot be rendered, before and after"));
            } else {
                let sides: Vec<&str> = both
                    .iter()
                    .filter(|(_, failure)| failure.is_some())
                    .map(|(side, _)| *side)
                    .collect();
                self.line(
                    0,
                    ALARM,
                    &format!("! {name} cannot be rendered {}", sides.join(" and ")),
                );
            }
            for (side, failure) in both {
                if let Some(failure) =
                    failure.as_ref().filter(|_| side == "before" || before != after)
                {
                    self.wrapped(4, "", &visible(&format!("{failure} [{}]", failure.code)));
                }
            }
            self.out.push('\n');
        }
    }

    fn heading(&mut self) {
        self.wrapped(0, BOLD, &summary(&self.review.summary()));
    }

    /// What matters most, a line each.
    fn first(&mut self) {
        let (headlines, images) = (headlines(self.review), self.review.images());
        if headlines.is_empty() && images.is_empty() {
            return;
        }
        self.out.push('\n');
        for Headline { kind, title, words, targets } in headlines {
            let found = self.found_in(&targets);
            let (style, line) = match kind {
                Kind::Lost => (ALARM, format!("! REMOVED {title}, and with it {words}")),
                Kind::Replaced => (ALARM, format!("! REPLACED {title}, and with it {words}")),
                Kind::Recreated => (YELLOW, format!("! MADE ANEW {title}: {words}")),
                Kind::Removed => (RED, format!("- removed {title}")),
                Kind::Looser => (RED, format!("! LOOSER {title}: {words}")),
                Kind::Tighter => (GREEN, format!("* tighter {title}: {words}")),
            };
            self.wrapped(0, style, &(visible(&line) + &found));
        }
        for (changed, targets) in images {
            let found = self.found_in(&targets);
            self.wrapped(0, CYAN, &format!("* image {}{found}", image(&changed)));
        }
    }

    fn found_in(&self, places: &[usize]) -> String {
        if self.review.targets.len() == 1 {
            return String::new();
        }
        format!(" — {}", targets(self.review, places, 3))
    }

    fn section(&mut self, section: &Section<'_>) {
        self.out.push('\n');
        if self.review.targets.len() > 1 {
            let names = targets(self.review, &section.targets, 12);
            let kind = match section.targets[..] {
                [only] => match self.review.targets[only].status {
                    Status::Added => " (new)",
                    Status::Removed => " (gone)",
                    Status::Changed | Status::Same | Status::Failed(_) => "",
                },
                _ => "",
            };
            self.wrapped(0, BOLD, &format!("── {names}{kind}"));
            self.out.push('\n');
        }
        for (place, group) in section.groups.iter().enumerate() {
            if place > 0 && self.has_lines(section.groups[place - 1], group) {
                self.out.push('\n');
            }
            self.group(group);
        }
    }

    /// Whether something stands below one of two neighbours.
    fn has_lines(&self, one: &Group, other: &Group) -> bool {
        [one, other].iter().any(|group| {
            let object = self.review.object(group);
            !(object.ids[1].is_none() && outline::effects(object).is_empty())
        })
    }

    fn group(&mut self, group: &Group) {
        let object = self.review.object(group);
        let (mark, style) = match &object.ids {
            [Some(_), Some(_)] => ('~', YELLOW),
            [Some(_), None] => ('-', RED),
            [None, _] => ('+', GREEN),
        };
        let renamed =
            outline::renaming(object).map(|text| format!("  ({text})")).unwrap_or_default();
        let title = visible(&self.review.title(group));
        if title.chars().count() + renamed.chars().count() + 2 > self.width {
            self.wrapped(0, BOLD, &format!("{mark} {title}{renamed}"));
        } else {
            let _ = writeln!(self.out, "{style}{mark}{RESET} {BOLD}{title}{RESET}{renamed}");
        }
        for effect in outline::effects(object) {
            self.wrapped(4, effect_style(object), &format!("! {effect}"));
        }
        for line in outline::lines(object) {
            self.outlined(&line);
        }
    }

    fn outlined(&mut self, line: &Line) {
        let indent = |depth: &usize| depth * 2 + 2;
        match line {
            Line::Parent(path) => self.line(4, "", path),
            Line::Field { mark, path, depth } => {
                self.line(indent(depth), style(*mark), &format!("{mark} {path}:"));
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
                    self.line(indent, YELLOW, &format!("~ {path}:"));
                    self.line(indent + 2, RED, &format!("- {before}"));
                    self.line(indent + 2, GREEN, &format!("+ {after}"));
                }
            }
        }
    }

    /// Targets that came or went without any object.
    fn empty_targets(&mut self) {
        for target in self.review.targets.iter().filter(|target| target.objects.is_empty()) {
            let name = visible(&target.name);
            match target.status {
                Status::Added => {
                    self.line(0, GREEN, &format!("+ {name} is new and renders to nothing"));
                }
                Status::Removed => {
                    self.line(0, RED, &format!("- {name} is gone and rendered to nothing"));
                }
                Status::Same | Status::Changed | Status::Failed(_) => {}
            }
        }
    }
}

fn effect_style(object: &Object) -> &'static str {
    match object.rank() {
        Rank::Lost => ALARM,
        Rank::Loosened => RED,
        Rank::Recreated => YELLOW,
        _ => CYAN,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_paths_have_in_common_ends_with_a_slash() {
        assert_eq!(common_directory(&["a/b/c", "a/b/d", "a/bc"]), "a/");
        assert_eq!(common_directory(&["a/b", "a/b/c"]), "a/");
        assert_eq!(common_directory(&["a", "b"]), "");
        assert_eq!(common_directory(&["/a/b", "/a/c"]), "/a/");
        assert_eq!(common_directory(&[]), "");
    }
}
