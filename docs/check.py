#!/usr/bin/env python3
"""Holds docs/grpc-for-c.md against the tree: what it quotes stands in the files it names, every limit is in its tables, and
every constant and link that it names exists."""
import pathlib
import re
import sys

PAGE = pathlib.Path("docs/grpc-for-c.md")
LIMITS = ["server/rpc/limits.h", "client/rpc/client.h", "protos/runtime/limits.h"]
ALSO = ["base/error.h"]
CONSTANT = re.compile(r"\b(PV_[A-Z_]+) = ")


def quotes(text):
    """Pairs of a file's name and what is quoted from it."""
    return re.findall(r"^<!-- (\S+) -->\n```\w*\n(.*?)^```$", text, re.M | re.S)


def constants(paths):
    return {name for path in paths for name in CONSTANT.findall(pathlib.Path(path).read_text())}


def words(paths):
    return {name for path in paths for name in re.findall(r"\bPV_[A-Z_]+\b", pathlib.Path(path).read_text())}


def faults(text):
    for path, quote in quotes(text):
        if quote not in pathlib.Path(path).read_text():
            yield f"{path} has not, as quoted:\n{quote}"
    named = set(re.findall(r"\bPV_(?:RPC|CLIENT|WIRE|MAP|PATH|ERROR)_[A-Z_]+\b", text))
    for name in sorted(constants(LIMITS) - named):
        yield f"the limit {name} is not in the tables"
    for name in sorted(named - words(LIMITS + ALSO)):
        yield f"there is no {name}"
    headings = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.M)}
    for anchor in re.findall(r"\]\(#([^)]*)\)", text):
        if anchor not in headings:
            yield f"there is no heading #{anchor}"


def main():
    text = PAGE.read_text()
    found = list(faults(text))
    for fault in found:
        print(f"{PAGE}: {fault}")
    print(f"{len(quotes(text))} quotes, {len(constants(LIMITS))} limits, {len(found)} faults")
    return 1 if found or not quotes(text) else 0


sys.exit(main())
