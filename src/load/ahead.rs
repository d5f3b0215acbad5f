//! Reads and parses files ahead of a build, with several threads.
//!
//! This changes only the time of a build. A file that was read ahead, and its documents, are charged when the build reads
//! them. If a file cannot be read or parsed, the build reads it again and reports the error in its usual order.

use std::cmp::Reverse;
use std::ffi::OsString;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;
use std::sync::Arc;

use super::{File, Files as _, LARGEST_FILE, Loader, Resolved, Root};
use crate::error::Result;
use crate::limits::{Budget, Limit};
use crate::parallel::Threads;
use crate::resource::{self, Index};
use crate::schema::Schema;
use crate::source::Source;
use crate::sync::lock;
use crate::yaml::Text;
use crate::yaml::parse::{self, Document};

/// From this number of bytes on, files are parsed ahead. One thread parses them in about 2 ms (Kubeflow); to start another
/// one, to wake it and to wait for it takes 0.1 to 0.2 ms.
const ENOUGH: usize = 1 << 18;

/// The minimum number of bytes that a thread parses at once, about 0.1 ms of work.
const PIECE: usize = 1 << 16;

/// The number of files per thread that may be read while an earlier one is still being read.
const AHEAD: usize = 16;

impl Loader {
    /// Reads files that a build is going to read from their directories. If they are large, threads parse them.
    pub fn read_ahead(&self, files: &[(Root, Text)], threads: &Threads) {
        let allowed = |(root, path): &(Root, Text)| root.allowed(path).ok();
        let mut places = files.iter().filter_map(allowed);
        let (mut read, mut bytes) = (Vec::new(), 0);
        for place in places.by_ref() {
            if let Some(content) = self.read_one(&place) {
                bytes += content.len();
                read.extend(self.keep(&place, String::from_utf8(content), None));
            }
            if bytes >= ENOUGH {
                break;
            }
        }
        if bytes < ENOUGH || threads.count().get() == 1 {
            return;
        }
        let most = self.0.budget.left(Limit::Files);
        let work = |place: Arc<Resolved>| {
            let bytes = self.read_one(&place)?;
            let (length, content) = (bytes.len(), String::from_utf8(bytes));
            let pieces = content.as_deref().ok().map(|text| parse::pieces(text, PIECE));
            Some((place, length, content, pieces))
        };
        threads.each_in_order(places.collect(), AHEAD, work, |content| {
            if let Some((place, length, content, pieces)) = content {
                bytes += length;
                read.extend(self.keep(&place, content, pieces));
            }
            // More than that is refused when it is charged.
            if bytes as u64 <= most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        parse_ahead(&read, &Budget::new(self.0.options.limits), threads);
    }

    fn read_one(&self, place: &Resolved) -> Option<Vec<u8>> {
        let most = self.0.budget.left(Limit::Files).min(LARGEST_FILE);
        self.0.files.read(&place.path, most).ok()
    }

    /// Keeps a file until it is asked for.
    fn keep(
        &self,
        place: &Resolved,
        content: Content,
        pieces: Option<Pieces>,
    ) -> Option<ReadAhead> {
        let file = File::new(self.display(&place.path), content, &self.0.options.sources).ok()?;
        Some((lock(&self.0.ahead).add(&place.path, &file), pieces))
    }

    /// Removes and returns a file that was read ahead, if it has at most `most` bytes.
    pub(super) fn take_ahead(&self, path: &Path, most: u64) -> Option<File> {
        let mut ahead = lock(&self.0.ahead);
        let file =
            if ahead.files.is_empty() { None } else { ahead.files.swap_remove(path.as_os_str()) };
        ahead.bytes -= file.as_ref().map_or(0, |file| file.bytes().len() as u64);
        file.filter(|file| file.bytes().len() as u64 <= most)
    }

    /// Charges files of which the build takes over what was made of them ahead.
    ///
    /// # Errors
    /// [`Code::LimitExceeded`](crate::error::Code::LimitExceeded).
    pub(crate) fn charge_ahead(&self, files: &[PathBuf]) -> Result<()> {
        files.iter().try_for_each(|path| self.content(path).map(drop))
    }

    /// The content of a file for work that is done ahead: it is charged when the build takes it over, so that the file that
    /// exceeds the limit does not depend on the order of the threads.
    ///
    /// # Errors
    /// Any error, if the file cannot be read, or if all files that were read ahead would be larger than the limit.
    pub(super) fn content_ahead(&self, path: &Path) -> Result<File> {
        if let Some(content) = self.0.contents.get(path) {
            return content;
        }
        let (known, kept) = {
            let ahead = lock(&self.0.ahead);
            (ahead.files.get(path.as_os_str()).cloned(), ahead.bytes)
        };
        if let Some(file) = known {
            return Ok(file);
        }
        let most = self.0.budget.left(Limit::Files).saturating_sub(kept).min(LARGEST_FILE);
        let bytes = self.0.files.read(path, most).map_err(|error| self.unreadable(path, &error))?;
        let content = String::from_utf8(bytes);
        let file = File::new(self.display(path), content, &self.0.options.sources)?;
        Ok(lock(&self.0.ahead).add(path, &file))
    }
}

/// Files that were read ahead, and not asked for yet, by their paths.
#[derive(Default)]
pub(super) struct Ahead {
    files: Index<OsString, File>,
    /// The number of their bytes.
    bytes: u64,
}

impl Ahead {
    /// Adds a file, unless another thread has added it.
    fn add(&mut self, path: &Path, file: &File) -> File {
        let length = file.bytes().len() as u64;
        let kept = self.files.entry(path.into()).or_insert_with(|| file.clone()).clone();
        if std::ptr::eq(kept.bytes(), file.bytes()) {
            self.bytes += length;
        }
        kept
    }
}

/// The content of a file: text, or else bytes that are not UTF-8.
type Content = std::result::Result<String, FromUtf8Error>;

/// A file that was read ahead, with its pieces if they are known.
type ReadAhead = (File, Option<Pieces>);

/// The pieces of a text that can be parsed apart.
type Pieces = Vec<Range<usize>>;

/// Parses files, the largest pieces first, so that no thread waits long for another in the end, and converts the
/// documents to resources: those of a file of one piece at once, while they are in the cache of the thread.
fn parse_ahead(files: &[ReadAhead], budget: &Budget, threads: &Threads) {
    let mut pieces: Vec<(usize, &Arc<Source>, Range<usize>, bool)> = Vec::new();
    for (number, (file, known)) in files.iter().enumerate() {
        let Some(source) = file.text() else { continue };
        let cut = known.clone().unwrap_or_else(|| parse::pieces(source.text(), PIECE));
        let is_whole = cut.len() == 1;
        pieces.extend(cut.into_iter().map(|piece| (number, source, piece, is_whole)));
    }
    pieces.sort_by_key(|(_, _, piece, _)| Reverse(piece.len()));
    let convert = |(file, source, documents): (&File, &Source, Vec<Document>)| {
        let resources = resource::read(source, &documents, &Schema::built_in()).ok();
        file.parsed_ahead(documents, resources);
    };
    let mut parsed = threads.map(pieces, |(number, source, piece, is_whole)| {
        let (start, documents) = (piece.start, parse::documents_of(source, piece, budget));
        match documents {
            Ok(documents) if is_whole => {
                convert((&files[number].0, source, documents));
                None
            }
            documents => Some((number, start, documents)),
        }
    });
    parsed.sort_by_key(|parsed| parsed.as_ref().map(|&(number, start, _)| (number, start)));
    let mut parsed = parsed.into_iter().flatten().peekable();
    let mut whole = Vec::new();
    while let Some(&(number, ..)) = parsed.peek() {
        let mut documents = Ok(Vec::new());
        while let Some((_, _, more)) = parsed.next_if(|(of, _, _)| *of == number) {
            documents = documents.and_then(|all: Vec<Document>| more.map(|more| join(all, more)));
        }
        let file = &files[number].0;
        if let (Ok(documents), Some(source)) = (documents, file.text()) {
            whole.push((file, &**source, documents));
        }
    }
    threads.map(whole, convert);
}

/// Joins the documents of two pieces, mostly those of a file of one piece.
fn join(mut all: Vec<Document>, more: Vec<Document>) -> Vec<Document> {
    if all.is_empty() {
        return more;
    }
    all.extend(more);
    all
}
