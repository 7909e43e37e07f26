# Procedural faces. The tests of what is drawn need no video; those of what is written read it back with FFmpeg, and dlib looks for the faces.
realface_test(test_synthesis
  SOURCES synthesis_manipulation_test.cpp synthesis_motion_test.cpp synthesis_render_test.cpp synthesis_splits_test.cpp
  LINK realface_synthesis nlohmann_json::nlohmann_json)
if(REALFACE_VIDEO)
  realface_test(test_synthesis_video
    SOURCES synthesis_dataset_test.cpp synthesis_decode.cpp synthesis_encoder_test.cpp synthesis_faces_test.cpp
    LINK realface_synthesis nlohmann_json::nlohmann_json PkgConfig::FFMPEG Deps::dlib)
else()
  realface_test(test_synthesis_no_video
    SOURCES synthesis_no_video_test.cpp
    LINK realface_synthesis)
endif()
