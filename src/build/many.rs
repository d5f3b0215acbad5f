//! Many targets in one run: work that is done by several threads and handed out in order.

use crate::sync::{lock, unpoisoned};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};
use std::sync::{Condvar, Mutex};
use std::thread;

/// Does work for the numbers from 0 to `count` on up to `jobs` threads, this one among them, and hands out what came of
/// it one by one, in the order of the numbers. What is handed out is the same for any number of jobs, if `work` depends
/// on its number alone.
///
/// `deliver` may [break](ControlFlow::Break), and nothing more is begun. It is called on the thread that has done what
/// comes next: no thread is woken for it. Threads run ahead of it only so far that what waits for its turn stays small.
///
/// ```
/// use std::{num::NonZeroUsize, ops::ControlFlow};
///
/// let mut squares = Vec::new();
/// krender::build::in_order(100, NonZeroUsize::new(4).unwrap(), |number| number * number, |_, square| {
///     squares.push(square);
///     ControlFlow::Continue(())
/// });
/// assert_eq!(squares[..4], [0, 1, 4, 9]);
/// ```
pub fn in_order<T: Send>(
    count: usize,
    jobs: NonZeroUsize,
    work: impl Fn(usize) -> T + Sync,
    mut deliver: impl FnMut(usize, T) -> ControlFlow<()> + Send,
) {
    let queue = Queue::new(count, jobs.get());
    let threads = jobs.get().min(queue.blocks());
    if threads <= 1 {
        // Each is handed out when it is done.
        (0..count).map(|number| deliver(number, work(number))).find(ControlFlow::is_break);
        return;
    }
    let desk = Desk { deliver: Mutex::new(deliver), state: Mutex::default() };
    let run = || {
        let _guard = StopOnPanic(&queue);
        while let Some(block) = queue.take() {
            let start = block.start;
            desk.hand_in(start, block.map(&work).collect(), &queue);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            // A system that has no threads left still gets its work done: by this one.
            if thread::Builder::new().spawn_scoped(scope, run).is_err() {
                break;
            }
        }
        run();
    });
}

/// How many of some jobs pay for `count` pieces of work that take some ten microseconds each, such as reading a
/// kustomization file: to start a thread takes as long as a few of them.
#[must_use]
pub fn jobs_for_small(count: usize, jobs: NonZeroUsize) -> NonZeroUsize {
    NonZeroUsize::new(count / SMALL_EACH).map_or(NonZeroUsize::MIN, |most| most.min(jobs))
}

/// So many small pieces of work a thread gets at least.
const SMALL_EACH: usize = 16;

/// Where threads hand in what they have done. One of them at a time hands it out.
struct Desk<T, D> {
    deliver: Mutex<D>,
    state: Mutex<Waiting<T>>,
}

/// What waits for its turn.
struct Waiting<T> {
    /// The blocks that are done, by their first number.
    blocks: BTreeMap<usize, Vec<T>>,
    /// The first number that was not handed out.
    next: usize,
    /// Whether a thread is handing out: it will look for more when it is done.
    is_busy: bool,
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self { blocks: BTreeMap::new(), next: 0, is_busy: false }
    }
}

impl<T, D: FnMut(usize, T) -> ControlFlow<()>> Desk<T, D> {
    /// Takes a block, and hands out as many as are there in a row, unless another thread is at it.
    fn hand_in(&self, start: usize, block: Vec<T>, queue: &Queue) {
        let mut state = lock(&self.state);
        state.blocks.insert(start, block);
        if state.is_busy {
            return;
        }
        state.is_busy = true;
        loop {
            let first = state.next;
            let Some(block) = state.blocks.remove(&first) else {
                state.is_busy = false;
                return;
            };
            let next = first + block.len();
            drop(state);
            let mut deliver = lock(&self.deliver);
            let mut numbered = (first..).zip(block);
            if numbered.any(|(number, made)| deliver(number, made).is_break()) {
                // It stays busy: nothing more is handed out.
                queue.stop();
                return;
            }
            drop(deliver);
            queue.delivered(next);
            state = lock(&self.state);
            state.next = next;
        }
    }
}

/// So many blocks there are for a thread at least, so that none of them waits long for another in the end.
const BLOCKS_EACH: usize = 4;
/// So many neighbours go to one thread: targets that stand side by side share bases, which two threads would both
/// accumulate if they came to them at the same time.
const BLOCK: usize = 8;
/// So many blocks per thread may be at work or wait for their turn.
const BLOCKS_AHEAD: usize = 4;

/// The numbers that are still to be given to threads.
struct Queue {
    count: usize,
    block: usize,
    ahead: usize,
    state: Mutex<State>,
    moved: Condvar,
}

struct State {
    /// The first number that no thread has taken.
    next: usize,
    /// The first number that was not handed out.
    delivered: usize,
}

impl Queue {
    fn new(count: usize, jobs: usize) -> Self {
        let block = BLOCK.min(count.div_ceil(jobs.saturating_mul(BLOCKS_EACH))).max(1);
        Self {
            count,
            block,
            ahead: block.saturating_mul(BLOCKS_AHEAD).saturating_mul(jobs),
            state: Mutex::new(State { next: 0, delivered: 0 }),
            moved: Condvar::new(),
        }
    }

    const fn blocks(&self) -> usize {
        self.count.div_ceil(self.block)
    }

    /// The next numbers to work on, once what was done before is handed out far enough; nothing when there are none.
    fn take(&self) -> Option<Range<usize>> {
        let is_too_far = |state: &mut State| {
            state.next < self.count && state.next >= state.delivered + self.ahead
        };
        let state = self.moved.wait_while(lock(&self.state), is_too_far);
        let mut state = unpoisoned(state);
        let start = state.next;
        state.next = self.count.min(start + self.block);
        (start < self.count).then_some(start..state.next)
    }

    fn delivered(&self, next: usize) {
        lock(&self.state).delivered = next;
        self.moved.notify_all();
    }

    fn stop(&self) {
        lock(&self.state).next = self.count;
        self.moved.notify_all();
    }
}

/// Stops the other threads when one panics, so that the panic is reported and no thread waits for ever.
struct StopOnPanic<'a>(&'a Queue);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn jobs(number: usize) -> NonZeroUsize {
        NonZeroUsize::new(number).unwrap()
    }

    #[test]
    fn a_thread_starts_for_enough_work_only() {
        let most = |count| jobs_for_small(count, jobs(4)).get();
        assert_eq!([0, 1, 31, 32, 63, 64, 1000].map(most), [1, 1, 1, 2, 3, 4, 4]);
    }

    #[test]
    fn results_come_in_order_whatever_the_number_of_jobs() {
        for (count, threads) in [(0, 1), (0, 3), (1, 4), (7, 1), (7, 16), (500, 2), (500, 5)] {
            let mut numbers = Vec::new();
            in_order(
                count,
                jobs(threads),
                |number| number * 2,
                |number, double| {
                    numbers.push((number, double));
                    ControlFlow::Continue(())
                },
            );
            let expected: Vec<_> = (0..count).map(|number| (number, number * 2)).collect();
            assert_eq!(numbers, expected, "{count} on {threads}");
        }
    }

    #[test]
    fn threads_do_not_run_far_ahead() {
        for threads in [1, 2, 4] {
            let (begun, mut delivered) = (AtomicUsize::new(0), 0);
            let work = |_| begun.fetch_add(1, Ordering::SeqCst);
            in_order(1000, jobs(threads), work, |_, _| {
                delivered += 1;
                let ahead = begun.load(Ordering::SeqCst) - delivered;
                assert!(ahead <= BLOCK * (BLOCKS_AHEAD + 1) * threads, "{ahead}");
                ControlFlow::Continue(())
            });
            assert_eq!(delivered, 1000);
        }
    }

    #[test]
    fn who_has_seen_enough_ends_it() {
        for threads in [1, 3] {
            let mut delivered = 0;
            in_order(
                1_000_000,
                jobs(threads),
                |number| number,
                |number, _| {
                    delivered += 1;
                    if number == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                },
            );
            assert_eq!(delivered, 6);
        }
    }

    #[test]
    fn a_panic_is_seen() {
        let result = std::panic::catch_unwind(|| {
            let work = |number| assert!(number != 100, "a bug");
            in_order(1000, jobs(3), work, |_, ()| ControlFlow::Continue(()));
        });
        assert!(result.is_err());
    }
}
