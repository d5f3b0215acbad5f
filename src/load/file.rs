//! A file that was read: its bytes, its text and its documents.

use std::borrow::Cow;
use std::string::FromUtf8Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use crate::error::{Error, Result};
use crate::limits::{Budget, Limit};
use crate::resource::{self, Resource};
use crate::schema::Schema;
use crate::source::{Source, Sources};
use crate::sync::lock;
use crate::yaml::as_applied;
use crate::yaml::parse::{self, Document};

use super::Digest;

/// A file that was read. Cloning is cheap: clones share the content.
#[derive(Clone)]
pub struct File(Arc<FileInner>);

struct FileInner {
    name: String,
    content: Content,
    /// True once the documents were requested.
    was_parsed: AtomicBool,
    /// The documents for the first request, if they were parsed ahead.
    ahead: Mutex<Option<Vec<Document>>>,
    /// The resources of these documents in the default schema, if they were converted ahead.
    resources: Mutex<Option<Vec<Resource>>>,
    /// The documents, kept from the second request on.
    documents: OnceLock<Result<Vec<Document>>>,
    digest: OnceLock<Digest>,
}

enum Content {
    Text(Arc<Source>),
    /// Content that is not UTF-8.
    Binary {
        bytes: Vec<u8>,
        sources: Arc<Sources>,
        /// The text, if it is UTF-16, or else the error with its position. Converted on first use, because it takes a
        /// copy.
        text: OnceLock<Result<Arc<Source>>>,
    },
}

impl File {
    /// Creates a file from its content: text, or else bytes that are not UTF-8. Text is added to `sources`, so that spans
    /// can refer to it.
    pub(super) fn new(
        name: String,
        content: std::result::Result<String, FromUtf8Error>,
        sources: &Arc<Sources>,
    ) -> Result<Self> {
        let content = match content {
            Ok(text) => Content::Text(sources.add_utf8(&*name, text)?),
            Err(error) => {
                let (bytes, sources) = (error.into_bytes(), Arc::clone(sources));
                Content::Binary { bytes, sources, text: OnceLock::new() }
            }
        };
        let (was_parsed, ahead) = (AtomicBool::new(false), Mutex::default());
        let (resources, documents) = (Mutex::default(), OnceLock::new());
        let digest = OnceLock::new();
        let inner = FileInner { name, content, was_parsed, ahead, resources, documents, digest };
        Ok(Self(Arc::new(inner)))
    }

    /// The path to show: relative to the working directory if that is not longer.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The bytes of the file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.0.content {
            Content::Text(source) => source.text().as_bytes(),
            Content::Binary { bytes, .. } => bytes,
        }
    }

    /// The digest of the content; computed once.
    #[must_use]
    pub fn digest(&self) -> Digest {
        *self.0.digest.get_or_init(|| Digest::of(self.bytes()))
    }

    /// The content as text: UTF-8, or UTF-16 with a byte-order mark.
    ///
    /// # Errors
    /// [`InvalidUtf8`](crate::error::Code::InvalidUtf8) at the first byte that is none.
    pub fn source(&self) -> Result<&Arc<Source>> {
        match &self.0.content {
            Content::Text(source) => Ok(source),
            Content::Binary { bytes, sources, text } => {
                let text = text.get_or_init(|| sources.add_file(self.name(), bytes));
                text.as_ref().map_err(Error::clone)
            }
        }
    }

    /// The text, if it is UTF-8.
    pub(super) fn text(&self) -> Option<&Arc<Source>> {
        match &self.0.content {
            Content::Text(source) => Some(source),
            Content::Binary { .. } => None,
        }
    }

    /// Keeps documents that were parsed ahead for the first request, with their resources in the default schema.
    pub(super) fn parsed_ahead(&self, documents: Vec<Document>, resources: Option<Vec<Resource>>) {
        *lock(&self.0.ahead) = Some(documents);
        *lock(&self.0.resources) = resources;
    }

    /// The resources of the [documents](File::documents).
    ///
    /// # Errors
    /// As [`File::documents`] and [`resource::read`].
    pub fn resources(&self, budget: &Budget, schema: &Schema) -> Result<Vec<Resource>> {
        let ahead = lock(&self.0.resources).take();
        let documents = self.documents(budget)?;
        match ahead.filter(|_| schema.is_default()) {
            Some(resources) => Ok(resources),
            None => resource::read(self.source()?, &documents, schema),
        }
    }

    /// The documents of manifests that are applied as they are: all of them, as [`parse::whole_documents`] reads them, with
    /// the booleans that [kubectl reads](as_applied). The work is charged to `budget`.
    ///
    /// # Errors
    /// As [`File::source`], [`parse::whole_documents`] and [`as_applied`].
    pub fn whole_documents(&self, budget: &Budget) -> Result<Vec<Document>> {
        let mut documents = parse::whole_documents(self.source()?, budget)?;
        for document in &mut documents {
            as_applied(&mut document.root, budget)?;
        }
        Ok(documents)
    }

    /// The documents, as [`parse::documents`] reads them. The work is charged to `budget`.
    ///
    /// The first caller takes ownership of the documents and can change them without a copy; nearly every file has a
    /// single caller. For later callers they are parsed once more and kept.
    ///
    /// # Errors
    /// As [`File::source`] and [`parse::documents_within`].
    pub fn documents(&self, budget: &Budget) -> Result<Cow<'_, [Document]>> {
        let source = self.source()?;
        if !self.0.was_parsed.swap(true, Ordering::Relaxed) {
            let ahead = lock(&self.0.ahead).take();
            let bytes = |documents: &Vec<Document>| documents.iter().map(|one| one.bytes).sum();
            // Where the budget is spent within the documents, they are parsed up to there.
            if let Some(documents) = ahead.filter(|ahead| bytes(ahead) <= budget.left(Limit::Bytes))
            {
                budget.spend(Limit::Bytes, bytes(&documents), source.span(0, 0))?;
                return Ok(Cow::Owned(documents));
            }
            return parse::documents_within(source, budget).map(Cow::Owned);
        }
        if let Some(documents) = self.0.documents.get() {
            let documents = documents.as_deref().map_err(Error::clone)?;
            let bytes = documents.iter().map(|document| document.bytes).sum();
            budget.spend(Limit::Bytes, bytes, source.span(0, 0))?;
            return Ok(Cow::Borrowed(documents));
        }
        let documents = parse::documents_within(source, budget);
        match documents {
            // A spent budget is not a fact about the file: another budget may suffice.
            Err(error) if error.is_spent() => Err(error),
            documents => {
                let documents = self.0.documents.get_or_init(|| documents);
                documents.as_deref().map(Cow::Borrowed).map_err(Error::clone)
            }
        }
    }
}

impl std::fmt::Debug for File {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("File").field(&self.0.name).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn file(bytes: &[u8]) -> (File, Arc<Sources>) {
        let sources = Arc::new(Sources::new());
        (
            File::new("a.yaml".to_owned(), String::from_utf8(bytes.to_vec()), &sources).unwrap(),
            sources,
        )
    }

    #[test]
    fn documents_are_kept_for_all_but_the_first_who_asks() {
        let (file, _) = file(b"a: 1\n---\nb: 2\n");
        let budget = Budget::default();
        let documents = file.documents(&budget).unwrap();
        let once = budget.spent(Limit::Bytes);
        assert!(matches!(&documents, Cow::Owned(owned) if owned.len() == 2));
        let clone = file.clone();
        let (second, third) = (file.documents(&budget).unwrap(), clone.documents(&budget).unwrap());
        assert_eq!(budget.spent(Limit::Bytes), 3 * once, "each use is charged");
        assert!(std::ptr::eq(&*second, &*third));
        assert!(second.iter().zip(&*documents).all(|(one, other)| one.root == other.root));
        assert_eq!(file.bytes(), b"a: 1\n---\nb: 2\n");
    }

    #[test]
    fn bytes_that_are_no_text_say_where() {
        let (file, sources) = file(b"a: b\nc: \xff\n");
        assert_eq!(file.bytes()[8], 0xff);
        for error in [file.source().unwrap_err(), file.documents(&Budget::default()).unwrap_err()] {
            assert_eq!(error.code(), Code::InvalidUtf8);
            let place = sources.locate(error.span()).unwrap();
            assert_eq!((place.line, place.column), (2, 4));
        }
    }
}
