//! Variables: the values of `ARG` and `ENV` as far as a file sets them, put into the words that use them.

use std::collections::BTreeMap;

use super::read::{Action, Dockerfile, Stage, Variable, Word};

/// Maximum number of bytes of a value. Variables that use others twice grow without bound.
const LONGEST: usize = 4096;
/// Maximum number of bytes of all values of a file, and of environments that stages inherit.
const MOST: usize = 8 << 20;
/// Maximum depth of defaults within defaults.
const DEEPEST: usize = 8;

/// The values of variables; `None` for one whose value is not known.
type Values = BTreeMap<String, Option<String>>;

/// Sets the values of all words of a file. `ARG` has its default value.
pub(super) fn expand(file: &mut Dockerfile) {
    let mut expansion = Expansion { globals: Values::new(), left: MOST };
    for Variable { name, value } in &mut file.globals {
        let known = Known { env: &expansion.globals, args: None, is_open: false };
        let read = value.as_mut().and_then(|word| known.fill(word, &mut expansion.left));
        expansion.globals.insert(name.text.clone(), read);
    }
    // The environment at the end of each named stage.
    let mut ends: BTreeMap<String, Values> = BTreeMap::new();
    for stage in &mut file.stages {
        let known = Known { env: &expansion.globals, args: None, is_open: false };
        known.fill(&mut stage.image, &mut expansion.left);
        let base = stage.image.value.as_deref().map(str::to_ascii_lowercase);
        let inherited = base.and_then(|name| ends.get(&name));
        let inherited = inherited.filter(|values| expansion.pays_for(values)).cloned();
        // The environment of another image is not known.
        let is_open = inherited.is_none() && stage.image.value.as_deref() != Some("scratch");
        let values = expansion.stage(stage, inherited.unwrap_or_default(), is_open);
        if let Some(alias) = &stage.alias {
            ends.insert(alias.text.to_ascii_lowercase(), values);
        }
    }
}

/// The state of the expansion of a file.
struct Expansion {
    /// The arguments before the first stage.
    globals: Values,
    /// Bytes that values may still have.
    left: usize,
}

impl Expansion {
    /// True if there is enough left for a copy.
    fn pays_for(&mut self, values: &Values) -> bool {
        let size = |(name, value): (&String, &Option<String>)| {
            name.len() + value.as_ref().map_or(0, String::len) + 64
        };
        let size: usize = values.iter().map(size).sum();
        let is_enough = size <= self.left;
        self.left = self.left.saturating_sub(size);
        is_enough
    }

    /// Sets the values of the words of a stage. Returns its environment.
    fn stage(&mut self, stage: &mut Stage, mut env: Values, is_open: bool) -> Values {
        let mut args = Values::new();
        for step in &mut stage.steps {
            let known = Known { env: &env, args: Some(&args), is_open };
            let mut fill = |word: &mut Word| known.fill(word, &mut self.left);
            match &mut step.action {
                Action::Arg(variables) => {
                    let read = |Variable { name, value }: &mut Variable| {
                        let value = match value {
                            Some(word) => fill(word),
                            None => self.globals.get(&name.text).cloned().flatten(),
                        };
                        (name.text.clone(), value)
                    };
                    let read: Vec<_> = variables.iter_mut().map(read).collect();
                    args.extend(read);
                }
                Action::Env(variables) => {
                    let read = |Variable { name, value }: &mut Variable| {
                        (name.text.clone(), value.as_mut().and_then(&mut fill))
                    };
                    let read: Vec<_> = variables.iter_mut().map(read).collect();
                    env.extend(read);
                }
                Action::User(word) | Action::Workdir(word) => drop(fill(word)),
                Action::Expose(words) => words.iter_mut().for_each(|word| drop(fill(word))),
                Action::Copy(transfer) | Action::Add(transfer) => {
                    let words = transfer.sources.iter_mut().chain(transfer.options.values_mut());
                    words.for_each(|word| drop(fill(word)));
                    drop(fill(&mut transfer.destination));
                }
                Action::Run(_)
                | Action::Cmd(_)
                | Action::Entrypoint(_)
                | Action::Healthcheck
                | Action::Shell
                | Action::Other => {}
            }
        }
        env
    }
}

/// The variables at a place of a file.
#[derive(Clone, Copy)]
struct Known<'a> {
    env: &'a Values,
    /// The arguments of the stage, which the environment hides.
    args: Option<&'a Values>,
    /// True if there may be other variables: then the value of a variable that the file does not set is not known.
    is_open: bool,
}

impl Known<'_> {
    /// Sets and returns the value of a word.
    fn fill(self, word: &mut Word, left: &mut usize) -> Option<String> {
        let value = self.text(&word.text, DEEPEST)?;
        let size = value.len();
        if size > *left {
            return None;
        }
        *left -= size;
        word.value = Some(value.clone());
        Some(value)
    }

    fn get(self, name: &str) -> Option<String> {
        let known = self.env.get(name).or_else(|| self.args?.get(name));
        match known {
            Some(value) => value.clone(),
            None if self.is_open || self.args.is_none() => None,
            None => Some(String::new()),
        }
    }

    /// A text without quotes, with the values of its variables; `None` if one is not known, or the text is too long.
    fn text(self, text: &str, depth: usize) -> Option<String> {
        let mut out = String::new();
        let mut quote = None;
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            rest = &rest[letter.len_utf8()..];
            match (quote, letter) {
                (Some(open), _) if open == letter => quote = None,
                (None, '"' | '\'') => quote = Some(letter),
                (None | Some('"'), '$') => {
                    let (value, after) = self.variable(rest, depth)?;
                    out.push_str(&value);
                    rest = after;
                }
                (None, '\\') => {
                    let next = rest.chars().next();
                    out.extend(next);
                    rest = &rest[next.map_or(0, char::len_utf8)..];
                }
                _ => out.push(letter),
            }
            if out.len() > LONGEST {
                return None;
            }
        }
        Some(out)
    }

    /// The value of the variable at the start of a text, behind `$`, and the text after it.
    fn variable(self, text: &str, depth: usize) -> Option<(String, &str)> {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let Some(inner) = text.strip_prefix('{') else {
            let end = text.find(|letter| !is_part(letter)).unwrap_or(text.len());
            if end == 0 {
                return Some(("$".to_owned(), text));
            }
            return Some((self.get(&text[..end])?, &text[end..]));
        };
        let end = closing(inner)?;
        let (inside, after) = (&inner[..end], &inner[end + 1..]);
        let name = &inside[..inside.find(|letter| !is_part(letter)).unwrap_or(inside.len())];
        let operator = &inside[name.len()..];
        let usual = |word: &str| self.text(word, depth.checked_sub(1)?);
        let value = match operator.strip_prefix(':').unwrap_or(operator) {
            "" => self.get(name)?,
            word if word.starts_with('-') => match self.get(name) {
                Some(value) if !value.is_empty() => value,
                // Something outside of the file may set another value.
                _ if self.env.contains_key(name) => return None,
                _ => usual(&word[1..])?,
            },
            _ => return None,
        };
        Some((value, after))
    }
}

/// The place of the brace that closes an open one.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (place, letter) in text.char_indices() {
        match letter {
            '{' => open += 1,
            '}' if open == 0 => return Some(place),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}
