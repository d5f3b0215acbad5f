//! Translates Go's syntax to that of the `regex` crate, in one pass.
//!
//! The two differ in flags, classes, escapes, and the operands of repetitions. So the text is parsed as in Go
//! (regexp/syntax/parse.go), and every part is written in an unambiguous form.

use super::class::{self, Fault};

pub(super) const TOO_DEEP: &str = "it is nested too deeply";

/// Go's limit on the height of an expression.
const DEEPEST: usize = 1000;

/// Go's limit on counts, and on the product of nested ones.
const MOST_COPIES: u32 = 1000;

/// The longest translation, in bytes. `\pL` becomes 13,000 of them.
const LONGEST: usize = 4 << 20;

/// `\B`, for ASCII letters only, as in Go.
pub(super) const NO_WORD_BOUNDARY: &str = r"(?-u:\B)";

/// Translates a whole pattern.
pub(super) fn translate(text: &str) -> Result<String, Fault> {
    let mut translator = Translator {
        rest: text,
        flags: Flags::default(),
        group: PatternGroup::default(),
        outer: Vec::new(),
        after_repetition: false,
        last_close: text.rfind(":]").map_or(usize::MAX / 2, |last| text.len() - last),
        output: String::with_capacity(text.len() * 2),
    };
    while let Some(letter) = translator.rest.chars().next() {
        translator.step(letter)?;
        if translator.output.len() > LONGEST {
            return Err(class::TOO_LARGE.to_owned());
        }
    }
    if translator.outer.is_empty() {
        Ok(translator.output)
    } else {
        Err("a `(` is not closed".to_owned())
    }
}

/// The flags in force: `(?ims)`. `U` swaps greediness, which has no meaning here.
#[derive(Clone, Copy, Default)]
struct Flags {
    fold_case: bool,
    multiple_lines: bool,
    dot_matches_newline: bool,
}

struct Translator<'a> {
    rest: &'a str,
    flags: Flags,
    /// The current group; the whole pattern is one.
    group: PatternGroup,
    /// The enclosing groups.
    outer: Vec<PatternGroup>,
    /// True if the previous token was a repetition.
    after_repetition: bool,
    /// Distance of the last `:]` from the end of the pattern.
    last_close: usize,
    output: String,
}

#[derive(Default)]
struct PatternGroup {
    /// Its start in the output.
    start: usize,
    /// The flags to restore at its end.
    flags: Flags,
    /// True if there was a `|`.
    alternatives: bool,
    /// Number of atoms since the start or the last `|`.
    atoms: usize,
    /// The last atom: the operand of a repetition.
    last: Option<Atom>,
    /// The largest number of copies of an atom before the last one.
    copies: u32,
}

/// A possible operand of a repetition.
#[derive(Clone, Copy)]
struct Atom {
    start: usize,
    /// The product of the counts in it.
    copies: u32,
    /// Number of repetitions that it ends in. If there are any, repeating it again needs a group.
    repeated: usize,
}

impl Translator<'_> {
    /// Reads one token.
    fn step(&mut self, letter: char) -> Result<(), Fault> {
        let after_repetition = std::mem::take(&mut self.after_repetition);
        match letter {
            '(' => match self.rest.strip_prefix("(?") {
                Some(rest) => self.flags_or_group(rest),
                None => self.open(1, self.flags),
            },
            ')' => self.close(),
            '|' => {
                self.group.alternatives = true;
                self.group.atoms = 0;
                self.group.settle();
                self.output.push('|');
                self.skip(1);
                Ok(())
            }
            '^' => self.atom(1, if self.flags.multiple_lines { "(?m:^)" } else { r"\A" }),
            // Without the flag `m`, only the end of the text, and not before a final newline.
            '$' => self.atom(1, if self.flags.multiple_lines { "(?m:$)" } else { r"\z" }),
            '.' => self.atom(1, if self.flags.dot_matches_newline { "(?s:.)" } else { "." }),
            '[' => {
                let (text, rest) =
                    class::bracketed(self.rest, self.flags.fold_case, self.last_close)?;
                self.rest = rest;
                self.atom(0, &text)
            }
            '*' => self.repeat(1, "*", 0, None, after_repetition),
            '+' => self.repeat(1, "+", 0, None, after_repetition),
            '?' => self.repeat(1, "?", 0, None, after_repetition),
            '{' => self.braces(after_repetition),
            '\\' => self.escape(),
            _ => self.literal(letter.len_utf8(), u32::from(letter)),
        }
    }

    fn skip(&mut self, length: usize) {
        self.rest = &self.rest[length..];
    }

    /// Writes an atom for the next `length` bytes.
    fn atom(&mut self, length: usize, text: &str) -> Result<(), Fault> {
        self.skip(length);
        self.group.push(Atom { start: self.output.len(), copies: 1, repeated: 0 });
        self.output.push_str(text);
        Ok(())
    }

    fn literal(&mut self, length: usize, letter: u32) -> Result<(), Fault> {
        let text = class::letter(letter, self.flags.fold_case);
        self.atom(length, &text)
    }

    fn open(&mut self, length: usize, inner: Flags) -> Result<(), Fault> {
        if self.outer.len() == DEEPEST {
            return Err(TOO_DEEP.to_owned());
        }
        self.skip(length);
        let group =
            PatternGroup { start: self.output.len(), flags: self.flags, ..PatternGroup::default() };
        self.outer.push(std::mem::replace(&mut self.group, group));
        self.flags = inner;
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        let Some(outer) = self.outer.pop() else {
            return Err("a `)` has no matching `(`".to_owned());
        };
        self.skip(1);
        let mut group = std::mem::replace(&mut self.group, outer);
        self.flags = group.flags;
        let single = group.last.filter(|_| group.atoms == 1 && !group.alternatives);
        // No group captures, and a group around a single atom would only add depth.
        let repeated = single.map_or(0, |atom| atom.repeated);
        if single.is_none() {
            self.wrap(group.start);
        }
        group.settle();
        self.group.push(Atom { start: group.start, copies: group.copies, repeated });
        Ok(())
    }

    fn wrap(&mut self, start: usize) {
        self.output.insert_str(start, "(?:");
        self.output.push(')');
    }

    /// `(?flags)`, `(?flags:…)`, `(?P<name>…)` and `(?<name>…)`; `rest` is what follows the `(?`.
    fn flags_or_group(&mut self, rest: &str) -> Result<(), Fault> {
        let whole = self.rest;
        let fault = |end: usize| Err(format!("`{}` is not supported", &whole[..end]));
        if let Some(name) = rest.strip_prefix("P<").or_else(|| rest.strip_prefix('<')) {
            let end = name.find('>').unwrap_or(name.len());
            let valid = end > 0
                && end < name.len()
                && name[..end].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let length = whole.len() - name.len() + end;
            // Go accepts duplicate names; the crate does not. Group names are not used here.
            return if valid { self.open(length + 1, self.flags) } else { fault(length) };
        }
        let mut flags = self.flags;
        let (mut negative, mut some) = (false, false);
        for (offset, letter) in rest.char_indices() {
            let end = whole.len() - rest.len() + offset + letter.len_utf8();
            match letter {
                'i' => flags.fold_case = !negative,
                'm' => flags.multiple_lines = !negative,
                's' => flags.dot_matches_newline = !negative,
                'U' => {}
                '-' if !negative => {
                    negative = true;
                    some = false;
                    continue;
                }
                ':' | ')' if negative && !some => return fault(end),
                ':' => return self.open(end, flags),
                ')' => {
                    self.flags = flags;
                    self.skip(end);
                    return Ok(());
                }
                _ => return fault(end),
            }
            some = true;
        }
        fault(whole.len())
    }

    /// `{2}`, `{2,}` and `{2,3}`; any other brace is literal.
    fn braces(&mut self, after_repetition: bool) -> Result<(), Fault> {
        let Some((minimum, maximum, length)) = counts(self.rest) else {
            return self.literal(1, u32::from('{'));
        };
        let text = &self.rest[..length];
        if minimum > MOST_COPIES
            || maximum.is_some_and(|maximum| maximum > MOST_COPIES || maximum < minimum)
        {
            return Err(format!(
                "the count in `{text}` is beyond {MOST_COPIES}, or its ends are the wrong way round"
            ));
        }
        self.repeat(length, text, minimum, Some(maximum), after_repetition)
    }

    /// Repeats the last atom. `maximum` is `None` for `*`, `+` and `?`, and `Some(None)` for `{2,}`.
    fn repeat(
        &mut self,
        length: usize,
        text: &str,
        minimum: u32,
        maximum: Option<Option<u32>>,
        after_repetition: bool,
    ) -> Result<(), Fault> {
        self.skip(length);
        if let Some(rest) = self.rest.strip_prefix('?') {
            self.rest = rest;
        }
        if after_repetition {
            return Err(format!("`{text}` repeats a repetition"));
        }
        let Some(atom) = self.group.last else {
            return Err(format!("`{text}` has nothing before it to repeat"));
        };
        let copies = match maximum {
            // Zero copies count as one.
            Some(Some(0)) => 1,
            Some(maximum) => atom.copies.saturating_mul(maximum.unwrap_or(minimum).max(1)),
            None => atom.copies,
        };
        if copies > MOST_COPIES {
            return Err(format!(
                "`{text}` and the counts within make more than {MOST_COPIES} copies"
            ));
        }
        if atom.repeated == DEEPEST {
            return Err(TOO_DEEP.to_owned());
        }
        if atom.repeated > 0 {
            self.wrap(atom.start);
        }
        self.output.push_str(text);
        self.group.last = Some(Atom { start: atom.start, copies, repeated: atom.repeated + 1 });
        self.after_repetition = true;
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Fault> {
        match self.rest[1..].chars().next() {
            Some('A') => self.atom(2, r"\A"),
            Some('z') => self.atom(2, r"\z"),
            Some('b') => self.atom(2, r"(?-u:\b)"),
            Some('B') => self.atom(2, NO_WORD_BOUNDARY),
            Some('Q') => {
                let rest = &self.rest[2..];
                let (quoted, rest) = rest.split_once(r"\E").unwrap_or((rest, ""));
                for letter in quoted.chars() {
                    self.literal(0, u32::from(letter))?;
                }
                self.rest = rest;
                Ok(())
            }
            _ => {
                let fold_case = self.flags.fold_case;
                if let Some((class, rest)) = class::escaped(self.rest, fold_case)? {
                    self.rest = rest;
                    return self.atom(0, &class::written(&class));
                }
                let (letter, rest) = class::escaped_letter(self.rest)?;
                self.rest = rest;
                self.literal(0, letter)
            }
        }
    }
}

impl PatternGroup {
    fn push(&mut self, atom: Atom) {
        self.settle();
        self.atoms += 1;
        self.last = Some(atom);
    }

    /// Closes the last atom: later repetitions do not apply to it.
    fn settle(&mut self) {
        self.copies = self.copies.max(self.last.take().map_or(1, |atom| atom.copies));
    }
}

/// Parses counts at the beginning of a text: the minimum, the maximum (`None` is infinite) and their length.
fn counts(text: &str) -> Option<(u32, Option<u32>, usize)> {
    let inner = text.strip_prefix('{')?;
    let (minimum, rest) = number(inner)?;
    let (maximum, rest) = match rest.strip_prefix(',') {
        None => (Some(minimum), rest),
        Some(rest) if rest.starts_with('}') => (None, rest),
        Some(rest) => number(rest).map(|(maximum, rest)| (Some(maximum), rest))?,
    };
    let rest = rest.strip_prefix('}')?;
    Some((minimum, maximum, text.len() - rest.len()))
}

/// Parses a decimal number without leading zeros; an overflow counts as exceeding every limit.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let digits = &text[..end];
    if digits.is_empty() || digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    Some((digits.parse().unwrap_or(u32::MAX), &text[end..]))
}
