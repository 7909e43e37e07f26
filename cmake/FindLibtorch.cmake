# Finds libtorch as the `torch` wheel lays it out (or a libtorch archive named by CMAKE_PREFIX_PATH), without an installed CUDA toolkit,
# which torch's own package file insists on.
#
# Targets:   Libtorch::cpu    torch_cpu and c10 (never libtorch.so, which drags in 2 GB of CUDA libraries)
#            Libtorch::cuda   torch_cuda, c10_cuda and the CUDA runtime, where the wheel set holds them
#            Libtorch::nccl   the NCCL that torch pins
#            Libtorch::c10_cuda   libtorch's streams, events and allocator of CUDA without its kernels, if the CUDA runtime's headers are there
# Variables: Libtorch_VERSION, Libtorch_HAS_CUDA, Libtorch_RPATH (folders for the program's RPATH)

set(_libtorch_hints ${CMAKE_PREFIX_PATH} $ENV{CMAKE_PREFIX_PATH})
string(REPLACE ":" ";" _libtorch_hints "${_libtorch_hints}")
list(APPEND _libtorch_hints "${REALFACE_LIBTORCH}")

find_path(Libtorch_ROOT lib/libtorch_cpu.so PATHS ${_libtorch_hints} PATH_SUFFIXES torch NO_DEFAULT_PATH)
if(Libtorch_ROOT)
  file(STRINGS "${Libtorch_ROOT}/include/torch/headeronly/version.h" _version_lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH)")
  foreach(part MAJOR MINOR PATCH)
    string(REGEX MATCH "TORCH_VERSION_${part} ([0-9]+)" _ "${_version_lines}")
    set(_version_${part} ${CMAKE_MATCH_1})
  endforeach()
  set(Libtorch_VERSION "${_version_MAJOR}.${_version_MINOR}.${_version_PATCH}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Libtorch REQUIRED_VARS Libtorch_ROOT VERSION_VAR Libtorch_VERSION
  REASON_FAILURE_MESSAGE "Run `make build`, which fetches it below .deps/, or name one in CMAKE_PREFIX_PATH.")
if(NOT Libtorch_FOUND)
  return()
endif()

get_filename_component(_libtorch_site "${Libtorch_ROOT}/.." ABSOLUTE)
set(_nvidia "${_libtorch_site}/nvidia")
set(Libtorch_RPATH "${Libtorch_ROOT}/lib")
foreach(folder cu13 nccl cudnn cusparselt nvshmem)
  if(EXISTS "${_nvidia}/${folder}/lib")
    list(APPEND Libtorch_RPATH "${_nvidia}/${folder}/lib")
  endif()
endforeach()

# torch ships fmt 12, whose headers would hide Debian's fmt from spdlog: a folder with nothing but Debian's goes before it.
set(_fmt_shim "${CMAKE_BINARY_DIR}/fmt-shim")
if(NOT EXISTS "${_fmt_shim}/fmt" AND EXISTS /usr/include/fmt)
  file(MAKE_DIRECTORY "${_fmt_shim}")
  file(CREATE_LINK /usr/include/fmt "${_fmt_shim}/fmt" SYMBOLIC)
endif()

function(_libtorch_target name)
  add_library(Libtorch::${name} INTERFACE IMPORTED)
  foreach(library ${ARGN})
    target_link_libraries(Libtorch::${name} INTERFACE "${library}")
  endforeach()
endfunction()

# The CPU set and the GPU set hold the same torch wheel. Its headers have one path where both sets are there, so that a tree that changes its
# set compiles again only what knows of GPUs.
set(_libtorch_headers "${Libtorch_ROOT}/include")
set(_cpu_set "${PROJECT_SOURCE_DIR}/.deps/libtorch-cpu/torch")
if(EXISTS "${_cpu_set}/version.py" AND EXISTS "${Libtorch_ROOT}/version.py")
  file(SHA256 "${_cpu_set}/version.py" _cpu_version)
  file(SHA256 "${Libtorch_ROOT}/version.py" _this_version)
  if(_cpu_version STREQUAL _this_version)
    set(_libtorch_headers "${_cpu_set}/include")
  endif()
endif()

_libtorch_target(cpu "${Libtorch_ROOT}/lib/libtorch_cpu.so" "${Libtorch_ROOT}/lib/libc10.so")
target_include_directories(Libtorch::cpu BEFORE INTERFACE "${_fmt_shim}")
target_include_directories(Libtorch::cpu SYSTEM INTERFACE
  "${_libtorch_headers}" "${_libtorch_headers}/torch/csrc/api/include")
# First on every link line: libtorch_cpu carries MKL's BLAS, and the BLAS that dlib brings would take its place wherever it is loaded earlier
# (measured: a matrix product of torch ran in OpenBLAS's SSE kernel, six times slower).
target_link_options(Libtorch::cpu INTERFACE "SHELL:-Wl,--push-state,--no-as-needed \"${Libtorch_ROOT}/lib/libtorch_cpu.so\" -Wl,--pop-state")
# torch's libraries find the wheels beside them by their own RUNPATH; the linker wants to see those folders too.
foreach(folder ${Libtorch_RPATH})
  target_link_options(Libtorch::cpu INTERFACE "LINKER:-rpath-link,${folder}")
endforeach()

file(GLOB _nccl_library "${_nvidia}/nccl/lib/libnccl.so.2")
file(GLOB _cudart_library "${_nvidia}/cu13/lib/libcudart.so.13")
file(GLOB _cudnn_library "${_nvidia}/cudnn/lib/libcudnn.so.9")
set(Libtorch_HAS_CUDA OFF)
# The CPU set holds libtorch_cuda.so too, but not the libraries that it needs: cuDNN and NCCL tell the sets apart.
if(_nccl_library AND _cudart_library AND _cudnn_library)
  set(Libtorch_HAS_CUDA ON)
  _libtorch_target(cuda "${Libtorch_ROOT}/lib/libtorch_cuda.so" "${Libtorch_ROOT}/lib/libc10_cuda.so" "${_cudart_library}")
  # Nothing of the program calls it by name: its kernels register themselves.
  target_link_options(Libtorch::cuda INTERFACE "SHELL:-Wl,--push-state,--no-as-needed \"${Libtorch_ROOT}/lib/libtorch_cuda.so\" -Wl,--pop-state")
  target_include_directories(Libtorch::cuda SYSTEM INTERFACE "${_nvidia}/cu13/include")
  target_link_libraries(Libtorch::cuda INTERFACE Libtorch::cpu)
  _libtorch_target(nccl "${_nccl_library}")
  target_include_directories(Libtorch::nccl SYSTEM INTERFACE "${_nvidia}/nccl/include")
  target_link_libraries(Libtorch::nccl INTERFACE Libtorch::cuda)
endif()
if(_cudart_library AND EXISTS "${_nvidia}/cu13/include/cuda_runtime_api.h")
  _libtorch_target(c10_cuda "${Libtorch_ROOT}/lib/libc10_cuda.so" Libtorch::cpu)
  target_include_directories(Libtorch::c10_cuda SYSTEM INTERFACE "${_nvidia}/cu13/include")
endif()
