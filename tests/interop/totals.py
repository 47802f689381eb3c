"""Plays the demonstration with a real usage file, once plainly and once with the server killed in the middle of an upload, and
compares its summary with sums made here straight from the CSV: charges per vendor, per customer, in total, and the
refused rows."""
import collections
import csv
import decimal
import json
import subprocess
import sys
import tempfile

D = decimal.Decimal


def value(text):
    return None if text in ("", "NULL") else text


def why_not(row):
    """Column for which a row is no plain usage; None if it is."""
    if row["ChargeCategory"] != "Usage":
        return "ChargeCategory"
    if D(row["BilledCost"]) < 0:
        return "BilledCost"
    if value(row["ConsumedQuantity"]) is None:
        return "ConsumedQuantity"
    return None


def expected(path):
    total, vendors, customers, refused = D(0), collections.Counter(), collections.Counter(), []
    with open(path, newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 1):
            column = why_not(row)
            if column:
                refused.append((number, column))
                continue
            cost = D(row["BilledCost"])
            total += cost
            vendors[row["ProviderName"]] += cost
            customers[row["ProviderName"], row["SubAccountId"]] += cost
    return total, vendors, customers, refused


def check(name, got, wanted):
    print(f"{'ok' if got == wanted else 'FAIL'} {name}" + ("" if got == wanted else f": {got} is not {wanted}"))


def compare(label, path, command):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        done = subprocess.run(command + ["--once", "--summary", out.name, path], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            print(done.stdout)
            print(f"FAIL {label}: the demonstration ended with {done.returncode}")
            return
        summary = json.load(open(out.name))
    total, vendors, customers, refused = expected(path)
    by_vendor, by_customer = collections.Counter(), collections.Counter()
    for charge in summary["charges"]:
        by_vendor[charge["vendor"]] += D(charge["amount"])
        by_customer[charge["vendor"], charge["sub_account"]] += D(charge["amount"])
    check(f"{label}: total", {k: D(v) for k, v in summary["totals"].items()}, {"USD": total})
    check(f"{label}: per vendor", dict(by_vendor), dict(vendors))
    check(f"{label}: per customer", dict(by_customer), dict(customers))
    check(f"{label}: refused rows", sorted((r["row"], r["column"]) for r in summary["refused"]), sorted(refused))
    check(f"{label}: every refused row has a line and a reason",
          all(r["line"] > 1 and r["reason"] for r in summary["refused"]), True)
    if "--crash" in command:
        check(f"{label}: the server was killed", "kill -9" in done.stdout, True)


def main():
    decimal.getcontext().prec = 60
    path, command = sys.argv[1], sys.argv[2:]
    compare("demo", path, command)
    compare("demo with a crash", path, command + ["--crash"])


main()
