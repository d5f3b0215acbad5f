//! Errors and warnings as text with source frames, in colour.

use std::slice;

use annotate_snippets::{Group, Level, Renderer};

use super::frame::{frames, with_columns};
use crate::{
    error::Error,
    harden::Severity,
    resource::secret::Shield,
    source::Sources,
    text::escape::{for_log, visible},
};

/// Maximum number of errors that are drawn: looking up each in its text takes time.
const MOST: usize = 100;

/// Draws an error and those joined with it, with secrets masked. The caller removes the colours if they are not
/// supported.
#[must_use]
pub fn errors(error: &Error, sources: &Sources, shield: &Shield) -> String {
    let error = &*shield.redacted(error, sources);
    let drawn = draw(error, sources, shield, &Renderer::styled());
    for_log(&drawn).into_owned()
        + &super::more(error, MOST).map(|text| warning(&text)).unwrap_or_default()
}

/// Draws an error as [`errors`] does, without colours.
#[must_use]
pub fn plain(error: &Error, sources: &Sources) -> String {
    let shield = Shield::default();
    let error = &*shield.redacted(error, sources);
    let drawn = draw(error, sources, &shield, &Renderer::plain());
    for_log(&drawn).into_owned()
        + &super::more(error, MOST).map(|text| warning(&text)).unwrap_or_default()
}

/// A warning as a line.
#[must_use]
pub fn warning(text: &str) -> String {
    for_log(&visible(text)).into_owned() + "\n"
}

/// A finding of a rule, drawn like an error.
#[must_use]
pub fn finding(severity: Severity, error: &Error, sources: &Sources, shield: &Shield) -> String {
    let error = &*shield.redacted(error, sources);
    let id = error.rule_name().unwrap_or_default();
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    draw_under(level, id, error, (sources, shield), &Renderer::styled())
}

/// A frame for each error, with an empty line between them.
fn draw(error: &Error, sources: &Sources, shield: &Shield, renderer: &Renderer) -> String {
    let frames: Vec<String> =
        error.iter().take(MOST).map(|error| draw_one(error, sources, shield, renderer)).collect();
    frames.join("\n")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use crate::report::errors::json;

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
        let line = json::errors(&error, &sources, &Shield::default());
        let body = line.strip_suffix('\n').unwrap();
        assert!(!body.contains(crate::text::escape::is_invisible), "{body}");
        let value: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(value["message"], error.message());
        assert_eq!(value["file"], file.name());
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
