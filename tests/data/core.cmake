realface_test(test_shards
  SOURCES codec_pictures_test.cpp codec_test.cpp inspect_test.cpp leaks_logistic_test.cpp leaks_test.cpp manifest_test.cpp oracle_test.cpp shard_codecs_test.cpp shard_samples.cpp shard_test.cpp
  LINK realface_data Deps::hdf5 Deps::opencv PkgConfig::ZSTD)
realface_test(test_loader
  SOURCES augment_test.cpp items_test.cpp kernel_advice.cpp loader_test.cpp sampler_test.cpp shard_samples.cpp shuffle_test.cpp window_stager_test.cpp
  LINK realface_data)
realface_mpi_test(test_streams
  SOURCES streams_test.cpp shard_samples.cpp
  LINK realface_data
  RANKS 1 2 3)
