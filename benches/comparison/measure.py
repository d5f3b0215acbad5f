"""Runs programs alternately on the same input, and measures each of them."""

import dataclasses
import hashlib
import os
import shutil
import statistics
import time


@dataclasses.dataclass(frozen=True)
class Program:
    """A program that renders a directory to standard output."""

    name: str
    command: tuple

    def argv(self, directories):
        return [*self.command, *directories]


@dataclasses.dataclass(frozen=True)
class Run:
    """One run: CPU seconds of user and system together, peak memory in bytes, and a digest of each output."""

    cpu: float
    memory: int
    digests: tuple


@dataclasses.dataclass(frozen=True)
class Comparison:
    """The runs of all programs on one input, by the program's name; the first program is compared with the others."""

    name: str
    resources: int | None
    runs: dict

    def cpu(self, program):
        return statistics.median(run.cpu for run in self.runs[program])

    def memory(self, program):
        return statistics.median(run.memory for run in self.runs[program])

    def ratio(self, program, of="cpu"):
        """The ratio of another program to the first: the median over the pairs of runs."""
        first = next(iter(self.runs.values()))
        pairs = zip(first, self.runs[program])
        return statistics.median(getattr(theirs, of) / getattr(ours, of) for ours, theirs in pairs)

    def differing(self, program):
        """The number of outputs of another program that differ from those of the first, and the total."""
        first = next(iter(self.runs.values()))
        pairs = [
            pair
            for ours, theirs in zip(first, self.runs[program])
            for pair in zip(ours.digests, theirs.digests)
        ]
        return sum(ours != theirs for ours, theirs in pairs), len(pairs)


def programs(binary):
    """krender, and the installed programs of those that it is compared with."""
    known = [Program("kubectl", ("kubectl", "kustomize")), Program("kustomize", ("kustomize", "build"))]
    found = [program for program in known if shutil.which(program.command[0])]
    return [Program("krender", (os.path.abspath(binary), "build")), *found]


def compare(name, directories, programs, pairs, scratch, resources=None):
    """Runs every program `pairs` times, alternating, so that other load on the machine affects all of them."""
    runs = {program.name: [] for program in programs}
    for _ in range(pairs):
        for program in programs:
            runs[program.name].append(run(program.argv(directories), scratch))
    return Comparison(name, resources, runs)


def compare_one_by_one(name, directories, ours, others, scratch, turns=5):
    """Runs the first program for all directories, alternating with processes of the others for a part of them each, and
    compares its run of the median time with all of those."""
    rendered = os.path.join(scratch, "rendered")
    all_at_once, each = [], {program.name: [] for program in others}
    for turn in range(turns):
        shutil.rmtree(rendered, ignore_errors=True)
        one = run([*ours.argv(directories), "-o", rendered], scratch)
        digests = tuple(digest_of(os.path.join(rendered, directory + ".yaml")) for directory in directories)
        all_at_once.append(dataclasses.replace(one, digests=digests))
        part = directories[turn * len(directories) // turns : (turn + 1) * len(directories) // turns]
        for program in others:
            each[program.name] += [run(program.argv([directory]), scratch) for directory in part]
    all_at_once.sort(key=lambda one: one.cpu)
    runs = {ours.name: [all_at_once[turns // 2]]}
    for program, found in each.items():
        cpu, memory = sum(one.cpu for one in found), max(one.memory for one in found)
        runs[program] = [Run(cpu, memory, tuple(one.digests[0] for one in found))]
    shutil.rmtree(rendered)
    return Comparison(name, None, runs)


def speed_up(program, directories, threads, pairs, scratch):
    """The speed-up of a program that builds all directories into files on several threads, in wall-clock time."""
    rendered = os.path.join(scratch, "rendered")
    argv = [*program.argv(directories), "-o", rendered, "--jobs"]

    def seconds(jobs):
        shutil.rmtree(rendered, ignore_errors=True)
        started = time.perf_counter()
        run([*argv, str(jobs)], scratch)
        return time.perf_counter() - started

    return statistics.median(seconds(1) / seconds(threads) for _ in range(pairs))


def run(argv, scratch):
    """Runs a program to its end, with its output in a file.

    The kernel counts the pages of the parent process as memory of the child: a program that is smaller than this
    interpreter appears to be as large.

    Raises RuntimeError with the error output if the program fails.
    """
    output, errors = (os.path.join(scratch, name) for name in ("stdout", "stderr"))
    writing = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 1, output, writing, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, errors, writing, 0o600),
    ]
    process = os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions)
    _, status, usage = os.wait4(process, 0)
    if status != 0:
        with open(errors, encoding="utf-8", errors="replace") as said:
            raise RuntimeError(f"{' '.join(argv[:6])}: {said.read(800)}")
    return Run(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, (digest_of(output),))


def digest_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
