# shellcheck shell=bash
# Which container engine is here, and how it is asked to run a container.
# Source it and call engine_detect; or run it to read the two lists, one word
# a line, with an empty line between them (tests/integration/run does that).
#
#   ENGINE       the engine's command: (docker) or (podman)
#   ENGINE_RUN   the beginning of every "run" of this project

engine_detect() {
    if command -v docker >/dev/null && timeout 20 docker info >/dev/null 2>&1; then
        ENGINE=(docker)
        ENGINE_RUN=(docker run)
    elif command -v podman >/dev/null; then
        ENGINE=(podman)
        ENGINE_RUN=(podman run)
        # Debian's crun and kernels in small virtual machines do not always agree.
        if command -v runc >/dev/null; then
            ENGINE_RUN+=(--runtime runc)
        fi
    else
        return 1
    fi
    # Engines ask for more than the caller may hand on, and then do not start;
    # Postfix needs far less.
    ENGINE_RUN+=(--ulimit nofile=1024:1024 --ulimit nproc=4096:4096)
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    engine_detect || { echo "neither docker (with a running daemon) nor podman found" >&2; exit 1; }
    printf '%s\n' "${ENGINE[@]}" '' "${ENGINE_RUN[@]}"
fi
