//! Looks for characters other than printable ones of ASCII, many bytes at a time.

/// True if all characters are printable ones of ASCII.
#[inline]
#[must_use]
pub fn is_printable(text: &str) -> bool {
    is_all(text.as_bytes(), |byte| matches!(byte, b' '..=b'~'))
}

/// True if all characters are printable ones of ASCII, or line breaks.
#[inline]
#[must_use]
pub fn is_printable_in_lines(text: &str) -> bool {
    is_all(text.as_bytes(), |byte| matches!(byte, b' '..=b'~' | b'\n'))
}

/// True if each byte is a printable one, or is as `allowed` says. Nearly all texts have printable bytes only.
#[inline]
fn is_all(bytes: &[u8], allowed: impl Fn(u8) -> bool) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().all(|word| {
        is_word_printable(u64::from_ne_bytes(*word)) || word.iter().all(|byte| allowed(*byte))
    }) && rest.iter().all(|byte| allowed(*byte))
}

/// True if each of eight bytes is between a space and a tilde.
#[inline]
const fn is_word_printable(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 0xFF;
    const HIGH: u64 = ONES * 0x80;
    // A high bit in these stands for a byte that is no ASCII, below the space, or the one after the tilde. A byte above
    // such a one may have it, too.
    let below = word.wrapping_sub(ONES * 0x20) & !word;
    let delete = word ^ (ONES * 0x7F);
    let is_delete = delete.wrapping_sub(ONES) & !delete;
    (word | below | is_delete) & HIGH == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_counts_in_every_place() {
        for byte in 0..=127_u8 {
            let character = char::from(byte);
            let is_plain = matches!(byte, b' '..=b'~');
            for length in 0..20 {
                for place in 0..=length {
                    let mut text = "a~ b!z".repeat(4)[..length].to_owned();
                    text.insert(place, character);
                    assert_eq!(is_printable(&text), is_plain, "{text:?}");
                    assert_eq!(is_printable_in_lines(&text), is_plain || byte == b'\n', "{text:?}");
                }
            }
        }
        for text in ["\u{80}", "abcdefgä", "abcdefgh\u{202e}", "\u{85}abcdefgh", "aaaaaaa€aaaaaaa"]
        {
            assert!(!is_printable(text) && !is_printable_in_lines(text), "{text:?}");
        }
    }
}
