//! Reads objects from one `git cat-file`.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard};

use super::unknown;
use crate::error::{Error, Result};
use crate::external::Program;
use crate::external::program::Conversation;
use crate::load::git::{Id, Object, ObjectKind, Objects};
use crate::sync::lock;

/// The objects of a repository. Git is started for the first request, and again if it has ended.
#[derive(Clone)]
pub(super) struct Batch(Arc<BatchInner>);

struct BatchInner {
    git: Program,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: Option<Running>,
    form: Form,
}

/// Forms of requests and answers.
#[derive(Clone, Copy, Default, PartialEq)]
enum Form {
    /// Commands, whose answers are written together when a group of them ends: two system calls fewer for each object.
    #[default]
    Buffered,
    /// Names, each answered at once: git before 2.36 has no other form that can be answered while it runs.
    Plain,
}

impl Form {
    /// Option of `git cat-file` that only newer versions know.
    const COMMANDS: &'static str = "--batch-command";

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Buffered => &["cat-file", Self::COMMANDS, "--buffer"],
            Self::Plain => &["cat-file", "--batch"],
        }
    }

    /// The requests for a group of objects.
    fn requests(self, names: &[String]) -> String {
        let (before, end) = match self {
            Self::Buffered => ("contents ", "flush\n"),
            Self::Plain => ("", ""),
        };
        let mut requests: String =
            names.iter().flat_map(|name| [before, name.as_str(), "\n"]).collect();
        requests += end;
        requests
    }
}

/// Number of objects that are requested before answers are read. Their names fit into a pipe, so that neither process
/// blocks the other.
const ASKED_AT_ONCE: usize = 64;
/// Longest header line before an object: for a missing object it repeats the requested name.
const LONGEST_HEAD: u64 = 1 << 16;

/// A consumer of objects, which gets the index of the requested name with each.
type Take<'t> = &'t mut dyn FnMut(usize, Option<Id>, Object) -> Result<()>;

impl Batch {
    /// Objects read by a `git` command.
    pub(super) fn new(git: Program) -> Self {
        Self(Arc::new(BatchInner { git, state: Mutex::default() }))
    }

    /// The id and the content of the object with a name, such as `main^{tree}`.
    ///
    /// # Errors
    /// [`Code::ReadFailed`](crate::error::Code::ReadFailed) if git cannot be run, or fails on the name.
    pub(super) fn named(&self, name: String, largest: u64) -> Result<Option<(Id, Object)>> {
        let mut found = None;
        self.ask(&[name], largest, &mut |_, id, object| {
            found = id.map(|id| (id, object));
            Ok(())
        })?;
        Ok(found)
    }

    /// Requests objects by name, and passes them to `take` in this order.
    fn ask(&self, names: &[String], largest: u64, take: Take<'_>) -> Result<()> {
        let State { running, form } = &mut *self.state();
        let mut place = 0;
        while place < names.len() {
            let batch = match running {
                Some(batch) => batch,
                None => running.insert(Running(self.0.git.converse(form.arguments())?)),
            };
            let end = names.len().min(place + ASKED_AT_ONCE);
            match batch.exchange(&names[place..end], *form, (largest, place), take) {
                Ok(answered) => {
                    place += answered;
                    if place < end {
                        // The rest of a too large object was not read.
                        *running = None;
                    }
                }
                Err(failure) => {
                    // The start of the next answer is unknown.
                    let said = running.take().map(|mut batch| batch.0.end()).unwrap_or_default();
                    if *form == Form::Buffered && is_unknown(&said) {
                        *form = Form::Plain;
                        continue;
                    }
                    return Err(match failure {
                        BatchFailure::Taken(error) => error,
                        BatchFailure::Git(_) if !unknown::complaints(&said).is_empty() => {
                            unknown::reason(&said)
                        }
                        BatchFailure::Git(error) => self.0.git.failed(&error),
                    });
                }
            }
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0.state)
    }
}

impl Objects for Batch {
    fn read(
        &self,
        ids: &[Id],
        largest: u64,
        take: &mut dyn FnMut(usize, Object) -> Result<()>,
    ) -> Result<()> {
        let names: Vec<String> = ids.iter().map(Id::to_string).collect();
        self.ask(&names, largest, &mut |place, _, object| take(place, object))
    }
}

/// Reason for not reading objects.
enum BatchFailure {
    Git(io::Error),
    Taken(Error),
}

/// A running `git cat-file`: requests are lines, and answers come in their order.
struct Running(Conversation);

impl Running {
    /// Requests objects and passes on the answers. Returns their number: fewer than names if the last object is too
    /// large, whose content is left unread.
    fn exchange(
        &mut self,
        names: &[String],
        form: Form,
        (largest, start): (u64, usize),
        take: Take<'_>,
    ) -> std::result::Result<usize, BatchFailure> {
        self.write(&form.requests(names)).map_err(BatchFailure::Git)?;
        for place in 0..names.len() {
            self.0.begin();
            let answer = self.answer(largest);
            self.0.answered();
            let (id, object) = answer.map_err(BatchFailure::Git)?;
            let is_left = matches!(object, Object::TooLarge(_));
            take(start + place, id, object).map_err(BatchFailure::Taken)?;
            if is_left {
                return Ok(place + 1);
            }
        }
        Ok(names.len())
    }

    fn write(&mut self, requests: &str) -> io::Result<()> {
        let input = self.0.input.as_mut().ok_or(ErrorKind::BrokenPipe)?;
        input.write_all(requests.as_bytes())?;
        input.flush()
    }

    /// Reads an answer: `id kind size`, a line break, the content and a line break; or `name missing`.
    fn answer(&mut self, largest: u64) -> io::Result<(Option<Id>, Object)> {
        let mut head = Vec::new();
        let output = &mut self.0.output;
        if output.by_ref().take(LONGEST_HEAD).read_until(b'\n', &mut head)? == 0 {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "it ended before it answered"));
        }
        let Some((id, kind, size)) = parts(&head) else { return Ok((None, Object::Missing)) };
        if size > largest {
            return Ok((Some(id), Object::TooLarge(size)));
        }
        let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
        output.take(size + 1).read_to_end(&mut content)?;
        if content.pop() != Some(b'\n') {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok((Some(id), Object::Read { kind, content }))
    }
}

/// True if git says that it does not know the form of requests.
fn is_unknown(said: &str) -> bool {
    said.contains("unknown option") && said.contains(Form::COMMANDS.trim_start_matches('-'))
}

/// The parts of the header line of an object.
fn parts(head: &[u8]) -> Option<(Id, ObjectKind, u64)> {
    let mut words = head.trim_ascii_end().split(|&byte| byte == b' ');
    let id = Id::parse(words.next()?)?;
    let kind = ObjectKind::parse(words.next()?)?;
    let size = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
    words.next().is_none().then_some((id, kind, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_have_a_kind_and_a_size() {
        let id = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
        let head = format!("{id} blob 12\n");
        let expected = (Id::parse(id.as_bytes()).unwrap(), ObjectKind::Blob, 12);
        assert_eq!(parts(head.as_bytes()), Some(expected));
        for head in [
            format!("{id} missing\n"),
            format!("{id} blob 12 more\n"),
            format!("{id} blob -1\n"),
            format!("{id} link 12\n"),
            "main blob 12\n".to_owned(),
            "main^{tree} missing\n".to_owned(),
            "HEAD ambiguous\n".to_owned(),
            String::new(),
        ] {
            assert_eq!(parts(head.as_bytes()), None, "{head}");
        }
    }
}
