#!/usr/bin/env python3
"""The rules of this tree that a compiler does not know, as tests: who may include whom, calls that are not used, the
size of functions and files, what every header and every .proto element has.

usage: style.py [--bin DIR] [COUNTS]     from the root of the tree

Each rule is a test. A violation is one line, "file:line: what". The last line is "N passed, N failed"; with COUNTS
"passed failed" is also written to that file. Headers are compiled against the generated ones in DIR
(bazel-bin), which must have been built.
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys

COLUMNS, FILE_LINES, FUNCTION_LINES = 120, 600, 70
TEST_LINES = 110  # of a test: its table of cases stands in it

# --- walls: a folder, what its files may not include, and the files that may all the same ---

WALLS = [
    ("", r"grpc/(?!health/|reflection/)", "only server/rpc, client/rpc and tests know gRPC",
     r"(server|client)/rpc/|tests/"),
    ("", r"lmdb\.h", "only storage/lmdb knows LMDB", r"storage/lmdb/|tests/(unit/storage|fault|bench)/"),
    ("", r"openssl/", "only base/digest.c, server/identity, client and tests know OpenSSL",
     r"base/digest\.c|server/identity/|server/edge/|client/|tests/"),
    ("base/", r"(?!base/|sanitizer/)\w+/|protobuf", "base stands on the C library alone",
     r"base/digest\.c"),
    ("protos/runtime/", r"(storage|server|client|purvey)/", "the runtime knows no domain and no store", r"$^"),
    ("storage/", r"(server|client)/|purvey/(?!storage/)", "the store knows no flow", r"$^"),
    ("server/flows/", r"server/(?!flows/|identity/)|client/|pthread\.h|time\.h|unistd\.h|sys/|arpa/|netinet/",
     "flows see no network, no clock, no thread and no process", r"$^"),
    ("server/pipeline/", r"server/rpc/|client/", "the pipeline does not know who carries its calls", r"$^"),
    ("server/rpc/", r"server/(?!rpc/)|storage/|client/|purvey/", "the RPC runtime knows no domain", r"$^"),
    ("client/rpc/", r"server/|storage/|client/(?!rpc/)|purvey/", "the client runtime knows no domain", r"$^"),
    ("bazel/", r"server/|storage/|client/|purvey/(?!rules/)", "the generator knows no domain", r"$^"),
    # `purvey init` makes what the server runs on; `purvey store`, `purvey authority` and `purvey audit` look after it.
    ("client/", r"server/|storage/", "clients know the protos, not the server",
     r"client/cli/(init\.c|(store|authority|audit)(_\w+)?\.[ch])"),
]

# --- calls that are not used: the call, why, and the files that may all the same ---

BASE = r"base/"
TOOL = r"bazel/"  # the generator ends before it could leak
OBJECTS = (r"base/arena\.c|storage/(lmdb|memory)/|server/main\.c|server/(rpc|edge|pipeline|identity)/|client/(rpc|demo|csv)/"
           r"|tests/")
BANNED = [
    (r"strcpy|strcat|sprintf|vsprintf|gets|scanf|sscanf|fscanf", "writes without a bound", r"tests/bench/"),
    (r"strtok|strtok_r", "changes its input", r"$^"),
    (r"atoi|atol|atoll|atof", "does not tell an error", r"$^"),
    # Settings are read before anything else is there; JSON numbers may be doubles; what is left has checked its digits.
    (r"strtol|strtoll|strtod|strtof|strtoul|strtoull", "numbers are read by base",
     BASE + r"|server/settings\.c|protos/runtime/json_(read|write)\.c|client/(demo|cli)/|tests/"),
    (r"rand|srand|random|srandom|drand48", "not random; pv_random_bytes is", r"tests/"),
    (r"time|gmtime|localtime|ctime|asctime|mktime|gettimeofday|clock_gettime", "time comes from base/time.h",
     BASE + r"|tests/"),
    (r"assert", "assertions stay on in production: PV_ASSERT", r"$^"),
    (r"alloca|longjmp|setjmp|system|popen|tmpnam|mktemp|vfork", "not used here", r"tests/"),
    (r"malloc|calloc|realloc|strdup|strndup|asprintf|vasprintf", "memory comes from an arena", OBJECTS + "|" + TOOL),
]

# State outside functions, with the reason.
STATE = {"base/log.c": "the level of the log is the process's"}

# Folders of pure C: a tool that nothing in C++ ever uses.
PURE_C = ("bazel/codegen/",)

# Wrong on purpose, and at lines that the tests name.
WRONG = "tests/codegen/refused/"

INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.M)


def files_of_tree():
    listed = subprocess.run(["git", "ls-files"], stdout=subprocess.PIPE, text=True, check=True)
    return sorted(name for name in listed.stdout.split("\n") if name and os.path.isfile(name))


def read(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def blank(text):
    """The text with comments, strings and characters blanked, so that places stay."""
    form = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((.*?)\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
    return form.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


class Tree:
    def __init__(self, texts):
        self.text = {name: text for name, text in texts.items() if not name.startswith("tests/golden/")}
        self.names = list(self.text)
        self.code = [name for name in self.names if name.endswith((".c", ".h", ".cc"))]
        self.blank = {name: blank(self.text[name]) for name in self.code}

    def lines(self, names):
        for name in names:
            for number, line in enumerate(self.text[name].split("\n"), 1):
                yield name, number, line


def is_text(name):
    own = (".c", ".h", ".cc", ".proto", ".py", ".js", ".sh", ".bzl", ".md", ".yml", ".yaml", "BUILD", "WORKSPACE", "/run", "dev")
    return name.endswith(own)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


# --- rules: each gives the violations it finds ---

def includes_keep_to_the_walls(tree):
    for folder, forbidden, why, excepted in WALLS:
        for name in tree.code:
            if not name.startswith(folder) or re.match(excepted, name):
                continue
            for match in INCLUDE.finditer(tree.text[name]):
                if re.match(forbidden, match.group(1)):
                    yield f"{name}:{line_of(tree.text[name], match.start(1))}: {match.group(1)}: {why}"


def flows_see_identity_without_openssl(tree):
    for name in tree.code:
        for match in INCLUDE.finditer(tree.text[name]) if name.startswith("server/flows/") else ():
            header = match.group(1)
            parts = [header, header[:-2] + ".c"] if header.startswith("server/identity/") else []
            if any("openssl/" in tree.text.get(part, "") for part in parts):
                yield f"{name}:{line_of(tree.text[name], match.start(1))}: {header} stands on OpenSSL"


def banned_calls_are_not_used(tree):
    for calls, why, excepted in BANNED:
        form = re.compile(r"(?<![\w.>:])(?:std::)?(" + calls + r")\s*\(")
        for name in tree.code:
            if re.match(excepted, name):
                continue
            for match in form.finditer(tree.blank[name]):
                yield f"{name}:{line_of(tree.text[name], match.start())}: {match.group(1)}: {why}"


def no_state_that_changes_stands_outside_functions(tree):
    form = re.compile(r"^(static|_Atomic)\b(?!.*\bconst(expr)?\b)(?![^=;]*\()[^;{]*(=|;)", re.M)
    for name in tree.code:
        for match in form.finditer(tree.blank[name]) if not name.startswith("tests/") and name not in STATE else ():
            yield f"{name}:{line_of(tree.text[name], match.start())}: {match.group().strip()}"


def functions_are_short(tree):
    for name in tree.code:
        begun, limit = None, TEST_LINES if name.startswith("tests/") else FUNCTION_LINES
        lines = tree.blank[name].split("\n")
        for number, line in enumerate(lines, 1):
            if line == "{":
                begun = number
            elif line.startswith("}") and begun is not None:
                if number - begun + 1 > limit:
                    yield f"{name}:{begun}: a function of {number - begun + 1} lines"
                begun = None


def files_are_short(tree):
    for name in tree.code:
        count = tree.text[name].count("\n")
        if count > FILE_LINES:
            yield f"{name}:1: {count} lines"


def lines_are_short(tree):
    names = [name for name in tree.text if not name.startswith(WRONG)]
    for name, number, line in tree.lines(names):
        if 'R"(' in line and name.startswith("tests/"):  # a text cannot be broken
            continue
        if len(line) > COLUMNS and "http" not in line and name.endswith((".c", ".h", ".cc", ".proto", ".bzl", "BUILD")):
            yield f"{name}:{number}: {len(line)} columns"


def space_is_clean(tree):
    for name, number, line in tree.lines(tree.text):
        if line != line.rstrip() or "\t" in line:
            yield f"{name}:{number}: a tab, or space at the end"
    for name, text in tree.text.items():
        if text and (not text.endswith("\n") or text.endswith("\n\n")):
            yield f"{name}:1: does not end with exactly one line end"


def nothing_is_put_off(tree):
    form = re.compile(r"\b(TO" r"DO|FIX" r"ME|HA" r"CK)\b")
    for name, number, line in tree.lines(tree.text):
        if form.search(line):
            yield f"{name}:{number}: {line.strip()}"


def headers(tree):
    return [name for name in tree.code if name.endswith(".h")]


def headers_begin_with_what_they_are_for(tree):
    for name in headers(tree):
        if not re.match(r"(/\*|//) \S", tree.text[name]):
            yield f"{name}:1: there is no comment at its head"


def headers_have_a_guard_named_after_them(tree):
    for name in headers(tree):
        guard = "PV_" + re.sub(r"[^A-Za-z0-9]", "_", name).upper()
        if f"#ifndef {guard}\n#define {guard}\n" not in tree.text[name]:
            yield f"{name}:1: there is no guard {guard}"


def is_cxx(text):
    return bool(re.search(r"^(class|namespace|template|using)\b|#include <(string|vector|memory|array|functional)>", text, re.M))


def is_public(tree, name):
    """Listed as a header of a library, not as one of its sources."""
    build = tree.text.get(os.path.join(os.path.dirname(name), "BUILD"), "")
    lists = re.findall(r"\bhdrs = (?:glob\()?\[(.*?)\]", build, re.S)
    return any(f'"{os.path.basename(name)}"' in one or '"*.h"' in one for one in lists)


def public_headers_of_c_serve_cxx(tree):
    for name in headers(tree):
        text = tree.blank[name]
        declares = is_public(tree, name) and re.search(r"^\w[^=;{]*\([^;{]*\)[^;{]*;", text, re.M)
        if not name.startswith(PURE_C) and not is_cxx(tree.text[name]) and declares and 'extern "C"' not in tree.text[name]:
            yield f'{name}:1: it declares functions without extern "C"'


def sources_include_their_header_first(tree):
    for name in tree.code:
        own = re.sub(r"\.cc?$", ".h", name)
        if name.endswith(".h") or own not in tree.text:
            continue
        first = INCLUDE.search(tree.text[name])
        private = first is not None and first.group(1).endswith(("/internal.h", "/engine.h"))  # it includes the other
        if first is None or not private and first.group(1) not in (own, os.path.basename(own), own[len("protos/"):]):
            yield f"{name}:1: {own} is not its first include"


def elements_of_protos_have_comments(tree):
    element = re.compile(r"^\s*(message|enum|service|rpc|oneof|repeated|map<|[\w.]+ \w+ = \d+|[A-Z][A-Z0-9_]* = -?\d+)")
    for name in tree.names:
        if not name.endswith(".proto") or not name.startswith("protos/"):
            continue
        before, depth = "", 0
        for number, line in enumerate(tree.text[name].split("\n"), 1):
            bare = re.sub(r'"(?:\\.|[^"\\])*"|//.*', "", line)
            if depth == 0 and element.match(line) and not line.lstrip().startswith(("option", "reserved")):
                if not before.lstrip().startswith("//"):
                    yield f"{name}:{number}: {line.strip()[:60]} has no comment"
            # Inside the literal of an option nothing is an element.
            if depth > 0 or re.search(r"option .*\{|\[", bare):
                depth += bare.count("{") + bare.count("[") - bare.count("}") - bare.count("]")
            before = line


def places_of_one_machine_are_not_named(tree):
    form = re.compile(r"(?<![\w.])/(work|root|home/\w+)/")
    for name, number, line in tree.lines(tree.text):
        if form.search(line) and name != "tests/style/style.py":
            yield f"{name}:{number}: {line.strip()[:80]}"


def headers_compile_alone(tree, folder):
    """In C17 and C++17, each by itself, with the warnings of the build."""
    external = os.path.join(folder, "external")
    paths = [".", "protos", os.path.join(folder, "protos"), folder]
    paths += [os.path.join(external, name) for name in sorted(os.listdir(external))] if os.path.isdir(external) else []
    common = ["-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wshadow", "-Wvla"] + ["-I" + p for p in paths]
    ways = {"C17": ["gcc", "-std=gnu17", "-xc"] + common, "C++17": ["g++", "-std=c++17", "-xc++"] + common}

    def attempt(job):
        name, way = job
        places = ["-iquote" + os.path.dirname(name), "-iquote" + os.path.join(folder, os.path.dirname(name))]
        done = subprocess.run(ways[way] + places + ["-"], input=f'#include "{name}"\n', stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        told = [line for line in done.stdout.split("\n") if "error:" in line]
        return [] if done.returncode == 0 else [f"{name}:1: as {way}: {told[0] if told else done.stdout.strip()}"]

    jobs = [(name, way) for name in headers(tree) for way in ways
            if not (way == "C17" and is_cxx(tree.text[name])) and not (way == "C++17" and name.startswith(PURE_C))]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for told in pool.map(attempt, jobs):
            yield from told


# Each rule with a file that it must find something in, so that a rule that finds nothing is known to look.
LONG = "int f(void)\n{\n" + "    g();\n" * FUNCTION_LINES + "}\n"
RULES = [
    (includes_keep_to_the_walls, "server/flows/a.c", "#include <grpc/grpc.h>\n"),
    (flows_see_identity_without_openssl, "server/flows/a.c", '#include "server/identity/x.h"\n'),
    (banned_calls_are_not_used, "server/a.c", "    strcpy(a, b);\n"),
    (no_state_that_changes_stands_outside_functions, "server/a.c", "static int count;\n"),
    (functions_are_short, "server/a.c", LONG),
    (files_are_short, "server/a.c", "\n" * (FILE_LINES + 1)),
    (lines_are_short, "server/a.c", "x" * (COLUMNS + 1) + "\n"),
    (space_is_clean, "server/a.c", "int x; \n"),
    (nothing_is_put_off, "server/a.c", "/* TO" "DO: all */\n"),
    (headers_begin_with_what_they_are_for, "server/a.h", "#ifndef PV_SERVER_A_H\n"),
    (headers_have_a_guard_named_after_them, "server/a.h", "/* a */\n#ifndef A_H\n#define A_H\n"),
    (public_headers_of_c_serve_cxx, "server/a.h", "int f(void);\n"),
    (sources_include_their_header_first, "server/a.c", "#include <stdio.h>\n"),
    (elements_of_protos_have_comments, "protos/a.proto", "message A {\n  // One.\n  string b = 1;\n}\n"),
    (places_of_one_machine_are_not_named, "server/a.c", '"/wo' 'rk/main"\n'),
]

# What stands around a planted file.
AROUND = {
    "server/BUILD": 'hdrs = ["a.h"]\n',
    "server/a.h": "/* a */\n",
    "server/identity/x.h": "/* x */\n",
    "server/identity/x.c": "#include <openssl/x509.h>\n",
}


def rules_that_find_nothing(_):
    for rule, name, text in RULES:
        planted = Tree({**AROUND, name: text})
        if not any(told.startswith(name) for told in rule(planted)):
            yield f"tests/style/style.py:1: {rule.__name__} does not find what was planted for it"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="bazel-bin")
    parser.add_argument("counts", nargs="?")
    given = parser.parse_args()
    tree = Tree({name: read(name) for name in files_of_tree() if is_text(name)})
    tests = [(rule.__name__, lambda rule=rule: rule(tree)) for rule, _, _ in RULES]
    tests.append(("no_" + rules_that_find_nothing.__name__, lambda: rules_that_find_nothing(tree)))
    tests.append((headers_compile_alone.__name__, lambda: headers_compile_alone(tree, given.bin)))
    passed = failed = 0
    for name, test in tests:
        violations = list(test())
        passed, failed = (passed, failed + 1) if violations else (passed + 1, failed)
        print(f"{'FAIL' if violations else 'ok'} style: {name.replace('_', ' ')}")
        for violation in violations:
            print("  " + violation)
    if given.counts:
        with open(given.counts, "w", encoding="utf-8") as file:
            print(passed, failed, file=file)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


sys.exit(main())
