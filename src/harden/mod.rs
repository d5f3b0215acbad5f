//! Rules for rendered resources: their violations, the reasons, and fixes.
//!
//! [`rules()`] lists them. A rule checks pods wherever they are defined ([`check()`] finds them in all workloads), and
//! names the violated field; the span of a finding is that of the last write to this field. The rules of the Pod
//! Security Standards decide as the admission controller of Kubernetes does, at every version.

mod acting;
mod capacity;
mod check;
mod conceal;
mod configuration;
mod containers;
mod demand;
mod edit;
mod exclusion;
mod facts;
mod finding;
mod fix;
mod foreign;
mod forms;
mod handle;
mod images;
mod lowering;
mod objects;
mod own;
mod path;
mod pod;
mod policy;
mod producers;
mod profile;
mod quality;
mod rewrite;
mod rights;
mod rule;
mod rules;
mod runtime;
mod scene;
mod scoped;
pub mod secrecy;
mod selector;
mod settings;
mod strip;
mod suppress;
#[cfg(test)]
mod tests;
mod upgrade;
mod uses;
mod value;
mod verdict;
mod views;
mod violation;
mod workload;

pub use crate::yaml::path::{Path, PathStep};
pub use capacity::{Capacity, Copies, Counted, Hard, Image, Quota, Workload, capacity, images};
pub use check::{check, check_among, count_pods, settle_sources, settle_texts};
pub use configuration::{Kind, SCHEMA, configuration_fields};
pub use containers::{Container, containers};
pub use demand::{Amounts, Demand, demands};
pub use edit::Operation;
pub use exclusion::{Date, Exclusion};
pub use facts::{CpuLimits, External, Facts, Placement, PodPath, PullPolicy, Registries, Values};
pub use finding::{Finding, SuppressedBy, Suppression};
pub use fix::{Change, ChosenFixes, Fixes, harden, harden_only};
pub use foreign::Tool;
pub use handle::RuleRef;
pub use lowering::{Lowering, LoweringKind, told};
pub use objects::{Defines, Objects};
pub use own::{OwnExample, OwnRule, Tested, test};
pub use path::by_name;
pub use producers::Producer;
pub use profile::{Level, PodSecurity, Profile, Scope, Set, Version};
pub use quality::Quality;
pub use rewrite::Rewrite;
pub use rule::{Example, Rule, Topic};
pub use rules::images::unused_entry::UNUSED_IMAGES_ENTRY;
pub use rules::judging::judged::{HARDENING_STEP_CHANGED, TARGET_NOT_JUDGED};
pub use rules::practice::sources as practice;
pub use rules::{dockerfiles, kustomizations};
pub use rules::{find, known, meant, rules};
pub use runtime::Runtime;
pub use scoped::Told;
pub use settings::{FailOn, Holds, Most, Phase, Selected, Settings};
pub use strip::strip;
pub use suppress::Comment;
pub use upgrade::{Definitions, Effect, EffectKind, Upgrade};
pub use verdict::{Verdict, Violated};
pub use violation::{Class, Edit, Fix, List, Severity};
pub use workload::restarting;
