//! The source commit, as told to programs that promote rendered manifests and to people.
//!
//! The file `hydrator.metadata` and the note in `refs/notes/hydrator.metadata` have the form of Argo CD's source hydrator
//! (`util/hydrator/hydrator.go`, `commitserver/commit/commit.go`), which `GitOps` Promoter reads, too
//! (`docs/advanced-usage/custom-hydrator.md` there).

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::Serialize;

use crate::harden::secrecy::secret_form;
use crate::load::git::Id;
use crate::load::without_credentials;
use crate::text::{escape, phrase};

/// Name of the file, in the folder of the record.
pub const METADATA: &str = "hydrator.metadata";

/// Longest subject and body that are passed on, in characters.
const LONGEST_SUBJECT: usize = 200;
const LONGEST_BODY: usize = 4_000;

/// A name and an address, without characters that would end them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The mail address.
    pub mail: String,
}

/// The commit that is rendered.
#[derive(Clone, Debug)]
pub struct SourceCommit {
    /// Its id.
    pub id: Id,
    author: Identity,
    authored: Time,
    committed: Time,
    subject: String,
    body: String,
}

/// A time as git writes it: seconds since 1970, and the difference from UTC as `+0100`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Time {
    seconds: i64,
    offset: String,
}

/// The fields of `hydrator.metadata`, in the order of Argo CD. Those of no value are left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(rename = "repoURL", skip_serializing_if = "Option::is_none")]
    repo_url: Option<&'a str>,
    dry_sha: String,
    commands: [&'a str; 1],
    #[serde(skip_serializing_if = "String::is_empty")]
    author: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    subject: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    body: &'a str,
}

impl Identity {
    /// An identity of these texts; `None` if one of them is empty.
    #[must_use]
    pub fn new(name: &str, mail: &str) -> Option<Self> {
        let clean = |text: &str| {
            let is_written = |letter: &char| !matches!(letter, '<' | '>') && !letter.is_control();
            text.chars().filter(is_written).collect::<String>().trim().to_owned()
        };
        let (name, mail) = (clean(name), clean(mail));
        (!name.is_empty() && !mail.is_empty()).then_some(Self { name, mail })
    }

    /// The identity of commits by krender, if git has none.
    #[must_use]
    pub fn of_krender() -> Self {
        Self { name: "krender".to_owned(), mail: "krender@localhost".to_owned() }
    }
}

impl SourceCommit {
    /// Reads a commit object. Parts that git would not have written are empty.
    #[must_use]
    pub fn parse(id: Id, content: &[u8]) -> Self {
        let text = String::from_utf8_lossy(content);
        let (head, message) = text.split_once("\n\n").unwrap_or((&text, ""));
        let line = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
        let (author, authored) = signed(line("author ").unwrap_or_default());
        let (_, committed) = signed(line("committer ").unwrap_or_default());
        let (subject, body) =
            message.trim_start_matches('\n').split_once("\n\n").unwrap_or((message, ""));
        let subject = subject.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        let subject = phrase::shortened(subject.trim(), LONGEST_SUBJECT).into_owned();
        let body = phrase::shortened(body.trim(), LONGEST_BODY).into_owned();
        Self { id, author, authored, committed, subject, body }
    }

    /// The first digits of its id.
    #[must_use]
    pub fn short(&self) -> String {
        self.id.to_string().chars().take(7).collect()
    }

    /// The time of the commit as git writes it. A commit of its rendered manifests has the same, so that it depends on
    /// nothing else.
    #[must_use]
    pub fn time(&self) -> String {
        format!("{} {}", self.committed.seconds, self.committed.offset)
    }

    /// The text of `hydrator.metadata`. `command` renders the commit again.
    #[must_use]
    pub fn metadata(&self, repository: Option<&str>, command: &str) -> String {
        let Identity { name, mail } = &self.author;
        let metadata = Metadata {
            repo_url: repository,
            dry_sha: self.id.to_string(),
            commands: [command],
            author: if name.is_empty() { String::new() } else { format!("{name} <{mail}>") },
            date: self.authored.iso(),
            subject: &self.subject,
            body: &self.body,
        };
        // Texts can always be written as JSON.
        let text = serde_json::to_string_pretty(&metadata).unwrap_or_default();
        escape::json_text(&text) + "\n"
    }

    /// The text of the note.
    #[must_use]
    pub fn note(&self) -> String {
        format!("{{\"drySha\":\"{}\"}}\n", self.id)
    }

    /// The message of a commit of its rendered manifests. The subject is one line, so that it cannot have trailers.
    #[must_use]
    pub fn message(&self, repository: Option<&str>) -> String {
        let mut text = format!("Hydrate {}", self.short());
        if !self.subject.is_empty() {
            text.extend([": ", &escape::visible(&self.subject)]);
        }
        text.extend(["\n\nSource-Commit: ", &self.id.to_string(), "\n"]);
        if let Some(url) = repository {
            text.extend(["Source-Repository: ", url, "\n"]);
        }
        text
    }
}

impl Time {
    /// `2026-01-31T12:00:00+01:00`, as `git log --format=%aI`; `None` if there is no such time.
    fn iso(&self) -> Option<String> {
        let (sign, digits) = self.offset.split_at_checked(1)?;
        let (hours, minutes) = digits.split_at_checked(2)?;
        let [hours, minutes] = [hours, minutes].map(|part| part.parse::<i32>().ok());
        let seconds = (hours? * 60 + minutes?) * 60;
        let seconds = if sign == "-" { -seconds } else { seconds };
        let time = Timestamp::from_second(self.seconds).ok()?;
        let time = Offset::from_seconds(seconds).ok()?.to_datetime(time);
        let zone = if seconds == 0 {
            "Z".to_owned()
        } else {
            format!("{sign}{}:{}", &digits[..2], &digits[2..])
        };
        Some(time.strftime("%Y-%m-%dT%H:%M:%S").to_string() + &zone)
    }
}

/// The parts of `Name <mail> seconds offset`.
fn signed(line: &str) -> (Identity, Time) {
    let (name, rest) = line.split_once('<').unwrap_or((line, ""));
    let (mail, time) = rest.rsplit_once('>').unwrap_or((rest, ""));
    let mut words = time.split_whitespace();
    let seconds = words.next().and_then(|word| word.parse().ok()).filter(|&seconds| seconds >= 0);
    let offset = words.next().filter(|word| is_offset(word)).unwrap_or("+0000").to_owned();
    let none = Identity { name: String::new(), mail: String::new() };
    (Identity::new(name, mail).unwrap_or(none), Time { seconds: seconds.unwrap_or(0), offset })
}

/// True for `+0100`, up to 14 hours.
fn is_offset(word: &str) -> bool {
    let digits = word.strip_prefix(['+', '-']).unwrap_or_default();
    let is_number = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number && &digits[..2] <= "14" && &digits[2..] < "60"
}

/// The URL of a repository to publish: without credentials and parameters, and as a URL, which readers expect, for
/// `git@host:path`. `None` for a path of this machine, and if what remains may have a token in it.
#[must_use]
pub fn public_url(remote: &str) -> Option<String> {
    let remote = remote.trim();
    if remote.contains(|letter: char| letter.is_whitespace() || escape::is_invisible(letter)) {
        return None;
    }
    if let Some((scheme, rest)) = remote.split_once("://") {
        let is_public = matches!(&*scheme.to_ascii_lowercase(), "https" | "http" | "ssh" | "git");
        // A query may have a token, too.
        let public = without_credentials(remote);
        let end = public.find(['?', '#']).unwrap_or(public.len());
        let public = without_parameters(&public[..end]);
        let (_, place) = public.split_once("://")?;
        return (is_public && !rest.is_empty() && !may_have_token(place)).then_some(public);
    }
    let (host, path) = remote.split_once(':')?;
    let is_host = host.len() > 1 && !host.contains('/');
    // In `user:password@host:path`, git takes the user for the host; and it knows neither a query nor a fragment.
    let is_public = !path.contains(['@', '?', '#']);
    let place = without_parameters(&format!("{host}/{}", path.trim_start_matches('/')));
    (is_host && is_public && !path.is_empty() && !may_have_token(&place))
        .then(|| format!("ssh://{place}"))
}

/// A URL without the parameters of its path: what is behind a semicolon, up to the next slash.
fn without_parameters(url: &str) -> String {
    let parts = url.split('/').map(|part| part.split(';').next().unwrap_or_default());
    parts.collect::<Vec<_>>().join("/")
}

/// Names of folders that servers have before a token.
const BEFORE_TOKENS: [&str; 8] = [
    "x-token-auth",
    "token",
    "access_token",
    "access-token",
    "private_token",
    "private-token",
    "apikey",
    "api_key",
];

/// True if the user or the path of `user@host/path` may have a token: if in doubt, a URL is not published.
fn may_have_token(place: &str) -> bool {
    let (host, path) = place.split_once('/').unwrap_or((place, ""));
    let user = host.rsplit_once('@').map_or("", |(user, _)| user);
    let parts: Vec<&str> = path.split('/').collect();
    // The name of a repository may be `token`, and that of its owner.
    let is_behind = parts.windows(3).any(|three| {
        BEFORE_TOKENS.contains(&&*three[0].to_ascii_lowercase()) && !three[1].is_empty()
    });
    let is_login = |part: &str| {
        let part = part.to_ascii_lowercase();
        part.contains([':', '@', '='])
            || ["%3a", "%40", "%3d"].iter().any(|code| part.contains(code))
    };
    is_behind || is_random(user) || parts.into_iter().any(|part| is_login(part) || is_random(part))
}

/// True for a text that has the form of a token, or looks as if it was drawn by lot: a long part in which digits and letters
/// alternate. Ids of projects (`1b4e28ba-2fa1-11d2-883f-0016d3cca427`) are no tokens.
fn is_random(text: &str) -> bool {
    const SHORTEST: usize = 16;
    let alternates = |part: &str| {
        let bytes = part.as_bytes();
        let turns =
            bytes.windows(2).filter(|two| two[0].is_ascii_digit() != two[1].is_ascii_digit());
        part.len() >= SHORTEST && turns.count() >= 3
    };
    let is_prefixed =
        ["ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-", "ATBB", "ATCTT"]
            .iter()
            .any(|start| text.len() >= SHORTEST && text.starts_with(start));
    is_prefixed
        || secret_form(text).is_some()
        || text.split(|letter: char| !letter.is_ascii_alphanumeric()).any(alternates)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";

    fn commit(text: &str) -> SourceCommit {
        SourceCommit::parse(Id::parse(ID.as_bytes()).unwrap(), text.as_bytes())
    }

    #[test]
    fn a_commit_is_told_as_by_argo_cd() {
        let commit = commit(
            "tree 1\nparent 2\nauthor Jane Developer <jane@example.com> 1705314600 +0100\n\
             committer Bot <bot@example.com> 1705314700 -0230\n\nfeat: add a\nnew feature\n\nThis <b> & that\n\nSigned-off-by: Jane\n",
        );
        let expected = format!(
            r#"{{
  "repoURL": "https://github.com/org/repo",
  "drySha": "{ID}",
  "commands": [
    "krender hydrate --all ."
  ],
  "author": "Jane Developer <jane@example.com>",
  "date": "2024-01-15T11:30:00+01:00",
  "subject": "feat: add a new feature",
  "body": "This <b> & that\n\nSigned-off-by: Jane"
}}
"#
        );
        let url = Some("https://github.com/org/repo");
        assert_eq!(commit.metadata(url, "krender hydrate --all ."), expected);
        assert_eq!(commit.note(), format!("{{\"drySha\":\"{ID}\"}}\n"));
        assert_eq!(
            commit.message(url),
            format!(
                "Hydrate e69de29: feat: add a new feature\n\nSource-Commit: {ID}\nSource-Repository: https://github.com/org/repo\n"
            )
        );
        assert_eq!(commit.time(), "1705314700 -0230");
    }

    #[test]
    fn hostile_commits_are_told_safely() {
        let commit = commit(
            "tree 1\nauthor <<>>\n\u{0} 99999999999999999999 +9999\ncommitter x\n\n\u{202e}a\rSource-Commit: 1\u{7}",
        );
        assert_eq!(commit.time(), "0 +0000");
        let message = commit.message(None);
        assert_eq!(message.lines().filter(|line| line.starts_with("Source-Commit: ")).count(), 1);
        assert!(!message.contains(['\u{202e}', '\u{7}', '\r']), "{message:?}");
        let metadata = commit.metadata(None, "x");
        assert!(
            !metadata.contains(['\u{202e}', '\u{7}']) && !metadata.contains("author"),
            "{metadata}"
        );
        let empty = self::commit("");
        assert_eq!(empty.message(None), format!("Hydrate e69de29\n\nSource-Commit: {ID}\n"));
        assert_eq!(Identity::new("a<b>\n", " c@d\0 "), Identity::new("ab", "c@d"));
        assert_eq!(Identity::new("<>", "c@d"), None);
    }

    #[test]
    fn urls_have_no_credentials() {
        for (remote, expected) in [
            ("https://user:token@example.com/a/b.git", Some("https://example.com/a/b.git")),
            ("https://token@example.com/a", Some("https://example.com/a")),
            ("https://example.com/a?private_token=b#c", Some("https://example.com/a")),
            ("git@example.com:a/b.git", Some("ssh://git@example.com/a/b.git")),
            ("ssh://git@example.com/a", Some("ssh://git@example.com/a")),
            ("ssh://git:password@example.com/a", Some("ssh://git@example.com/a")),
            ("https://user:pa/ss@example.com/a", Some("https://example.com/a")),
            ("user:password@example.com:a/b", None),
            ("git@example.com:a?token=b", None),
            ("/srv/git/a", None),
            ("../a", None),
            ("file:///srv/a", None),
            ("ext::sh -c true", None),
            ("C:/a", None),
            ("https://", None),
            ("https://a/\nSource-Commit: 1", None),
            ("", None),
            ("https://example.com/a;token=hunter2/b.git;x", Some("https://example.com/a/b.git")),
            ("git@example.com:a/b.git;token=hunter2", Some("ssh://git@example.com/a/b.git")),
            ("https://example.com/x-token-auth/hunter2/a/b.git", None),
            ("https://example.com/a/token/hunter2/b.git", None),
            ("https://example.com/user:hunter2/b.git", None),
            ("https://example.com/user%3Ahunter2%40host/b.git", None),
            ("https://example.com/glpat-AbCdEfGhIjKlMnOp/b.git", None),
            ("https://example.com/ghp_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5/b", None),
            ("https://example.com/0f9a3c7e1b5d8246af13/b.git", None),
            ("https://dl.example.com/aB3dE5gH7jK9mN1p/org/b.git", None),
            ("ssh://aB3dE5gH7jK9mN1pQ@example.com/a/b", None),
            ("aB3dE5gH7jK9mN1pQ@example.com:a/b", None),
            ("https://github.com/token/token", Some("https://github.com/token/token")),
            (
                "https://github.com/org/a-very-long-name-of-a-repository-2024.git",
                Some("https://github.com/org/a-very-long-name-of-a-repository-2024.git"),
            ),
            (
                "https://github.com/kubernetes-sigs/aws-load-balancer-controller",
                Some("https://github.com/kubernetes-sigs/aws-load-balancer-controller"),
            ),
            (
                "https://dev.azure.com/org/1b4e28ba-2fa1-11d2-883f-0016d3cca427/_git/b",
                Some("https://dev.azure.com/org/1b4e28ba-2fa1-11d2-883f-0016d3cca427/_git/b"),
            ),
            (
                "ssh://APKAEIBAERJR2EXAMPLE@git-codecommit.us-east-1.amazonaws.com/v1/repos/b",
                Some(
                    "ssh://APKAEIBAERJR2EXAMPLE@git-codecommit.us-east-1.amazonaws.com/v1/repos/b",
                ),
            ),
        ] {
            assert_eq!(public_url(remote).as_deref(), expected, "{remote}");
        }
    }
}
