//! The specification of a function, in an annotation of its configuration.
//! (kyaml, `fn/runtime/runtimeutil/functiontypes.go`.)

use serde::Deserialize;

use crate::error::{Code, Error, Result};
use crate::source::{Sources, Span};
use crate::yaml::de::{self, Rules, Spanned};
use crate::yaml::{Node, Text, parse};

/// The specification of a function.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct FunctionSpec {
    /// True if functions after it run although it failed.
    pub(super) defer_failure: bool,
    /// The container to run.
    pub(super) container: Container,
    /// The program to run, unless there is a container.
    pub(super) exec: Exec,
}

/// A function that is a container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Container {
    /// The image; empty if there is no container.
    pub(super) image: Spanned<Text>,
    /// True if it needs the network.
    pub(super) network: Spanned<bool>,
    /// Files of the host that it sees.
    pub(super) mounts: Vec<Mount>,
    /// Environment variables: `NAME=value`, or the `NAME` of one of the host.
    pub(super) envs: Vec<Text>,
}

/// Files of the host that a container sees.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Mount {
    /// `bind`, `volume` or `tmpfs`.
    #[serde(rename = "type")]
    pub(super) kind: Spanned<Text>,
    /// The path on the host.
    pub(super) src: Spanned<Text>,
    /// The path in the container.
    pub(super) dst: Spanned<Text>,
    /// True if the container may write there.
    pub(super) rw: bool,
}

/// A function that is a program.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Exec {
    /// Its path, or a name in `PATH`; empty if there is no program.
    pub(super) path: Spanned<Text>,
    /// Its arguments.
    pub(super) args: Vec<Text>,
    /// Environment variables: `NAME=value`.
    pub(super) envs: Vec<Text>,
}

const ANNOTATIONS: [&str; 2] = ["config.kubernetes.io/function", "config.k8s.io/function"];
const IMAGE: &str = "config.kubernetes.io/container";

impl FunctionSpec {
    /// The specification in the configuration of a function; `None` for a document that configures none. Unknown fields are
    /// errors.
    ///
    /// # Errors
    /// Those of parsing, and those of [`de::from_node_by`].
    pub(super) fn of(config: &Node, sources: &Sources) -> Result<Option<Self>> {
        let metadata = config.get("metadata");
        let annotations = metadata.and_then(|metadata| metadata.get("annotations"));
        let annotation = |key: &str| {
            let value = annotations.and_then(|annotations| annotations.get(key))?;
            let text = value.as_text().filter(|text| !text.is_empty() && !value.is_null())?;
            Some((text, value.span()))
        };
        for key in ANNOTATIONS {
            if let Some((text, span)) = annotation(key) {
                let source = sources.add_inline(span, key, text)?;
                let document =
                    parse::document(&source).map_err(|error| malformed(key, span, &error))?;
                let spec = document.map(|document| Self::read(&document.root, key)).transpose()?;
                return Ok(Some(spec.unwrap_or_default()));
            }
        }
        let field = metadata.and_then(|metadata| metadata.get("configFn"));
        if let Some(node) = field.filter(|node| !node.is_null()) {
            return Self::read(node, "metadata.configFn").map(Some);
        }
        Ok(annotation(IMAGE).map(|(image, span)| {
            let container =
                Container { image: Spanned::new(image.into(), span), ..Container::default() };
            Self { container, ..Self::default() }
        }))
    }

    fn read(node: &Node, place: &str) -> Result<Self> {
        de::from_node_by(node, Rules::Strict)
            .map_err(|error| error.step(format!("while reading the function in `{place}`")))
    }

    /// The name to show: that of the image, or the path of the program; `None` if it runs nothing.
    #[must_use]
    pub(super) fn name(&self) -> Option<&Spanned<Text>> {
        [&self.container.image, &self.exec.path].into_iter().find(|name| !name.is_empty())
    }

    /// True if it is a program, and no container.
    #[must_use]
    pub(super) fn is_exec(&self) -> bool {
        self.container.image.is_empty() && !self.exec.path.is_empty()
    }
}

#[cold]
fn malformed(key: &str, span: Span, error: &Error) -> Error {
    Error::new(Code::MalformedYaml, format!("`{key}` is not YAML: {}", error.message()))
        .at(error.span())
        .at(span)
}
