# SPDX-License-Identifier: GPL-3.0-or-later
#
# Tests that ctest runs:
#
#   tests/unit/test_NAME.c   one cmocka program each: ctest unit_NAME, label
#                            unit. Names of functions to replace, one a line
#                            in test_NAME.wrap, become --wrap of the linker.
#   tests/unit/*.c (others)  shared by all unit tests
#   tests/fuzz/fuzz_NAME.c   one fuzzer each. Its corpus in
#                            tests/fuzz/corpus/NAME/ is replayed in every
#                            build: ctest fuzz_NAME_corpus, label fuzz.
#   tests/fuzz/*.c (others)  shared by all fuzzers

set(tests "${PROJECT_SOURCE_DIR}/tests")

# What a sanitizer finds ends the test; leaks are looked for, too.
set(test_environment
    "ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:abort_on_error=0"
    "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1")

# Of one test. It only ends one that hangs: the longest takes half a minute
# under ThreadSanitizer on a machine that has nothing else to do.
set(timeout_s 600)

# test_support(NAME FOLDER PATTERN): the files of FOLDER that are no test by
# themselves, as one library, if there are any.
function(test_support name folder pattern)
    file(GLOB sources CONFIGURE_DEPENDS "${folder}/*.c" "${folder}/lib/*.c")
    list(FILTER sources EXCLUDE REGEX "/(${pattern})[^/]*\\.c$")
    if(sources)
        add_library(${name} STATIC ${sources})
        target_link_libraries(${name} PRIVATE sidelock_warnings)
        target_link_libraries(${name} PUBLIC sidelock_proxy)
        target_compile_definitions(${name} PUBLIC
            SIDELOCK_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    else()
        add_library(${name} INTERFACE)
        target_link_libraries(${name} INTERFACE sidelock_proxy)
        target_compile_definitions(${name} INTERFACE
            SIDELOCK_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    endif()
    if(name STREQUAL unit_support AND sources)
        target_link_libraries(${name} PUBLIC "${SIDELOCK_CMOCKA}")
    elseif(name STREQUAL unit_support)
        target_link_libraries(${name} INTERFACE "${SIDELOCK_CMOCKA}")
    endif()
endfunction()

function(add_unit_test source)
    get_filename_component(program "${source}" NAME_WE)
    string(REGEX REPLACE "^test_" "unit_" name "${program}")
    add_executable(${name} "${source}")
    target_link_libraries(${name} PRIVATE sidelock_warnings unit_support)
    string(REGEX REPLACE "\\.c$" ".wrap" wrap_file "${source}")
    if(EXISTS "${wrap_file}")
        file(STRINGS "${wrap_file}" functions REGEX "^[A-Za-z_]")
        foreach(function IN LISTS functions)
            target_link_options(${name} PRIVATE "-Wl,--wrap=${function}")
        endforeach()
        set_property(DIRECTORY "${PROJECT_SOURCE_DIR}" APPEND PROPERTY
            CMAKE_CONFIGURE_DEPENDS "${wrap_file}")
    endif()
    add_test(NAME ${name} COMMAND ${name}
        WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_tests_properties(${name} PROPERTIES
        LABELS unit TIMEOUT ${timeout_s} FIXTURES_REQUIRED unit_certs
        ENVIRONMENT
            "${test_environment};SIDELOCK_UNIT_CERTS=${unit_certs}")
endfunction()

function(add_fuzzer source)
    get_filename_component(name "${source}" NAME_WE)
    string(REGEX REPLACE "^fuzz_" "" short "${name}")
    set(corpus "${tests}/fuzz/corpus/${short}")
    add_executable(${name} "${source}")
    add_dependencies(fuzzers ${name})
    target_link_libraries(${name} PRIVATE sidelock_warnings fuzz_support)
    if(SIDELOCK_FUZZ)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        add_test(NAME ${name}_corpus COMMAND ${name} -runs=0 "${corpus}")
    else()
        target_sources(${name} PRIVATE "${tests}/fuzz/replay_main.c")
        add_test(NAME ${name}_corpus COMMAND ${name} "${corpus}")
    endif()
    set_tests_properties(${name}_corpus PROPERTIES
        LABELS fuzz TIMEOUT ${timeout_s} ENVIRONMENT "${test_environment}")
endfunction()

find_library(SIDELOCK_CMOCKA cmocka)
if(SIDELOCK_CMOCKA)
    test_support(unit_support "${tests}/unit" "test_")
    # The certificates that unit tests are about, made once; each test works on
    # a copy of its own.
    set(unit_certs "${CMAKE_BINARY_DIR}/unit-certs")
    add_test(NAME unit_certs COMMAND sh -c
        "umask 077 && rm -rf '${unit_certs}' && '${PROJECT_SOURCE_DIR}/scripts/make-certs.sh' '${unit_certs}' --all")
    set_tests_properties(unit_certs PROPERTIES
        LABELS unit TIMEOUT ${timeout_s} FIXTURES_SETUP unit_certs)
    file(GLOB sources CONFIGURE_DEPENDS "${tests}/unit/test_*.c")
    foreach(source IN LISTS sources)
        add_unit_test("${source}")
    endforeach()
else()
    message(STATUS "cmocka was not found: no unit tests in this build")
endif()

test_support(fuzz_support "${tests}/fuzz" "fuzz_|replay_main")
add_custom_target(fuzzers)
file(GLOB sources CONFIGURE_DEPENDS "${tests}/fuzz/fuzz_*.c")
foreach(source IN LISTS sources)
    add_fuzzer("${source}")
endforeach()
