#!/usr/bin/env bash
# Builds the images, starts docker-compose.yml and tests both (services/everycent/tests/containers.rs), without Docker.
#
# It needs root, Debian's packages podman, buildah, runc, netavark, aardvark-dns, iptables and debootstrap, podman-compose
# (pip), and the emulators of `make emulators`. Where something is missing it says so and tests nothing, unless
# EVERYCENT_COMPOSE_REQUIRED is set. Images and what they were compiled of lie in ~/.cache/everycent-containers, or where
# EVERYCENT_CONTAINERS says. The first run compiles a release there, which is a quarter of an hour of one core; later ones
# compile what changed, and wait for the emulators. Arguments are cargo's for tests: `tests/compose/run.sh image::` tests the
# image only, in a minute.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
cd "$here/../.."
export EVERYCENT_EMULATORS="${EVERYCENT_EMULATORS:-$HOME/.cache/everycent-emulators}"

missing=()
[ "$(id -u)" = 0 ] || missing+=("root")
for program in podman buildah runc iptables debootstrap apt-get podman-compose; do
    command -v "$program" >/dev/null || missing+=("$program")
done
for program in netavark aardvark-dns; do
    # Podman's own, which are not in the PATH.
    [ -n "$(find /usr/lib/podman /usr/libexec/podman -name "$program" 2>/dev/null)" ] || missing+=("$program")
done
[ -e "$EVERYCENT_EMULATORS/stamp" ] || missing+=("the emulators (make emulators)")
if [ "${#missing[@]}" -gt 0 ]; then
    echo "Not tested: the images and the compose stack, for want of: ${missing[*]}. See tests/compose/run.sh." >&2
    [ -z "${EVERYCENT_COMPOSE_REQUIRED:-}" ] || exit 1
    exit 0
fi

. "$here/environment.sh"
said() { echo "$(date -u +%H:%M:%S) $*" >&2; }

exec 8>"$cache/run.lock"
flock 8
said "stand-ins for the images of registries"
bases="$("$here/bases.sh" 8>&-)"
EVERYCENT_BUILD_ARGUMENTS="--isolation chroot --network host --layers $(tr '\n' ' ' <<<"$bases")"
export EVERYCENT_BUILD_ARGUMENTS

# The clone's files, in one place for all clones. A file has the time at which it last changed there, so that Cargo compiles
# in the image what differs from the last run, and not all of a fresh clone.
export EVERYCENT_COMPOSE_TREE="$cache/tree"
mkdir -p "$EVERYCENT_COMPOSE_TREE"
copy_what_differs() {
    local file listed
    listed="$(mktemp)"
    git ls-files --cached --others --exclude-standard | LC_ALL=C sort >"$listed"
    while IFS= read -r file; do
        [ -f "$file" ] || continue
        cmp -s "$file" "$EVERYCENT_COMPOSE_TREE/$file" && continue
        mkdir -p "$EVERYCENT_COMPOSE_TREE/$(dirname "$file")"
        cp --preserve=mode "$file" "$EVERYCENT_COMPOSE_TREE/$file"
    done <"$listed"
    (cd "$EVERYCENT_COMPOSE_TREE" && find . -type f | cut -c3- | LC_ALL=C sort) | LC_ALL=C comm -13 "$listed" - |
        while IFS= read -r file; do rm -f "$EVERYCENT_COMPOSE_TREE/$file"; done
    rm -f "$listed"
}
copy_what_differs

export PATH="$here/bin:$PATH"
# All containers, volumes and networks in this place are of this test. Also of one that failed half way, where a
# `docker compose run` may still go on, which `docker compose down` leaves alone.
leave_nothing() {
    podman rm --all --force --depend --time 0
    podman volume rm --all --force
    podman network prune --force
} >/dev/null 2>&1
leave_nothing || true
trap 'leave_nothing || true' EXIT
said "the tests, and what they are compiled of"
${CARGO:-cargo} test --locked --workspace --features google,otlp,conformance,everycent/containers --test containers -- \
    --test-threads=1 --nocapture "$@" 8>&-
podman image prune --force --filter until=72h >/dev/null
said "done"
