//! Lists that are many and short, and grow by one element at a time.

/// Adds an element, and makes room for few more: a list of one element has room for one, not for four, and a long one
/// an eighth more than it needs. What a build holds is made of such lists.
pub(crate) fn push<T>(list: &mut Vec<T>, element: T) {
    if list.len() == list.capacity() {
        list.reserve_exact(1 + list.len() / 8);
    }
    list.push(element);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_little_room_to_spare() {
        let mut list = Vec::new();
        let mut grown = 0;
        for number in 0..100_000 {
            let before = list.capacity();
            push(&mut list, number);
            grown += usize::from(list.capacity() != before);
            assert!(list.capacity() <= list.len() + 1 + list.len() / 8);
        }
        assert!(grown < 200, "{grown}: each time all of it may be copied");
    }
}
