//! Archives: several files in one input.

use krender::load::Memory;

/// Splits an archive into paths and contents. A line `-- PATH --` precedes the content of each file; text before the
/// first such line belongs to `first`.
pub(crate) fn split(archive: &[u8], first: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![(first.to_owned(), Vec::new())];
    for line in archive.split_inclusive(|&byte| byte == b'\n') {
        let name = std::str::from_utf8(line)
            .ok()
            .and_then(|line| line.trim_end().strip_prefix("-- ")?.strip_suffix(" --"));
        match (name, files.last_mut()) {
            (Some(name), _) => files.push((name.to_owned(), Vec::new())),
            (None, Some((_, content))) => content.extend_from_slice(line),
            (None, None) => {}
        }
    }
    files
}

/// The files of an archive, in memory.
pub(crate) fn files(archive: &[u8], first: &str) -> Memory {
    let files = split(archive, first);
    files.into_iter().fold(Memory::new(), |memory, (path, content)| memory.file(path, content))
}
