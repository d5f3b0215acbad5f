//! Renders a kustomization from a program: `cargo run --example render DIR` prints what `krender build DIR` prints.
#![expect(
    clippy::disallowed_methods,
    reason = "a program reads its arguments and its working directory"
)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use std::process::ExitCode;

use krender::build;
use krender::load::{Disk, Loader, Options, Restrictor};

fn main() -> ExitCode {
    let directory = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let options = Options {
        restrictor: Restrictor::RootOnly,
        working_directory: std::env::current_dir().unwrap_or_default(),
        ..Options::default()
    };
    // One loader serves any number of builds, in sequence or in parallel: it reads each file once.
    let loader = Loader::new(Disk, options);
    let rendered = build::build(&loader, &directory, &build::Options::default())
        .and_then(|output| output.resources.to_yaml());
    match rendered {
        Ok(yaml) => {
            print!("{yaml}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            for failure in error.iter() {
                if let Some(place) = loader.sources().locate(failure.span()) {
                    eprint!("{}:{}:{}: ", place.source.name(), place.line, place.column);
                }
                eprintln!("{}: {}", failure.code(), failure.message());
            }
            ExitCode::FAILURE
        }
    }
}
