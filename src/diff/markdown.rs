//! Reviews as Markdown for a comment on a pull request, within the limit of its length.
//!
//! GitHub accepts 65,536 characters. If a page would be longer, the least important differences are reduced to their
//! titles, and the page says so: nothing is omitted silently.

use std::fmt::Write as _;

use super::group::{Group, Review, Section};
use super::headline::{Failing, Headline, Kind, failing, headlines};
use super::outline::{self, Line};
use super::words::{self, short};
use super::{Status, text};

/// Maximum length of a page in characters, with room for text that others add.
pub const LONGEST: usize = 60_000;

/// Writes a review as Markdown of at most [`LONGEST`] characters.
#[must_use]
pub fn write(review: &Review) -> String {
    let mut page = head(review);
    if !review.is_different() {
        return bounded(page);
    }
    let sections = review.sections();
    let blocks: Vec<Vec<Block>> = sections
        .iter()
        .map(|section| section.groups.iter().map(|group| Block::of(review, group)).collect())
        .collect();
    // The most important differences are written first, until the space is used: all titles if they fit, and then
    // details.
    let length = |text: &str| text.chars().count();
    let has_headlines = page.lines().count() > HEADING_LINES;
    let frames = frames(review, &sections, has_headlines);
    let framing: usize = frames.iter().map(|frame| length(&frame.open) + frame.close.len()).sum();
    let titles: usize = blocks.iter().flatten().map(|block| length(&block.title)).sum();
    let mut left = LONGEST.saturating_sub(length(&page) + FOOTNOTE_LENGTH);
    let has_titles = framing + titles <= left;
    left -= if has_titles { framing + titles } else { 0 };
    let (mut folded, mut missing) = (0, 0);
    for (Frame { open, close }, blocks) in frames.iter().zip(&blocks) {
        let frame = if has_titles { 0 } else { length(open) + close.len() };
        let mut written = String::new();
        for block in blocks {
            let title = if has_titles { 0 } else { length(&block.title) };
            let title = if written.is_empty() { title + frame } else { title };
            if title > left {
                missing += 1;
                continue;
            }
            left -= title;
            written += &block.title;
            if length(&block.body) <= left {
                left -= length(&block.body);
                written += &block.body;
            } else {
                folded += 1;
            }
        }
        if !written.is_empty() {
            page = page + open + written.trim_end() + close;
        }
    }
    page += &footnote(folded, missing);
    bounded(page)
}

/// Number of lines of a heading, with the empty lines below it.
const HEADING_LINES: usize = 3;
/// Maximum number of images in the table.
const MOST_IMAGES: usize = 50;
/// Length of the longest footnote.
const FOOTNOTE_LENGTH: usize = 300;

fn footnote(folded: usize, missing: usize) -> String {
    let mut words = Vec::new();
    words.extend(
        (folded > 0).then(|| format!("{folded} differences are shown by their title only")),
    );
    words.extend((missing > 0).then(|| format!("{missing} differences are not shown at all")));
    if words.is_empty() {
        return String::new();
    }
    let text = words.join(", ");
    format!(
        "**This page is incomplete: {text}.** `krender diff` in a terminal shows all of them.\n"
    )
}

/// Cuts a page whose heading alone is too long (thousands of failures or removed objects), and adds a note.
fn bounded(page: String) -> String {
    if page.chars().count() <= LONGEST {
        return page;
    }
    let mut short = String::new();
    let mut left = LONGEST - FOOTNOTE_LENGTH;
    for line in page.lines() {
        let length = line.chars().count() + 1;
        // The heading is a list, which may end after any line. A `<details>` block is not started.
        if length > left || line.starts_with("<details") {
            break;
        }
        left -= length;
        short = short + line + "\n";
    }
    short + "\n**This page is incomplete.** `krender diff` in a terminal shows all of it.\n"
}

/// Writes the summary, failures and headlines.
fn head(review: &Review) -> String {
    let mut out = String::new();
    let summary = review.summary();
    let heading = match (review.is_different(), summary.failed) {
        (true, _) => text::summary(review).written(code),
        (false, 0) => return "### No differences\n".to_owned(),
        (false, failed) if failed == summary.targets => "Nothing could be compared".to_owned(),
        (false, failed) => {
            format!(
                "No differences, but {failed} of {} targets cannot be rendered",
                summary.targets
            )
        }
    };
    let _ = writeln!(out, "### {heading}\n");
    for Failing { when, failure, targets } in failing(review) {
        let names = words::targets(review, &targets, 20).written(code);
        let failure = code(&failure.to_string());
        let _ = writeln!(out, "- **Cannot be rendered {when}:** {names}: {failure}");
    }
    for target in review.targets.iter().filter(|target| target.objects.is_empty()) {
        let fate = match target.status {
            Status::Added => "New, without objects",
            Status::Removed => "Gone, had no objects",
            Status::Same | Status::Changed | Status::Failed(_) => continue,
        };
        let _ = writeln!(out, "- {fate}: {}", code(&target.name));
    }
    for Headline { kind, title, words, targets } in headlines(review) {
        let (word, mark) = match kind {
            Kind::Lost => ("**REMOVED:**", ", and with it "),
            Kind::Replaced => ("**REPLACED:**", ", and with it "),
            Kind::Recreated => ("**Must be recreated:**", ": "),
            Kind::Removed => ("Removed:", ": "),
            Kind::Looser => ("**Pod security is LOOSER:**", ": "),
            Kind::Tighter => ("Pod security is tighter:", ": "),
        };
        let (title, words) = (code(&title), words.behind(mark).written(code));
        let _ = writeln!(out, "- {word} {title}{words}{}", found_in(review, &targets));
    }
    write_images(review, &mut out);
    out.push('\n');
    out
}

/// The table of changed images.
fn write_images(review: &Review, out: &mut String) {
    let images = review.images();
    if images.is_empty() {
        return;
    }
    let has_targets = review.targets.len() > 1;
    out.push_str(match has_targets {
        true => "\n| image | before | after | targets |\n|---|---|---|---|\n",
        false => "\n| image | before | after |\n|---|---|---|\n",
    });
    for (image, targets) in images.iter().take(MOST_IMAGES) {
        let cells = [&image.name, &image.before, &image.after].map(|text| cell(&short(text)));
        let _ = write!(out, "| {} |", cells.join(" | "));
        if has_targets {
            let targets = words::briefly(review, targets).written(cell);
            let _ = write!(out, " {targets} |");
        }
        out.push('\n');
    }
    if let Some(more) = images.len().checked_sub(MOST_IMAGES).filter(|more| *more > 0) {
        let _ = writeln!(out, "\nand {more} more images");
    }
}

fn found_in(review: &Review, targets: &[usize]) -> String {
    if review.targets.len() == 1 {
        return String::new();
    }
    format!(" in {}", words::briefly(review, targets).written(code))
}

/// Text around the differences of a section.
struct Frame {
    open: String,
    close: &'static str,
}

/// The sections with their targets; the most important ones are unfolded. A single target needs no section.
fn frames(review: &Review, sections: &[Section<'_>], has_headlines: bool) -> Vec<Frame> {
    /// Number of differences to unfold; the section that reaches it is complete.
    const UNFOLDED: usize = 20;
    /// Maximum number of targets in a title; more are listed below it.
    const NAMED: usize = 5;
    /// Maximum number of listed targets.
    const LISTED: usize = 200;
    let mut shown = 0;
    let frame = |section: &Section<'_>| {
        if review.targets.len() == 1 {
            let rule = if has_headlines { "---\n\n" } else { "" };
            return Frame { open: rule.to_owned(), close: "\n\n" };
        }
        let places = &section.targets;
        let is_long = places.len() > NAMED;
        let (place, top) = words::place(review, places);
        let names = if is_long { place } else { words::targets(review, places, NAMED) };
        let names = names.written(html);
        let number = match section.groups.len() {
            1 => "1 difference".to_owned(),
            number => format!("{number} differences"),
        };
        let is_open = if shown < UNFOLDED { " open" } else { "" };
        shown += section.groups.len();
        let fate = text::fate(review, section);
        let mut open =
            format!("<details{is_open}><summary><b>{names}</b>{fate}: {number}</summary>\n\n");
        if is_long {
            let listed = words::names_below(review, places, top, LISTED).written(code);
            let _ = writeln!(open, "{listed}\n");
        }
        Frame { open, close: "\n\n</details>\n\n" }
    };
    sections.iter().map(frame).collect()
}

/// A difference: its title and details.
struct Block {
    title: String,
    body: String,
}

impl Block {
    fn of(review: &Review, group: &Group) -> Self {
        let object = review.object(group);
        let word = match &object.ids {
            [Some(_), Some(_)] => "",
            [Some(_), None] => "removed ",
            [None, _] => "new ",
        };
        let mut title = format!("- {word}**{}**", code(&review.title(group)));
        if let Some(words) = words::renaming(object) {
            let _ = write!(title, " ({})", words.written(code));
        }
        for (place, (_, words)) in words::effects(object).into_iter().enumerate() {
            let mark = if place == 0 { ":" } else { ";" };
            let _ = write!(title, "{mark} {}", words.written(code));
        }
        title.push('\n');
        let lines = outline::lines(object);
        let mut body = String::new();
        for line in &lines {
            push(line, &mut body);
        }
        if !body.is_empty() {
            let fence = fence(&body, 3);
            // Indented to the item of the list.
            let indented: String = body.lines().map(|line| format!("  {line}\n")).collect();
            body = format!("\n  {fence}diff\n{indented}  {fence}\n\n");
        }
        Self { title, body }
    }
}

/// Writes a line of a diff, with its mark in the first column.
fn push(line: &Line, out: &mut String) {
    let mut write = |mark: char, depth: usize, text: &str| {
        let indent = depth.saturating_sub(1) * 2;
        let text = format!("{mark} {:indent$}{text}", "");
        // Writing to a `String` cannot fail.
        let _ = writeln!(out, "{}", text.trim_end());
    };
    match line {
        Line::Parent(path) => write(' ', 1, path),
        Line::Field { mark, path, depth } => {
            write(if *mark == '~' { ' ' } else { *mark }, *depth, &format!("{path}:"));
        }
        Line::Value { mark, text, depth } => write(*mark, *depth, text),
        Line::Note { text, depth } => write(' ', *depth, text),
        Line::Changed { path, before, after, depth } => {
            write('-', *depth, &format!("{path}: {before}"));
            write('+', *depth, &format!("{path}: {after}"));
        }
    }
}

/// Text as inline code. Within code, sites do not link mentions and references.
fn code(text: &str) -> String {
    let text = outline::visible(text);
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
    let text = outline::visible(text);
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<code>{text}</code>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{Options, TargetReview};

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
        write(&Review::of(vec![TargetReview::of(&target, &Options::default())]))
    }

    #[test]
    fn the_page_is_never_too_long() {
        let small = page(10);
        assert!(!small.contains("too short"), "{small}");
        assert_eq!(small.matches("+ data.a:").count(), 10);
        let large = page(1000);
        assert!(large.chars().count() <= LONGEST && large.contains("by their title only"));
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
        let page = |number: usize| write(&Review::of((0..number).map(target).collect()));
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
