//! Commands that do not end.

use super::pod::Container;
use super::value::items;
use crate::yaml::Node;

/// The longest time that a command which ends soon sleeps at once, in seconds.
const LONG: f64 = 3600.0;

/// True if the command of a container shows that it runs on: it sleeps for hours or for ever, follows a file, or repeats without
/// an end. Linear.
pub(super) fn runs_on(container: &Container<'_>) -> bool {
    let fields = ["command", "args"].into_iter();
    let texts = fields.flat_map(|field| items(container.node.get(field)));
    let texts: Vec<&str> = texts.filter_map(Node::as_text).collect();
    is_endless(&texts.join(" "))
}

fn is_endless(script: &str) -> bool {
    let is_leave = |word: &str| matches!(word, "break" | "exit" | "return");
    let leaves = commands(script).any(|one| words(one).any(is_leave));
    commands(script).any(|command| {
        let (mut before, mut is_of_tail) = ("", false);
        words(command).any(|word| {
            let repeats = match before {
                "while" => matches!(word, "true" | ":" | "1"),
                "until" => word == "false",
                _ => false,
            };
            let is_endless = is_program(before, "sleep") && is_long(word)
                || is_of_tail && is_to_follow(word)
                || repeats && !leaves;
            is_of_tail |= is_program(word, "tail");
            before = word;
            is_endless
        })
    })
}

/// The commands of a script.
fn commands(script: &str) -> impl Iterator<Item = &str> {
    script.split(['\n', ';', '&', '|', '(', ')', '`'])
}

fn words(command: &str) -> impl Iterator<Item = &str> {
    let is_end = |one: char| one.is_whitespace() || "\"'{}[]".contains(one);
    command.split(is_end).filter(|word| !word.is_empty())
}

/// True for an option of `tail` that follows a file.
fn is_to_follow(word: &str) -> bool {
    let is_short = word.starts_with('-') && !word.starts_with("--");
    word.starts_with("--follow") || is_short && word.contains(['f', 'F'])
}

/// True for the name of a program, or a path to it.
fn is_program(word: &str, name: &str) -> bool {
    word.rsplit('/').next() == Some(name)
}

/// True for a time of hours or without an end.
fn is_long(time: &str) -> bool {
    let (number, unit) = match time.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(number) => (number, time.bytes().last()),
        None => (time, None),
    };
    let seconds = match unit {
        Some(b'm') => 60.0,
        Some(b'h') => 3600.0,
        Some(b'd') => 86400.0,
        _ => 1.0,
    };
    // `inf` and `infinity` are numbers.
    number.parse::<f64>().is_ok_and(|number| number * seconds >= LONG)
}

#[cfg(test)]
mod tests {
    use super::is_endless;

    #[test]
    fn commands_that_run_on_are_known() {
        for script in [
            "sleep infinity",
            "sh -c sleep infinity",
            "/bin/sleep inf",
            "sh -c echo ready; sleep 1d",
            "sleep 999999",
            "tail -f /dev/null",
            "sh -c 'exec tail -n 0 -F /var/log/x'",
            "tail -f/dev/null",
            "tail --follow=name x",
            "tail x tail -n 1 y -f",
            "while true; do date; sleep 5; done",
            "sh -c while :; do date; done",
            "until false; do date; done",
        ] {
            assert!(is_endless(script), "{script}");
        }
        for script in [
            "",
            "until nc -z db 5432; do sleep 1; done",
            "while true; do nc -z db 5432 && break; sleep 5; done",
            "while ! nc -z db 5432; do sleep 60s; done",
            "sleep 10",
            "sleep $TIME",
            "tail -n 5 file",
            "rm -f x",
            "tail x; rm -f x",
            "tail x\nrm -f x",
        ] {
            assert!(!is_endless(script), "{script}");
        }
    }
}
