//! A review as one HTML page: what matters, the tree of targets, and all differences with filters.
//!
//! Data is compact: a text and a set of targets are written once, and a difference refers to them. The script sets all text
//! as text. Without a script, the page has the review as text of a limited length.

mod data;

use super::page::{Outcome, Page};
use super::text;
use super::words::{Words, visible};
use crate::diff::Review;
use crate::report::embedded::{Frame, escaped, json, markup};
use crate::text::phrase::counted;
use data::Data;

const FRAME: Frame = Frame {
    template: include_str!("page.html"),
    style: include_str!("page.css"),
    script: include_str!("page.js"),
};

/// Writes a review as a page. Takes linear time.
#[must_use]
pub fn write(review: &Review) -> String {
    let page = Page::of(review, &text::SHORT);
    let data = Data::of(review, &page);
    let title = match &review.targets[..] {
        [only] if only.name != "." => visible(&only.name),
        targets => counted(targets.len(), "target"),
    };
    let counts = counts(&page.outcome).to_string();
    let contents = [
        ("TITLE", &*markup(&title)),
        // The title has the name of a single target.
        ("COUNTS", &escaped(counts.strip_prefix(&format!("{title}: ")).unwrap_or(&counts))),
        ("TEXT", &escaped(&text::short(&page))),
        ("DATA", &json(&data)),
    ];
    FRAME.filled(&contents)
}

/// The result in a line.
fn counts(outcome: &Outcome) -> Words {
    match outcome {
        Outcome::Same => Words::new("No differences"),
        Outcome::Partly { failed, targets } => Words::new(format!(
            "No differences, but {failed} of {targets} targets cannot be rendered"
        )),
        Outcome::Unknown => Words::new("Nothing could be compared"),
        Outcome::Different(counts) => counts.clone(),
    }
}
