//! Detects parts that a merge leaves unchanged, so that they stay shared instead of being copied.

use crate::schema::Type;
use crate::yaml::{Kind, Node};

use super::style::wants_quotes;
use super::{Merger, directive, list};

impl<'a> Merger<'a> {
    /// True if a merge leaves a part unchanged that only the resource has, or that is `new` to it.
    pub(super) fn is_settled(self, node: &Node, kind: Option<Type<'a>>, new: bool) -> bool {
        let mut pending = vec![(node, kind)];
        while let Some((node, kind)) = pending.pop() {
            match node.kind() {
                Kind::Scalar => {
                    if node.is_null() && (new || node.as_text() == Some("")) {
                        return false;
                    }
                }
                Kind::Sequence => {
                    let kind = self.type_of(&[node], kind);
                    let Some((list, keys)) =
                        node.as_sequence().zip(kind.and_then(Type::merge_keys))
                    else {
                        continue;
                    };
                    if !list::is_regular(list.items(), keys) {
                        return false;
                    }
                    if !keys.is_empty() {
                        let elements = kind.and_then(Type::elements);
                        pending.extend(list.items().iter().map(|element| (element, elements)));
                    }
                }
                Kind::Mapping => {
                    let kind = self.type_of(&[node], kind);
                    for (key, value) in
                        node.as_mapping().into_iter().flat_map(|mapping| mapping.iter())
                    {
                        if key.text().is_empty() || (new && key.text() == directive::KEY) {
                            return false;
                        }
                        match value.as_scalar() {
                            None => {
                                pending.push((value, self.type_of_field(kind, &[key])));
                            }
                            Some(scalar)
                                if scalar.is_null() && (new || scalar.text().is_empty()) =>
                            {
                                return false;
                            }
                            Some(scalar) if wants_quotes(scalar) => return false,
                            Some(_) => {}
                        }
                    }
                }
            }
        }
        true
    }
}
