//! Credentials in lines of scripts: options with a password or with `user:password`, and variables before a command.

use super::telling::says_secret;

/// Options whose value is `user:password`.
const USERS: [&str; 5] = ["-u", "-U", "--user", "--proxy-user", "--userpwd"];
/// Words before a password of some programs, and before something else of others.
const PASSWORDS: [&str; 7] = ["-p", "-P", "-a", "-w", "-W", "<<<", "echo"];

/// The passwords in a command line, each with true if it is certain that it is one.
pub(super) fn values(line: &str) -> Vec<(&str, bool)> {
    let mut found = Vec::new();
    let mut last = "";
    for word in words(line) {
        let option = std::mem::replace(&mut last, word);
        let is_option = word.starts_with('-');
        if option == "echo" && is_option {
            last = option;
            continue;
        }
        if USERS.contains(&option) {
            found.extend(password(bare(word)).map(|value| (value, true)));
        } else if PASSWORDS.contains(&option) && !is_option {
            found.push((bare(word), false));
        } else if option.starts_with('-') && !is_option {
            // `--auth user:password`
            found.extend(password(bare(word)).map(|value| (value, false)));
        }
        match word.split_once('=') {
            Some((key, value)) if says_secret(key) && is_name(key) => {
                found.push((bare(value), true));
            }
            Some((key, value)) if is_option && USERS.contains(&key) => {
                found.extend(password(bare(value)).map(|value| (value, true)));
            }
            _ => {}
        }
        // The value may follow without a blank.
        let is_long = word.starts_with("--");
        if let Some(value) = word.strip_prefix("-u").filter(|_| !is_long) {
            found.extend(password(bare(value)).map(|value| (value, true)));
        }
        if let Some(value) = word.strip_prefix("-p").filter(|value| value.len() >= SHORTEST) {
            found.push((bare(value), false));
        }
    }
    found.retain(|(value, _)| !value.is_empty() && *value != line);
    found
}

/// The shortest password behind `-p` without a blank: shorter ones are other options.
const SHORTEST: usize = 4;

fn password(user: &str) -> Option<&str> {
    user.split_once(':').map(|(_, password)| password)
}

fn is_name(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// A word without the quotes around it, and without what ends a command.
fn bare(word: &str) -> &str {
    let word = word.trim_end_matches([';', ',', ')', '`', '&', '|']);
    let quoted =
        ['"', '\''].iter().find_map(|quote| word.strip_prefix(*quote)?.strip_suffix(*quote));
    quoted.unwrap_or(word)
}

/// The words of a command line. Blanks in quotes are parts of a word.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let mut quote = None;
    let is_border = move |letter: char| {
        match quote {
            Some(open) if open == letter => quote = None,
            None if matches!(letter, '"' | '\'') => quote = Some(letter),
            Some(_) => {}
            None => return letter.is_whitespace(),
        }
        false
    };
    line.split(is_border).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_found_in_command_lines() {
        for (line, expected) in [
            ("curl -u admin:abcd https://h", &["!abcd"][..]),
            ("curl -u 'admin:ab cd' https://h", &["!ab cd"]),
            ("curl -uadmin:a:b h", &["!a:b"]),
            ("curl --user=admin:abcd --proxy-user \"p:efgh\" h", &["!abcd", "!efgh"]),
            ("mysql -u root -p abcd", &["abcd"]),
            ("mysql -pabcd; ls -p -l", &["abcd"]),
            ("PGPASSWORD=abcd psql -h db", &["!abcd"]),
            ("env A=b DB_PASSWORD='ab cd' run --token=efgh;", &["!ab cd", "!efgh"]),
            ("export A_TOKEN=abcd; export B_TOKEN=\"efgh\"", &["!abcd", "!efgh"]),
            ("$(curl -u a:abcd)", &["!abcd"]),
            ("http --auth a:abcd h; curl -su a:efgh h", &["abcd", "efgh"]),
            ("kinit <<< abcd", &["abcd"]),
            ("echo -n abcd | docker login --password-stdin", &["abcd"]),
            ("sed -u x y; echo 'it", &["'it"]),
            ("-u", &[]),
            ("-p", &[]),
        ] {
            let mark = |(value, is_named)| format!("{}{value}", if is_named { "!" } else { "" });
            let found: Vec<String> = values(line).into_iter().map(mark).collect();
            assert_eq!(found, expected, "{line}");
        }
    }
}
