//! Label and annotation selectors: `app=web,tier in (front,back),!legacy`.

use crate::error::{Code, Error, Result};
use crate::text::phrase::shortened;

/// A selector of labels or annotations: all its requirements must be met.
///
/// The syntax is that of Kubernetes (`labels.Parse` of apimachinery v0.19, which kustomize uses): `a=b`, `a==b`,
/// `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, `a>1`, `a<1`, joined by commas.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: Box<str>,
    condition: Condition,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    Exists,
    DoesNotExist,
    In(Vec<Box<str>>),
    /// Also met if there is no such label.
    NotIn(Vec<Box<str>>),
    GreaterThan(i64),
    LessThan(i64),
}

impl LabelSelector {
    /// Parses a selector. An empty one has no requirements.
    ///
    /// # Errors
    /// [`Code::InvalidSelector`] for malformed selectors, and for keys and values that are invalid for labels. The same
    /// rules apply to annotation selectors, although annotations may have other values.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parser = Parser { rest: text, next: SelectorToken::End };
        parser.next = scan(&mut parser.rest);
        parser.selector().map_err(|fault| {
            Error::new(Code::InvalidSelector, format!("`{}` is not a valid selector: {fault}", shortened(text, 160))).help(
                "write `key=value`, `key!=value`, `key in (a,b)`, `key notin (a,b)`, `key`, `!key`, joined by commas",
            )
        })
    }

    /// True if there are no requirements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// The keys of the requirements.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.requirements.iter().map(|requirement| &*requirement.key)
    }

    /// True if all requirements are met. `value_of` returns the value of a label.
    #[must_use]
    pub fn matches<'a>(&self, value_of: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.requirements
            .iter()
            .all(|requirement| requirement.condition.holds(value_of(&requirement.key)))
    }
}

impl Condition {
    fn holds(&self, value: Option<&str>) -> bool {
        // They are in order.
        let is_one_of = |values: &[Box<str>], value: &str| {
            values.binary_search_by(|one| (**one).cmp(value)).is_ok()
        };
        // A value that is not a number is neither greater nor less.
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match self {
            Self::Exists => value.is_some(),
            Self::DoesNotExist => value.is_none(),
            Self::In(values) => value.is_some_and(|value| is_one_of(values, value)),
            Self::NotIn(values) => value.is_none_or(|value| !is_one_of(values, value)),
            Self::GreaterThan(limit) => number().is_some_and(|number| number > *limit),
            Self::LessThan(limit) => number().is_some_and(|number| number < *limit),
        }
    }
}

/// The reason why a selector is rejected.
type Fault = String;

#[derive(Clone, Copy, PartialEq)]
enum SelectorToken<'a> {
    End,
    /// A key or a value; also `in` and `notin`, which are operators where one is expected.
    Word(&'a str),
    /// `=`, `==`, `!=`, `!`, `<`, `>`, `(`, `)` or `,`.
    Symbol(&'a str),
}

const COMMA: SelectorToken<'_> = SelectorToken::Symbol(",");
const CLOSE: SelectorToken<'_> = SelectorToken::Symbol(")");

struct Parser<'a> {
    rest: &'a str,
    /// The lookahead token.
    next: SelectorToken<'a>,
}

impl<'a> Parser<'a> {
    fn consume(&mut self) -> SelectorToken<'a> {
        let token = self.next;
        // The end is not consumed.
        if token != SelectorToken::End {
            self.next = scan(&mut self.rest);
        }
        token
    }

    fn selector(&mut self) -> std::result::Result<LabelSelector, Fault> {
        let mut requirements = Vec::new();
        if self.next == SelectorToken::End {
            return Ok(LabelSelector { requirements });
        }
        loop {
            requirements.push(self.requirement()?);
            match self.consume() {
                SelectorToken::End => return Ok(LabelSelector { requirements }),
                COMMA => {}
                other => return Err(unexpected(other, "`,` or the end")),
            }
        }
    }

    fn requirement(&mut self) -> std::result::Result<Requirement, Fault> {
        let negated = self.next == SelectorToken::Symbol("!");
        if negated {
            self.consume();
        }
        let key = match self.consume() {
            SelectorToken::Word(key) => key,
            other => return Err(unexpected(other, "a key")),
        };
        check_key(key)?;
        let condition = match self.next {
            // The caller rejects anything after a negated key.
            _ if negated => Condition::DoesNotExist,
            SelectorToken::End | COMMA => Condition::Exists,
            _ => self.condition()?,
        };
        Ok(Requirement { key: key.into(), condition })
    }

    /// Parses the operator and the values after a key.
    fn condition(&mut self) -> std::result::Result<Condition, Fault> {
        match self.consume() {
            SelectorToken::Word("in") => self.values().map(Condition::In),
            SelectorToken::Word("notin") => self.values().map(Condition::NotIn),
            SelectorToken::Symbol("=" | "==") => Ok(Condition::In(vec![self.value()?.into()])),
            SelectorToken::Symbol("!=") => Ok(Condition::NotIn(vec![self.value()?.into()])),
            SelectorToken::Symbol(">") => self.number().map(Condition::GreaterThan),
            SelectorToken::Symbol("<") => self.number().map(Condition::LessThan),
            other => Err(unexpected(other, "`=`, `==`, `!=`, `in`, `notin`, `<` or `>`")),
        }
    }

    /// Parses the single value after `=`; a missing one is empty.
    fn value(&mut self) -> std::result::Result<&'a str, Fault> {
        if matches!(self.next, SelectorToken::End | COMMA) {
            return Ok("");
        }
        match self.consume() {
            SelectorToken::Word(value) => check_value(value).map(|()| value),
            other => Err(unexpected(other, "a value")),
        }
    }

    fn number(&mut self) -> std::result::Result<i64, Fault> {
        let value = self.value()?;
        value.parse().map_err(|_| format!("`{}` is not an integer", shortened(value, 160)))
    }

    /// Parses values in parentheses. A gap between commas is an empty value, but `(,,)` is rejected: kustomize skips
    /// two commas at once, and finds the parenthesis in place of a value.
    fn values(&mut self) -> std::result::Result<Vec<Box<str>>, Fault> {
        let open = self.consume();
        if open != SelectorToken::Symbol("(") {
            return Err(unexpected(open, "`(`"));
        }
        let mut values: Vec<&str> = Vec::new();
        if self.next == CLOSE {
            values.push("");
        }
        while self.next != CLOSE || values.is_empty() {
            match self.consume() {
                SelectorToken::Word(value) => {
                    check_value(value)?;
                    values.push(value);
                    if !matches!(self.next, COMMA | CLOSE) {
                        return Err(unexpected(self.next, "`,` or `)`"));
                    }
                }
                COMMA => {
                    if values.is_empty() || self.next == CLOSE {
                        values.push("");
                    }
                    if self.next == COMMA {
                        self.consume();
                        values.push("");
                        if self.next == CLOSE {
                            return Err(unexpected(self.next, "a value"));
                        }
                    }
                }
                other => return Err(unexpected(other, "a value, `,` or `)`")),
            }
        }
        self.consume();
        values.sort_unstable();
        values.dedup();
        Ok(values.into_iter().map(Into::into).collect())
    }
}

/// Takes the next token off a text.
fn scan<'a>(rest: &mut &'a str) -> SelectorToken<'a> {
    let is_blank = |letter: char| matches!(letter, ' ' | '\t' | '\r' | '\n');
    let is_symbol = |letter: char| matches!(letter, '=' | '!' | '(' | ')' | ',' | '>' | '<');
    let text = rest.trim_start_matches(is_blank);
    let (token, length) = match text.chars().next() {
        None | Some('\0') => (SelectorToken::End, 0),
        Some(letter) if is_symbol(letter) => {
            let length = if text.starts_with("==") || text.starts_with("!=") { 2 } else { 1 };
            (SelectorToken::Symbol(&text[..length]), length)
        }
        Some(_) => {
            let is_end = |letter| is_blank(letter) || is_symbol(letter) || letter == '\0';
            let end = text.find(is_end).unwrap_or(text.len());
            (SelectorToken::Word(&text[..end]), end)
        }
    };
    // Kustomize takes a NUL for the end of the text, but skips one that ends a token.
    *rest = text[length..].strip_prefix('\0').unwrap_or(&text[length..]);
    token
}

fn unexpected(found: SelectorToken<'_>, expected: &str) -> Fault {
    match found {
        SelectorToken::End => format!("found the end, expected {expected}"),
        SelectorToken::Word(text) | SelectorToken::Symbol(text) => {
            format!("found `{}`, expected {expected}", shortened(text, 160))
        }
    }
}

/// Checks a key: a name of at most 63 characters, optionally after a DNS subdomain and a slash.
fn check_key(key: &str) -> std::result::Result<(), Fault> {
    let (prefix, name) =
        key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    if !is_name(name) || prefix.is_some_and(|prefix| !is_subdomain(prefix)) {
        return Err(format!("`{}` is not a valid label key", shortened(key, 160)));
    }
    Ok(())
}

/// Checks a value: empty or a name.
fn check_value(value: &str) -> std::result::Result<(), Fault> {
    if value.is_empty() || is_name(value) {
        Ok(())
    } else {
        Err(format!("`{}` is not a valid label value", shortened(value, 160)))
    }
}

/// True for letters, digits, `-`, `_` and `.`, with a letter or a digit at both ends.
fn is_name(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && text.ends_with(|letter: char| letter.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// True for labels of lower-case letters, digits and `-`, separated by dots, of at most 253 characters in all.
fn is_subdomain(text: &str) -> bool {
    let is_end = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let is_label = |label: &str| {
        label.starts_with(is_end)
            && label.ends_with(is_end)
            && label.bytes().all(|byte| is_end(char::from(byte)) || byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Labels = &'static [(&'static str, &'static str)];

    fn matches(selector: &LabelSelector, labels: Labels) -> bool {
        selector
            .matches(|key| labels.iter().find(|(name, _)| *name == key).map(|(_, value)| *value))
    }

    /// The labels of six resources.
    const LABELS: [Labels; 6] = [
        &[],
        &[("app", "web")],
        &[("app", "api"), ("tier", "back")],
        &[("app", ""), ("replicas", "3")],
        &[("example.com/app", "web"), ("in", "notin")],
        &[("replicas", "-12")],
    ];

    /// Selectors, and for each resource a flag that is true if apimachinery's `labels.Parse` selects it.
    const TABLE: &[(&str, [bool; 6])] = &[
        ("", [true, true, true, true, true, true]),
        ("  \t\n", [true, true, true, true, true, true]),
        ("app", [false, true, true, true, false, false]),
        ("!app", [true, false, false, false, true, true]),
        ("! app", [true, false, false, false, true, true]),
        ("app=web", [false, true, false, false, false, false]),
        ("app==web", [false, true, false, false, false, false]),
        ("app = web", [false, true, false, false, false, false]),
        ("app!=web", [true, false, true, true, true, true]),
        ("app=", [false, false, false, true, false, false]),
        ("app==", [false, false, false, true, false, false]),
        ("app!=", [true, true, true, false, true, true]),
        ("app=,tier", [false, false, false, false, false, false]),
        ("app in (web)", [false, true, false, false, false, false]),
        ("app in (web,api)", [false, true, true, false, false, false]),
        ("app in (api, web ,web)", [false, true, true, false, false, false]),
        ("app in(web)", [false, true, false, false, false, false]),
        ("app\nin\t(web)", [false, true, false, false, false, false]),
        ("app notin (web)", [true, false, true, true, true, true]),
        ("app notin (web,api)", [true, false, false, true, true, true]),
        ("app in ()", [false, false, false, true, false, false]),
        ("app in (,)", [false, false, false, true, false, false]),
        ("app in (,web)", [false, true, false, true, false, false]),
        ("app in (web,)", [false, true, false, true, false, false]),
        ("app in (web,,api)", [false, true, true, true, false, false]),
        ("app in (,,web)", [false, true, false, true, false, false]),
        ("app notin ()", [true, true, true, false, true, true]),
        ("app,tier", [false, false, true, false, false, false]),
        ("app=api,tier=back", [false, false, true, false, false, false]),
        ("app=web,app=api", [false, false, false, false, false, false]),
        ("!app,!tier", [true, false, false, false, true, true]),
        ("replicas>2", [false, false, false, true, false, false]),
        ("replicas<4", [false, false, false, true, false, true]),
        ("replicas > 3", [false, false, false, false, false, false]),
        ("replicas<3", [false, false, false, false, false, true]),
        ("replicas>0002", [false, false, false, true, false, false]),
        ("app>1", [false, false, false, false, false, false]),
        ("example.com/app", [false, false, false, false, true, false]),
        ("example.com/app=web", [false, false, false, false, true, false]),
        ("in", [false, false, false, false, true, false]),
        ("in=notin", [false, false, false, false, true, false]),
        ("in in (notin)", [false, false, false, false, true, false]),
        ("notin", [false, false, false, false, false, false]),
        ("!in", [true, true, true, true, false, true]),
        ("app=in", [false, false, false, false, false, false]),
        ("app in (in,notin)", [false, false, false, false, false, false]),
        ("a.b-c_d=E.f-G_h", [false, false, false, false, false, false]),
        ("app=web\0", [false, true, false, false, false, false]),
    ];

    /// Selectors that `labels.Parse` rejects.
    const REFUSED: &[&str] = &[
        ",",
        "app,",
        ",app",
        "app,,tier",
        "=",
        "=web",
        "!",
        "!!app",
        "!app=web",
        "!app in (web)",
        "app web",
        "app=web api",
        "app=(web)",
        "app=web=api",
        "app===web",
        "app=!web",
        "app=>1",
        "app in",
        "app in web",
        "app in (web",
        "app in (web api)",
        "app in (,,)",
        "app in (web,,)",
        "app in ((web))",
        "app in (web))",
        "app in (web=api)",
        "app notin",
        "app not in (web)",
        "app (web)",
        "replicas>",
        "replicas>many",
        "replicas>-1",
        "replicas>1.5",
        "replicas>99999999999999999999",
        "replicas>=1",
        "-app",
        "app-",
        "_app",
        "a/b/c",
        "/app",
        "example.com/",
        "Example.com/app",
        "example..com/app",
        "a$b",
        "é",
        "app=-web",
        "app=web-",
        "app=a b",
        "app=a/b",
        "app in (a/b)",
        "app=é",
        "app=\"web\"",
    ];

    #[test]
    fn selectors_select_what_they_select_in_kubernetes() {
        for (text, selected) in TABLE {
            let selector = LabelSelector::parse(text).unwrap();
            assert_eq!(LABELS.map(|labels| matches(&selector, labels)), *selected, "{text}");
        }
    }

    #[test]
    fn what_kubernetes_refuses_is_refused() {
        for text in REFUSED {
            let error = LabelSelector::parse(text).expect_err(text);
            assert_eq!(error.code(), Code::InvalidSelector);
        }
        assert_eq!(
            LabelSelector::parse("app in web").unwrap_err().message(),
            "`app in web` is not a valid selector: found `web`, expected `(`"
        );
    }

    #[test]
    fn names_have_a_longest_length() {
        let parse = |key: usize, value: usize| {
            LabelSelector::parse(&format!("{}={}", "k".repeat(key), "v".repeat(value)))
        };
        assert!(parse(63, 63).is_ok());
        assert!(parse(64, 1).is_err());
        assert!(parse(1, 64).is_err());
        let prefixed = |length: usize| LabelSelector::parse(&format!("{}/app", "p".repeat(length)));
        assert!(prefixed(253).is_ok());
        assert!(prefixed(254).is_err());
    }
}
