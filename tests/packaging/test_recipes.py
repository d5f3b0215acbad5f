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


def executed(log):
    """The workflow commands in a log that the runner of GitHub executes."""
    commands, resume = [], None
    for line in log.split("\n"):
        found = re.match(r"\s*::([\w-]+)[^:]*::(.*)", line) or re.search(r"##\[([\w-]+)[^\]]*\](.*)", line)
        if resume:
            resume = None if line == "::%s::" % resume else resume
        elif found and found[1] == "stop-commands":
            resume = found[2]
        elif found:
            commands.append(line)
    return commands


class Recipes(unittest.TestCase):
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

    # GitHub

    def github(self, token=OWN, **inputs):
        """Runs the steps of action.yml: exit code, log, outputs and summary."""
        action = parsed("action")
        event = {"pull_request": {"number": 7, "base": {"sha": self.git("rev-parse", "main")}}}
        temporary = tempfile.mkdtemp(dir=self.folder)
        values = {"github": {"event": event, "token": token}, "steps": {}, "inputs": {}}
        for name, declared in action["inputs"].items():
            values["inputs"][name] = resolved(declared["default"], values)
        unknown = set(inputs) - {name.replace("-", "_") for name in action["inputs"]}
        self.assertFalse(unknown)
        values["inputs"].update({name.replace("_", "-"): value for name, value in inputs.items()})
        log, code = "", 0
        summary = write(temporary, "summary", "")
        for step in action["runs"]["steps"]:
            if code or "if" in step and resolved(step["if"], values) != "true":
                values["steps"][step["id"]] = {"outputs": {}}
                continue
            output = write(temporary, "output", "")
            env = {name: resolved(text, values) for name, text in step["env"].items()}
            env.update(self.stand_in.environment("github"), RUNNER_TEMP=temporary, GITHUB_OUTPUT=output)
            del env["KRENDER_PULL_REQUEST"]
            env["GITHUB_EVENT_PATH"] = write(temporary, "event.json", json.dumps(event))
            env["GITHUB_STEP_SUMMARY"] = summary
            env["GITHUB_ACTION_PATH"] = os.path.join(PACKAGING, "github")
            self.assertNotIn("${{", step["run"])
            code, said = self.run_script(step["run"], env)
            log += said
            values["steps"][step["id"]] = {"outputs": outputs_of(read(output))}
        outputs = {name: resolved(one["value"], values) for name, one in action["outputs"].items()}
        self.assertEqual(executed(log), [])
        return code, log, outputs, read(summary)

    def with_release(self, **inputs):
        url = self.stand_in.url + "/files/krender-VERSION.tar.gz"
        return self.github(version=version(), sha256=self.archive(), url=url, **inputs)

    def test_github_keeps_one_comment(self):
        code, log, outputs, summary = self.with_release()
        self.assertEqual((code, outputs["result"]), (0, "different"), log)
        (body,) = self.bodies("github")
        self.assertTrue(body.startswith("<!-- krender-diff: default -->\n\n### "))
        self.assertIn("`1.25` | `1.27`", body)
        self.assertIn(STRANGE.split("/")[1][:8], body)
        self.assertEqual(read(outputs["review"]).strip(), body.split("\n\n", 1)[1].strip())
        self.assertEqual(summary.strip(), body.split("\n\n", 1)[1].strip())
        program = os.path.join(self.folder, "bin", "krender")
        self.change(deployment("nginx:1.28"))
        self.github(program=program)
        (body,) = self.bodies("github")
        self.assertIn("`1.25` | `1.28`", body)
        self.change(deployment("nginx:1.25"))
        code, log, outputs, summary = self.github(program=program)
        self.assertEqual((code, outputs["result"]), (0, "same"), log)
        (body,) = self.bodies("github")
        self.assertIn("No differences", body)
        self.assertIn("No differences", summary)

    def test_github_on_a_fork_writes_the_summary_alone(self):
        for token in (READER, ""):
            code, log, outputs, summary = self.github(token=token, program="krender")
            self.assertEqual((code, outputs["result"]), (0, "different"), log)
            self.assertIn("comment: skipped", log)
            self.assertIn("`1.25` | `1.27`", summary)
            self.assertIn("No comment was written (skipped: ", summary)
        code, log, _, summary = self.github(program="krender", comment="no")
        self.assertEqual(code, 0, log)
        self.assertNotIn("No comment was written", summary)
        self.assertEqual((self.bodies("github"), self.stand_in.writes()), ([], [("POST", path_of_comments())]))

    def test_github_refuses_another_archive(self):
        self.archive()
        url = self.stand_in.url + "/files/krender-VERSION.tar.gz"
        code, log, outputs, _ = self.github(version=version(), sha256="0" * 64, url=url)
        self.assertEqual((code, outputs["result"]), (2, ""))
        self.assertIn("not the one that is pinned", log)
        self.assertNotIn("/krender\ndiff", read(self.calls))
        code, log, _, _ = self.github(version="9.9.9", sha256=self.archive(), url=url)
        self.assertNotEqual(code, 0)
        code, log, _, _ = self.github(url=url)
        self.assertNotEqual(code, 0)
        self.assertIn("the version is not set", log)

    def test_github_fails_if_it_was_asked_to(self):
        code, log, outputs, _ = self.github(program="krender", fail_on="any")
        self.assertEqual((code, outputs["result"]), (1, "different"), log)
        self.assertEqual(len(self.bodies("github")), 1)
        self.change(deployment("nginx:1.25"))
        self.assertEqual(self.github(program="krender", fail_on="any")[0], 0)
        self.assertEqual(self.github(program="krender", fail_on="any; exit 0")[0], 2)

    def test_github_tells_what_cannot_be_rendered(self):
        self.change("{kind: ::error::x\n::warning::y ##[error]z")
        code, log, outputs, summary = self.github(program="krender")
        self.assertEqual((code, outputs["result"]), (2, "failed"), log)
        self.assertIn("annot be rendered", self.bodies("github")[0])
        self.assertIn("annot be rendered", summary)
        code, log, outputs, _ = self.github(program="krender", base="0" * 40)
        self.assertEqual((code, outputs["result"]), (2, "failed"))
        self.assertIn("whole history", log)
        self.assertIn("could not be compared", self.bodies("github")[0])
        self.assertEqual(len(self.bodies("github")), 1)
        for base in ("", "--help", "main...HEAD"):
            self.assertEqual(self.github(program="krender", base=base)[0], 2)

    def test_github_takes_lists_and_formats_literally(self):
        code, log, outputs, _ = self.github(
            program="krender", paths=STRANGE + "\n", arguments="--untrusted\n--only\nDeployment/*\n", format="json", name="a"
        )
        self.assertEqual(code, 0, log)
        with open(outputs["review"], encoding="utf-8") as file:
            json.load(file)
        (body,) = self.bodies("github")
        self.assertTrue(body.startswith("<!-- krender-diff: a -->\n"))
        self.assertNotIn("overlays/prod", body)
        self.assertIn("\n--only\nDeployment/*\n--\n%s\n" % STRANGE, read(self.calls))

    def test_github_reads_a_head_that_is_not_checked_out(self):
        head = self.git("rev-parse", "HEAD")
        self.git("checkout", "--quiet", "main")
        code, log, _, _ = self.github(program="krender", head=head)
        self.assertEqual(code, 0, log)
        self.assertIn("`1.25` | `1.27`", self.bodies("github")[0])

    def test_a_host_that_cannot_be_asked_is_an_error_but_the_summary_is_there(self):
        code, log, outputs, summary = self.github(program="krender", token="expired")
        self.assertEqual((code, outputs["result"]), (2, "different"))
        self.assertIn("does not accept the token", log)
        self.assertIn("`1.25` | `1.27`", summary)

    # GitLab

    def gitlab(self, job, token=OWN, fork=False, **more):
        """Runs a job of the template: exit code and log."""
        template = parsed("krender.gitlab-ci")
        (parent, job) = (template[".krender"], template[job])
        self.assertEqual(job["extends"], ".krender")
        env = {name: value["value"] for name, value in template["variables"].items()}
        env.update(parent["variables"], **self.stand_in.environment("gitlab"))
        env.update(
            KRENDER_URL=self.stand_in.url + "/files/krender-VERSION.tar.gz",
            KRENDER_VERSION=version(),
            KRENDER_SHA256=self.archive(),
            CI_COMMIT_SHA=self.git("rev-parse", "HEAD"),
            CI_MERGE_REQUEST_DIFF_BASE_SHA=self.git("rev-parse", "main"),
        )
        if not fork:
            env["KRENDER_TOKEN"] = token
        env.update(more)
        shutil.rmtree(os.path.join(self.repository, "krender-review"), ignore_errors=True)
        return self.run_script("\n".join(parent["before_script"] + job["script"]), env)

    def test_gitlab_keeps_one_note(self):
        code, log = self.gitlab("krender-diff")
        self.assertEqual(code, 0, log)
        (body,) = self.bodies("gitlab")
        self.assertTrue(body.startswith("<!-- krender-diff: default -->\n\n### "))
        self.assertIn("nginx: 1.25 → 1.27", log)
        self.assertIn("`1.25` | `1.27`", read(os.path.join(self.repository, "krender-review/review.md")))
        code, log = self.gitlab("krender-diff", KRENDER_FAIL_ON="any")
        self.assertEqual(code, 1, log)
        self.assertIn("comment: unchanged", log)
        code, log = self.gitlab("krender-diff", CI_COMMIT_SHA=self.git("rev-parse", "main"))
        self.assertEqual(code, 0, log)
        (body,) = self.bodies("gitlab")
        self.assertIn("No differences", body)

    def test_gitlab_on_a_fork_writes_no_note(self):
        code, log = self.gitlab("krender-diff", fork=True)
        self.assertEqual((code, self.bodies("gitlab")), (0, []), log)
        self.assertIn("skipped: there is no token", log)
        code, log = self.gitlab("krender-diff", KRENDER_SHA256="0" * 64)
        self.assertNotEqual(code, 0)
        self.assertEqual(self.stand_in.writes(), [])

    def test_gitlab_gets_a_report_of_code_quality(self):
        write(self.repository, ".krender.yaml", "apiVersion: krender.dev/v1alpha1\nkind: Hardening\nprofile: privileged\n")
        self.commit("Lower the rules")
        code, log = self.gitlab("krender-check")
        self.assertEqual(code, 0, log)
        template = parsed("krender.gitlab-ci")["krender-check"]
        report = os.path.join(self.repository, template["artifacts"]["reports"]["codequality"])
        rules = {finding["check_name"] for finding in json.loads(read(report))}
        self.assertIn("KR-SEC-022", rules)
        code, log = self.gitlab("krender-check", KRENDER_CHECK_FAIL_ON="error")
        self.assertEqual(code, 1, log)

    # Bitbucket, a shell, and pre-commit

    def test_bitbucket_keeps_one_comment(self):
        (step,) = parsed("bitbucket-pipelines")["pipelines"]["pull-requests"]["**"]
        env = self.stand_in.environment("bitbucket")
        env.update(
            KRENDER_URL=self.stand_in.url + "/files/krender-VERSION.tar.gz",
            KRENDER_VERSION=version(),
            KRENDER_SHA256=self.archive(),
            KRENDER_TOKEN=OWN,
            BITBUCKET_COMMIT=self.git("rev-parse", "HEAD"),
            BITBUCKET_PR_DESTINATION_COMMIT=self.git("rev-parse", "--short=12", "main"),
        )
        script = "\n".join(step["step"]["script"])
        for outcome in ("created", "unchanged"):
            code, log = self.run_script(script, env)
            self.assertEqual(code, 0, log)
            self.assertIn("comment: " + outcome, log)
            shutil.rmtree(os.path.join(self.repository, "krender-review"))
        (body,) = self.bodies("bitbucket")
        self.assertTrue(body.startswith("[krender-diff: default]: #\n\n### "))
        self.assertNotIn("<details", body)

    def test_a_shell_is_enough(self):
        script = '"%s/review.sh"' % PACKAGING
        for fail_on, expected in (("none", 0), ("any", 1)):
            code, log = self.run_script(script, {"KRENDER_BASE": "main", "KRENDER_FAIL_ON": fail_on}, ("sh",))
            self.assertEqual(code, expected, log)
            self.assertIn("nginx: 1.25 → 1.27", log)
            self.assertEqual(self.run_script(script, {"KRENDER_BASE": "main"}, ("sh",))[0], 2)  # not empty
            shutil.rmtree(os.path.join(self.repository, "krender-review"))
        self.assertEqual(self.run_script(script, {}, ("sh",))[0] != 0, True)
        self.assertEqual(self.stand_in.requests, [])

    def hook(self, name, *arguments, **env):
        (hook,) = [hook for hook in parsed(".pre-commit-hooks") if hook["id"] == name]
        self.assertEqual((hook["language"], hook["pass_filenames"]), ("script", False))
        script, action = hook["entry"].split(" ")
        if os.path.exists(self.calls):
            os.remove(self.calls)
        words = " ".join("'%s'" % word for word in (os.path.join(ROOT, script), action, *arguments))
        return self.run_script(words, env, ("sh",))

    def test_hooks_render_affected_targets_alone(self):
        for name in ("krender-build", "krender-check"):
            self.assertEqual(self.hook(name), (0, ""))
        write(self.repository, "overlays/lone/kustomization.yaml", "resources: [pod.yaml]\n")
        write(self.repository, "overlays/lone/pod.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: a}}\n")
        code, log = self.hook("krender-build")
        self.assertEqual((code, log), (0, ""))
        self.assertTrue(read(self.calls).endswith("\nbuild\n--\noverlays/lone\n"), read(self.calls))
        self.assertEqual(self.hook("krender-check", "--fail-on", "note")[0] != 0, True)
        self.assertTrue(read(self.calls).endswith("\ncheck\n--fail-on\nnote\n--\noverlays/lone\n"), read(self.calls))
        self.git("add", "--all")
        write(self.repository, "base/web.yaml", "{kind: Broken\n")
        code, log = self.hook("krender-build")
        self.assertNotEqual(code, 0)
        self.assertIn("base/web.yaml", log)
        self.assertIn("\n%s\n" % STRANGE, read(self.calls))
        os.remove(os.path.join(self.repository, "base/web.yaml"))
        self.assertNotEqual(self.hook("krender-build")[0], 0)

    def test_the_hook_of_differences_informs(self):
        self.assertEqual(self.hook("krender-diff")[0], 0)
        write(self.repository, "base/web.yaml", deployment("nginx:1.29"))
        code, log = self.hook("krender-diff")
        self.assertEqual(code, 0)
        self.assertIn("1.27 → 1.29", log)
        code, log = self.hook("krender-diff", PRE_COMMIT_FROM_REF="main")
        self.assertIn("1.25 → 1.29", log)
        self.assertNotEqual(self.hook("krender-build", PRE_COMMIT_FROM_REF="gone")[0], 0)
        write(self.repository, "base/web.yaml", "{kind: Broken\n")
        self.assertNotEqual(self.hook("krender-diff")[0], 0)

    def test_hooks_work_before_the_first_commit(self):
        shutil.rmtree(os.path.join(self.repository, ".git"))
        self.git("init", "--quiet")
        self.assertEqual([self.hook(name)[0] for name in ("krender-build", "krender-diff")], [0, 0])
        write(self.repository, "base/web.yaml", "{kind: Broken\n")
        self.assertNotEqual(self.hook("krender-build")[0], 0)
        code, log = self.hook("krender-build", KRENDER_PROGRAM="no-such-krender")
        self.assertNotEqual(code, 0)
        self.assertIn("not on the PATH", log)


class Files(unittest.TestCase):
    def test_commands_in_logs_are_noticed(self):
        log = "a ::b::c\n::stop-commands::x\n::error::1\n##[error]2\n::x::\n ::error file=a::3\nd ##[error]4\n"
        self.assertEqual(executed(log), [" ::error file=a::3", "d ##[error]4"])

    def test_scripts_have_no_mistakes_of_syntax(self):
        template, steps = parsed("krender.gitlab-ci"), parsed("bitbucket-pipelines")["definitions"]["steps"]
        scripts = [("bash", step["run"]) for step in parsed("action")["runs"]["steps"]]
        for job in template.values():
            scripts += [("sh", line) for key in ("before_script", "script") for line in job.get(key, ())]
        scripts += [("sh", "\n".join(step["step"]["script"])) for step in steps]
        for name in ("archive.sh", "install.sh", "review.sh", "pre-commit/affected.sh"):
            path = os.path.join(PACKAGING, name)
            self.assertTrue(os.access(path, os.X_OK), name)
            scripts += [("sh", read(path))]
        self.assertGreaterEqual(len(scripts), 10)
        for shell, script in scripts:
            done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""), script)

    def test_the_example_uses_inputs_that_there_are(self):
        (job,) = parsed("workflow")["jobs"].values()
        (step,) = [step for step in job["steps"] if "packaging/github" in step.get("uses", "")]
        self.assertLessEqual(set(step["with"]), set(parsed("action")["inputs"]))
        self.assertEqual(parsed("workflow")["permissions"], {"contents": "read", "pull-requests": "write"})

    def test_settings_are_described(self):
        described = set(re.findall(r"^#   (KRENDER_\w+)", read(PACKAGING + "/review.sh") + read(PACKAGING + "/install.sh"), re.M))
        for step in parsed("action")["runs"]["steps"]:
            self.assertLessEqual(set(step["env"]), described)
        page = read(os.path.join(ROOT, "docs", "ci.md"))
        for name in [*parsed("action")["inputs"], *parsed("krender.gitlab-ci")["variables"], *described - {"KRENDER_DIR"}]:
            self.assertIn("`%s`" % name, page)


def version():
    return re.search('(?m)^version = "(.*)"', read(os.path.join(ROOT, "Cargo.toml")))[1]


def path_of_comments():
    return "/github/repos/team/shop/issues/7/comments"


def resolved(text, values):
    """A text of action.yml with its expressions evaluated: names, `||` and comparisons with an empty text."""

    def value(expression):
        if "||" in expression:
            return next((found for found in map(value, expression.split("||")) if found), "")
        if "==" in expression:
            name, other = expression.split("==")
            assert other.strip() == "''", expression
            return "true" if value(name) == "" else "false"
        found = values
        for key in expression.strip().split("."):
            found = found.get(key, "")
        return found

    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: value(found[1]), text)


def outputs_of(text):
    """The outputs of a step, as the runner reads them."""
    outputs, lines = {}, iter(text.split("\n"))
    for line in lines:
        if line:
            name, delimiter = line.split("<<")
            assert re.fullmatch("krender-[0-9a-f]{32}", delimiter), delimiter
            outputs[name] = "\n".join(iter(lambda: next(lines), delimiter))
    return outputs


if __name__ == "__main__":
    unittest.main()
