//! The folders that are applied for production, as a run and its trees show them.

use super::located::named_in_repository;
use super::plain::{Apart, Plain, Role};
use crate::error::Result;
use crate::fleet::Run;
use crate::harden::{Applied, ForProduction};
use crate::resource::ResMap;
use crate::text::path;

/// The places in which objects are that name folders to apply.
pub(super) struct Appliers<'a> {
    /// The paths of the targets in their repositories, and their renders.
    pub(super) paths: &'a [String],
    pub(super) renders: &'a [Result<ResMap>],
    /// Further targets, which are rendered for this alone.
    pub(super) more: &'a [String],
    pub(super) run: &'a Run<'a>,
    /// The files of the trees.
    pub(super) plain: &'a Plain<'a>,
    /// The path of the working directory in the repository.
    pub(super) here: &'a str,
    /// The path of the top of the repository; empty if there is none.
    pub(super) top: &'a str,
}

impl Appliers<'_> {
    /// The folders. Objects count as they are rendered; files that no render has, and those of kustomizations that
    /// cannot be rendered, by their texts.
    pub(super) fn for_production(&self) -> ForProduction {
        let mut applied = Applied::default();
        let mut are_all_rendered = true;
        let mut add = |path: &str, render: Result<&ResMap>| match render {
            Ok(objects) => objects.iter().for_each(|object| applied.add(path, object)),
            Err(_) => {
                are_all_rendered = false;
                applied.add_failed(path);
            }
        };
        for (path, render) in self.paths.iter().zip(self.renders) {
            add(path, render.as_ref().map_err(Clone::clone));
        }
        for target in self.more {
            let render = self.run.build(target, &mut Vec::new());
            add(&self.path(target), render.as_ref().map_err(Clone::clone));
        }
        let is_wanted = |role| matches!(role, Role::Plain | Role::Beside) || !are_all_rendered;
        self.plain.read_each(is_wanted, |role, folder, text| {
            let folder = self.path(folder);
            match role {
                Role::Plain | Role::Beside => applied.add_text(&folder, text),
                Role::Read => applied.add_text_of_render(&folder, text),
                Role::Kustomization => applied.add_kustomization(&folder, text),
            }
        });
        self.plain.read_apart(|apart| match apart {
            Apart::Link { link, to } => {
                if let Some(to) = self.path_of(to) {
                    applied.add_link(&self.path(link), &to);
                }
            }
            Apart::Hidden { folder, text, is_kustomization: false } => {
                applied.add_text(&self.path(folder), text);
            }
            Apart::Hidden { folder, text, is_kustomization: true } => {
                applied.add_unjudged(&self.path(folder), text);
            }
        });
        applied.for_production()
    }

    /// The path in the repository of a folder by its name. It may be one of another revision.
    fn path(&self, name: &str) -> String {
        self.path_of(name).unwrap_or_else(|| path::join(self.here, name))
    }

    /// The same; `None` if it is outside.
    fn path_of(&self, name: &str) -> Option<String> {
        named_in_repository(name, self.here, self.top)
    }
}
