//! A session: the state that the targets built with one loader share.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::{Arc, Mutex, MutexGuard};

use super::bases::Bases;
use super::{Options, strict};
use crate::config::{Kustomization, TransformerConfig, Warning};
use crate::error::Result;
use crate::limits::Limit;
use crate::load::{Loader, Root};
use crate::plugin::{Host, Programs};
use crate::sync::lock;
use crate::transform::{BUILTINS, Builtin};

/// The state that targets share, on any number of threads: a kustomization file is read once, and a base of several
/// targets is accumulated once.
///
/// The result of a target does not depend on the others.
pub(crate) struct Session<'a> {
    loader: &'a Loader,
    options: &'a Options,
    builtins: &'static [Builtin],
    defaults: Arc<TransformerConfig>,
    /// By the bytes of the paths, which are compared faster than their components.
    kustomizations: Mutex<BTreeMap<OsString, Arc<Read>>>,
    /// A session of another state of the files, with the test for directories whose kustomization is the same in both.
    twin: Option<(&'a Self, Box<IsSame<'a>>)>,
    bases: Bases,
    programs: Arc<Programs>,
}

/// True if the files of the kustomization of a directory are certainly the same in two states of the files.
pub type IsSame<'a> = dyn Fn(&Root) -> bool + Send + Sync + 'a;

/// A kustomization file that was read.
pub(crate) struct Read {
    pub(crate) kustomization: Arc<Kustomization>,
    pub(super) warnings: Vec<Warning>,
    /// The charge for a visit.
    bytes: u64,
}

/// The charge for a byte of a kustomization file: its entries become structures that are larger than the text.
const ENTRY_BYTES: u64 = 8;

impl<'a> Session<'a> {
    /// A session without any targets.
    pub(crate) fn new(loader: &'a Loader, options: &'a Options) -> Self {
        Self::with_builtins(loader, options, BUILTINS)
    }

    /// A session with another table of builtin transformers.
    pub(super) fn with_builtins(
        loader: &'a Loader,
        options: &'a Options,
        builtins: &'static [Builtin],
    ) -> Self {
        Self {
            loader,
            options,
            builtins,
            defaults: Arc::new(TransformerConfig::defaults()),
            kustomizations: Mutex::default(),
            twin: None,
            bases: Bases::new(loader.limits().get(Limit::Bytes)),
            programs: Arc::default(),
        }
    }

    /// The same session, which takes over what another one has read from kustomization files that are the same. Both
    /// have the same [sources](Loader::sources).
    pub(crate) fn beside(self, twin: &'a Self, is_same: Box<IsSame<'a>>) -> Self {
        Self { twin: Some((twin, is_same)), ..self }
    }

    /// The loader.
    pub(crate) const fn loader(&self) -> &'a Loader {
        self.loader
    }

    /// The options.
    pub(crate) const fn options(&self) -> &'a Options {
        self.options
    }

    /// The options of plugins, and the programs that ran.
    pub(super) const fn host(&self) -> Host<'_> {
        Host { options: &self.options.plugins, programs: &self.programs }
    }

    /// The builtin transformers.
    pub(super) const fn builtins(&self) -> &'static [Builtin] {
        self.builtins
    }

    /// The store of accumulated bases.
    pub(super) const fn bases(&self) -> &Bases {
        &self.bases
    }

    /// The default field specs, sorted: the first configuration of an accumulator.
    pub(super) const fn defaults(&self) -> &Arc<TransformerConfig> {
        &self.defaults
    }

    /// The kustomization of a directory.
    ///
    /// # Errors
    /// Those of [`Root::kustomization_file`] and [`Kustomization::read`].
    pub(crate) fn kustomization(&self, root: &Root) -> Result<Arc<Read>> {
        if let Some(read) = self.kustomizations().get(root.path().as_os_str()) {
            root.budget().spend(Limit::Bytes, read.bytes, root.span())?;
            return Ok(Arc::clone(read));
        }
        if let Some((twin, is_same)) = &self.twin {
            let read = twin.kustomizations().get(root.path().as_os_str()).cloned();
            if let Some(read) = read.filter(|_| is_same(root)) {
                root.budget().spend(Limit::Bytes, read.bytes, root.span())?;
                self.kustomizations().insert(root.path().into(), Arc::clone(&read));
                return Ok(read);
            }
        }
        // Two threads may both read it: the result is the same, and no thread waits.
        let source = root.kustomization_file()?;
        let bytes = source.text().len() as u64 * ENTRY_BYTES;
        root.budget().spend(Limit::Bytes, bytes, root.span())?;
        let (kustomization, mut warnings) = Kustomization::read(&source)?;
        if self.options.strict {
            warnings.extend(strict::kustomization(root, &source, &kustomization));
        }
        let read = Arc::new(Read { kustomization: Arc::new(kustomization), warnings, bytes });
        self.kustomizations().insert(root.path().into(), Arc::clone(&read));
        Ok(read)
    }

    fn kustomizations(&self) -> MutexGuard<'_, BTreeMap<OsString, Arc<Read>>> {
        lock(&self.kustomizations)
    }

    /// The number of stored bases.
    #[cfg(test)]
    pub(crate) fn kept_bases(&self) -> usize {
        self.bases.kept()
    }
}
