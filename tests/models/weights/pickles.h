#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// Pickles and files of torch.save by hand, to be made wrong.
namespace realface::models::pickles {

inline std::string little_endian(uint64_t value, int width) {
  std::string bytes;
  for (int i = 0; i < width; ++i) { bytes += static_cast<char>((value >> (8 * i)) & 0xFFU); }
  return bytes;
}

inline std::string text(const std::string& value) { return "X" + little_endian(value.size(), 4) + value; }
inline std::string whole(int64_t value) { return "\x8a\x08" + little_endian(static_cast<uint64_t>(value), 8); }

inline std::string joined(const std::vector<std::string>& items) {
  std::string all;
  for (const auto& item : items) { all += item; }
  return all;
}
inline std::string list(const std::vector<std::string>& items) { return "](" + joined(items) + "e"; }
inline std::string tuple(const std::vector<std::string>& items) { return "(" + joined(items) + "t"; }
inline std::string dict(const std::string& key, const std::string& value) { return "}" + text(key) + value + "s"; }

/// The words of a tensor of four numbers in the storage "0".
struct TensorWords {
  std::string offset = whole(0);
  std::vector<std::string> shape = {whole(4)}, strides = {whole(1)};
  std::string elements = whole(4), type = "Float";
};
inline std::string storage(const TensorWords& words = {}) {
  return tuple({text("storage"), "ctorch\n" + words.type + "Storage\n", text("0"), text("cpu"), words.elements, "N"}) +
         "Q";
}
inline std::string tensor(const TensorWords& words = {}) {
  return "ctorch._utils\n_rebuild_tensor_v2\n" +
         tuple({storage(words), words.offset, tuple(words.shape), tuple(words.strides), "\x89", "N"}) + "R";
}

/// The old stream: an object and the storage "0" of the numbers 0, 1, ... (fp32), which says to have `said` of them.
inline std::string legacy(const std::string& object, int numbers, uint64_t said = 0) {
  const std::string begin = "\x80\x02";
  std::string file = begin + "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19." + begin + "M\xe9\x03." + begin +
                     dict("little_endian", "\x88") + "." + begin + object + ".";
  file += begin + (numbers > 0 ? list({text("0")}) : "]") + ".";
  if (numbers > 0) { file += little_endian(said > 0 ? said : static_cast<uint64_t>(numbers), 8); }
  for (int i = 0; i < numbers; ++i) {
    const auto value = static_cast<float>(i);
    file.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return file;
}

/// A zip archive. method: 0 stored, 8 said to be compressed.
inline std::string zip(const std::vector<std::pair<std::string, std::string>>& entries, uint64_t method = 0) {
  std::string file, directory;
  for (const auto& [name, bytes] : entries) {
    const auto sizes = little_endian(method, 2) + std::string(8, '\0') + little_endian(bytes.size(), 4) +
                       little_endian(bytes.size(), 4) + little_endian(name.size(), 2) + little_endian(0, 2);
    directory +=
        "PK\x01\x02" + std::string(6, '\0') + sizes + std::string(10, '\0') + little_endian(file.size(), 4) + name;
    file += "PK\x03\x04" + std::string(4, '\0') + sizes + name + bytes;
  }
  return file + directory + "PK\x05\x06" + std::string(4, '\0') + little_endian(entries.size(), 2) +
         little_endian(entries.size(), 2) + little_endian(directory.size(), 4) + little_endian(file.size(), 4) +
         little_endian(0, 2);
}

}  // namespace realface::models::pickles
