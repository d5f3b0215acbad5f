//! Assigns comments on lines of their own, between two tokens, to the token before or the token after.

use super::{Comment, Kind, LOOK_AHEAD, Mark, Stream, Token};

/// A scan of the lines after a token.
struct Search {
    /// The token before.
    owner: Kind,
    /// The position at which the scan for the current comment began, and the token that the comment belongs to so far.
    scan: Mark,
    token: Mark,
    /// The start and the text of the current comment; empty between two comments.
    start: Mark,
    text: String,
    /// The minimum indentation of a comment that belongs to the next token.
    indent: isize,
    /// The line of a comment that directly follows the token before.
    foot_line: isize,
    /// True before the first line break, and after an empty line.
    is_first_line: bool,
    was_empty: bool,
    /// The position of the scan: the number of bytes ahead of the stream, with line and column.
    ahead: usize,
    line: isize,
    column: isize,
}

impl Stream<'_> {
    /// Reads the comments that follow. Those that end before an empty line, or are indented less, become the foot of
    /// the token before them; the last ones become the head of the next token. (go-yaml v3, `scannerc.go`.)
    pub(super) fn scan_comments(&mut self, scan: Mark) {
        let owner = match &self.tokens[..] {
            [.., before, last] if last.kind == Kind::FlowEntry => *before,
            [.., last] => *last,
            [] => return,
        };
        let mut search = Search::new(self, scan, owner);
        while search.ahead < LOOK_AHEAD && search.goes_on(self) {}
        search.finish(self);
    }
}

impl Search {
    fn new(stream: &Stream<'_>, scan: Mark, owner: Token) -> Self {
        let follows_text = stream.newlines == 0 && stream.mark.column > 1;
        let foot_line = stream.mark.line - stream.newlines + 1 + isize::from(follows_text);
        Self {
            owner: owner.kind,
            scan,
            token: owner.start,
            start: Mark::default(),
            text: String::new(),
            indent: stream.indent.max(0),
            foot_line: if scan.line > 0 { foot_line } else { -1 },
            is_first_line: stream.newlines <= 1,
            was_empty: false,
            ahead: 0,
            line: stream.mark.line,
            column: stream.mark.column,
        }
    }

    /// Reads one byte or one comment. Returns false at the first token after the comments.
    fn goes_on(&mut self, stream: &mut Stream<'_>) -> bool {
        self.column += 1;
        let byte = stream.byte(self.ahead);
        if matches!(byte, b' ' | b'\t') {
            self.ahead += 1;
            return true;
        }
        let is_end = stream.position() + self.ahead >= stream.text.len();
        let is_break = matches!(byte, b'\r' | b'\n') && !is_end;
        let closes_flow = stream.flow_level > 0 && matches!(byte, b']' | b'}');
        if closes_flow || is_break || is_end {
            self.end_line(stream, closes_flow, is_end);
            if is_break {
                self.next_line();
            }
            return is_break;
        }
        if self.column - 1 < self.indent && self.column != self.start.column {
            self.put_foot(stream);
        }
        if byte == b'#' {
            self.take_comment(stream);
        }
        byte == b'#'
    }

    /// Handles the end of a line: an empty line ends a comment.
    fn end_line(&mut self, stream: &mut Stream<'_>, closes_flow: bool, is_end: bool) {
        if self.was_empty && !closes_flow {
            return;
        }
        let is_dedented = self.start.column - 1 < self.indent;
        let is_foot = self.start.line == self.foot_line && self.owner != Kind::Value;
        if closes_flow || (self.is_first_line && (is_foot || is_dedented)) {
            if is_dedented && !self.text.is_empty() {
                self.token = self.start;
            }
            self.put_foot(stream);
        } else if !self.text.is_empty() && !is_end {
            self.text.push('\n');
        }
    }

    const fn next_line(&mut self) {
        self.is_first_line = false;
        self.was_empty = true;
        self.column = 0;
        self.line += 1;
        self.ahead += 1;
    }

    /// Assigns the comment to the token before it.
    fn put_foot(&mut self, stream: &mut Stream<'_>) {
        if self.text.is_empty() {
            return;
        }
        let here = self.here(stream);
        let foot = std::mem::take(&mut self.text);
        let (scan, token, start) = (self.scan, self.token, self.start);
        stream.comments.push(Comment { scan, token, start, end: here, foot, ..Comment::default() });
        (self.scan, self.token) = (here, here);
    }

    fn take_comment(&mut self, stream: &mut Stream<'_>) {
        let here = self.here(stream);
        if self.text.is_empty() {
            self.start = here;
        } else {
            self.text.push('\n');
        }
        while stream.mark.index < here.index {
            stream.skip();
        }
        self.text.push_str(&stream.read_line());
        self.was_empty = false;
        // The line break after the comment counts as read already.
        self.ahead = usize::from(!stream.at_end());
        self.column = 0;
        self.line = stream.mark.line;
        self.indent = stream.indent.max(0);
    }

    /// Assigns the remaining comments to the next token.
    fn finish(self, stream: &mut Stream<'_>) {
        if self.text.is_empty() {
            return;
        }
        let end = self.here(stream);
        let end = Mark { index: end.index - 1, ..end };
        let (scan, start) = (self.scan, self.start);
        stream.comments.push(Comment {
            scan,
            token: start,
            start,
            end,
            head: self.text,
            ..Comment::default()
        });
    }

    const fn here(&self, stream: &Stream<'_>) -> Mark {
        let index = stream.mark.index + self.ahead.cast_signed();
        Mark { index, line: self.line, column: self.column }
    }
}
