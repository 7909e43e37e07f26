#pragma once

#include <hdf5.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

/// The only way into HDF5: one lock, ids that close themselves, its errors inside ours. Internal to data/.
namespace realface::data {

/// Held around every HDF5 call of the process: its builds differ in thread safety, and where they are safe two threads
/// are slower than one. Silences HDF5's own printing for this thread.
class Hdf5Lock {
 public:
  Hdf5Lock();

 private:
  std::lock_guard<std::mutex> hold_;
};

/// What HDF5 says was the cause of its last error, in one line.
std::string hdf5_message();

/// An HDF5 id. Throws DataError "[path] what: HDF5's message" where the call that made it failed.
class H5Id {
 public:
  using Close = herr_t (*)(hid_t);
  H5Id() = default;
  H5Id(hid_t id, Close close, const std::filesystem::path& path, const std::string& what);
  H5Id(H5Id&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  H5Id& operator=(H5Id&& other) noexcept;
  ~H5Id() { release(); }
  operator hid_t() const { return id_; }
  /// Closes now; false where HDF5 could not (a flush that failed).
  bool release();

 private:
  hid_t id_ = -1;
  Close close_ = nullptr;
};

/// Throws as H5Id does where `result` is negative.
void h5_check(herr_t result, const std::filesystem::path& path, const std::string& what);

/// HDF5's file type (little endian) and memory type of a C++ number.
template <class T>
struct H5Type;
#define REALFACE_H5_TYPE(type, stored, native) \
  template <>                                  \
  struct H5Type<type> {                        \
    static hid_t file() { return stored; }     \
    static hid_t memory() { return native; }   \
  }
REALFACE_H5_TYPE(uint64_t, H5T_STD_U64LE, H5T_NATIVE_UINT64);
REALFACE_H5_TYPE(int64_t, H5T_STD_I64LE, H5T_NATIVE_INT64);
REALFACE_H5_TYPE(uint32_t, H5T_STD_U32LE, H5T_NATIVE_UINT32);
REALFACE_H5_TYPE(int32_t, H5T_STD_I32LE, H5T_NATIVE_INT32);
REALFACE_H5_TYPE(int16_t, H5T_STD_I16LE, H5T_NATIVE_INT16);
REALFACE_H5_TYPE(uint8_t, H5T_STD_U8LE, H5T_NATIVE_UINT8);
REALFACE_H5_TYPE(int8_t, H5T_STD_I8LE, H5T_NATIVE_INT8);
REALFACE_H5_TYPE(float, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT);
REALFACE_H5_TYPE(double, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE);
#undef REALFACE_H5_TYPE

/// Zero-padded text of exactly `size` bytes.
H5Id text_type(size_t size, const std::filesystem::path& path);

}  // namespace realface::data
