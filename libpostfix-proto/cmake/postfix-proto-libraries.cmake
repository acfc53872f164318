# Libraries that have no CMake package of their own, as imported targets postfix::NAME. The build
# includes this, and so does the package of a static library, for those who link it: they have the
# libraries elsewhere.
set(POSTFIX_PROTO_BerkeleyDB db db-5.3)
set(POSTFIX_PROTO_LMDB lmdb)
set(POSTFIX_PROTO_CDB cdb)
set(POSTFIX_PROTO_PCRE2 pcre2-8)

# Looks for the library; there is no target when it is not found.
function(postfix_proto_import name)
    find_library(${name}_LIBRARY NAMES ${POSTFIX_PROTO_${name}})
    mark_as_advanced(${name}_LIBRARY)
    if(${name}_LIBRARY AND NOT TARGET postfix::${name})
        add_library(postfix::${name} UNKNOWN IMPORTED)
        set_target_properties(postfix::${name} PROPERTIES IMPORTED_LOCATION ${${name}_LIBRARY})
    endif()
endfunction()
