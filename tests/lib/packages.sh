# shellcheck shell=bash
# Installing what is missing, and nothing else. For Debian and its descendants.

# shellcheck disable=SC2034  # used by the scripts that source this
# What a build needs, and what a build of the tests needs beyond it.
build_packages=(g++ cmake ninja-build libboost-dev libfmt-dev libcli11-dev nlohmann-json3-dev libicu-dev libdb-dev liblmdb-dev libcdb-dev libpcre2-dev libncurses-dev python3)
# shellcheck disable=SC2034
unit_test_packages=(catch2 pkg-config doxygen)
# What turns one build into one that runs in any container, and what is taken along into one.
# shellcheck disable=SC2034
bundle_packages=(patchelf curl)
# What makes the .deb of it: CPack asks file(1) and dpkg-shlibdeps(1).
# shellcheck disable=SC2034
deb_packages=(dpkg-dev file)
engine_packages=(podman runc containernetworking-plugins iptables iproute2 mmdebstrap ca-certificates)

package_installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Needs no network, no root and no time when everything is there already.
packages_ensure() {
    local name missing=()
    for name in "$@"; do
        package_installed "$name" || missing+=("$name")
    done
    ((${#missing[@]})) || return 0
    if ((EUID != 0)); then
        echo "These packages are missing, and only root can install them: ${missing[*]}" >&2
        return 1
    fi
    echo "Installing ${missing[*]}" >&2
    export DEBIAN_FRONTEND=noninteractive
    { apt-get -q update && apt-get -q install -y --no-install-recommends "${missing[@]}"; } >&2 </dev/null
}

# A container engine, unless one works already. Expects engine.sh to be sourced.
packages_ensure_engine() {
    engine_detect && [[ ${ENGINE[0]} == docker ]] && return
    packages_ensure "${engine_packages[@]}" && engine_detect
}

# What a build made here is called.
host_suite() { (. /etc/os-release && echo "${VERSION_CODENAME:-${ID:-unknown}}"); }

# What mmdebstrap needs to be told about a suite, one word a line. The Release file of a release in
# the making is valid for a week only, and a mirror or a copy may be older.
mmdebstrap_options() {
    case $1 in
        forky | sid | testing | unstable) printf '%s\n' '--aptopt=Acquire::Check-Valid-Until "false"' ;;
    esac
}
