//! Pages as text of a limited length.
//!
//! If a page would be longer, the least important differences are reduced to their titles, and the page says so:
//! nothing is omitted silently.

use super::page::{Group, Limits, Page, Section, Size};

/// A format of pages: writes each part. Line breaks at the end of a part belong to it.
pub(super) trait Format {
    /// The limits of a page.
    fn limits(&self) -> Limits;

    /// The parts before the sections. If they alone are too long, the last ones are omitted.
    fn head(&self, page: &Page<'_>) -> Vec<String>;

    /// The begin and the end of a section.
    fn frame(&self, page: &Page<'_>, section: &Section<'_>) -> [String; 2];

    /// The title of a difference, with its effects.
    fn title(&self, group: &Group<'_>) -> String;

    /// The changed fields of a difference.
    fn details(&self, group: &Group<'_>) -> String;

    /// The part after the sections.
    fn foot(&self, page: &Page<'_>) -> String;

    /// A note that a page is incomplete, because these differences are not shown; `None` for an unknown number.
    fn incomplete(&self, omitted: Option<&str>) -> String;

    /// The last line, also of an incomplete page.
    fn last_line(&self, page: &Page<'_>, is_complete: bool) -> String;
}

/// Maximum length of [`Format::incomplete`], and of [`Format::last_line`].
const NOTE: usize = 400;

/// Writes a page. Its most important differences are written first, until the space is used: all titles if they fit,
/// and then details.
pub(super) fn write<F: Format>(page: &Page<'_>, format: &F) -> String {
    write_within(page, format, format.limits().size)
}

/// As [`write()`], with another maximum length.
pub(super) fn write_within<F: Format>(page: &Page<'_>, format: &F, size: Size) -> String {
    let head = format.head(page);
    let foot = format.foot(page);
    let [complete, incomplete] =
        [true, false].map(|is_complete| format.last_line(page, is_complete));
    let around = size.of(&foot) + size.of(&complete).max(size.of(&incomplete));
    let used = head.iter().map(|part| size.of(part)).sum::<usize>() + around;
    let mut sections = Sections { text: String::new(), folded: 0, missing: 0, size };
    sections.write(page, format, size.most.saturating_sub(used + NOTE));
    let text = head.concat() + &sections.text + &foot;
    let text = match sections.omitted() {
        Some(omitted) => text + &format.incomplete(Some(&omitted)) + &incomplete,
        None => text + &complete,
    };
    if size.of(&text) <= size.most { text } else { cut(&head, format, size) + &incomplete }
}

/// The first parts of a head that alone is too long (thousands of failures or removed objects), and a note.
fn cut<F: Format>(head: &[String], format: &F, size: Size) -> String {
    let mut left = size.most.saturating_sub(2 * NOTE);
    let fits = |part: &&String| match left.checked_sub(size.of(part)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    head.iter().take_while(fits).map(String::as_str).collect::<String>() + &format.incomplete(None)
}

/// The sections as far as there is space.
struct Sections {
    text: String,
    /// Number of differences without their details.
    folded: usize,
    /// Number of differences that are not written at all.
    missing: usize,
    size: Size,
}

impl Sections {
    fn write<F: Format>(&mut self, page: &Page<'_>, format: &F, mut left: usize) {
        let size = self.size;
        let length = |text: &str| size.of(text);
        let frames: Vec<[String; 2]> =
            page.sections.iter().map(|section| format.frame(page, section)).collect();
        let titles: Vec<Vec<String>> = page
            .sections
            .iter()
            .map(|section| section.groups.iter().map(|group| format.title(group)).collect())
            .collect();
        let all = frames.iter().flatten().chain(titles.iter().flatten());
        let all: usize = all.map(|text| length(text)).sum();
        let has_titles = all <= left;
        left -= if has_titles { all } else { 0 };
        for ((section, frame), titles) in page.sections.iter().zip(&frames).zip(&titles) {
            let framing = if has_titles { 0 } else { frame.iter().map(|text| length(text)).sum() };
            let mut written = String::new();
            for (group, title) in section.groups.iter().zip(titles) {
                let mut needed = if has_titles { 0 } else { length(title) };
                needed += if written.is_empty() { framing } else { 0 };
                if needed > left {
                    self.missing += 1;
                    continue;
                }
                left -= needed;
                written += title;
                let details = format.details(group);
                if length(&details) <= left {
                    left -= length(&details);
                    written += &details;
                } else {
                    self.folded += 1;
                }
            }
            if !written.is_empty() {
                let [open, close] = frame;
                self.text.extend([open, written.trim_end_matches('\n'), close]);
            }
        }
    }

    /// The number of differences that are not shown in full, if there are any.
    fn omitted(&self) -> Option<String> {
        let Self { folded, missing, .. } = self;
        let counts = [(folded, "are shown by their title only"), (missing, "are not shown at all")];
        let counts = counts.into_iter().filter(|(number, _)| **number > 0);
        let counts: Vec<String> =
            counts.map(|(number, how)| format!("{number} differences {how}")).collect();
        (!counts.is_empty()).then(|| counts.join(", "))
    }
}
