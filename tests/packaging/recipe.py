"""The recipes from end to end: the scripts of the YAML files run as their host runs them, in a real repository, with the
real program and the stand-in of the APIs.

KRENDER is the program, and KRENDER_YAML a directory with the YAML files as JSON, by their names.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from stand_in import OWN, READER, StandIn

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PACKAGING = os.path.join(ROOT, "packaging")
PROGRAM = os.environ["KRENDER"]
STRANGE = "over lays/$(touch pwned);`touch pwned`"  # a directory whose name no shell may read


def parsed(name):
    with open(os.path.join(os.environ["KRENDER_YAML"], name + ".json"), encoding="utf-8") as file:
        return json.load(file)


def write(folder, path, text):
    path = os.path.join(folder, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def deployment(image):
    container = '{name: web, image: "%s"}' % image
    template = "{metadata: {labels: {app: web}}, spec: {containers: [%s]}}" % container
    spec = "{selector: {matchLabels: {app: web}}, template: %s}" % template
    return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: %s}\n" % spec


def version():
    return re.search('(?m)^version = "(.*)"', read(os.path.join(ROOT, "Cargo.toml")))[1]


class Recipe(unittest.TestCase):
    """A repository with a change, the stand-in, and programs that note how they are called."""

    maxDiff = 2000

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.stand_in = StandIn()
        self.addCleanup(self.stand_in.close)
        self.repository = os.path.join(self.folder, "check out")
        self.calls = os.path.join(self.folder, "calls")
        # Programs that note how they were called: tokens must be in no argument, and krender gets none at all.
        note = '#!/bin/sh\nprintf \'%%s\\n\' "$0" "$@" >>"%s"\n%s\nexec "%s" "$@"\n'
        for name, program, extra in (
            ("krender", PROGRAM, 'env | grep TOKEN >>"%s"' % self.calls),
            ("python3", sys.executable, ""),
            ("curl", shutil.which("curl"), ""),
        ):
            path = write(self.folder, "bin/" + name, note % (self.calls, extra, program))
            os.chmod(path, 0o755)
        self.make_repository()

    def environment(self, **more):
        """The environment of a job: little of that of this test."""
        path = os.path.join(self.folder, "bin") + os.pathsep + os.environ["PATH"]
        nowhere = os.path.join(self.folder, "no-settings")
        env = {"PATH": path, "HOME": self.folder, "GIT_CONFIG_GLOBAL": nowhere, "GIT_CONFIG_SYSTEM": nowhere}
        env.update(LC_ALL="C", no_proxy="127.0.0.1", PYTHONDONTWRITEBYTECODE="1", **more)
        return env

    def git(self, *arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
        command = ["git", *who, *arguments]
        done = subprocess.run(command, cwd=self.repository, env=self.environment(), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def make_repository(self):
        """A base in two overlays, one of them with a strange name; the branch `feature` changes the image."""
        os.mkdir(self.repository)
        write(self.repository, "base/kustomization.yaml", "resources: [web.yaml]\n")
        write(self.repository, "base/web.yaml", deployment("nginx:1.25"))
        write(self.repository, "overlays/prod/kustomization.yaml", "resources: [../../base]\n")
        depth = "../" * (STRANGE.count("/") + 1)
        write(self.repository, STRANGE + "/kustomization.yaml", "resources: [%sbase]\n" % depth)
        self.git("init", "--quiet")
        self.commit("Begin")
        self.git("checkout", "--quiet", "-b", "feature")
        self.change(deployment("nginx:1.27"))

    def commit(self, message):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def change(self, text, path="base/web.yaml"):
        write(self.repository, path, text)
        return self.commit("Change")

    def archive(self):
        """The archive of a release on the stand-in, and its SHA-256. The program in it calls the real one."""
        name = os.path.join(self.folder, "krender.tar.gz")
        done = subprocess.run(
            ["sh", os.path.join(PACKAGING, "archive.sh"), os.path.join(self.folder, "bin", "krender"), name],
            env=self.environment(),
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(name, "rb") as file:
            self.stand_in.files["/files/krender-%s.tar.gz" % version()] = file.read()
        return done.stdout.strip()

    def run_script(self, script, env, shell=("bash", "--noprofile", "--norc", "-eo", "pipefail")):
        """Exit code and log of a script in the repository. Nothing may have leaked, and nothing have been run."""
        path = write(self.folder, "script", script)
        done = subprocess.run(
            [*shell, path],
            cwd=self.repository,
            env=self.environment(**env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=60,
        )
        calls = read(self.calls) if os.path.exists(self.calls) else ""
        for token in (OWN, READER):
            self.assertNotIn(token, done.stdout + calls)
        self.assertNotIn("pwned", os.listdir(self.repository))
        return done.returncode, done.stdout

    def bodies(self, host):
        return [body for _, _, body in self.stand_in.comments[host]]
