//! KR-KUS-001: deprecated fields.

use crate::error::Result;
use crate::lint::found::Found;
use crate::lint::scene::Scene;

pub(super) fn find(scene: &Scene<'_>) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for (number, layer) in scene.layers.numbered() {
        found.extend(layer.warnings.iter().map(|warning| {
            let message = warning.failure.message().to_owned();
            let field = message.split('`').nth(1).unwrap_or_default().to_owned();
            let one = Found::at(number, warning.failure.span(), &[&field], message);
            // Variables become replacements only on request: that changes other files, too.
            if field == "vars" { one } else { one.fixable() }
        }));
        if let Some(chart) = layer.written.helm_chart_inflation_generator.first() {
            let field = "helmChartInflationGenerator";
            let span = layer.fields.places.of_field(field).unwrap_or(chart.span);
            let message = format!("`{field}` is deprecated");
            found.push(Found::at(number, span, &[field], message).fixable());
        }
        let maps = layer.written.config_map_generator.iter().map(|one| &one.value);
        let secrets = layer.written.secret_generator.iter().map(|one| &one.value.args);
        let generators = maps.map(|one| ("configMapGenerator", one));
        for (field, args) in generators.chain(secrets.map(|one| ("secretGenerator", one))) {
            if !args.env.is_empty() {
                let message = format!("`env` of the generator `{}` is deprecated", &**args.name);
                let path = [field, &args.name, "env"];
                found.push(Found::at(number, args.env.span, &path, message).fixable());
            }
        }
    }
    Ok(found)
}
