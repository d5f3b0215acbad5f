//! Reviews as Markdown for a comment on a pull request, within the limit of its length.

use std::fmt::Write as _;

use serde::Serialize;

use super::headline::Kind;
use super::json;
use super::layout::{self, Format};
use super::outline::Line;
use super::page::{
    Alike, Failing, Fate, Group, ImageChange, Important, Limits, Outcome, Page, Section, Size,
};
use super::words::{Words, visible};
use crate::diff::lines::Mark;
use crate::diff::{Review, Summary, TurnedFinding};
use crate::text::escape::for_log;

/// Place that a page is written for, which limits its length. Each leaves room for text that others add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A comment on GitHub: 65,536 characters.
    GitHub,
    /// A comment on GitLab: 1,000,000 characters.
    GitLab,
    /// The summary of a job of GitHub Actions: 1 MiB.
    JobSummary,
    /// Another place with this number of characters.
    Characters(usize),
}

impl Place {
    const fn size(self) -> Size {
        let (most, is_in_bytes) = match self {
            Self::GitHub => (60_000, false),
            Self::GitLab => (990_000, false),
            Self::JobSummary => (1_040_000, true),
            Self::Characters(most) => (most, false),
        };
        Size { most, is_in_bytes }
    }
}

/// Writes a review as Markdown. A page that would be too long has a note of what it leaves out. The last line is a
/// comment for programs: `<!-- krender-diff: {JSON} -->` with the version, the counts, and if the page is complete.
#[must_use]
pub fn write(review: &Review, place: Place) -> String {
    let format = Markdown { size: place.size() };
    let page = Page::of(review, &format.limits());
    for_log(&layout::write(&page, &format)).into_owned()
}

/// Markdown for a comment.
struct Markdown {
    size: Size,
}

#[derive(Serialize)]
struct LastLine {
    version: u32,
    complete: bool,
    summary: Summary,
}

impl Format for Markdown {
    fn limits(&self) -> Limits {
        Limits {
            size: self.size,
            failing: 20,
            named: 5,
            listed: 200,
            images: 50,
            moved: 50,
            unfolded: 20,
        }
    }

    fn last_line(&self, page: &Page<'_>, is_complete: bool) -> String {
        let line =
            LastLine { version: json::VERSION, complete: is_complete, summary: page.summary };
        // Numbers can always be written as JSON.
        let json = serde_json::to_string(&line).unwrap_or_default();
        format!("\n<!-- krender-diff: {json} -->\n")
    }

    fn head(&self, page: &Page<'_>) -> Vec<String> {
        let heading = match &page.outcome {
            Outcome::Same => "No differences".to_owned(),
            Outcome::Partly { failed, targets } => {
                format!("No differences, but {failed} of {targets} targets cannot be rendered")
            }
            Outcome::Unknown => "Nothing could be compared".to_owned(),
            Outcome::Different(counts) => counts.written(code),
        };
        let failing = |Failing { when, failure, targets }: &Failing<'_>| {
            let (targets, failure) = (targets.written(code), code(&failure.to_string()));
            format!("- **Cannot be rendered {when}:** {targets}: {failure}\n")
        };
        let empty = |(fate, name): &(Fate, &str)| {
            let fate = match fate {
                Fate::New => "New, without objects",
                Fate::Gone => "Gone, had no objects",
                Fate::GoneUnseen => "Gone, could not be rendered before",
            };
            format!("- {fate}: {}\n", code(name))
        };
        let mut parts = vec![format!("### {heading}\n")];
        if matches!(page.outcome, Outcome::Same) {
            return parts;
        }
        parts.push("\n".to_owned());
        parts.extend(page.failures.iter().map(failing));
        parts.extend(page.empty.iter().map(empty));
        parts.extend(page.headlines.iter().map(headline));
        let finding = |(_, words): &(TurnedFinding, Words)| format!("- {}\n", words.written(code));
        parts.extend(page.findings.iter().map(finding));
        parts.extend(images(page));
        parts.push("\n".to_owned());
        parts
    }

    /// The targets, which unfold the differences. A single target has only a rule above them.
    fn frame(&self, page: &Page<'_>, section: &Section<'_>) -> [String; 2] {
        let Section { title, listed, fate, is_unfolded, groups } = section;
        let Some(title) = title else {
            let rule = if page.has_overview() { "---\n\n" } else { "" };
            return [rule.to_owned(), "\n\n".to_owned()];
        };
        let is_open = if *is_unfolded { " open" } else { "" };
        let title = title.written(html);
        let fate = fate.map(|fate| format!(" ({})", fate.word())).unwrap_or_default();
        let number = match groups.len() {
            1 => "1 difference".to_owned(),
            number => format!("{number} differences"),
        };
        let listed = listed.as_ref().map(|names| names.written(code) + "\n\n");
        let listed = listed.unwrap_or_default();
        let summary = format!("<summary><b>{title}</b>{fate}: {number}</summary>");
        let open = format!("<details{is_open}>{summary}\n\n{listed}");
        [open, "\n\n</details>\n\n".to_owned()]
    }

    fn title(&self, group: &Group<'_>) -> String {
        let word = match group.mark {
            Mark::Removed => "removed ",
            Mark::Added => "new ",
            Mark::Changed | Mark::Same => "",
        };
        let mut title = format!("- {word}**{}**", code(&group.title));
        if let Some(words) = &group.renamed {
            let _ = write!(title, " ({})", words.written(code));
        }
        for (place, (_, words)) in group.effects.iter().enumerate() {
            let mark = if place == 0 { ":" } else { ";" };
            let _ = write!(title, "{mark} {}", words.written(code));
        }
        title + "\n"
    }

    fn details(&self, group: &Group<'_>) -> String {
        let mut body = String::new();
        for line in &group.lines() {
            push(line, &mut body);
        }
        if body.is_empty() {
            return body;
        }
        let fence = fence(&body, 3);
        // Indented to the item of the list.
        let indented: String = body.lines().map(|line| format!("  {line}\n")).collect();
        format!("\n  {fence}diff\n{indented}  {fence}\n\n")
    }

    fn foot(&self, page: &Page<'_>) -> String {
        let mut moved: String = page
            .moved
            .iter()
            .map(|(name, from)| format!("- {} was {} before\n", code(name), code(from)))
            .collect();
        if page.more_moved > 0 {
            let _ = writeln!(moved, "- and {} more targets moved", page.more_moved);
        }
        // Sections end with an empty line.
        let blank = if page.sections.is_empty() { "\n" } else { "" };
        if !moved.is_empty() {
            moved = format!("{blank}{moved}");
        }
        let Some(Alike { targets, failure }) = &page.alike else { return moved };
        let blank = if moved.is_empty() { blank } else { "\n" };
        let why = failure.map(|failure| format!(": {}", code(&failure.to_string())));
        let targets = targets.written(code);
        format!(
            "{moved}{blank}Not rendered, as before the change: {targets}{}\n",
            why.unwrap_or_default()
        )
    }

    fn incomplete(&self, omitted: Option<&str>) -> String {
        let (before, omitted, all) = match omitted {
            Some(omitted) => ("", format!(": {omitted}"), "them"),
            None => ("\n", String::new(), "it"),
        };
        format!(
            "{before}**This page is incomplete{omitted}.** `krender diff` in a terminal shows all of {all}.\n"
        )
    }
}

fn headline(Important { kind, title, words, targets, .. }: &Important) -> String {
    let word = match kind {
        Kind::Lost => "**REMOVED:**",
        Kind::Replaced => "**REPLACED:**",
        Kind::Granted => "**GRANTS:**",
        Kind::AtRisk => "**DATA AT RISK:**",
        Kind::Exposed => "**EXPOSES:**",
        Kind::Restaged => "**OTHER STAGE:**",
        Kind::Weaker => "**WEAKER:**",
        Kind::Broken => "**BREAKS:**",
        Kind::Unavailable => "**Less available:**",
        Kind::Demand => "**Resources:**",
        Kind::Version => "**Version:**",
        Kind::Recreated => "**Must be recreated:**",
        Kind::Removed => "Removed:",
        Kind::Looser => "**Pod security is LOOSER:**",
        Kind::Tighter => "Pod security is tighter:",
    };
    let (title, words) = (code(title), words.written(code));
    let found = targets.as_ref().map(|targets| format!(" in {}", targets.written(code)));
    format!("- {word} {title}{words}{}\n", found.unwrap_or_default())
}

/// The table of changed images: its head and its rows.
fn images(page: &Page<'_>) -> Vec<String> {
    let Some(first) = page.images.first() else { return Vec::new() };
    let head = match first.targets {
        Some(_) => "\n| image | before | after | objects | targets |\n|---|---|---|---|---|\n",
        None => "\n| image | before | after | objects |\n|---|---|---|---|\n",
    };
    let row = |ImageChange { name, before, after, users, targets }: &ImageChange| {
        let cells = [name, before, after].map(|text| cell(text));
        let users = users.written(cell);
        let targets =
            targets.as_ref().map(|targets: &Words| format!(" {} |", targets.written(cell)));
        format!("| {} | {users} |{}\n", cells.join(" | "), targets.unwrap_or_default())
    };
    let more = (page.more_images > 0).then(|| format!("\nand {} more images\n", page.more_images));
    [head.to_owned()].into_iter().chain(page.images.iter().map(row)).chain(more).collect()
}

/// Writes a line of a diff, with its mark in the first column.
fn push(line: &Line, out: &mut String) {
    let mut write = |mark: Mark, depth: usize, text: &str| {
        let indent = depth.saturating_sub(1) * 2;
        let text = format!("{} {:indent$}{text}", mark.symbol(), "");
        // Writing to a `String` cannot fail.
        let _ = writeln!(out, "{}", text.trim_end());
    };
    match line {
        Line::Parent(path) => write(Mark::Same, 1, path),
        Line::Field { mark, path, depth } => {
            let mark = if *mark == Mark::Changed { Mark::Same } else { *mark };
            write(mark, *depth, &format!("{path}:"));
        }
        Line::Value { mark, text, depth } => write(*mark, *depth, text),
        Line::Note { text, depth } => write(Mark::Same, *depth, text),
        Line::Changed { path, before, after, depth } => {
            write(Mark::Removed, *depth, &format!("{path}: {before}"));
            write(Mark::Added, *depth, &format!("{path}: {after}"));
        }
    }
}

/// Text as inline code. Within code, sites do not link mentions and references.
fn code(text: &str) -> String {
    let text = visible(text);
    if text.is_empty() {
        // Two backticks would start inline code.
        return "` `".to_owned();
    }
    let fence = fence(&text, 1);
    let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// Inline code in a table, where a bar would end the cell.
fn cell(text: &str) -> String {
    if text.is_empty() { String::new() } else { code(text).replace('|', "\\|") }
}

/// More backticks than there are in sequence in a text, and at least `least`.
fn fence(text: &str, least: usize) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(least.max(longest + 1))
}

/// Inline code within HTML, which is not parsed as Markdown, while sites still link mentions and references.
fn html(text: &str) -> String {
    let text = visible(text);
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<code>{text}</code>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{Options, TargetReview};

    /// Maximum length of a comment on GitHub.
    const LONGEST: usize = 65_536;

    #[test]
    fn pages_have_the_length_of_their_place() {
        let object = |value: &str| -> String {
            let one = |place| {
                format!(
                    "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: m{place}}}, data: {{a: 'é{value} {place}'}}}}\n---\n"
                )
            };
            (0..200).map(one).collect()
        };
        let target = crate::diff::tests::target(&object("old"), &object("new"));
        let review =
            Review::of(vec![TargetReview::of(&target, &Options::default())], &Options::default());
        let bytes = Markdown { size: Size { most: 4000, is_in_bytes: true } };
        let page = Page::of(&review, &bytes.limits());
        for page in [write(&review, Place::Characters(4000)), layout::write(&page, &bytes)] {
            assert!(page.len() > 3000 && page.chars().count() <= 4000, "{page}");
            assert!(page.contains("**This page is incomplete") && page.ends_with(" -->\n"));
        }
        assert!(layout::write(&page, &bytes).len() <= 4000);
        let whole = write(&review, Place::GitLab);
        assert!(!whole.contains("incomplete") && whole.contains("\"complete\":true"));
        assert_eq!(whole, write(&review, Place::JobSummary));
    }

    fn page(number: usize) -> String {
        let object = |value: &str| -> String {
            let text = "word ".repeat(20);
            let one = |place| {
                format!(
                    "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: m{place}}}, data: {{a: '{value} {place} {text}'}}}}\n---\n"
                )
            };
            (0..number).map(one).collect()
        };
        let target = crate::diff::tests::target(&object("old"), &object("new"));
        let review =
            Review::of(vec![TargetReview::of(&target, &Options::default())], &Options::default());
        write(&review, Place::GitHub)
    }

    #[test]
    fn the_page_is_never_too_long() {
        let small = page(10);
        assert!(!small.contains("too short"), "{small}");
        assert_eq!(small.matches("+ data.a:").count(), 10);
        assert!(
            small.contains("\n<!-- krender-diff: {\"version\":2,\"complete\":true,"),
            "{small}"
        );
        let large = page(1000);
        assert!(large.chars().count() <= LONGEST && large.contains("by their title only"));
        let last = large.lines().last().unwrap_or_default();
        assert!(
            last.starts_with("<!-- krender-diff: {\"version\":2,\"complete\":false,"),
            "{last}"
        );
        assert_eq!(large.matches("**`ConfigMap m").count(), 1000);
        let huge = page(5000);
        assert!(huge.chars().count() <= LONGEST && huge.contains("are not shown at all"));
    }

    #[test]
    fn many_targets_get_what_room_there_is() {
        let target = |place: usize| {
            let object = |value: &str| {
                format!(
                    "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: m{place}}}, data: {{a: {value}{place}}}}}"
                )
            };
            let mut target = crate::diff::tests::target(&object("old"), &object("new"));
            target.name = format!("a/directory/with/a/long/name/{place}");
            TargetReview::of(&target, &Options::default())
        };
        let page = |number: usize| {
            let targets = (0..number).map(target).collect();
            write(&Review::of(targets, &Options::default()), Place::GitHub)
        };
        assert!(!page(100).contains("too short"));
        let large = page(1000);
        assert!(large.chars().count() <= LONGEST && large.contains("are not shown at all"));
        assert!(large.matches("**`ConfigMap m").count() > 200);
    }

    #[test]
    fn text_from_input_is_code() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a``b`"), "``` a``b` ```");
        assert_eq!(cell("a|b"), "`a\\|b`");
        assert_eq!(code(""), "` `");
        assert_eq!(html("<b>&@a"), "<code>&lt;b&gt;&amp;@a</code>");
    }
}
