//! Requests and limits of each target and namespace, and the quotas that they meet.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::qos::workload;
use super::sheet::{Chart, Column, Form, Meter, Range, Sheet, Table, numbers, range, words};
use super::summary::{Summarized, Summary, rendered};
use super::told::{location, object, place};
use crate::harden::{Capacity, Counted, Hard, Quota, Workload};
use crate::resource::Quantity;
use crate::source::Sources;

/// The unit of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// A row for each namespace of a target.
    #[default]
    Namespace,
    /// A row for each workload.
    Workload,
}

/// Sums of some workloads.
#[derive(Clone, Debug, Default)]
struct Sums {
    pods: (u64, u64),
    /// Requests and limits by the name of the resource: the least and the most.
    requests: BTreeMap<String, (Quantity, Quantity)>,
    limits: BTreeMap<String, (Quantity, Quantity)>,
    has_free_cpu: bool,
    has_free_memory: bool,
    has_agents: bool,
}

impl Sums {
    fn add(&mut self, workload: &Workload) {
        let copies = workload.copies;
        self.pods.0 = self.pods.0.saturating_add(copies.least);
        self.pods.1 = self.pods.1.saturating_add(copies.most);
        for (amounts, sums) in
            [(&workload.requests, &mut self.requests), (&workload.limits, &mut self.limits)]
        {
            for (name, amount) in amounts {
                let sum = sums.entry(name.clone()).or_insert((Quantity::ZERO, Quantity::ZERO));
                sum.0 = sum.0.plus(times(*amount, copies.least));
                sum.1 = sum.1.plus(times(*amount, copies.most));
            }
        }
        self.has_free_cpu |= workload.has_free_cpu;
        self.has_free_memory |= workload.has_free_memory;
        self.has_agents |= copies.counted == Counted::Nodes;
    }

    /// Numbers of pods, CPU and memory, as cells.
    fn cells(&self) -> [String; 5] {
        let none = (Quantity::ZERO, Quantity::ZERO);
        let sum = |sums: &BTreeMap<String, (Quantity, Quantity)>, name| {
            sums.get(name).copied().unwrap_or(none)
        };
        let limit = |name, is_free: bool, told: String| {
            let is_any = self.limits.get(name).is_some_and(|(_, most)| most.is_positive());
            match (is_free, is_any) {
                (false, _) => told,
                (true, true) => format!("{told}+"),
                (true, false) => "none".to_owned(),
            }
        };
        let mark = if self.has_agents { "*" } else { "" };
        [
            range(&self.pods.0, &self.pods.1) + mark,
            cpu(sum(&self.requests, "cpu")),
            limit("cpu", self.has_free_cpu, cpu(sum(&self.limits, "cpu"))),
            memory(sum(&self.requests, "memory")),
            limit("memory", self.has_free_memory, memory(sum(&self.limits, "memory"))),
        ]
    }

    fn json(&self) -> Map<String, Value> {
        let amounts = |sums: &BTreeMap<String, (Quantity, Quantity)>| -> Value {
            let told = |(name, (least, most)): (&String, &(Quantity, Quantity))| {
                (name.clone(), json!({ "min": amount(name, *least), "max": amount(name, *most) }))
            };
            sums.iter().map(told).collect::<Map<String, Value>>().into()
        };
        let mut fields = Map::new();
        fields.insert("pods".into(), json!({ "min": self.pods.0, "max": self.pods.1 }));
        fields.insert("requests".into(), amounts(&self.requests));
        fields.insert("limits".into(), amounts(&self.limits));
        fields.insert("withoutCpuLimit".into(), self.has_free_cpu.into());
        fields.insert("withoutMemoryLimit".into(), self.has_free_memory.into());
        fields
    }
}

fn times(amount: Quantity, copies: u64) -> Quantity {
    amount.times(i64::try_from(copies).unwrap_or(i64::MAX))
}

fn cpu((least, most): (Quantity, Quantity)) -> String {
    range(&cores(least), &cores(most))
}

/// An amount of CPU: `250m`, `2`, `9.6`.
fn cores(amount: Quantity) -> String {
    let text = amount.thousandths();
    let thousandths = text.strip_suffix('m').and_then(|text| text.parse::<i64>().ok());
    match thousandths.filter(|thousandths| *thousandths > 1000) {
        None => text,
        Some(thousandths) => {
            let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
            text.trim_end_matches('0').to_owned()
        }
    }
}

fn memory((least, most): (Quantity, Quantity)) -> String {
    range(&least.bytes(), &most.bytes())
}

/// A quantity in the unit that is usual for a resource.
fn amount(name: &str, amount: Quantity) -> String {
    let is_bytes =
        name.ends_with("memory") || name.ends_with("storage") || name.contains("hugepages-");
    if is_bytes { amount.bytes() } else { cores(amount) }
}

const NUMBERS: [Column; 5] = [
    numbers("pods"),
    numbers("cpu requests"),
    numbers("cpu limits"),
    numbers("memory requests"),
    numbers("memory limits"),
];

/// Summarizes the resources that all targets ask for.
#[must_use]
pub fn resources(targets: &[Summarized<Capacity>], by: By, sources: &Sources) -> Summary {
    let mut sheet = Sheet { name: "resources", title: "Resources", ..Sheet::default() };
    let (mut rows, mut of_workloads, mut quotas) = (Vec::new(), Vec::new(), Vec::new());
    let (mut cpus, mut memories, mut meters) = (Vec::new(), Vec::new(), Vec::new());
    let (mut documents, mut all) = (Vec::new(), Sums::default());
    let is_one = rendered(targets).count() == 1;
    for (target, capacity) in rendered(targets) {
        let mut namespaces: BTreeMap<&str, Sums> = BTreeMap::new();
        for workload in &capacity.workloads {
            namespaces.entry(&workload.namespace).or_default().add(workload);
            all.add(workload);
            of_workloads.push(row_of_workload(target, workload, sources));
        }
        for (namespace, sums) in &namespaces {
            let cells = sums.cells();
            let label =
                if is_one { (*namespace).to_owned() } else { format!("{target} · {namespace}") };
            cpus.extend(bar(&label, sums, "cpu", &cells[1]));
            memories.extend(bar(&label, sums, "memory", &cells[3]));
            rows.push(
                [target.to_owned(), (*namespace).to_owned()].into_iter().chain(cells).collect(),
            );
        }
        for quota in &capacity.quotas {
            for hard in &quota.hard {
                quotas.push(row_of_quota(target, quota, hard));
                meters.extend(meter(target, quota, hard, is_one));
            }
        }
        documents.push(document(target, capacity, &namespaces, sources));
    }
    let [pods, cpu, _, memory, _] = all.cells();
    sheet.figures = vec![
        (pods.clone(), if pods == "1" { "pod" } else { "pods" }.to_owned()),
        (cpu, "CPU requested".to_owned()),
        (memory, "memory requested".to_owned()),
    ];
    for (title, ranges) in [("CPU requests", cpus), ("Memory requests", memories)] {
        sheet.charts.push(Chart { title: title.to_owned(), form: Form::Ranges(ranges) });
    }
    if !meters.is_empty() {
        let form = Form::Meters(meters);
        sheet.charts.push(Chart { title: "Quotas".to_owned(), form });
    }
    let columns = [words("target"), words("namespace")].into_iter().chain(NUMBERS).collect();
    let namespaces = Table { columns, rows, ..Table::default() };
    let columns = [words("target"), words("namespace"), words("workload"), words("by")];
    let columns = columns.into_iter().chain(NUMBERS).chain([words("place")]).collect();
    let workloads = Table { columns, rows: of_workloads, ..Table::default() };
    sheet.tables = match by {
        By::Namespace => {
            vec![namespaces, Table { title: "Workloads".to_owned(), is_of_page: true, ..workloads }]
        }
        By::Workload => vec![
            workloads,
            Table { title: "Namespaces".to_owned(), is_of_page: true, ..namespaces },
        ],
    };
    if !quotas.is_empty() {
        let columns = vec![
            words("target"),
            words("namespace"),
            words("quota"),
            words("resource"),
            numbers("used"),
            numbers("hard"),
            words("share"),
        ];
        sheet.tables.insert(
            1,
            Table { title: "Quotas".to_owned(), columns, rows: quotas, ..Table::default() },
        );
    }
    sheet.notes = notes(&all);
    Summary::new(sheet, documents.into(), targets)
}

fn notes(all: &Sums) -> Vec<&'static str> {
    let mut notes = Vec::new();
    if all.has_free_cpu || all.has_free_memory {
        notes.push("+ and none: containers without a limit may use more");
    }
    if all.has_agents {
        notes.push("* with agents, counted once for each node (`--nodes`)");
    }
    notes
}

fn row_of_workload(target: &str, one: &Workload, sources: &Sources) -> Vec<String> {
    let mut sums = Sums::default();
    sums.add(one);
    let names = [
        target.to_owned(),
        one.namespace.clone(),
        workload(one),
        one.copies.counted.as_str().to_owned(),
    ];
    names.into_iter().chain(sums.cells()).chain([place(one.span, sources)]).collect()
}

fn bar(label: &str, sums: &Sums, name: &str, words: &str) -> Option<Range> {
    let (least, most) = sums.requests.get(name)?;
    Some(Range {
        label: label.to_owned(),
        least: least.as_f64(),
        most: most.as_f64(),
        words: words.to_owned(),
    })
}

/// The number of signs of a bar in text.
const SIGNS: usize = 20;

/// The part of a limit as a number from 0 to `whole`, rounded down so that only a full bar is full.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the bounds are checked"
)]
fn share(used: Quantity, hard: Quantity, whole: usize) -> usize {
    if !hard.is_positive() {
        return if used.is_positive() { whole } else { 0 };
    }
    let share = used.as_f64() / hard.as_f64() * whole as f64;
    share.clamp(0.0, 1e9) as usize
}

fn row_of_quota(target: &str, quota: &Quota, hard: &Hard) -> Vec<String> {
    let told = |value| amount(&hard.name, value);
    let (used, bar) = match hard.used {
        Some((least, most)) => {
            let (low, high) = (
                share(least, hard.hard, SIGNS).min(SIGNS),
                share(most, hard.hard, SIGNS).min(SIGNS),
            );
            let percent = share(most, hard.hard, 100);
            let bar = format!(
                "{}{}{} {percent} %{}",
                "█".repeat(low),
                "▒".repeat(high - low),
                "·".repeat(SIGNS - high),
                if most > hard.hard { " exceeded" } else { "" }
            );
            (range(&told(least), &told(most)), bar)
        }
        None if quota.is_scoped => ("?".to_owned(), "counts only some pods".to_owned()),
        None => ("?".to_owned(), "is not computed".to_owned()),
    };
    vec![
        target.to_owned(),
        quota.namespace.clone(),
        quota.object.name.as_str().to_owned(),
        hard.name.clone(),
        used,
        told(hard.hard),
        bar,
    ]
}

fn meter(target: &str, quota: &Quota, hard: &Hard, is_one: bool) -> Option<Meter> {
    let (least, most) = hard.used?;
    let told = |value| amount(&hard.name, value);
    let name = format!("{} · {}", quota.namespace, hard.name);
    Some(Meter {
        label: if is_one { name } else { format!("{target} · {name}") },
        least: least.as_f64(),
        most: most.as_f64(),
        hard: hard.hard.as_f64(),
        words: format!("{} of {}", range(&told(least), &told(most)), told(hard.hard)),
    })
}

fn document(
    target: &str,
    capacity: &Capacity,
    namespaces: &BTreeMap<&str, Sums>,
    sources: &Sources,
) -> Value {
    let namespaces = namespaces.iter().map(|(namespace, sums)| {
        let mut fields = sums.json();
        fields.insert("namespace".into(), (*namespace).into());
        Value::from(fields)
    });
    let workloads = capacity.workloads.iter().map(|one| {
        let mut sums = Sums::default();
        sums.add(one);
        let mut fields = sums.json();
        fields.insert("object".into(), object(&one.object));
        fields.insert("namespace".into(), one.namespace.as_str().into());
        fields.insert("part".into(), one.part.as_str().into());
        fields.insert("by".into(), one.copies.counted.as_str().into());
        fields.insert("location".into(), location(one.span, sources));
        Value::from(fields)
    });
    let quotas = capacity.quotas.iter().map(|quota| {
        let hard = quota.hard.iter().map(|hard| {
            let used = hard.used.map(|(least, most)| {
                json!({ "min": amount(&hard.name, least), "max": amount(&hard.name, most) })
            });
            json!({
                "resource": hard.name,
                "hard": amount(&hard.name, hard.hard),
                "used": used,
                "exceeded": hard.used.is_some_and(|(_, most)| most > hard.hard),
            })
        });
        json!({
            "object": object(&quota.object),
            "namespace": quota.namespace,
            "scoped": quota.is_scoped,
            "hard": hard.collect::<Vec<_>>(),
            "location": location(quota.span, sources),
        })
    });
    json!({
        "target": target,
        "namespaces": namespaces.collect::<Vec<_>>(),
        "workloads": workloads.collect::<Vec<_>>(),
        "quotas": quotas.collect::<Vec<_>>(),
    })
}
