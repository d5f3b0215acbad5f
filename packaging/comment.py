#!/usr/bin/env python3
"""Keeps one comment of krender on a pull request up to date: on GitHub, GitLab and Bitbucket Cloud.

usage: comment.py --host github|gitlab|bitbucket [--name NAME] [--clear] --body FILE

The comment begins with a hidden marker with NAME. The comment that is there is updated, otherwise one is created; there
are never two. With --clear none is created: a comment that is there gets the text, which says that all is well again.

Only comments of the account of the token are touched. The token is read from the environment variable KRENDER_TOKEN, is
sent to the API of the host alone, and is never printed.

Prints one line: `created`, `updated`, `unchanged`, `none` (nothing to clear), or `skipped: REASON` if there is no token
or no permission. Ends with 0, or with 1 if the host could not be asked.

Written in Python because the runners of all three hosts, and most images, have it: JSON, paging and time limits are in
its standard library, and neither the token nor text of the repository passes a shell.
"""

import argparse
import email.utils
import html
import http.client
import json
import os
import random
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

MOST_PAGES = 500  # of comments; beyond it the pull request is not one for people
MOST_ATTEMPTS = 6  # of one request
PATIENCE = 120  # seconds of waiting in one run
TIMEOUT = 30  # seconds of one request
LARGEST_ANSWER = 256 << 20  # bytes: a page of the longest comments of GitLab fits


class Failed(Exception):
    """The comment could not be written; the message is for people. `status` is that of the answer, if there was one."""

    def __init__(self, message, status=None):
        super().__init__(message)
        self.status = status


class NoPermission(Exception):
    """The token may not do this, as on pull requests from forks."""


class Api:
    """JSON over HTTP with one host: repeats what may succeed later, and keeps the token to this host."""

    def __init__(self, base, headers, sleep=time.sleep):
        self.base = base.rstrip("/")
        check_address(self.base)
        self.headers = {"User-Agent": "krender", "Accept": "application/json", **headers}
        self.sleep = sleep
        self.waited = 0.0
        self.opener = urllib.request.build_opener(NoRedirects)

    def call(self, method, url, data=None, before_repeat=None):
        """The answer and its headers. `before_repeat` runs before each repetition: if it returns a value, that is the
        answer, since a request whose answer was lost may have been carried out."""
        if url.startswith("/"):
            url = self.base + url
        if origin(url) != origin(self.base):
            raise Failed("the API refers to another host: " + printable(url))
        for attempt in range(MOST_ATTEMPTS):
            try:
                return self.once(method, url, data)
            except Repeatable as problem:
                wait = problem.wait if problem.wait is not None else backoff(attempt)
                is_last = attempt + 1 == MOST_ATTEMPTS
                if is_last or self.waited + wait > PATIENCE:
                    asked = " and asks to wait for %d seconds" % wait if problem.wait else ""
                    raise Failed("%s %s: %s%s" % (method, printable(url), problem, asked))
            self.waited += wait
            self.sleep(wait)
            found = before_repeat() if before_repeat else None
            if found:
                return found, {}
        raise AssertionError("the last attempt returns or raises")

    def once(self, method, url, data):
        body = None if data is None else json.dumps(data).encode()
        headers = dict(self.headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(url, body, headers, method=method)
        try:
            with self.opener.open(request, timeout=TIMEOUT) as answer:
                text = answer.read(LARGEST_ANSWER + 1)
                if len(text) > LARGEST_ANSWER:
                    raise Failed("the answer to %s is too large" % printable(url))
                return json.loads(text) if text.strip() else None, answer.headers
        except urllib.error.HTTPError as error:
            raise refusal(method, url, error)
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            raise Repeatable("no answer: " + printable(str(getattr(error, "reason", error))))
        except ValueError:
            raise Repeatable("the answer is not JSON")


class Repeatable(Exception):
    """A failure that may be over in a moment, with the seconds that the host asks to wait for."""

    def __init__(self, message, wait=None):
        super().__init__(message)
        self.wait = wait


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: urllib would send the token along to any host."""

    def redirect_request(self, *_):
        return None


def refusal(method, url, error):
    """The exception for an answer that is no success."""
    try:
        answer = json.loads(error.read(1 << 16))
        said = answer.get("message") or answer.get("error") or ""
        said = said.get("message", "") if isinstance(said, dict) else said
    except (ValueError, OSError, AttributeError, http.client.HTTPException):
        said = ""
    reason = "%d %s" % (error.code, printable(str(said)))
    wait = asked_to_wait(error.headers)
    is_limited = wait is not None or error.headers.get("X-RateLimit-Remaining") == "0"
    if error.code in (409, 429) or error.code >= 500 or error.code == 403 and is_limited:
        return Repeatable(reason, wait)
    if error.code == 403:
        return NoPermission(reason)
    request = "%s %s" % (method, printable(url))
    if error.code == 401:
        return Failed("%s: the host does not accept the token: %s" % (request, reason))
    if 300 <= error.code < 400:
        return Failed("%s: the host redirects elsewhere; the repository may have moved" % request)
    return Failed("%s: %s" % (request, reason), error.code)


def asked_to_wait(headers):
    """Seconds until the host wants to be asked again: a number, a date, or the end of GitHub's hour."""
    after = headers.get("Retry-After", "").strip()
    if after.isdigit():
        return int(after)
    date = email.utils.parsedate_to_datetime(after) if re.match("[A-Z][a-z]{2},", after) else None
    if date:
        return max(0.0, date.timestamp() - time.time())
    reset = headers.get("X-RateLimit-Reset", "")
    if headers.get("X-RateLimit-Remaining") == "0" and reset.isdigit():
        return max(0.0, int(reset) - time.time()) + 1
    return None


def backoff(attempt):
    """1, 2, 4 … seconds, a little less by chance so that jobs of one pipeline do not come back together."""
    return min(30, 2**attempt) * random.uniform(0.7, 1)


def origin(url):
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def check_address(url):
    """Refuses addresses over which a token would be readable: only this machine may be asked without TLS."""
    scheme, name, _ = origin(url)
    if scheme != "https" and not (scheme == "http" and name in ("127.0.0.1", "localhost", "::1")):
        raise Failed("the address of the API must begin with https://: " + printable(url))


def printable(text):
    """A text of others in one short line, which no log takes for a command."""
    text = "".join(character if character.isprintable() else " " for character in text[:300])
    return text.replace("::", ": :").replace("##", "# #").strip()


class Comment:
    """A comment of the host."""

    def __init__(self, number, author, body):
        self.number, self.author, self.body = number, author, plain(body)


def plain(body):
    """A body as it is compared: hosts may change the ends of lines."""
    return (body or "").replace("\r\n", "\n").rstrip()


class GitHub:
    """Comments of a pull request on GitHub. The permission is `pull-requests: write`."""

    longest = 65_536

    def __init__(self, env, token, sleep):
        headers = {"Authorization": "Bearer " + token, "X-GitHub-Api-Version": "2022-11-28"}
        self.api = Api(env.get("GITHUB_API_URL") or "https://api.github.com", headers, sleep)
        self.graphql = env.get("GITHUB_GRAPHQL_URL") or self.api.base + "/graphql"
        repository = needed(env, "GITHUB_REPOSITORY", r"[\w.-]+/[\w.-]+")
        self.path = "/repos/" + repository + "/issues"
        self.number = env.get("KRENDER_PULL_REQUEST") or self.of_event(env.get("GITHUB_EVENT_PATH"))
        if not re.fullmatch("[0-9]{1,12}", self.number):
            raise Failed("the number of the pull request is not known: set KRENDER_PULL_REQUEST")

    @staticmethod
    def of_event(path):
        """The number of the pull request in the event that started the workflow."""
        if not path or not os.path.isfile(path):
            return ""
        with open(path, encoding="utf-8") as file:
            event = json.load(file)
        return str((event.get("pull_request") or {}).get("number", ""))

    def account(self):
        # `GET /user` is closed to the tokens of workflows; this works for all kinds of tokens.
        answer, _ = self.api.call("POST", self.graphql, {"query": "query { viewer { login } }"})
        login = (((answer or {}).get("data") or {}).get("viewer") or {}).get("login")
        if not login:
            raise Failed("GitHub does not tell the account of the token")
        return login

    def comments(self):
        for page in range(1, MOST_PAGES + 1):
            url = "%s/%s/comments?per_page=100&page=%d" % (self.path, self.number, page)
            answer, headers = self.api.call("GET", url)
            for item in answer:
                yield Comment(int(item["id"]), (item.get("user") or {}).get("login"), item.get("body"))
            if 'rel="next"' not in headers.get("Link", ""):
                return
        raise too_many()

    def create(self, body, before_repeat):
        url = "%s/%s/comments" % (self.path, self.number)
        self.api.call("POST", url, {"body": body}, before_repeat)

    def update(self, number, body):
        self.api.call("PATCH", "%s/comments/%d" % (self.path, number), {"body": body})

    def delete(self, number):
        self.api.call("DELETE", "%s/comments/%d" % (self.path, number))

    @staticmethod
    def marker(name):
        return "<!-- krender-diff: %s -->" % name

    @staticmethod
    def written(text):
        return text


class GitLab:
    """Notes of a merge request on GitLab. The token has the scope `api`, and the role Reporter or higher."""

    longest = 1_000_000
    marker = staticmethod(GitHub.marker)

    def __init__(self, env, token, sleep):
        self.api = Api(needed(env, "CI_API_V4_URL", r"\S+"), {"PRIVATE-TOKEN": token}, sleep)
        project = env.get("CI_MERGE_REQUEST_PROJECT_ID") or env.get("CI_PROJECT_ID") or ""
        number = env.get("KRENDER_PULL_REQUEST") or env.get("CI_MERGE_REQUEST_IID") or ""
        if not (project.isdigit() and number.isdigit()):
            raise Failed("this is no pipeline of a merge request: CI_MERGE_REQUEST_IID is not set")
        self.path = "/projects/%s/merge_requests/%s/notes" % (project, number)

    def account(self):
        return self.api.call("GET", "/user")[0]["id"]

    def comments(self):
        for page in range(1, MOST_PAGES + 1):
            url = "%s?per_page=100&order_by=created_at&sort=asc&page=%d" % (self.path, page)
            answer, headers = self.api.call("GET", url)
            for item in answer:
                if not item.get("system"):
                    yield Comment(int(item["id"]), item["author"]["id"], item.get("body"))
            # The header `Link` of an installation behind a proxy may name a wrong host.
            if not headers.get("X-Next-Page", "").strip():
                return
        raise too_many()

    def create(self, body, before_repeat):
        self.api.call("POST", self.path, {"body": body}, before_repeat)

    def update(self, number, body):
        self.api.call("PUT", "%s/%d" % (self.path, number), {"body": body})

    def delete(self, number):
        self.api.call("DELETE", "%s/%d" % (self.path, number))

    @staticmethod
    def written(text):
        # A line that begins with `/` is a command, such as `/merge`.
        return re.sub("(?m)^/", r"\\/", text)


class Bitbucket:
    """Comments of a pull request on Bitbucket Cloud. The token has the scope `pullrequest:write`."""

    longest = 32_768

    def __init__(self, env, token, sleep):
        base = env.get("BITBUCKET_API_URL") or "https://api.bitbucket.org/2.0"
        self.api = Api(base, {"Authorization": "Bearer " + token}, sleep)
        repository = needed(env, "BITBUCKET_REPO_FULL_NAME", r"[\w.-]+/[\w.-]+")
        number = env.get("KRENDER_PULL_REQUEST") or env.get("BITBUCKET_PR_ID") or ""
        if not number.isdigit():
            raise Failed("this is no pipeline of a pull request: BITBUCKET_PR_ID is not set")
        self.path = "/repositories/%s/pullrequests/%s/comments" % (repository, number)
        self.known_account = env.get("KRENDER_ACCOUNT")

    def account(self):
        if self.known_account:
            return self.known_account
        try:
            return self.api.call("GET", "/user")[0]["uuid"]
        except (NoPermission, KeyError, TypeError):
            raise Failed(
                "Bitbucket does not tell the account of the token: give the token the scope `account`, or set"
                " KRENDER_ACCOUNT to the UUID of the account"
            )

    def comments(self):
        url = self.path + "?pagelen=100&sort=created_on"
        for _ in range(MOST_PAGES):
            answer, _ = self.api.call("GET", url)
            for item in answer["values"]:
                if not item.get("deleted") and not item.get("inline"):
                    author = (item.get("user") or {}).get("uuid")
                    yield Comment(int(item["id"]), author, (item.get("content") or {}).get("raw"))
            url = answer.get("next")
            if not url:
                return
        raise too_many()

    def create(self, body, before_repeat):
        self.api.call("POST", self.path, {"content": {"raw": body}}, before_repeat)

    def update(self, number, body):
        self.api.call("PUT", "%s/%d" % (self.path, number), {"content": {"raw": body}})

    def delete(self, number):
        self.api.call("DELETE", "%s/%d" % (self.path, number))

    @staticmethod
    def marker(name):
        # Comments of HTML are shown; a definition of a link that is not used is not.
        return "[krender-diff: %s]: #" % name

    @staticmethod
    def written(text):
        return without_html(text)


HOSTS = {"github": GitHub, "gitlab": GitLab, "bitbucket": Bitbucket}


def needed(env, name, pattern):
    value = env.get(name, "")
    if not re.fullmatch(pattern, value):
        raise Failed("the environment variable %s is not as expected" % name)
    return value


def too_many():
    return Failed("there are more than %d pages of comments" % MOST_PAGES)


def with_code(lines):
    """Each line, whether it is part of a code block, and the line that would close the block that is open after it."""
    fence, closing = "", ""
    for line in lines:
        mark = re.match("( *)(`{3,})([^`]*)$", line)
        if not fence and mark:
            fence, closing = mark[2], mark[1] + mark[2]
            yield line, True, closing
        elif fence and mark and len(mark[2]) >= len(fence) and not mark[3].strip():
            fence, closing = "", ""
            yield line, True, closing
        else:
            yield line, bool(fence), closing


def without_html(text):
    """Markdown for a host that shows HTML as text: sections have a bold title instead of a fold."""
    lines = []
    for line, is_code, _ in with_code(text.split("\n")):
        title = re.fullmatch("(?:<details[^>]*>)?<summary>(.*)</summary>", line)
        if is_code:
            lines.append(line)
        elif title:
            code = re.sub("<code>(.*?)</code>", lambda found: inline_code(found[1]), title[1])
            lines.append("**%s**" % re.sub("</?b>", "", code))
        elif line != "</details>" and not re.fullmatch("<!-- .* -->", line):
            lines.append(line)
    return "\n".join(lines)


def inline_code(escaped):
    """Text of HTML as inline code."""
    text = html.unescape(escaped)
    mark = "`" * (max(map(len, re.findall("`*", text))) + 1)
    blank = " " if "`" in text else ""
    return mark + blank + text + blank + mark


def shortened(text, longest):
    """A text of at most `longest` characters: whole lines, with open blocks closed and the number of lines left out."""
    if len(text) <= longest:
        return text
    lines = text.rstrip("\n").split("\n")
    notice = "\n**This comment is incomplete: %d of %d lines are not shown.** The job has the whole review.\n"
    room = longest - len(notice) - 2 * len(str(len(lines)))
    kept, end, used, depth = 0, "", 0, 0
    for number, (line, is_code, fence) in enumerate(with_code(lines)):
        used += len(line) + 1
        if not is_code:
            depth += line.count("<details") - line.count("</details>")
        closing = (fence + "\n" if fence else "") + "\n</details>\n" * max(0, depth)
        if used > room:
            break
        if used + len(closing) <= room:
            kept, end = number + 1, closing
    return "\n".join(lines[:kept]) + "\n" + end + notice % (len(lines) - kept, len(lines))


def own_comments(host, marker):
    """Comments that begin with the marker and are of the account of the token, the oldest first.

    A marker in the middle of a text is a quotation; one of another author is a stranger's.
    """
    marked = [comment for comment in host.comments() if (comment.body + "\n").startswith(marker + "\n")]
    if not marked:
        return []
    account = host.account()
    return sorted((one for one in marked if one.author == account), key=lambda one: one.number)


def keep(host, name, text, is_clear):
    """Brings the comment up to date, and returns the word for what was done."""
    marker = host.marker(name)
    head = marker + "\n\n"
    body = head + shortened(host.written(text), host.longest - len(head))
    outcome, own = "unchanged", own_comments(host, marker)
    if not own:
        if is_clear:
            return "none"
        host.create(body, lambda: own_comments(host, marker))
        outcome = "created"
        # Another job may have created one at the same time: both keep the older one.
        own = own_comments(host, marker)
    if own and own[0].body != plain(body):
        host.update(own[0].number, body)
        outcome = "updated" if outcome == "unchanged" else outcome
    for other in own[1:]:
        try:
            host.delete(other.number)
        except Failed as failed:
            if failed.status != 404:  # the other job has removed it
                raise
    return outcome


def main(arguments, env, sleep=time.sleep):
    parser = argparse.ArgumentParser(description="Keeps one comment on a pull request up to date.")
    parser.add_argument("--host", required=True, choices=sorted(HOSTS))
    parser.add_argument("--name", default="default", help="name of the comment, if a pull request has several")
    parser.add_argument("--clear", action="store_true", help="create no comment")
    parser.add_argument("--body", required=True, help="file with the text, in Markdown")
    options = parser.parse_args(arguments)
    token = env.get("KRENDER_TOKEN", "").strip()
    try:
        if not re.fullmatch(r"[A-Za-z0-9]+([._/-][A-Za-z0-9]+)*", options.name) or len(options.name) > 64:
            raise Failed("a name has letters, digits and single `.`, `_`, `/`, `-` between them")
        if not token:
            print("skipped: there is no token, as for pull requests from forks")
            return 0
        if not re.fullmatch("[!-~]+", token):
            raise Failed("the token has characters that no token has")
        with open(options.body, encoding="utf-8", errors="replace", newline="") as file:
            text = plain(file.read()) + "\n"
        host = HOSTS[options.host](env, token, sleep)
        print(keep(host, options.name, text, options.clear))
    except NoPermission as refused:
        print("skipped: the token may not write comments, as for pull requests from forks (%s)" % refused)
        return 0
    except (Failed, OSError) as failed:
        said = str(failed)
    except (AttributeError, KeyError, TypeError, ValueError) as failed:
        said = "the host answers in another form than expected: %s: %s" % (type(failed).__name__, printable(str(failed)))
    else:
        return 0
    print("comment.py: " + said.replace(token or "\0", "***"), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
