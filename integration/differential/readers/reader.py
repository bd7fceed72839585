"""What Python makes of request targets and bodies: one answer in JSON for each
line. An empty line asks for what has been answered so far."""
import base64
import http.server
import json
import posixpath
import sys
from urllib.parse import parse_qsl, unquote, unquote_plus, unquote_to_bytes, urlparse, urlsplit


def attempt(make):
    try:
        return make()
    except Exception:  # whatever it refuses a target by
        return None


FILES = http.server.SimpleHTTPRequestHandler.__new__(http.server.SimpleHTTPRequestHandler)
FILES.directory = "/served"


def file_path(t):
    path = FILES.translate_path(t)
    return path[len("/served"):] or "/" if path.startswith("/served") else path


def different(readings):
    """One name for each reading that differs from those before."""
    names = {}
    for name, value in readings.items():
        if value is not None:
            names.setdefault(repr(value), name)
    return {name: readings[name] for name in names.values()}


def target(t):
    before, _, after = t.partition("?")
    split = attempt(lambda: urlsplit(t))
    parsed = attempt(lambda: urlparse(t))
    joined = attempt(lambda: urlsplit("http://store" + t))
    sent = {
        "urlsplit": split and split.path,
        "urlparse": parsed and parsed.path,
        "urlsplit behind a host": joined and joined.path,
        "all before ?": before,
    }
    paths = {}
    for name, read in sent.items():
        if read is None:
            continue
        decoded = unquote(read)
        paths[name + ", unquote"] = decoded
        paths[name + ", unquote_plus"] = unquote_plus(read)
        paths[name + ", unquote, normpath"] = posixpath.normpath(decoded or "/")
    paths["PATH_INFO of WSGI"] = attempt(lambda: unquote_to_bytes(before).decode("utf-8"))
    paths["http.server"] = attempt(lambda: file_path(t))
    queries = {
        "parse_qsl": attempt(lambda: parse_qsl(after)),
        "parse_qsl, keep_blank_values": attempt(lambda: parse_qsl(after, keep_blank_values=True)),
        "parse_qsl of urlsplit": attempt(lambda: parse_qsl(split.query, keep_blank_values=True)),
        # As before Python 3.10.
        "parse_qsl, & and ;": attempt(lambda: parse_qsl(after.replace(";", "&"), keep_blank_values=True)),
    }
    return {"p": different(paths), "q": different(queries)}


TEXTS = {
    "u": ["digest", "digest2", "digest2_sha256", "email", "first", "last"],
    "r": [],
    "b": ["username", "password"],
}


def members(kind, d):
    """What a store or a log takes from a body. UTF-8 has no half of a surrogate pair:
    whoever finds one refuses."""
    found = {"texts": {name: "" if d.get(name) is None else d[name] for name in TEXTS[kind]}}
    if kind != "b":
        found["paths"] = [" ".join([p["id"], p["sign"], str(p.get("recursive") or False).lower(), p["permissions"]]) for p in d.get("paths") or []]
        found["operations"] = d.get("operations") or []
    if kind == "u":
        found.update(roles=d.get("roles") or [], rev=str(d.get("rev") or 0))
    json.dumps(found, ensure_ascii=False).encode()
    return found


def first(pairs):
    return dict(reversed(pairs))


def in_small_letters(pairs):
    return {name.lower(): value for name, value in pairs}


def body(kind, text):
    readings = {
        "json.loads": lambda: json.loads(text),
        "json.loads of UTF-8": lambda: json.loads(text.decode()),
        "json.loads, the first of a name": lambda: json.loads(text, object_pairs_hook=first),
        "json.loads, names in small letters": lambda: json.loads(text, object_pairs_hook=in_small_letters),
        "raw_decode": lambda: json.JSONDecoder().raw_decode(text.decode("utf-8-sig").strip())[0],
    }
    found = {name: attempt(lambda: members(kind, read())) for name, read in readings.items()}
    refused = [name for name, value in found.items() if value is None]
    return different(found) | dict.fromkeys(refused[:1])


def answer(line):
    kind, rest = line[0], line[2:]
    if kind == "t":
        return target(rest)
    if kind == "l":
        text = json.loads(rest)
        return {"l": {"splitlines": text.splitlines(), "split": text.split("\n")}}
    if kind in TEXTS:
        return {"b": body(kind, base64.b64decode(rest))}
    return {}


answers = []
for line in sys.stdin:
    line = line.rstrip("\n")
    if line:
        answers.append(json.dumps(attempt(lambda: answer(line)) or {}))
        continue
    sys.stdout.write("".join(a + "\n" for a in answers))
    sys.stdout.flush()
    answers = []
