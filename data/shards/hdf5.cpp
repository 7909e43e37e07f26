#include "data/shards/hdf5.h"

#include "base/error.h"

namespace realface::data {
namespace {

std::mutex& hdf5_mutex() {
  static std::mutex mutex;
  return mutex;
}

extern "C" herr_t keep_innermost(unsigned, const H5E_error2_t* error, void* text) {
  if (error->desc != nullptr && *error->desc != '\0') { *static_cast<std::string*>(text) = error->desc; }
  return 0;
}

}  // namespace

Hdf5Lock::Hdf5Lock() : hold_(hdf5_mutex()) {
  // Per thread in a thread-safe build, so set at each entry.
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

std::string hdf5_message() {
  std::string text = "HDF5 gives no reason";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_innermost, &text);
  for (char& c : text) {
    if (c == '\n') { c = ' '; }
  }
  return text;
}

H5Id::H5Id(hid_t id, Close close, const std::filesystem::path& path, const std::string& what) : id_(id), close_(close) {
  if (id < 0) { throw DataError("[" + path.string() + "] " + what + ": " + hdf5_message()); }
}

H5Id& H5Id::operator=(H5Id&& other) noexcept {
  if (this != &other) {
    release();
    id_ = std::exchange(other.id_, -1);
    close_ = other.close_;
  }
  return *this;
}

bool H5Id::release() {
  const hid_t id = std::exchange(id_, -1);
  return id < 0 || close_(id) >= 0;
}

void h5_check(herr_t result, const std::filesystem::path& path, const std::string& what) {
  if (result < 0) { throw DataError("[" + path.string() + "] " + what + ": " + hdf5_message()); }
}

H5Id text_type(size_t size, const std::filesystem::path& path) {
  H5Id type(H5Tcopy(H5T_C_S1), H5Tclose, path, "cannot describe text");
  h5_check(H5Tset_size(type, size), path, "cannot describe text");
  h5_check(H5Tset_strpad(type, H5T_STR_NULLPAD), path, "cannot describe text");
  return type;
}

}  // namespace realface::data
