realface_test(test_masks
  SOURCES masks_draw_test.cpp masks_faces.cpp masks_landmarks_test.cpp masks_regions_test.cpp
  LINK realface_data)
realface_test(test_sbi
  SOURCES sbi_test.cpp masks_faces.cpp
  LINK realface_data Deps::opencv)
