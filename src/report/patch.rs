//! Operations of fixes as JSON patches (RFC 6902).

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::harden::Operation;
use crate::yaml::{Form, Node, write_json};

/// Operations as a JSON patch.
pub(super) struct Operations<L>(pub(super) L);

impl<L: AsRef<[Operation]>> Serialize for Operations<L> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Fields {
            op: &'static str,
            path: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            value: Option<Box<RawValue>>,
        }
        serializer.collect_seq(self.0.as_ref().iter().map(|operation| {
            let (op, path, value) = operation.parts();
            Fields { op, path: path.pointer(), value: value.and_then(as_json) }
        }))
    }
}

/// A value as JSON; `None` if JSON cannot express it.
pub(super) fn as_json(node: &Node) -> Option<Box<RawValue>> {
    let mut text = String::with_capacity(64);
    write_json(node, Form::Compact, &mut text).ok()?;
    RawValue::from_string(text).ok()
}
