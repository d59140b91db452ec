"""Runs sigstore-python's command line once for each list of arguments in the JSON on standard input, and writes one line of
JSON for each: its exit status and its words."""

import contextlib
import io
import json
import logging
import sys

from sigstore._cli import main

words = []


class Words(logging.Handler):
    def emit(self, record):
        words.append(record.getMessage())


logging.getLogger("sigstore").addHandler(Words(logging.INFO))


def run(arguments):
    words.clear()
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            main(arguments)
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except Exception as error:  # It meets hostile input, and not all of it gracefully.
            status = 1
            words.append(f"{type(error).__name__}: {error}")
    return {"status": status, "words": " ".join(" ".join(words).split())[:300]}


for arguments in json.load(sys.stdin):
    print(json.dumps(run(arguments)), flush=True)
