//! A summary as text.

use std::fmt::Write;

use super::sheet::{Sheet, Table};
use crate::text::escape::{for_log, visible};
use crate::text::phrase::counted;

/// Writes the tables. Linear in their size.
pub(super) fn text(sheet: &Sheet) -> String {
    let mut out = String::new();
    for table in sheet.tables.iter().filter(|table| !table.is_of_page && !table.rows.is_empty()) {
        if !out.is_empty() {
            out.push('\n');
        }
        if !table.title.is_empty() {
            let _ = writeln!(out, "{}", table.title);
        }
        write(&mut out, table);
    }
    let figures = sheet.figures.iter().map(|(number, words)| format!("{number} {words}"));
    let figures: Vec<String> = figures.collect();
    if !figures.is_empty() {
        let gap = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{gap}{}", figures.join(", "));
    }
    for note in &sheet.notes {
        let _ = writeln!(out, "{note}");
    }
    if !sheet.failed.is_empty() {
        let _ = writeln!(out, "{} could not be rendered", counted(sheet.failed.len(), "target"));
    }
    for_log(&out).into_owned()
}

/// Writes a table with aligned columns.
fn write(out: &mut String, table: &Table) {
    let cells: Vec<Vec<_>> =
        table.rows.iter().map(|row| row.iter().map(|cell| visible(cell)).collect()).collect();
    let widths: Vec<usize> = table
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let widths =
                cells.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
            widths.chain([column.title.len()]).max().unwrap_or_default()
        })
        .collect();
    let mut line = |texts: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for ((cell, column), width) in texts.zip(&table.columns).zip(&widths) {
            let gap = if text.is_empty() { "" } else { "  " };
            let pad = " ".repeat(width.saturating_sub(cell.chars().count()));
            let _ = match column.is_number {
                true => write!(text, "{gap}{pad}{cell}"),
                false => write!(text, "{gap}{cell}{pad}"),
            };
        }
        let _ = writeln!(out, "{}", text.trim_end());
    };
    let titles: Vec<String> =
        table.columns.iter().map(|column| column.title.to_uppercase()).collect();
    line(&mut titles.iter().map(String::as_str));
    for row in &cells {
        line(&mut row.iter().map(|cell| &**cell));
    }
}
