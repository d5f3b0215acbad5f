//! Anchors and aliases, which are resolved during parsing: a document contains none of them.
//!
//! Aliases share the nodes that they refer to, so an expansion costs little here. Writing the document costs: the
//! expanded nodes are counted, and a document made to explode ends in an error.

use super::document::MAX_EXPANDED_NODES;
use super::reader::{Anchor, Reader};
use crate::error::{Code, Error, Result};
use crate::limits::Limit;
use crate::yaml::node::{NODE_BYTES, Node};
use crate::yaml::tokens::TokenKind;

impl<'s, const WIDE: bool, const RECORD: bool> Reader<'s, WIDE, RECORD> {
    /// The node that an alias refers to.
    pub(super) fn alias(&mut self) -> Result<Node> {
        let start = self.position;
        let name = self.anchor_name()?;
        let span = self.span(start, self.position);
        self.note(TokenKind::Alias, start, self.position);
        if RECORD {
            let base = self.source_offset(0);
            self.recorder.alias(base + start, base + self.position);
        }
        match self.anchors.get(name) {
            Some(Anchor::Closed(node, size, bytes)) => {
                self.nodes += size;
                self.repeated = self.repeated.saturating_add(*bytes);
                let all = (self.nodes as u64).saturating_mul(NODE_BYTES);
                if all.saturating_add(self.repeated as u64) > self.budget.left(Limit::Bytes) {
                    return Err(self.budget.exceeded(Limit::Bytes, span));
                }
                if self.nodes > MAX_EXPANDED_NODES {
                    let message = format!(
                        "aliases expand this document to more than {MAX_EXPANDED_NODES} nodes"
                    );
                    return Err(Error::new(Code::AliasExpansion, message)
                        .at(span)
                        .help("write the content out, or split the document"));
                }
                Ok(node.clone())
            }
            Some(Anchor::Open) => {
                Err(Error::new(Code::AnchorCycle, format!("the anchor `{name}` contains itself"))
                    .at(span)
                    .help("an alias can only name a node that ends before it"))
            }
            None => Err(Error::new(
                Code::UnknownAnchor,
                format!("no anchor `{name}` before this alias"),
            )
            .at(span)
            .did_you_mean(name, self.anchors.keys().copied())
            .help("an anchor is written `&name` before its node, and holds within one document")),
        }
    }

    /// Stores a complete node under its anchor.
    pub(super) fn define(
        &mut self,
        anchor: Option<&'s str>,
        node: &Node,
        size: usize,
        bytes: usize,
    ) {
        if let Some(name) = anchor {
            self.anchors.insert(name, Anchor::Closed(node.clone(), size, bytes));
        }
    }
}
