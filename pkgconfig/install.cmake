# SPDX-License-Identifier: MIT
#
# What `cmake --install` puts down of the library: headers, shared and static library,
# libmlserve.pc and the CMake package. Nothing written here names a folder of the building machine.

option(MLSERVE_INSTALL "Install the library" ${MLSERVE_TOP_LEVEL})
if(NOT MLSERVE_INSTALL)
    return()
endif()

include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/mlserve)
set(here ${PROJECT_SOURCE_DIR}/pkgconfig)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")

# Two export sets: who links the shared library needs nothing else, not even OpenBLAS's headers.
install(TARGETS mlserve_shared EXPORT mlserve_shared
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS mlserve_static EXPORT mlserve_static
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(kind shared static)
    install(EXPORT mlserve_${kind} NAMESPACE mlserve:: DESTINATION ${package_folder}
        FILE mlserve-${kind}-targets.cmake)
endforeach()

configure_package_config_file(${here}/mlserve-config.cmake.in
    ${PROJECT_BINARY_DIR}/mlserve-config.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/mlserve-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES
    ${PROJECT_BINARY_DIR}/mlserve-config.cmake
    ${PROJECT_BINARY_DIR}/mlserve-config-version.cmake
    DESTINATION ${package_folder})

file(RELATIVE_PATH pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
# Not Requires.private: openblas.pc asks who links statically for Fortran's library, too, which only
# a static OpenBLAS needs.
set(pc_blas "")
if(MLSERVE_BLAS STREQUAL openblas)
    set(pc_blas "-lopenblas ")
endif()
configure_file(${here}/libmlserve.pc.in ${PROJECT_BINARY_DIR}/libmlserve.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/libmlserve.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
