#!/bin/sh
# Builds the launcher and gathers its jars in CACHE/flink/lib: `build.sh CACHE`.
# Does nothing when neither the pom nor a source has changed since; one build at a time.
set -eu
here=$(cd "${0%/*}" && pwd)
for tool in java mvn; do
  command -v "$tool" >/dev/null || {
    echo "$tool is not on the PATH: install a JDK (11 or 17) and Maven" >&2
    exit 1
  }
done
mkdir -p "$1/flink"
folder=$(cd "$1/flink" && pwd)
exec 9>"$folder/lock"
flock 9
digest=$(find "$here/pom.xml" "$here/src" -type f | sort | xargs cat | sha256sum)
if [ -f "$folder/lib/launcher.jar" ] && [ "$(cat "$folder/built" 2>/dev/null)" = "$digest" ]; then
  exit 0
fi
rm -rf "$folder/lib" "$folder/build" "$folder/built"
mvn -q -B -f "$here/pom.xml" "-Dcache.folder=$folder" "-Dmaven.repo.local=${folder%/*}/maven" \
  package dependency:copy-dependencies "-DoutputDirectory=$folder/lib" >&2
printf '%s\n' "$digest" >"$folder/built"
