//! Selectors of Calico: expressions over labels, such as `app == 'web' && has(team)`.

/// The maximum length of an expression that is read.
const LONGEST: usize = 4096;
/// The maximum depth of parentheses and negations.
const DEEPEST: usize = 32;

/// True if labels satisfy an expression; `None` if it cannot be read. `value` gives the value of a label, or `None` if it is
/// not known.
pub(super) fn satisfies<'v>(
    expression: &str,
    value: &dyn Fn(&str) -> Option<Option<&'v str>>,
) -> Option<bool> {
    if expression.len() > LONGEST {
        return None;
    }
    let mut reader = Reader { rest: expression, value };
    if reader.is_at_end() {
        return Some(true);
    }
    let holds = reader.any(0)?;
    reader.is_at_end().then_some(holds)
}

struct Reader<'e, 'f, 'v> {
    rest: &'e str,
    value: &'f dyn Fn(&str) -> Option<Option<&'v str>>,
}

impl<'e, 'v> Reader<'e, '_, 'v> {
    fn is_at_end(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        self.rest.is_empty()
    }

    /// Takes a mark, if it is next.
    fn takes(&mut self, mark: &str) -> bool {
        self.rest = self.rest.trim_start();
        let rest = self.rest.strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Takes a word, if it is next: no longer name begins with it.
    fn takes_word(&mut self, word: &str) -> bool {
        self.rest = self.rest.trim_start();
        let rest = self.rest.strip_prefix(word).filter(|rest| !rest.starts_with(is_of_name));
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn any(&mut self, depth: usize) -> Option<bool> {
        let mut holds = self.all(depth)?;
        while self.takes("||") {
            holds |= self.all(depth)?;
        }
        Some(holds)
    }

    fn all(&mut self, depth: usize) -> Option<bool> {
        let mut holds = self.one(depth)?;
        while self.takes("&&") {
            holds &= self.one(depth)?;
        }
        Some(holds)
    }

    fn one(&mut self, depth: usize) -> Option<bool> {
        if depth > DEEPEST {
            return None;
        }
        if self.takes("!") {
            return self.one(depth + 1).map(|holds| !holds);
        }
        if self.takes("(") {
            let holds = self.any(depth + 1)?;
            return self.takes(")").then_some(holds);
        }
        let name = self.name()?;
        if self.takes("(") {
            return match name {
                "all" | "global" => self.takes(")").then_some(name == "all"),
                "has" => {
                    let key = self.name()?;
                    self.takes(")").then(|| self.of(key).map(|value| value.is_some()))?
                }
                _ => None,
            };
        }
        self.condition(name)
    }

    /// A condition on the value of a label.
    fn condition(&mut self, key: &str) -> Option<bool> {
        let found = self.of(key)?;
        if self.takes("==") {
            return Some(found == Some(self.text()?));
        }
        if self.takes("!=") {
            return Some(found != Some(self.text()?));
        }
        if self.takes_word("contains") {
            let part = self.text()?;
            return Some(found.is_some_and(|found| found.contains(part)));
        }
        if self.takes_word("starts") {
            let part = self.takes_word("with").then(|| self.text())??;
            return Some(found.is_some_and(|found| found.starts_with(part)));
        }
        if self.takes_word("ends") {
            let part = self.takes_word("with").then(|| self.text())??;
            return Some(found.is_some_and(|found| found.ends_with(part)));
        }
        let is_refused = self.takes_word("not");
        if !self.takes_word("in") || !self.takes("{") {
            return None;
        }
        let mut is_listed = false;
        while !self.takes("}") {
            is_listed |= found == Some(self.text()?);
            self.takes(",");
        }
        Some(is_listed != is_refused)
    }

    /// The value of a label; `None` if it is not known.
    fn of(&self, key: &str) -> Option<Option<&'v str>> {
        (self.value)(key)
    }

    fn name(&mut self) -> Option<&'e str> {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|letter| !is_of_name(letter)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!name.is_empty()).then_some(name)
    }

    /// A text in quotes.
    fn text(&mut self) -> Option<&'e str> {
        self.rest = self.rest.trim_start();
        let quote = self.rest.chars().next().filter(|one| matches!(one, '\'' | '"'))?;
        let (text, rest) = self.rest[1..].split_once(quote)?;
        self.rest = rest;
        Some(text)
    }
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '/' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read() {
        let labels = [("app", "web"), ("team", "shop-a"), ("example.org/tier", "front")];
        let of = |key: &str| labels.iter().find(|(of, _)| *of == key).map(|(_, value)| *value);
        let value = |key: &str| (!key.starts_with("projectcalico.org/")).then(|| of(key));
        for (expression, expected) in [
            ("", Some(true)),
            ("all()", Some(true)),
            ("global()", Some(false)),
            ("app == 'web'", Some(true)),
            ("app=='web'&&team!=\"x\"", Some(true)),
            ("app == 'api' || has(example.org/tier)", Some(true)),
            ("app == 'api' || app == 'db' && all()", Some(false)),
            ("!(app == 'api') && !has(zone)", Some(true)),
            ("zone != 'a'", Some(true)),
            ("app in {'api', 'web'}", Some(true)),
            ("app not in { \"api\" }", Some(true)),
            ("zone not in {'a'}", Some(true)),
            ("zone in {}", Some(false)),
            ("team contains 'op'", Some(true)),
            ("team starts with 'shop' && team ends with '-a'", Some(true)),
            ("has(inner) || app in {'x'}", Some(false)),
            // What is not read.
            ("app", None),
            ("app = 'web'", None),
            ("app == web", None),
            ("app == 'web", None),
            ("(app == 'web'", None),
            ("app == 'web')", None),
            ("any()", None),
            ("projectcalico.org/namespace == 'a'", None),
        ] {
            assert_eq!(satisfies(expression, &value), expected, "{expression}");
        }
        assert_eq!(satisfies(&"!".repeat(1000), &value), None);
        assert_eq!(satisfies(&"(".repeat(5000), &value), None);
    }
}
