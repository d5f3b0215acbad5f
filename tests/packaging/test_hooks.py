"""The hooks of pre-commit, from end to end."""

import os
import shutil
import unittest

from recipe import ROOT, STRANGE, Recipe, deployment, parsed, read, write


class Hooks(Recipe):
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

if __name__ == "__main__":
    unittest.main()
