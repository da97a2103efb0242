#!/usr/bin/env bash
# Makes stand-ins for the images that the Dockerfile and docker-compose.yml take from registries, and prints the
# Dockerfile's build arguments that name them. Run again, it only prints. Needs root, a Debian, and the emulators of
# ../emulators/install.sh.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/environment.sh"
emulators="${EVERYCENT_EMULATORS:-$HOME/.cache/everycent-emulators}"
exec 9>"$cache/lock"
flock 9

suite=trixie
toolchain="$(cd "$here/../.." && rustc --print sysroot)"
pubsub="$(dirname "$(dirname "$(readlink -f "$emulators/pubsub/emulator.jar")")")"
server="$(readlink -f "$emulators/gcs/server")"
# The name that the compose file has for it.
fake_gcs="$(sed -n 's/^ *image: *\(fsouza.*\)$/\1/p' "$here/../../docker-compose.yml")"
stamp="$({ rustc --version; cat "$here/Containerfile" "$here/bases.sh"; echo "$server $fake_gcs"; } | sha256sum | cut -c1-12)"
debian="localhost/everycent-stand-in/debian:$suite"

# The mirror of this machine, which is the one that it can ask.
mirror() {
    apt-get indextargets --format '$(LABEL) $(SITE)' 'Identifier: Packages' | sed -n 's/^Debian //p' | head -1
}

if ! podman image exists "$debian"; then
    root="$cache/$suite"
    rm -rf "$root"
    debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$(mirror)" >&2
    # Whom this machine trusts, which may be more than Debian does.
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
    rm -rf "$root"/var/cache/apt/archives/*.deb
    tar -C "$root" -c . | podman import --change ENV=SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
        --change ENV=PIP_CERT=/etc/ssl/certs/ca-certificates.crt - "$debian" >&2
    rm -rf "$root"
fi

# A stage of the Containerfile as an image of this name.
make_image() {
    [ "$(podman image inspect --format '{{index .Labels "stand-in"}}' "$2" 2>/dev/null)" = "$stamp" ] && return
    podman build --isolation chroot --network host --layers --target "$1" --tag "$2" --label "stand-in=$stamp" \
        --build-arg "DEBIAN=$debian" --volume "$toolchain:/toolchain:ro" --volume "$pubsub:/emulator:ro" \
        --volume "$server:/server:ro" --file "$here/Containerfile" "$here" >&2
}

for stage in rust runtime runtime-with-tools java python pubsub; do
    make_image "$stage" "localhost/everycent-stand-in/$stage:$suite"
    argument="$(tr a-z- A-Z_ <<<"$stage")"
    echo "--build-arg $argument=localhost/everycent-stand-in/$stage:$suite"
done
make_image fake-gcs "docker.io/${fake_gcs#docker.io/}"
