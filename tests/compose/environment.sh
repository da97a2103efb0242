# Sourced: where images and containers of this test lie, apart from any others of the machine, and how they run.
cache="${EVERYCENT_CONTAINERS:-$HOME/.cache/everycent-containers}"
mkdir -p "$cache/tmp"

# With `runc`: `crun` sets limits and groups that a container in a container may not.
cat >"$cache/containers.conf" <<END
[containers]
default_ulimits = []
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "/run/everycent-containers/engine"
[network]
network_backend = "netavark"
network_config_dir = "$cache/networks"
END
cat >"$cache/storage.conf" <<END
[storage]
driver = "overlay"
graphroot = "$cache/storage"
runroot = "/run/everycent-containers/storage"
END
cat >"$cache/policy.json" <<END
{ "default": [{ "type": "insecureAcceptAnything" }] }
END
# Where builds keep what they mount as a cache.
export TMPDIR="$cache/tmp"
export CONTAINERS_CONF="$cache/containers.conf" CONTAINERS_STORAGE_CONF="$cache/storage.conf"
# Health checks are run by who waits for them: bin/podman.
export DISABLE_HC_SYSTEMD=true
