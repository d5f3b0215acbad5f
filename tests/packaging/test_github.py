"""The action for GitHub, from end to end."""

import json
import os
import re
import tempfile
import unittest

from recipe import PACKAGING, STRANGE, Recipe, deployment, parsed, read, version, write
from stand_in import OWN, READER


class GitHub(Recipe):
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
        self.stand_in.files["/files/krender-9.9.9.tar.gz"] = self.stand_in.files["/files/krender-%s.tar.gz" % version()]
        code, log, _, _ = self.github(version="9.9.9", sha256=self.archive(), url=url)
        self.assertEqual(code, 2)
        self.assertIn("the archive is not krender 9.9.9", log)
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

    def test_github_fails_on_some_differences(self):
        code, log, outputs, _ = self.github(program="krender", fail_on="removed,recreate,loosened")
        self.assertEqual((code, outputs["result"]), (0, "different"), log)
        self.assertEqual(json.loads(outputs["counts"])["summary"]["targets"], 2)
        write(self.repository, "base/kustomization.yaml", "resources: []\n")
        self.commit("Remove")
        code, log, _, _ = self.github(program="krender", fail_on="recreate,loosened")
        self.assertEqual(code, 0, log)
        code, log, _, _ = self.github(program="krender", fail_on="removed")
        self.assertEqual(code, 1, log)
        self.assertIn("differences to fail on (`removed`)", log)
        code, log, _, _ = self.github(program="krender", fail_on="nonsense")
        self.assertEqual(code, 2, log)
        self.assertEqual(len(self.bodies("github")), 1)

    def test_a_long_review_is_whole_in_the_summary(self):
        one = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m%d}, data: {a: '%s%d'}}\n---\n"
        write(self.repository, "base/maps.yaml", "".join(one % (number, "word " * 20, number) for number in range(800)))
        write(self.repository, "base/kustomization.yaml", "resources: [web.yaml, maps.yaml]\n")
        self.commit("Add maps")
        code, log, outputs, summary = self.github(program="krender")
        self.assertEqual(code, 0, log)
        (body,) = self.bodies("github")
        self.assertLessEqual(len(body), 65_536)
        self.assertIn("incomplete", body)
        self.assertGreater(len(summary), 65_536)
        self.assertEqual(json.loads(outputs["counts"])["complete"], False)

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
        for base in ("--help", "main...HEAD"):
            code, log, _, _ = self.github(program="krender", base=base)
            self.assertEqual(code, 2)
            self.assertIn("`%s` is not a revision" % base, log)
        self.assertEqual(self.github(program="krender", base="")[0], 2)

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

    def test_github_writes_nothing_about_no_differences(self):
        self.change(deployment("nginx:1.25"))
        code, log, outputs, summary = self.github(program="krender")
        self.assertEqual((code, outputs["result"], self.bodies("github")), (0, "same", []), log)
        self.assertIn("comment: none", log)
        self.assertIn("No differences", summary)

    def test_github_does_not_expand_patterns(self):
        code, log, _, _ = self.github(program="krender", paths="over*")
        self.assertIn("\n--\nover*\n", read(self.calls))

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


class Log(unittest.TestCase):
    def test_commands_in_logs_are_noticed(self):
        log = "a ::b::c\n::stop-commands::x\n::error::1\n##[error]2\n::x::\n ::error file=a::3\nd ##[error]4\n"
        self.assertEqual(executed(log), [" ::error file=a::3", "d ##[error]4"])


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
