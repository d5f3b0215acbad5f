"""The recipes for GitLab, Bitbucket and plain shells, from end to end."""

import json
import os
import shutil
import unittest

from recipe import PACKAGING, Recipe, parsed, read, version, write
from stand_in import OWN


class Hosts(Recipe):
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

if __name__ == "__main__":
    unittest.main()
