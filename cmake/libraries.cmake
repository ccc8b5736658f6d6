# SPDX-License-Identifier: GPL-3.0-or-later
#
# libevent::core and inih::inih from the system: the archives for a static
# program, the shared libraries otherwise.

function(sidelock_library target name header package)
    set(names ${name})
    if(SIDELOCK_STATIC)
        set(names lib${name}.a)
    endif()
    # The kind is part of the cached name: a build may change its mind.
    string(MAKE_C_IDENTIFIER "SIDELOCK_LIB_${name}_${SIDELOCK_STATIC}" cached)
    find_library(${cached} NAMES ${names})
    find_path(SIDELOCK_INCLUDE_${name} ${header})
    mark_as_advanced(${cached} SIDELOCK_INCLUDE_${name})
    if(NOT ${cached} OR NOT SIDELOCK_INCLUDE_${name})
        message(FATAL_ERROR "${names} with <${header}> was not found; "
            "run scripts/setup.sh, or apt-get install ${package}")
    endif()
    add_library(${target} UNKNOWN IMPORTED GLOBAL)
    set_target_properties(${target} PROPERTIES
        IMPORTED_LOCATION "${${cached}}"
        INTERFACE_INCLUDE_DIRECTORIES "${SIDELOCK_INCLUDE_${name}}")
endfunction()

sidelock_library(libevent::core event_core event2/event.h libevent-dev)
sidelock_library(inih::inih inih ini.h libinih-dev)
