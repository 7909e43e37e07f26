# Importers, plans and geometry need no video; what decodes, finds faces and runs the program does.
realface_test(test_importers
  SOURCES importer_ffpp_test.cpp importer_folder_test.cpp
  LINK realface_importers)
realface_test(test_preprocess
  SOURCES preprocess_crop_test.cpp preprocess_geometry_test.cpp preprocess_output_test.cpp preprocess_part_test.cpp preprocess_plan_test.cpp
    preprocess_progress_test.cpp preprocess_report_test.cpp preprocess_track_test.cpp "${PROJECT_SOURCE_DIR}/launcher/progress.cpp"
  LINK realface_preprocess Deps::opencv)
if(REALFACE_VIDEO)
  realface_test(test_preprocess_video
    SOURCES preprocess_decoder_test.cpp preprocess_extract_test.cpp preprocess_videos.cpp
    LINK realface_preprocess realface_synthesis Deps::opencv)
  realface_mpi_test(test_preprocess_mpi
    SOURCES preprocess_ranks_test.cpp preprocess_videos.cpp
    LINK realface_preprocess realface_synthesis Deps::opencv
    RANKS 1 2 3 TIMEOUT 300)
endif()
