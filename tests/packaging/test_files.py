"""The files of the recipes: syntax, and their description."""

import os
import re
import subprocess
import unittest

from recipe import PACKAGING, ROOT, parsed, read


class Files(unittest.TestCase):
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

if __name__ == "__main__":
    unittest.main()
