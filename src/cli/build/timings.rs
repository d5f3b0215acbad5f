//! `--timings`: the summary of a run, as text or JSON.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use serde::Serialize;

use super::terminal::{self, Format};
use crate::limits::{Limit, Spent};
use crate::text::escape;

/// Outcomes and durations of the targets of a run.
#[derive(Default)]
pub(super) struct Timings {
    targets: Vec<TargetTiming>,
}

struct TargetTiming {
    name: String,
    outcome: Outcome,
    size: Size,
    time: Duration,
}

impl TargetTiming {
    fn line(&self) -> String {
        let Self { name, outcome, size: Size { resources, bytes, used }, time } = self;
        escape::json_line(&TargetLine {
            timing: "target",
            target: name,
            outcome: *outcome,
            resources: *resources,
            bytes: *bytes,
            microseconds: microseconds(*time),
            limits: used.map(|used| amounts(&used)),
        })
    }
}

/// Outcome of a target.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    Rendered,
    /// Taken from the cache.
    Kept,
    Failed,
}

/// Size of a rendered target.
#[derive(Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) resources: usize,
    pub(super) bytes: usize,
    /// Used amounts of the limits, if it was rendered in this run.
    pub(super) used: Option<Spent>,
}

/// Number of targets that the summary lists.
const SLOWEST: usize = 10;

impl Timings {
    /// Numbers of the failed targets.
    pub(super) fn failed(&self) -> Vec<usize> {
        let failed = |target: &TargetTiming| target.outcome == Outcome::Failed;
        let numbered = self.targets.iter().enumerate();
        numbered.filter(|(_, target)| failed(target)).map(|(number, _)| number).collect()
    }

    /// Adds a target. The size of a failed one is zero.
    pub(super) fn add(&mut self, name: &str, outcome: Outcome, size: Size, time: Duration) {
        self.targets.push(TargetTiming { name: name.to_owned(), outcome, size, time });
    }

    /// True if a target failed.
    pub(super) fn has_failures(&self) -> bool {
        self.count(Outcome::Failed) > 0
    }

    /// Writes durations to standard error: a summary as text, or all values as JSON.
    pub(super) fn tell(&self, whole: Duration, jobs: usize, format: Format) {
        terminal::plain(&match format {
            Format::Human => self.summary(whole, jobs),
            Format::Json => self.lines(whole, jobs),
        });
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.targets.iter().filter(|target| target.outcome == outcome).count()
    }

    fn sum(&self, field: fn(&Size) -> usize) -> usize {
        self.targets.iter().map(|target| field(&target.size)).sum()
    }

    /// Writes the duration of each target that was rendered.
    #[cfg(feature = "watch")]
    pub(super) fn tell_each(&self, format: Format) {
        let rendered = self.targets.iter().filter(|target| target.outcome == Outcome::Rendered);
        terminal::plain(&match format {
            Format::Human => rendered
                .map(|TargetTiming { name, time, .. }| {
                    format!("rendered `{}` in {}\n", escape::visible(name), duration(*time))
                })
                .collect::<String>(),
            Format::Json => self.targets.iter().map(TargetTiming::line).collect(),
        });
    }

    /// A line of JSON for each target, and one for the run.
    fn lines(&self, whole: Duration, jobs: usize) -> String {
        let run = escape::json_line(&RunLine {
            timing: "run",
            targets: self.targets.len(),
            failed: self.count(Outcome::Failed),
            kept: self.count(Outcome::Kept),
            resources: self.sum(|size| size.resources),
            bytes: self.sum(|size| size.bytes),
            microseconds: microseconds(whole),
            threads: jobs,
        });
        self.targets.iter().map(TargetTiming::line).chain([run]).collect()
    }

    /// The summary as text: totals, then the slowest targets.
    fn summary(&self, whole: Duration, jobs: usize) -> String {
        let (resources, bytes) = (self.sum(|size| size.resources), self.sum(|size| size.bytes));
        let parts = [
            (self.count(Outcome::Failed), "failed"),
            (self.count(Outcome::Kept), "from the cache"),
        ];
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
        let mut slowest: Vec<&TargetTiming> = self.targets.iter().collect();
        slowest.sort_by_key(|target| std::cmp::Reverse(target.time));
        slowest.truncate(SLOWEST);
        let names: Vec<_> = slowest.iter().map(|target| escape::visible(&target.name)).collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(7);
        // Writing to a `String` cannot fail.
        let mut line = |cells: [&str; 4]| {
            let [name, time, resources, bytes] = cells;
            writeln!(text, "{name:<width$}  {time:>9}  {resources:>9}  {bytes:>11}")
                .unwrap_or_default();
        };
        line(["", "", "", ""]);
        line(["slowest", "time", "resources", "bytes"]);
        for (TargetTiming { name: _, outcome: _, size, time }, name) in slowest.iter().zip(&names) {
            line([name, &duration(*time), &grouped(size.resources), &grouped(size.bytes)]);
        }
        text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
    }
}

#[derive(Serialize)]
struct TargetLine<'a> {
    timing: &'static str,
    target: &'a str,
    outcome: Outcome,
    resources: usize,
    bytes: usize,
    microseconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<BTreeMap<&'static str, u64>>,
}

#[derive(Serialize)]
struct RunLine {
    timing: &'static str,
    targets: usize,
    failed: usize,
    kept: usize,
    resources: usize,
    bytes: usize,
    microseconds: u64,
    threads: usize,
}

/// Used amount of each limit per target.
fn amounts(used: &Spent) -> BTreeMap<&'static str, u64> {
    let own = Limit::ALL.iter().filter(|limit| !limit.is_of_run());
    own.map(|&limit| (limit.name(), used.get(limit))).collect()
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// A duration, rounded to the digits that matter.
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

/// A number with separators of thousands: `1,234,567`.
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

    fn timings() -> Timings {
        let mut timings = Timings::default();
        let mut add = |name, outcome, resources, bytes, microseconds| {
            let time = Duration::from_micros(microseconds);
            timings.add(name, outcome, Size { resources, bytes, used: None }, time);
        };
        add("overlays/dev", Outcome::Kept, 2, 1234, 1250);
        add("overlays/broken", Outcome::Failed, 0, 0, 80);
        add("overlays/production", Outcome::Rendered, 1000, 1_234_567, 1_234_000);
        timings
    }

    #[test]
    fn a_summary_has_sums_and_the_slowest() {
        let timings = timings();
        assert_eq!(
            timings.summary(Duration::from_secs(125), 2),
            "\
targets    3 (1 failed, 1 from the cache)
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
        let size = Size { resources: 1, bytes: 100, used: Some(Spent::default()) };
        timings.add(".", Outcome::Rendered, size, Duration::from_millis(250));
        assert_eq!(
            timings.summary(Duration::from_millis(250), 1),
            "targets    1\nresources  1\nbytes      100\ntime       250 ms on one thread\n"
        );
        let lines = timings.lines(Duration::from_millis(250), 1);
        let used =
            r#""limits":{"bytes":0,"directories":0,"expressions":0,"patterns":0,"resources":0}}"#;
        assert!(lines.lines().next().is_some_and(|line| line.ends_with(used)), "{lines}");
    }

    #[test]
    fn programs_get_all_of_it() {
        assert_eq!(
            timings().lines(Duration::from_secs(2), 2),
            r#"{"timing":"target","target":"overlays/dev","outcome":"kept","resources":2,"bytes":1234,"microseconds":1250}
{"timing":"target","target":"overlays/broken","outcome":"failed","resources":0,"bytes":0,"microseconds":80}
{"timing":"target","target":"overlays/production","outcome":"rendered","resources":1000,"bytes":1234567,"microseconds":1234000}
{"timing":"run","targets":3,"failed":1,"kept":1,"resources":1002,"bytes":1235801,"microseconds":2000000,"threads":2}
"#
        );
    }
}
