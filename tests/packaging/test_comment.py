"""comment.py against the stand-in: one comment, whatever else is there and whatever fails."""

import contextlib
import io
import os
import re
import sys
import tempfile
import time
import unittest
from email.utils import formatdate

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "packaging"))
import comment
from stand_in import LONGEST, OTHER, OWN, READER, Fault, StandIn

HOSTS = sorted(LONGEST)
ACCOUNT = "github-actions[bot]"


class Comments(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.stand_in = StandIn()
        self.addCleanup(self.stand_in.close)
        self.waits = []

    def run_once(self, host, text="### 1 difference\n", token=OWN, arguments=(), env=()):
        """Exit code, standard output and standard error of one run."""
        with tempfile.NamedTemporaryFile("w", suffix=".md", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            env = {**self.stand_in.environment(host), "KRENDER_TOKEN": token, **dict(env)}
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = comment.main(["--host", host, "--body", file.name, *arguments], env, self.waits.append)
        for secret in (OWN, READER, OTHER):
            self.assertNotIn(secret, out.getvalue() + err.getvalue())
        return code, out.getvalue().strip(), err.getvalue().strip()

    def said(self, *arguments, **options):
        code, out, err = self.run_once(*arguments, **options)
        self.assertEqual((code, err), (0, ""))
        return out

    def failed(self, *arguments, **options):
        code, out, err = self.run_once(*arguments, **options)
        self.assertEqual((code, out), (1, ""))
        return err

    def bodies(self, host):
        return [body for _, _, body in self.stand_in.comments[host]]

    def test_the_first_run_creates_and_the_next_ones_update(self):
        for host in HOSTS:
            marker = comment.HOSTS[host].marker("default")
            self.assertEqual(self.said(host, "first\n"), "created")
            self.assertEqual(self.said(host, "second\n"), "updated")
            self.assertEqual(self.said(host, "second\n"), "unchanged")
            self.assertEqual(self.bodies(host), [marker + "\n\nsecond\n"])

    def test_a_clear_review_updates_but_never_creates(self):
        for host in HOSTS:
            self.assertEqual(self.said(host, "No differences", arguments=["--clear"]), "none")
            self.assertEqual(self.bodies(host), [])
            self.said(host, "1 difference")
            self.assertEqual(self.said(host, "No differences", arguments=["--clear"]), "updated")
            self.assertEqual(len(self.bodies(host)), 1)
            self.assertIn("No differences", self.bodies(host)[0])

    def test_the_marker_is_found_on_the_third_page(self):
        self.stand_in.page = 2
        for host in HOSTS:
            for number in range(5):
                self.stand_in.add(host, "reviewer", "comment %d" % number)
            self.stand_in.add(host, ACCOUNT, comment.HOSTS[host].marker("default") + "\r\n\r\nold")
            self.stand_in.add(host, "reviewer", "the last word")
            self.assertEqual(self.said(host, "new"), "updated")
            self.assertEqual(len(self.bodies(host)), 7)
            self.assertIn("new", self.bodies(host)[5])

    def test_two_comments_become_one(self):
        for host in HOSTS:
            for body in ("a", "b", "c"):
                self.stand_in.add(host, ACCOUNT, comment.HOSTS[host].marker("default") + "\n\n" + body)
            oldest = self.stand_in.comments[host][0][0]
            self.stand_in.comments[host].reverse()  # hosts promise no order
            self.assertEqual(self.said(host, "d"), "updated")
            body = comment.HOSTS[host].marker("default") + "\n\nd\n"
            self.assertEqual(self.stand_in.comments[host], [(oldest, ACCOUNT, body)])

    def test_names_are_apart(self):
        for host in HOSTS:
            self.said(host, "one", arguments=["--name", "staging"])
            self.said(host, "two", arguments=["--name", "staging-eu"])
            self.assertEqual(self.said(host, "three", arguments=["--name", "staging"]), "updated")
            self.assertEqual([body.splitlines()[2] for body in self.bodies(host)], ["three", "two"])

    def test_comments_of_others_are_left_alone(self):
        for host in HOSTS:
            marker = comment.HOSTS[host].marker("default")
            self.stand_in.add(host, "stranger", marker + "\n\nplease approve")
            self.stand_in.add(host, ACCOUNT, "I quote:\n" + marker + "\n\nold")
            self.stand_in.add(host, None if host == "github" else "gone", marker)
            before = self.bodies(host)
            self.assertEqual(self.said(host, "new"), "created")
            self.assertEqual(self.said(host, "newer"), "updated")
            self.assertEqual(self.bodies(host)[:3], before)
            self.assertEqual(len(self.bodies(host)), 4)

    def test_without_permission_nothing_is_written(self):
        for host in HOSTS:
            self.assertRegex(self.said(host, token=READER), "^skipped: .*forks.*403")
            self.assertRegex(self.said(host, token=""), "^skipped: there is no token")
            self.assertEqual(self.bodies(host), [])
        self.assertEqual(self.waits, [])

    def test_a_wrong_token_is_an_error_and_is_not_shown(self):
        for host in HOSTS:
            self.assertIn("does not accept the token", self.failed(host, token="expired"))
            self.assertIn("characters that no token has", self.failed(host, token="two words"))
            self.assertIn("characters that no token has", self.failed(host, token="a\r\nX: b"))

    def test_busy_hosts_are_asked_again(self):
        reset = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 20)}
        date = {"Retry-After": formatdate(time.time() + 30, usegmt=True)}
        faults = [(429, {"Retry-After": "7"}, 7), (403, {"Retry-After": "3"}, 3), (403, reset, 21), (503, date, 30)]
        faults += [(409, {}, 1), (500, {}, 1), (502, {}, 1)]
        for host in HOSTS:
            for status, headers, wait in faults:
                self.waits.clear()
                self.stand_in.faults = [Fault("GET", "comments|notes", status, headers)]
                self.said(host, "text of %d %s" % (status, headers))
                self.assertEqual(len(self.waits), 1)
                self.assertAlmostEqual(self.waits[0], wait, delta=2)
            self.assertEqual(len(self.bodies(host)), 1)

    def test_waiting_has_an_end(self):
        for host in HOSTS:
            self.waits.clear()
            self.stand_in.faults = [Fault("GET", "comments|notes", 500, times=1000)]
            self.assertIn("500", self.failed(host))
            self.assertEqual(len(self.waits), comment.MOST_ATTEMPTS - 1)
            self.assertLess(sum(self.waits), comment.PATIENCE)
            self.waits.clear()
            self.stand_in.faults = [Fault("GET", "comments|notes", 429, {"Retry-After": "3600"})]
            self.assertIn("3600 seconds", self.failed(host))
            self.assertEqual(self.waits, [])

    def test_a_creation_whose_answer_is_lost_is_not_repeated(self):
        for host in HOSTS:
            for is_carried_out in (True, False):
                self.stand_in.comments[host].clear()
                self.stand_in.faults = [Fault("POST", "comments|notes", 502, carried_out=is_carried_out)]
                self.stand_in.requests.clear()
                self.assertEqual(self.said(host), "created")
                self.assertEqual(len(self.bodies(host)), 1)
                self.assertEqual(len(self.stand_in.writes()), 1 if is_carried_out else 2)

    def test_two_jobs_at_the_same_time_leave_one_comment(self):
        for host in HOSTS:
            marker = comment.HOSTS[host].marker("default")
            self.stand_in.before_create = lambda: self.stand_in.add(host, ACCOUNT, marker + "\n\nof the other job")
            self.said(host, "of this job")
            self.assertEqual(self.bodies(host), [marker + "\n\nof this job\n"])

    def test_a_comment_that_is_gone_is_no_error(self):
        for host in HOSTS:
            for body in ("a", "b"):
                self.stand_in.add(host, ACCOUNT, comment.HOSTS[host].marker("default") + "\n\n" + body)
            self.stand_in.faults = [Fault("DELETE", "comments|notes", 404)]
            self.assertEqual(self.said(host, "c"), "updated")

    def test_long_texts_say_what_is_left_out(self):
        line = "+ spec.template.spec.containers[web].image: nginx \U0001f600 é\n"
        body = "<details open><summary><b><code>a</code></b>: 1 difference</summary>\n\n- **`A b`**\n\n  ```diff\n"
        body += ("  " + line) * 20_000 + "  ```\n\n</details>\n"
        for host in HOSTS:
            self.assertEqual(self.said(host, body), "created")
            (written,) = self.bodies(host)
            self.assertLessEqual(len(written), LONGEST[host])
            self.assertGreater(len(written), LONGEST[host] * 0.95)
            left_out, of = map(int, re.search("([0-9]+) of ([0-9]+) lines are not shown", written).groups())
            self.assertEqual((of - left_out, of // 10), (5 + written.count("nginx"), 2000))
            self.assertEqual(written.count("\n  ```\n"), 1)
            self.assertEqual(written.count("</details>"), 0 if host == "bitbucket" else 1)
            self.assertEqual(self.said(host, body), "unchanged")

    def test_texts_of_any_length_fit_and_close_their_blocks(self):
        lines = ["<details><summary>a</summary>", "", "  ````diff", "  + ```", "  ````", "", "</details>", "é" * 30]
        text = "\n".join(lines * 12)
        for longest in range(140, len(text) + 2):
            short = comment.shortened(text, longest)
            self.assertLessEqual(len(short), longest)
            self.assertEqual(short.count("<details"), short.count("</details>"))
            self.assertEqual(short.count("````") % 2, 0)
            self.assertEqual(short == text, longest >= len(text))

    def test_unicode_survives(self):
        text = "### größer 世界 \U0001f600 \u202e\n"
        for host in HOSTS:
            self.said(host, text)
            self.assertTrue(self.bodies(host)[0].endswith(text))
            self.assertEqual(self.said(host, text), "unchanged")

    def test_lines_of_a_note_are_no_commands_of_gitlab(self):
        self.said("gitlab", "text\n/merge\n/close\n")
        self.assertTrue(self.bodies("gitlab")[0].endswith("text\n\\/merge\n\\/close\n"))

    def test_bitbucket_gets_no_html(self):
        self.said(
            "bitbucket",
            "<details open><summary><b><code>a&amp;`b</code></b>: 1 difference</summary>\n\n"
            "  ```diff\n  + </details>\n</details>\n<!-- a -->\n  ```\n\n</details>\n\n<!-- krender-diff: {} -->\n",
        )
        expected = "**`` a&`b ``: 1 difference**\n\n  ```diff\n  + </details>\n</details>\n<!-- a -->\n  ```"
        self.assertTrue(self.bodies("bitbucket")[0].rstrip().endswith(expected))
        self.assertNotIn("<summary>", self.bodies("bitbucket")[0])

    def test_the_token_stays_with_the_host(self):
        elsewhere = StandIn()
        self.addCleanup(elsewhere.close)
        for host in HOSTS:
            headers = {"Location": elsewhere.url + "/" + host}
            self.stand_in.faults = [Fault("GET", "comments|notes", 302, headers)]
            self.assertIn("redirects", self.failed(host))
        following = {"values": [], "next": elsewhere.url + "/bitbucket/2.0/more"}
        self.stand_in.faults = [Fault("GET", "comments", 200, body=following)]
        self.assertIn("another host", self.failed("bitbucket"))
        for url in ("http://example.com/api", "ftp://127.0.0.1/", "http://127.0.0.1.example.com/"):
            self.assertIn("https://", self.failed("gitlab", env={"CI_API_V4_URL": url}))
        self.assertEqual(elsewhere.requests, [])

    def test_errors_of_hosts_are_no_commands_for_logs(self):
        for host in HOSTS:
            self.stand_in.faults = [Fault("GET", "comments|notes", 418)]
            said = self.failed(host)
            self.assertIn("418", said)
            self.assertNotIn("::", said)

    def test_answers_of_another_form_are_errors(self):
        for host in HOSTS:
            for body in ({"a": 1}, [{"id": "x"}], [1], [None]):
                self.stand_in.faults = [Fault("GET", "comments|notes", 200, body=body, times=10)]
                self.failed(host)
            self.stand_in.faults = [Fault("GET", "comments|notes", 200, body=b"<html>", times=10)]
            self.assertIn("not JSON", self.failed(host))
            self.stand_in.faults = []
            self.assertEqual(self.bodies(host), [])

    def test_settings_are_checked(self):
        for name in ("", "<!-- -->", "a b", "a--b", "../a", "x" * 65):
            self.assertIn("a name has", self.failed("github", arguments=["--name", name]))
        for host, name in (("github", "KRENDER_PULL_REQUEST"), ("gitlab", "CI_MERGE_REQUEST_IID"), ("bitbucket", "BITBUCKET_PR_ID")):
            for number in ("", "7/../8"):
                self.failed(host, env={name: number})
        self.failed("github", env={"GITHUB_REPOSITORY": "team/shop/../x"})
        self.assertEqual(self.stand_in.requests, [])

    def test_bitbucket_takes_an_account_that_the_token_does_not_tell(self):
        marker = comment.HOSTS["bitbucket"].marker("default")
        self.stand_in.add("bitbucket", ACCOUNT, marker)
        self.stand_in.faults = [Fault("GET", "/user", 403, times=2)]
        self.assertIn("KRENDER_ACCOUNT", self.failed("bitbucket"))
        self.assertEqual(self.said("bitbucket", env={"KRENDER_ACCOUNT": ACCOUNT}), "updated")


if __name__ == "__main__":
    unittest.main()
