//! The order of keys.

use std::cmp::Ordering;

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};

/// The orders of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::yaml) enum Order {
    /// As go-yaml v2 writes them: numbers inside of keys by their value, letters after everything else.
    Natural,
    /// As `encoding/json` writes them: by bytes.
    Bytes,
}

impl Order {
    /// Compares two keys. Only equal keys are equal.
    #[inline]
    pub(in crate::yaml) fn compare(self, left: &str, right: &str) -> Ordering {
        match self {
            Self::Natural => natural(left, right),
            Self::Bytes => left.cmp(right),
        }
    }

    /// Sorts by key; of equal keys the earlier one stays first.
    ///
    /// The natural order has cycles (`1` before `01` before `0a` before `1`), for which the sort of the standard
    /// library may panic. This sort ends with some order; the order of the reference then differs from run to run.
    pub(super) fn sort<T>(self, items: &mut [T], key: impl Fn(&T) -> &str) {
        if items.len() > 20 {
            return self.merge_sort(items, key);
        }
        for end in 1..items.len() {
            let mut place = end;
            while place > 0 && self.compare(key(&items[place - 1]), key(&items[place])).is_gt() {
                items.swap(place - 1, place);
                place -= 1;
            }
        }
    }

    fn merge_sort<T>(self, items: &mut [T], key: impl Fn(&T) -> &str) {
        let mut order: Vec<usize> = (0..items.len()).collect();
        let mut merged = Vec::with_capacity(order.len());
        let mut width = 1;
        while width < order.len() {
            for pair in order.chunks(2 * width) {
                let (mut left, mut right) = pair.split_at(width.min(pair.len()));
                while let ([first, lefts @ ..], [second, rights @ ..]) = (left, right) {
                    if self.compare(key(&items[*first]), key(&items[*second])).is_le() {
                        merged.push(*first);
                        left = lefts;
                    } else {
                        merged.push(*second);
                        right = rights;
                    }
                }
                merged.extend_from_slice(left);
                merged.extend_from_slice(right);
            }
            std::mem::swap(&mut order, &mut merged);
            merged.clear();
            width *= 2;
        }
        arrange(items, order);
    }
}

/// Moves the item at `order[n]` to index `n`, for each `n`.
fn arrange<T>(items: &mut [T], mut order: Vec<usize>) {
    for place in 0..order.len() {
        let mut source = order[place];
        // An item from an earlier index was swapped to the index that `order` holds for it.
        while source < place {
            source = order[source];
        }
        items.swap(place, source);
        order[place] = source;
    }
}

/// `keyList.Less` in go-yaml v2's `sorter.go`.
#[inline]
fn natural(left: &str, right: &str) -> Ordering {
    let (a, b) = (left.as_bytes(), right.as_bytes());
    let Some(place) = a.iter().zip(b).position(|(a, b)| a != b) else {
        return a.len().cmp(&b.len());
    };
    let (x, y) = (a[place], b[place]);
    if x.is_ascii_alphabetic() && y.is_ascii_alphabetic() {
        return x.cmp(&y);
    }
    natural_from(left, right, place)
}

fn natural_from(left: &str, right: &str, place: usize) -> Ordering {
    let place = left.floor_char_boundary(place);
    let (before, left, right) = (&left[..place], &left[place..], &right[place..]);
    let (Some(a), Some(b)) = (left.chars().next(), right.chars().next()) else {
        return left.len().cmp(&right.len());
    };
    match (is_letter(a), is_letter(b)) {
        (true, true) => return a.cmp(&b),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // Zeros count only if the number began before the difference: `100` comes after `11`, but `01` next to `1`.
    let inside = (a == '0' || b == '0')
        && before.chars().rev().take_while(|&digit| is_digit(digit)).any(|digit| digit != '0');
    let ((a_number, a_digits), (b_number, b_digits)) =
        (number(left, inside), number(right, inside));
    a_number.cmp(&b_number).then(a_digits.cmp(&b_digits)).then(a.cmp(&b))
}

/// The number at the start of text, as an `int64` that wraps around, and the number of its digits.
fn number(text: &str, inside: bool) -> (i64, usize) {
    text.chars().take_while(|&digit| is_digit(digit)).fold(
        (i64::from(inside), 0),
        |(number, digits), digit| {
            let digit = i64::from(u32::from(digit)) - i64::from(b'0');
            (number.wrapping_mul(10).wrapping_add(digit), digits + 1)
        },
    )
}

fn is_letter(character: char) -> bool {
    character.is_ascii_alphabetic()
        || !character.is_ascii() && GeneralCategoryGroup::Letter.contains(category(character))
}

fn is_digit(character: char) -> bool {
    character.is_ascii_digit()
        || !character.is_ascii() && category(character) == GeneralCategory::DecimalNumber
}

fn category(character: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(character)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted(mut keys: Vec<String>) -> Vec<String> {
        Order::Natural.sort(&mut keys, |key| key);
        keys
    }

    #[test]
    fn keys_are_in_natural_order() {
        let table = [
            "", "-", ".", "0", "00", "1", "1-", "01", "001", "2", "9", "10", "10-", "100", "B",
            "a", "a b", "a-b", "a.b", "a/b", "a_b", "a0", "a1", "a01", "a9", "a10", "ab", "b",
            "b\u{301}", "b٣", "bé", "é",
        ];
        for (place, key) in table.iter().enumerate() {
            for other in &table[place + 1..] {
                assert_eq!(natural(key, other), Ordering::Less, "{key:?} {other:?}");
                assert_eq!(natural(other, key), Ordering::Greater, "{other:?} {key:?}");
            }
            assert_eq!(natural(key, key), Ordering::Equal);
        }
    }

    #[test]
    fn circles_do_no_harm() {
        assert_eq!(sorted(["1", "01", "0a"].map(str::to_owned).to_vec()), ["1", "01", "0a"]);
        let keys: Vec<String> = (0..999).map(|number| format!("{:x}", number * 77 % 256)).collect();
        assert_eq!(sorted(keys.clone()).len(), keys.len());
    }

    proptest! {
        #[test]
        fn sorting_is_that_of_the_standard_library(keys in prop::collection::vec("[a-c._é]{0,4}[1-9]{0,2}", 0..60)) {
            let mut expected = keys.clone();
            expected.sort_by(|left, right| natural(left, right));
            prop_assert_eq!(sorted(keys), expected);
        }
    }
}
