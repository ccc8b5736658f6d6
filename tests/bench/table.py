# SPDX-License-Identifier: GPL-3.0-or-later
"""From the results of all rounds to one table: medians, spreads, ratios."""

import statistics

SIDELOCK = "sidelock"


def values_of(results, proxy, row):
    """The row's value in each round in which the run succeeded."""
    rounds = results.get(proxy, {}).get(row.run, [])
    return [r[row.key] for r in rounds if r is not None and row.key in r]


def ratios_of(results, peers, row):
    """Sidelock against the best peer of the same round, round by round."""
    ours = results.get(SIDELOCK, {}).get(row.run, [])
    ratios = []
    for number, mine in enumerate(ours):
        theirs = []
        for peer in peers:
            rounds = results.get(peer, {}).get(row.run, [])
            if number < len(rounds) and rounds[number] is not None:
                theirs.append(rounds[number][row.key])
        if mine is not None and theirs and min(theirs) > 0:
            ratios.append(mine[row.key] / min(theirs))
    return ratios


def median_ratio(results, peers, row):
    """The median of sidelock against the best of the peers' medians."""
    mine = values_of(results, SIDELOCK, row)
    theirs = [values_of(results, peer, row) for peer in peers]
    best = min((statistics.median(v) for v in theirs if v), default=0)
    return statistics.median(mine) / best if mine and best > 0 else None


def verdict(results, peers, row):
    """True: the target is met; None: there is none, or nothing to compare."""
    mine = values_of(results, SIDELOCK, row)
    if row.limit and mine:
        return statistics.median(mine) <= row.limit
    if row.ratio:
        ratio = median_ratio(results, peers, row)
        return None if ratio is None else ratio <= row.ratio
    return None


def spread(values, digits):
    if not values:
        return "-"
    middle = f"{statistics.median(values):,.{digits}f}"
    if len(values) == 1:
        return middle
    low, high = min(values), max(values)
    return f"{middle} ({low:,.{digits}f}..{high:,.{digits}f})"


def ratio_text(results, peers, row):
    ratio = median_ratio(results, peers, row)
    if ratio is None:
        return "-"
    rounds = ratios_of(results, peers, row)
    if len(rounds) < 2:
        return f"{ratio:.2f}x"
    return f"{ratio:.2f}x ({min(rounds):.2f}..{max(rounds):.2f})"


def lines_of(results, rows, proxies):
    """The cells of the table, the heading first."""
    peers = [name for name in proxies if name != SIDELOCK]
    has_ours = SIDELOCK in proxies
    heading = ["what", "unit"]
    if has_ours:
        heading += [SIDELOCK, "to best peer", "target", "met"]
    lines = [heading + peers]
    words = {True: "yes", False: "NO", None: ""}
    for row in rows:
        if not any(values_of(results, proxy, row) for proxy in proxies):
            continue
        line = [row.title, row.unit]
        if has_ours:
            line += [
                spread(values_of(results, SIDELOCK, row), row.digits),
                ratio_text(results, peers, row),
                row.target(),
                words[verdict(results, peers, row)],
            ]
        for peer in peers:
            line.append(spread(values_of(results, peer, row), row.digits))
        lines.append(line)
    return lines


def markdown(lines):
    """A table that is also readable as plain text."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    printed = []
    for number, line in enumerate(lines):
        cells = [
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths))
        ]
        printed.append("| " + " | ".join(cells) + " |")
        if number == 0:
            rules = [
                "-" * width if i < 2 else "-" * (width - 1) + ":"
                for i, width in enumerate(widths)
            ]
            printed.append("| " + " | ".join(rules) + " |")
    return "\n".join(printed)


def missed(results, rows, peers):
    """The titles of the targets that were measured and not reached."""
    return [
        f"{row.title.strip()} ({row.run})"
        for row in rows
        if verdict(results, peers, row) is False
    ]


def median_result(results):
    """Of several results of one run, each member's median."""
    merged = dict(results[0])
    for key, value in results[0].items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            merged[key] = statistics.median(r[key] for r in results)
    return merged
