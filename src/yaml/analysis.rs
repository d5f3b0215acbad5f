//! What go-yaml's emitter finds out about a string before it chooses a style.

/// Which styles a string may be written in outside of flow collections, and what else decides its form.
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
    /// It may be written as a block (`|`, `>`), if tabs are no obstacle: they are one for go-yaml v2 only.
    pub(super) block: bool,
    /// It holds a tab.
    pub(super) tabs: bool,
    /// It holds U+0085, which the JSON between v3 and v2 leaves as it is: v2 folds it as a line break.
    pub(super) next_line: bool,
    /// It holds a character that YAML does not allow and JSON does not escape.
    pub(super) forbidden: bool,
}

/// Whether a string may be written without quotes, for the many that a quick look is enough for. False is no verdict.
#[inline]
pub(super) fn is_plain_in_one_look(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some(&first) = bytes.first() else { return false };
    if STARTS_PLAIN[usize::from(first)] {
        remains_plain(bytes)
    } else {
        // Flags of programs are all over manifests.
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
                // What stands before it is no space.
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

/// Whether text begins with what would be YAML syntax if it stood plain in a block.
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
    /// A tab or a NUL: white space, and no space.
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
    /// Looks at one character that needs more than its first byte; the answer is its length.
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
            // go-yaml takes nothing beyond the first plane for printable.
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
