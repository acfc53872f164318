# shellcheck shell=bash
# Compiling against libpostfix-proto without CMake.

# shellcheck disable=SC2034  # used by the scripts that source this
warnings=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)

# The language and what old compilers need for coroutines, as the library's README says.
language_flags() {
    local compiler=$1 version
    version=$("$compiler" -dumpversion)
    echo -std=c++20
    if "$compiler" --version | grep -q clang; then
        ((${version%%.*} >= 17)) ||
            printf '%s\n' -Wno-builtin-macro-redefined -D__cpp_impl_coroutine=201902L \
                -DBOOST_ASIO_HAS_CO_AWAIT -DBOOST_ASIO_HAS_STD_COROUTINE
    elif ((${version%%.*} < 11)); then
        echo -fcoroutines
    fi
}
