"""Logs in three times on one session: requests_login.py basic|digest|basic-bytes URL USER PASSWORD

Prints one line for each call: the status, a space, and the body's first line.
"""

import sys

import requests
from requests.auth import HTTPBasicAuth, HTTPDigestAuth

scheme, url, user, password = sys.argv[1:]
session = requests.Session()
session.trust_env = False  # no proxy, no netrc
if scheme == "digest":
    session.auth = HTTPDigestAuth(user, password)
elif scheme == "basic-bytes":
    session.auth = HTTPBasicAuth(user.encode(), password.encode())
else:
    session.auth = HTTPBasicAuth(user, password)
for _ in range(3):
    answer = session.get(url, timeout=50)
    print(answer.status_code, answer.text.partition("\n")[0])
