//! Lists of the members that have something, such as the pods with a label. Members that several long lists share are found
//! 64 at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::once_with;
use std::sync::OnceLock;

/// The number of bits of a word.
const WORD: usize = 64;

/// A list up to this length is short.
const LONG: usize = 16;

/// The numbers of some members, in order.
#[derive(Debug, Default)]
pub(super) struct Posting {
    numbers: Vec<usize>,
    /// A bit for each member, if the list is long.
    bits: OnceLock<Box<[u64]>>,
}

impl Posting {
    /// Adds a member with a number that is not lower than those before. One that it has already is not added.
    pub(super) fn push(&mut self, number: usize) {
        if self.numbers.last() != Some(&number) {
            self.numbers.push(number);
        }
    }

    /// True if a word for 64 of all members takes no more room than its own numbers.
    fn is_long(&self, all: usize) -> bool {
        is_long(self.numbers.len(), all)
    }

    /// Sets the bits of its members. Returns the number of steps.
    fn add_to(&self, bits: &mut [u64], all: usize) -> usize {
        if self.is_long(all) {
            bits.iter_mut().zip(self.bits(all)).for_each(|(bits, word)| *bits |= word);
            return bits.len();
        }
        self.numbers.iter().for_each(|number| set(bits, *number));
        self.numbers.len()
    }

    /// A bit for each of all members.
    fn bits(&self, all: usize) -> &[u64] {
        self.bits.get_or_init(|| {
            let mut bits = vec![0; all.div_ceil(WORD)];
            self.numbers.iter().for_each(|number| set(&mut bits, *number));
            bits.into()
        })
    }
}

fn is_long(length: usize, all: usize) -> bool {
    length > LONG.max(all / WORD)
}

fn set(bits: &mut [u64], number: usize) {
    if let Some(word) = bits.get_mut(number / WORD) {
        *word |= 1 << (number % WORD);
    }
}

/// The numbers of the bits that are set.
fn numbers(bits: &[u64]) -> impl Iterator<Item = usize> + '_ {
    bits.iter().enumerate().flat_map(|(place, word)| {
        let mut rest = *word;
        std::iter::from_fn(move || {
            let bit = rest.trailing_zeros();
            rest &= rest.checked_sub(1)?;
            Some(place * WORD + bit as usize)
        })
    })
}

/// The members, out of a number of them, that may meet all conditions, each once: those in one of the lists of each
/// condition, and in none of the refused lists. Some that do not are among them. The search costs no more than the members
/// of the rarest condition, or a word for 64 of all members and each list.
pub(super) fn candidates<'p>(
    conditions: Vec<Vec<&'p Posting>>,
    refused: Vec<&'p Posting>,
    all: usize,
) -> impl Iterator<Item = usize> + use<'p> {
    let count = |lists: &Vec<&Posting>| lists.iter().map(|one| one.numbers.len()).sum::<usize>();
    let rarest = conditions.iter().min_by_key(|lists| count(lists)).cloned().unwrap_or_default();
    let is_long = is_long(count(&rarest), all);
    // The first ones are mostly enough for a search that ends early.
    let most = if is_long { WORD } else { usize::MAX };
    let mut known = BTreeSet::new();
    let is_union = rarest.len() > 1;
    let first = rarest.into_iter().flat_map(|one| &one.numbers).copied().take(most);
    let first: Vec<usize> =
        first.filter(|number| !is_union && !is_long || known.insert(*number)).collect();
    let rest = once_with(move || match is_long {
        true => shared(&conditions, &refused, all),
        false => Vec::new(),
    });
    let rest = rest.flat_map(|bits| numbers(&bits).collect::<Vec<_>>());
    first.into_iter().chain(rest.filter(move |number| !known.contains(number)))
}

/// A bit for each member that is in one of the lists of each condition, and in none of the refused lists.
fn shared(conditions: &[Vec<&Posting>], refused: &[&Posting], all: usize) -> Vec<u64> {
    let mut shared = vec![u64::MAX; all.div_ceil(WORD)];
    for lists in conditions {
        match lists[..] {
            [one] if one.is_long(all) => meet(&mut shared, one.bits(all)),
            _ => meet(&mut shared, &union(lists, all)),
        }
    }
    if !refused.is_empty() {
        let refused = union(refused, all);
        shared.iter_mut().zip(refused).for_each(|(bits, refused)| *bits &= !refused);
    }
    shared
}

fn meet(bits: &mut [u64], others: &[u64]) {
    bits.iter_mut().zip(others).for_each(|(bits, others)| *bits &= others);
}

/// A bit for each member of some lists.
fn union(lists: &[&Posting], all: usize) -> Vec<u64> {
    let mut union = vec![0; all.div_ceil(WORD)];
    for one in lists {
        one.add_to(&mut union, all);
    }
    union
}

/// A label with a value, or with any.
pub(super) type Token<'a> = (&'a str, Option<&'a str>);

/// A condition of a set of labels.
pub(super) enum Asked<'a> {
    /// It has one of these tokens, all of one key for which the set has no other condition.
    One(Vec<Token<'a>>),
    /// It has none of these.
    None(Vec<Token<'a>>),
}

/// Conditions of several members, to find the members whose conditions some labels meet. The search costs a word for 64 of
/// the members for each label that many of them ask for, and the number of the others.
#[derive(Default)]
pub(super) struct Conditions<'a> {
    count: usize,
    asked: BTreeMap<Token<'a>, Posting>,
    refused: BTreeMap<Token<'a>, Posting>,
    /// The number of tokens that each member asks for: a bit of it in each slice.
    sizes: Vec<Vec<u64>>,
}

impl<'a> Conditions<'a> {
    /// Adds the conditions of the next member.
    pub(super) fn push(&mut self, conditions: impl IntoIterator<Item = Asked<'a>>) {
        let number = self.count;
        self.count += 1;
        let mut size = 0_usize;
        for one in conditions {
            let (map, tokens) = match one {
                Asked::One(tokens) => {
                    size += 1;
                    (&mut self.asked, tokens)
                }
                Asked::None(tokens) => (&mut self.refused, tokens),
            };
            for token in tokens {
                map.entry(token).or_default().push(number);
            }
        }
        let mut slice = 0;
        while size > 0 {
            if slice == self.sizes.len() {
                self.sizes.push(Vec::new());
            }
            if size % 2 == 1
                && let Some(bits) = self.sizes.get_mut(slice)
            {
                bits.resize((number / WORD + 1).max(bits.len()), 0);
                set(bits, number);
            }
            size /= 2;
            slice += 1;
        }
    }

    /// The members whose conditions some labels meet, in order, and the number of steps of the search. A label without a
    /// value is refused by none.
    pub(super) fn met<'l>(
        &self,
        labels: impl Iterator<Item = (&'l str, &'l str, bool)>,
    ) -> (Vec<usize>, usize) {
        let words = self.count.div_ceil(WORD);
        let slices = self.sizes.len();
        let mut found = vec![0_u64; words * slices];
        let mut refused = vec![0_u64; words];
        let mut steps = words;
        for (key, value, has_value) in labels {
            for token in [(key, Some(value)), (key, None)] {
                if let Some(posting) = self.asked.get(&token) {
                    steps += self.add(posting, &mut found);
                }
                if let Some(posting) = self.refused.get(&token).filter(|_| has_value) {
                    steps += posting.add_to(&mut refused, self.count);
                }
            }
        }
        let mut met = refused;
        for (word, met) in met.iter_mut().enumerate() {
            let of_word = found.get(word * slices..(word + 1) * slices).unwrap_or_default();
            let others = of_word.iter().zip(&self.sizes).fold(0, |others, (found, sizes)| {
                others | (found ^ sizes.get(word).copied().unwrap_or_default())
            });
            *met = !(*met | others);
        }
        (numbers(&met).take_while(|number| *number < self.count).collect(), steps)
    }

    /// Adds one to the number of tokens that the members of a list have found. Returns the number of steps.
    fn add(&self, posting: &Posting, found: &mut [u64]) -> usize {
        let slices = self.sizes.len();
        let mut add = |word: usize, mut carry: u64| {
            for found in found.iter_mut().skip(word * slices).take(slices) {
                let next = *found & carry;
                *found ^= carry;
                carry = next;
                if carry == 0 {
                    break;
                }
            }
        };
        if posting.is_long(self.count) {
            let bits = posting.bits(self.count);
            bits.iter().enumerate().for_each(|(word, bits)| add(word, *bits));
            return bits.len();
        }
        posting.numbers.iter().for_each(|number| add(number / WORD, 1 << (number % WORD)));
        posting.numbers.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;

    fn posting(numbers: &BTreeSet<usize>) -> Posting {
        let mut posting = Posting::default();
        numbers.iter().for_each(|number| posting.push(*number));
        posting
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_member_that_meets_all_conditions_is_missed(
            conditions in vec(vec(btree_set(0..500_usize, 0..400), 1..3), 1..4),
            refused in btree_set(0..500_usize, 0..100),
        ) {
            let postings: Vec<Vec<Posting>> =
                conditions.iter().map(|lists| lists.iter().map(posting).collect()).collect();
            let given = postings.iter().map(|lists| lists.iter().collect()).collect();
            let without = posting(&refused);
            let found: Vec<usize> = candidates(given, vec![&without], 500).collect();
            let once: BTreeSet<usize> = found.iter().copied().collect();
            prop_assert_eq!(once.len(), found.len());
            for number in 0..500 {
                let meets = |lists: &Vec<BTreeSet<usize>>| lists.iter().any(|one| one.contains(&number));
                let is_met = conditions.iter().all(meets) && !refused.contains(&number);
                prop_assert!(!is_met || once.contains(&number));
            }
            // All beyond the first ones meet the conditions.
            for number in found.iter().skip(WORD).filter(|_| found.len() > WORD + LONG) {
                let meets = |lists: &Vec<BTreeSet<usize>>| lists.iter().any(|one| one.contains(number));
                let is_short = conditions.iter().any(|lists| {
                    lists.iter().map(BTreeSet::len).sum::<usize>() <= LONG
                });
                let is_met = conditions.iter().all(meets) && !refused.contains(number);
                prop_assert!(is_short || is_met);
            }
        }

        #[test]
        fn members_are_those_whose_conditions_are_met(
            members in vec(vec((0..6_usize, 0..3_usize, any::<bool>()), 0..6), 0..200),
            labels in vec(0..3_usize, 6),
        ) {
            const KEYS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
            const VALUES: [&str; 3] = ["x", "y", "z"];
            let mut conditions = Conditions::default();
            let mut expected = Vec::new();
            for (number, member) in members.iter().enumerate() {
                let mut keys = BTreeSet::new();
                let of_one: Vec<_> = member.iter().filter(|(key, ..)| keys.insert(*key)).collect();
                conditions.push(of_one.iter().map(|(key, value, is_asked)| {
                    // The last value stands for any.
                    let value = (*value < 2).then(|| VALUES[*value]);
                    let token = vec![(KEYS[*key], value)];
                    if *is_asked { Asked::One(token) } else { Asked::None(token) }
                }));
                let has = |key: usize, value: usize| value == 2 || labels[key] == value;
                if of_one.iter().all(|(key, value, is_asked)| has(*key, *value) == *is_asked) {
                    expected.push(number);
                }
            }
            let given = labels.iter().zip(KEYS).map(|(value, key)| (key, VALUES[*value], true));
            prop_assert_eq!(conditions.met(given).0, expected);
        }
    }
}
