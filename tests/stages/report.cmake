realface_test(stages_report_tests
  SOURCES reconstruct_test.cpp report_test.cpp
  LINK realface_stages Deps::opencv)
realface_mpi_test(stages_reconstruct_mpi
  SOURCES reconstruct_mpi_test.cpp
  LINK realface_stages Deps::opencv
  RANKS 1 2 3)
