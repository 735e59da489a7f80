"""Times hits of joblib and of the Python cachepy, and prints them as JSON; what cannot be imported is left out."""

import contextlib
import io
import json
import logging
import statistics
import sys
import time

ARGUMENT = {"name": "weather", "alpha": 0.1, "days": [1, 2, 3]}
runs = 0


def small(argument):
    global runs
    runs += 1
    return {"mean": argument["alpha"] * 2, "days": len(argument["days"])}


def time_hits(cached, rounds):
    cached(ARGUMENT)
    before = runs
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        cached(ARGUMENT)
        times.append((time.perf_counter() - started) * 1000)
    if runs != before:
        raise SystemExit("a hit ran the function")
    return statistics.median(times)


def main(folder, rounds):
    found = {}
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            import joblib

            logging.disable(logging.CRITICAL)
            cached = joblib.Memory(folder + "/joblib", verbose=0).cache(small)
            found["joblib"] = {"version": joblib.__version__, "hitMs": time_hits(cached, rounds)}
        except ImportError:
            pass
        try:
            import cachepy

            cached = cachepy.cache_file(folder + "/cachepy")(small)
            version = getattr(cachepy, "__version__", "?")
            found["cachepy (Python)"] = {"version": version, "hitMs": time_hits(cached, rounds)}
        except (ImportError, AttributeError):
            pass
    print(json.dumps(found))


main(sys.argv[1], int(sys.argv[2]))
