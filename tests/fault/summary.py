#!/usr/bin/env python3
"""Adds up the reports of a whole run: a table for people, one JSON for programs, the closing line.

usage: summary.py FOLDER PARTS SEED [OUT.json]     reports are FOLDER/1.json ... ; one that is missing is a failure
"""
import json
import os
import sys

folder, parts, seed, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] if len(sys.argv) > 4 else ""
reports = []
for number in range(1, parts + 1):
    path = os.path.join(folder, f"{number}.json")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            reports.append(json.load(file))
    else:
        reports.append({"program": f"part {number}", "passed": 0, "failed": 1, "seconds": 0, "counts": {},
                        "findings": ["it ended before it could report"]})
print()
for report in reports:
    print(f"{report['program']:18} {report['passed']:3} passed {report['failed']:3} failed {report['seconds']:8.1f} s")
    for name, count in report["counts"].items():
        print(f"    {name.replace('_', ' '):34} {count:10}")
passed = sum(report["passed"] for report in reports)
failed = sum(report["failed"] for report in reports)
if out:
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"seed": seed, "passed": passed, "failed": failed, "parts": reports}, file, indent=2)
        file.write("\n")
print(f"{passed} passed, {failed} failed")
sys.exit(0 if failed == 0 else 1)
