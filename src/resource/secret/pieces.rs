//! Pieces of a value between delimiters: `replacements`, templates and programs cut values there.

use std::str;

use super::telling::is_random;

/// Calls `tell` for each piece of a text that looks like a secret by itself. Linear.
pub(super) fn random(text: &[u8], tell: &mut dyn FnMut(&[u8])) {
    let Ok(text) = str::from_utf8(text) else { return };
    if is_base64(text) {
        return;
    }
    let is_outer =
        |letter: char| letter.is_whitespace() || letter.is_ascii_punctuation() && !is_inner(letter);
    for piece in text.split(is_outer) {
        if piece.len() < text.len() && is_random(piece) {
            tell(piece.as_bytes());
        }
        for part in piece.split(is_inner).filter(|part| part.len() < piece.len()) {
            if is_random(part) {
                tell(part.as_bytes());
            }
        }
    }
}

/// Delimiters within names.
const fn is_inner(letter: char) -> bool {
    matches!(letter, '-' | '_' | '.' | '+')
}

/// True for a long text of letters of base64, such as a line of a key: in it `/` and `+` are no delimiters.
fn is_base64(text: &str) -> bool {
    const SHORTEST: usize = 40;
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    text.len() >= SHORTEST && text.bytes().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        random(text.as_bytes(), &mut |piece| {
            found.push(String::from_utf8_lossy(piece).into_owned());
        });
        found
    }

    #[test]
    fn only_pieces_like_secrets_are_told() {
        assert_eq!(all("shop:Zq91AxW7qk@db.example.com:5432/shop"), ["Zq91AxW7qk"]);
        assert_eq!(all("a|kR7pqZt9|b,xW7qkPv2mN"), ["kR7pqZt9", "xW7qkPv2mN"]);
        assert_eq!(all("eyJhb9XGci.x3J1c2Vy.Qm9vdA1"), ["eyJhb9XGci", "x3J1c2Vy", "Qm9vdA1"]);
        assert_eq!(all("Zq91AxW7qk"), [""; 0], "the text itself");
        assert_eq!(all("https://shop.example.com/MyRepo?AccountName=main"), [""; 0]);
        assert_eq!(all(&"Zq91/AxW7+qkPv2m".repeat(4)), [""; 0], "a line of a key");
        random(b"\xff:Zq91AxW7qk", &mut |_| panic!("no text"));
    }
}
