//! The name under which the program was called: as `kustomize` it takes kustomize's place, and as `kubectl-krender` it is
//! a plugin of kubectl.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::Path;

use clap::Command;

/// A name of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Krender,
    Kustomize,
    Kubectl,
}

impl Name {
    /// The name that a path of the program has: that of a link, if it was called by one.
    pub(super) fn of(program: Option<&OsStr>) -> Self {
        let stem = program.and_then(|program| Path::new(program).file_stem());
        match stem.and_then(OsStr::to_str) {
            Some("kubectl-krender" | "kubectl_krender") => Self::Kubectl,
            // Also with a version behind it: `kustomize-v5.8.1`.
            Some(name) if name.starts_with("kustomize") => Self::Kustomize,
            _ => Self::Krender,
        }
    }

    /// The name of the running program.
    pub(super) fn own() -> Self {
        Self::of(std::env::args_os().next().as_deref())
    }

    /// The words that call the program.
    pub(super) const fn call(self) -> &'static str {
        match self {
            Self::Krender => "krender",
            Self::Kustomize => "kustomize",
            Self::Kubectl => "kubectl krender",
        }
    }

    /// A text in kustomize's words with commands that call the program by this name.
    pub(super) fn words(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Kustomize => Cow::Borrowed(text),
            _ => Cow::Owned(text.replace("'kustomize ", &format!("'{} ", self.call()))),
        }
    }

    /// A text of examples, which are indented, with this name.
    fn called(self, text: &str) -> String {
        let lines = text.split_inclusive('\n').map(|line| match self {
            _ if !line.starts_with("  ") => line.to_owned(),
            Self::Kubectl => line.replace("krender ", "kubectl krender "),
            _ => line.replace("krender", self.call()),
        });
        lines.collect()
    }

    /// A command whose examples, and those of its sub-commands, call the program by this name.
    pub(super) fn with_examples(self, command: Command) -> Command {
        if self == Self::Krender {
            return command;
        }
        let examples = command.get_after_help().map(ToString::to_string);
        let command = match examples {
            Some(text) => command.after_help(self.called(&text)),
            None => command,
        };
        command.mut_subcommands(|command| self.with_examples(command))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_decides_the_name() {
        let of = |path: &str| Name::of(Some(OsStr::new(path)));
        assert_eq!(of("/usr/local/bin/kustomize"), Name::Kustomize);
        assert_eq!(of("kustomize.exe"), Name::Kustomize);
        assert_eq!(of("./kubectl-krender"), Name::Kubectl);
        assert_eq!(of("bin/kustomize-v5.8.1"), Name::Kustomize);
        assert_eq!(of("./krender"), Name::Krender);
        assert_eq!(Name::of(None), Name::Krender);
        let command =
            || Command::new("a").subcommand(Command::new("b").after_help("  krender a b"));
        let shown = |name: Name| {
            let command = name.with_examples(command());
            command.find_subcommand("b").and_then(|it| it.get_after_help()).map(ToString::to_string)
        };
        assert_eq!(shown(Name::Kubectl).as_deref(), Some("  kubectl krender a b"));
        assert_eq!(shown(Name::Krender).as_deref(), Some("  krender a b"));
    }
}
