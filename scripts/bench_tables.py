"""The figures of scripts/bench.py as tables, for a terminal and for the README."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

Job = Mapping[str, Any]
SECONDS = ("wall", "processor")
WIDTH = 34
ROW = "  {:<32}{:>9.2f}{:>10.2f}{:>10.0f}{:>12,.0f}"


def of_start(start: Mapping[str, Any]) -> Iterator[str]:
    """Yield what it takes to start."""
    yield f"{'start':<{WIDTH}}{'wall s':>9}{'CPU s':>10}{'peak MB':>10}"
    for name in ("help", "ten rows"):
        cost = start[name]
        yield f"  {name:<32}{cost['wall']:>9.2f}{cost['processor']:>10.2f}{cost['peak']:>10.0f}"
    yield f"  torch imported: {'yes' if start['torch'] else 'no'}"


def of_job(job: Job) -> Iterator[str]:
    """Yield what one export takes."""
    rows, first, again = job["rows"], job["first"], job["again"]
    yield ""
    yield f"{f'{rows:,} rows':<{WIDTH}}{'wall s':>9}{'CPU s':>10}{'peak MB':>10}{'rows/s':>12}"
    for name, cost in job["stages"].items():
        yield _row(name, cost, rows)
    if job["stages"]:
        yield _row("all stages, one process", _sum(job["stages"]), rows)
    yield _row("klankbord analyse", first, rows)
    yield f"{_row('again, nothing changed', again, rows)}   {_share(job)} of the first"


def of_steps(jobs: Sequence[Job]) -> Iterator[str]:
    """Yield how much longer each size takes than the one before."""
    for before, after in pairwise(jobs):
        more = after["rows"] / before["rows"]
        wall, processor = (after["first"][key] / before["first"][key] for key in SECONDS)
        yield (
            f"{before['rows']:,} → {after['rows']:,} rows ({more:.3g} times):"
            f" {wall:.3g} times the time, {processor:.3g} times the processor time"
        )


def of_others(others: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield how fast Klankbord is beside what others use: by the clock, and (by the processor)."""
    yield ""
    yield f"{'':<36}{'texts':>8}{'texts/s':>11}{'CPU ms':>9}   Klankbord is … times as fast (CPU)"
    for one in others:
        times = "   ".join(
            f"{tier} {wall:.3g} ({processor:.3g})".strip()
            for tier, (wall, processor) in one["klankbord"].items()
        )
        yield (
            f"{one['name']:<36}{one['texts']:>8,}{one['per_second']:>11,.1f}"
            f"{one['milliseconds']:>9.3f}   {times}"
        )


def markdown(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield the tables of the README."""
    jobs, start = report["jobs"], report["start"]
    yield f"On {report['cores']} cores, {report['tier']} tier (`scripts/bench.py`):"
    yield ""
    yield "| Answers | seconds | processor | peak memory | a second, each core | again, unchanged |"
    yield "|---:|---:|---:|---:|---:|---:|"
    for job in jobs:
        first = job["first"]
        yield (
            f"| {job['rows']:,} | {first['wall']:.1f} | {first['processor']:.1f}"
            f" | {first['peak'] / 1000:.2f} GB | {job['rows'] / first['processor']:,.0f}"
            f" | {_share(job)} |"
        )
    yield ""
    yield (
        f"`--help` takes {start['help']['wall']:.2f} s and ten answers"
        f" {start['ten rows']['wall']:.1f} s. " + " ".join(_growth(jobs))
    )
    if any(job["stages"] for job in jobs):
        yield ""
        yield from _stage_table([job for job in jobs if job["stages"]])
    if report.get("others"):
        yield ""
        yield from _other_table(report["others"])


def _stage_table(jobs: Sequence[Job]) -> Iterator[str]:
    yield _cells("Microseconds of processor for a row, at", (f"{job['rows']:,}" for job in jobs))
    yield "|---|" + "---:|" * len(jobs)
    for name in jobs[0]["stages"]:
        spent = (1e6 * job["stages"][name]["processor"] / job["rows"] for job in jobs)
        yield _cells(name, (f"{each:,.0f}" for each in spent))


def _other_table(others: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    rivals = [one for one in others if one["klankbord"]]
    tiers = list(dict.fromkeys(tier for one in rivals for tier in one["klankbord"] if tier))
    yield _cells("Times as fast as, on the same texts", [*tiers, "themes"])
    yield "|---|" + "---:|" * (len(tiers) + 1)
    for one in rivals:
        times = (one["klankbord"].get(tier) for tier in [*tiers, ""])
        yield _cells(one["name"], (_times(each[0]) if each else "" for each in times))


def _times(times: float) -> str:
    """Write how many times as fast, in two digits: 225, 7.6, or 1/16 for slower."""
    if times < 1:
        return f"1/{_times(1 / times)}"
    return f"{times:,.0f}" if times >= 10 else f"{times:.2g}"


def _cells(first: str, others: Iterable[str]) -> str:
    return f"| {' | '.join([first, *others])} |"


def _growth(jobs: Sequence[Job]) -> Iterator[str]:
    for before, after in pairwise(jobs):
        yield (
            f"{after['rows']:,} answers take {after['first']['wall'] / before['first']['wall']:.1f}"
            f" times as long as {before['rows']:,}."
        )


def _row(name: str, cost: Mapping[str, float], rows: int) -> str:
    return ROW.format(name, cost["wall"], cost["processor"], cost["peak"], rows / cost["wall"])


def _share(job: Job) -> str:
    return f"{100 * job['again']['wall'] / job['first']['wall']:.0f} %"


def _sum(costs: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    summed = {key: sum(cost[key] for cost in costs.values()) for key in SECONDS}
    return {**summed, "peak": max(cost["peak"] for cost in costs.values())}
