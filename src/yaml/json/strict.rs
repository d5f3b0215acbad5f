//! Whether text is JSON: YAML lets pass more, in the flow form that looks like it.

/// Where text stops being one JSON value, as an offset; nothing when it is one. (Go's `encoding/json`, `scanner.go`.)
#[must_use]
pub fn not_json(text: &str) -> Option<usize> {
    let mut scanner = Scanner { bytes: text.as_bytes(), at: 0 };
    match scanner.document() {
        Some(()) => None,
        None => Some(text.floor_char_boundary(scanner.at)),
    }
}

const DEEPEST: usize = 10_000;

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Each part ends behind what it took, or at what does not belong there.
impl Scanner<'_> {
    fn document(&mut self) -> Option<()> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            // A value begins here.
            self.blanks();
            match self.peek()? {
                bracket @ (b'[' | b'{') if open.len() < DEEPEST => {
                    self.at += 1;
                    self.blanks();
                    let end = if bracket == b'[' { b']' } else { b'}' };
                    if !self.skip(end) {
                        open.push(end);
                        self.key(end)?;
                        continue;
                    }
                }
                b'"' => self.string()?,
                b't' => self.word(b"true")?,
                b'f' => self.word(b"false")?,
                b'n' => self.word(b"null")?,
                b'-' | b'0'..=b'9' => self.number()?,
                _ => return None,
            }
            // And ended: with it may end collections.
            loop {
                self.blanks();
                let Some(&end) = open.last() else {
                    return self.peek().is_none().then_some(());
                };
                if self.skip(b',') {
                    self.key(end)?;
                    break;
                }
                if !self.skip(end) {
                    return None;
                }
                open.pop();
            }
        }
    }

    /// The key in front of a value, if a mapping is open.
    fn key(&mut self, end: u8) -> Option<()> {
        if end == b']' {
            return Some(());
        }
        self.blanks();
        self.string()?;
        self.blanks();
        self.skip(b':').then_some(())
    }

    fn string(&mut self) -> Option<()> {
        if !self.skip(b'"') {
            return None;
        }
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    self.at += 1;
                    let digits = match self.peek()? {
                        b'u' => 4,
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 0,
                        _ => return None,
                    };
                    self.at += 1;
                    for _ in 0..digits {
                        self.peek().filter(u8::is_ascii_hexdigit)?;
                        self.at += 1;
                    }
                }
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        self.skip(b'-');
        if !self.skip(b'0') {
            self.digits()?;
        }
        if self.skip(b'.') {
            self.digits()?;
        }
        if self.skip(b'e') || self.skip(b'E') {
            let _signed = self.skip(b'+') || self.skip(b'-');
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        self.peek().filter(u8::is_ascii_digit)?;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        word.iter().all(|&byte| self.skip(byte)).then_some(())
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_what_only_looks_like_it() {
        for text in [
            "[]",
            " {} ",
            "[1, -0.5e+3, 0, true, false, null]",
            "{\"a\": {\"b\": []}, \"\\u00e4\\n\": \"ü/\\/\"}\n",
            "[[[{}]], {\"a\": [1]}]",
        ] {
            assert_eq!(not_json(text), None, "{text}");
        }
        for (text, place) in [
            ("", 0),
            ("[a]", 1),
            ("[{op: 1}]", 2),
            ("[1,]", 3),
            ("[1] x", 4),
            ("['a']", 1),
            ("[01]", 2),
            ("[1.]", 3),
            ("{\"a\" 1}", 5),
            ("{\"a\": 1,}", 8),
            ("[\"\\x\"]", 3),
            ("[\"a\tb\"]", 3),
            ("[\"\\u12g4\"]", 6),
            ("[tru]", 4),
            ("[[1}", 3),
        ] {
            assert_eq!(not_json(text), Some(place), "{text}");
        }
        assert_eq!(not_json(&"[".repeat(20_000)), Some(DEEPEST));
    }
}
