//! Tokens of scripts of shells.

/// The maximum length of a script that is read.
const LONGEST: usize = 4096;

/// A part of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A word, without quotes.
    Word(String),
    /// A file that is read or written, other than `/dev/null`.
    File,
    /// A mark between commands; `;` also for the end of a line.
    Mark(&'static str),
}

/// The tokens of a script. `None` if it is long, or has what is not read.
pub(super) fn tokens(script: &str) -> Option<Vec<Token>> {
    let is_odd = ["`", "<<", "<(", ">(", "$((", "&>", "|&", ";;", "\r"];
    // An expansion that fails ends the script.
    let may_end = script.contains("${") && script.contains('?');
    if script.len() > LONGEST || may_end || is_odd.iter().any(|odd| script.contains(odd)) {
        return None;
    }
    let mut reader = Reader { rest: script, tokens: Vec::new(), word: None };
    while reader.step()? {}
    reader.end_word();
    Some(reader.tokens)
}

struct Reader<'s> {
    rest: &'s str,
    tokens: Vec<Token>,
    word: Option<String>,
}

impl<'s> Reader<'s> {
    fn end_word(&mut self) {
        self.tokens.extend(self.word.take().map(Token::Word));
    }

    /// Appends text to the word.
    fn append(&mut self, text: &str) {
        self.word.get_or_insert_default().push_str(text);
    }

    /// Takes what is before a place.
    fn take(&mut self, place: usize) -> &'s str {
        let (text, rest) = self.rest.split_at(place);
        self.rest = rest;
        text
    }

    /// Reads a step. False at the end; `None` if it cannot be read.
    fn step(&mut self) -> Option<bool> {
        let Some(letter) = self.rest.chars().next() else { return Some(false) };
        if self.rest.starts_with("$(") {
            self.substitution()?;
            return Some(true);
        }
        if matches!(letter, '<' | '>') {
            self.redirection()?;
            return Some(true);
        }
        if letter == '#' && self.word.is_none() {
            self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
            return Some(true);
        }
        for mark in ["&&", "||", "&", "|", ";", "(", ")", "\n"] {
            if self.rest.starts_with(mark) {
                self.take(mark.len());
                self.end_word();
                self.tokens.push(Token::Mark(if mark == "\n" { ";" } else { mark }));
                return Some(true);
            }
        }
        let text = self.take(letter.len_utf8());
        match letter {
            ' ' | '\t' => self.end_word(),
            '\'' => {
                let quoted = self.take(self.rest.find('\'')?);
                self.take(1);
                self.append(quoted);
            }
            '"' => self.quoted()?,
            '\\' => self.escaped()?,
            _ => self.append(text),
        }
        Some(true)
    }

    /// Reads the letter after a backslash, which is none before the end of a line.
    fn escaped(&mut self) -> Option<()> {
        let next = self.rest.chars().next()?;
        let text = self.take(next.len_utf8());
        if next != '\n' {
            self.append(text);
        }
        Some(())
    }

    /// Reads up to the closing double quote.
    fn quoted(&mut self) -> Option<()> {
        self.append("");
        loop {
            let letter = self.rest.chars().next()?;
            if self.rest.starts_with("$(") {
                self.substitution()?;
                continue;
            }
            let text = self.take(letter.len_utf8());
            match letter {
                '"' => return Some(()),
                '\\' => self.escaped()?,
                _ => self.append(text),
            }
        }
    }

    /// Reads commands whose output is a part of a word: their result does not count. `None` with quotes in them.
    fn substitution(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        for (place, letter) in self.rest.char_indices() {
            match letter {
                '(' => depth += 1,
                ')' => depth = depth.checked_sub(1)?,
                '"' | '\'' | '\\' | '#' => return None,
                _ => {}
            }
            if letter == ')' && depth == 0 {
                let text = self.take(place + 1);
                self.append(text);
                return Some(());
            }
        }
        None
    }

    /// Reads where to a command writes, or from where it reads.
    fn redirection(&mut self) -> Option<()> {
        // The number of a stream.
        match self.word.take() {
            Some(word) if word.bytes().all(|byte| byte.is_ascii_digit()) => {}
            word => {
                self.word = word;
                self.end_word();
            }
        }
        let is_sign = |letter: char| matches!(letter, '<' | '>' | '&' | '|');
        let sign = self.take(self.rest.find(|letter| !is_sign(letter))?);
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        let ends = |letter: char| letter.is_whitespace() || ";&|()<>".contains(letter);
        let target = self.take(self.rest.find(ends).unwrap_or(self.rest.len()));
        let is_stream = || matches!(target, "1" | "2" | "-");
        let is_harmless = match sign {
            ">&" => is_stream(),
            ">" | ">>" | "<" => target == "/dev/null",
            _ => false,
        };
        if target.is_empty() {
            return None;
        }
        if !is_harmless {
            self.tokens.push(Token::File);
        }
        Some(())
    }
}
