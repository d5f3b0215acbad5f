//! `krender schema`: the JSON Schema of configurations, for editors and other programs.

use clap::Args;
use serde_json::{Map, Value, json};

use crate::error::{Code, Error, Result};
use crate::harden::{Rule, SCHEMA, rules};

/// Print the JSON Schema of `.krender.yaml`
///
/// Editors that know the schema complete the fields and the rules of a configuration, and mark mistakes. It also describes
/// the documents `HardeningTransformer` and `HardeningValidator`.
#[derive(Args)]
pub(super) struct SchemaCommand {}

impl SchemaCommand {
    /// Prints the schema.
    pub(super) fn run(&self) -> Result<()> {
        let Self {} = self;
        super::print(&format!("{:#}\n", schema()?))
    }
}

/// The schema with an entry for each rule, by id and by name.
fn schema() -> Result<Value> {
    let mut schema: Value = serde_json::from_str(SCHEMA).map_err(|error| {
        Error::new(Code::InvalidValue, format!("the built-in schema is no JSON: {error}"))
    })?;
    let named = rules().flat_map(|rule| [(rule.id, rule), (rule.name, rule)]);
    let entry = |(name, rule): (&str, &Rule)| {
        let text = format!("{}: {}", rule.title(), rule.summary());
        // A reference would hide its neighbours in this version of JSON Schema.
        (name.to_owned(), json!({"allOf": [{"$ref": "#/definitions/rule"}], "description": text}))
    };
    let entries: Map<String, Value> = named.map(entry).collect();
    if let Some(rules) = schema.pointer_mut("/definitions/spec/properties/rules") {
        rules["properties"] = Value::Object(entries);
    }
    Ok(schema)
}
