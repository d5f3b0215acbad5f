//! Many targets in one run: work that is done by several threads and handed out in order.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

/// Does work for the numbers from 0 to `count` on up to `jobs` threads, and hands out what came of it in the order of
/// the numbers, on this thread. What is handed out is the same for any number of jobs, if `work` depends on its number
/// alone. With one job or one number everything happens on this thread.
///
/// `deliver` may [break](ControlFlow::Break), and nothing more is begun. Threads run ahead of it only so far that what
/// waits for its turn stays small.
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
    mut deliver: impl FnMut(usize, T) -> ControlFlow<()>,
) {
    let queue = Queue::new(count, jobs.get());
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        let threads = if jobs.get() == 1 { 0 } else { jobs.get().min(queue.blocks()) };
        let run = |sender: mpsc::Sender<(usize, Vec<T>)>| {
            let _guard = StopOnPanic(&queue);
            while let Some(block) = queue.take() {
                // All at once: waking the thread that hands them out for each would cost more than small targets do.
                if sender.send((block.start, block.map(&work).collect())).is_err() {
                    return;
                }
            }
        };
        // A system that has no threads left still gets its work done.
        let started = (0..threads).filter(|_| {
            let sender = sender.clone();
            thread::Builder::new().spawn_scoped(scope, move || run(sender)).is_ok()
        });
        if started.count() == 0 {
            // One or none: all of it here, each handed out when it is done.
            (0..count).map(|number| deliver(number, work(number))).find(ControlFlow::is_break);
            return;
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        for (start, block) in receiver {
            waiting.insert(start, block);
            while let Some(block) = waiting.remove(&next) {
                for made in block {
                    if deliver(next, made).is_break() {
                        queue.stop();
                        return;
                    }
                    next += 1;
                }
                queue.delivered(next);
            }
        }
    });
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
    /// The first number that nobody has taken.
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
        let mut state =
            self.moved.wait_while(self.lock(), is_too_far).unwrap_or_else(PoisonError::into_inner);
        let start = state.next;
        state.next = self.count.min(start + self.block);
        (start < self.count).then_some(start..state.next)
    }

    fn delivered(&self, next: usize) {
        self.lock().delivered = next;
        self.moved.notify_all();
    }

    fn stop(&self) {
        self.lock().next = self.count;
        self.moved.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the other threads come to an end when one of them has a bug, so that the panic is seen and nobody waits for
/// ever.
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
