//! Renders a kustomization on disk: `cargo run --example render DIR` prints what `krender build DIR` prints.
#![expect(
    clippy::disallowed_methods,
    reason = "a program reads its arguments and its working directory"
)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use std::process::ExitCode;

use krender::load::Disk;
use krender::{Options, Renderer};

fn main() -> ExitCode {
    let directory = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let working_directory = std::env::current_dir().unwrap_or_default();
    // One renderer serves any number of directories, in sequence or in parallel: it reads each file once.
    let renderer = Renderer::new(Disk, Options::default().working_directory(working_directory));
    let rendered = renderer.render(&directory).and_then(|rendered| {
        for warning in &rendered.warnings {
            eprintln!("warning: {}", warning.failure);
        }
        rendered.to_yaml()
    });
    match rendered {
        Ok(yaml) => {
            print!("{yaml}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprint!("{}", error.display(renderer.sources()));
            ExitCode::FAILURE
        }
    }
}
