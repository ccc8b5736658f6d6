# SPDX-License-Identifier: GPL-3.0-or-later
#
# sidelock_compiler: how every file of ours is compiled and linked: language,
# optimization, hardening, sanitizers. sidelock_release_executable() makes a
# program static and strips it where the build is a release.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")

# Assertions stay on in a release, so NDEBUG is never defined.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
set(CMAKE_C_FLAGS_DEBUG "-Og -g3")

add_library(sidelock_compiler INTERFACE)
target_include_directories(sidelock_compiler INTERFACE
    "${PROJECT_SOURCE_DIR}")
target_compile_definitions(sidelock_compiler INTERFACE
    _GNU_SOURCE SIDELOCK_VERSION="${PROJECT_VERSION}")
target_compile_options(sidelock_compiler INTERFACE
    -fPIE -fno-plt -ffunction-sections -fdata-sections
    -fstack-protector-strong -fstack-clash-protection)
target_link_options(sidelock_compiler INTERFACE
    -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
if(NOT SIDELOCK_STATIC)
    target_link_options(sidelock_compiler INTERFACE -pie)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT SIDELOCK_SANITIZE)
    # A distribution's compiler may define it already.
    target_compile_options(sidelock_compiler INTERFACE
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()

# The name under which wolfSSL is built with the same sanitizers.
set(SIDELOCK_VARIANT "")
set(sanitizers "")
if(SIDELOCK_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
        message(FATAL_ERROR "SIDELOCK_FUZZ needs clang; "
            "use --preset fuzz, or -DCMAKE_C_COMPILER=clang-14")
    endif()
    set(SIDELOCK_VARIANT fuzz)
    set(sanitizers -fsanitize=fuzzer-no-link,address,undefined)
elseif(SIDELOCK_SANITIZE STREQUAL "address")
    set(SIDELOCK_VARIANT address)
    set(sanitizers -fsanitize=address,undefined)
elseif(SIDELOCK_SANITIZE STREQUAL "thread")
    set(SIDELOCK_VARIANT thread)
    set(sanitizers -fsanitize=thread)
elseif(SIDELOCK_SANITIZE)
    message(FATAL_ERROR "SIDELOCK_SANITIZE='${SIDELOCK_SANITIZE}' is unknown; "
        "use address, thread or nothing")
endif()
if(sanitizers)
    target_compile_options(sidelock_compiler INTERFACE ${sanitizers}
        -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(sidelock_compiler INTERFACE ${sanitizers})
endif()

if(SIDELOCK_COVERAGE)
    target_compile_options(sidelock_compiler INTERFACE --coverage)
    target_link_options(sidelock_compiler INTERFACE --coverage)
endif()

# Static and position independent, small, and its symbols in a file beside it
# (NAME.debug, which gdb and perf find by themselves).
function(sidelock_release_executable target)
    if(SIDELOCK_STATIC)
        target_link_options(${target} PRIVATE -static-pie)
    endif()
    if(NOT CMAKE_BUILD_TYPE STREQUAL "Release" OR SIDELOCK_SANITIZE)
        return()
    endif()
    set(file "$<TARGET_FILE:${target}>")
    add_custom_command(TARGET ${target} POST_BUILD
        COMMAND ${CMAKE_OBJCOPY} --only-keep-debug ${file} ${file}.debug
        COMMAND ${CMAKE_STRIP} --strip-all ${file}
        COMMAND ${CMAKE_OBJCOPY} --add-gnu-debuglink=${file}.debug ${file}
        VERBATIM)
endfunction()
