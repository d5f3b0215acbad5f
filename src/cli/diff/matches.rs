//! Patterns of `--only` and `--ignore` that match nothing: a review that looks at no object must not pass.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::Named;
use crate::cli::terminal::{self, Format};
use crate::{
    diff::{Options, Rendered, Side, Target},
    error::{Code, Error, Result, nearest},
    fleet::Run,
    source::{Sources, Span},
    sync::lock,
    text::{escape, phrase},
};

/// The patterns that have matched something so far. Threads share it.
pub(super) struct Matches {
    only: Vec<AtomicBool>,
    ignore: Vec<AtomicBool>,
    /// `KIND/NAME` of objects that were looked at, some at least.
    names: Mutex<BTreeSet<String>>,
    /// True if something could not be rendered: then it is not known what it has.
    is_partly_known: AtomicBool,
}

/// Maximum number of names that are kept for advice.
const MOST_NAMES: usize = 10_000;

impl Matches {
    pub(super) fn of(options: &Options) -> Self {
        let none = |count: usize| (0..count).map(|_| AtomicBool::new(false)).collect();
        Self {
            only: none(options.only.len()),
            ignore: none(options.ignore.len()),
            names: Mutex::default(),
            is_partly_known: AtomicBool::new(false),
        }
    }

    /// Notes what both sides of a target have.
    pub(super) fn look(&self, target: &Target, options: &Options) {
        for side in [&target.before, &target.after] {
            match side {
                Side::Rendered(rendered) => self.look_at(rendered, options),
                Side::Failed(_) => self.is_partly_known.store(true, Relaxed),
                Side::Absent => {}
            }
        }
    }

    fn look_at(&self, rendered: &Rendered, options: &Options) {
        for (seen, ignore) in self.ignore.iter().zip(&options.ignore) {
            if !seen.load(Relaxed) && ignore.is_in(rendered) {
                seen.store(true, Relaxed);
            }
        }
        if !self.has_unused() {
            return;
        }
        for (seen, only) in self.only.iter().zip(&options.only) {
            if rendered.resources.iter().any(|resource| only.is_for(resource)) {
                seen.store(true, Relaxed);
            }
        }
        let mut names = lock(&self.names);
        for resource in &rendered.resources {
            if names.len() < MOST_NAMES {
                names.insert(format!("{}/{}", resource.kind(), resource.name()));
            }
        }
    }

    fn has_unused(&self) -> bool {
        self.only.iter().any(|seen| !seen.load(Relaxed))
    }

    /// Looks for objects of patterns without one in targets that the change does not affect, until all have one: they are
    /// fine, but the change is not about their objects.
    pub(super) fn search(&self, others: &[Named], run: &Run<'_>, options: &Options) {
        for other in others.iter().filter_map(|other| other.after.as_ref()) {
            if !self.has_unused() || self.is_partly_known.load(Relaxed) {
                return;
            }
            match other.render(run) {
                Ok(rendered) => self.look_at(&rendered, options),
                Err(_) => self.is_partly_known.store(true, Relaxed),
            }
        }
    }

    /// Refuses a pattern of `--only` without an object, if all objects are known. `texts` are the patterns as on the
    /// command line.
    ///
    /// # Errors
    /// [`Code::NothingSelected`].
    pub(super) fn check(&self, texts: &[String]) -> Result<()> {
        let names = lock(&self.names);
        let unused = self.only.iter().zip(texts).find(|(seen, _)| !seen.load(Relaxed));
        let Some((_, text)) = unused.filter(|_| !self.is_partly_known.load(Relaxed)) else {
            return Ok(());
        };
        let message = format!("`--only {}` does not match any object", escape::visible(text));
        let mut error = Error::new(Code::NothingSelected, message);
        let (kind, name) = text.split_once('/').unwrap_or((text, "*"));
        let parts = || names.iter().filter_map(|known| known.split_once('/'));
        let kinds: BTreeSet<&str> = parts().map(|(kind, _)| kind).collect();
        let is_kind = |known: &&str| known.eq_ignore_ascii_case(kind);
        let near =
            match nearest(kind, kinds.iter().copied()).filter(|_| !kinds.iter().any(&is_kind)) {
                Some(kind) if text.contains('/') => Some(format!("{kind}/{name}")),
                Some(kind) => Some(kind.to_owned()),
                None => {
                    let same = parts().filter(|(known, _)| is_kind(known) || kind == "*");
                    let near = nearest(name, same.map(|(_, name)| name));
                    near.map(|near| format!("{kind}/{near}"))
                }
            };
        if let Some(near) = near {
            error = error.help(format!("did you mean `--only {}`?", escape::visible(&near)));
        }
        let kinds: Vec<&str> = kinds.into_iter().collect();
        let few = phrase::few(&kinds, 8, |kind| format!("`{}`", escape::visible(kind)));
        Err(match kinds.is_empty() {
            true => error.help("there are no objects on either side"),
            false => error.help(format!("there are objects of the kinds {few}")),
        })
    }

    /// Warns of fields to ignore that no object has. More is shown than was wanted, not less. `texts` are the patterns as on
    /// the command line.
    pub(super) fn tell_unused(&self, texts: &[String], format: Format) {
        for (_, text) in self.ignore.iter().zip(texts).filter(|(seen, _)| !seen.load(Relaxed)) {
            let text = format!(
                "`--ignore {}` matches no field of the objects that were compared",
                escape::visible(text)
            );
            terminal::warning(&text, Span::NONE, &Sources::new(), format);
        }
    }
}
