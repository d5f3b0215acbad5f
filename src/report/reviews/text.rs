//! Reviews as text for a terminal: a summary, then all differences with their targets.

use std::fmt::Write as _;

use super::headline::Kind;
use super::layout::{self, Format};
use super::outline::Line;
use super::page::{
    Alike, Failing, Fate, Group, ImageChange, Important, Limits, Outcome, Page, Section, Size,
};
use super::words::{self, Tone, Words, visible};
use crate::diff::lines::Mark;
use crate::diff::{Review, TurnedFinding};
use crate::text::escape::{for_log, without_colours};

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
    let format = TextFormat { width: width.max(40) };
    let page = Page::of(review, &format.limits());
    for_log(&layout::write(&page, &format)).into_owned()
}

/// Limits of [`short`].
pub(super) const SHORT: Limits = Limits {
    size: Size { most: 60_000, is_in_bytes: false },
    images: 200,
    moved: 200,
    ..TextFormat::LIMITS
};

/// Writes a page as text of at most the length of [`SHORT`], without colours.
pub(super) fn short(page: &Page<'_>) -> String {
    let text = layout::write_within(page, &TextFormat { width: 100 }, SHORT.size);
    without_colours(&for_log(&text)).into_owned()
}

/// Text for a terminal.
struct TextFormat {
    /// Width of the terminal in characters.
    width: usize,
}

impl TextFormat {
    const LIMITS: Limits = Limits {
        size: Size { most: usize::MAX, is_in_bytes: true },
        failing: 12,
        named: 12,
        listed: 0,
        images: usize::MAX,
        moved: usize::MAX,
        unfolded: usize::MAX,
    };
}

impl Format for TextFormat {
    fn limits(&self) -> Limits {
        Self::LIMITS
    }

    fn head(&self, page: &Page<'_>) -> Vec<String> {
        let failures = page.failures.iter().map(|failing| self.failing(failing));
        let outcome = match &page.outcome {
            Outcome::Same | Outcome::Partly { .. } => "no differences\n".to_owned(),
            Outcome::Unknown if page.failures.is_empty() => {
                "nothing could be compared\n".to_owned()
            }
            Outcome::Unknown => String::new(),
            Outcome::Different(counts) => {
                self.part(|lines| lines.wrapped(0, BOLD, &counts.to_string()))
            }
        };
        let has_news = !(page.headlines.is_empty() && page.findings.is_empty());
        let has_headlines = has_news || !page.images.is_empty();
        let separator = has_headlines.then(|| "\n".to_owned());
        let headlines = page.headlines.iter().map(|headline| self.headline(headline));
        let findings = page.findings.iter().map(|(turned, words)| {
            let (style, mark) = match turned {
                TurnedFinding::New | TurnedFinding::Accepted => (RED, "!"),
                TurnedFinding::Resolved => (GREEN, "*"),
            };
            self.part(|lines| lines.wrapped(0, style, &format!("{mark} {words}")))
        });
        let images = page.images.iter().map(|image| self.image(image));
        let overview = separator.into_iter().chain(headlines).chain(findings).chain(images);
        failures.chain([outcome]).chain(overview).collect()
    }

    fn frame(&self, _: &Page<'_>, section: &Section<'_>) -> [String; 2] {
        let open = self.part(|lines| {
            lines.text.push('\n');
            if let Some(title) = &section.title {
                let fate = section.fate.map(|fate| format!(" ({})", fate.word()));
                let fate = fate.unwrap_or_default();
                lines.wrapped(0, BOLD, &format!("── {title}{fate}"));
                lines.text.push('\n');
            }
        });
        [open, "\n".to_owned()]
    }

    fn title(&self, group: &Group<'_>) -> String {
        let renamed = group.renamed.as_ref().map(|words| format!("  ({words})"));
        let (title, renamed) = (visible(&group.title), renamed.unwrap_or_default());
        let (mark, style) = (group.mark.symbol(), style_of_mark(group.mark));
        self.part(|lines| {
            if group.is_apart {
                lines.text.push('\n');
            }
            if title.chars().count() + renamed.chars().count() + 2 > self.width {
                lines.wrapped(0, BOLD, &format!("{mark} {title}{renamed}"));
            } else {
                let title = format!("{style}{mark}{RESET} {BOLD}{title}{RESET}{renamed}");
                lines.line(0, "", &title);
            }
            for (tone, effect) in &group.effects {
                lines.wrapped(4, style_of_tone(*tone), &format!("! {effect}"));
            }
        })
    }

    fn details(&self, group: &Group<'_>) -> String {
        self.part(|lines| group.lines().iter().for_each(|line| lines.field(line)))
    }

    fn foot(&self, page: &Page<'_>) -> String {
        self.part(|lines| {
            for (place, (fate, name)) in page.empty.iter().enumerate() {
                let name = visible(name);
                let (style, line) = match fate {
                    Fate::New => (GREEN, format!("+ {name} is new and has no objects")),
                    Fate::Gone => (RED, format!("- {name} is gone and had no objects")),
                    Fate::GoneUnseen => {
                        (RED, format!("- {name} is gone; it could not be rendered before"))
                    }
                };
                lines.text.push_str(if place == 0 { "\n" } else { "" });
                lines.line(0, style, &line);
            }
            for (place, (name, from)) in page.moved.iter().enumerate() {
                let line = format!("{} was {} before", visible(name), visible(from));
                lines.text.push_str(if place == 0 { "\n" } else { "" });
                lines.line(0, "", &line);
            }
            if let Some(Alike { targets, failure }) = &page.alike {
                let why = failure.map(|failure| {
                    format!(": {}", visible(&format!("{failure} [{}]", failure.code)))
                });
                let why = why.unwrap_or_default();
                lines.text.push('\n');
                lines.wrapped(
                    0,
                    "",
                    &format!("not rendered, as before the change: {targets}{why}"),
                );
            }
        })
    }

    fn last_line(&self, _: &Page<'_>, _: bool) -> String {
        String::new()
    }

    fn incomplete(&self, omitted: Option<&str>) -> String {
        let omitted = omitted.map(|omitted| format!(": {omitted}")).unwrap_or_default();
        format!("\nthis page is incomplete{omitted}\n")
    }
}

impl TextFormat {
    fn part(&self, write: impl FnOnce(&mut Lines)) -> String {
        let mut lines = Lines { text: String::new(), width: self.width };
        write(&mut lines);
        lines.text
    }

    fn failing(&self, Failing { when, failure, targets }: &Failing<'_>) -> String {
        self.part(|lines| {
            lines.wrapped(0, ALARM, &format!("! {targets} cannot be rendered {when}"));
            lines.wrapped(4, "", &visible(&format!("{failure} [{}]", failure.code)));
            lines.text.push('\n');
        })
    }

    fn headline(&self, Important { kind, title, words, targets, .. }: &Important) -> String {
        let (style, word) = match kind {
            Kind::Lost => (ALARM, "! REMOVED"),
            Kind::Replaced => (ALARM, "! REPLACED"),
            Kind::Granted => (ALARM, "! GRANTS"),
            Kind::AtRisk => (ALARM, "! DATA AT RISK"),
            Kind::Exposed => (ALARM, "! EXPOSES"),
            Kind::Restaged => (ALARM, "! OTHER STAGE"),
            Kind::Weaker => (RED, "! WEAKER"),
            Kind::Broken => (RED, "! BREAKS"),
            Kind::Unavailable => (YELLOW, "! LESS AVAILABLE"),
            Kind::Demand => (YELLOW, "! RESOURCES"),
            Kind::Version => (YELLOW, "! VERSION"),
            Kind::Recreated => (YELLOW, "! must be recreated:"),
            Kind::Removed => (RED, "- removed"),
            Kind::Looser => (RED, "! LOOSER"),
            Kind::Tighter => (GREEN, "* tighter"),
        };
        let title = visible(title);
        let found = found_in(targets.as_ref());
        self.part(|lines| lines.wrapped(0, style, &format!("{word} {title}{words}{found}")))
    }

    fn image(&self, image: &ImageChange) -> String {
        let ImageChange { name, before, after, users, targets } = image;
        let (image, found) = (words::image(name, before, after), found_in(targets.as_ref()));
        self.part(|lines| lines.wrapped(0, CYAN, &format!("* image {image} in {users}{found}")))
    }
}

fn found_in(targets: Option<&Words>) -> String {
    targets.map(|targets| format!(" — {targets}")).unwrap_or_default()
}

/// Lines of a part of a page.
struct Lines {
    text: String,
    width: usize,
}

impl Lines {
    fn line(&mut self, indent: usize, style: &str, text: &str) {
        let reset = if style.is_empty() { "" } else { RESET };
        // Writing to a `String` cannot fail.
        let _ = writeln!(self.text, "{:indent$}{style}{text}{reset}", "");
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

    fn field(&mut self, line: &Line) {
        let indent = |depth: &usize| depth * 2 + 2;
        match line {
            Line::Parent(path) => self.path(4, "", path),
            Line::Field { mark, path, depth } => {
                self.path(
                    indent(depth),
                    style_of_mark(*mark),
                    &format!("{} {path}:", mark.symbol()),
                );
            }
            Line::Value { mark, text, depth } => {
                self.line(
                    indent(depth),
                    style_of_mark(*mark),
                    format!("{} {text}", mark.symbol()).trim_end(),
                );
            }
            Line::Note { text, depth } => self.line(indent(depth), DIM, text),
            Line::Changed { path, before, after, depth } => {
                let indent = indent(depth);
                let width = indent
                    + [path, before, after].map(|text| text.chars().count()).iter().sum::<usize>()
                    + 7;
                if width <= self.width {
                    let _ = writeln!(
                        self.text,
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
}

const fn style_of_tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Alarm => ALARM,
        Tone::Warning => YELLOW,
        Tone::Looser => RED,
        Tone::Tighter => GREEN,
        Tone::Plain => CYAN,
    }
}

const fn style_of_mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Added => GREEN,
        Mark::Removed => RED,
        Mark::Changed => YELLOW,
        Mark::Same => "",
    }
}
