//! The input of a rule: a Dockerfile, and what is around it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bases::{self, User};
use super::read::{Action, Dockerfile, Stage, Step, Word};
use super::shell::{self, Simple};
use crate::harden;
use crate::source::{Source, Span};
use crate::text::wildcard::fits;

/// A Dockerfile with what rules ask about it.
pub(super) struct Scene<'a> {
    /// The text.
    pub(super) source: &'a Arc<Source>,
    /// The instructions.
    pub(super) file: &'a Dockerfile,
    /// Facts of the configuration.
    pub(super) facts: &'a harden::Facts,
    /// The base of each stage.
    pub(super) bases: Vec<Base<'a>>,
    /// The commands of each `RUN`, by stage and step.
    pub(super) commands: Vec<Vec<Vec<Simple>>>,
    /// Files that the build does not send.
    pub(super) ignored: Ignored,
}

/// The base of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base<'a> {
    /// An empty image.
    Scratch,
    /// An earlier stage.
    Stage(usize),
    /// Another image.
    Image(&'a str),
    /// It depends on an argument of the build.
    Unknown,
}

/// The files of the build context that `.dockerignore` leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ignored {
    /// True if there is such a file for the Dockerfile.
    pub(super) is_there: bool,
    /// Names that the context has, of those that should stay out of it.
    pub(super) sent: Vec<String>,
}

/// The user of an image, and the place that sets it.
#[derive(Clone, Debug)]
pub(super) enum Runs<'a> {
    /// A user of `USER`, without its group.
    As(String, &'a Word),
    /// The user of the image that the stage begins with.
    Base(Base<'a>, Option<User>),
}

impl<'a> Scene<'a> {
    /// Prepares a Dockerfile.
    pub(super) fn new(
        source: &'a Arc<Source>,
        file: &'a Dockerfile,
        facts: &'a harden::Facts,
        ignored: Ignored,
    ) -> Self {
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        let mut bases = Vec::new();
        for (number, stage) in file.stages.iter().enumerate() {
            bases.push(match stage.image.value.as_deref() {
                None => Base::Unknown,
                Some("scratch") => Base::Scratch,
                Some(image) => match names.get(&image.to_ascii_lowercase()) {
                    Some(earlier) => Base::Stage(*earlier),
                    None => Base::Image(image),
                },
            });
            if let Some(alias) = &stage.alias {
                names.insert(alias.text.to_ascii_lowercase(), number);
            }
        }
        let of_step = |step: &Step| match &step.action {
            Action::Run(run) => shell::commands(run),
            _ => Vec::new(),
        };
        let of_stage = |stage: &Stage| stage.steps.iter().map(of_step).collect();
        let commands = file.stages.iter().map(of_stage).collect();
        Self { source, file, facts, bases, commands, ignored }
    }

    /// The last stage, whose image a build gives.
    pub(super) fn last(&self) -> usize {
        self.file.stages.len().saturating_sub(1)
    }

    /// The stages that the image is made of, from the last one to its base.
    pub(super) fn line(&self) -> Vec<usize> {
        let mut line = vec![self.last()];
        while let Some(Base::Stage(earlier)) = line.last().and_then(|one| self.bases.get(*one)) {
            line.push(*earlier);
        }
        line
    }

    /// The image that the stages of [`Scene::line`] begin with.
    pub(super) fn base(&self) -> Base<'a> {
        self.line().last().and_then(|one| self.bases.get(*one)).copied().unwrap_or(Base::Unknown)
    }

    /// The stages of [`Scene::line`] with their numbers.
    pub(super) fn stages(&self) -> impl Iterator<Item = (usize, &'a Stage)> {
        let file = self.file;
        self.line().into_iter().filter_map(move |number| Some((number, file.stages.get(number)?)))
    }

    /// The user of the image; `None` if `USER` depends on an argument of the build.
    pub(super) fn user(&self) -> Option<Runs<'a>> {
        for (_, stage) in self.stages() {
            let users = stage.steps.iter().rev().filter_map(|step| match &step.action {
                Action::User(word) => Some(word),
                _ => None,
            });
            if let Some(word) = users.into_iter().next() {
                let value = word.value.as_deref()?;
                return Some(Runs::As(user_of(value).to_owned(), word));
            }
        }
        let base = self.base();
        let user = match base {
            Base::Scratch => Some(User::Root),
            Base::Image(image) if self.facts.non_root_images.iter().any(|one| fits(one, image)) => {
                Some(User::Number)
            }
            Base::Image(image) => bases::Facts::of(image).user,
            Base::Stage(_) | Base::Unknown => None,
        };
        Some(Runs::Base(base, user))
    }

    /// True if the image is one of Windows: its base is, or a stage that it is made of is for that platform. The other escape
    /// character says nothing, since Linux has it too.
    pub(super) fn is_windows(&self) -> bool {
        let is_of_platform = |stage: &Stage| {
            stage.platform.as_ref().is_some_and(|word| word.text.starts_with("windows"))
        };
        let is_base = match self.base() {
            Base::Image(image) => bases::Facts::of(image).user == Some(User::Windows),
            _ => false,
        };
        is_base || self.stages().any(|(_, stage)| is_of_platform(stage))
    }

    /// The `FROM` of the last stage.
    pub(super) fn end(&self) -> Span {
        self.file.stages.last().map_or(Span::NONE, |stage| stage.span)
    }

    /// The name of a stage in paths of findings.
    pub(super) fn label(&self, stage: usize) -> String {
        let alias = self.file.stages.get(stage).and_then(|stage| stage.alias.as_ref());
        alias.map_or_else(|| stage.to_string(), |alias| alias.text.clone())
    }

    /// True if the file is one for development, builds or tests, by its name or that of a directory.
    pub(super) fn is_tool(&self) -> bool {
        const TOOLS: &str = "|dev|devel|develop|development|devcontainer|build|builder|builders|ci|test|tests|testing|e2e|tools|toolchain|sdk|";
        let name = self.source.name().to_ascii_lowercase();
        name.split(['/', '.', '-', '_']).any(|word| TOOLS.contains(&format!("|{word}|")))
    }
}

/// The user of a value of `USER`, without its group. A number may have a sign, and no user is root.
fn user_of(value: &str) -> &str {
    let (user, is_with_group) = match value.split_once(':') {
        Some((user, _)) => (user.trim(), true),
        None => (value.trim(), false),
    };
    let number = user.strip_prefix(['+', '-']).unwrap_or(user);
    match user {
        "" if is_with_group => "0",
        _ if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => number,
        _ => user,
    }
}
