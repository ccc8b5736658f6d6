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

# Names are never resolved: addresses are numbers. In a static program glibc's
# resolver, which libevent asks for, would be 150 KB that need glibc's shared
# modules at run time. A copy of the archive asks no_resolver.c instead.
function(sidelock_without_resolver target)
    get_target_property(archive ${target} IMPORTED_LOCATION)
    set(copy "${CMAKE_BINARY_DIR}/libevent_core_without_resolver.a")
    set(renames "")
    foreach(function getaddrinfo freeaddrinfo getservbyname getprotobynumber)
        list(APPEND renames
            "--redefine-sym=${function}=sidelock_no_${function}")
    endforeach()
    execute_process(
        COMMAND "${CMAKE_OBJCOPY}" ${renames} "${archive}" "${copy}"
        COMMAND_ERROR_IS_FATAL ANY)
    set_property(DIRECTORY "${PROJECT_SOURCE_DIR}" APPEND PROPERTY
        CMAKE_CONFIGURE_DEPENDS "${archive}")
    add_library(sidelock_no_resolver STATIC
        "${PROJECT_SOURCE_DIR}/cmake/no_resolver.c")
    target_link_libraries(sidelock_no_resolver
        PRIVATE sidelock_warnings PUBLIC sidelock_compiler)
    set_target_properties(${target} PROPERTIES
        IMPORTED_LOCATION "${copy}"
        INTERFACE_LINK_LIBRARIES sidelock_no_resolver)
endfunction()

sidelock_library(libevent::core event_core event2/event.h libevent-dev)
sidelock_library(inih::inih inih ini.h libinih-dev)

if(SIDELOCK_STATIC)
    sidelock_without_resolver(libevent::core)
endif()
