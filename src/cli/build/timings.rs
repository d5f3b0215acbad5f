//! What a run took: the summary of `--timings`.

use std::{fmt::Write as _, time::Duration};

/// What the targets of a run came to, and how long each took.
#[derive(Default)]
pub(super) struct Timings {
    targets: Vec<Target>,
    failed: usize,
    kept: usize,
}

struct Target {
    name: String,
    size: Size,
    time: Duration,
}

/// How much a target renders to.
#[derive(Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) resources: usize,
    pub(super) bytes: usize,
}

/// So many of the slowest targets are told.
const SLOWEST: usize = 10;

impl Timings {
    /// Adds a target; without a size it failed. One that is kept was rendered in an earlier run.
    pub(super) fn add(&mut self, name: &str, size: Option<Size>, is_kept: bool, time: Duration) {
        self.failed += usize::from(size.is_none());
        self.kept += usize::from(is_kept);
        self.targets.push(Target { name: name.to_owned(), size: size.unwrap_or_default(), time });
    }

    /// Whether any target failed.
    pub(super) const fn has_failures(&self) -> bool {
        self.failed > 0
    }

    /// The summary as text: the sums, then the slowest targets.
    pub(super) fn summary(&self, whole: Duration, jobs: usize) -> String {
        let sum = |field: fn(&Size) -> usize| self.targets.iter().map(|one| field(&one.size)).sum();
        let (resources, bytes): (usize, usize) =
            (sum(|size| size.resources), sum(|size| size.bytes));
        let parts = [(self.failed, "failed"), (self.kept, "from the cache")];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> =
            parts.map(|(count, what)| format!("{} {what}", grouped(count))).collect();
        let parts =
            if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
        let threads = if jobs == 1 { "one thread".to_owned() } else { format!("{jobs} threads") };
        let mut text = format!(
            "targets    {}{parts}\nresources  {}\nbytes      {}\ntime       {} on {threads}\n",
            grouped(self.targets.len()),
            grouped(resources),
            grouped(bytes),
            duration(whole),
        );
        if self.targets.len() < 2 {
            return text;
        }
        let mut slowest: Vec<&Target> = self.targets.iter().collect();
        slowest.sort_by_key(|target| std::cmp::Reverse(target.time));
        slowest.truncate(SLOWEST);
        let name = |target: &Target| target.name.chars().count();
        let width = slowest.iter().map(|target| name(target)).max().unwrap_or(0).max(7);
        // Writing to text cannot fail.
        let mut line = |cells: [&str; 4]| {
            let [name, time, resources, bytes] = cells;
            writeln!(text, "{name:<width$}  {time:>9}  {resources:>9}  {bytes:>11}")
                .unwrap_or_default();
        };
        line(["", "", "", ""]);
        line(["slowest", "time", "resources", "bytes"]);
        for Target { name, size, time } in slowest {
            line([name, &duration(*time), &grouped(size.resources), &grouped(size.bytes)]);
        }
        text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
    }
}

/// A duration with as many digits as say something.
fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 0.1 {
        format!("{:.1} ms", seconds * 1e3)
    } else if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1e3)
    } else if seconds < 100.0 {
        format!("{seconds:.2} s")
    } else {
        format!("{:.0} min {:02.0} s", (seconds / 60.0).floor(), (seconds % 60.0).floor())
    }
}

/// A number with its thousands apart: `1,234,567`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_has_sums_and_the_slowest() {
        let mut timings = Timings::default();
        let size = |resources, bytes| Some(Size { resources, bytes });
        timings.add("overlays/dev", size(2, 1234), true, Duration::from_micros(1250));
        timings.add("overlays/broken", None, false, Duration::from_micros(80));
        timings.add(
            "overlays/production",
            size(1000, 1_234_567),
            true,
            Duration::from_millis(1234),
        );
        assert_eq!(
            timings.summary(Duration::from_secs(125), 2),
            "\
targets    3 (1 failed, 2 from the cache)
resources  1,002
bytes      1,235,801
time       2 min 05 s on 2 threads

slowest                   time  resources        bytes
overlays/production     1.23 s      1,000    1,234,567
overlays/dev            1.2 ms          2        1,234
overlays/broken         0.1 ms          0            0
"
        );
    }

    #[test]
    fn one_target_is_no_list() {
        let mut timings = Timings::default();
        timings.add(
            ".",
            Some(Size { resources: 1, bytes: 100 }),
            false,
            Duration::from_millis(250),
        );
        assert_eq!(
            timings.summary(Duration::from_millis(250), 1),
            "targets    1\nresources  1\nbytes      100\ntime       250 ms on one thread\n"
        );
    }
}
