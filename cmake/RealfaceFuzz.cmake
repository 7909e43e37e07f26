# The fuzz targets and the few sources that they need, all instrumented; no libtorch. `make fuzz` configures a tree of its own with it.

if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "REALFACE_FUZZ=ON needs clang, for libFuzzer; found ${CMAKE_CXX_COMPILER_ID}. Run `make fuzz`, or set CXX=clang++.")
endif()
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
find_package(PkgConfig REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)
pkg_check_modules(TURBOJPEG REQUIRED IMPORTED_TARGET libturbojpeg)

# realface_fuzz(NAME SOURCES ... LINK ...): sources from the root of the repository.
function(realface_fuzz name)
  cmake_parse_arguments(FUZZ "" "" "SOURCES;LINK" ${ARGN})
  list(TRANSFORM FUZZ_SOURCES PREPEND "${PROJECT_SOURCE_DIR}/")
  add_executable(${name} ${FUZZ_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined)
  target_link_libraries(${name} PRIVATE ${FUZZ_LINK})
endfunction()

realface_fuzz(codec_fuzz
  SOURCES tests/fuzz/codec_fuzz.cpp base/error.cpp data/codec/codec.cpp data/codec/config.cpp data/codec/jpeg.cpp data/codec/kernels.cpp
    data/codec/kernels_avx2.cpp data/codec/png.cpp
  LINK PkgConfig::ZSTD PkgConfig::PNG PkgConfig::TURBOJPEG)
realface_fuzz(weights_fuzz
  SOURCES tests/fuzz/weights_fuzz.cpp base/error.cpp models/weights/torch_save/bytes.cpp models/weights/torch_save/layouts.cpp
    models/weights/torch_save/machine.cpp models/weights/torch_save/pickle.cpp models/weights/torch_save/rebuild.cpp
    models/weights/torch_save/saved_tensors.cpp models/weights/torch_save/zip.cpp
  LINK fmt)
