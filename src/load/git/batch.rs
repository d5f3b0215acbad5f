//! One `git cat-file --batch` that is asked for objects as they are needed.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::Id;
use crate::load::files::LARGEST_FILE;

/// A running `git cat-file --batch`: it is asked by lines, and answers in order.
pub(super) struct Batch {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// An object that was asked for.
pub(super) struct Object {
    pub(super) id: Id,
    pub(super) bytes: Vec<u8>,
}

/// So many are asked for before answers are read: less text than a pipe holds, so that nobody waits for the other.
const ASKED_AT_ONCE: usize = 64;

impl Batch {
    /// Starts it: `git` is the command to which words are added.
    pub(super) fn start(mut git: Command) -> io::Result<Self> {
        let mut process = git
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (input, output) = (process.stdin.take(), process.stdout.take());
        let output = output.ok_or(ErrorKind::BrokenPipe)?;
        Ok(Self { process, input, output: BufReader::with_capacity(1 << 16, output) })
    }

    /// The objects of these names; nothing for those that do not exist.
    pub(super) fn ask(
        &mut self,
        names: impl Iterator<Item = String>,
    ) -> io::Result<Vec<Option<Object>>> {
        let names: Vec<String> = names.collect();
        let mut objects = Vec::with_capacity(names.len());
        for names in names.chunks(ASKED_AT_ONCE) {
            let input = self.input.as_mut().ok_or(ErrorKind::BrokenPipe)?;
            input.write_all((names.join("\n") + "\n").as_bytes())?;
            input.flush()?;
            for _ in names {
                let answer = self.answer();
                if answer.is_err() {
                    // Where the next answer begins is not known any more.
                    self.input = None;
                }
                objects.push(answer?);
            }
        }
        Ok(objects)
    }

    /// `id kind size`, a newline, the content and a newline; or `name missing`.
    fn answer(&mut self) -> io::Result<Option<Object>> {
        let mut head = String::new();
        if self.output.read_line(&mut head)? == 0 {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "it ended before it answered"));
        }
        let words: Vec<&str> = head.split_whitespace().collect();
        let [id, _, size] = words[..] else { return Ok(None) };
        let (Some(id), Ok(size)) = (bytes(id), size.parse::<u64>()) else { return Ok(None) };
        if size > LARGEST_FILE {
            return Err(ErrorKind::FileTooLarge.into());
        }
        let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
        (&mut self.output).take(size + 1).read_to_end(&mut content)?;
        if content.pop() != Some(b'\n') {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(Some(Object { id, bytes: content }))
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // It ends with its input; nobody is left to hear how.
        self.input = None;
        drop(self.process.wait());
    }
}

/// The name of an object as git writes it.
pub(super) fn hexadecimal(id: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |bits: u8| char::from(DIGITS[usize::from(bits & 0xF)]);
    id.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte)]).collect()
}

fn bytes(id: &str) -> Option<Id> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let is_whole = id.len() >= 2 && id.len().is_multiple_of(2);
    if is_whole { id.as_bytes().chunks(2).map(pair).collect() } else { None }
}
