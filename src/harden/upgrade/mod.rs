//! Effects of an upgrade of Kubernetes on objects: versions of the API that are deprecated or not served, Pod Security
//! verdicts that change, fields that mean something else, and versions that a definition of the render does not serve.

mod changed;
mod definitions;
mod effect;
mod versions;

use crate::resource::ResMap;
pub use definitions::Definitions;
pub use effect::{Effect, EffectKind, Upgrade};

impl Upgrade {
    /// The effects on the objects of a render: in the order of the objects, for each in the order of the kinds. Linear in
    /// the number of objects. `definitions` are those of
    /// all renders, for objects whose definition is in another one.
    #[must_use]
    pub fn effects(self, objects: &ResMap, definitions: &Definitions) -> Vec<Effect> {
        let enforced = versions::Enforced::of(objects);
        let (mut effects, mut own) = (Vec::new(), Definitions::default());
        own.add(objects);
        for object in objects {
            let start = effects.len();
            versions::of_api(self, object, &mut effects);
            versions::of_unknown_api(self, object, &mut effects);
            own.judge(definitions, object, &mut effects);
            versions::of_pod_security(self, object, &enforced, &mut effects);
            changed::judge(self, object, &mut effects);
            effects[start..].sort_by_key(|effect| effect.kind);
        }
        effects
    }
}
