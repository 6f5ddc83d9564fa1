# SPDX-License-Identifier: MIT
#
# What every target of ours is compiled and linked with. mlserve_flags(target) adds it; nothing
# here reaches the programs that link the library.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

include(CheckCCompilerFlag)

set(mlserve_warnings
    -Wall -Wextra -Wpedantic -Wshadow -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef
    -Wformat=2 -Wvla -Walloca -Wconversion -Wno-sign-conversion)
set(mlserve_c_warnings -Wstrict-prototypes -Wmissing-prototypes)

set(mlserve_hardening "")
if(NOT MLSERVE_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL Debug)
    foreach(flag
            -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
            -ftrivial-auto-var-init=zero)
        string(MAKE_C_IDENTIFIER "mlserve_has${flag}" has)
        check_c_compiler_flag(${flag} ${has})
        if(${has})
            list(APPEND mlserve_hardening ${flag})
        endif()
    endforeach()
    list(APPEND mlserve_hardening -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
set(mlserve_link_hardening
    -Wl,-z,relro,-z,now,-z,noexecstack -Wl,-z,separate-code -Wl,--as-needed)

function(mlserve_flags target)
    target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
    target_compile_options(${target} PRIVATE
        ${mlserve_warnings}
        $<$<COMPILE_LANGUAGE:C>:${mlserve_c_warnings}>
        ${mlserve_hardening}
        -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=
        -fno-strict-aliasing
        -g)
    target_link_options(${target} PRIVATE ${mlserve_link_hardening})
    if(MLSERVE_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
    if(MLSERVE_SANITIZE)
        target_compile_options(${target} PRIVATE
            -fsanitize=${MLSERVE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
        target_link_options(${target} PRIVATE -fsanitize=${MLSERVE_SANITIZE})
    endif()
    set_target_properties(${target} PROPERTIES
        C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden
        VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON)
endfunction()
