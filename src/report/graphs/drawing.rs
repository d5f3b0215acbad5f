//! The graph for programs that draw: Graphviz and Mermaid.
//!
//! Kustomizations are boxes, and the files, patches, charts and settings of each are leaves. A graph with many edges shows
//! kustomizations only.

use std::borrow::Cow;
use std::fmt::Write;

use super::words::{effect, label, name, objects};
use crate::graph::{Graph, LeadsTo};
use crate::text::escape::visible;
use crate::text::phrase::counted;

/// The number of edges from which on leaves are left out: Mermaid draws no more.
const MOST_EDGES: usize = 400;

/// The drawing of a graph.
struct Drawing {
    nodes: Vec<Drawn>,
    edges: Vec<Edge>,
}

struct Drawn {
    id: String,
    lines: Vec<String>,
    shape: Shape,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Target,
    Kustomization,
    Component,
    Remote,
    Chart,
    Leaf,
}

struct Edge {
    from: String,
    to: String,
    label: String,
}

impl Drawing {
    fn of(graph: &Graph) -> Self {
        let edges: usize = graph.layers.iter().map(|layer| layer.entries.len()).sum();
        let has_leaves = edges <= MOST_EDGES;
        let mut drawing = Self { nodes: Vec::new(), edges: Vec::new() };
        for (number, layer) in graph.layers.iter().enumerate() {
            let target = graph.targets.iter().find(|target| target.layer == number);
            let shape = match layer {
                _ if target.is_some() => Shape::Target,
                layer if layer.is_component => Shape::Component,
                layer if layer.is_remote => Shape::Remote,
                _ => Shape::Kustomization,
            };
            let mut lines = vec![name(layer)];
            lines.extend(match target {
                Some(target) => Some(objects(target.objects)),
                None if layer.is_component => Some("component".to_owned()),
                None => layer.objects.map(|count| counted(count, "object")),
            });
            let id = format!("k{number}");
            drawing.nodes.push(Drawn { id: id.clone(), lines, shape });
            drawing.entries(graph, number, &id, has_leaves);
        }
        drawing
    }

    fn entries(&mut self, graph: &Graph, number: usize, from: &str, has_leaves: bool) {
        let entries = graph.layers.get(number).map_or(&[][..], |layer| &layer.entries);
        for (place, entry) in entries.iter().enumerate() {
            let (to, words) = match entry.leads_to {
                LeadsTo::Layer(below) => {
                    let field = entry.field.as_str();
                    let words = [if field == "resources" { "" } else { field }, &effect(entry)];
                    let words: Vec<&str> =
                        words.into_iter().filter(|words| !words.is_empty()).collect();
                    (format!("k{below}"), words.join(": "))
                }
                _ if !has_leaves => continue,
                leads_to => {
                    let to = format!("{from}e{place}");
                    let shape = match leads_to {
                        LeadsTo::Chart => Shape::Chart,
                        LeadsTo::Remote => Shape::Remote,
                        _ => Shape::Leaf,
                    };
                    let lines = vec![label(entry)];
                    self.nodes.push(Drawn { id: to.clone(), lines, shape });
                    (to, effect(entry))
                }
            };
            self.edges.push(Edge { from: from.to_owned(), to, label: words });
        }
    }
}

/// The graph in the language of Graphviz.
#[must_use]
pub fn dot(graph: &Graph) -> String {
    let Drawing { nodes, edges } = Drawing::of(graph);
    let mut out = String::from(
        "digraph kustomizations {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n",
    );
    let quoted = |text: &str| visible(text).replace('\\', "\\\\").replace('"', "\\\"");
    for Drawn { id, lines, shape } in &nodes {
        let lines: Vec<String> = lines.iter().map(|line| quoted(line)).collect();
        let style = match shape {
            Shape::Target => ", style=bold",
            Shape::Kustomization => "",
            Shape::Component => ", shape=component",
            Shape::Remote => ", style=dashed",
            Shape::Chart => ", shape=tab",
            Shape::Leaf => ", shape=plaintext",
        };
        let _ = writeln!(out, "  {id} [label=\"{}\"{style}];", lines.join("\\n"));
    }
    for Edge { from, to, label } in &edges {
        let label = if label.is_empty() {
            String::new()
        } else {
            format!(" [label=\"{}\"]", quoted(label))
        };
        let _ = writeln!(out, "  {from} -> {to}{label};");
    }
    out + "}\n"
}

/// The graph in the language of Mermaid.
#[must_use]
pub fn mermaid(graph: &Graph) -> String {
    let Drawing { nodes, edges } = Drawing::of(graph);
    let mut out = String::from("flowchart LR\n");
    for Drawn { id, lines, shape } in &nodes {
        let lines: Vec<Cow<'_, str>> = lines.iter().map(|line| for_mermaid(line)).collect();
        let (open, close) = match shape {
            Shape::Target => ("([", "])"),
            Shape::Kustomization => ("[", "]"),
            Shape::Component => ("[[", "]]"),
            Shape::Remote => ("{{", "}}"),
            Shape::Chart => ("[(", ")]"),
            Shape::Leaf => ("(", ")"),
        };
        let _ = writeln!(out, "  {id}{open}\"{}\"{close}", lines.join("<br>"));
    }
    for Edge { from, to, label } in &edges {
        let label = match label.is_empty() {
            true => String::new(),
            false => format!("|\"{}\"|", for_mermaid(label)),
        };
        let _ = writeln!(out, "  {from} -->{label} {to}");
    }
    out
}

/// Text in quotes, in which characters with a meaning in Mermaid, Markdown or HTML are written as entities.
fn for_mermaid(text: &str) -> Cow<'_, str> {
    let is_plain =
        |character: char| character.is_alphanumeric() || " .,:/[]()-".contains(character);
    let text = visible(text);
    if text.chars().all(is_plain) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match is_plain(character) {
            true => escaped.push(character),
            false => {
                let _ = write!(escaped, "#{};", u32::from(character));
            }
        }
    }
    Cow::Owned(escaped)
}
