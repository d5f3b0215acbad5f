//! Work on several threads: results are returned in the order of the input, and are the same for any number of threads.
//!
//! The threads belong to a rayon pool, which is started for the first work that is large enough for two of them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, Mutex, OnceLock};

use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

use crate::sync::lock;

/// The threads that a run may use; by default the calling one alone. Cloning makes another handle to the same threads.
///
/// A thread is started when there is work for it: small runs never pay for one.
#[derive(Clone, Default)]
pub struct Threads {
    pool: Option<Arc<Pool>>,
    /// The maximum number of threads of this handle; `None` if only the pool sets a limit.
    most: Option<NonZeroUsize>,
}

/// A pool that is started on first use.
struct Pool {
    count: OnceLock<NonZeroUsize>,
    find_count: fn() -> NonZeroUsize,
    /// True if the thread that starts the others works with them.
    takes_part: bool,
    started: Mutex<Option<Arc<ThreadPool>>>,
}

impl Threads {
    /// At most `count` threads.
    #[must_use]
    pub fn new(count: NonZeroUsize) -> Self {
        Self::of(OnceLock::from(count), || NonZeroUsize::MIN, false)
    }

    /// The threads of a program: `count`, or as many as a function returns. It is called when there is work for more
    /// than one: finding the number of processors, for example, takes longer than many a small build.
    ///
    /// The thread that starts the others is one of them for the rest of its life, and cannot be one of other `Threads`.
    #[must_use]
    pub fn of_program(count: Option<NonZeroUsize>, or_else: fn() -> NonZeroUsize) -> Self {
        Self::of(count.map_or_else(OnceLock::new, OnceLock::from), or_else, true)
    }

    fn of(
        count: OnceLock<NonZeroUsize>,
        find_count: fn() -> NonZeroUsize,
        takes_part: bool,
    ) -> Self {
        let pool = Pool { count, find_count, takes_part, started: Mutex::default() };
        Self { pool: Some(Arc::new(pool)), most: None }
    }

    /// The number of threads.
    #[must_use]
    pub fn count(&self) -> NonZeroUsize {
        let Some(pool) = &self.pool else { return NonZeroUsize::MIN };
        let count = *pool.count.get_or_init(pool.find_count);
        self.most.map_or(count, |most| most.min(count))
    }

    /// The threads that are worth starting for `count` pieces of work of some ten microseconds each, such as reading a
    /// kustomization file: starting a thread takes as long as a few of them.
    #[must_use]
    pub fn for_small(&self, count: usize) -> Self {
        let most = NonZeroUsize::new(count / SMALL_EACH).unwrap_or(NonZeroUsize::MIN);
        match most {
            NonZeroUsize::MIN => Self::default(),
            most => Self { pool: self.pool.clone(), most: Some(most) },
        }
    }

    /// True if there may be more than one thread: unless their number is known, it is not asked for.
    pub(crate) fn are_several(&self) -> bool {
        let is_one = |count: &NonZeroUsize| count.get() == 1;
        let known = self.pool.as_ref().is_some_and(|pool| pool.count.get().is_some_and(is_one));
        self.pool.is_some() && !known && !IS_AT_WORK.get()
    }

    /// True if threads were started, here or through another handle.
    pub(crate) fn have_started(&self) -> bool {
        self.pool.as_ref().is_some_and(|pool| lock(&pool.started).is_some())
    }

    /// Does work for each item, and returns the results in the order of the items.
    pub(crate) fn map<I: Send, T: Send>(
        &self,
        items: Vec<I>,
        work: impl Fn(I) -> T + Sync,
    ) -> Vec<T> {
        let mut results = Vec::with_capacity(items.len());
        self.each_in_order(items, usize::MAX, work, |result| {
            results.push(result);
            ControlFlow::Continue(())
        });
        results
    }

    /// Does work for each item, and passes the results to `deliver` in the order of the items, until it breaks. At most
    /// `ahead` items per thread are in work or wait to be delivered.
    pub(crate) fn each_in_order<I: Send, T: Send>(
        &self,
        items: Vec<I>,
        ahead: usize,
        work: impl Fn(I) -> T + Sync,
        mut deliver: impl FnMut(T) -> ControlFlow<()> + Send,
    ) {
        match self.pool(items.len()) {
            Some(pool) => {
                let ahead = ahead.saturating_mul(pool.current_num_threads());
                deal(&pool, items, ahead, work, deliver);
            }
            None => {
                items.into_iter().map(|item| deliver(work(item))).find(ControlFlow::is_break);
            }
        }
    }

    /// The pool, with enough threads for a number of pieces of work. `None` if the calling thread does all the work: if one
    /// thread is enough, if the calling thread already does work of the pool (it would have to wait for busy threads), and
    /// if the system cannot start threads.
    fn pool(&self, pieces: usize) -> Option<Arc<ThreadPool>> {
        let pool = self.pool.as_ref().filter(|_| pieces > 1 && self.are_several())?;
        let wanted = self.count().get().min(pieces);
        if wanted == 1 {
            return None;
        }
        let mut started = lock(&pool.started);
        if started.as_ref().is_none_or(|pool| pool.current_num_threads() < wanted) {
            let more = ThreadPoolBuilder::new().num_threads(wanted);
            let more = if pool.takes_part { more.use_current_thread() } else { more }.build();
            *started = more.ok().map(Arc::new).or_else(|| started.take());
        }
        started.clone()
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The number is omitted: results do not depend on it, nor do the keys of cached results.
        formatter.write_str("Threads")
    }
}

/// The minimum number of small pieces of work for each thread.
const SMALL_EACH: usize = 16;

/// Does work for the numbers from 0 to `count`, and delivers the results one by one, in the order of the numbers. The
/// results are the same for any number of threads, if `work` depends only on its number.
///
/// `deliver` may [break](ControlFlow::Break); then no further work is begun. It is called on the thread that has
/// produced the next result, so that no thread must be woken for it. Threads run ahead of it only so far that few
/// results are pending.
///
/// ```
/// use std::{num::NonZeroUsize, ops::ControlFlow};
/// use krender::parallel::{Threads, in_order};
///
/// let threads = Threads::new(NonZeroUsize::new(4).unwrap());
/// let mut squares = Vec::new();
/// in_order(100, &threads, |number| number * number, |_, square| {
///     squares.push(square);
///     ControlFlow::Continue(())
/// });
/// assert_eq!(squares[..4], [0, 1, 4, 9]);
/// ```
pub fn in_order<T: Send>(
    count: usize,
    threads: &Threads,
    work: impl Fn(usize) -> T + Sync,
    mut deliver: impl FnMut(usize, T) -> ControlFlow<()> + Send,
) {
    let size = if count > 1 { block(count, threads.count()) } else { 1 };
    let Some(pool) = threads.pool(count.div_ceil(size)) else {
        // Each result is delivered when it is done.
        (0..count).map(|number| deliver(number, work(number))).find(ControlFlow::is_break);
        return;
    };
    let blocks = (0..count).step_by(size).map(|start| start..count.min(start + size)).collect();
    let ahead = BLOCKS_AHEAD.saturating_mul(pool.current_num_threads());
    let work = |block: Range<usize>| block.map(|number| (number, work(number))).collect();
    deal(&pool, blocks, ahead, work, |done: Vec<(usize, T)>| {
        done.into_iter().try_for_each(|(number, made)| deliver(number, made))
    });
}

/// The number of neighbours that one thread gets: neighbouring targets share bases, which two threads would both
/// accumulate if they reached them at the same time.
fn block(count: usize, threads: NonZeroUsize) -> usize {
    BLOCK.min(count.div_ceil(threads.get().saturating_mul(BLOCKS_EACH))).max(1)
}

/// The minimum number of blocks for each thread, so that no thread waits long for another at the end.
const BLOCKS_EACH: usize = 4;
/// The maximum number of neighbours that one thread gets.
const BLOCK: usize = 8;
/// The number of blocks per thread that may be in work or pending.
const BLOCKS_AHEAD: usize = 4;

/// Distributes items over the threads of a pool, and delivers the results in the order of the items. At most `ahead`
/// items are in work or pending.
fn deal<I: Send, T: Send>(
    pool: &ThreadPool,
    items: Vec<I>,
    ahead: usize,
    work: impl Fn(I) -> T + Sync,
    deliver: impl FnMut(T) -> ControlFlow<()> + Send,
) {
    let begun = ahead.min(items.len());
    let desk = Desk {
        items: Mutex::new(items.into_iter().enumerate()),
        work,
        deliver: Mutex::new(deliver),
        waiting: Mutex::default(),
    };
    pool.in_place_scope(|scope| {
        for _ in 0..begun {
            scope.spawn(|scope| desk.work_on_next(scope));
        }
    });
}

/// The exchange from which threads take items, and to which they return results. One thread at a time delivers these.
struct Desk<I, T, W, D> {
    items: Mutex<std::iter::Enumerate<std::vec::IntoIter<I>>>,
    work: W,
    deliver: Mutex<D>,
    waiting: Mutex<Waiting<T>>,
}

/// Results that are not delivered yet.
struct Waiting<T> {
    /// By the numbers of their items.
    results: BTreeMap<usize, T>,
    /// The number of the next result to deliver.
    next: usize,
    /// True while a thread delivers results; it looks for more when it is done.
    is_busy: bool,
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self { results: BTreeMap::new(), next: 0, is_busy: false }
    }
}

impl<I, T, W, D> Desk<I, T, W, D>
where
    I: Send,
    T: Send,
    W: Fn(I) -> T + Sync,
    D: FnMut(T) -> ControlFlow<()> + Send,
{
    /// Works on the next item, if there is one. Each delivered result is followed by a further item, so that the number
    /// of items in work or pending stays the same.
    fn work_on_next<'s>(&'s self, scope: &Scope<'s>) {
        let next = lock(&self.items).next();
        if let Some((number, item)) = next {
            let _at_work = AtWork::begin();
            let result = (self.work)(item);
            self.hand_in(number, result, scope);
        }
    }

    /// Stores a result, and delivers all consecutive ones, unless another thread is doing so.
    fn hand_in<'s>(&'s self, number: usize, result: T, scope: &Scope<'s>) {
        let mut waiting = lock(&self.waiting);
        waiting.results.insert(number, result);
        if waiting.is_busy {
            return;
        }
        waiting.is_busy = true;
        loop {
            let next = waiting.next;
            let Some(result) = waiting.results.remove(&next) else {
                waiting.is_busy = false;
                return;
            };
            drop(waiting);
            if lock(&self.deliver)(result).is_break() {
                // `is_busy` stays set: no further result is delivered, and no items are left.
                lock(&self.items).by_ref().for_each(drop);
                return;
            }
            scope.spawn(|scope| self.work_on_next(scope));
            waiting = lock(&self.waiting);
            waiting.next = next + 1;
        }
    }
}

thread_local! {
    /// True while a thread does work that is shared with others.
    static IS_AT_WORK: Cell<bool> = const { Cell::new(false) };
}

/// The time in which a thread does work that is shared with others.
struct AtWork(bool);

impl AtWork {
    fn begin() -> Self {
        Self(IS_AT_WORK.replace(true))
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        IS_AT_WORK.set(self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn threads(count: usize) -> Threads {
        Threads::new(NonZeroUsize::new(count).unwrap())
    }

    #[test]
    fn a_thread_starts_for_enough_work_only() {
        let threads = threads(4);
        let most = |count| threads.for_small(count).count().get();
        assert_eq!([0, 1, 31, 32, 63, 64, 1000].map(most), [1, 1, 1, 2, 3, 4, 4]);
        let started = |pieces| threads.pool(pieces).map(|pool| pool.current_num_threads());
        assert_eq!(
            [0, 1, 2, 3, 2, 9].map(started),
            [None, None, Some(2), Some(3), Some(3), Some(4)]
        );
        assert!(Threads::default().pool(9).is_none());
        let program = Threads::of_program(None, || unreachable!("there is no work for two"));
        assert!(program.pool(1).is_none());
        in_order(1, &program, |_| (), |_, ()| ControlFlow::Continue(()));
    }

    #[test]
    fn results_come_in_order_for_any_number_of_threads() {
        for (count, number) in [(0, 1), (0, 3), (1, 4), (7, 1), (7, 16), (500, 2), (500, 5)] {
            let mut results = Vec::new();
            in_order(
                count,
                &threads(number),
                |number| number * 2,
                |number, double| {
                    results.push((number, double));
                    ControlFlow::Continue(())
                },
            );
            let expected: Vec<_> = (0..count).map(|number| (number, number * 2)).collect();
            assert_eq!(results, expected, "{count} on {number}");
        }
    }

    #[test]
    fn threads_do_not_run_far_ahead() {
        for number in [1, 2, 4] {
            let (begun, mut delivered) = (AtomicUsize::new(0), 0);
            let work = |_| begun.fetch_add(1, Ordering::SeqCst);
            in_order(1000, &threads(number), work, |_, _| {
                delivered += 1;
                let ahead = begun.load(Ordering::SeqCst) - delivered;
                assert!(ahead <= BLOCK * (BLOCKS_AHEAD + 1) * number, "{ahead}");
                ControlFlow::Continue(())
            });
            assert_eq!(delivered, 1000);
        }
    }

    #[test]
    fn a_receiver_that_breaks_ends_the_work() {
        for number in [1, 3] {
            let (mut delivered, begun) = (0, AtomicUsize::new(0));
            let work = |number| {
                begun.fetch_add(1, Ordering::SeqCst);
                number
            };
            in_order(1_000_000, &threads(number), work, |number, _| {
                delivered += 1;
                if number == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            assert_eq!(delivered, 6);
            assert!(begun.into_inner() <= BLOCK * (BLOCKS_AHEAD + 1) * 3);
        }
    }

    #[test]
    fn work_within_work_stays_on_its_thread() {
        let threads = threads(3);
        let work = |_: usize| {
            let outer = std::thread::current().id();
            let inner = |_| std::thread::current().id();
            let mut is_same = true;
            in_order(100, &threads, inner, |_, id| {
                is_same &= id == outer;
                ControlFlow::Continue(())
            });
            is_same
        };
        in_order(20, &threads, work, |_, is_same| {
            assert!(is_same);
            ControlFlow::Continue(())
        });
    }

    #[test]
    fn a_panic_is_seen() {
        let result = std::panic::catch_unwind(|| {
            let work = |number| assert!(number != 100, "a bug");
            in_order(1000, &threads(3), work, |_, ()| ControlFlow::Continue(()));
        });
        assert!(result.is_err());
    }
}
