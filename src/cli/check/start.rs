//! `--write-config`: a configuration to start with.

use crate::error::{Code, Error, Result};
use crate::load::{self, Kind, Loader};
use crate::text::escape;

/// The configuration, with comments on the fields that are used most.
const START: &str = include_str!("start.yaml");

/// Writes the configuration to a file.
///
/// # Errors
/// [`Code::WriteFailed`] if the file exists, unless it may be replaced, or cannot be written.
pub(super) fn write(path: &str, may_replace: bool, loader: &Loader) -> Result<()> {
    // A link that leads nowhere is an entry, too.
    if !may_replace && (loader.kind(path) != Kind::Missing || load::is_symlink(path.as_ref())) {
        let error = Error::new(Code::WriteFailed, format!("`{path}` exists"));
        return Err(error.help("edit it, or replace it with `--overwrite`"));
    }
    crate::cli::clean_up_on_signals();
    load::write(path.as_ref(), &[START])?;
    crate::cli::print(&format!("wrote {}\n", escape::visible(path)))
}

#[cfg(test)]
mod tests {
    use super::START;
    use crate::harden::{Kind, Profile, Settings};
    use crate::resource::sample::resource;

    /// The text with the examples in its comments as fields.
    fn with_examples(text: &str) -> String {
        let is_example = |line: &str| {
            let word = line.trim_start_matches(['-', ' ']).split([':', ' ']).next();
            line.contains(": ")
                && !line.ends_with('.')
                && word.is_some_and(|word| {
                    word.starts_with(|letter: char| letter.is_ascii_lowercase())
                })
                || line.trim_start_matches("- ").split_once(':').is_some_and(|(word, rest)| {
                    rest.is_empty() && word.trim().chars().all(char::is_alphanumeric)
                })
        };
        let line = |line: &str| match line.strip_prefix("  # ") {
            Some(example) if is_example(example) => format!("  {example}\n"),
            _ => format!("{line}\n"),
        };
        text.lines().map(line).collect()
    }

    #[test]
    fn the_configuration_and_its_examples_are_valid() {
        let all = with_examples(START);
        assert!(all.contains("\n  rules:\n    image-tag: off\n"), "{all}");
        for text in [START, &*all] {
            let named = text.replacen("\nspec:\n", "\nmetadata: {name: a}\nspec:\n", 1);
            let read = Settings::read(resource(&named).node(), &Kind::ALL, Profile::default());
            assert!(read.is_ok(), "{:?}\n{text}", read.err());
        }
    }

    /// A named profile also asks for fixes that may break a container.
    #[test]
    fn the_configuration_asks_for_safe_fixes_only() {
        let text = START.replacen("\nspec:\n", "\nmetadata: {name: a}\nspec:\n", 1);
        let usual = Settings::read(
            resource("{apiVersion: krender.dev/v1alpha1, kind: Hardening, metadata: {name: a}, spec: {}}").node(),
            &Kind::ALL,
            Profile::default(),
        );
        let read = Settings::read(resource(&text).node(), &Kind::ALL, Profile::default());
        let (read, usual) = (read.unwrap(), usual.unwrap());
        assert!(!read.fixes_follow_profile && read.fix.is_none() && read.fixes.is_empty());
        assert_eq!(read.facts.profile, usual.facts.profile);
    }
}
