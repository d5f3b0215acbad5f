//! Dockerfiles as stages of instructions.
//!
//! Own code: the crates for it stop at the first mistake, and know no here-documents behind a command. The time is
//! linear in the text, whose size and number of stages are limited.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::text::{Joined, Line, Lines};
use crate::error::{Code, Error, Result};
use crate::source::{Source, Span};
use crate::text::phrase::shortened;

/// Maximum number of bytes of a Dockerfile.
pub(super) const MOST_BYTES: usize = 1 << 20;
/// Maximum number of stages.
const MOST_STAGES: usize = 256;
/// Maximum number of mistakes that are reported for a file.
const MOST_MISTAKES: usize = 10;

/// A Dockerfile.
#[derive(Debug)]
pub(super) struct Dockerfile {
    /// The instructions before the first stage: `ARG`.
    pub(super) globals: Vec<Variable>,
    /// The stages in order; at least one.
    pub(super) stages: Vec<Stage>,
    /// Comments that accept findings, with the range of text that each is about.
    pub(super) marks: Vec<(Span, Span)>,
}

/// A stage: the instructions from a `FROM` on.
#[derive(Debug)]
pub(super) struct Stage {
    /// The `FROM`.
    pub(super) span: Span,
    /// The image, or the name of an earlier stage.
    pub(super) image: Word,
    /// The value of `--platform`.
    pub(super) platform: Option<Word>,
    /// The name of the stage.
    pub(super) alias: Option<Word>,
    /// The other instructions.
    pub(super) steps: Vec<Step>,
}

/// An instruction of a stage.
#[derive(Debug)]
pub(super) struct Step {
    /// The whole instruction, without here-documents.
    pub(super) span: Span,
    /// The effect.
    pub(super) action: Action,
}

/// The effect of an instruction. Those that no rule looks at are [`Action::Other`], and so is `ONBUILD`, which concerns
/// other images.
#[derive(Debug)]
pub(super) enum Action {
    Arg(Vec<Variable>),
    Env(Vec<Variable>),
    Copy(Transfer),
    Add(Transfer),
    Run(Run),
    Cmd(Command),
    Entrypoint(Command),
    User(Word),
    Workdir(Word),
    Expose(Vec<Word>),
    Healthcheck,
    Shell,
    Other,
}

/// A word of an instruction, with its value once variables are replaced.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// The word as written.
    pub(super) text: String,
    /// Its place.
    pub(super) span: Span,
    /// The value; `None` if it depends on a variable that the file does not set.
    pub(super) value: Option<String>,
}

/// A variable of `ARG` or `ENV`.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    /// The name.
    pub(super) name: Word,
    /// The value; `None` for an `ARG` without one.
    pub(super) value: Option<Word>,
}

/// The operands of `COPY` and `ADD`.
#[derive(Debug)]
pub(super) struct Transfer {
    /// `--from` and the like, without the hyphens; an option without a value has an empty one.
    pub(super) options: BTreeMap<String, Word>,
    /// The sources, without here-documents.
    pub(super) sources: Vec<Word>,
    /// The destination.
    pub(super) destination: Word,
}

/// The command of `RUN`.
#[derive(Debug)]
pub(super) struct Run {
    /// The values of `--mount`.
    pub(super) mounts: Vec<Word>,
    /// The commands of the shell, if there is one: those of the line, or of a here-document that is the script.
    pub(super) script: Option<Joined>,
    /// The start of the script in its text.
    pub(super) from: usize,
}

/// The command of `CMD` and `ENTRYPOINT`.
#[derive(Debug)]
pub(super) struct Command {
    /// True for a list in JSON, which is run without a shell.
    pub(super) is_list: bool,
    /// The text.
    pub(super) text: Word,
}

/// Reads a Dockerfile.
///
/// # Errors
/// [`Code::InvalidValue`] for mistakes that stop a build, several together; [`Code::TooLarge`].
pub(super) fn read(source: &Arc<Source>) -> Result<Dockerfile> {
    let text = source.text();
    if text.len() > MOST_BYTES {
        let message = format!("`{}` has more than {MOST_BYTES} bytes", source.name());
        return Err(Error::new(Code::TooLarge, message).help("it is hardly a Dockerfile"));
    }
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let escape = escape(Lines::new(source, start));
    let mut reader = Reader {
        source,
        file: Dockerfile { globals: Vec::new(), stages: Vec::new(), marks: Vec::new() },
        starts: Vec::new(),
        comments: Vec::new(),
        mistakes: Vec::new(),
    };
    let mut lines = Lines::new(source, start);
    while let Some(line) = lines.next() {
        if line.is_comment() {
            reader.comments.push((line.start, line.start + line.text.len()));
        } else if !line.text.trim().is_empty() {
            reader.starts.push((line.start, false));
            let joined = lines.join(line, escape);
            reader.instruction(joined, &mut lines);
        }
        if reader.file.stages.len() > MOST_STAGES {
            let message = format!("`{}` has more than {MOST_STAGES} stages", source.name());
            return Err(Error::new(Code::TooLarge, message));
        }
    }
    reader.finish()
}

/// The escape character: a directive at the start of the file can set it.
fn escape(lines: Lines<'_>) -> char {
    for line in lines {
        let Some((key, value)) =
            line.text.trim_start().strip_prefix('#').and_then(|text| text.split_once('='))
        else {
            break;
        };
        let key = key.trim();
        if key.eq_ignore_ascii_case("escape") {
            return value.trim().chars().next().filter(|one| *one == '`').unwrap_or('\\');
        }
        if key.is_empty() || key.contains(char::is_whitespace) {
            break;
        }
    }
    '\\'
}

/// The state of reading.
struct Reader<'a> {
    source: &'a Arc<Source>,
    file: Dockerfile,
    /// The start of each instruction, and whether it is a `FROM`.
    starts: Vec<(usize, bool)>,
    comments: Vec<(usize, usize)>,
    mistakes: Vec<Error>,
}

/// The comment that accepts findings; a reason may follow.
const MARK: &str = "# krender: ignore ";

impl Reader<'_> {
    fn finish(mut self) -> Result<Dockerfile> {
        if self.file.stages.is_empty() && self.mistakes.is_empty() {
            let message = format!("`{}` has no `FROM`", self.source.name());
            let error = Error::new(Code::InvalidValue, message);
            self.mistakes.push(error.help("a Dockerfile begins with `FROM` and an image"));
        }
        if let Some(error) = Error::all(self.mistakes) {
            return Err(error);
        }
        let length = self.source.text().len();
        // The end of the stage that begins with each instruction, found from the last one on.
        let mut ends = vec![length; self.starts.len()];
        let mut end = length;
        for (number, (start, is_stage)) in self.starts.iter().enumerate().rev() {
            ends[number] = end;
            if *is_stage {
                end = *start;
            }
        }
        for (start, end) in self.comments {
            let text = self.source.text().get(start..end).unwrap_or_default();
            let Some(column) = text.find(MARK) else { continue };
            if !text[..column].trim().is_empty() {
                continue;
            }
            // A comment is about the next instruction, and above a `FROM` about the stage.
            let next = self.starts.partition_point(|(place, _)| *place < start);
            let Some((from, is_stage)) = self.starts.get(next).copied() else { continue };
            let after = self.starts.get(next + 1).map_or(length, |(place, _)| *place);
            let to = if is_stage { ends[next] } else { after };
            let mark = self.source.span(start + column, end);
            self.file.marks.push((mark, self.source.span(from, to)));
        }
        Ok(self.file)
    }

    fn mistake(&mut self, span: Span, message: impl Into<String>) {
        if self.mistakes.len() < MOST_MISTAKES {
            self.mistakes.push(Error::new(Code::InvalidValue, message).at(span));
        }
    }

    /// Reads an instruction, and the here-documents after its line.
    fn instruction(&mut self, joined: Joined, lines: &mut Lines<'_>) {
        let (keyword, rest) = first_word(joined.text(), 0);
        let name = keyword.text(joined.text()).to_ascii_uppercase();
        let (name, rest, is_trigger) = match &*name {
            "ONBUILD" => {
                let (inner, after) = first_word(joined.text(), rest);
                (inner.text(joined.text()).to_ascii_uppercase(), after, true)
            }
            _ => (name, rest, false),
        };
        let documents = match &*name {
            "RUN" | "COPY" | "ADD" => self.documents(&joined, rest, lines),
            _ => Vec::new(),
        };
        let span = joined.span(keyword.start, joined.text().trim_end().len());
        if name == "FROM" && !is_trigger {
            if let Some(start) = self.starts.last_mut() {
                start.1 = true;
            }
            return self.stage(&joined, rest, span);
        }
        let Some(action) = self.action(&name, joined, rest, &documents, span) else { return };
        let action = if is_trigger { Action::Other } else { action };
        match (self.file.stages.last_mut(), action) {
            (Some(stage), action) => stage.steps.push(Step { span, action }),
            (None, Action::Arg(variables)) => self.file.globals.extend(variables),
            (None, _) => {
                self.mistake(span, format!("`{name}` comes before `FROM`"));
            }
        }
    }

    fn stage(&mut self, joined: &Joined, rest: usize, span: Span) {
        let (options, rest) = options(joined, rest);
        let words = words(joined, rest);
        let (image, alias) = match &*words {
            [image] => (image.clone(), None),
            [image, word, alias] if word.text.eq_ignore_ascii_case("as") => {
                (image.clone(), Some(alias.clone()))
            }
            _ => {
                let message = "expected `FROM` with an image, and possibly `AS` and a name";
                return self.mistake(span, message);
            }
        };
        let platform =
            options.into_iter().find(|(name, _)| name == "platform").map(|(_, value)| value);
        self.file.stages.push(Stage { span, image, platform, alias, steps: Vec::new() });
    }

    /// The effect of an instruction; `None` after a mistake.
    fn action(
        &mut self,
        name: &str,
        joined: Joined,
        rest: usize,
        documents: &[Joined],
        span: Span,
    ) -> Option<Action> {
        let is_empty = joined.text().get(rest..).is_none_or(|rest| rest.trim().is_empty());
        if is_empty && !matches!(name, "RUN" | "CMD") && !name.is_empty() {
            self.mistake(span, format!("`{}` has no operand", shortened(name, 40)));
            return None;
        }
        let whole = || whole(&joined, rest);
        Some(match name {
            "ARG" => Action::Arg(variables(&joined, rest, true)),
            "ENV" => Action::Env(variables(&joined, rest, false)),
            "COPY" | "ADD" => {
                let Some(transfer) = transfer(&joined, rest) else {
                    self.mistake(span, format!("`{name}` needs a source and a destination"));
                    return None;
                };
                if name == "COPY" { Action::Copy(transfer) } else { Action::Add(transfer) }
            }
            "RUN" => Action::Run(run(joined, rest, documents)),
            "CMD" => Action::Cmd(command(&joined, rest)),
            "ENTRYPOINT" => Action::Entrypoint(command(&joined, rest)),
            "USER" => Action::User(whole()),
            "WORKDIR" => Action::Workdir(whole()),
            "EXPOSE" => Action::Expose(words(&joined, rest)),
            "HEALTHCHECK" => Action::Healthcheck,
            "SHELL" => Action::Shell,
            "LABEL" | "MAINTAINER" | "STOPSIGNAL" | "VOLUME" => Action::Other,
            _ => {
                self.mistake(span, format!("`{}` is no instruction", shortened(name, 40)));
                return None;
            }
        })
    }

    /// Reads the here-documents that a line begins.
    fn documents(&mut self, joined: &Joined, rest: usize, lines: &mut Lines<'_>) -> Vec<Joined> {
        let mut found = Vec::new();
        for place in Places::new(joined.text(), rest) {
            let word =
                place.text(joined.text()).trim_start_matches(|one: char| one.is_ascii_digit());
            let Some(mark) = word.strip_prefix("<<") else { continue };
            let (mark, is_indented) = match mark.strip_prefix('-') {
                Some(mark) => (mark, true),
                None => (mark, false),
            };
            let end: String = mark.chars().filter(|one| !matches!(one, '"' | '\'')).collect();
            if end.is_empty() || end.contains(['<', '(', '$']) {
                continue;
            }
            let mut range: Option<(usize, usize)> = None;
            let is_end = |line: &Line<'_>| match is_indented {
                true => line.text.trim_start_matches('\t') == end,
                false => line.text == end,
            };
            let is_closed = lines.by_ref().any(|line| {
                let is_end = is_end(&line);
                let (start, to) = range.unwrap_or((line.start, line.start));
                let to = if is_end { to } else { line.start + line.text.len() };
                range = Some((start, to));
                is_end
            });
            if !is_closed {
                let span = joined.span(place.start, place.end);
                self.mistake(
                    span,
                    format!("the here-document has no end: a line `{}`", shortened(&end, 40)),
                );
                return found;
            }
            let (start, to) = range.unwrap_or_default();
            found.push(Joined::verbatim(self.source, start, to));
        }
        found
    }
}

/// The place of a word in a text.
#[derive(Clone, Copy)]
struct Place {
    start: usize,
    end: usize,
}

impl Place {
    fn text(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// The words of a text, separated by white space; quotes are not looked at.
struct Places<'a> {
    text: &'a str,
    place: usize,
}

impl<'a> Places<'a> {
    const fn new(text: &'a str, place: usize) -> Self {
        Self { text, place }
    }
}

impl Iterator for Places<'_> {
    type Item = Place;

    fn next(&mut self) -> Option<Place> {
        let rest = self.text.get(self.place..)?;
        let start = self.place + rest.find(|one: char| !one.is_whitespace())?;
        let rest = &self.text[start..];
        let end = start + rest.find(char::is_whitespace).unwrap_or(rest.len());
        self.place = end;
        Some(Place { start, end })
    }
}

/// The first word of a text, and the place of the second one.
fn first_word(text: &str, from: usize) -> (Place, usize) {
    let first = Places::new(text, from).next().unwrap_or(Place { start: from, end: from });
    let rest = text.get(first.end..).unwrap_or_default();
    (first, first.end + (rest.len() - rest.trim_start().len()))
}

fn word(joined: &Joined, place: Place) -> Word {
    let text = place.text(joined.text()).to_owned();
    Word { text, span: joined.span(place.start, place.end), value: None }
}

fn words(joined: &Joined, rest: usize) -> Vec<Word> {
    Places::new(joined.text(), rest).map(|place| word(joined, place)).collect()
}

/// The rest of a line as one word.
fn whole(joined: &Joined, rest: usize) -> Word {
    word(joined, Place { start: rest, end: joined.text().trim_end().len().max(rest) })
}

/// The options at the start of operands, without hyphens, and the place after them.
fn options(joined: &Joined, mut rest: usize) -> (Vec<(String, Word)>, usize) {
    let mut found = Vec::new();
    loop {
        let (first, next) = first_word(joined.text(), rest);
        let Some(option) = first.text(joined.text()).strip_prefix("--") else {
            return (found, rest);
        };
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let value = Place { start: first.end - value.len(), end: first.end };
        found.push((name.to_ascii_lowercase(), word(joined, value)));
        rest = next;
    }
}

/// A list in JSON at the start of operands.
fn list(joined: &Joined, rest: usize) -> Option<Vec<String>> {
    let text = joined.text().get(rest..)?.trim();
    if !text.starts_with('[') {
        return None;
    }
    serde_json::from_str(text).ok()
}

fn command(joined: &Joined, rest: usize) -> Command {
    Command { is_list: list(joined, rest).is_some(), text: whole(joined, rest) }
}

fn transfer(joined: &Joined, rest: usize) -> Option<Transfer> {
    let (options, rest) = options(joined, rest);
    let mut operands = match list(joined, rest) {
        Some(texts) => {
            let span = whole(joined, rest).span;
            texts.into_iter().map(|text| Word { text, span, value: None }).collect()
        }
        None => words(joined, rest),
    };
    let destination = operands.pop()?;
    if operands.is_empty() {
        return None;
    }
    operands.retain(|one| !one.text.starts_with("<<"));
    Some(Transfer { options: options.into_iter().collect(), sources: operands, destination })
}

fn run(joined: Joined, rest: usize, documents: &[Joined]) -> Run {
    let (options, from) = options(&joined, rest);
    let is_mount = |(name, value): (String, Word)| (name == "mount").then_some(value);
    let mounts = options.into_iter().filter_map(is_mount).collect();
    // A here-document with nothing beside it is the script, and otherwise the input of a command.
    let has_one_word = Places::new(joined.text(), from).nth(1).is_none();
    let (script, from) = match documents {
        [document] if has_one_word => (is_shell(document.text()).then(|| document.clone()), 0),
        _ => (list(&joined, from).is_none().then_some(joined), from),
    };
    Run { mounts, script, from }
}

/// True if a script names no interpreter, or a shell.
fn is_shell(script: &str) -> bool {
    let first = script.trim_start().lines().next().unwrap_or_default();
    !first.starts_with("#!") || first.trim_end().ends_with("sh") || first.contains("sh ")
}

/// The variables of `ARG` and `ENV`. `ENV name value` sets one variable to the rest of the line.
fn variables(joined: &Joined, rest: usize, is_arg: bool) -> Vec<Variable> {
    let text = joined.text();
    let (first, second) = first_word(text, rest);
    if !is_arg && !first.text(text).contains('=') {
        let value = (second < text.len()).then(|| whole(joined, second));
        return vec![Variable { name: word(joined, first), value }];
    }
    let mut found = Vec::new();
    let mut place = rest;
    while let Some(start) =
        text.get(place..).and_then(|rest| rest.find(|one: char| !one.is_whitespace()))
    {
        let start = place + start;
        let end = end_of_value(text, start);
        let written = &text[start..end];
        let name = written.split('=').next().unwrap_or_default();
        let value = (name.len() < written.len())
            .then(|| word(joined, Place { start: start + name.len() + 1, end }));
        found
            .push(Variable { name: word(joined, Place { start, end: start + name.len() }), value });
        place = end;
    }
    found
}

/// The end of a word in which quotes and backslashes protect white space.
fn end_of_value(text: &str, start: usize) -> usize {
    let mut quote = None;
    let mut letters = text[start..].char_indices();
    while let Some((place, letter)) = letters.next() {
        match (quote, letter) {
            (None | Some('"'), '\\') => {
                letters.next();
            }
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, _) if letter.is_whitespace() => return start + place,
            (None, _) => {}
        }
    }
    text.len()
}
