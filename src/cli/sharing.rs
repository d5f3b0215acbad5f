//! Distribution of targets over machines by cost.

use std::{collections::BTreeMap, num::NonZeroUsize, str::FromStr};

use serde::Deserialize;

use crate::{
    error::{Code, Error, Result},
    fleet,
    load::Loader,
    parallel::Threads,
};

/// Number of a part, and of all parts: `2/5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Counts from 0.
    number: usize,
    of: NonZeroUsize,
}

impl FromStr for Part {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let error = |help: String| {
            Error::new(Code::InvalidArgument, format!("`{text}` is not a part")).help(help)
        };
        let parts = text.split_once('/').and_then(|(number, of)| {
            Some((number.parse::<usize>().ok()?, of.parse::<NonZeroUsize>().ok()?))
        });
        let Some((number, of)) = parts else {
            return Err(error("write the part and how many there are: `2/5`".to_owned()));
        };
        match number.checked_sub(1).filter(|number| *number < of.get()) {
            Some(number) => Ok(Self { number, of }),
            None if of.get() == 1 => Err(error("there is one part, `1/1`".to_owned())),
            None => Err(error(format!("the parts are `1/{of}` to `{of}/{of}`"))),
        }
    }
}

/// A target, with its estimated cost.
pub(super) struct Costly {
    pub(super) target: String,
    pub(super) cost: u64,
}

impl Part {
    /// The targets of this part, in the order of all. Machines with the same files and the same measured costs get the
    /// same parts.
    ///
    /// # Errors
    /// Those of reading the file of costs.
    pub(super) fn of(
        self,
        targets: Vec<String>,
        measured: Option<&str>,
        loader: &Loader,
        threads: &Threads,
    ) -> Result<Vec<Costly>> {
        let mut costs = fleet::costs(loader, &targets, threads);
        if let Some(path) = measured {
            let measured = read(loader.file(path)?.source()?.text());
            if measured.is_empty() {
                return Err(Error::new(
                    Code::InvalidValue,
                    format!("`{path}` has no timings of targets"),
                )
                .help(
                    "write it with `krender build --all DIR --timings --error-format json 2> FILE`",
                ));
            }
            costs = weigh(&targets, &costs, &measured);
        }
        let shares = fleet::share(&costs, self.of);
        let all = targets.into_iter().zip(costs).zip(shares);
        let own = all.filter(|(_, share)| *share == self.number);
        Ok(own.map(|((target, cost), _)| Costly { target, cost }).collect())
    }
}

/// The members of a line of `--timings` that are used.
#[derive(Deserialize)]
struct Line {
    target: String,
    microseconds: u64,
    outcome: String,
}

/// The microseconds of rendered targets, from the lines of `--timings`. Other lines are ignored.
fn read(text: &str) -> BTreeMap<String, u64> {
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    let rendered = lines.filter(|line| line.outcome == "rendered");
    rendered.map(|line| (line.target, line.microseconds)).collect()
}

/// Costs in microseconds: measured ones, or else estimated by bytes at the average speed of the measured ones.
fn weigh(targets: &[String], bytes: &[u64], measured: &BTreeMap<String, u64>) -> Vec<u64> {
    let both = || targets.iter().zip(bytes);
    let known = both().filter_map(|(target, bytes)| Some((*measured.get(target)?, *bytes)));
    let (time, size) = known.fold((0_u128, 0_u128), |(time, size), (one, bytes)| {
        (time + u128::from(one), size + u128::from(bytes))
    });
    let reckoned = |bytes: u64| {
        let time = (u128::from(bytes) * time.max(1)).checked_div(size).unwrap_or(u128::from(bytes));
        u64::try_from(time).unwrap_or(u64::MAX)
    };
    both()
        .map(|(target, bytes)| measured.get(target).copied().unwrap_or(reckoned(*bytes)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_one_of_those_that_there_are() {
        let part = |text: &str| text.parse::<Part>().map_err(|error| error.helps()[0].clone());
        assert_eq!(part("2/5").unwrap(), Part { number: 1, of: NonZeroUsize::new(5).unwrap() });
        let form = Err("write the part and how many there are: `2/5`".to_owned());
        for text in ["", "a", "2", "/", "1/", "/2", "-1/2", "1/0", "1/2/3", " 1/2"] {
            assert_eq!(part(text), form, "{text}");
        }
        for text in ["0/3", "4/3"] {
            assert_eq!(part(text), Err("the parts are `1/3` to `3/3`".to_owned()), "{text}");
        }
    }

    #[test]
    fn what_was_not_measured_is_reckoned() {
        let measured = read(
            "# Warning: not JSON\n\
             {\"timing\":\"target\",\"target\":\"a\",\"microseconds\":10,\"outcome\":\"rendered\"}\n\
             {\"timing\":\"target\",\"target\":\"b\",\"microseconds\":1,\"outcome\":\"kept\"}\n\
             {\"timing\":\"target\",\"target\":\"c\",\"microseconds\":30,\"outcome\":\"rendered\"}\n\
             {\"timing\":\"run\",\"microseconds\":50}\n",
        );
        let targets = ["a", "b", "c", "d"].map(str::to_owned);
        assert_eq!(weigh(&targets, &[100, 50, 100, 0], &measured), [10, 10, 30, 0]);
        assert_eq!(weigh(&targets, &[u64::MAX; 4], &measured), [10, 20, 30, 20]);
        assert_eq!(weigh(&targets, &[0; 4], &measured), [10, 0, 30, 0]);
    }
}
