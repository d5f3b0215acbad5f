//! Renders files in memory, and works on the objects: `cargo run --example memory`.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use krender::load::Memory;
use krender::{Options, Renderer};
use serde_json::Value;

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
";

fn main() -> Result<(), Box<dyn Error>> {
    let files = Memory::new()
        .file("base/kustomization.yaml", "resources: [web.yaml]\n")
        .file("base/web.yaml", DEPLOYMENT)
        .file(
            "production/kustomization.yaml",
            "resources: [../base]\nnamespace: production\nreplicas: [{name: web, count: 3}]\n",
        );
    let rendered = Renderer::new(files, Options::default()).render("production")?;
    for object in &rendered.objects {
        let object: Value = serde_json::to_value(object)?;
        println!("{} replicas", object["spec"]["replicas"]);
    }
    // As `kustomize build` prints it.
    print!("{}", rendered.to_yaml()?);
    Ok(())
}
