//! Sources of the entries of ConfigMaps and Secrets: env files, literals, files.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::str;

use super::env;
use crate::config::GeneratorArgs;
use crate::error::{Code, Error, Result};
use crate::load::{File, Kind, Root};
use crate::source::{Secrecy, Source, Span};
use crate::text::suspect;
use crate::yaml::de::Spanned;
use crate::yaml::{self, Text};

/// The entries of a generator, sorted by key. As in kustomize, the syntax of keys is not checked. (kustomize,
/// `api/kv/kv.go`.)
///
/// # Errors
/// All errors together: files that cannot be read ([`Root::file`]), [`Code::InvalidUtf8`] for an env file that is not
/// text, [`Code::InvalidValue`] for malformed entries, [`Code::DuplicateKey`].
pub(super) fn read(
    args: &GeneratorArgs,
    root: &Root,
    is_secret: bool,
) -> Result<BTreeMap<Text, Value>> {
    let mut entries = SourceEntries::default();
    for path in &args.envs {
        let read = root.file(path, path.span).and_then(|file| {
            root.budget().bytes(file.bytes().len(), path.span)?;
            if is_secret {
                keep_secret(&file, root, Secrecy::Variables);
            }
            entries.add_variables(&file)
        });
        entries.keep(read.map_err(|error| error.at(path.span)));
    }
    for literal in &args.literals {
        let added = yaml::through_json(literal, literal.span).and_then(|text| {
            let (key, value) = split_literal(&text, literal.span)?;
            root.budget().bytes(value.len(), literal.span)?;
            let content = Content::Text(value.into());
            entries.add(key, Value { content, key: literal.span, place: literal.span })
        });
        entries.keep(added);
    }
    for source in &args.files {
        let added = split_file(source).and_then(|(key, path)| {
            let file = root.file(path, source.span)?;
            // Bytes that are not text are written in base64.
            root.budget().bytes(file.bytes().len() * 2, source.span)?;
            if is_secret {
                keep_secret(&file, root, Secrecy::Whole);
            }
            let content = Content::File(file);
            entries.add(key, Value { content, key: source.span, place: source.span })
        });
        entries.keep(added);
    }
    Error::all(entries.errors).map_or(Ok(entries.values), Err)
}

/// Reads the env files and files of a `secretGenerator` that are in the tree, and marks them as secret, without generating
/// a Secret. Those that cannot be read are left out: a build reports them.
///
/// # Errors
/// [`Code::LimitExceeded`].
pub fn read_secret_files(args: &GeneratorArgs, root: &Root) -> Result<()> {
    let envs = args.envs.iter().map(|path| (path.value.as_str(), Secrecy::Variables));
    let files = args.files.iter().filter_map(|source| split_file(source).ok());
    let files = files.map(|(_, path)| (path, Secrecy::Whole));
    for (path, secrecy) in envs.chain(files) {
        // Nothing is fetched.
        if !matches!(root.kind_of(path), Kind::File | Kind::Link) {
            continue;
        }
        match root.file(path, Span::NONE) {
            Ok(file) => keep_secret(&file, root, secrecy),
            Err(error) if error.code() == Code::LimitExceeded => return Err(error),
            Err(_) => {}
        }
    }
    Ok(())
}

/// Marks the content of a file as part of a Secret, so that no message shows it.
fn keep_secret(file: &File, root: &Root, secrecy: Secrecy) {
    let sources = root.loader().sources();
    match file.source() {
        Ok(source) => sources.keep_secret(source.whole(), secrecy),
        // An env file may be binary; then it is never shown.
        Err(error) if secrecy == Secrecy::Variables => {
            let source = sources.source_of(error.span());
            sources.keep_secret(source.map_or(Span::NONE, |source| source.whole()), secrecy);
        }
        Err(_) => {}
    }
}

/// The value of an entry.
pub(super) struct Value {
    content: Content,
    /// The span of its key.
    pub(super) key: Span,
    /// The span of the value, or of the file's name.
    place: Span,
}

enum Content {
    Text(Text),
    File(File),
}

impl Value {
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Text(text) => text.as_bytes(),
            Content::File(file) => file.bytes(),
        }
    }

    /// The value, if it is text.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::File(file) => str::from_utf8(file.bytes()).ok(),
        }
    }

    /// The span of the value: for a text file, its whole content.
    pub(super) fn span(&self) -> Span {
        match &self.content {
            Content::File(file) if self.text().is_some() => {
                file.source().map_or(self.place, |source| source.span(0, source.text().len()))
            }
            Content::File(_) | Content::Text(_) => self.place,
        }
    }
}

/// The entries found so far.
#[derive(Default)]
struct SourceEntries {
    values: BTreeMap<Text, Value>,
    errors: Vec<Error>,
}

impl SourceEntries {
    fn add_variables(&mut self, file: &File) -> Result<()> {
        let variables = env::read(file)?;
        // A file that is not read to its end may be partly binary.
        let source = file.source().ok();
        let span = |start: usize, text: &str| {
            source.map_or(Span::NONE, |source| source.span(start, start + text.len()))
        };
        for env::Variable { key, value, start } in variables {
            let place = span(start + key.len() + 1, value);
            let content = Content::Text(value.into());
            let added = self.add(key, Value { content, key: span(start, key), place });
            self.keep(added.map_err(|error| match source {
                Some(source) => unresolved(source, error),
                None => error,
            }));
        }
        Ok(())
    }

    fn add(&mut self, key: &str, value: Value) -> Result<()> {
        match self.values.entry(key.into()) {
            Entry::Vacant(entry) => {
                entry.insert(value);
                Ok(())
            }
            Entry::Occupied(entry) => {
                Err(Error::new(Code::DuplicateKey, format!("the key `{key}` is given twice"))
                    .at(value.key)
                    .label("this one comes second")
                    .note(entry.get().key, "the first one")
                    .help("remove or rename one of them"))
            }
        }
    }

    fn keep(&mut self, result: Result<()>) {
        self.errors.extend(result.err());
    }
}

/// The error for an env file with an unresolved merge conflict.
#[cold]
fn unresolved(source: &Source, error: Error) -> Error {
    let Some((begin, end)) = suspect::conflict(source.text()) else { return error };
    Error::new(Code::InvalidValue, "found an unresolved merge conflict")
        .at(source.span(begin.start, begin.end))
        .label("it begins here")
        .note(source.span(end.start, end.end), "and ends here")
        .help("keep one side of it, and remove the lines with `<<<<<<<`, `=======` and `>>>>>>>`")
}

/// Splits a literal into key and value, and removes a pair of quotes around the value.
fn split_literal(literal: &str, span: Span) -> Result<(&str, &str)> {
    let (key, value) = match literal.split_once('=') {
        Some((key, value)) if !key.is_empty() => (key, value),
        Some(_) => {
            let error = invalid(span, "a literal has no key", "key=value");
            return Err(error.help("write a key before the `=`"));
        }
        None => {
            let error = invalid(span, "a literal has no `=`", "key=value");
            return Err(match literal.split_once(": ") {
                Some((key, value)) if !key.is_empty() => {
                    error.help(format!("did you mean `{key}={value}`?"))
                }
                _ if literal.contains(char::is_whitespace) => error,
                _ => error.help(format!("write `{literal}=` for a key without a value")),
            });
        }
    };
    let unquoted = ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote).and_then(|value| value.strip_suffix(quote)));
    Ok((key, unquoted.unwrap_or(value)))
}

/// Splits an entry of `files` into key and path. Without a key, the key is the file name. (kustomize,
/// `api/internal/generators/utils.go`: `ParseFileSource`.)
fn split_file(source: &Spanned<Text>) -> Result<(&str, &str)> {
    let form = "path` or `key=path";
    match source.split_once('=') {
        None => {
            let path = source.trim_end_matches('/');
            Ok((path.rsplit_once('/').map_or(path, |(_, name)| name), source))
        }
        Some((_, path)) if path.contains('=') => Err(invalid(
            source.span,
            "a file has several `=`: its key and its path must not contain one",
            form,
        )),
        Some(("", _)) => Err(invalid(source.span, "a file has an empty key", form)),
        Some((key, "")) => Err(invalid(source.span, "a file has an empty path", form)
            .help(format!("write the path of the file after `{key}=`"))),
        Some(parts) => Ok(parts),
    }
}

#[cold]
fn invalid(span: Span, message: &str, form: &str) -> Error {
    Error::new(Code::InvalidValue, message).at(span).label(format!("expected `{form}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Option<(&str, &str)> {
        split_literal(text, Span::NONE).ok()
    }

    #[test]
    fn literals_lose_one_pair_of_quotes() {
        assert_eq!(literal("a=b=c"), Some(("a", "b=c")));
        assert_eq!(literal("a="), Some(("a", "")));
        assert_eq!(literal("a='\"b\"'"), Some(("a", "\"b\"")));
        assert_eq!(literal("a=\"b'"), Some(("a", "\"b'")));
        assert_eq!(literal("a='"), Some(("a", "'")));
        assert_eq!(literal(" a =b "), Some((" a ", "b ")));
        assert_eq!(literal("=b"), None);
        assert_eq!(literal("a"), None);
    }

    #[test]
    fn a_literal_with_a_colon_is_understood() {
        let error = split_literal("a: b", Span::NONE).unwrap_err();
        assert_eq!(error.helps(), ["did you mean `a=b`?"]);
    }

    #[test]
    fn a_file_is_called_by_its_name_or_by_a_key() {
        let file = |text: &'static str| {
            let spanned = Spanned::new(Text::from(text), Span::NONE);
            split_file(&spanned).map(|(key, path)| format!("{key} {path}")).ok()
        };
        assert_eq!(file("a/b.txt").as_deref(), Some("b.txt a/b.txt"));
        assert_eq!(file("a/b//").as_deref(), Some("b a/b//"));
        assert_eq!(file("k=a/b").as_deref(), Some("k a/b"));
        for text in ["=a", "a=", "a=b=c", "=="] {
            assert_eq!(file(text), None, "{text}");
        }
    }
}
