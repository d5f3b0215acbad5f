//! `images`: new names, tags and digests.

use std::collections::BTreeMap;

use super::{Draft, mapping, text};
use crate::config::Image;
use crate::error::{Code, Error, Result};
use crate::resource::ImageReference;
use crate::source::Span;
use crate::text::escape;
use crate::yaml::Text;
use crate::yaml::de::Spanned;
use crate::yaml::path::Path;

/// The value that keeps an existing one.
const KEEP: &str = "*";

/// The forms of an argument.
const FORMS: &str = "\
`IMAGE:TAG`, `IMAGE@DIGEST`, `IMAGE:TAG@DIGEST`, `IMAGE=NEW`, `IMAGE=NEW:TAG`, `IMAGE=NEW@DIGEST` or `IMAGE=NEW:TAG@DIGEST`";

/// New values for images by name. An image that the file has already gets only what is given; `*` keeps the old value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SetImages(BTreeMap<String, Image>);

impl SetImages {
    /// Reads arguments such as `nginx=registry.example/nginx:1.27`.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for an argument without a new value.
    pub fn parse(arguments: &[String]) -> Result<Self> {
        let mut images = BTreeMap::new();
        for argument in arguments {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name, value),
                None => ("", argument.as_str()),
            };
            let new = ImageReference::new(value);
            if new.name == argument {
                return Err(wrong(argument));
            }
            let (name, new_name) = if name.is_empty() { (new.name, "") } else { (name, new.name) };
            images.insert(name.to_owned(), image(name, new_name, new.tag, new.digest));
        }
        Ok(Self(images))
    }

    /// Sets the images. Existing entries keep their places; the others are added in the order of their names.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn apply(mut self, draft: &mut Draft<'_>) -> Result<()> {
        let field = draft.field("images")?;
        let before = draft.model().images.clone();
        let mut first: BTreeMap<Text, usize> = BTreeMap::new();
        let (mut after, mut removed) = (Vec::new(), Vec::new());
        for (index, old) in before.iter().enumerate() {
            let is_set = self.0.contains_key(old.name.as_str());
            match first.insert(old.name.value.clone(), index) {
                // Of several entries for an image the first one is set; one that is not set is the last one.
                Some(place) if is_set => {
                    first.insert(old.name.value.clone(), place);
                    removed.push(index);
                }
                Some(place) => removed.push(place),
                None => {}
            }
        }
        removed.sort_unstable();
        for (index, old) in before.iter().enumerate() {
            if removed.binary_search(&index).is_ok() {
                continue;
            }
            let Some(new) = self.0.remove(old.name.as_str()) else {
                after.push(old.clone());
                continue;
            };
            let new = kept(&new, old);
            write(draft, &field.clone().index(index), old, &new)?;
            after.push(Spanned::new(new, Span::NONE));
        }
        draft.remove_items(&field, &removed)?;
        draft.model_mut().images = after;
        self.add(draft, &field)
    }

    /// Adds the images that are not there yet.
    fn add(self, draft: &mut Draft<'_>, field: &Path) -> Result<()> {
        let names: Vec<&str> =
            draft.model().images.iter().map(|image| image.name.as_str()).collect();
        let is_sorted = names.is_sorted();
        for (_, new) in self.0 {
            let images = &mut draft.model_mut().images;
            let end = images.len();
            let at = images.partition_point(|image| image.name.as_str() < new.name.as_str());
            let at = if is_sorted { at } else { end };
            let new = kept(&new, &Image::default());
            images.insert(at, Spanned::new(new.clone(), Span::NONE));
            let value = |value: &str| (!value.is_empty()).then(|| text(value));
            let entry = mapping([
                ("digest", value(&new.digest)),
                ("name", Some(text(&new.name))),
                ("newName", value(&new.new_name)),
                ("newTag", value(&new.new_tag)),
            ]);
            draft.insert(field, at, vec![entry])?;
        }
        Ok(())
    }
}

fn image(name: &str, new_name: &str, new_tag: &str, digest: &str) -> Image {
    let value = |text: &str| Spanned::new(text.into(), Span::NONE);
    Image {
        name: value(name),
        new_name: value(new_name),
        new_tag: value(new_tag),
        digest: value(digest),
        ..Image::default()
    }
}

/// An image with the old values in place of `*`.
fn kept(new: &Image, old: &Image) -> Image {
    let value = |new: &Spanned<Text>, old: &Spanned<Text>| match new.as_str() {
        KEEP => old.to_string(),
        _ => new.to_string(),
    };
    image(
        &new.name,
        &value(&new.new_name, &old.new_name),
        &value(&new.new_tag, &old.new_tag),
        &value(&new.digest, &old.digest),
    )
}

/// Writes what differs.
fn write(draft: &mut Draft<'_>, entry: &Path, old: &Image, new: &Image) -> Result<()> {
    for (key, old, new) in [
        ("digest", &old.digest, &new.digest),
        ("newName", &old.new_name, &new.new_name),
        ("newTag", &old.new_tag, &new.new_tag),
        ("tagSuffix", &old.tag_suffix, &new.tag_suffix),
    ] {
        let path = draft.below(entry, key)?;
        match new.as_str() {
            _ if old == new => {}
            "" => draft.remove(&path)?,
            new => draft.set(&path, &text(new))?,
        }
    }
    Ok(())
}

#[cold]
fn wrong(argument: &str) -> Error {
    let shown = escape::visible(argument);
    let message = format!("invalid format of image `{shown}`: it has no new name, tag or digest");
    Error::new(Code::InvalidArgument, message)
        .help(format!("write {FORMS}; `*` keeps an old value"))
}
