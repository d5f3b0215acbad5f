"""A stand-in of the APIs of GitHub, GitLab and Bitbucket Cloud on loopback: the part that comments need.

It keeps comments in memory, answers in pages, knows a few accounts by their tokens, and fails where a test asks it to.
"""

import json
import re
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Tokens, their accounts, and whether they may write.
OWN, READER, OTHER = "token-of-krender", "token-of-a-fork", "token-of-another"
ACCOUNTS = {OWN: ("github-actions[bot]", True), READER: ("github-actions[bot]", False), OTHER: ("other", True)}
LONGEST = {"github": 65_536, "gitlab": 1_000_000, "bitbucket": 32_768}


class Fault:
    """An answer in place of the right one, to requests of a method whose path matches."""

    def __init__(self, method, path, status, headers=None, times=1, carried_out=False, body=None):
        self.method, self.path, self.status = method, re.compile(path), status
        self.headers, self.times, self.carried_out, self.body = headers or {}, times, carried_out, body


class StandIn:
    """The server: `comments` are those of the one pull request of each host, as (id, account, body)."""

    def __init__(self, page=100):
        self.page, self.faults, self.requests, self.files = page, [], [], {}
        self.comments = {host: [] for host in LONGEST}
        self.next, self.lock = 1, threading.Lock()
        self.before_create = None  # runs once, as if another job had been faster
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                stand_in.answer(self)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def environment(self, host):
        """The variables of a job of the host, for the pull request 7."""
        return {
            "github": {
                "GITHUB_API_URL": self.url + "/github",
                "GITHUB_GRAPHQL_URL": self.url + "/github/graphql",
                "GITHUB_REPOSITORY": "team/shop",
                "KRENDER_PULL_REQUEST": "7",
            },
            "gitlab": {
                "CI_API_V4_URL": self.url + "/gitlab/api/v4",
                "CI_MERGE_REQUEST_PROJECT_ID": "12",
                "CI_MERGE_REQUEST_IID": "7",
            },
            "bitbucket": {
                "BITBUCKET_API_URL": self.url + "/bitbucket/2.0",
                "BITBUCKET_REPO_FULL_NAME": "team/shop",
                "BITBUCKET_PR_ID": "7",
            },
        }[host]

    def add(self, host, account, body):
        self.comments[host].append((self.next, account, body))
        self.next += 1

    def writes(self):
        """Requests that change comments."""
        return [(method, path) for method, path in self.requests if method != "GET" and "graphql" not in path]

    def answer(self, request):
        length = int(request.headers.get("Content-Length") or 0)
        data = json.loads(request.rfile.read(length)) if length else None
        path = request.path
        with self.lock:
            self.requests.append((request.command, path))
            fault = next((one for one in self.faults if one.method == request.command and one.path.search(path)), None)
            if fault:
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
            if not fault or fault.carried_out:
                status, headers, body = self.right_answer(request, path, data)
            if fault:
                status, headers, body = fault.status, fault.headers, fault.body or {"message": "a fault ::error::x"}
        text = body if isinstance(body, bytes) else b"" if status == 204 else json.dumps(body).encode()
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)

    def right_answer(self, request, path, data):
        parts = urllib.parse.urlsplit(path)
        if parts.path in self.files:
            return 200, {}, self.files[parts.path]
        host, rest = re.fullmatch("/([a-z]+)(?:/api/v4|/2.0)?(/.*)", parts.path).groups()
        sent = request.headers.get("PRIVATE-TOKEN" if host == "gitlab" else "Authorization") or ""
        account, may_write = ACCOUNTS.get(sent.replace("Bearer ", ""), (None, False))
        if not account:
            return 401, {}, {"message": "Bad credentials"}
        if rest == "/graphql":
            assert data == {"query": "query { viewer { login } }"}, data
            return 200, {}, {"data": {"viewer": {"login": account}}}
        if rest == "/user":
            refused = (403, {}, {"message": "Resource not accessible by integration"})
            return refused if host == "github" else (200, {}, {"id": account, "uuid": account})
        place = {
            "github": r"/repos/team/shop/issues(?:/7)?/comments(?:/(\d+))?",
            "gitlab": r"/projects/12/merge_requests/7/notes(?:/(\d+))?",
            "bitbucket": r"/repositories/team/shop/pullrequests/7/comments(?:/(\d+))?",
        }[host]
        found = re.fullmatch(place, rest)
        if not found:
            return 404, {}, {"message": "Not Found"}
        if request.command == "GET":
            return self.listed(host, parts)
        if not may_write:
            return 403, {}, {"message": "Resource not accessible by integration"}
        return self.written(host, request.command, found[1], account, data)

    def listed(self, host, parts):
        query = dict(urllib.parse.parse_qsl(parts.query))
        number, every = int(query.get("page", 1)), self.comments[host]
        assert query.get("per_page" if host != "bitbucket" else "pagelen") in ("100", None), query
        items = every[(number - 1) * self.page : number * self.page]
        more = number * self.page < len(every)
        following = "%s%s?page=%d" % (self.url, parts.path, number + 1)
        if host == "github":
            headers = {"Link": '<%s>; rel="next"' % following} if more else {}
            return 200, headers, [{"id": id, "user": user and {"login": user}, "body": body} for id, user, body in items]
        if host == "gitlab":
            headers = {"X-Next-Page": str(number + 1) if more else ""}
            notes = [{"id": id, "system": False, "author": {"id": user}, "body": body} for id, user, body in items]
            return 200, headers, notes
        values = [{"id": id, "user": {"uuid": user}, "content": {"raw": body}} for id, user, body in items]
        return 200, {}, {"values": values, **({"next": following} if more else {})}

    def written(self, host, method, number, account, data):
        every = self.comments[host]
        if method == "POST" and self.before_create:
            self.before_create, action = None, self.before_create
            action()
        body = data and (data["content"]["raw"] if host == "bitbucket" else data["body"])
        if body is not None and len(body) > LONGEST[host]:
            return 422, {}, {"message": "Body is too long"}
        if method == "POST":
            self.add(host, account, body)
            return 201, {}, {"id": every[-1][0]}
        at = next((at for at, one in enumerate(every) if one[0] == int(number)), None)
        if at is None:
            return 404, {}, {"message": "Not Found"}
        if method == "DELETE":
            del every[at]
            return 204, {}, None
        assert method == ("PATCH" if host == "github" else "PUT"), method
        every[at] = (every[at][0], every[at][1], body)
        return 200, {}, {"id": every[at][0]}
