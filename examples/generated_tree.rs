//! Writes a kustomization with a given number of resources, for measuring builds.
//!
//! `cargo run --example generated_tree -- FOLDER RESOURCES [FEATURE]...` writes `FOLDER/base` and `FOLDER/overlay`. A
//! feature is a change that the overlay makes to the resources, such as `prefix`; `all` stands for all of them.
#![allow(clippy::disallowed_methods, reason = "files are what it is for")]

#[path = "../benches/tree/mod.rs"]
mod tree;

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use tree::Feature;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder, resources, names @ ..] = arguments.as_slice() else {
        return Err("usage: generated_tree FOLDER RESOURCES [FEATURE]...".into());
    };
    for (path, text) in tree::files(resources.parse()?, &features(names)?) {
        let path = Path::new(folder).join(path);
        fs::create_dir_all(path.parent().ok_or("a file stands in a folder")?)?;
        fs::write(path, text)?;
    }
    Ok(())
}

fn features(names: &[String]) -> Result<Vec<Feature>, String> {
    if names.iter().any(|name| name == "all") {
        return Ok(Feature::ALL.to_vec());
    }
    let named = |name: &String| Feature::ALL.into_iter().find(|feature| feature.name() == name);
    names.iter().map(|name| named(name).ok_or(format!("there is no feature `{name}`"))).collect()
}
