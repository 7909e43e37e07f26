# Every library that realface uses besides libtorch, each as one imported target.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(MPI 3.1 REQUIRED COMPONENTS C)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(prometheus-cpp REQUIRED CONFIG)

function(realface_interface name)
  cmake_parse_arguments(DEP "" "" "LINK;INCLUDE;DEFINE" ${ARGN})
  add_library(${name} INTERFACE IMPORTED GLOBAL)
  target_link_libraries(${name} INTERFACE ${DEP_LINK})
  target_include_directories(${name} SYSTEM INTERFACE ${DEP_INCLUDE})
  target_compile_definitions(${name} INTERFACE ${DEP_DEFINE})
endfunction()

# fmt and spdlog are Debian's compiled ones; FindLibtorch puts Debian's fmt headers before torch's.
realface_interface(Deps::log LINK spdlog fmt INCLUDE "${CMAKE_BINARY_DIR}/fmt-shim" DEFINE SPDLOG_COMPILED_LIB SPDLOG_SHARED_LIB SPDLOG_FMT_EXTERNAL)
pkg_check_modules(HDF5 REQUIRED IMPORTED_TARGET GLOBAL hdf5-serial)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET GLOBAL libzstd)
pkg_check_modules(TURBOJPEG REQUIRED IMPORTED_TARGET GLOBAL libturbojpeg)
realface_interface(Deps::hdf5 LINK PkgConfig::HDF5)
# By hand: OpenCV's package file comes with libopencv-dev, which drags in all of its modules, VTK and Qt.
find_path(OPENCV_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
foreach(module core imgproc imgcodecs)
  find_library(OPENCV_${module}_LIBRARY opencv_${module} REQUIRED)
endforeach()
realface_interface(Deps::opencv LINK "${OPENCV_core_LIBRARY}" "${OPENCV_imgproc_LIBRARY}" "${OPENCV_imgcodecs_LIBRARY}" INCLUDE "${OPENCV_INCLUDE_DIR}")

if(REALFACE_VIDEO)
  pkg_check_modules(FFMPEG REQUIRED IMPORTED_TARGET GLOBAL libavformat libavcodec libavutil libswscale)
  find_library(DLIB_LIBRARY dlib REQUIRED)
  find_library(LAPACK_LIBRARY lapack REQUIRED)
  find_library(BLAS_LIBRARY blas REQUIRED)
  realface_interface(Deps::dlib LINK "${DLIB_LIBRARY}" "${LAPACK_LIBRARY}" "${BLAS_LIBRARY}")
endif()
