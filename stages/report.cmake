# The writing of reconstructions and of the report. OpenCV encodes their pictures.
list(APPEND STAGES_SOURCES
  reconstruct.cpp reconstruct_picture.cpp reconstruct_predictors.cpp reconstruct_result.cpp reconstruct_samples.cpp
  reconstruct_statistics.cpp reconstruct_weights.cpp report.cpp report_charts.cpp report_gather.cpp report_html.cpp report_sections.cpp
  report_style.cpp report_training.cpp)
link_libraries(Deps::opencv)
