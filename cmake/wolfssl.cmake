# SPDX-License-Identifier: GPL-3.0-or-later
#
# wolfssl::wolfssl: a static wolfSSL that cmake/build-wolfssl.sh makes once and
# keeps in the cache, or the installation that -DSIDELOCK_WOLFSSL_ROOT=DIR
# names, if it has all that sidelock needs.

set(SIDELOCK_WOLFSSL_ROOT "" CACHE PATH
    "a wolfSSL installation to use instead of the one we build")

# Sets result to the macros that a program sees after <wolfssl/ssl.h>, and
# problems to what the compiler says of the headers, if they do not compile.
function(wolfssl_macros root result problems)
    execute_process(
        COMMAND "${CMAKE_C_COMPILER}" -E -dM -x c -I "${root}/include"
            -include wolfssl/options.h -include wolfssl/ssl.h
            -include wolfssl/wolfcrypt/aes.h /dev/null
        OUTPUT_VARIABLE macros ERROR_VARIABLE errors RESULT_VARIABLE status)
    if(status EQUAL 0)
        set(errors "")
    endif()
    set(${problems} "${errors}" PARENT_SCOPE)
    set(${result} "\n${macros}" PARENT_SCOPE)
endfunction()

# Stops with one list of everything that an installation lacks.
function(wolfssl_check root)
    set(missing "")
    wolfssl_macros("${root}" macros problems)

    string(REGEX MATCH "LIBWOLFSSL_VERSION_STRING \"([0-9.]+)\"" _ "${macros}")
    set(version "${CMAKE_MATCH_1}")
    if(version VERSION_LESS 5.9.2)
        list(APPEND missing "version 5.9.2 or newer (it is '${version}')")
    endif()

    # "macro=what it gives"; the macro of a feature that must be absent has a !
    foreach(need
        "WOLFSSL_TLS13=TLS 1.3 (--enable-tls13)"
        "!WOLFSSL_NO_TLS12=TLS 1.2"
        "!NO_WOLFSSL_SERVER=the server side"
        "!NO_WOLFSSL_CLIENT=the client side, for the proof by handshake"
        "!SINGLE_THREADED=threads"
        "HAVE_AESGCM=AES-GCM (--enable-aesgcm)"
        "HAVE_AES_CBC=AES-CBC, for encrypted keys and PKCS#12"
        "HAVE_CHACHA=ChaCha20 (--enable-chacha)"
        "HAVE_POLY1305=Poly1305 (--enable-poly1305)"
        "WOLFSSL_AEAD_ONLY=AEAD suites only (-DWOLFSSL_AEAD_ONLY)"
        "HAVE_SESSION_TICKET=tickets (--enable-session-ticket)"
        "WOLFSSL_TICKET_EXTRA_PADDING_SZ=room in tickets (-DWOLFSSL_TICKET_EXTRA_PADDING_SZ=640)"
        "HAVE_EXTENDED_MASTER=extended master secret"
        "HAVE_SNI=server names (--enable-sni)"
        "HAVE_ALPN=ALPN (--enable-alpn)"
        "HAVE_SUPPORTED_CURVES=choice of groups"
        "HAVE_OCSP=OCSP (--enable-ocsp)"
        "HAVE_CERTIFICATE_STATUS_REQUEST=stapling (--enable-ocspstapling)"
        "HAVE_CRL=CRLs (--enable-crl)"
        "HAVE_PKCS12=PKCS#12 (--enable-pkcs12)"
        "WOLFSSL_ENCRYPTED_KEYS=encrypted keys (--enable-enckeys)"
        "HAVE_ECC=ECDSA and ECDH"
        "HAVE_ECC384=P-384 (--enable-ecc, --enable-sp=...,ec384)"
        "HAVE_CURVE25519=X25519 (--enable-curve25519)"
        "HAVE_ED25519=Ed25519 (--enable-ed25519)"
        "WOLFSSL_HAVE_MLKEM=ML-KEM (--enable-mlkem)"
        "WOLFSSL_PQC_HYBRIDS=ML-KEM hybrids (--enable-mlkem)"
        "WOLFSSL_IP_ALT_NAME=addresses in certificates (--enable-ip-alt-name)"
        "WOLFSSL_ALT_NAMES=alternative names (-DWOLFSSL_ALT_NAMES)"
        "WOLFSSL_ALWAYS_VERIFY_CB=-DWOLFSSL_ALWAYS_VERIFY_CB"
        "HAVE_HKDF=HKDF (--enable-hkdf)"
        "WOLFSSL_HARDEN_TLS=RFC 9325's minimums (--enable-harden-tls=112)"
        "!WOLFSSL_ALLOW_SSLV3=no SSL 3.0"
        "NO_OLD_TLS=no TLS 1.0 and 1.1 (--disable-oldtls)"
    )
        string(REGEX MATCH "^(!?)([A-Z0-9_]+)=(.*)$" _ "${need}")
        set(unwanted "${CMAKE_MATCH_1}")
        set(macro "${CMAKE_MATCH_2}")
        set(what "${CMAKE_MATCH_3}")
        string(FIND "${macros}" "\n#define ${macro} " found)
        if((unwanted AND NOT found EQUAL -1)
            OR (NOT unwanted AND found EQUAL -1))
            list(APPEND missing "${what}")
        endif()
    endforeach()
    if(NOT macros MATCHES
        "\n#define CUSTOM_RAND_GENERATE_BLOCK sidelock_random_block\n")
        list(APPEND missing "our random numbers (--disable-hashdrbg \
-DCUSTOM_RAND_GENERATE_BLOCK=sidelock_random_block)")
    endif()

    if(problems AND NOT missing)
        message(FATAL_ERROR
            "the headers in ${root}/include do not compile:\n${problems}")
    endif()
    if(missing)
        list(JOIN missing "\n    " missing)
        message(FATAL_ERROR "the wolfSSL in ${root} lacks:\n    ${missing}\n"
            "Build it with the flags of cmake/build-wolfssl.sh, "
            "or leave SIDELOCK_WOLFSSL_ROOT empty.")
    endif()
    set(WOLFSSL_VERSION "${version}" PARENT_SCOPE)
endfunction()

if(SIDELOCK_WOLFSSL_ROOT)
    set(root "${SIDELOCK_WOLFSSL_ROOT}")
    if(NOT EXISTS "${root}/include/wolfssl/options.h")
        message(FATAL_ERROR "${root}/include/wolfssl/options.h does not exist; "
            "SIDELOCK_WOLFSSL_ROOT needs include/ and lib/ of a wolfSSL")
    endif()
else()
    execute_process(
        COMMAND "${PROJECT_SOURCE_DIR}/cmake/build-wolfssl.sh"
            --cc "${CMAKE_C_COMPILER}" --sanitize "${SIDELOCK_VARIANT}"
        OUTPUT_VARIABLE root OUTPUT_STRIP_TRAILING_WHITESPACE
        RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "wolfSSL could not be built; the lines above "
            "name the cause")
    endif()
    # A change of the recipe takes effect with the next build.
    set_property(DIRECTORY "${PROJECT_SOURCE_DIR}" APPEND PROPERTY
        CMAKE_CONFIGURE_DEPENDS cmake/build-wolfssl.sh cmake/wolfssl_prelude.h)
endif()

wolfssl_check("${root}")

unset(wolfssl_file CACHE)
find_library(wolfssl_file NAMES libwolfssl.a wolfssl
    PATHS "${root}/lib" "${root}/lib64" PATH_SUFFIXES ${CMAKE_LIBRARY_ARCHITECTURE}
    NO_DEFAULT_PATH NO_CACHE)
if(NOT wolfssl_file)
    message(FATAL_ERROR "there is no libwolfssl in ${root}/lib")
endif()
message(STATUS "wolfSSL ${WOLFSSL_VERSION}: ${wolfssl_file}")

find_package(Threads REQUIRED)
add_library(wolfssl::wolfssl UNKNOWN IMPORTED GLOBAL)
set_target_properties(wolfssl::wolfssl PROPERTIES
    IMPORTED_LOCATION "${wolfssl_file}"
    INTERFACE_INCLUDE_DIRECTORIES "${root}/include")
# options.h comes first even where a file forgets to include it.
target_compile_definitions(wolfssl::wolfssl INTERFACE WOLFSSL_USE_OPTIONS_H)
target_link_libraries(wolfssl::wolfssl INTERFACE Threads::Threads m)
# Only the library calls it, so it must be picked from our archive by name.
target_link_options(wolfssl::wolfssl INTERFACE -Wl,-u,sidelock_random_block)
