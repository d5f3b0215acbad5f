//! Creates a file of `src/schema/data` from the OpenAPI document of a version of Kubernetes: `cargo run --example
//! schema-data swagger.json > src/schema/data/v1.36.1.txt`. Then add a line to `src/schema/data.rs`.
#![expect(
    clippy::disallowed_methods,
    reason = "a tool for the workbench, not a part of the program"
)]

use std::error::Error;
use std::io::Write;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name the swagger.json of a version of Kubernetes")?;
    let source = krender::source::Sources::new().add(path.as_str(), std::fs::read(&path)?)?;
    let document = krender::yaml::parse::document(&source)?.ok_or("the document is empty")?;
    std::io::stdout().write_all(krender::schema::compile(&document.root)?.as_bytes())?;
    Ok(())
}
