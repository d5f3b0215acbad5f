//! Reads and parses files ahead of a build, with several threads.
//!
//! This changes only the time of a build. A file that was read ahead, and its documents, are charged when the build reads
//! them. If a file cannot be read or parsed, the build reads it again and reports the error in its usual order.

use std::cmp::Reverse;
use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::string::FromUtf8Error;
use std::sync::Arc;

use super::{File, Files as _, LARGEST_FILE, Loader, Resolved, Root};
use crate::limits::{Budget, Limit};
use crate::parallel::Threads;
use crate::resource;
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
        lock(&self.0.ahead).insert(place.path.clone().into(), file.clone());
        Some((file, pieces))
    }

    /// Removes and returns a file that was read ahead, if it has at most `most` bytes.
    pub(super) fn take_ahead(&self, path: &Path, most: u64) -> Option<File> {
        let mut ahead = lock(&self.0.ahead);
        let file = if ahead.is_empty() { None } else { ahead.swap_remove(path.as_os_str()) };
        file.filter(|file| file.bytes().len() as u64 <= most)
    }
}

/// The content of a file: text, or else bytes that are not UTF-8.
type Content = Result<String, FromUtf8Error>;

/// A file that was read ahead, with its pieces if they are known.
type ReadAhead = (File, Option<Pieces>);

/// The pieces of a text that can be parsed apart.
type Pieces = Vec<Range<usize>>;

/// Parses files, the largest pieces first, so that no thread waits long for another in the end, and converts the
/// documents to resources.
fn parse_ahead(files: &[ReadAhead], budget: &Budget, threads: &Threads) {
    let mut pieces: Vec<(usize, &Arc<Source>, Range<usize>)> = Vec::new();
    for (number, (file, known)) in files.iter().enumerate() {
        let Some(source) = file.text() else { continue };
        let cut = known.clone().unwrap_or_else(|| parse::pieces(source.text(), PIECE));
        pieces.extend(cut.into_iter().map(|piece| (number, source, piece)));
    }
    pieces.sort_by_key(|(_, _, piece)| Reverse(piece.len()));
    let mut parsed = threads.map(pieces, |(number, source, piece)| {
        (number, piece.start, parse::documents_of(source, piece, budget))
    });
    parsed.sort_by_key(|&(number, start, _)| (number, start));
    let mut parsed = parsed.into_iter().peekable();
    let mut whole = Vec::new();
    for (number, (file, _)) in files.iter().enumerate() {
        let mut documents = Ok(Vec::new());
        while let Some((_, _, more)) = parsed.next_if(|(of, _, _)| *of == number) {
            documents = documents.and_then(|all: Vec<Document>| more.map(|more| join(all, more)));
        }
        if let (Ok(documents), Some(source)) = (documents, file.text()) {
            whole.push((file, source, documents));
        }
    }
    threads.map(whole, |(file, source, documents)| {
        let resources = resource::read(source, &documents, &Schema::built_in()).ok();
        file.parsed_ahead(documents, resources);
    });
}

/// Joins the documents of two pieces, mostly those of a file of one piece.
fn join(mut all: Vec<Document>, more: Vec<Document>) -> Vec<Document> {
    if all.is_empty() {
        return more;
    }
    all.extend(more);
    all
}
