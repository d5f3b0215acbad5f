//! The face of the library: renders kustomizations from any source of files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::build;
use crate::config::Warning;
use crate::error::{Code, Error, Result};
use crate::fleet;
use crate::limits::{Cancel, Limits};
use crate::load::{self, Files, Input, Loader, Restrictor};
use crate::parallel::Threads;
use crate::plugin;
use crate::resource::ResMap;
use crate::schema::Schema;
use crate::source::Sources;

/// Renders kustomizations. Any number of them may be rendered with one renderer, also by several threads at once.
///
/// Each file is read once: a renderer does not notice later changes of the files. The output is that of `kustomize
/// build`, and depends on the files and the options alone.
///
/// ```
/// use krender::{load::Memory, Options, Renderer};
///
/// let files = Memory::new()
///     .file("shop/kustomization.yaml", "namePrefix: test-\nresources: [pod.yaml]\n")
///     .file("shop/pod.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: web}}\n");
/// let renderer = Renderer::new(files, Options::default());
/// let rendered = renderer.render("shop")?;
/// assert_eq!(
///     rendered.to_yaml()?,
///     "apiVersion: v1\nkind: Pod\nmetadata:\n  name: test-web\n",
/// );
/// # Ok::<(), krender::error::Error>(())
/// ```
#[derive(Debug)]
pub struct Renderer {
    loader: Loader,
    options: build::Options,
}

impl Renderer {
    /// A renderer of the files of a source: [`Disk`](load::Disk), [`Memory`](load::Memory), or one of your own.
    #[must_use]
    pub fn new(files: impl Files + 'static, options: Options) -> Self {
        let Options { load, build } = options;
        let loader = Loader::new(files, load::Options { sources: Arc::default(), ..load });
        loader.take_notes();
        Self { loader, options: build }
    }

    /// Renders the kustomization in a directory, relative to the [working directory](Options::working_directory).
    ///
    /// # Errors
    /// All independent errors of the target, combined: see [`Error::iter`] and [`Error::display`]. If the render was
    /// cancelled, that error alone: its code is [`Code::Cancelled`].
    pub fn render(&self, target: &str) -> Result<Rendered> {
        let mut warnings = Vec::new();
        let run = fleet::Run::new(&self.loader, &self.options);
        run.expect(&[target]);
        let built = run.build_from(target, &mut warnings).map_err(cancelled_first)?;
        let inputs = self.loader.inputs_of(built.directories.iter().map(Path::new));
        Ok(Rendered { objects: built.resources, warnings, inputs, schema: built.schema })
    }

    /// The texts that were read, to look up the positions of errors and objects.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        self.loader.sources()
    }
}

/// The error of a cancelled build without those that it is combined with; other errors as they are.
fn cancelled_first(error: Error) -> Error {
    let is_cancelled = |error: &Error| error.code() == Code::Cancelled;
    if !error.iter().any(is_cancelled) {
        return error;
    }
    let cancelled = error.clone().into_each().into_iter().find(is_cancelled);
    cancelled.unwrap_or(error)
}

/// The options of a [`Renderer`]. The defaults are those of `kustomize build`.
///
/// ```
/// use krender::{load::Restrictor, limits::{Limit, Limits}, Options};
///
/// let options = Options::default()
///     .working_directory("/srv/manifests")
///     .restrictor(Restrictor::RootOnly)
///     .limits(Limits::default().with(Limit::Bytes, 64 << 20));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Options {
    load: load::Options,
    build: build::Options,
}

impl Options {
    /// Sets the directory that relative targets are resolved from; by default `/`. Positions in errors are shown
    /// relative to it.
    #[must_use]
    pub fn working_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.load.working_directory = directory.into();
        self
    }

    /// Sets the files that a kustomization may refer to; by default those in or below its own directory.
    #[must_use]
    pub const fn restrictor(mut self, restrictor: Restrictor) -> Self {
        self.load.restrictor = restrictor;
        self
    }

    /// Sets the limits of each render, and of the files that the renderer reads. A render beyond them fails with
    /// [`Code::LimitExceeded`].
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.load.limits = limits;
        self
    }

    /// Ends renders, and [`Rendered::to_yaml`], with [`Code::Cancelled`] once a condition is true: a deadline, or a
    /// flag that another thread sets. The condition is evaluated often, so it should be quick.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use krender::{error::Code, load::Memory, Options, Renderer};
    ///
    /// let files = Memory::new().file("kustomization.yaml", "configMapGenerator: [{name: a}]\n");
    /// let deadline = Instant::now() + Duration::ZERO;
    /// let options = Options::default().cancel_when(move || Instant::now() >= deadline);
    /// let error = Renderer::new(files, options).render(".").unwrap_err();
    /// assert_eq!(error.code(), Code::Cancelled);
    /// ```
    #[must_use]
    pub fn cancel_when(mut self, condition: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.load.cancel = Cancel::when(condition);
        self
    }

    /// Sets the source of remote bases and files; by default nothing is fetched, and a kustomization that names one fails with
    /// [`Code::FetchRefused`].
    #[must_use]
    pub fn remotes(mut self, remotes: load::Remotes) -> Self {
        self.load.remotes = remotes;
        self
    }

    /// Sets the threads that a render may use; by default the calling one alone. The result does not depend on them.
    #[must_use]
    pub fn threads(mut self, threads: Threads) -> Self {
        self.build.threads = threads;
        self
    }

    /// Sets the options of plugins; by default only builtin plugins run.
    #[must_use]
    pub fn plugins(mut self, plugins: plugin::Options) -> Self {
        self.build.plugins = plugins;
        self
    }

    /// With `true`, warnings also report fields without effect: patches whose target matches no resource, images that no
    /// container uses.
    #[must_use]
    pub const fn strict(mut self, strict: bool) -> Self {
        self.build.strict = strict;
        self
    }
}

/// The result of a render.
///
/// ```
/// use krender::{load::Memory, Options, Renderer};
///
/// let files = Memory::new().file("kustomization.yaml", "configMapGenerator: [{name: settings}]\n");
/// let rendered = Renderer::new(files, Options::default()).render(".")?;
/// let names: Vec<&str> = rendered.objects.iter().map(|object| object.name()).collect();
/// assert_eq!(names, ["settings-6ct58987ht"]);
/// let json = serde_json::to_value(&rendered.objects).unwrap();
/// assert_eq!(json[0]["kind"], "ConfigMap");
/// assert!(rendered.inputs.iter().any(|input| input.path.ends_with("kustomization.yaml")));
/// # Ok::<(), krender::error::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Rendered {
    /// The objects in the order of the output.
    pub objects: ResMap,
    /// The warnings about kustomization files, without duplicates.
    pub warnings: Vec<Warning>,
    /// The paths that were read or looked up, sorted: the result stays the same as long as they do not change.
    pub inputs: Vec<Input>,
    /// The schema in force: the built-in one, or that of `openapi`.
    pub schema: Schema,
}

impl Rendered {
    /// The objects as YAML, byte for byte as `kustomize build` prints them.
    ///
    /// # Errors
    /// An error for every object that YAML cannot represent; [`Code::LimitExceeded`] and [`Code::Cancelled`], as for the
    /// render.
    pub fn to_yaml(&self) -> Result<String> {
        self.objects.to_yaml().map_err(cancelled_first)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::load::{Kind, Memory};

    fn files() -> Memory {
        let pod = |name: &str, image: &str| {
            format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {{containers: [{{image: {image}, name: c}}]}}}}\n"
            )
        };
        Memory::new()
            .file(
                "base/kustomization.yaml",
                "resources: [a.yaml, b.yaml]\nconfigMapGenerator: [{name: c, literals: [a=1]}]\n",
            )
            .file("base/a.yaml", pod("a", "web"))
            .file("base/b.yaml", pod("b", "app"))
            .file(
                "one/kustomization.yaml",
                "resources: [../base]\nimages: [{name: web, newTag: '2'}]\n",
            )
            .file("other/kustomization.yaml", "bases: [../base]\npatches: [{path: p.yaml}]\n")
            .file("other/p.yaml", pod("a", "job"))
    }

    #[test]
    fn the_result_has_the_inputs_and_warnings_of_its_target() {
        let renderer = Renderer::new(files(), Options::default());
        let inputs = |target: &str| {
            let rendered = renderer.render(target).unwrap();
            let files = rendered.inputs.iter().filter(|input| input.kind == Kind::File);
            let files: Vec<_> = files.map(|input| input.path.display().to_string()).collect();
            (files, rendered.warnings.len())
        };
        let base = ["/base/a.yaml", "/base/b.yaml", "/base/kustomization.yaml"];
        let one = [&base[..], &["/one/kustomization.yaml"]].concat();
        assert_eq!(inputs("one"), (one.iter().map(ToString::to_string).collect(), 0));
        let other = [&base[..], &["/other/kustomization.yaml", "/other/p.yaml"]].concat();
        assert_eq!(inputs("other"), (other.iter().map(ToString::to_string).collect(), 1));
    }

    #[test]
    fn objects_serialize_as_they_are_written() {
        let rendered = Renderer::new(files(), Options::default()).render("other").unwrap();
        let json = serde_json::to_value(&rendered.objects).unwrap();
        let yaml = rendered.to_yaml().unwrap();
        let objects: Vec<serde_json::Value> = serde_yaml::Deserializer::from_str(&yaml)
            .map(|document| serde::Deserialize::deserialize(document).unwrap())
            .collect();
        assert_eq!(json, serde_json::Value::from(objects));
        assert_eq!(rendered.objects.len(), 3);
    }

    /// The render is cancelled at every point at which it can be.
    #[test]
    fn a_cancelled_render_ends_with_that_error_alone() {
        let left = Arc::new(AtomicUsize::new(usize::MAX));
        let condition = {
            let left = Arc::clone(&left);
            move || {
                left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                    .is_err()
            }
        };
        let renderer = Renderer::new(files(), Options::default().cancel_when(condition));
        let render = || renderer.render("other").and_then(|rendered| rendered.to_yaml());
        let expected = render().unwrap();
        for points in 0.. {
            left.store(points, Ordering::SeqCst);
            match render() {
                Ok(yaml) => {
                    assert_eq!(yaml, expected);
                    assert!(points > 10, "asked {points} times only");
                    break;
                }
                Err(error) => {
                    assert_eq!(
                        (error.code(), error.others().len()),
                        (Code::Cancelled, 0),
                        "{points}"
                    );
                }
            }
        }
    }
}
