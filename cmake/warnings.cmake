# SPDX-License-Identifier: GPL-3.0-or-later
#
# sidelock_warnings: the warnings under which all code of ours stays silent,
# with gcc 12 and clang 14. -DSIDELOCK_WERROR=ON makes them errors.

add_library(sidelock_warnings INTERFACE)
target_compile_options(sidelock_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
    -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
    -Wcast-qual -Wcast-align -Wwrite-strings -Wformat=2 -Wundef -Wvla
    -Wnull-dereference -Wdouble-promotion -Wimplicit-fallthrough
    -Wswitch-enum -Wpointer-arith -Wredundant-decls)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(sidelock_warnings INTERFACE
        -Wduplicated-cond -Wduplicated-branches)
endif()
if(SIDELOCK_WERROR)
    target_compile_options(sidelock_warnings INTERFACE -Werror)
endif()
