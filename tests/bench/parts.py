"""The parts of the bench in their order, and what each says about its figures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from pipeline.stories.scene import Scene
from tests.bench import exporter, latency, notice, per_record, rebuild, throughput
from tests.bench.child import measured
from tests.bench.figures import Figure
from tests.bench.world import (
    PARTITIONS,
    SHARDS,
    Runner,
    new_scene,
    preload,
    stated_event,
    varied_event,
)

AT = 1_767_225_600_000
SURROUNDINGS = (
    f"{PARTITIONS} partitions, {SHARDS} shards, every record new, nothing due except in `latency`; "
    "one Kafka node on the same machine takes its share of the cores."
)


@dataclass
class Bench:
    """One run: the broker, the sizes, and what was found so far."""

    url: str
    sizes: Mapping[str, int]
    say: Callable[[str], None]
    figures: list[Figure] = field(default_factory=list)
    rates: dict[str, float] = field(default_factory=dict)
    _input: Scene | None = None

    def add(
        self, part: str, key: str, name: str, value: float, unit: str, how: str, aim: str = ""
    ) -> None:
        """Take note of a figure and say it."""
        figure = Figure(part, key, name, value, unit, how, aim)
        self.figures.append(figure)
        self.say(f"         {part}: {name}: {figure.shown}")

    def input(self) -> Scene:
        """Return the scene whose events everything reads, published when first asked for."""
        if self._input is None:
            self._input = new_scene(self.url)
            preload(self._input, max(self.sizes["events"], self.sizes["per_record"]))
        return self._input

    def ratio(self, part: str, mine: str, other: str, name: str, aim: str = "") -> None:
        """Add a ratio of two rates when both were measured in this run."""
        if mine in self.rates and other in self.rates:
            value = self.rates[mine] / self.rates[other]
            how = "both measured in this run, one after the other"
            self.add(part, f"{mine}/{other}", name, value, "x", how, aim)

    def close(self) -> None:
        """Release connections before the broker ends."""
        if self._input is not None:
            self._input.close()

    def notes(self) -> list[str]:
        """Return what must be known to read the figures."""
        stated, varied = (
            msgspec.json.encode(make(1, AT)).decode() for make in (stated_event, varied_event)
        )
        return [
            f"stated event, of latency and size: {stated}",
            f"event where a rate is measured, its territory and purpose varying: {varied}",
            "policy there: deploy/examples/policy.yaml, with a notice not yet in force",
            SURROUNDINGS,
        ]


def floor(bench: Bench) -> None:
    """The plain loop, with our clients' settings and with the library's."""
    topic = bench.input().events_topic
    for ours, key, name in (
        (True, "floor", "plain loop, our client settings: the floor"),
        (False, "floor_defaults", "plain loop, kafka-python's defaults"),
    ):
        sink = new_scene(bench.url)
        found = measured(
            "floor",
            url=bench.url,
            source=topic,
            sink=sink.topics.name("decisions"),
            events=bench.sizes["events"],
            ours=ours,
        )
        sink.close()
        bench.rates[key] = found["rate"]
        how = (
            "one process: consume, fastavro decode, encode, produce; first fetch to last "
            f"acknowledgement; {found['cpu_micros']:.1f} µs CPU an event; "
        )
        how += "linger 20 ms, batch 256 KiB, acks all, large fetches" if ours else "no settings"
        bench.add("throughput", key, name, found["rate"], "events/s", how)


def job(bench: Bench, runner: Runner) -> None:
    """The job on one runner, and its ratios."""
    found = throughput.measure(
        url=bench.url,
        events_topic=bench.input().events_topic,
        events=bench.sizes["events"],
        runner=runner,
    )
    bench.rates[runner] = found["rate"]
    title = "Prism" if runner == "prism" else "Flink, parallelism 2"
    how = (
        "Kafka to Kafka: read, tag, ledger, `records` written, acknowledged; from when its readers "
        f"start to the last commit, {found['seconds']:.1f} s; first commit after "
        f"{found['first_seconds']:.1f} s; start-up of {found['start_seconds']:.1f} s left out"
    )
    if found["late_rate"]:
        how += f"; {found['late_rate']:,.0f} events/s if counted from 10 % committed on"
    if found["restarts"]:
        how += f"; DISTURBED: the runner restarted the job {found['restarts']:.0f} times"
    bench.add("throughput", runner, f"the job on {title}", found["rate"], "events/s", how)
    aim = "≥ 0.5, aim 1.0" if runner == "prism" else "aim 1.0"
    bench.ratio("throughput", runner, "floor", f"{title}: ratio to the floor", aim)
    bench.ratio("throughput", runner, "floor_defaults", f"{title}: ratio to the loop of defaults")


def by_record(bench: Bench) -> None:
    """Beam with a state cell and a timer for each record."""
    topic = new_scene(bench.url)
    preload(topic, bench.sizes["per_record"])
    names: dict[per_record.Structure, str] = {
        "guide": "Beam as its guide has it: a cell and a timer a record, one message an element",
        "batched": "the same behind our source, which hands out batches",
    }
    for structure, name in names.items():
        found = per_record.measure(
            url=bench.url,
            events_topic=topic.events_topic,
            events=bench.sizes["per_record"],
            structure=structure,
        )
        key = f"per_record_{structure}"
        bench.rates[key] = found["rate"]
        how = (
            f"Prism, {bench.sizes['per_record']:,} events, our clients and codec; rate from 10 % of"
            " the rows written to the last"
        )
        bench.add("throughput", key, name, found["rate"], "events/s", how)
        aim = "≥ 15" if structure == "guide" else ""
        bench.ratio("throughput", "prism", key, "Prism: ratio to that", aim)
    topic.close()


def stages(bench: Bench) -> None:
    """Where the time goes."""
    count = min(bench.sizes["events"], 40_000)
    scene, out = bench.input(), new_scene(bench.url)
    found = measured(
        "stages", url=bench.url, prefix=out.prefix, events_topic=scene.events_topic, events=count
    )
    out.close()
    how = f"CPU of one process, {count:,} events in batches of up to 2,000, no Beam"
    walls = {name.removeprefix("wall "): v for name, v in found.items() if name.startswith("wall ")}
    total = 0.0
    for name, micros in found.items():
        if not name.startswith("wall "):
            wall = f"; {walls[name]:.1f} µs by the wall clock" if name in walls else ""
            bench.add("stages", f"stage {name}", name, micros, "µs/event", how + wall)
            total += micros
    bench.add("stages", "stages", "all stages", total, "µs/event", "their sum")
    if "prism" in bench.rates:
        rest = 1e6 / bench.rates["prism"] - total
        how = "what an event takes on Prism by the wall clock, less the sum: Beam, gRPC, waiting"
        bench.add("stages", "stages_rest", "outside the stages", rest, "µs/event", how)


def rules(bench: Bench) -> None:
    """Tags and rules alone."""
    count = bench.sizes["events"]
    found = measured("rules", events=count)
    how = (
        f"one core, {count:,} decoded events with none to three pieces of evidence of ten kinds, "
        "the example policy and a notice; CPU time"
    )
    for key, name, aim in (
        ("tags", "tags alone: residency judged", ""),
        ("rules", "tags and rules: the plan of a record", "≥ 60,000"),
    ):
        bench.add("rules", key, name, found[key], "records/s", how, aim)


def noticed(bench: Bench) -> None:
    """A notice that touches everything."""
    count = bench.sizes["noticed"]
    found = notice.measure(url=bench.url, records=count)
    how = (
        f"Prism, {count:,} records of people in GB; a notice in force orders their deletion; by "
        "the broker's append time of notice and commands"
    )
    bench.add("notice", "notice_first", "notice to first command", found["first"], "s", how)
    bench.add("notice", "notice_rate", "commands, all of them", found["rate"], "commands/s",
              f"{how}; {found['seconds']:.0f} s from the first to the last")  # fmt: skip
    how = (
        f"{found['events']:,.0f} new events published with the notice: until all were acknowledged"
    )
    bench.add("notice", "notice_ingestion", "ingestion meanwhile", found["ingestion"], "events/s",
              how)  # fmt: skip
    how = f"before the notice, the same job, {count:,} events"
    bench.add("notice", "notice_before", "ingestion before", found["before"], "events/s", how)


def delay(bench: Bench, runner: Runner) -> None:
    """From limit to command."""
    found = latency.measure(url=bench.url, commands=bench.sizes["commands"], runner=runner)
    how = (
        f"{found['commands']:,.0f} records, one limit every {latency.EVERY_MS} ms; `complete_by` "
        f"to the broker's append time of the command; the margin of {found['margin']:.0f} ms is "
        f"included; greatest {found['max']:,.0f} ms"
    )
    title = "Prism" if runner == "prism" else "Flink"
    aim = "aim < 3,000" if runner == "prism" else "aim < 6,000"
    for quantile, name in (("median", "median"), ("p99", "99 % within")):
        key = f"latency_{runner}_{quantile}"
        bench.add("latency", key, f"{title}: {name}", found[quantile], "ms", how, aim)


def memory(bench: Bench) -> None:
    """Bytes a record."""
    found = measured("memory", records=bench.sizes["records"])
    count = f"{found['records']:,.0f} stated records in {SHARDS} ledgers"
    how = (
        f"growth of the resident set with {count}; of it key {found['key']:.0f}, packed record "
        f"{found['value']:.0f}, table {found['table']:.0f}, wakes {found['wakes']:.0f}"
    )
    bench.add("size", "memory", "in memory", found["memory"], "B/record", how, "≤ 250")
    how = f"the record itself, packed: {found['packed']:.0f} B"
    bench.add("size", "journal", "journal, as appended", found["journal"], "B/record", how)
    bench.add(
        "size", "compacted", "journal, compacted", found["compacted"], "B/record", "one shard"
    )


def restart(bench: Bench) -> None:
    """Rebuild from topics."""
    found = rebuild.measure(url=bench.url, rows=bench.sizes["rows"])
    how = (
        f"Prism, {found['rows']:,.0f} rows: start of the processes to every gate open and 1,000 "
        f"waiting events acknowledged, {found['seconds']:.1f} s, less {found['empty_seconds']:.1f} "
        "s of the same with an empty topic"
    )
    bench.add("rebuild", "rebuild", "rows of `records`", found["rate"], "rows/s", how)


def metrics(bench: Bench) -> None:
    """The exporter with many records."""
    found = exporter.measure(url=bench.url, records=bench.sizes["exported"])
    how = f"{found['records']:,.0f} records; while {exporter.UPDATED:,} rows are written again"
    for key, name, aim in (("p99", "99 % of scrapes within", "< 100"), ("max", "slowest", "")):
        bench.add("exporter", f"scrape_{key}", name, found[f"busy_{key}"], "ms", how, aim)
    how = "growth of the resident set over an exporter without records"
    bench.add("exporter", "exporter_memory", "in memory", found["memory"], "B/record", how)
    how = "start of the process to the first page"
    bench.add("exporter", "exporter_ready", "first page after", found["ready"], "s", how)


PARTS: dict[str, Callable[[Bench], None]] = {
    "floor": floor,
    "prism": lambda bench: job(bench, "prism"),
    "flink": lambda bench: job(bench, "flink"),
    "per-record": by_record,
    "stages": stages,
    "rules": rules,
    "notice": noticed,
    "latency-prism": lambda bench: delay(bench, "prism"),
    "latency-flink": lambda bench: delay(bench, "flink"),
    "memory": memory,
    "rebuild": restart,
    "exporter": metrics,
}
"""By the name that `--only` takes, in the order in which they run."""
