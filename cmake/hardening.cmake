# What makes a mistake in the program harder to use for an attack, as far as the compiler and the
# linker offer it for next to nothing: what Debian builds its own Postfix with, and some more. The
# target that gets the flags is this project's own, so that no consumer of the library sees them.
# tests/installed/hardening reads from the binary what came of it.
#
# Not _GLIBCXX_ASSERTIONS: it checks each operator[] of the loops that all the time goes into.
include(CheckCXXCompilerFlag)
include(CheckCXXSourceCompiles)
include(CheckPIESupported)

check_pie_supported(OUTPUT_VARIABLE ignored LANGUAGES CXX)

function(flushd_harden target)
    foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
                 -mbranch-protection=standard)
        string(MAKE_C_IDENTIFIER "FLUSHD_HAS${flag}" known)
        # Each processor knows its own. A warning, that a flag goes unused, counts as no.
        set(CMAKE_REQUIRED_FLAGS -Werror)
        check_cxx_compiler_flag(${flag} ${known})
        unset(CMAKE_REQUIRED_FLAGS)
        if(${known})
            target_compile_options(${target} INTERFACE ${flag})
        endif()
    endforeach()
    target_link_options(${target} INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)

    # Needs optimisation. The sanitizers see less with it. Where the compiler or the packager sets
    # it, that stands.
    if(FLUSHD_SANITIZE OR FLUSHD_FUZZ)
        return()
    endif()
    set(CMAKE_REQUIRED_FLAGS "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_RELEASE}")
    check_cxx_source_compiles("
        #ifdef _FORTIFY_SOURCE
        #error it is
        #endif
        int main() {}" FLUSHD_FORTIFY_IS_FREE)
    set(level 2)
    if((CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12) OR
       (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12))
        set(level 3) # a C library that is older takes it for 2
    endif()
    if(FLUSHD_FORTIFY_IS_FREE)
        target_compile_options(${target} INTERFACE $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=${level}>)
    endif()
endfunction()
