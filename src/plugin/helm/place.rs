//! The folder of a chart: in the tree, or pulled.

use std::path::PathBuf;

use super::{Given, root_of};
use crate::config::HelmChart;
use crate::error::{Code, Error, Result};
use crate::fetch::{Pull, Rendering, is_pulled, is_repeatable};
use crate::load::{Chart, Disk, File, join, resolved};

/// The folder of charts, if none is named.
const HOME: &str = "charts";

/// A chart that was found or pulled.
pub(super) struct Place {
    /// The path of the folder for Helm.
    pub(super) path: PathBuf,
    /// The path to show.
    pub(super) shown: String,
    pub(super) chart: Chart,
    /// The path that the kustomization looks for.
    written: String,
    /// True if its files are not there.
    is_elsewhere: bool,
    /// True if files with values in it are not there either: no program has put them there.
    is_apart: bool,
}

/// Finds the folder of a chart. A chart that is not in the tree is pulled: into the tree, if it is in or below the directory
/// of the kustomization, and else into a temporary folder.
///
/// # Errors
/// [`Code::ChartNotFound`], and those of [`Root::chart`](crate::load::Root::chart) and [`Rendering::pull`].
pub(super) fn find(given: &Given<'_>, rendering: &Rendering<'_>) -> Result<Place> {
    let found = find_or_pull(given, rendering)?;
    let HelmChart { repo, name, version, devel, .. } = &given.chart;
    if !repo.is_empty() {
        let pull = Pull { name, repo, version, devel: *devel, into: None };
        rendering.admit_chart(&pull, &found.chart.digest())?;
        let (of, is_elsewhere) = ((&***repo, &***name, &***version), found.is_elsewhere);
        root_of(given).use_chart(of, given.place, &found.written, &found.chart, is_elsewhere);
    }
    Ok(found)
}

fn find_or_pull(given: &Given<'_>, rendering: &Rendering<'_>) -> Result<Place> {
    let root = root_of(given);
    let chart = &given.chart;
    let name = chart.name.as_str();
    let home = match given.globals.chart_home.as_str() {
        "" => HOME,
        home => home,
    };
    let home = match chart.version.is_empty() || chart.repo.is_empty() {
        true => home.to_owned(),
        false => format!("{home}/{name}-{}", chart.version.as_str()),
    };
    let written = format!("{home}/{name}");
    let whole = join(root.path(), written.as_ref());
    let is_on_disk = root.is_on_disk();
    let is_there = !is_on_disk || is_pulled(&whole);
    let in_tree = if is_there { root.chart(&written, given.place)? } else { None };
    if let Some(found) = in_tree {
        return in_place(given, rendering, (whole, written), found);
    }
    if chart.repo.is_empty() {
        let shown = root.loader().display(&whole);
        let message = format!("there is no chart `{shown}`, and no `repo` to pull it from");
        return Err(Error::new(Code::ChartNotFound, message)
            .help("name the repository: `repo: https://…`, or the folder of charts: `chartHome`"));
    }
    let folder = join(root.path(), home.as_ref());
    let into = root.may_write(&whole).then_some((&*folder, root.path()));
    let (repo, version, devel) = (chart.repo.as_str(), chart.version.as_str(), chart.devel);
    let pull = Pull { name, repo, version, devel, into };
    let pulled = rendering.pull(&pull, root.loader().budget())?;
    if pulled == whole {
        root.loader().note_new_chart();
        let found = root.chart(&written, given.place)?.ok_or_else(|| {
            let shown = root.loader().display(&whole);
            Error::new(Code::ChartNotFound, format!("there is no chart `{shown}`"))
        })?;
        return in_place(given, rendering, (whole, written), found);
    }
    let path = resolved(&pulled).unwrap_or(pulled);
    let found = root.loader().beside(Disk).chart(&path)?;
    let shown = format!("the chart {name}");
    let is_apart = !is_on_disk;
    Ok(Place { path, shown, chart: found, written, is_elsewhere: true, is_apart })
}

/// A chart in the tree. Helm gets a copy of one that is not on disk.
fn in_place(
    given: &Given<'_>,
    rendering: &Rendering<'_>,
    (whole, written): (PathBuf, String),
    chart: Chart,
) -> Result<Place> {
    let root = root_of(given);
    let shown = root.loader().display(&whole);
    if given.options.helm.charts.is_untrusted() && !chart.folder.starts_with(root.path()) {
        let message = format!("the chart `{shown}` is not in or below `{}`", root.name());
        return Err(Error::new(Code::OutsideRoot, message)
            .help("`--untrusted` allows charts of the kustomization's own only"));
    }
    let path = match root.is_on_disk() {
        true => whole,
        false => rendering.unpack(&chart, &given.chart.name)?,
    };
    Ok(Place { path, shown, chart, written, is_elsewhere: false, is_apart: false })
}

impl Place {
    /// The file with values that the kustomization names, or that of the chart.
    ///
    /// # Errors
    /// Those of [`Root::file`](crate::load::Root::file).
    pub(super) fn values_file(&self, given: &Given<'_>) -> Result<File> {
        let root = root_of(given);
        let (path, span) = match &given.chart.values_file {
            named if named.is_empty() => (format!("{}/values.yaml", self.written), given.place),
            named => (named.to_string(), named.span),
        };
        if self.is_apart {
            let [whole, chart] =
                [&path, &self.written].map(|path| join(root.path(), path.as_ref()));
            if let Ok(below) = whole.strip_prefix(&chart) {
                let file = self.chart.file(below).cloned();
                return file.ok_or_else(|| {
                    let shown = below.display();
                    let message = format!("{} has no file `{shown}`", given.shown());
                    Error::new(Code::FileNotFound, message).at(span)
                });
            }
        }
        root.file(&path, span)
    }

    /// True if its templates render the same each time, as far as that can be told.
    pub(super) fn is_repeatable(&self) -> bool {
        self.chart.files.iter().all(|(path, file)| {
            let is_packed = path.extension().is_some_and(|it| it == "tgz" || it == "gz");
            !is_packed && is_repeatable(file.bytes())
        })
    }
}
