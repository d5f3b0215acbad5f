//! A summary, and its formats.

use serde_json::{Value, json};

use super::sheet::Sheet;
use super::{csv, page, text};
use crate::error::Error;
use crate::text::escape;

/// A target, and the part of a summary that it contributes.
#[derive(Debug)]
pub struct Summarized<T> {
    /// Name of the target, as given.
    pub target: String,
    /// The part, or the error if it could not be rendered.
    pub outcome: Result<T, Error>,
}

/// A summary, which each format writes.
#[derive(Debug)]
pub struct Summary {
    sheet: Sheet,
    json: Value,
}

impl Summary {
    /// A summary, with the targets that could not be rendered.
    pub(super) fn new<T>(mut sheet: Sheet, json: Value, targets: &[Summarized<T>]) -> Self {
        let failed = targets.iter().filter(|one| one.outcome.is_err());
        sheet.failed = failed.map(|one| one.target.clone()).collect();
        Self { sheet, json }
    }

    /// The summary as text.
    #[must_use]
    pub fn text(&self) -> String {
        text::text(&self.sheet)
    }

    /// Its main table as CSV (RFC 4180), with a line of titles.
    #[must_use]
    pub fn csv(&self) -> String {
        csv::csv(&self.sheet)
    }

    /// The summary as one JSON document, with a line break at its end. `docs/reports.md` describes it.
    #[must_use]
    pub fn json(&self) -> String {
        let document = json!({
            "version": 1,
            "krender": env!("CARGO_PKG_VERSION"),
            "report": self.sheet.name,
            "targets": self.json,
            "failed": self.sheet.failed,
        });
        let text = serde_json::to_string_pretty(&document).unwrap_or_default();
        escape::json_text(&text) + "\n"
    }

    /// The summary as one HTML page with plots, which needs no other file, loads nothing and runs nothing.
    #[must_use]
    pub fn html(&self) -> String {
        page::html(&self.sheet)
    }
}

/// The targets that could be rendered.
pub(super) fn rendered<T>(targets: &[Summarized<T>]) -> impl Iterator<Item = (&str, &T)> {
    targets.iter().filter_map(|one| Some((&*one.target, one.outcome.as_ref().ok()?)))
}
