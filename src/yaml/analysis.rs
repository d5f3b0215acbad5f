//! The properties of a string from which go-yaml's emitter chooses a style.

/// The properties of a string: the styles that it may have outside of flow collections, and characters that change its
/// form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Analysis {
    /// It holds a line break of any kind.
    pub(super) multiline: bool,
    /// It holds U+2028 or U+2029, which end lines and are written as they are.
    pub(super) separators: bool,
    /// It may be written without quotes.
    pub(super) plain: bool,
    /// It may be written in single quotes.
    pub(super) single_quoted: bool,
    /// It may be written as a block (`|`, `>`), provided that tabs are acceptable: they are for go-yaml v3, not for v2.
    pub(super) block: bool,
    /// It holds a tab.
    pub(super) tabs: bool,
    /// It holds U+0085, which the JSON between v3 and v2 leaves as it is: v2 folds it as a line break.
    pub(super) next_line: bool,
    /// It holds a character that YAML does not allow and JSON does not escape.
    pub(super) forbidden: bool,
}

/// True if a quick look shows that a string may be written without quotes. False if [`analyze`] must decide.
#[inline]
pub(super) fn is_plain_in_one_look(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some(&first) = bytes.first() else { return false };
    if STARTS_PLAIN[usize::from(first)] {
        remains_plain(bytes)
    } else {
        // Command-line flags such as `--port=80` are frequent in manifests.
        first == b'-' && !begins_like_syntax(bytes) && remains_plain(bytes)
    }
}

#[inline]
fn remains_plain(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(position, &byte)| {
        CLASS[usize::from(byte)] == ORDINARY
            || match byte {
                b' ' => !matches!(bytes.get(position + 1), None | Some(b'#')),
                b':' => !matches!(bytes.get(position + 1), None | Some(b' ')),
                // No space precedes it: the arm for spaces has rejected ` #`.
                b'#' => true,
                _ => false,
            }
    })
}

static STARTS_PLAIN: [bool; 256] = {
    let mut starts = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        starts[byte] =
            (byte as u8).is_ascii_alphanumeric() || byte == b'/' as usize || byte == b'_' as usize;
        byte += 1;
    }
    starts
};

/// Examines a string as `yaml_emitter_analyze_scalar` does.
pub(super) fn analyze(text: &str) -> Analysis {
    let bytes = text.as_bytes();
    let Some(&first) = bytes.first() else {
        return Analysis { plain: true, single_quoted: true, ..Analysis::default() };
    };
    let mut scan = Scan { previous: Previous::Start, indicators: false, ..Scan::default() };
    scan.indicators = begins_like_syntax(bytes);
    let mut position = 0;
    while let Some(&byte) = bytes.get(position) {
        match CLASS[usize::from(byte)] {
            ORDINARY => {
                position += 1;
                while bytes.get(position).is_some_and(|&byte| CLASS[usize::from(byte)] == ORDINARY)
                {
                    position += 1;
                }
                scan.previous = Previous::Other;
            }
            SPACE => {
                scan.space_after_break |= scan.previous == Previous::Break;
                scan.previous = Previous::Space;
                position += 1;
            }
            _ => position += scan.unusual(&bytes[position..]),
        }
    }
    scan.conclude(first)
}

const ORDINARY: u8 = 0;
const SPACE: u8 = 1;
const UNUSUAL: u8 = 2;

static CLASS: [u8; 256] = {
    let mut class = [UNUSUAL; 256];
    let mut byte = 0x21;
    while byte < 0x7F {
        class[byte] = ORDINARY;
        byte += 1;
    }
    class[b' ' as usize] = SPACE;
    class[b':' as usize] = UNUSUAL;
    class[b'#' as usize] = UNUSUAL;
    class
};

/// True if text begins with characters that would be YAML syntax in a plain scalar in block context.
fn begins_like_syntax(bytes: &[u8]) -> bool {
    match bytes {
        [b'?' | b'-'] | [b'?' | b'-', b' ' | b'\t', ..] => true,
        [first, ..] if b"#,[]{}&*!|>'\"%@`".contains(first) => true,
        _ => bytes.starts_with(b"---") || bytes.starts_with(b"..."),
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Previous {
    #[default]
    Start,
    Space,
    Break,
    /// A tab or a NUL: white space that is not a space.
    Blank,
    Other,
}

#[derive(Default)]
struct Scan {
    previous: Previous,
    indicators: bool,
    special: bool,
    breaks: bool,
    space_after_break: bool,
    break_after_space: bool,
    found: Analysis,
}

impl Scan {
    /// Examines one character that needs more than its first byte, and returns its length in bytes.
    fn unusual(&mut self, bytes: &[u8]) -> usize {
        match bytes {
            [b':', rest @ ..] => {
                self.indicators |= matches!(rest, [] | [b' ' | b'\t', ..]);
                self.step(Previous::Other, 1)
            }
            [b'#', ..] => {
                self.indicators |= self.previous != Previous::Other;
                self.step(Previous::Other, 1)
            }
            [b'\n', ..] => self.line_break(1),
            [b'\t', ..] => {
                self.found.tabs = true;
                self.step(Previous::Blank, 1)
            }
            [0xE2, 0x80, 0xA8 | 0xA9, ..] => {
                self.found.separators = true;
                self.line_break(3)
            }
            _ => self.special(bytes),
        }
    }

    /// A character that is written as an escape, or beyond ASCII.
    fn special(&mut self, bytes: &[u8]) -> usize {
        let (length, special, forbidden) = match bytes {
            [0xC2, 0x85, ..] => {
                self.found.next_line = true;
                self.special = true;
                return self.line_break(2);
            }
            [b'\r', ..] => {
                self.special = true;
                return self.line_break(1);
            }
            [0x00, ..] => {
                self.special = true;
                return self.step(Previous::Blank, 1);
            }
            [0x7F, ..] => (1, true, true),
            [0x00..0x80, ..] => (1, true, false),
            [0xC2, 0x80..0xA0, ..] => (2, true, true),
            [0x80..0xE0, ..] => (2, false, false),
            [0xEF, 0xBB, 0xBF, ..] => (3, true, false),
            [0xEF, 0xBF, 0xBE..=0xBF, ..] => (3, true, true),
            [0xE0..0xF0, ..] => (3, false, false),
            // go-yaml treats characters beyond the Basic Multilingual Plane as not printable.
            _ => (4, true, false),
        };
        self.special |= special;
        self.found.forbidden |= forbidden;
        self.step(Previous::Other, length)
    }

    fn line_break(&mut self, length: usize) -> usize {
        self.breaks = true;
        self.break_after_space |= self.previous == Previous::Space;
        self.step(Previous::Break, length)
    }

    fn step(&mut self, previous: Previous, length: usize) -> usize {
        self.previous = previous;
        length
    }

    fn conclude(self, first: u8) -> Analysis {
        let Self {
            previous,
            indicators,
            special,
            breaks,
            space_after_break,
            break_after_space,
            found,
        } = self;
        let quoted_only = special || found.tabs || break_after_space || space_after_break;
        Analysis {
            multiline: breaks,
            plain: !(quoted_only
                || breaks
                || indicators
                || first == b' '
                || previous == Previous::Space),
            single_quoted: !quoted_only,
            block: !(special || break_after_space || previous == Previous::Space),
            ..found
        }
    }
}
