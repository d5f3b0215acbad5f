//! Executables in the folder of plugins. (kustomize, `api/internal/plugins/execplugin/execplugin.go`,
//! `api/konfig/plugins.go`.)

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::command::Command;
use super::{Host, Programs, resources};
use crate::error::{Code, Error, Result};
use crate::external::Environment;
use crate::load::{self, Root};
use crate::plugin::{Options, kind_of};
use crate::resource::{ResMap, Resource};
use crate::schema::Schema;
use crate::text::escape;
use crate::yaml::{self, Node};

/// An executable with its configuration.
#[derive(Debug)]
pub(in crate::plugin) struct Executable {
    command: Command,
    options: Options,
    programs: Arc<Programs>,
}

/// The longest variable that is passed to an executable: Linux allows no longer one.
const LONGEST: usize = 131_071;

impl Executable {
    /// The executable for the kind of a document.
    ///
    /// # Errors
    /// [`Code::UnknownPlugin`] if there is no folder of plugins, or no executable in it, and [`Code::NotSupportedYet`] for a
    /// plugin that is a Go library.
    pub(super) fn of(
        config: &Resource,
        root: &Root,
        folder: &Path,
        host: Host<'_>,
    ) -> Result<Self> {
        let Host { options, programs } = host;
        let span = kind_of(config);
        let original = config.original_id();
        let gvk = &original.gvk;
        let home = home(&options.host.environment).map_err(|error| error.at(span))?;
        let path = home
            .join(gvk.group.as_str())
            .join(gvk.version.as_str())
            .join(gvk.kind.to_lowercase())
            .join(gvk.kind.as_str());
        let is_within = path.starts_with(&home) && load::join(Path::new("/"), &path) == path;
        if !is_within || !load::is_file(&path) {
            return Err(missing(&gvk.kind, &path).at(span));
        }
        let mut text = String::new();
        yaml::emit(&config.annotated()?, &mut text)?;
        let mut variables = Vec::new();
        let mut pass = |name: &str, value: &str| {
            if name.len() + 1 + value.len() <= LONGEST {
                variables.push((name.to_owned(), value.to_owned()));
            }
        };
        pass("KUSTOMIZE_PLUGIN_CONFIG_STRING", &text);
        pass("KUSTOMIZE_PLUGIN_CONFIG_ROOT", &folder.to_string_lossy());
        let command = Command {
            program: path.to_string_lossy().into_owned(),
            arguments: arguments(config.node(), root)?,
            variables,
            folder: folder.to_path_buf(),
            shown_folder: root.name().to_owned(),
            image: None,
            configuration: Some(text),
            span,
            is_pure: true,
        };
        Ok(Self { command, options: options.clone(), programs: Arc::clone(programs) })
    }

    /// Runs it as a generator.
    ///
    /// # Errors
    /// Those of running it, and of its output.
    pub(super) fn generate(&self, root: &Root, schema: &Schema) -> Result<Vec<Resource>> {
        let printed = self.run("", root, schema)?;
        printed.into_iter().map(|resource| resource.from_generator(schema)).collect()
    }

    /// Runs it as a transformer.
    ///
    /// # Errors
    /// Those of running it, and of its output.
    pub(super) fn transform(
        &self,
        resources: &mut ResMap,
        root: &Root,
        schema: &Schema,
    ) -> Result<()> {
        let printed = self.run(&resources::stream(resources)?, root, schema)?;
        resources::update(resources, printed, schema)
    }

    fn run(&self, input: &str, root: &Root, schema: &Schema) -> Result<Vec<Resource>> {
        let (command, budgets) = (&self.command, (root.budget(), root.loader().budget()));
        let outcome = self.programs.run(command, input, &self.options, budgets);
        let outcome = outcome.map_err(|error| command.not_run(&error))?;
        if !outcome.is_success {
            return Err(command.failed(&outcome, input));
        }
        let name = format!("output of {}", escape::visible(&command.program));
        let file = root.loader().text(&name, outcome.output.clone())?;
        file.resources(root.budget(), schema).map_err(|error| command.explain(error))
    }
}

/// The folder of plugins: the first one of these that exists.
fn home(environment: &Environment) -> Result<PathBuf> {
    let below =
        |variable: &str, path: &str| environment.path(variable).map(|folder| folder.join(path));
    let places = [
        ("`$KUSTOMIZE_PLUGIN_HOME`", environment.path("KUSTOMIZE_PLUGIN_HOME")),
        ("`$XDG_CONFIG_HOME/kustomize/plugin`", below("XDG_CONFIG_HOME", "kustomize/plugin")),
        ("`$HOME/.config/kustomize/plugin`", below("HOME", ".config/kustomize/plugin")),
        ("`$HOME/kustomize/plugin`", below("HOME", "kustomize/plugin")),
    ];
    let found =
        places.iter().find_map(|(_, path)| path.clone().filter(|path| load::is_directory(path)));
    found.ok_or_else(|| {
        let tried: Vec<&str> = places.iter().map(|(name, _)| *name).collect();
        let message = "there is no function annotation, and no folder of plugins either";
        Error::new(Code::UnknownPlugin, message)
            .help(format!("plugins are searched in {}", tried.join(", ")))
            .help("a function is named by the annotation `config.kubernetes.io/function`")
    })
}

#[cold]
fn missing(kind: &str, path: &Path) -> Error {
    let library = path.with_file_name(format!("{kind}.so"));
    if load::is_file(&library) {
        let shown = library.display().to_string();
        let message = format!(
            "`{}` is a Go library, which only the program that it was built with can load",
            escape::visible(&shown)
        );
        return Error::new(Code::NotSupportedYet, message)
            .help("build the plugin as a program, or render this with the kustomize that it was built for");
    }
    let shown = path.display().to_string();
    Error::new(Code::UnknownPlugin, format!("there is no plugin `{}`", escape::visible(kind)))
        .help(format!("its program would be `{}`", escape::visible(&shown)))
        .help("a function is named by the annotation `config.kubernetes.io/function`")
}

/// The arguments in the fields `argsOneLiner` and `argsFromFile` of a configuration.
fn arguments(config: &Node, root: &Root) -> Result<Vec<String>> {
    let field = |name: &str| {
        let value = config.get(name)?;
        Some((value.as_text().filter(|text| !text.is_empty())?, value.span()))
    };
    let mut arguments = match field("argsOneLiner") {
        Some((line, span)) => words(line).ok_or_else(|| {
            Error::new(
                Code::InvalidValue,
                "`argsOneLiner` has an opening quote without a closing one",
            )
            .at(span)
        })?,
        None => Vec::new(),
    };
    if let Some((path, span)) = field("argsFromFile") {
        let source = root.read(path, span)?;
        let lines = source.text().split('\n').map(|line| line.trim_start_matches(' '));
        arguments.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
    }
    Ok(arguments)
}

/// The words of a line, with the quotes, escapes and comments of a shell; `None` if a quote is not closed.
fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote, mut is_escaped) = (Vec::new(), String::new(), None, false);
    let mut end = |word: &mut String| {
        if !word.is_empty() {
            words.push(std::mem::take(word));
        }
    };
    for letter in line.chars() {
        match letter {
            _ if is_escaped => {
                word.push(letter);
                is_escaped = false;
            }
            '\\' if quote != Some('\'') => is_escaped = true,
            '\'' | '"' if quote.is_none() => quote = Some(letter),
            _ if quote == Some(letter) => quote = None,
            '#' if quote.is_none() => {
                end(&mut word);
                return Some(words);
            }
            _ if letter.is_whitespace() && quote.is_none() => end(&mut word),
            _ => word.push(letter),
        }
    }
    if quote.is_some() {
        return None;
    }
    end(&mut word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_as_by_a_shell() {
        let table: [(&str, Option<&[&str]>); 7] = [
            ("one 'two three' \"four five\"  # six", Some(&["one", "two three", "four five"])),
            ("a\\ b 'c\\d' \"e\\\"f\"", Some(&["a b", "c\\d", "e\"f"])),
            ("a'b'c", Some(&["abc"])),
            ("a#b", Some(&["a"])),
            ("''", Some(&[])),
            ("", Some(&[])),
            ("'a", None),
        ];
        for (line, expected) in table {
            let expected =
                expected.map(|words| words.iter().map(|word| (*word).to_owned()).collect());
            assert_eq!(words(line), expected, "{line}");
        }
    }
}
