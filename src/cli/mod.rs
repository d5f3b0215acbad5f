//! The command line: takes arguments, writes data to standard output and everything else to standard error, and returns
//! an exit code.
//!
//! One file per command. Only this layer prints, exits, and reads the environment, the clock and the working directory.

mod affected;
mod build;
mod cache;
mod cfg;
mod check;
mod completion;
mod configuration;
mod create;
mod diff;
mod edit;
mod findings;
mod fix;
mod functions;
mod harden;
mod hydrate;
mod inputs;
mod install;
mod krm;
mod lint;
mod localize;
mod lock;
mod man;
mod memory;
mod named;
mod openapi;
mod own_rules;
mod patterns;
mod plugins;
mod post_render;
mod reading;
mod remote;
mod rendered;
mod report;
mod rules;
mod schema;
mod select;
mod shard;
mod sharing;
mod slips;
mod terminal;
mod told;
mod topics;
mod trace;
mod tree;
mod upgrade;
mod usage;
mod vendor;
mod version;

use std::{
    ffi::{OsStr, OsString},
    io::{BufWriter, ErrorKind, Write},
    num::NonZeroUsize,
    process::ExitCode,
    slice,
};

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser};

use crate::{
    error::{Code, Error, Result},
    external, load,
    source::Sources,
};

use named::Name;

pub use memory::out_of_memory;

/// Runs the command that the arguments name, the first of them being the name of the program.
///
/// The exit code is 0 on success and 1 on failure, wrong arguments included, as with kustomize. Standard output gets
/// only the result; a reader that closes it early is not an error.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let exit = run_to_end(arguments);
    // Values that live until the process ends are not dropped.
    load::remove_temporary_folders();
    exit
}

fn run_to_end(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let [_, flag] = &*arguments
        && flag == external::GUARD
    {
        external::guard();
        return ExitCode::SUCCESS;
    }
    if let Some(kind) = krm::plugin(&arguments) {
        return krm::run_plugin(kind, &arguments, terminal::Format::Human);
    }
    if let Some(exit) = completion::answer(&arguments, || program(COMMANDS)) {
        return exit;
    }
    let is_flag_first =
        arguments.get(1).is_some_and(|word| word.as_encoded_bytes().starts_with(b"-"));
    let arguments = help_of_all(command_first(arguments));
    memory::remember(&arguments);
    if let Some(build) = build::Build::without_flags(&arguments) {
        return build.run(terminal::Format::Human);
    }
    let named = arguments.get(1).and_then(|name| Command::named(name));
    let program = until_exit(program(named.map_or(COMMANDS, slice::from_ref)));
    let parsed = program.try_get_matches_from_mut(&arguments);
    if let Some(slip) = parsed.as_ref().ok().and_then(|found| slip(program, found, &arguments)) {
        return refuse(Err(slip), &arguments);
    }
    let outcome =
        parsed.and_then(|found| run_command(found).map_err(|error| error.format(program)));
    let is_help = |error: &clap::Error| {
        // A command of sub-commands without one: as kustomize, it prints its help.
        error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            || !error.use_stderr()
    };
    outcome.unwrap_or_else(|error| match !is_help(&error) {
        true => refuse(Err(usage::error(&error, &arguments, is_flag_first)), &arguments),
        false => refuse(print(&error.render().to_string()), &arguments),
    })
}

/// The error for a directory to build that is meant as the value of the flag before it.
fn slip(program: &clap::Command, found: &ArgMatches, arguments: &[OsString]) -> Option<Error> {
    let (name, found) = found.subcommand()?;
    let command = program.find_subcommand(name)?;
    let directories = found.try_get_many::<String>("directories").ok().flatten()?.len();
    let searches = directories == 1 && found.try_get_one("all").ok().flatten() == Some(&true);
    slips::value_apart(&command.get_arguments().collect::<Vec<_>>(), arguments, searches)
}

/// Turns `help --help` and `help help` into `--help`: the command `help` has no help of its own.
fn help_of_all(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let is_about_help = arguments.get(1).is_some_and(|word| word == "help")
        && arguments.get(2).is_some_and(|word| word == "help" || word == "--help" || word == "-h");
    if is_about_help {
        arguments.truncate(1);
        arguments.push("--help".into());
    }
    arguments
}

/// Runs the command that was parsed. Without one, prints the list of commands.
fn run_command(mut found: ArgMatches) -> std::result::Result<ExitCode, clap::Error> {
    let Program { error_format, color, stack_trace: _ } =
        Program::from_arg_matches_mut(&mut found)?;
    terminal::set_colours(color);
    remote::warn_as(Some(error_format));
    let command = found.remove_subcommand();
    let command = command.and_then(|(name, found)| Some((Command::named(name.as_ref())?, found)));
    match command {
        Some((command, mut found)) => (command.run)(&mut found, error_format),
        None => {
            let help = program(COMMANDS).render_help().to_string();
            Ok(finish(print(&help), &Sources::new(), error_format))
        }
    }
}

/// Reports the result of arguments that do not run a command.
fn refuse(outcome: Result<()>, arguments: &[OsString]) -> ExitCode {
    let is_failure = outcome.is_err();
    let exit = finish(outcome, &Sources::new(), terminal::Format::asked_for(arguments));
    // The exit code 1 of these commands means findings, effects or differences.
    match arguments.get(1).and_then(|command| command.to_str()) {
        Some("check" | "lint" | "fix" | "report" | "upgrade") if is_failure => {
            ExitCode::from(findings::NOT_DONE)
        }
        Some("diff" | "hydrate") if is_failure => ExitCode::from(diff::NOT_DONE),
        _ => exit,
    }
}

/// Reports a failure, and returns the exit code.
fn finish(outcome: Result<()>, sources: &Sources, format: terminal::Format) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::errors(&error, sources, format);
            match error.code() {
                // Of flags that kustomize does not have, and the same in all commands.
                Code::NothingSelected => ExitCode::from(findings::NOT_DONE),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

/// Renders Kubernetes manifests exactly as `kustomize build` does, many times faster.
#[derive(Parser)]
#[command(name = "krender", version)]
struct Program {
    /// Format of errors on standard error: with source frames, or as one JSON object per line
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "human",
        display_order = 900
    )]
    error_format: terminal::Format,

    /// Colours: if the output is a terminal, always, or never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", display_order = 901)]
    color: clap::ColorChoice,

    /// Accepted without effect: errors always contain all details
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = plugins::Truth, hide = true, global = true)]
    stack_trace: Option<bool>,
}

/// The program with some of its commands. Defining the arguments of a command takes as long as a small build: if one is
/// named, the others are left out.
fn program(commands: &[Command]) -> clap::Command {
    let name = Name::own();
    let made = |command: &Command| {
        let made = (command.arguments)(clap::Command::new(command.name));
        name.with_examples(made.after_help(command.examples))
    };
    let program = Program::command().subcommands(commands.iter().map(made));
    program.bin_name(name.call())
}

/// A command.
struct Command {
    /// Its name.
    name: &'static str,
    /// Adds its arguments and help texts.
    arguments: fn(clap::Command) -> clap::Command,
    /// Examples at the end of its help.
    examples: &'static str,
    /// Runs it with the parsed arguments.
    run: fn(&mut ArgMatches, terminal::Format) -> std::result::Result<ExitCode, clap::Error>,
}

/// All commands, in the order of the help.
const COMMANDS: &[Command] = &[
    Command {
        name: "build",
        arguments: build::Build::augment_args,
        examples: "\
Examples:
  krender build overlays/prod
  krender build overlays/prod | kubectl apply -f -
  krender build overlays/prod -o prod.yaml
  krender build --all . -o rendered
  krender build --harden=restricted overlays/prod",
        run: |found, format| Ok(build::Build::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "edit",
        arguments: edit::Edit::augment_args,
        examples: edit::EXAMPLES,
        run: |found, format| Ok(edit::Edit::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "check",
        arguments: check::Check::augment_args,
        examples: "\
Examples:
  krender check overlays/prod
  krender check --all . --profile restricted
  helm template shop | krender check -",
        run: |found, format| Ok(check::Check::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "lint",
        arguments: lint::Lint::augment_args,
        examples: "\
Examples:
  krender lint overlays/prod
  krender lint --all .
  krender lint --all . --fix --dry-run",
        run: |found, format| Ok(lint::Lint::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "fix",
        arguments: fix::Fix::augment_args,
        examples: "\
Examples:
  krender fix overlays/prod --dry-run
  krender fix --all . --as component
  krender fix overlays/prod --rule read-only-root-fs --fix unsafe",
        run: |found, format| Ok(fix::Fix::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "rules",
        arguments: rules::Rules::augment_args,
        examples: "\
Examples:
  krender rules
  krender rules --profile restricted
  krender rules --test",
        run: |found, format| {
            let rules = rules::Rules::from_arg_matches_mut(found)?;
            Ok(reading::run_with(own_rules::loader(), |loader| rules.run(loader), format))
        },
    },
    Command {
        name: "explain",
        arguments: rules::Explain::augment_args,
        examples: "\
Examples:
  krender explain KR-SEC-022
  krender explain run-as-non-root
  krender explain CKV_K8S_19",
        run: |found, format| {
            let explain = rules::Explain::from_arg_matches_mut(found)?;
            Ok(finish(explain.run(), &Sources::new(), format))
        },
    },
    Command {
        name: "schema",
        arguments: schema::SchemaCommand::augment_args,
        examples: "\
Examples:
  krender schema > krender.schema.json",
        run: |found, format| {
            let schema = schema::SchemaCommand::from_arg_matches_mut(found)?;
            Ok(finish(schema.run(), &Sources::new(), format))
        },
    },
    Command {
        name: "tree",
        arguments: tree::Tree::augment_args,
        examples: "\
Examples:
  krender tree overlays/prod
  krender tree --all .
  krender tree overlays/prod --format dot | dot -Tsvg -o prod.svg
  krender tree overlays/prod -o prod.html",
        run: |found, format| Ok(tree::Tree::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "inputs",
        arguments: inputs::Inputs::augment_args,
        examples: "\
Examples:
  krender inputs overlays/prod
  krender inputs overlays/dev overlays/prod --format json",
        run: |found, format| Ok(inputs::Inputs::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "affected",
        arguments: affected::Affected::augment_args,
        examples: "\
Examples:
  krender affected --since origin/main...
  krender affected --since HEAD~1 overlays",
        run: |found, format| Ok(affected::Affected::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "shard",
        arguments: shard::Shard::augment_args,
        examples: "\
Examples:
  krender shard 2/5
  krender shard 2/5 overlays",
        run: |found, format| Ok(shard::Shard::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "lock",
        arguments: lock::LockCommand::augment_args,
        examples: "\
Examples:
  krender lock --all .
  krender lock --all . --check
  krender lock overlays/prod --update github.com/owner/name",
        run: |found, format| Ok(lock::LockCommand::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "vendor",
        arguments: vendor::Vendor::augment_args,
        examples: "\
Examples:
  krender vendor
  krender vendor deploy --dry-run
  krender vendor --check
  krender vendor --update github.com/owner/name",
        run: |found, format| Ok(vendor::Vendor::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "create",
        arguments: create::Create::augment_args,
        examples: create::EXAMPLES,
        run: |found, format| Ok(create::Create::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "init",
        arguments: |command| create::Create::augment_args(command).hide(true),
        examples: create::EXAMPLES,
        run: |found, format| Ok(create::Create::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "localize",
        arguments: localize::Localize::augment_args,
        examples: "\
Examples:
  krender localize
  krender localize overlays/prod copy --scope .
  krender localize 'https://github.com/owner/name//overlays/prod?ref=v1.2.3' copy",
        run: |found, format| Ok(localize::Localize::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "openapi",
        arguments: |command| openapi::OpenApi::augment_args(command).hide(true),
        examples: "\
Examples:
  krender openapi info
  krender openapi fetch --format yaml",
        run: |found, format| Ok(openapi::OpenApi::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "cfg",
        arguments: cfg::Cfg::augment_args,
        examples: "\
Examples:
  krender cfg cat manifests
  krender cfg count manifests
  krender cfg grep 'kind=^Deployment$' manifests
  krender build overlays/prod | krender cfg grep 'spec.replicas>1'
  krender cfg tree --image --replicas manifests",
        run: |found, format| Ok(cfg::Cfg::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "fn",
        arguments: functions::Fn::augment_args,
        examples: "\
Examples:
  krender fn run manifests --enable-exec
  krender fn run manifests --image example.com/set-labels:v1 -- team=shop",
        run: |found, format| Ok(functions::Fn::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "krm",
        arguments: krm::Krm::augment_args,
        examples: "\
Examples:
  krender krm < list.yaml
  kpt fn eval manifests --exec 'krender krm' -- profile=restricted
  krender install plugin ~/.config/kustomize/plugin",
        run: |found, format| Ok(krm::Krm::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "cache",
        arguments: cache::Cache::augment_args,
        examples: "\
Examples:
  krender cache info
  krender cache clean",
        run: |found, format| Ok(cache::Cache::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "diff",
        arguments: diff::Diff::augment_args,
        examples: "\
Examples:
  krender diff --git main...HEAD
  krender diff overlays/staging overlays/prod
  krender diff rendered.yaml overlays/prod
  kubectl get deploy,svc,cm -n shop -o yaml | krender diff --against-file - overlays/prod",
        run: |found, format| Ok(diff::Diff::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "hydrate",
        arguments: hydrate::Hydrate::augment_args,
        examples: hydrate::EXAMPLES,
        run: |found, format| Ok(hydrate::Hydrate::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "trace",
        arguments: trace::TraceCommand::augment_args,
        examples: "\
Examples:
  krender trace overlays/prod
  krender trace overlays/prod Deployment/web
  krender trace overlays/prod Deployment/web spec.replicas
  krender trace overlays/prod Deployment/web 'spec.template.spec.containers.*.image'
  krender trace overlays/prod --value 'nginx:1.25'
  krender trace --all . Deployment/web spec.replicas",
        run: |found, format| Ok(trace::TraceCommand::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "report",
        arguments: report::Report::augment_args,
        examples: "\
Examples:
  krender report qos overlays/prod
  krender report resources --all . -o resources.html
  krender report posture --all . --format csv
  krender report images --all .",
        run: |found, format| Ok(report::Report::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "upgrade",
        arguments: upgrade::UpgradeCommand::augment_args,
        examples: "\
Examples:
  krender upgrade --from 1.34 --to 1.37 --all
  krender upgrade --from 1.31 overlays/prod
  krender upgrade --from 1.34 --all . --format json -o upgrade.json",
        run: |found, format| Ok(upgrade::UpgradeCommand::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "post-render",
        arguments: post_render::PostRender::augment_args,
        examples: "\
Examples:
  helm template shop ./chart | krender post-render overlays/prod
  helm install shop ./chart --post-renderer krender --post-renderer-args overlays/prod

The plugin that the second line names: `krender install helm-plugin DIR && helm plugin install DIR/krender`.",
        run: |found, format| Ok(post_render::PostRender::from_arg_matches_mut(found)?.run(format)),
    },
    Command {
        name: "version",
        arguments: version::Version::augment_args,
        examples: "\
Examples:
  krender version
  krender version -o json",
        run: |found, format| {
            let version = version::Version::from_arg_matches_mut(found)?;
            Ok(finish(version.run(format), &Sources::new(), format))
        },
    },
    Command {
        name: "install",
        arguments: install::Install::augment_args,
        examples: "\
Examples:
  krender install kustomize ~/.local/bin
  krender install kubebuilder bin
  krender install kubectl-krender ~/.local/bin
  krender install helm-plugin . && helm plugin install ./krender",
        run: |found, format| {
            let install = install::Install::from_arg_matches_mut(found)?;
            Ok(finish(install.run(), &Sources::new(), format))
        },
    },
    Command {
        name: "completion",
        arguments: completion::Completion::augment_args,
        examples: "\
Examples:
  source <(krender completion bash)
  krender completion zsh > \"${fpath[1]}/_krender\"
  krender completion fish > ~/.config/fish/completions/krender.fish
  krender completion powershell | Out-String | Invoke-Expression",
        run: |found, format| {
            let completion = completion::Completion::from_arg_matches_mut(found)?;
            Ok(finish(completion.run(), &Sources::new(), format))
        },
    },
    Command {
        name: "man",
        arguments: man::Pages::augment_args,
        examples: "\
Examples:
  krender man | man -l -
  krender man ~/.local/share/man/man1",
        run: |found, format| {
            let pages = man::Pages::from_arg_matches_mut(found)?;
            Ok(finish(pages.run(program(COMMANDS)), &Sources::new(), format))
        },
    },
    topics::MERGE,
    topics::MERGE3,
    topics::FUNCTIONS,
    topics::FUNCTION_LIST,
    topics::ANNOTATIONS,
    topics::COMMANDS,
    topics::FIRST_FUNCTION,
];

impl Command {
    /// The command of a name.
    fn named(name: &OsStr) -> Option<&'static Self> {
        COMMANDS.iter().find(|command| name == command.name)
    }
}

/// Moves the name of the command before flags that precede it: `-o FILE build DIR` becomes `build -o FILE DIR`. So are the
/// names of its sub-commands.
///
/// As in kustomize, a flag without `=` takes the next word as its value.
fn command_first(arguments: Vec<OsString>) -> Vec<OsString> {
    let mut arguments = name_first(arguments, 1);
    let is = |arguments: &[OsString], place: usize, names: &[&str]| {
        arguments.get(place).is_some_and(|word| names.iter().any(|name| word == name))
    };
    if is(&arguments, 1, &["cfg", "edit", "openapi"]) {
        arguments = name_first(arguments, 2);
        if is(&arguments, 1, &["edit"]) && is(&arguments, 2, &["add", "remove", "set"]) {
            arguments = name_first(arguments, 3);
        }
    }
    arguments
}

/// Moves the first word that is no flag to a place from which on only flags precede it.
fn name_first(mut arguments: Vec<OsString>, start: usize) -> Vec<OsString> {
    let mut place = start;
    while let Some(word) = arguments.get(place).and_then(|word| word.to_str()) {
        let takes_next = match word.strip_prefix('-') {
            None if word.is_empty() => false,
            None => {
                arguments[start..=place].rotate_right(1);
                break;
            }
            Some("-" | "h" | "V" | "-help" | "-version") => break,
            // Unlike other flags of commands, these are known to take no value.
            Some("-dry-run" | "-stack-trace") => false,
            Some(long) if long.starts_with('-') => !long.contains('='),
            Some(short) => short.len() == 1,
        };
        place += if takes_next { 2 } else { 1 };
    }
    arguments
}

/// Keeps a value until the process ends, which frees all memory at once. A run reads into many small allocations: freeing
/// each of them would delay the end of the command.
fn until_exit<'a, T: 'a>(value: T) -> &'a mut T {
    Box::leak(Box::new(value))
}

/// Makes signals end the programs that were started, and remove temporary files.
fn clean_up_on_signals() {
    load::clean_up_on_signals(external::end_programs);
}

/// Number of processors that are available for threads.
fn processors() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Writes data to standard output. A closed pipe is not an error.
fn print(text: &str) -> Result<()> {
    print_on([text]).map(|_| ())
}

/// Writes a part of the data to standard output. False if its reader is gone.
fn print_on<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<bool> {
    let mut stdout = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let written = texts.into_iter().try_for_each(|text| stdout.write_all(text.as_bytes()));
    outcome(written.and_then(|()| stdout.flush()))
}

/// Writes data to standard output piece by piece.
fn print_by(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    let mut stdout = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let written = write(&mut stdout).and_then(|()| stdout.flush());
    outcome(written).map(|_| ())
}

/// False if the reader is gone.
fn outcome(written: std::io::Result<()>) -> Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Error::new(
            Code::WriteFailed,
            format!("standard output could not be written: {error}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    #[test]
    fn the_command_is_found_behind_flags() {
        let moved = |line: &str| {
            let words = command_first(line.split(' ').map(OsString::from).collect());
            words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(moved("krender build -o f d"), "krender build -o f d");
        assert_eq!(moved("krender -o f build d"), "krender build -o f d");
        assert_eq!(moved("krender -of --output=f build d"), "krender build -of --output=f d");
        assert_eq!(moved("krender --stack-trace build d"), "krender build --stack-trace d");
        assert_eq!(moved("krender cfg -R=false cat d"), "krender cfg cat -R=false d");
        assert_eq!(moved("krender -R=false cfg cat d"), "krender cfg cat -R=false d");
        assert_eq!(
            moved("krender edit --a=b add -c d label e"),
            "krender edit add label --a=b -c d e"
        );
        assert_eq!(
            moved("krender edit --dry-run add label e"),
            "krender edit add label --dry-run e"
        );
        assert_eq!(moved("krender edit fix --vars=true d"), "krender edit fix --vars=true d");
        assert_eq!(moved("krender cfg --help cat"), "krender cfg --help cat");
        // As in kustomize, where the flag takes `build` for its value.
        assert_eq!(moved("krender --enable-helm build d"), "krender d --enable-helm build");
        assert_eq!(moved("krender -- build"), "krender -- build");
        assert_eq!(moved("krender --help build"), "krender --help build");
        assert_eq!(moved("krender -o"), "krender -o");
    }

    #[test]
    fn the_arguments_are_well_formed() {
        program(COMMANDS).debug_assert();
    }

    /// Pages about concepts have no examples of themselves.
    #[test]
    fn the_help_of_every_command_ends_with_examples() {
        let (mut pending, mut without) = (vec![program(COMMANDS)], Vec::new());
        while let Some(command) = pending.pop() {
            let commands = command.get_subcommands().cloned();
            let before = pending.len();
            pending.extend(commands.filter(|it| it.get_name() != "help"));
            let is_page =
                ["docs-", "tutorials-"].iter().any(|start| command.get_name().starts_with(start));
            if pending.len() == before && !is_page {
                let examples = command.get_after_help().map(ToString::to_string);
                let has_examples = examples.is_some_and(|text| {
                    text.contains("Examples:\n  ") && text.contains("krender ")
                });
                without.extend((!has_examples).then(|| command.get_name().to_owned()));
            }
        }
        assert!(without.is_empty(), "{without:?}");
    }

    /// The slow twin: a build without flags is parsed by clap to the same.
    #[test]
    fn a_build_without_flags_is_what_clap_makes_of_it() {
        let arguments =
            |words: &[&str]| iter::once(&"krender").chain(words).map(OsString::from).collect();
        for words in [&["build"][..], &["build", "."], &["build", "a b/c"], &["build", ""]] {
            let arguments: Vec<OsString> = arguments(words);
            let mut found = program(COMMANDS).try_get_matches_from_mut(&arguments).unwrap();
            let Program { error_format, color: _, stack_trace: _ } =
                Program::from_arg_matches_mut(&mut found).unwrap();
            let (_, mut found) = found.remove_subcommand().unwrap();
            let expected = build::Build::from_arg_matches_mut(&mut found).unwrap();
            let build = build::Build::without_flags(&arguments).unwrap();
            assert_eq!(error_format, terminal::Format::Human);
            assert_eq!(format!("{build:?}"), format!("{expected:?}"), "{words:?}");
        }
        for words in [
            &[][..],
            &["check"],
            &["build", "-q"],
            &["build", "-"],
            &["build", "--"],
            &["build", "a", "b"],
            &["build", "-q", "."],
        ] {
            assert!(build::Build::without_flags(&arguments(words)).is_none(), "{words:?}");
        }
    }

    /// The slow twin: what a command says alone, it says among all.
    #[test]
    fn a_command_alone_is_the_same_as_among_all() {
        let said = |mut program: clap::Command, arguments: &[&str]| {
            let arguments = iter::once("krender").chain(arguments.iter().copied());
            match program.try_get_matches_from_mut(arguments) {
                Ok(found) => format!("{:?}", found.subcommand()),
                Err(error) => error.to_string(),
            }
        };
        for command in COMMANDS {
            let name = command.name;
            for arguments in [
                &[name][..],
                &[name, "one"],
                &[name, "--help"],
                &[name, "-h"],
                &[name, "--version"],
                &[name, "help"],
                &[name, "--unknown"],
                &[name, "--error-formt=json"],
                &[name, "--error-format"],
                &[name, "--error-format", "jsn"],
                &[name, "--error-format", "json", "--stack-trace"],
                &[name, "--format", "nonsense"],
                &[name, "--", "build"],
            ] {
                let (alone, among_all) = (program(slice::from_ref(command)), program(COMMANDS));
                assert_eq!(said(alone, arguments), said(among_all, arguments), "{arguments:?}");
            }
        }
    }
}
