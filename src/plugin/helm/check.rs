//! Checks of the settings of a chart, before anything is run.

use super::{Given, values};
use crate::error::{Code, Error, Result};
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// Refuses a chart that no flag allows to render, and settings that Helm would take for something else: options, several
/// files, or places outside of the folder of charts.
///
/// # Errors
/// [`Code::PluginNotEnabled`], [`Code::InvalidArgument`], [`Code::MissingName`], [`Code::InvalidValue`].
pub(super) fn check(given: &Given<'_>) -> Result<()> {
    let Given { chart, globals, options, .. } = given;
    let what = given.shown();
    if !options.helm.enabled && !options.enabled {
        let message = format!("{what} needs Helm, which is not enabled");
        return Err(
            Error::new(Code::PluginNotEnabled, message).help("`--enable-helm` lets krender run it")
        );
    }
    if options.helm.command.is_empty() {
        let message = format!("{what} needs Helm, and `--helm-command` is empty");
        return Err(Error::new(Code::InvalidArgument, message)
            .help("name the program: `--helm-command helm`"));
    }
    if chart.name.is_empty() {
        return Err(Error::new(Code::MissingName, "a chart has no name")
            .help("say which chart it is: `name: …`"));
    }
    values::check(chart)?;
    name("name", &chart.name)?;
    if chart.name.as_str() == ".." || chart.name.contains([',', '"']) {
        return Err(refused("name", &chart.name));
    }
    if !chart.version.is_empty() {
        part("version", &chart.version)?;
    }
    for (field, text) in [
        ("releaseName", &chart.release_name),
        ("namespace", &chart.namespace),
        ("kubeVersion", &chart.kube_version),
    ] {
        if text.starts_with('-') {
            return Err(refused(field, text));
        }
    }
    if let Some(version) = chart.api_versions.iter().find(|version| version.starts_with('-')) {
        return Err(refused("apiVersions", version));
    }
    let mut words = chart.name_template.split(|it: char| !it.is_ascii_alphanumeric());
    if !options.enabled && words.any(|word| word == "env" || word == "expandenv") {
        let message = "`nameTemplate` reads variables of the environment";
        return Err(Error::new(Code::PluginNotEnabled, message)
            .at(chart.name_template.span)
            .help("`--enable-alpha-plugins` allows it, if you trust its source"));
    }
    home(given, &globals.config_home)
}

/// Refuses the name of a chart that is a path or an option.
fn name(field: &str, name: &Spanned<Text>) -> Result<()> {
    match name.starts_with('-') {
        true => Err(refused(field, name)),
        false => part(field, name),
    }
}

/// Refuses text that is not a part of a name in the folder of charts.
fn part(field: &str, text: &Spanned<Text>) -> Result<()> {
    match text.contains(['/', '\\']) || text.contains(char::is_control) {
        true => Err(refused(field, text)),
        false => Ok(()),
    }
}

#[cold]
fn refused(field: &str, text: &Spanned<Text>) -> Error {
    let message = format!("`{}` cannot be the `{field}` of a chart", text.as_str());
    Error::new(Code::InvalidValue, message)
        .at(text.span)
        .help("paths are written in `chartHome`, and options have fields of their own")
}

/// Refuses a configuration home that has programs, or may have the logins of others.
fn home(given: &Given<'_>, home: &Spanned<Text>) -> Result<()> {
    let Given { options, .. } = given;
    if home.is_empty() {
        return Ok(());
    }
    let charts = &options.helm.charts;
    let shown = home.as_str();
    if charts.is_untrusted() {
        let message = format!("`{shown}` is a configuration of Helm, and may have logins");
        return Err(Error::new(Code::FetchRefused, message)
            .at(home.span)
            .help("`--untrusted` allows none: `--helm-config-home` names one"));
    }
    if !options.enabled && charts.has_plugins(home) {
        let message = format!("`{shown}` has plugins of Helm, which are programs");
        return Err(Error::new(Code::PluginNotEnabled, message)
            .at(home.span)
            .help("`--enable-alpha-plugins` allows them, if you trust their source"));
    }
    Ok(())
}
