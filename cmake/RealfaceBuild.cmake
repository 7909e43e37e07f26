# How every target of realface is built: warnings, sanitizers, run-time search path, compiler cache, precompiled header, one library a room.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
# Tests and programs run in place: the folders of the wheels are the RPATH, so that no CUDA library of the system is taken by mistake.
set(CMAKE_BUILD_RPATH "${Libtorch_RPATH}")
set(CMAKE_INSTALL_RPATH "${Libtorch_RPATH}")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # A precompiled header needs these two; see "Precompiled headers" in ccache's manual.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime "${CCACHE_PROGRAM}")
  set(_ccache_pch_flag -fpch-preprocess)
endif()

add_library(realface_options INTERFACE)
target_include_directories(realface_options INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(realface_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror ${_ccache_pch_flag})
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(realface_options INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)  # wrong about std::string (GCC bug 105651)
endif()
if(REALFACE_SANITIZE)
  target_compile_options(realface_options INTERFACE -fsanitize=${REALFACE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(realface_options INTERFACE -Wno-maybe-uninitialized)  # wrong about instrumented std::regex (GCC bug 105616)
  endif()
  target_link_options(realface_options INTERFACE -fsanitize=${REALFACE_SANITIZE})
endif()

# One precompiled header for the whole program: torch/types.h and the standard library, made once and shared by every target.
file(WRITE "${CMAKE_BINARY_DIR}/pch.cpp.new" "// The translation unit that carries the precompiled header.\n")
file(COPY_FILE "${CMAKE_BINARY_DIR}/pch.cpp.new" "${CMAKE_BINARY_DIR}/pch.cpp" ONLY_IF_DIFFERENT)
add_library(realface_pch OBJECT "${CMAKE_BINARY_DIR}/pch.cpp")
target_link_libraries(realface_pch PUBLIC realface_options Libtorch::cpu)
target_precompile_headers(realface_pch PRIVATE
  <algorithm> <array> <atomic> <chrono> <cstdint> <filesystem> <functional> <map> <memory> <mutex> <optional> <span> <string> <thread>
  <vector> <torch/types.h>)

# realface_unity(TARGET): its sources are compiled eight at a time if REALFACE_UNITY is on, so that they share the reading of torch's headers.
function(realface_unity target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${REALFACE_UNITY})
  if(REALFACE_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # A source's anonymous namespace is taken for a header's.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()

# realface_room(NAME SOURCES... LINK public-dependencies...): the static library realface_NAME of one folder.
function(realface_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(realface_${name} STATIC ${ROOM_SOURCES})
  target_link_libraries(realface_${name} PUBLIC realface_options Libtorch::cpu ${ROOM_LINK} PRIVATE ${ROOM_PRIVATE_LINK})
  target_precompile_headers(realface_${name} REUSE_FROM realface_pch)
  realface_unity(realface_${name})
endfunction()
