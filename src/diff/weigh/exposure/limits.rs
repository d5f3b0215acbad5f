//! Limits and plugins of middlewares of Traefik.

use super::judgement;
use crate::diff::weigh::{Judgement, Phrase};
use crate::harden::value::{below, integer, present};
use crate::yaml::Node;

/// Adds the judgements on a middleware that no longer has one of its plugins, or that limits requests much less.
pub(super) fn limits(before: &Node, after: &Node, found: &mut Vec<Judgement>) {
    /// The factor by which a limit that is raised is told.
    const MUCH: f64 = 10.0;
    let both = |path: &[&str]| {
        let [old, new] = [before, after].map(|node| below(node, path));
        Some([old?, new?])
    };
    if let Some([old, new]) = both(&["spec", "plugin"]) {
        let is_gone = |name: &&str| present(new, name).is_none();
        let names = old.entries().iter().filter(|(_, value)| !value.is_null());
        let gone: Vec<&str> = names.map(|(name, _)| name.text()).filter(is_gone).collect();
        if !gone.is_empty() {
            let phrase = Phrase::new("no longer asks the plugin ").few(gone);
            found.push(judgement("spec.plugin", phrase));
        }
    }
    let Some([old, new]) = both(&["spec", "rateLimit"]) else { return };
    let average = |limit: &Node| present(limit, "average").map_or(Some(0), integer);
    let (Some(was), Some(is)) = (average(old), average(new)) else { return };
    let path = "spec.rateLimit.average";
    if was > 0 && is == 0 {
        found.push(judgement(path, Phrase::new("no longer limits the requests of a client")));
    } else if let (Some(was), Some(is)) = (rate(was, old), rate(is, new))
        && was > 0.0
        && is >= was * MUCH
    {
        let words = "limits the requests of a client to ten times as many as before, or more";
        found.push(judgement(path, Phrase::new(words)));
    }
}

/// The requests in a second that a limit accepts on average.
#[expect(clippy::cast_precision_loss, reason = "rates are compared by their magnitudes")]
fn rate(average: i64, limit: &Node) -> Option<f64> {
    let period = match present(limit, "period") {
        None => 1.0,
        Some(period) => seconds(period.as_text()?)?,
    };
    (period > 0.0).then(|| average as f64 / period)
}

/// The seconds of a duration of Go with one unit, or without one.
fn seconds(text: &str) -> Option<f64> {
    let number = text.trim_end_matches(|letter: char| letter.is_ascii_lowercase());
    let unit = match &text[number.len()..] {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    Some(number.parse::<u32>().map(f64::from).ok()? * unit)
}
