//! Output of failures: with source frames for people, or as JSON lines for programs.

use std::{
    borrow::Cow,
    ffi::OsString,
    io::{ErrorKind, Write as _},
    slice,
};

use annotate_snippets::{Group, Level, Renderer};
use serde::Serialize;

use crate::{
    error::{Code, Error, Note, Result},
    harden::Severity,
    resource::secret::Shield,
    source::{Sources, Span},
    text::escape::{for_log, json_line, visible},
};

use super::frame::{frames, with_columns};

/// Output format of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    Human,
    Json,
}

impl Format {
    /// The format that arguments ask for, if they could not be parsed as a whole.
    pub(super) fn asked_for(arguments: &[OsString]) -> Self {
        let asked =
            arguments.windows(2).any(|pair| pair[0] == "--error-format" && pair[1] == "json")
                || arguments.iter().any(|argument| argument == "--error-format=json");
        if asked { Self::Json } else { Self::Human }
    }
}

/// Maximum number of failures that are drawn: looking up each in its text takes time.
const MOST: usize = 100;
/// Maximum number of failures that are written as JSON.
const MOST_LINES: usize = 10_000;

/// Writes an error, and those joined with it, to standard error.
pub(super) fn errors(error: &Error, sources: &Sources, format: Format) {
    errors_behind(&Shield::default(), error, sources, format);
}

/// Writes errors like [`errors()`], with a shield that several of them share.
pub(super) fn errors_behind(shield: &Shield, error: &Error, sources: &Sources, format: Format) {
    let error = &*shield.redacted(error, sources);
    let text = match format {
        Format::Human => for_log(&draw(error, sources, shield, &Renderer::styled())).into_owned(),
        Format::Json => error.iter().take(MOST_LINES).map(|error| json(error, sources)).collect(),
    };
    // An error of this write cannot be reported.
    drop(anstream::stderr().write_all(text.as_bytes()));
    let most = if format == Format::Json { MOST_LINES } else { MOST };
    let more = error.iter().count().saturating_sub(most);
    if more > 0 {
        warning(&format!("{more} more failures are not shown"), Span::NONE, sources, format);
    }
}

/// Writes a message that is not a failure to standard error, as text or JSON.
pub(super) fn warning(text: &str, span: Span, sources: &Sources, format: Format) {
    warning_of(text, span, &[], sources, format);
}

/// Writes a warning about these targets to standard error. The JSON contains their names.
pub(super) fn warning_of(
    text: &str,
    span: Span,
    targets: &[String],
    sources: &Sources,
    format: Format,
) {
    let line = match format {
        Format::Human => for_log(&visible(text)).into_owned() + "\n",
        Format::Json => {
            let place = Place::of(span, "", sources);
            json_line(&Line {
                severity: "warning",
                code: None,
                message: text,
                place,
                notes: Vec::new(),
                steps: &[],
                help: &[],
                targets,
            })
        }
    };
    drop(anstream::stderr().write_all(line.as_bytes()));
}

/// Writes the summary of many failures to standard error, apart from them.
pub(super) fn closing(text: &str, sources: &Sources, format: Format) {
    if format == Format::Human {
        plain("\n");
    }
    warning(text, Span::NONE, sources, format);
}

/// Writes complete lines to standard error.
pub(super) fn plain(text: &str) {
    drop(anstream::stderr().write_all(for_log(text).as_bytes()));
}

/// A frame for each failure, with an empty line between them.
fn draw(error: &Error, sources: &Sources, shield: &Shield, renderer: &Renderer) -> String {
    let frames: Vec<String> =
        error.iter().take(MOST).map(|error| draw_one(error, sources, shield, renderer)).collect();
    frames.join("\n")
}

/// A finding of a rule, drawn like a failure.
pub(super) fn finding(
    severity: Severity,
    error: &Error,
    sources: &Sources,
    shield: &Shield,
) -> String {
    let error = &*shield.redacted(error, sources);
    let id = error.rule_name().unwrap_or_default();
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    draw_under(level, id, error, (sources, shield), &Renderer::styled())
}

/// Writes drawn text to standard output, without colours if they are not supported, and without workflow commands for a
/// CI log.
pub(super) fn print(text: &str) -> Result<()> {
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(for_log(text).as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::new(
            Code::WriteFailed,
            format!("standard output could not be written: {error}"),
        )),
        _ => Ok(()),
    }
}

/// Page width if the output is not a terminal.
const WIDTH: usize = 100;

/// The page width: `COLUMNS`, else that of the terminal, else a default.
#[expect(clippy::disallowed_methods, reason = "the environment is read here and handed on")]
pub(super) fn width() -> usize {
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    asked.or_else(terminal).unwrap_or(WIDTH)
}

/// Drawn text without its colours, for files.
pub(super) fn without_colours(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn draw_one(error: &Error, sources: &Sources, shield: &Shield, renderer: &Renderer) -> String {
    let id = error.rule_name().unwrap_or(error.code().as_str());
    draw_under(Level::ERROR, id, error, (sources, shield), renderer)
}

fn draw_under(
    level: Level<'_>,
    id: &str,
    error: &Error,
    (sources, shield): (&Sources, &Shield),
    renderer: &Renderer,
) -> String {
    let title = level.primary_title(visible(error.message())).id(id);
    let mut columns = Vec::new();
    let mut elements = frames(error, sources, shield, &mut columns);
    let elsewhere = error.notes().iter().filter(|note| note.span.is_none());
    elements.extend(elsewhere.map(|note| Level::NOTE.message(visible(&note.label)).into()));
    elements.extend(
        error.steps().iter().map(|step| Level::NOTE.no_name().message(visible(step)).into()),
    );
    let is_bare = elements.is_empty();
    let mut groups = vec![Group::with_title(title).elements(elements)];
    groups.extend(
        error
            .helps()
            .iter()
            .map(|help| Group::with_title(Level::HELP.secondary_title(visible(help)))),
    );
    if is_bare {
        // Rendered together, the groups would have the gutter of a frame between them.
        groups.iter().map(|group| renderer.render(slice::from_ref(group)) + "\n").collect()
    } else {
        with_columns(renderer.render(&groups), &columns) + "\n"
    }
}

/// A failure as a line of JSON.
fn json(error: &Error, sources: &Sources) -> String {
    let notes = error.notes().iter().map(|Note { span, label }| Place::of(*span, label, sources));
    let message = match error.rule_name() {
        Some(rule) => Cow::Owned(format!("{rule}: {}", error.message())),
        None => Cow::Borrowed(error.message()),
    };
    let line = Line {
        severity: "error",
        code: Some(error.code().as_str()),
        message: &message,
        place: Place::of(error.span(), error.label_text(), sources),
        notes: notes.collect(),
        steps: error.steps(),
        help: error.helps(),
        targets: error.targets(),
    };
    json_line(&line)
}

/// A line of JSON, with its members in order. A member without a value is null, `""` or `[]`, never absent.
#[derive(Serialize)]
struct Line<'a> {
    severity: &'a str,
    code: Option<&'a str>,
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
    notes: Vec<Place<'a>>,
    steps: &'a [String],
    help: &'a [String],
    /// Targets that are not built because of it.
    targets: &'a [String],
}

/// A range in a text. Lines and columns count from 1, columns in characters; the end is exclusive.
#[derive(Serialize)]
struct Place<'a> {
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    end: Option<End>,
    label: &'a str,
}

#[derive(Serialize)]
struct End {
    line: usize,
    column: usize,
}

impl<'a> Place<'a> {
    fn of(span: Span, label: &'a str, sources: &Sources) -> Self {
        let start = sources.locate(span);
        Self {
            file: start.as_ref().map(|place| place.source.name().to_owned()),
            line: start.as_ref().map(|place| place.line),
            column: start.as_ref().map(|place| place.column),
            end: start.as_ref().map(|place| {
                let (line, column) = place.source.line_and_column(place.range.end);
                End { line, column }
            }),
            label,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(error: &Error, sources: &Sources) -> String {
        draw(error, sources, &Shield::default(), &Renderer::plain())
    }

    #[test]
    fn a_frame_has_place_note_step_and_help() {
        let sources = Sources::new();
        let base = sources.add("base/a.yaml", "kind: A\n").unwrap();
        let file = sources.add("kustomization.yaml", "resources:\n- base\n- bsae\n").unwrap();
        let error = Error::new(Code::FileNotFound, "`bsae` does not exist")
            .at(file.span(20, 24))
            .label("nothing of this name")
            .note(file.span(13, 17), "this is there")
            .note(base.span(0, 7), "so is this")
            .step("while reading `resources`")
            .step("while building `.`")
            .help("did you mean `base`?");
        let expected = "\
error[file-not-found]: `bsae` does not exist
 --> kustomization.yaml:3:3
  |
2 | - base
  |   ---- this is there
3 | - bsae
  |   ^^^^ nothing of this name
  |
 ::: base/a.yaml:1:1
  |
1 | kind: A
  | ------- so is this
  |
  = while reading `resources`
  = while building `.`
help: did you mean `base`?
";
        assert_eq!(drawn(&error, &sources), expected);
    }

    #[test]
    fn without_a_place_there_is_no_gutter() {
        let error = Error::new(Code::InvalidArgument, "m").help("h").help("i");
        assert_eq!(
            drawn(&error, &Sources::new()),
            "error[invalid-argument]: m\nhelp: h\nhelp: i\n"
        );
        let error = error.step("while s");
        let expected = "error[invalid-argument]: m\n |\n = while s\nhelp: h\nhelp: i\n";
        assert_eq!(drawn(&error, &Sources::new()), expected);
    }

    #[test]
    fn several_failures_follow_each_other() {
        let errors = ["a", "b"].map(|name| Error::new(Code::FileNotFound, name));
        let error = Error::all(errors).unwrap();
        assert_eq!(
            drawn(&error, &Sources::new()),
            "error[file-not-found]: a\n\nerror[file-not-found]: b\n"
        );
    }

    #[test]
    fn nothing_from_input_moves_the_terminal() {
        let sources = Sources::new();
        let text = "a:\tb\u{1b}[2J\u{202e}c\u{9b}\u{200b}\rd: here\r\n";
        let file = sources.add("dir\u{1b}]0;x\u{7}/\u{202e}f.yaml", text).unwrap();
        let here = text.find("here").unwrap();
        let error = Error::new(Code::InvalidValue, "no \u{1b}[31m and\nno \u{202e}")
            .at(file.span(here, here + 4))
            .label("\u{200b}here")
            .step("while \u{85}")
            .help("remove \u{feff}\tit");
        let expected = "\
error[invalid-value]: no \\u{1b}[31m and\\nno \\u{202e}
 --> dir\\u{1b}]0;x\\u{7}/\\u{202e}f.yaml:1:17
  |
1 | a:    b␛[2J�c��␍d: here
  |                    ^^^^ \\u{200b}here
  |
  = while \\u{85}
help: remove \\u{feff}\tit
";
        assert_eq!(drawn(&error, &sources), expected);
        let line = json(&error, &sources);
        let body = line.strip_suffix('\n').unwrap();
        assert!(!body.contains(crate::text::escape::is_invisible), "{body}");
        let value: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(value["message"], error.message());
        assert_eq!(value["file"], file.name());
    }

    #[test]
    fn json_has_one_line_with_every_member() {
        let sources = Sources::new();
        let file = sources.add("k.yaml", "a: 1\nb: ü\n").unwrap();
        let error = Error::new(Code::InvalidType, "m")
            .at(file.span(8, 10))
            .note(file.span(0, 1), "n")
            .step("s");
        assert_eq!(
            json(&error, &sources),
            concat!(
                r#"{"severity":"error","code":"invalid-type","message":"m","file":"k.yaml","line":2,"column":4,"end":{"line":2,"column":5},"#,
                r#""label":"","notes":[{"file":"k.yaml","line":1,"column":1,"end":{"line":1,"column":2},"label":"n"}],"#,
                r#""steps":["s"],"help":[],"targets":[]}"#,
                "\n",
            )
        );
        assert!(
            json(&Error::new(Code::Cycle, "m"), &sources)
                .contains(r#""file":null,"line":null,"column":null,"end":null"#)
        );
    }

    #[test]
    fn a_place_of_many_lines_is_underlined_on_its_first() {
        let sources = Sources::new();
        let file = sources.add("a.yaml", "x:\n  y: 1\n  z: 2\n").unwrap();
        let expected = "error[invalid-type]: m\n --> a.yaml:2:3\n  |\n2 |   y: 1\n  |   ^^^^ l\n";
        assert_eq!(
            drawn(&Error::new(Code::InvalidType, "m").at(file.span(5, 17)).label("l"), &sources),
            expected
        );
    }

    #[test]
    fn the_end_of_a_file_is_a_place() {
        let sources = Sources::new();
        for (text, expected) in
            [("", "1:1"), ("a: [", "1:5"), ("a: [\n", "2:1"), ("a: [\r\n", "2:1")]
        {
            let file = sources.add("a.yaml", text).unwrap();
            let frame = drawn(
                &Error::new(Code::MalformedYaml, "m").at(file.span(text.len(), text.len())),
                &sources,
            );
            assert!(frame.contains(&format!(" --> a.yaml:{expected}\n")), "{frame}");
            assert!(frame.ends_with("^\n"), "{frame}");
        }
    }

    #[test]
    fn a_long_line_is_cut() {
        let sources = Sources::new();
        for (length, is_drawn) in [(1 << 12, true), (1 << 20, false)] {
            let text = format!("{{a: {}, b: here, c: {}}}", "x".repeat(length), "y".repeat(length));
            let file = sources.add("a.json", text).unwrap();
            let here = file.text().find("here").unwrap();
            let error =
                Error::new(Code::InvalidType, "m").at(file.span(here, here + 4)).label("this");
            let text = drawn(&error, &sources);
            assert!(
                text.contains(&format!("--> a.json:1:{}\n", here + 1)) && text.contains("this"),
                "{text}"
            );
            assert!(text.contains("b: here") == is_drawn && text.len() < 1000, "{}", text.len());
        }
    }

    #[test]
    fn places_far_apart_have_frames_of_their_own() {
        let sources = Sources::new();
        let file =
            sources.add("a.yaml", format!("first: 1\n{}second: 2\n", "#\n".repeat(50))).unwrap();
        let error =
            Error::new(Code::InvalidType, "m").at(file.span(109, 115)).note(file.span(0, 5), "n");
        let headers = ["  --> a.yaml:52:1\n", "  ::: a.yaml:1:1\n"];
        let text = drawn(&error, &sources);
        assert!(
            headers.iter().all(|header| text.contains(header)) && text.lines().count() == 10,
            "{text}"
        );
    }

    #[test]
    fn failures_beyond_number_are_counted() {
        let errors = (0..1000).map(|number| Error::new(Code::Cycle, number.to_string()));
        let text = drawn(&Error::all(errors).unwrap(), &Sources::new());
        assert_eq!(text.matches("error[").count(), MOST);
    }
}
