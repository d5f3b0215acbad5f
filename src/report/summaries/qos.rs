//! The classes of quality of service of all pods, each with the reason.

use serde_json::{Value, json};

use super::sheet::{Chart, Form, Sheet, Table, Tone, numbers, range, words};
use super::summary::{Summarized, Summary, rendered};
use super::told::{location, object, place, title};
use crate::harden::{Capacity, Quality, Workload};
use crate::source::Sources;

/// The classes, the first to be evicted first.
const CLASSES: [(Quality, Tone); 3] = [
    (Quality::Guaranteed, Tone::Good),
    (Quality::Burstable, Tone::Middle),
    (Quality::BestEffort, Tone::Bad),
];

/// Summarizes the quality of service of the pods of all targets.
#[must_use]
pub fn qos(targets: &[Summarized<Capacity>], sources: &Sources) -> Summary {
    let mut rows = Vec::new();
    let (mut counts, mut all) = (Vec::new(), [0_u64; 3]);
    let mut documents = Vec::new();
    for (target, capacity) in rendered(targets) {
        let mut workloads: Vec<&Workload> = capacity.workloads.iter().collect();
        workloads.sort_by_key(|one| one.quality);
        let count = CLASSES
            .map(|(class, _)| workloads.iter().filter(|one| one.quality == class).count() as u64);
        for (sum, count) in all.iter_mut().zip(count) {
            *sum += count;
        }
        counts.push((target.to_owned(), count.to_vec()));
        rows.extend(workloads.iter().map(|one| {
            vec![
                target.to_owned(),
                one.namespace.clone(),
                workload(one),
                one.quality.to_string(),
                range(&one.copies.least, &one.copies.most),
                one.reason.clone(),
                place(one.span, sources),
            ]
        }));
        let pods = workloads.iter().map(|one| pod(one, sources)).collect::<Vec<Value>>();
        documents.push(json!({ "target": target, "pods": pods }));
    }
    let mut sheet = Sheet { name: "qos", title: "Quality of service", ..Sheet::default() };
    let figures = CLASSES.iter().zip(all);
    sheet.figures =
        figures.map(|((class, _), count)| (count.to_string(), class.to_string())).collect();
    sheet.charts.push(Chart {
        title: "Workloads by class".to_owned(),
        form: Form::Parts {
            series: CLASSES.map(|(class, tone)| (class.as_str(), tone)).to_vec(),
            rows: counts.clone(),
        },
    });
    let columns = vec![
        words("target"),
        words("namespace"),
        words("workload"),
        words("class"),
        numbers("pods"),
        words("reason"),
        words("place"),
    ];
    sheet.tables.push(Table { columns, rows, ..Table::default() });
    let columns =
        [words("target")].into_iter().chain(CLASSES.map(|(class, _)| numbers(class.as_str())));
    let row = |(target, counts): (String, Vec<u64>)| {
        [target].into_iter().chain(counts.iter().map(u64::to_string)).collect()
    };
    if counts.len() > 1 {
        let rows = counts.into_iter().map(row).collect();
        sheet.tables.push(Table { columns: columns.collect(), rows, ..Table::default() });
    }
    Summary::new(sheet, documents.into(), targets)
}

/// The name of a workload, with the part of the object that has the pods.
pub(super) fn workload(workload: &Workload) -> String {
    match &*workload.part {
        "" => title(&workload.object),
        part => format!("{} {part}", title(&workload.object)),
    }
}

fn pod(workload: &Workload, sources: &Sources) -> Value {
    json!({
        "object": object(&workload.object),
        "namespace": workload.namespace,
        "part": workload.part,
        "class": workload.quality.as_str(),
        "reason": workload.reason,
        "pods": { "min": workload.copies.least, "max": workload.copies.most, "by": workload.copies.counted.as_str() },
        "location": location(workload.span, sources),
    })
}
