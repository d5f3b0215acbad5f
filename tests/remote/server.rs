//! An HTTP server on this machine, with faults.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// The bytes that were sent of answers without an end, in all tests.
pub(crate) static SENT: AtomicU64 = AtomicU64::new(0);
/// The number of bytes after which such an answer ends, so that a failing test ends too.
const MOST_SENT: u64 = 4 << 30;

/// The answer to a request: by the path, the lines of the request, and the number of the request.
type Answers = dyn Fn(&str, &[String], usize) -> Answer + Send + Sync;

/// An answer.
pub(crate) enum Answer {
    /// A status line, headers and a body, whose length is told.
    Whole(&'static str, Vec<String>, Vec<u8>),
    /// Bytes as they are, after which the connection is closed.
    Raw(Vec<u8>),
    /// The first bytes, and others after them until the client has had enough.
    Endless(Vec<u8>, Vec<u8>),
    /// Keeps the connection open without an answer.
    Silence,
}

/// A file.
pub(crate) fn file(text: impl Into<Vec<u8>>) -> Answer {
    Answer::Whole("200 OK", Vec::new(), text.into())
}

/// A status without a body.
pub(crate) fn status(line: &'static str) -> Answer {
    Answer::Whole(line, Vec::new(), Vec::new())
}

/// A redirect.
pub(crate) fn redirect(to: &str) -> Answer {
    Answer::Whole("302 Found", vec![format!("Location: {to}")], Vec::new())
}

/// A server that runs until the process ends.
pub(crate) struct Server {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn new(
        answers: impl Fn(&str, &[String], usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (requests, answers): (Arc<Mutex<Vec<String>>>, Arc<Answers>) =
            (Arc::default(), Arc::new(answers));
        let log = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answers, log) = (Arc::clone(&answers), Arc::clone(&log));
                thread::spawn(move || drop(serve(&stream, &*answers, &log)));
            }
        });
        Self { url, requests }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.url)
    }

    /// The paths of the requests since the last call.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

fn serve(stream: &TcpStream, answers: &Answers, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let path = lines[0].split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    let number = {
        let mut log = log.lock().unwrap();
        log.push(path.clone());
        log.iter().filter(|known| **known == path).count()
    };
    let mut stream = stream;
    match answers(&path, &lines, number) {
        Answer::Whole(status, headers, body) => {
            let length = format!("Content-Length: {}", body.len());
            let headers = [headers, vec![length, "Connection: close".to_owned()]].concat();
            write!(stream, "HTTP/1.1 {status}\r\n{}\r\n\r\n", headers.join("\r\n"))?;
            stream.write_all(&body)
        }
        Answer::Raw(bytes) => stream.write_all(&bytes),
        Answer::Endless(head, part) => {
            stream.write_all(&head)?;
            // What the client does not take ends the connection.
            stream.set_write_timeout(Some(std::time::Duration::from_secs(20)))?;
            while SENT.fetch_add(part.len() as u64, Ordering::Relaxed) < MOST_SENT {
                stream.write_all(&part)?;
            }
            Ok(())
        }
        Answer::Silence => {
            thread::sleep(std::time::Duration::from_secs(60));
            Ok(())
        }
    }
}
