//! A summary as CSV: RFC 4180, with the line breaks of other formats.

use super::sheet::Sheet;
use crate::text::escape::{for_log, visible};

/// Writes the first table, with a line of titles.
pub(super) fn csv(sheet: &Sheet) -> String {
    let Some(table) = sheet.tables.first() else { return String::new() };
    let titles = table.columns.iter().map(|column| cell(column.title));
    let mut out = titles.collect::<Vec<_>>().join(",") + "\n";
    for row in &table.rows {
        out += &row.iter().map(|text| cell(text)).collect::<Vec<_>>().join(",");
        out += "\n";
    }
    for_log(&out).into_owned()
}

/// A value. A spreadsheet would run a value that begins like a formula: an apostrophe before it makes it text.
fn cell(text: &str) -> String {
    let text = visible(text);
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t']);
    let text = if is_formula { format!("'{text}") } else { text.into_owned() };
    if text.contains([',', '"', '\'']) || text.trim() != text {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn values_are_quoted_and_run_nowhere() {
        assert_eq!(cell("a"), "a");
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(cell("=1+2"), "\"'=1+2\"");
        assert_eq!(cell("a\nb"), "a\\nb");
    }
}
