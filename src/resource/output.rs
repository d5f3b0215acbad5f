//! Writes resources as YAML.

use std::mem;
use std::ops::ControlFlow;

use super::{ResMap, Resource};
use crate::error::{Error, Result};
use crate::limits::{Budget, Limit};
use crate::parallel::Threads;
use crate::yaml;

impl ResMap {
    /// The resources as YAML, as a sequence of documents.
    ///
    /// # Errors
    /// Those of [`yaml::emit()`], for every resource that YAML cannot represent.
    pub fn to_yaml(&self) -> Result<String> {
        let mut text = String::new();
        self.write_each(|place, resource, budget| write(resource, place == 0, &mut text, budget))?;
        Ok(text)
    }

    /// Checks that each resource can be written as YAML, and charges it as if it were written. For example, a duplicate
    /// key has no form in YAML: krender and a cluster would read it differently.
    ///
    /// # Errors
    /// As [`ResMap::to_yaml`].
    pub fn check_yaml(&self) -> Result<()> {
        let mut text = String::new();
        self.write_each(|_, resource, budget| {
            text.clear();
            write(resource, true, &mut text, budget)
        })
    }

    /// Calls a function with each resource and its place. All errors are returned, up to one that ends the build.
    fn write_each(
        &self,
        mut write: impl FnMut(usize, &Resource, &Budget) -> Result<()>,
    ) -> Result<()> {
        let budget = self.budget();
        let mut errors = Vec::new();
        for (place, resource) in self.iter().enumerate() {
            let failed = write(place, resource, &budget).err();
            let is_spent = failed.as_ref().is_some_and(Error::is_spent);
            errors.extend(failed);
            if is_spent {
                break;
            }
        }
        Error::all(errors).map_or(Ok(()), Err)
    }

    /// Like [`ResMap::to_yaml`], in pieces to be concatenated.
    ///
    /// Each resource is freed once it is written. They are written in the order in which they were read, so that
    /// adjacent memory is freed, which then has room for the texts. A large build never needs more memory than for the
    /// resources alone. Several threads write many resources; the result, or the failure, is the same.
    ///
    /// # Errors
    /// As [`ResMap::to_yaml`].
    pub fn into_yaml(self, threads: &Threads) -> Result<Vec<String>> {
        let budget = self.budget();
        let start = |(_, resource): &(usize, Resource)| resource.node().span().start();
        let mut resources: Vec<_> = self.into_iter().enumerate().collect();
        resources.sort_by_key(start);
        let mut pieces = Pieces::new(resources.len(), &budget);
        if threads.are_several()
            && resources.iter().map(|(_, resource)| size(resource)).sum::<usize>() >= ENOUGH
        {
            let most = budget.left(Limit::Bytes);
            let work = |share: Vec<_>| share.into_iter().map(|one| written(one, most)).collect();
            let shares = shares(resources, |(_, resource)| size(resource));
            threads.each_in_order(shares, AHEAD, work, |share: Vec<_>| {
                share.into_iter().try_for_each(|one| pieces.add(one))
            });
        } else {
            let mut text = String::new();
            resources
                .into_iter()
                .map(|one| pieces.write(&one, &mut text))
                .find(ControlFlow::is_break);
        }
        pieces.finish()
    }
}

impl ResMap {
    /// Writes the resources as [`ResMap::to_yaml`] does, in pieces that follow each other, and returns the number of bytes.
    /// Several threads make the text of many resources; one at a time writes it.
    ///
    /// # Errors
    /// As [`ResMap::to_yaml`]. Some pieces may be written then.
    pub fn write_yaml(
        &self,
        threads: &Threads,
        write: &mut (dyn FnMut(&str) + Send),
    ) -> Result<usize> {
        let budget = self.budget();
        let most = budget.left(Limit::Bytes);
        let alone = Threads::default();
        let is_large = self.iter().map(size).sum::<usize>() >= ENOUGH;
        let threads = if is_large { threads } else { &alone };
        let shares = shares(self.iter().enumerate(), |(_, resource)| size(resource));
        let (mut errors, mut length) = (Vec::new(), 0);
        let work = |share| Share::of(share, most);
        threads.each_in_order(shares, AHEAD, work, |share: Share<'_>| {
            let is_whole = share.charge(&budget, &mut errors);
            if errors.is_empty() {
                write(&share.text);
                length += share.text.len();
            }
            is_whole
        });
        Error::all(errors).map_or(Ok(length), Err)
    }
}

/// A number of resources, and their text.
struct Share<'r> {
    text: String,
    /// Each resource with its place, the length of its document, and its charge.
    resources: Vec<(usize, &'r Resource, usize, Result<u64>)>,
}

impl<'r> Share<'r> {
    /// Writes the resources whose charge is at most `most` bytes. Charges nothing yet.
    fn of(share: Vec<(usize, &'r Resource)>, most: u64) -> Self {
        let mut text = String::new();
        let write = |(place, resource): (usize, &'r Resource)| {
            text.push_str(separator(place));
            let start = text.len();
            let taken = yaml::emit_up_to(resource.node(), &mut text, most);
            (place, resource, text.len() - start, taken)
        };
        let resources = share.into_iter().map(write).collect();
        Self { text, resources }
    }

    /// Charges the resources in their order. A resource that failed, or whose charge exceeds the rest of the budget, is
    /// written again, because the first error in it depends on that rest. Breaks when the budget is spent.
    fn charge(&self, budget: &Budget, errors: &mut Vec<Error>) -> ControlFlow<()> {
        for (place, resource, length, taken) in &self.resources {
            let is_taken = taken.as_ref().is_ok_and(|taken| *taken <= budget.left(Limit::Bytes));
            let charged = match is_taken {
                true => budget.bytes(*length, resource.span()),
                false => write(resource, *place == 0, &mut String::new(), budget),
            };
            if let Err(error) = charged {
                let is_spent = error.is_spent();
                errors.push(error);
                if is_spent {
                    return ControlFlow::Break(());
                }
            }
        }
        ControlFlow::Continue(())
    }
}

/// From this number of bytes on, threads share the output. One thread writes it in about 2 ms (Kubeflow); to start
/// another one, to wake it and to wait for it takes 0.1 to 0.2 ms.
const ENOUGH: usize = 1 << 18;

/// The minimum number of bytes that a thread writes at once, about 0.1 ms of work.
const SHARE: usize = 1 << 16;

/// The number of shares per thread that may be written while an earlier one is still being written. Their resources are
/// not freed yet.
const AHEAD: usize = 16;

/// The approximate number of bytes of a resource: those that it was read from.
fn size(resource: &Resource) -> usize {
    resource.node().span().length() as usize
}

/// Divides items into shares of about the same size.
fn shares<T>(items: impl IntoIterator<Item = T>, size: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let (mut shares, mut share, mut bytes) = (Vec::new(), Vec::new(), 0);
    for item in items {
        bytes += size(&item);
        share.push(item);
        if bytes >= SHARE {
            shares.push(mem::take(&mut share));
            bytes = 0;
        }
    }
    shares.push(share);
    shares
}

/// A resource with its place, its text, and its charge.
type Written = ((usize, Resource), String, Result<u64>);

/// Writes a resource, if its charge is at most `most` bytes. Charges nothing yet.
fn written(one: (usize, Resource), most: u64) -> Written {
    let mut text = separator(one.0).to_owned();
    let taken = yaml::emit_up_to(one.1.node(), &mut text, most);
    text.shrink_to_fit();
    (one, text, taken)
}

/// The texts of resources, by their places.
struct Pieces<'b> {
    texts: Vec<String>,
    errors: Vec<(usize, Error)>,
    budget: &'b Budget,
}

impl<'b> Pieces<'b> {
    fn new(count: usize, budget: &'b Budget) -> Self {
        Self { texts: vec![String::new(); count], errors: Vec::new(), budget }
    }

    /// Adds the text of the next resource, if the budget allows it, and frees the resource. A resource that failed, or
    /// whose charge exceeds the rest of the budget, is written again, because the first error depends on that rest.
    fn add(&mut self, (one, text, taken): Written) -> ControlFlow<()> {
        let bytes = text.len() - separator(one.0).len();
        match taken {
            Ok(taken) if taken <= self.budget.left(Limit::Bytes) => {
                match self.budget.bytes(bytes, one.1.span()) {
                    Ok(()) => self.texts[one.0] = text,
                    Err(error) => self.errors.push((one.0, error)),
                }
                ControlFlow::Continue(())
            }
            _ => self.write(&one, &mut String::new()),
        }
    }

    /// Writes the next resource. `buffer` is empty before and after.
    fn write(
        &mut self,
        (place, resource): &(usize, Resource),
        buffer: &mut String,
    ) -> ControlFlow<()> {
        let written = write(resource, *place == 0, buffer, self.budget);
        if buffer.len() < LARGE {
            self.texts[*place] = buffer.as_str().into();
            buffer.clear();
        } else {
            self.texts[*place] = mem::take(buffer);
        }
        let Err(error) = written else { return ControlFlow::Continue(()) };
        let is_spent = error.is_spent();
        self.errors.push((*place, error));
        if is_spent { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn finish(self) -> Result<Vec<String>> {
        let Self { texts, mut errors, budget: _ } = self;
        errors.sort_by_key(|&(place, _)| place);
        Error::all(errors.into_iter().map(|(_, error)| error)).map_or(Ok(texts), Err)
    }
}

/// Texts of at least this size in bytes are not copied to shrink their capacity.
const LARGE: usize = 1 << 16;

/// The text before the document at a place.
const fn separator(place: usize) -> &'static str {
    if place == 0 { "" } else { "---\n" }
}

/// Appends a resource to those written before.
fn write(resource: &Resource, is_first: bool, text: &mut String, budget: &Budget) -> Result<()> {
    if !is_first {
        text.push_str("---\n");
    }
    yaml::emit_within(resource.node(), text, budget)
        .map_err(|error| error.step(format!("while writing `{}`", resource.id())))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::limits::Limits;
    use crate::resource::sample::read;

    fn alone() -> Threads {
        Threads::default()
    }

    #[test]
    fn documents_are_separated() {
        let text = "kind: A\nmetadata: {name: b}\n---\nkind: A\nmetadata: {name: a}\n";
        let yaml = ResMap::from(read(text).unwrap()).to_yaml().unwrap();
        assert_eq!(yaml, "kind: A\nmetadata:\n  name: b\n---\nkind: A\nmetadata:\n  name: a\n");
        assert_eq!(ResMap::new().to_yaml().unwrap(), "");
    }

    /// Writing in the order of reading gives the same result as writing in the order of resources.
    #[test]
    fn pieces_follow_each_other_in_the_order_of_the_resources() {
        let long = "x".repeat(LARGE);
        let text = format!(
            "kind: B\nmetadata: {{name: b}}\n---\nkind: C\nmetadata: {{name: c}}\nd: {long}\n---\nkind: A\nmetadata: {{name: a}}\n"
        );
        let mut map = ResMap::from(read(&text).unwrap());
        map.reorder([2, 0, 1].into_iter());
        let whole = map.to_yaml().unwrap();
        assert_eq!(map.into_yaml(&alone()).unwrap().concat(), whole);
        assert_eq!(ResMap::new().into_yaml(&alone()).unwrap().concat(), "");
    }

    #[test]
    fn what_cannot_be_written_is_told_in_the_order_of_the_resources() {
        let text =
            "kind: B\nmetadata: {name: b}\nv: .inf\n---\nkind: A\nmetadata: {name: a}\nv: .nan\n";
        let mut map = ResMap::from(read(text).unwrap());
        map.reorder([1, 0].into_iter());
        let (whole, pieces) = (map.to_yaml().unwrap_err(), map.into_yaml(&alone()).unwrap_err());
        assert_eq!(pieces.iter().count(), 2);
        let steps =
            |error: &Error| error.iter().map(|error| error.steps().to_vec()).collect::<Vec<_>>();
        assert_eq!(steps(&pieces), steps(&whole));
    }

    /// The slow twin: several threads write, fail and charge as one does, wherever the budget ends.
    #[test]
    fn threads_write_what_one_writes() {
        let resource = |number: usize| {
            let value =
                if number % 500 == 7 { ".inf".to_owned() } else { "x".repeat(number % 3000) };
            let nested = "{a: ".repeat(number % 70) + "b" + &"}".repeat(number % 70);
            format!("kind: A\nmetadata: {{name: n{number}}}\nv: {value}\nw: {nested}\n")
        };
        for count in [2_000, 490] {
            let text: Vec<String> = (0..count)
                .filter(|number| count > 490 || number % 500 != 7)
                .map(resource)
                .collect();
            let read = ResMap::from(read(&text.join("---\n")).unwrap());
            let output = |left: u64, jobs: usize| {
                let budget = Budget::new(Limits::default().with(Limit::Bytes, left));
                let mut resources = read.clone();
                resources.reorder((0..read.len()).rev());
                resources.charge_to(&budget);
                let threads = Threads::new(NonZeroUsize::new(jobs).unwrap());
                let written = resources.into_yaml(&threads).map(|pieces| pieces.concat());
                (format!("{written:?}"), budget.spent(Limit::Bytes))
            };
            let pieces = |left: u64, jobs: usize| {
                let budget = Budget::new(Limits::default().with(Limit::Bytes, left));
                let mut resources = read.clone();
                resources.charge_to(&budget);
                let threads = Threads::new(NonZeroUsize::new(jobs).unwrap());
                let mut text = String::new();
                let written = resources.write_yaml(&threads, &mut |piece| text.push_str(piece));
                let text = written.map(|length| (text.len() == length).then_some(text));
                (format!("{:?}", text.map(Option::unwrap)), budget.spent(Limit::Bytes))
            };
            let slowly = |left: u64| {
                let budget = Budget::new(Limits::default().with(Limit::Bytes, left));
                let mut resources = read.clone();
                resources.charge_to(&budget);
                (format!("{:?}", resources.to_yaml()), budget.spent(Limit::Bytes))
            };
            let (_, whole) = output(1 << 30, 1);
            for left in [1 << 30, whole, whole - 1, whole * 9 / 10, whole / 3, 1000, 0] {
                for jobs in [1, 2, 5] {
                    assert_eq!(pieces(left, jobs), slowly(left), "{left} on {jobs}");
                    assert_eq!(output(left, jobs), output(left, 1), "{left} on {jobs}");
                }
            }
        }
    }
}
