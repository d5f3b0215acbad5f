//! The command that a function is run by, and the checks of what it may reach.
//! (kyaml, `fn/runtime/container/container.go`, `fn/runtime/exec/exec.go`, `runfn/runfn.go`.)

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::spec::{Container, Exec, FunctionSpec, Mount};
use crate::error::{Code, Error, Result};
use crate::external::{Program, user_and_group};
use crate::load::Digest;
use crate::plugin::{Functions, Options};
use crate::source::Span;
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// A command: a list of arguments, which no shell sees.
#[derive(Clone, Debug)]
pub(super) struct Command {
    /// The path of the program, or its name in `PATH`.
    pub(super) program: String,
    /// Its arguments.
    pub(super) arguments: Vec<String>,
    /// Environment variables in addition to those of krender.
    pub(super) variables: Vec<(String, String)>,
    /// The folder that it runs in.
    pub(super) folder: PathBuf,
    /// The name of that folder to show.
    pub(super) shown_folder: String,
    /// The image, if it runs a container.
    pub(super) image: Option<String>,
    /// The configuration, if a file with it is the first argument.
    pub(super) configuration: Option<String>,
    /// The span of the path or the image.
    pub(super) span: Span,
    /// True if its output depends on its input and its arguments alone, as far as it can be told.
    pub(super) is_pure: bool,
}

/// The program that runs containers, unless another one is named.
const DOCKER: &str = "docker";
/// Variables that every container has.
const ALWAYS: [&str; 2] = ["LOG_TO_STDERR=true", "STRUCTURED_RESULTS=true"];

impl Command {
    /// The command of a function; `None` if its specification names neither a container nor a program.
    ///
    /// # Errors
    /// [`Code::PluginNotEnabled`] for a container that needs the network, [`Code::InvalidValue`] for an image or a mount
    /// that docker would take for something else.
    pub(super) fn of(
        spec: &FunctionSpec,
        options: &Functions,
        folder: &Path,
        shown_folder: &str,
    ) -> Result<Option<Self>> {
        let FunctionSpec { container, exec, .. } = spec;
        if *container.network && !options.network {
            return Err(Error::new(Code::PluginNotEnabled, "the function needs the network")
                .at(container.network.span)
                .help("allow it with `--network`"));
        }
        let (folder, shown_folder) = (folder.to_path_buf(), shown_folder.to_owned());
        if !container.image.is_empty() {
            return Self::of_container(container, options, folder, shown_folder).map(Some);
        }
        Ok((!exec.path.is_empty()).then(|| Self {
            program: exec.path.as_str().to_owned(),
            arguments: exec.args.iter().map(|argument| argument.as_str().to_owned()).collect(),
            variables: variables(exec, options),
            folder,
            shown_folder,
            image: None,
            configuration: None,
            span: exec.path.span,
            is_pure: true,
        }))
    }

    fn of_container(
        container: &Container,
        options: &Functions,
        folder: PathBuf,
        shown_folder: String,
    ) -> Result<Self> {
        let Container { image, network, mounts, envs } = container;
        if image.starts_with('-') {
            return Err(Error::new(
                Code::InvalidValue,
                format!("`{}` is no name of an image", image.as_str()),
            )
            .at(image.span));
        }
        let program = match &*options.container_command {
            "" => DOCKER.to_owned(),
            program => program.to_owned(),
        };
        let mut arguments: Vec<String> =
            ["run", "--rm", "-i", "-a", "STDIN", "-a", "STDOUT", "-a", "STDERR", "--network"]
                .map(str::to_owned)
                .into();
        let user = if options.as_current_user { user_and_group() } else { None };
        arguments.push(if **network { "host" } else { "none" }.to_owned());
        arguments.extend(["--user".to_owned(), user.unwrap_or_else(|| "nobody".to_owned())]);
        arguments.push("--security-opt=no-new-privileges".to_owned());
        let given = options.mounts.iter().map(|mount| of_flag(mount));
        let mut is_pure = !**network;
        for mount in mounts.iter().cloned().map(Ok).chain(given.map(Ok)) {
            let mount: Mount = mount?;
            is_pure &= !mount.rw;
            arguments.extend(["--mount".to_owned(), text_of(&mount, &folder)]);
        }
        for flag in flags(envs, &options.environment) {
            arguments.extend(["-e".to_owned(), flag]);
        }
        arguments.push(image.as_str().to_owned());
        let variables = Vec::new();
        let (image, span) = (Some(image.as_str().to_owned()), image.span);
        Ok(Self {
            program,
            arguments,
            variables,
            folder,
            shown_folder,
            image,
            configuration: None,
            span,
            is_pure,
        })
    }

    /// The program, to be run in the folder.
    ///
    /// # Errors
    /// Those of [`Program::find`], and [`Code::InvalidPath`] for the root of the file system: a function that goes wrong
    /// there reaches too much.
    pub(super) fn program(&self, options: &Options) -> Result<Program> {
        if self.image.is_none() && self.folder.parent().is_none() {
            return Err(Error::new(
                Code::InvalidPath,
                "a function does not run in the root of the file system",
            )
            .help("move the kustomization into a folder"));
        }
        let environment = &options.host.environment;
        let program = match self.program.contains(std::path::is_separator) {
            true => Program::at(Path::new(&self.program), environment, &self.folder),
            false => Program::find(&self.program, environment, &self.folder)?,
        };
        let program = program.variables(environment).at_most(LONGEST);
        let variables = self.variables.iter();
        Ok(variables.fold(program, |program, (name, value)| program.variable(name, value)))
    }

    /// The digest of all that its output depends on.
    pub(super) fn digest(&self, input: &str) -> Digest {
        let variables = self.variables.iter().flat_map(|(name, value)| [name, value]);
        let parts = std::iter::once(&self.program).chain(&self.arguments).map(String::as_bytes);
        let folder = self.folder.as_os_str().as_encoded_bytes();
        let all: Vec<&[u8]> = parts
            .chain([&b"\0"[..]])
            .chain(variables.map(String::as_bytes))
            .chain([folder, input.as_bytes()])
            .collect();
        Digest::of_all(all)
    }
}

/// The maximum time of a function. Images are fetched in it.
const LONGEST: std::time::Duration = std::time::Duration::from_mins(10);

/// Checks that a declared mount stays in the folder of the kustomization, and that docker reads it as it is meant.
///
/// # Errors
/// [`Code::OutsideRoot`], [`Code::InvalidValue`].
pub(super) fn check_mount(mount: &Mount) -> Result<()> {
    let Mount { kind, src, dst, .. } = mount;
    for text in [kind, src, dst] {
        if text.contains([',', '"', '\n', '\r']) {
            let message = format!(
                "the mount has `{}`: a comma or a quote would begin another option",
                text.as_str()
            );
            return Err(Error::new(Code::InvalidValue, message).at(text.span));
        }
    }
    let path = crate::package::clean(Path::new(src.as_str()));
    if Path::new(src.as_str()).is_absolute() || path.starts_with("..") {
        return Err(outside(src));
    }
    Ok(())
}

/// The error for a mount from outside of the folder of the kustomization.
#[cold]
pub(super) fn outside(src: &Spanned<Text>) -> Error {
    let message = format!(
        "the mount of `{}` is not in or below the folder of the kustomization",
        src.as_str()
    );
    Error::new(Code::OutsideRoot, message)
        .at(src.span)
        .help("copy the files there; `--mount` of the command line takes any path")
}

/// A mount as docker reads it. A relative path is in the folder.
fn text_of(mount: &Mount, folder: &Path) -> String {
    let Mount { kind, src, dst, rw } = mount;
    let src = Path::new(src.as_str());
    let src = if src.is_absolute() { src.to_path_buf() } else { crate::load::join(folder, src) };
    let mode = if *rw { "" } else { ",readonly" };
    format!("type={},source={},target={}{mode}", kind.as_str(), src.display(), dst.as_str())
}

/// The mount of a flag: `type=bind,src=…,dst=…,rw=true`. Unknown options are ignored, as in kustomize.
fn of_flag(text: &str) -> Mount {
    let mut mount = Mount::default();
    for (key, value) in text.split(',').filter_map(|option| option.split_once('=')) {
        let value = || Spanned::new(value.into(), Span::NONE);
        match key {
            "type" => mount.kind = value(),
            "src" | "source" => mount.src = value(),
            "dst" | "target" => mount.dst = value(),
            "rw" if value().as_str() == "true" => mount.rw = true,
            _ => {}
        }
    }
    mount
}

/// The variables of a program, sorted: those of its specification, then those of the command line. One whose value has a
/// `=`, or that has no value, is left out, as in kustomize.
fn variables(exec: &Exec, options: &Functions) -> Vec<(String, String)> {
    let all =
        exec.envs.iter().map(Text::as_str).chain(options.environment.iter().map(String::as_str));
    let pairs = all.filter_map(|variable| {
        let (name, value) = variable.split_once('=')?;
        (!value.contains('=')).then(|| (name.to_owned(), value.to_owned()))
    });
    pairs.collect::<BTreeMap<_, _>>().into_iter().collect()
}

/// The variables of a container as docker takes them: values sorted by name, then the names of those of the host.
fn flags<'a>(declared: &'a [Text], given: &'a [String]) -> Vec<String> {
    let mut values: BTreeMap<&str, &str> = BTreeMap::new();
    let mut names: Vec<&str> = Vec::new();
    let mut add = |variable: &'a str| match variable.split_once('=') {
        Some((name, value)) => drop(values.insert(name, value)),
        None if names.contains(&variable) => {}
        None => names.push(variable),
    };
    declared.iter().for_each(|variable| add(variable));
    // The ones that every container has count as given on the command line.
    ALWAYS.iter().for_each(|variable| add(variable));
    given.iter().for_each(|variable| add(variable));
    let names = names.into_iter().map(str::to_owned);
    values.into_iter().map(|(name, value)| format!("{name}={value}")).chain(names).collect()
}
