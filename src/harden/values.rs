//! The values of a finding: what it says about its field, to tell a worse value from the same one in the same place.

use sha2::{Digest, Sha256};

use super::finding::Finding;
use super::rule::Topic;
use super::rules::judging::expressions::ADMISSION_POLICY;
use super::value::text;
use crate::resource::{ImageReference, Resource};
use crate::text::hex;

impl Finding {
    /// Hashes of its values, in order and each once: 16 hexadecimal digits each. Those that the rule gives, and otherwise, for
    /// security, rights, the network, registries, own rules and policies, what the message says: without the reason for a
    /// lower severity, and without what changes with each version of an image or of a generated object. Empty for other
    /// findings.
    #[must_use]
    pub fn values(&self, object: Option<&Resource>) -> Vec<String> {
        let hashed = |value: &str| hex(&Sha256::digest(value)[..8]);
        let mut values: Vec<String> = match &*self.values {
            [] if self.is_told_by_message() => vec![hashed(&self.statement(object))],
            given => given.iter().map(|value| hashed(value)).collect(),
        };
        values.sort_unstable();
        values.dedup();
        values
    }

    fn is_told_by_message(&self) -> bool {
        let topics = [Topic::Security, Topic::Rights, Topic::Network];
        self.rule.known().is_none_or(|rule| {
            topics.contains(&rule.topic()) || [ADMISSION_POLICY.id, "KR-IMG-003"].contains(&rule.id)
        })
    }

    /// The message without what says nothing about the value.
    fn statement(&self, object: Option<&Resource>) -> String {
        let eased = self.eased.as_ref().filter(|eased| !eased.told.is_empty());
        let message = eased.and_then(|eased| self.message.strip_suffix(&*eased.told));
        let mut message = message.map_or(&*self.message, |rest| rest.trim_end_matches("; "));
        if self.rule.known().is_some() {
            message = message.split_once("; assumed: ").map_or(message, |(message, _)| message);
        }
        let image = object.and_then(|object| self.image(object));
        let parts = message.split('`').enumerate().map(|(number, part)| match number % 2 {
            1 if Some(part) == image => ImageReference::new(part).name,
            1 => without_hash(part),
            _ => part,
        });
        parts.collect::<Vec<_>>().join("`")
    }

    /// The image of the container that it is about.
    fn image<'a>(&self, object: &'a Resource) -> Option<&'a str> {
        self.container.as_ref()?;
        let mut path = self.path.clone();
        loop {
            let image = path.find(object.node()).and_then(|node| text(node, "image"));
            if image.is_some() {
                return image;
            }
            path = path.parent()?;
        }
    }
}

/// A name without the suffix that a generator adds, which changes with the content.
fn without_hash(name: &str) -> &str {
    let is_of_hash = |byte: u8| b"2456789bcdfghkmt".contains(&byte);
    match name.rsplit_once('-') {
        Some((rest, hash))
            if hash.len() == 10 && hash.bytes().all(is_of_hash) && !name.contains('/') =>
        {
            rest
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_suffixes_of_generators_are_left_out() {
        assert_eq!(without_hash("settings-8mbdf7882g"), "settings");
        assert_eq!(without_hash("settings-production"), "settings-production");
        assert_eq!(without_hash("/var/log-8mbdf7882g"), "/var/log-8mbdf7882g");
        assert_eq!(without_hash("settings-8mbdf788"), "settings-8mbdf788");
    }
}
