//! A summary as one HTML page. It runs nothing: its plots are drawings in the page. Widths are attributes of the drawings,
//! since the policy allows no other style.

use std::fmt::Write;

use super::super::embedded::{Frame, markup};
use super::sheet::{Chart, Form, HeatRow, Meter, Range, Sheet, Table, Tone};
use crate::text::phrase::counted;

const FRAME: Frame = Frame {
    template: include_str!("page/page.html"),
    style: include_str!("page/page.css"),
    script: "",
};

/// The maximum number of rows of a chart; if there are more, the largest are shown, the largest first.
const MOST_ROWS: usize = 40;

/// Writes the page. Linear in the size of the tables.
pub(super) fn html(sheet: &Sheet) -> String {
    let mut body = String::new();
    figures(&mut body, sheet);
    for one in &sheet.charts {
        chart(&mut body, one);
    }
    for one in sheet.tables.iter().filter(|table| !table.rows.is_empty() && !table.is_drawn) {
        table(&mut body, one);
    }
    for note in &sheet.notes {
        let _ = writeln!(body, "<p class=\"note\">{}</p>", markup(note));
    }
    failed(&mut body, sheet);
    FRAME.filled(&[("TITLE", &markup(sheet.title)), ("BODY", &body)])
}

fn figures(out: &mut String, sheet: &Sheet) {
    out.push_str("<ul class=\"figures\">\n");
    for (number, words) in &sheet.figures {
        let (number, words) = (markup(number), markup(words));
        let _ = writeln!(out, "<li><b>{number}</b> <span>{words}</span></li>");
    }
    out.push_str("</ul>\n");
}

fn chart(out: &mut String, chart: &Chart) {
    let mut body = String::new();
    let left_out = match &chart.form {
        Form::Parts { series, rows } => parts(&mut body, series, rows),
        Form::Ranges(rows) => ranges(&mut body, rows),
        Form::Meters(rows) => meters(&mut body, rows),
        Form::Heat { words, columns, rows } => heat(&mut body, words, columns, rows),
    };
    if body.is_empty() {
        return;
    }
    let _ = writeln!(out, "<section>\n<h2>{}</h2>", markup(&chart.title));
    out.push_str(&body);
    if left_out > 0 {
        let words = format!("{} with less are not drawn", counted(left_out, "row"));
        let _ = writeln!(out, "<p class=\"note\">{words}</p>");
    }
    out.push_str("</section>\n");
}

/// The rows of a chart, or the largest ones if there are many, and the number of the others.
fn largest<T>(rows: &[T], size: impl Fn(&T) -> f64) -> (Vec<&T>, usize) {
    let mut places: Vec<usize> =
        (0..rows.len()).filter(|place| size(&rows[*place]) > 0.0).collect();
    let left_out = places.len().saturating_sub(MOST_ROWS);
    if left_out > 0 {
        places.sort_by(|one, other| size(&rows[*other]).total_cmp(&size(&rows[*one])));
        places.truncate(MOST_ROWS);
    }
    (places.iter().map(|place| &rows[*place]).collect(), left_out)
}

/// A row: a label, a drawing with this content, and words.
fn row(out: &mut String, label: &str, drawing: &str, words: &str) {
    let (label, words) = (markup(label), markup(words));
    let _ = writeln!(
        out,
        "<li><span class=\"label\">{label}</span><svg class=\"bar\" width=\"100%\" height=\"14\" role=\"img\" \
         aria-label=\"{words}\"><rect class=\"back\" width=\"100%\" height=\"14\" rx=\"3\"/>{drawing}</svg><span \
         class=\"value\">{words}</span></li>"
    );
}

/// A rectangle between two shares of the width, which are from 0 to 1; none if the second is not larger.
fn rectangle(out: &mut String, class: &str, start: f64, end: f64) {
    if end <= start {
        return;
    }
    let (x, width) = (start * 100.0, (end - start) * 100.0);
    let _ =
        write!(out, "<rect class=\"{class}\" x=\"{x:.3}%\" width=\"{width:.3}%\" height=\"14\"/>");
}

#[expect(clippy::cast_precision_loss, reason = "a drawing has fewer digits")]
fn parts(out: &mut String, series: &[(&str, Tone)], rows: &[(String, Vec<u64>)]) -> usize {
    let sum = |counts: &[u64]| counts.iter().sum::<u64>() as f64;
    let most = rows.iter().map(|(_, counts)| sum(counts)).fold(0.0, f64::max);
    let (shown, left_out) = largest(rows, |(_, counts)| sum(counts));
    if shown.is_empty() {
        return 0;
    }
    out.push_str("<p class=\"legend\">");
    for (name, tone) in series {
        let _ = write!(out, "<span class=\"key {}\">{}</span> ", tone.class(), markup(name));
    }
    out.push_str("</p>\n<ul class=\"bars\">\n");
    for (label, counts) in shown {
        let (mut drawing, mut start) = (String::new(), 0.0);
        let mut told = Vec::new();
        for (count, (name, tone)) in counts.iter().zip(series) {
            let end = start + *count as f64 / most;
            if *count > 0 {
                rectangle(&mut drawing, tone.class(), start, end);
                told.push(format!("{count} {name}"));
            }
            start = end;
        }
        row(out, label, &drawing, &told.join(", "));
    }
    out.push_str("</ul>\n");
    left_out
}

fn ranges(out: &mut String, rows: &[Range]) -> usize {
    let most = rows.iter().map(|row| row.most).fold(0.0, f64::max);
    let (shown, left_out) = largest(rows, |row| row.most);
    if shown.is_empty() {
        return 0;
    }
    if rows.iter().any(|row| row.most > row.least) {
        out.push_str("<p class=\"legend\"><span class=\"key even\">least</span> <span class=\"key more\">with all replicas of autoscalers</span></p>\n");
    }
    out.push_str("<ul class=\"bars\">\n");
    for Range { label, least, most: end, words } in shown {
        let mut drawing = String::new();
        rectangle(&mut drawing, "even", 0.0, least / most);
        if end > least {
            rectangle(&mut drawing, "more", least / most, end / most);
        }
        row(out, label, &drawing, words);
    }
    out.push_str("</ul>\n");
    left_out
}

fn meters(out: &mut String, rows: &[Meter]) -> usize {
    let share = |row: &Meter| if row.hard > 0.0 { row.most / row.hard } else { row.most };
    let (shown, left_out) = largest(rows, |row| share(row).max(f64::MIN_POSITIVE));
    if shown.is_empty() {
        return 0;
    }
    out.push_str("<ul class=\"bars\">\n");
    for meter in shown {
        let Meter { label, least, most, hard, words } = meter;
        let exceeds = most > hard;
        // The bar ends at the limit, or at the use that exceeds it.
        let whole = hard.max(*most).max(f64::MIN_POSITIVE);
        let mut drawing = String::new();
        rectangle(&mut drawing, "even", 0.0, least.min(*hard) / whole);
        rectangle(&mut drawing, "more", least.min(*hard) / whole, most.min(*hard) / whole);
        rectangle(&mut drawing, "bad", hard / whole, most / whole);
        let x = hard / whole * 100.0;
        let _ = write!(
            drawing,
            "<line class=\"limit\" x1=\"{x:.3}%\" x2=\"{x:.3}%\" y1=\"0\" y2=\"14\"/>"
        );
        let words = if exceeds { format!("{words}, exceeded") } else { words.clone() };
        row(out, label, &drawing, &words);
    }
    out.push_str("</ul>\n");
    left_out
}

fn heat(out: &mut String, words: &[&str], columns: &[&str], rows: &[HeatRow]) -> usize {
    if rows.is_empty() {
        return 0;
    }
    out.push_str("<div class=\"scroll\" tabindex=\"0\"><table class=\"heat\">\n<thead><tr>");
    for column in words {
        let _ = write!(out, "<th scope=\"col\">{}</th>", markup(column));
    }
    for column in columns {
        let _ = write!(out, "<th scope=\"col\" class=\"cell\">{}</th>", markup(column));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for (words, cells) in rows {
        out.push_str("<tr>");
        for word in words {
            let _ = write!(out, "<td>{}</td>", markup(word));
        }
        for [errors, warnings, notes] in cells {
            let class = match (errors, warnings, notes) {
                (0, 0, 0) => "none",
                (0, 0, _) => "notes",
                (0, ..) => "warnings",
                (1..=9, ..) => "errors",
                _ => "many",
            };
            let text = match class {
                "none" => String::new(),
                _ => format!("{errors}/{warnings}/{notes}"),
            };
            let _ = write!(out, "<td class=\"cell {class}\">{text}</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table></div>\n");
    0
}

fn table(out: &mut String, table: &Table) {
    out.push_str("<section>\n");
    if !table.title.is_empty() {
        let _ = writeln!(out, "<h2>{}</h2>", markup(&table.title));
    }
    out.push_str("<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>");
    let class = |is_number| if is_number { " class=\"number\"" } else { "" };
    for column in &table.columns {
        let class = class(column.is_number);
        let _ = write!(out, "<th scope=\"col\"{class}>{}</th>", markup(column.title));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (cell, column) in row.iter().zip(&table.columns) {
            // The bars of text are drawn in charts.
            let cell = cell.trim_start_matches(['█', '▒', '·']).trim_start();
            let _ = write!(out, "<td{}>{}</td>", class(column.is_number), markup(cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table></div>\n</section>\n");
}

fn failed(out: &mut String, sheet: &Sheet) {
    if sheet.failed.is_empty() {
        return;
    }
    let title = format!("{} could not be rendered", counted(sheet.failed.len(), "target"));
    let _ = writeln!(out, "<section>\n<h2>{title}</h2>\n<ul class=\"failed\">");
    for target in &sheet.failed {
        let _ = writeln!(out, "<li>{}</li>", markup(target));
    }
    out.push_str("</ul>\n</section>\n");
}
