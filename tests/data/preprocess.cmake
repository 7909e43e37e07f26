# Importers, plans and geometry need no video; what decodes, finds faces and runs the program does.
realface_test(test_importers
  SOURCES archive_files.cpp archive_test.cpp importer_celeb_df_test.cpp importer_deeper_forensics_test.cpp importer_dfdc_test.cpp importer_dry_run_test.cpp
    importer_ffpp_test.cpp importer_folder_test.cpp importer_forgery_net_test.cpp importer_splits_test.cpp importer_traps_test.cpp
    importer_trees.cpp importer_wild_deepfake_test.cpp
  LINK realface_importers PkgConfig::ARCHIVE)
realface_test(test_preprocess
  SOURCES preprocess_codec_test.cpp preprocess_crop_test.cpp preprocess_frame_mask_test.cpp preprocess_geometry_test.cpp preprocess_output_test.cpp preprocess_part_test.cpp preprocess_plan_test.cpp
    preprocess_progress_test.cpp preprocess_report_test.cpp preprocess_track_test.cpp "${PROJECT_SOURCE_DIR}/launcher/progress.cpp"
  LINK realface_preprocess Deps::opencv)
if(REALFACE_VIDEO)
  realface_test(test_preprocess_video
    SOURCES disc_detector.cpp preprocess_child_test.cpp preprocess_decoder_test.cpp preprocess_detector_test.cpp preprocess_extract_test.cpp preprocess_fakes_test.cpp preprocess_videos.cpp
    LINK realface_preprocess realface_synthesis Deps::opencv)
  realface_mpi_test(test_preprocess_mpi
    SOURCES disc_detector.cpp preprocess_ranks_test.cpp preprocess_videos.cpp
    LINK realface_preprocess realface_synthesis Deps::opencv
    RANKS 1 2 3 TIMEOUT 300)
  add_executable(preprocess_decoder_child preprocess_decoder_child.cpp)
  target_link_libraries(preprocess_decoder_child PRIVATE realface_preprocess)
  target_precompile_headers(preprocess_decoder_child REUSE_FROM realface_pch)
  foreach(test test_preprocess_video test_preprocess_mpi)
    target_compile_definitions(${test} PRIVATE REALFACE_DECODER_CHILD="$<TARGET_FILE:preprocess_decoder_child>")
    add_dependencies(${test} preprocess_decoder_child)
  endforeach()
endif()
