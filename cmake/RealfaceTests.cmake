# Tests: one GoogleTest program a room, run under ctest with a label and a deadline.

find_package(GTest REQUIRED)

# The folder with real videos and label files; tests that need it are skipped, by name, where it is absent.
set(REALFACE_TEST_DATA "$ENV{REALFACE_TEST_DATA}" CACHE PATH "Folder with the real test data")
if(NOT REALFACE_TEST_DATA)
  set(REALFACE_TEST_DATA "${PROJECT_SOURCE_DIR}/../shared/test-data")
endif()
# mpirun refuses root unless told, and a container is root. Tests never share cores with one another, so binding only hurts.
set(REALFACE_MPIRUN "${MPIEXEC_EXECUTABLE}" --oversubscribe --bind-to none)
set(REALFACE_TEST_ENVIRONMENT "OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;OMPI_MCA_btl_vader_single_copy_mechanism=none;OMPI_MCA_rmaps_base_oversubscribe=1"
  "REALFACE_TEST_DATA=${REALFACE_TEST_DATA}" "ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1" "REALFACE_PROGRAM=${CMAKE_BINARY_DIR}/realface")

function(_realface_test_program name)
  cmake_parse_arguments(TEST "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE realface_options Libtorch::cpu GTest::gtest GTest::gmock ${TEST_LINK})
  target_precompile_headers(${name} REUSE_FROM realface_pch)
  realface_unity(${name})
  target_compile_definitions(${name} PRIVATE REALFACE_FIXTURES="${PROJECT_SOURCE_DIR}/tests/fixtures")
endfunction()

# realface_test(NAME SOURCES ... LINK ... [LABEL unit] [TIMEOUT 240]): the whole program. Loading libtorch takes a third of a second, so a
# ctest entry for each TEST would spend more time on that than on testing.
function(realface_test name)
  cmake_parse_arguments(TEST "" "LABEL;TIMEOUT" "SOURCES;LINK" ${ARGN})
  _realface_test_program(${name} SOURCES ${TEST_SOURCES} LINK ${TEST_LINK} GTest::gtest_main)
  if(NOT TEST_LABEL)
    set(TEST_LABEL unit)
  endif()
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 240)
  endif()
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES LABELS ${TEST_LABEL} TIMEOUT ${TEST_TIMEOUT} ENVIRONMENT "${REALFACE_TEST_ENVIRONMENT}")
endfunction()

# realface_mpi_test(NAME SOURCES ... LINK ... RANKS 1 2 3 [GPU_RANKS 1 2] [TIMEOUT 120]): the whole program under mpirun, once for each number
# of ranks. tests/mpi_main.cpp gathers every rank's result, so that the failure of any rank fails the test. With GPU_RANKS it computes on GPUs
# too: on the stand-in (tests/gpu/stand_in), or, in a build for GPUs, as a part of the program gpu_tests.
function(realface_mpi_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT" "SOURCES;LINK;RANKS;GPU_RANKS" ${ARGN})
  set(libraries ${TEST_LINK} realface_distributed MPI::MPI_C)
  _realface_test_program(${name} SOURCES ${TEST_SOURCES} "${PROJECT_SOURCE_DIR}/tests/mpi_main.cpp" LINK ${libraries})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 120)
  endif()
  foreach(ranks ${TEST_RANKS})
    _realface_mpi_entry(${name}.${ranks} ${name} ${ranks} mpi ${TEST_TIMEOUT})
  endforeach()
  if(TEST_GPU_RANKS AND REALFACE_NCCL)
    list(TRANSFORM TEST_SOURCES PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
    set_property(GLOBAL APPEND PROPERTY REALFACE_GPU_TEST_SOURCES ${TEST_SOURCES})
    set_property(GLOBAL APPEND PROPERTY REALFACE_GPU_TEST_LIBRARIES ${libraries})
  elseif(TEST_GPU_RANKS AND TARGET gpu_stand_in)
    add_executable(${name}_stand_in $<TARGET_OBJECTS:${name}>)
    target_link_libraries(${name}_stand_in PRIVATE gpu_stand_in GTest::gtest GTest::gmock ${libraries})
    foreach(ranks ${TEST_GPU_RANKS})
      _realface_mpi_entry(${name}_stand_in.${ranks} ${name}_stand_in ${ranks} mpi ${TEST_TIMEOUT} REALFACE_TEST_DEVICE=cuda
        REALFACE_STAND_IN_GPUS=${ranks})
    endforeach()
  endif()
endfunction()

# gpu_tests: every test with GPU_RANKS in one program, which another machine can run.
function(realface_gpu_tests)
  get_property(sources GLOBAL PROPERTY REALFACE_GPU_TEST_SOURCES)
  get_property(libraries GLOBAL PROPERTY REALFACE_GPU_TEST_LIBRARIES)
  list(TRANSFORM sources REPLACE "/[a-z_]+/\\.\\./" "/")
  list(REMOVE_DUPLICATES sources)
  list(REMOVE_DUPLICATES libraries)
  _realface_test_program(gpu_tests SOURCES ${sources} "${PROJECT_SOURCE_DIR}/tests/mpi_main.cpp" LINK ${libraries})
  set_target_properties(gpu_tests PROPERTIES UNITY_BUILD OFF)  # names of anonymous namespaces come twice
  _realface_mpi_entry(gpu_tests gpu_tests 1 gpu 300 REALFACE_TEST_DEVICE=cuda)
endfunction()

function(_realface_mpi_entry test program ranks label timeout)
  add_test(NAME ${test} COMMAND ${REALFACE_MPIRUN} -n ${ranks} $<TARGET_FILE:${program}>)
  set_tests_properties(${test} PROPERTIES LABELS ${label} TIMEOUT ${timeout} RUN_SERIAL ON SKIP_RETURN_CODE 77
    ENVIRONMENT "${REALFACE_TEST_ENVIRONMENT};${ARGN}")
endfunction()
