//! Writes resources as YAML.

use std::borrow::Borrow;
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

    /// Checks that each resource can be written as YAML, and charges about as much as if it were written. For example, a
    /// duplicate key has no form in YAML: krender and a cluster would read it differently.
    ///
    /// # Errors
    /// As [`ResMap::to_yaml`].
    pub fn check_yaml(&self) -> Result<()> {
        let mut text = String::new();
        self.write_each(|_, resource, budget| {
            let root = resource.node();
            match yaml::written_length(root, budget.left(Limit::Bytes)) {
                Some(length) => budget.bytes(length as usize, root.span()),
                None => {
                    text.clear();
                    write(resource, true, &mut text, budget)
                }
            }
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

    /// Like [`ResMap::to_yaml`], in pieces to be concatenated, one for each resource.
    ///
    /// Resources are freed once they are written. Several threads write many resources; the result, or the failure, is
    /// the same.
    ///
    /// # Errors
    /// As [`ResMap::to_yaml`].
    pub fn into_yaml(self, threads: &Threads) -> Result<Vec<String>> {
        let (budget, mut pieces) = (self.budget(), Vec::with_capacity(self.len()));
        write_shares(self.into_iter().enumerate(), threads, &budget, |share| {
            match &share.resources[..] {
                [_] => pieces.push(share.text),
                _ => pieces.extend(share.texts().map(str::to_owned)),
            }
        })?;
        Ok(pieces)
    }

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
        let mut length = 0;
        write_shares(self.iter().enumerate(), threads, &self.budget(), |share| {
            write(&share.text);
            length += share.text.len();
        })?;
        Ok(length)
    }
}

/// Writes resources with their places in shares, and delivers those up to the first failure, in their order. Several
/// threads write many resources.
fn write_shares<R: Borrow<Resource> + Send>(
    resources: impl IntoIterator<Item = (usize, R)>,
    threads: &Threads,
    budget: &Budget,
    mut deliver: impl FnMut(Share<R>) + Send,
) -> Result<()> {
    let (shares, size) = shares(resources);
    let alone = Threads::default();
    let threads = if size >= ENOUGH { threads } else { &alone };
    let most = budget.left(Limit::Bytes);
    let mut errors = Vec::new();
    let work = |share| Share::of(share, most);
    threads.each_in_order(shares, AHEAD, work, |share: Share<R>| {
        let is_whole = share.charge(budget, &mut errors);
        if errors.is_empty() {
            deliver(share);
        }
        is_whole
    });
    Error::all(errors).map_or(Ok(()), Err)
}

/// A number of resources, and their text.
struct Share<R> {
    text: String,
    /// Each resource with its place, the length of its document, and its charge.
    resources: Vec<(usize, R, usize, Result<u64>)>,
}

impl<R: Borrow<Resource>> Share<R> {
    /// Writes the resources whose charge is at most `most` bytes. Charges nothing yet.
    fn of(share: Vec<(usize, R)>, most: u64) -> Self {
        let size: usize = share.iter().map(|(_, resource)| size(resource.borrow())).sum();
        let mut text = String::with_capacity(size + size / 8);
        let write = |(place, resource): (usize, R)| {
            text.push_str(separator(place));
            let start = text.len();
            let taken = yaml::emit_up_to(resource.borrow().node(), &mut text, most);
            (place, resource, text.len() - start, taken)
        };
        let resources = share.into_iter().map(write).collect();
        Self { text, resources }
    }

    /// The text of each resource.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let mut rest = &*self.text;
        self.resources.iter().map(move |&(place, _, length, _)| {
            let text;
            (text, rest) = rest.split_at(separator(place).len() + length);
            text
        })
    }

    /// Charges the resources in their order. A resource that failed, or whose charge exceeds the rest of the budget, is
    /// written again, because the first error in it depends on that rest. Breaks when the budget is spent.
    fn charge(&self, budget: &Budget, errors: &mut Vec<Error>) -> ControlFlow<()> {
        for (place, resource, length, taken) in &self.resources {
            let resource = resource.borrow();
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

/// The number of bytes that a thread writes at once, about 0.1 ms of work; only a single resource is larger.
const SHARE: usize = 1 << 16;

/// The number of shares per thread that may be written while an earlier one is still being written. Their resources are
/// not freed yet.
const AHEAD: usize = 16;

/// The approximate number of bytes of a resource: those that it was read from.
fn size(resource: &Resource) -> usize {
    resource.node().span().length() as usize
}

/// Divides resources into shares of about the same size, and returns the size of all. A large resource is a share of its
/// own.
fn shares<R: Borrow<Resource>>(
    resources: impl IntoIterator<Item = (usize, R)>,
) -> (Vec<Vec<(usize, R)>>, usize) {
    let (mut shares, mut share, mut bytes, mut all) = (Vec::new(), Vec::new(), 0, 0);
    for (place, resource) in resources {
        let size = size(resource.borrow());
        if bytes + size > SHARE && bytes > 0 {
            shares.push(mem::take(&mut share));
            all += mem::take(&mut bytes);
        }
        bytes += size;
        share.push((place, resource));
    }
    shares.push(share);
    (shares, all + bytes)
}

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

    #[test]
    fn pieces_follow_each_other_in_the_order_of_the_resources() {
        let long = "x".repeat(2 * SHARE);
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
