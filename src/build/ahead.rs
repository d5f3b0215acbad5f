//! Accumulates the bases of a large target ahead of its build, each on one thread.
//!
//! This changes only the time of a build. The work on a base is charged when the build reuses it, and a base that
//! cannot be accumulated is accumulated again by the build, which reports the error in its usual order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::account::Account;
use super::accumulate;
use super::bases::Base;
use super::entries::child;
use super::session::{Read, Session};
use crate::load::Root;
use crate::parallel::Threads;
use crate::source::Span;

/// The part of the limits of a target that a base may use ahead, and that all of them use before no further one begins:
/// this bounds what is lost if the build is refused. Real targets use less than a fiftieth of their limits.
const SHARE: u64 = 16;

/// Accumulates the bases that a target lists. Of a target that lists only one base, those that are listed there.
pub(super) fn accumulate(
    session: &Session<'_>,
    root: &Root,
    read: Arc<Read>,
    account: Option<Account>,
    threads: &Threads,
) {
    // The target itself is charged for none of this.
    let root = root.apart(SHARE);
    let (all, is_enough) = (root.budget().clone(), AtomicBool::new(false));
    let bases = bases(session, root, read, account);
    threads.map(bases, |(base, account)| {
        if is_enough.load(Ordering::Relaxed) {
            return;
        }
        let key = Base::new(&base, account.as_ref());
        let apart = base.apart(SHARE);
        let budget = apart.budget().clone();
        if let Ok(Some(complete)) = accumulate::base(session, apart, account) {
            session.bases().keep(key, || complete);
        }
        if all.spend_again(&budget.all_spent(), Span::NONE).is_err() {
            is_enough.store(true, Ordering::Relaxed);
        }
    });
}

/// The bases of the outermost kustomization that lists several of them.
fn bases(
    session: &Session<'_>,
    mut root: Root,
    mut read: Arc<Read>,
    mut account: Option<Account>,
) -> Vec<(Root, Option<Account>)> {
    loop {
        let mut bases = Vec::new();
        // With another schema than the built-in one, bases are not shared.
        if read.kustomization.openapi.is_empty() {
            for path in read.kustomization.resources.iter().filter(|path| !path.contains('\n')) {
                let Some(base) = child(&root, path, root.kind_of(path)) else { continue };
                let below = account.as_ref().map(|account| account.below(path, &base));
                let Ok(account) = below.transpose() else { continue };
                bases.push((base, account));
            }
        }
        if bases.len() != 1 {
            return bases;
        }
        let Some(only) = bases.pop() else { return bases };
        match session.kustomization(&only.0) {
            Ok(below) => ((root, account), read) = (only, below),
            Err(_) => return bases,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Demand, Options, tests::loader};
    use super::*;

    const TREE: &str = "\
== one/kustomization.yaml
resources: [../all]
== all/kustomization.yaml
resources: [../a, ../b, ../bad, ../part, ../other]
== a/kustomization.yaml
namePrefix: a-
== b/kustomization.yaml
resources: [b.yaml]
== b/b.yaml
kind: B
metadata: {name: b}
== bad/kustomization.yaml
resources: [missing.yaml]
== part/kustomization.yaml
kind: Component
== other/kustomization.yaml
openapi: {version: v1.20.4}
";

    #[test]
    fn the_bases_that_can_be_reused_are_kept() {
        let (loader, options) = (loader(TREE), Options::default());
        for target in ["all", "one"] {
            let session = Session::new(&loader, &options);
            Demand::of_one(&session, target).announce(&session);
            let root = loader.root(target).unwrap();
            let read = session.kustomization(&root).unwrap();
            let before = root.budget().all_spent();
            accumulate(&session, &root, read, None, &Threads::default());
            assert_eq!(session.kept_bases(), 2, "{target}");
            assert_eq!(root.budget().all_spent(), before, "{target}: charged when it is reused");
        }
    }
}
