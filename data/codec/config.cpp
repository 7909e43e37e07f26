#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/codec/codec.h"

namespace realface::data {
namespace {

constexpr std::array<std::pair<Codec, const char*>, 4> kCodecs = {
    {{Codec::raw, "raw"}, {Codec::gdiff_up_zstd, "gdiff-up-zstd"}, {Codec::png, "png"}, {Codec::jpeg, "jpeg"}}};
constexpr std::array<std::pair<Chroma, const char*>, 3> kChromas = {
    {{Chroma::full, "4:4:4"}, {Chroma::half, "4:2:2"}, {Chroma::quarter, "4:2:0"}}};

template <class Table>
std::string listed(const Table& table) {
  std::string text;
  for (const auto& [value, name] : table) { text.append(text.empty() ? "" : ", ").append(name); }
  return text;
}

/// What follows `name` and a space, up to the next comma; "" where `name` is not there.
std::string setting(const std::string& params, const std::string& name) {
  const size_t at = params.find(name + " ");
  if (at == std::string::npos) { return ""; }
  const size_t begin = at + name.size() + 1;
  return params.substr(begin, params.find(',', begin) - begin);
}

}  // namespace

const char* codec_name(CodecConfig config) {
  for (const auto& [codec, name] : kCodecs) {
    if (codec == config.codec) { return name; }
  }
  return "";
}

Codec codec_by_name(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [codec, known] : kCodecs) {
    if (name == known) { return codec; }
    names.emplace_back(known);
  }
  std::string message = "[codec] unknown codec '";
  message.append(name).append("'; known: ").append(listed(kCodecs));
  if (const std::string near = nearest(name, names); !near.empty()) {
    message.append("; did you mean ").append(near) += '?';
  }
  throw DataError(message);
}

const char* chroma_name(Chroma chroma) { return kChromas[static_cast<size_t>(chroma)].second; }

Chroma chroma_by_name(const std::string& name) {
  for (const auto& [chroma, known] : kChromas) {
    if (name == known) { return chroma; }
  }
  throw DataError("[codec] unknown chroma subsampling '" + name + "'; known: " + listed(kChromas));
}

CodecConfig CodecConfig::jpeg(int quality, const std::string& subsampling) {
  if (quality < 1 || quality > 100) {
    throw DataError("[codec] a JPEG quality of " + std::to_string(quality) + "; it goes from 1 to 100");
  }
  CodecConfig config(Codec::jpeg);
  config.quality = quality;
  config.chroma = chroma_by_name(subsampling);
  return config;
}

std::string codec_params(CodecConfig config) {
  switch (config.codec) {
    case Codec::raw:
      return "";
    case Codec::gdiff_up_zstd:
      return "zstd level -400, minmatch 7, huffman literals, a block a plane";
    case Codec::png:
      return "zlib level 6, adaptive filters";
    case Codec::jpeg:
      break;
  }
  std::string text = "quality ";
  text.append(std::to_string(config.quality)).append(", subsampling ").append(chroma_name(config.chroma));
  return text.append(", accurate DCT, fancy upsampling");
}

CodecConfig codec_config(const std::string& name, const std::string& params) {
  const Codec codec = codec_by_name(name);
  if (codec != Codec::jpeg) { return codec; }
  const std::string quality = setting(params, "quality");
  int value = 0;
  if (std::from_chars(quality.data(), quality.data() + quality.size(), value).ec != std::errc()) {
    throw DataError("[codec] the parameters of jpeg are '" + params +
                    "'; expected 'quality Q, subsampling S' as `realface preprocess` writes them");
  }
  return CodecConfig::jpeg(value, setting(params, "subsampling"));
}

}  // namespace realface::data
