//! Commands that always succeed, also as scripts of shells. In doubt, a command may fail.

use super::tokens::{Token, tokens};

/// The maximum depth of groups, and of commands that run commands.
const DEEPEST: usize = 16;

/// The names of shells.
const SHELLS: [&str; 6] = ["ash", "bash", "dash", "ksh", "sh", "zsh"];

/// Words that may end a script, or keep it from its end.
const ENDING: &str = ". break continue eval exec exit export for function kill killall pkill readonly return select \
    set shift sleep source trap unset until while";

/// Words that begin or end a part of a compound command.
const COMPOUND: &str = "case elif else esac fi if then";

/// The result of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Succeeds,
    MayFail,
    /// Success, which ends the script.
    Ends,
}

/// True if a command cannot fail, nor take longer than some seconds.
pub(super) fn always_succeeds(words: &[&str], seconds: i64) -> bool {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let mut rest = f64::from(i32::try_from(seconds).unwrap_or(i32::MAX));
    words.first().is_some_and(|first| !matches!(&**first, "exit" | "return" | "set"))
        && outcome(&words, &mut rest, 0) == Some(Outcome::Succeeds)
}

/// The result of a program by its words. `None` in doubt.
fn outcome(words: &[String], seconds: &mut f64, depth: usize) -> Option<Outcome> {
    let [program, rest @ ..] = words else { return None };
    let (folder, name) = program.rsplit_once('/').unwrap_or(("", program));
    if depth > DEEPEST {
        return None;
    }
    if SHELLS.contains(&name) {
        return of_shell(rest, seconds, depth);
    }
    match name {
        "env" | "busybox" => {
            let is_setting = |word: &&String| name == "env" && word.contains('=');
            let settings = rest.iter().take_while(is_setting).count();
            return outcome(&rest[settings..], seconds, depth + 1);
        }
        "sleep" => {
            let [time] = rest else { return None };
            let is_of_number = |byte: u8| byte.is_ascii_digit() || byte == b'.';
            let number = time.strip_suffix('s').unwrap_or(time);
            *seconds -= number.parse::<f64>().ok().filter(|_| number.bytes().all(is_of_number))?;
            return (*seconds > 0.0).then_some(Outcome::Succeeds);
        }
        _ => {}
    }
    let is_known = matches!(folder, "" | "/bin" | "/usr/bin" | "/busybox");
    match is_known && matches!(name, "true" | ":" | "echo" | "printf") {
        true => Some(Outcome::Succeeds),
        false => Some(Outcome::MayFail),
    }
}

/// The result of a shell by its arguments, if they are a script.
fn of_shell(arguments: &[String], seconds: &mut f64, depth: usize) -> Option<Outcome> {
    let is_flag = |word: &&String| word.starts_with('-') && !word.starts_with("--");
    let flags: Vec<&String> = arguments.iter().take_while(is_flag).collect();
    let is_plain = |flag: &&String| flag[1..].chars().all(|letter| "ceilvx".contains(letter));
    if !flags.iter().all(is_plain) || !flags.iter().any(|flag| flag.contains('c')) {
        return Some(Outcome::MayFail);
    }
    let tokens = tokens(arguments.get(flags.len())?)?;
    let stops = flags.iter().any(|flag| flag.contains('e'));
    let mut script =
        Script { tokens: &tokens, seconds, depth, groups: 0, stops, is_compound: false };
    let outcome = script.list()?;
    let is_read = script.tokens.is_empty() || outcome == Outcome::Ends;
    is_read.then_some(if outcome == Outcome::Ends { Outcome::Succeeds } else { outcome })
}

/// The rest of a script that is read.
struct Script<'t> {
    tokens: &'t [Token],
    /// The time that is left.
    seconds: &'t mut f64,
    depth: usize,
    /// The depth of groups.
    groups: usize,
    /// True if the first failure ends the script.
    stops: bool,
    /// True after a word of a compound command: what follows may not be run.
    is_compound: bool,
}

impl Script<'_> {
    /// Takes a token, if it is the next one.
    fn takes(&mut self, token: &Token) -> bool {
        let is_next = self.tokens.first() == Some(token);
        if is_next {
            self.tokens = &self.tokens[1..];
        }
        is_next
    }

    fn takes_mark(&mut self, mark: &'static str) -> bool {
        self.takes(&Token::Mark(mark))
    }

    fn takes_word(&mut self, word: &str) -> bool {
        self.takes(&Token::Word(word.to_owned()))
    }

    fn skip_ends(&mut self) {
        while self.takes_mark(";") {}
    }

    /// True at the end of the script or of a group.
    fn is_at_end(&self) -> bool {
        match self.tokens.first() {
            None | Some(Token::Mark(")")) => true,
            Some(Token::Word(word)) => word == "}",
            Some(_) => false,
        }
    }

    /// The result of commands one after another.
    fn list(&mut self) -> Option<Outcome> {
        let (mut last, mut ends) = (Outcome::Succeeds, false);
        loop {
            self.skip_ends();
            if self.is_at_end() {
                return Some(if ends { Outcome::Ends } else { last });
            }
            last = self.alternatives()?;
            if self.takes_mark("&") {
                last = Outcome::Succeeds;
            } else if !self.takes_mark(";") && !self.is_at_end() {
                return None;
            }
            ends |= last == Outcome::Ends;
            if ends && self.groups == 0 {
                return Some(Outcome::Ends);
            }
            if self.stops && last == Outcome::MayFail {
                return None;
            }
        }
    }

    /// The result of commands with `&&` and `||` between them.
    fn alternatives(&mut self) -> Option<Outcome> {
        let mut outcome = self.pipeline()?;
        loop {
            let is_next = self.takes_mark("&&");
            if !is_next && !self.takes_mark("||") {
                return Some(outcome);
            }
            self.skip_ends();
            let next = self.pipeline()?;
            outcome = match (outcome, is_next, next) {
                (Outcome::Succeeds, true, next) => next,
                (Outcome::MayFail, false, Outcome::Ends) => Outcome::Succeeds,
                (Outcome::MayFail, false, next) => next,
                (outcome, ..) => outcome,
            };
        }
    }

    /// The result of the last command of a pipeline. Each runs in a shell of its own.
    fn pipeline(&mut self) -> Option<Outcome> {
        let mut outcome = self.command()?;
        while self.takes_mark("|") {
            self.skip_ends();
            outcome = self.command()?;
            if outcome == Outcome::Ends {
                outcome = Outcome::Succeeds;
            }
        }
        Some(outcome)
    }

    /// The result of a command, or of a group of some.
    fn command(&mut self) -> Option<Outcome> {
        let is_inner = self.takes_mark("(");
        if !is_inner && !self.takes_word("{") {
            return self.simple();
        }
        self.groups += 1;
        if self.groups > DEEPEST {
            return None;
        }
        let outcome = self.list()?;
        let is_closed = if is_inner { self.takes_mark(")") } else { self.takes_word("}") };
        self.groups -= 1;
        // Neither arguments nor files may follow.
        if !is_closed || matches!(self.tokens.first(), Some(Token::Word(_) | Token::File)) {
            return None;
        }
        Some(if is_inner && outcome == Outcome::Ends { Outcome::Succeeds } else { outcome })
    }

    /// The result of a command without a group.
    fn simple(&mut self) -> Option<Outcome> {
        let (mut words, mut has_file) = (Vec::new(), false);
        while let Some((Token::Word(_) | Token::File, rest)) = self.tokens.split_first() {
            match &self.tokens[0] {
                Token::Word(word) => words.push(word.clone()),
                _ => has_file = true,
            }
            self.tokens = rest;
        }
        let outcome = self.of_words(&words)?;
        match (has_file, outcome) {
            (false, outcome) => Some(outcome),
            // A file that cannot be opened ends the script with some commands of the shell.
            (true, _) if matches!(words.first().map(String::as_str), Some(":" | "exec")) => None,
            (true, _) => Some(Outcome::MayFail),
        }
    }

    fn of_words(&mut self, words: &[String]) -> Option<Outcome> {
        let [first, rest @ ..] = words else { return None };
        let is_ending = |word: &String| ENDING.split(' ').any(|one| one == word);
        let end = if self.is_compound { Outcome::Succeeds } else { Outcome::Ends };
        let seconds = &mut *self.seconds;
        match first.as_str() {
            "exit" => return (rest == ["0"]).then_some(end),
            // It runs a program, which `:` is not.
            "exec" if !rest.iter().any(|word| is_ending(word) || word == ":") => {
                let outcome = outcome(rest, seconds, self.depth + 1)?;
                return (outcome == Outcome::Succeeds).then_some(end);
            }
            "set" => return self.set(rest),
            "sleep" => return outcome(words, seconds, self.depth + 1),
            _ => {}
        }
        if first.contains('$') || words.iter().any(is_ending) {
            return None;
        }
        if COMPOUND.split(' ').any(|one| one == first) {
            self.is_compound = true;
            return Some(Outcome::MayFail);
        }
        match first == "!" || first.contains('=') {
            true => Some(Outcome::MayFail),
            false => outcome(words, seconds, self.depth + 1),
        }
    }

    /// Reads the options that a script sets; others than for the first failure and for traces are in doubt.
    fn set(&mut self, options: &[String]) -> Option<Outcome> {
        for option in options {
            let letters = option.strip_prefix(['-', '+'])?;
            if letters.is_empty() || !letters.chars().all(|letter| "evx".contains(letter)) {
                return None;
            }
            if letters.contains('e') {
                self.stops = option.starts_with('-');
            }
        }
        (!options.is_empty()).then_some(Outcome::Succeeds)
    }
}

#[cfg(test)]
mod tests {
    use super::always_succeeds;

    #[track_caller]
    fn assert_all(scripts: &[&str], expected: bool) {
        for script in scripts {
            assert_eq!(always_succeeds(&["sh", "-c", script], 1), expected, "{script}");
        }
    }

    #[test]
    fn scripts_always_succeed() {
        assert_all(
            &[
                "true",
                "exit 0;",
                "curl -f localhost || true",
                "curl -f localhost || exit 0",
                "curl -f localhost; true",
                "curl -f localhost; exit 0",
                "(curl -f localhost || :)",
                "curl x || true # no exit 1",
                "curl x || exit 0 # exit 1",
                "curl x || { true; }",
                "curl x || { echo no; exit 0; }",
                "curl x; (true)",
                "exec true",
                "exec /bin/echo ok",
                "true # ok",
                "# curl x",
                "",
                "curl -f x &",
                "curl -f x >/dev/null 2>&1 || true",
                "exit 0; pg_isready || exit 1",
                "curl x && pg_isready || true",
                "curl x | tail -n 1 | echo $(date)",
                "set -e; curl x || true",
                "set -ex; set +e; curl x; true",
                "if curl x; then echo up; fi; true",
                "sh -c \"curl x || true\"",
                "sleep 0.5",
                "curl x \\\n || true\n# exit 1",
            ],
            true,
        );
    }

    #[test]
    fn scripts_may_fail() {
        assert_all(
            &[
                "curl -f localhost",
                "curl -f localhost && exit 0",
                "curl -f localhost || exit 1",
                "curl -f localhost || exit 1; exit 0",
                "if ! pg_isready; then exit 1; fi; exit 0",
                "set -e; curl -f localhost; true",
                "test -f /a || test -f /b",
                "set -xe; curl -f x; true",
                "set -uexo pipefail\ncurl -f x\necho ok",
                "set -o errexit; curl -f x; echo ok",
                "exec pg_isready; true",
                "exec pg_isready || true",
                "while ! test -f /x; do :; done; true",
                "until curl x; do sleep 1; done; exit 0",
                "kill -9 $$; true",
                "(kill -9 $$); true",
                "sleep 5; true",
                "sleep 0.6; sleep 0.6; true",
                "sleep infinity; true",
                "trap \"exit 1\" EXIT; true",
                "curl x || { echo no; exit 1; }; true",
                "curl x || (true; false)",
                "curl x; exit",
                "curl x || exit $?; true",
                "! true",
                "curl x & wait $!",
                "exit 0 | curl x",
                "true > /data/alive",
                "echo ok > /data/alive",
                "{ echo ok; } > /data/alive",
                ": ${READY:?no}; true",
                "true && curl x",
                "echo \"# || true\" && curl x",
                "echo '|| true",
                "if curl x; then true; else false; fi",
                "if a\nthen\nexit 0\nfi\ncurl x",
                "f() { curl x; }; f",
                "case $A in a) true;; esac",
                "$CHECK; true",
                "{ true; } | { curl x; }",
                "true ) || true",
                "((((((((((((((((((((true))))))))))))))))))))",
            ],
            false,
        );
        assert_all(&[&"true;".repeat(2000)], false);
    }

    #[test]
    fn commands_without_a_script() {
        for words in [
            &["true"][..],
            &["/bin/true"],
            &[":"],
            &["echo", "ok"],
            &["/bin/bash", "-ec", "exit 0"],
            &["/usr/bin/env", "true"],
            &["/usr/bin/env", "A=b", "sh", "-c", "exit 0"],
            &["/busybox", "true"],
            &["/bin/busybox", "sh", "-c", "curl x; true"],
            &["sleep", "2"],
        ] {
            assert!(always_succeeds(words, 3), "{words:?}");
        }
        for words in [
            &[][..],
            &["cat", "/tmp/ready"],
            &["sleep", "3"],
            &["/app/true"],
            &["env", "-i", "true"],
            &["sh", "/check.sh"],
            &["sh", "-uc", "echo $A; true"],
            &["sh", "-ec", "curl -f localhost; true"],
            &["exit", "0"],
        ] {
            assert!(!always_succeeds(words, 3), "{words:?}");
        }
    }
}
