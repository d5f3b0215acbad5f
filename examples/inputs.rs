//! Lists the files that a render reads, to know when its result may change: `cargo run --example inputs DIR`.
#![expect(
    clippy::disallowed_methods,
    reason = "a program reads its arguments and its working directory"
)]
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use krender::load::{Disk, Kind};
use krender::{Options, Renderer};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let options = Options::default().working_directory(std::env::current_dir()?);
    let rendered = Renderer::new(Disk, options).render(&directory)?;
    for input in rendered.inputs.iter().filter(|input| input.kind == Kind::File) {
        println!("{}", input.path.display());
    }
    Ok(())
}
