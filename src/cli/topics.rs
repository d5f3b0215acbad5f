//! Pages about concepts, under kustomize's names: `krender docs-merge` and the like.

use super::Command;
use crate::source::Sources;

/// A command that prints a page.
macro_rules! topic {
    ($name:literal, $file:literal) => {
        Command {
            name: $name,
            arguments: |command| command.about(first_line(include_str!($file))).hide(true),
            examples: "",
            run: |_, format| {
                Ok(super::finish(super::print(include_str!($file)), &Sources::new(), format))
            },
        }
    };
}

/// The pages.
pub(super) const MERGE: Command = topic!("docs-merge", "topics/merge.txt");
pub(super) const MERGE3: Command = topic!("docs-merge3", "topics/merge3.txt");
pub(super) const FUNCTIONS: Command = topic!("docs-fn", "topics/functions.txt");
pub(super) const FUNCTION_LIST: Command = topic!("docs-fn-spec", "topics/function_list.txt");
pub(super) const ANNOTATIONS: Command = topic!("docs-io-annotations", "topics/annotations.txt");
pub(super) const COMMANDS: Command = topic!("tutorials-command-basics", "topics/commands.txt");
pub(super) const FIRST_FUNCTION: Command =
    topic!("tutorials-function-basics", "topics/first_function.txt");

/// The title of a page.
fn first_line(page: &'static str) -> &'static str {
    page.lines().next().unwrap_or_default()
}
