//! The commands of a shell script, as far as rules look at them: words, without their effects.

use super::read::Run;
use crate::source::Span;

/// A simple command of a script.
#[derive(Debug)]
pub(super) struct Simple {
    /// Its words without quotes: the name of the program first, without variables that are set for it, and without
    /// `sudo`, `exec` and the like before it.
    pub(super) words: Vec<String>,
    /// The place of all its words.
    pub(super) span: Span,
    /// The place of `sudo`.
    pub(super) sudo: Option<Span>,
}

/// The words before a command that are not part of it.
const BEFORE: &str =
    "|if|then|else|elif|do|while|until|!|{|}|fi|done|time|exec|env|nice|command|eval|";

impl Simple {
    /// The name of the program, without its directory.
    pub(super) fn program(&self) -> &str {
        let first = self.words.first().map_or("", String::as_str);
        first.rsplit('/').next().unwrap_or_default()
    }

    /// The operands: words after the program that are no options.
    pub(super) fn operands(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).map(String::as_str).filter(|word| !word.starts_with('-'))
    }

    /// True if it has one of these options.
    pub(super) fn has(&self, options: &[&str]) -> bool {
        self.words.iter().any(|word| options.contains(&&**word))
    }
}

/// The commands of `RUN`; empty if it runs no shell. Linear in the text.
pub(super) fn commands(run: &Run) -> Vec<Simple> {
    let Some(script) = &run.script else { return Vec::new() };
    let mut reader = Reader { text: script.text(), place: run.from };
    let (mut found, mut words) = (Vec::new(), Vec::new());
    loop {
        let token = reader.token();
        match token {
            Token::Word(text, start, end) => words.push((text, start, end)),
            Token::Break | Token::End => {
                if let Some(simple) =
                    simple(std::mem::take(&mut words), |from, to| script.span(from, to))
                {
                    found.push(simple);
                }
                if matches!(token, Token::End) {
                    return found;
                }
            }
        }
    }
}

fn simple(
    words: Vec<(String, usize, usize)>,
    span: impl Fn(usize, usize) -> Span,
) -> Option<Simple> {
    let mut sudo = None;
    let is_before = |(text, start, end): &(String, usize, usize)| {
        let is_sudo = text == "sudo" || text == "/usr/bin/sudo";
        if is_sudo {
            sudo.get_or_insert_with(|| span(*start, *end));
        }
        is_sudo
            || BEFORE.contains(&format!("|{text}|"))
            || text.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty()
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            })
            || sudo.is_some() && text.starts_with('-')
    };
    let words: Vec<_> = words.into_iter().skip_while(is_before).collect();
    let (Some((_, start, _)), Some((_, _, end))) = (words.first(), words.last()) else {
        let words = Vec::new();
        return sudo.map(|place| Simple { words, span: place, sudo });
    };
    let span = span(*start, *end);
    Some(Simple { words: words.into_iter().map(|(text, ..)| text).collect(), span, sudo })
}

/// A part of a script.
enum Token {
    /// A word without quotes, with its start and end.
    Word(String, usize, usize),
    /// The end of a command.
    Break,
    /// The end of the script.
    End,
}

struct Reader<'a> {
    text: &'a str,
    place: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let letter = self.text.get(self.place..)?.chars().next()?;
        self.place += letter.len_utf8();
        Some(letter)
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.place..)?.chars().next()
    }

    fn token(&mut self) -> Token {
        loop {
            let start = self.place;
            match self.next() {
                None => return Token::End,
                Some('\n' | ';' | '&' | '|' | '(' | ')') => return Token::Break,
                Some('\\') if self.peek() == Some('\n') => drop(self.next()),
                Some('#') => {
                    let rest = self.text.get(self.place..).unwrap_or_default();
                    self.place += rest.find('\n').unwrap_or(rest.len());
                }
                Some(letter) if letter.is_whitespace() => {}
                Some(_) => {
                    self.place = start;
                    return self.word(start);
                }
            }
        }
    }

    fn word(&mut self, start: usize) -> Token {
        let mut out = String::new();
        while let Some(letter) = self.peek() {
            match letter {
                ';' | '|' | '(' | ')' => break,
                // `2>&1` and `&>file` belong to the word.
                '&' if !out.ends_with('>') && !self.text[self.place..].starts_with("&>") => break,
                _ if letter.is_whitespace() => break,
                _ => {}
            }
            self.next();
            match letter {
                '\'' => self.quoted('\'', &mut out),
                '"' => self.quoted('"', &mut out),
                '`' => self.quoted('`', &mut out),
                '\\' => match self.next() {
                    Some('\n') | None => {}
                    Some(next) => out.push(next),
                },
                '$' if matches!(self.peek(), Some('(' | '{')) => {
                    out.push('$');
                    self.substitution(&mut out);
                }
                _ => out.push(letter),
            }
        }
        Token::Word(out, start, self.place)
    }

    /// Reads up to the closing quote.
    fn quoted(&mut self, quote: char, out: &mut String) {
        while let Some(letter) = self.next() {
            match letter {
                _ if letter == quote => return,
                '\\' if quote != '\'' => out.extend(self.next()),
                _ => out.push(letter),
            }
        }
    }

    /// Reads `$(…)` or `${…}` behind the dollar.
    fn substitution(&mut self, out: &mut String) {
        let mut open = 0_usize;
        while let Some(letter) = self.next() {
            out.push(letter);
            match letter {
                '(' | '{' => open += 1,
                ')' | '}' => open = open.saturating_sub(1),
                '\'' if open == 1 => self.quoted('\'', out),
                '\\' => out.extend(self.next()),
                _ => {}
            }
            if open == 0 {
                return;
            }
        }
    }
}
