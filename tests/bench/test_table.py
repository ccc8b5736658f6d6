# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark's table says of each target whether it was met: it must."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import plan
import table

COST = plan.Row("ecdsa", "us", "handshake", "us", 0, ratio=0.5)
SIZE = plan.Row("idle", "bytes", "memory", "B", 0, limit=6000)


def rounds(key, *values):
    """One result per round; None where the run failed."""
    return [None if value is None else {key: value} for value in values]


def costs(ours, hitch, nginx):
    return {
        "sidelock": {"ecdsa": rounds("us", *ours)},
        "hitch": {"ecdsa": rounds("us", *hitch)},
        "nginx": {"ecdsa": rounds("us", *nginx)},
    }


def test_ratio_is_of_medians_to_the_best_peer():
    results = costs([100, 110, 400], [300, 310, 320], [220, 200, 240])
    assert table.median_ratio(results, ["hitch", "nginx"], COST) == 110 / 220


def test_spread_of_ratios_is_taken_round_by_round():
    results = costs([100, 120], [200, 400], [250, 240])
    assert table.ratios_of(results, ["hitch", "nginx"], COST) == [0.5, 0.5]


def test_target_at_the_limit_is_met_and_above_it_is_missed():
    peers = ["hitch", "nginx"]
    met = costs([100], [200], [300])
    missed = costs([101], [200], [300])
    assert table.verdict(met, peers, COST) is True
    assert table.verdict(missed, peers, COST) is False
    assert table.missed(missed, [COST], peers) == ["handshake (ecdsa)"]


def test_absolute_target_needs_no_peer():
    results = {"sidelock": {"idle": rounds("bytes", 6001)}}
    assert table.verdict(results, [], SIZE) is False


def test_failed_rounds_do_not_count():
    results = costs([100, None], [None, 200], [None, None])
    peers = ["hitch", "nginx"]
    assert table.median_ratio(results, peers, COST) == 0.5
    assert table.ratios_of(results, peers, COST) == []


def test_nothing_is_claimed_without_a_peer():
    results = costs([100], [None], [None])
    assert table.verdict(results, ["hitch", "nginx"], COST) is None


def test_table_names_median_spread_target_and_verdict():
    results = costs([90, 100, 110], [200, 200, 200], [300, 300, 300])
    lines = table.lines_of(results, [COST], ["sidelock", "hitch", "nginx"])
    assert lines[1] == [
        "handshake",
        "us",
        "100 (90..110)",
        "0.50x (0.45..0.55)",
        "0.50x",
        "yes",
        "200 (200..200)",
        "300 (300..300)",
    ]


def test_every_row_reads_from_a_run_that_exists():
    names = {run.name for run in plan.RUNS}
    assert {row.run for row in plan.ROWS} <= names
