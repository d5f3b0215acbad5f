//! Shows the errors of a render, with a deadline: `cargo run --example errors`.
#![expect(clippy::disallowed_methods, reason = "a deadline needs the clock")]
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::time::{Duration, Instant};

use krender::error::Code;
use krender::load::Memory;
use krender::{Options, Renderer};

fn main() {
    let files = Memory::new()
        .file("kustomization.yaml", "resources:\n- servcie.yaml\n- deployment.yaml\n")
        .file("service.yaml", "{apiVersion: v1, kind: Service, metadata: {name: web}}\n");
    let deadline = Instant::now() + Duration::from_secs(60);
    let options = Options::default().cancel_when(move || Instant::now() >= deadline);
    let renderer = Renderer::new(files, options);
    let Err(error) = renderer.render(".") else { return };
    // For programs: codes and positions.
    for error in error.iter() {
        let place = renderer.sources().locate(error.span());
        let line = place.map(|place| place.line).unwrap_or_default();
        match error.code() {
            Code::Cancelled => println!("too late"),
            code => println!("line {line}: {code}"),
        }
    }
    // For people: with the source text and advice.
    print!("{}", error.display(renderer.sources()));
}
