//! Properties that hold for all formats, tested with random renders.

use proptest::prelude::*;

use super::{html, json, markdown, text, unified};
use crate::diff::Review;
use crate::diff::tests::{HIDDEN, renders, review};

proptest! {
    #[test]
    fn no_format_shows_a_secret((before, after) in renders()) {
        let review = Review::of(vec![review(&before, &after), review(&before, &after)]);
        for page in [
            text::write(&review, 80),
            unified::write(&review),
            markdown::write(&review, markdown::Place::GitHub),
            json::write(&review).unwrap(),
            html::write(&review),
        ] {
            prop_assert!(!page.contains(HIDDEN), "{}", page);
        }
    }
}
