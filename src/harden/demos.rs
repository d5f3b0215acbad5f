//! Containers that show by their commands that they are demonstrations.

use super::images::short;
use super::pod::Container;
use super::value::items;
use crate::resource::ImageReference;
use crate::yaml::Node;

/// Words in the paths of repositories that are there to be tried.
const TRIED: [&str; 3] = ["example", "examples", "guestbook"];

/// The programs with a mode for developers, by the images that their makers publish. Others may have their names.
const MODES: [(&str, &str); 6] = [
    ("bitnami/keycloak", "start-dev"),
    ("hashicorp/vault", "-dev"),
    ("keycloak/keycloak", "start-dev"),
    ("quay.io/keycloak/keycloak", "start-dev"),
    ("quay.io/keycloak/keycloak-x", "start-dev"),
    ("vault", "-dev"),
];

/// The sign that a container is a demonstration: a mode of its program for developers, or the address of a repository of examples.
/// It says nothing about other containers of its pod. Linear in its commands and variables.
pub(super) fn sign<'a>(container: &Container<'a>) -> Option<&'a str> {
    let name = short(ImageReference::new(container.image()).name);
    let mode = MODES.iter().find(|(image, _)| *image == name).map_or("", |(_, mode)| mode);
    let lists = ["command", "args"].into_iter().flat_map(|key| items(container.node.get(key)));
    let values = items(container.node.get("env")).iter().filter_map(|one| one.get("value"));
    let words = lists.chain(values).filter_map(Node::as_text);
    let mut words = words.flat_map(str::split_ascii_whitespace);
    words.find_map(|word| if word == mode { Some(word) } else { of_examples(word) })
}

/// The name of a repository of examples by its address. The names of its host and of its owner say nothing.
fn of_examples(word: &str) -> Option<&str> {
    const LONGEST: usize = 512;
    let (_, rest) = word.split_once("://").filter(|_| word.len() <= LONGEST)?;
    let names = rest.trim_end_matches('/').split('/').skip(2);
    let is_tried = |name: &&str| name.split(['-', '_', '.']).any(|one| TRIED.contains(&one));
    names.last().filter(is_tried)
}

#[cfg(test)]
mod tests {
    use super::of_examples;

    #[test]
    fn repositories_of_examples_are_known_by_their_names() {
        for (word, expected) in [
            ("https://github.com/acme/shop-example-apps", true),
            ("https://github.com/acme/examples.git", true),
            ("https://github.com/acme/guestbook/", true),
            ("https://github.com/example/shop", false),
            ("https://shop.example.com/a/b", false),
            ("https://example.com/guestbook", false),
            ("https://github.com/acme/counterexample", false),
            ("examples/shop", false),
        ] {
            assert_eq!(of_examples(word).is_some(), expected, "{word}");
        }
    }
}
