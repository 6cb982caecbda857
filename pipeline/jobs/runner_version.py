"""Which version of Beam's runner will run the job, and which are refused.

Beam's job API has no call that tells a version. The job server's jar does, in the file by which its
own code knows it; of a server that runs already, somebody must say which it is.
"""

import re
import zipfile
from pathlib import Path

from pipeline.errors import InvalidInput, RunnerRefused
from pipeline.jobs.prism import BEAM_FLOOR

_RELEASE = "org/apache/beam/sdk/sdk.properties"
_MAIN = "org/apache/beam/runners/flink/FlinkPipelineRunner.class"
_BUILT_FOR = re.compile(r"META-INF/maven/org\.apache\.beam/beam-runners-flink-([\d.]+)/")


def check_runner_version(stated: str, whence: str) -> None:
    """Refuse a runner that cannot keep the promises.

    Args:
        stated: the version, such as `2.77.0`.
        whence: who says so, for the message.

    Raises:
        InvalidInput: it is no version.
        RunnerRefused: it lies below the floor.
    """
    found = re.match(r"(\d+)\.(\d+)(?:\.|$)", stated)
    if found is None:
        raise InvalidInput(f"{whence} `{stated}` is no version; give it like 2.77.0")
    if (int(found[1]), int(found[2])) < BEAM_FLOOR:
        floor = ".".join(map(str, BEAM_FLOOR))
        raise RunnerRefused(
            f"{whence} is {stated}, below {floor}: its checkpoints of sources that poll grow for "
            f"ever; use Beam's Flink job server {floor} or newer, best of the version of the SDK"
        )


def read_version(jar: Path, flink_version: str) -> str:
    """Return the version of Beam in a job server's jar.

    Raises:
        InvalidInput: there is no such file.
        RunnerRefused: it is not Beam's job server for that Flink, or does not tell its version.
    """
    if not jar.is_file():
        raise InvalidInput(f"--job-server-jar {jar} is no file; correct the path")
    wanted = f"beam-runners-flink-{flink_version}-job-server"
    try:
        with zipfile.ZipFile(jar) as opened:
            names = set(opened.namelist())
            told = opened.read(_RELEASE).decode(errors="replace") if _RELEASE in names else ""
    except (zipfile.BadZipFile, OSError) as error:
        raise RunnerRefused(f"{jar} cannot be read as a jar: {error}; give {wanted}") from error
    if _MAIN not in names:
        raise RunnerRefused(f"{jar} holds no Flink runner of Beam; give {wanted}")
    built = {found[1] for name in names if (found := _BUILT_FOR.match(name))}
    if built and flink_version not in built:
        raise RunnerRefused(
            f"{jar} is for Flink {', '.join(sorted(built))}, not {flink_version}; correct "
            "--flink-version or the jar"
        )
    version = re.search(r"^version=(\S+)$", told, re.MULTILINE)
    if version is None:
        raise RunnerRefused(f"{jar} does not tell its version in {_RELEASE}; give {wanted}")
    return version[1]
