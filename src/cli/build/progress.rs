//! Progress of a long run: one line on a terminal, redrawn in place and erased at the end.

use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};

/// The progress line.
pub(super) struct Progress {
    count: usize,
    done: usize,
    failed: usize,
    /// Time of the next redraw; `None` if the line is not shown.
    next: Option<Instant>,
    is_drawn: bool,
}

/// Delay before the line is shown: shorter runs show none.
const PATIENCE: Duration = Duration::from_millis(400);
const INTERVAL: Duration = Duration::from_millis(100);
/// Width of the bar in characters.
const WIDTH: usize = 30;

impl Progress {
    /// A line that counts to `count`. It is shown if standard error is a terminal that standard output does not write
    /// to.
    pub(super) fn new(count: usize, started: Instant, prints: bool, quiet: bool) -> Self {
        let is_seen = !quiet
            && std::io::stderr().is_terminal()
            && !(prints && std::io::stdout().is_terminal());
        let next = is_seen.then(|| started + PATIENCE);
        Self { count, done: 0, failed: 0, next, is_drawn: false }
    }

    /// Counts one more target.
    pub(super) fn advance(&mut self, has_failed: bool, now: Instant) {
        self.done += 1;
        self.failed += usize::from(has_failed);
        if self.next.is_some_and(|next| next <= now) {
            self.next = Some(now + INTERVAL);
            self.is_drawn = true;
            show(&format!("\r\x1b[K{}", self.line()));
        }
    }

    fn line(&self) -> String {
        let filled = WIDTH * self.done / self.count.max(1);
        let failed = match self.failed {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        let (bar, rest) = ("#".repeat(filled), "-".repeat(WIDTH - filled));
        format!("[{bar}{rest}] {} of {} targets{failed}", self.done, self.count)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_drawn {
            show("\r\x1b[K");
        }
    }
}

/// Writes to standard error. Errors are ignored: the line is not essential.
fn show(text: &str) {
    let mut stderr = std::io::stderr().lock();
    drop(stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush()));
}

#[cfg(test)]
mod tests {
    use super::super::now;
    use super::*;

    #[test]
    fn the_line_says_how_far_it_is() {
        let mut progress = Progress { count: 4, done: 0, failed: 0, next: None, is_drawn: false };
        progress.advance(false, now());
        assert_eq!(progress.line(), "[#######-----------------------] 1 of 4 targets");
        progress.advance(true, now());
        assert_eq!(progress.line(), "[###############---------------] 2 of 4 targets, 1 failed");
    }
}
