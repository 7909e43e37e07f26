#include "base/sha256.h"

#include <openssl/evp.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "base/error.h"

namespace realface {

struct Sha256::Context {
  EVP_MD_CTX* handle = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(handle); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  if (context_->handle == nullptr || EVP_DigestInit_ex(context_->handle, EVP_sha256(), nullptr) != 1) {
    throw Error("[sha256] libcrypto refused to start a SHA-256 digest");
  }
}
Sha256::~Sha256() = default;

void Sha256::update(const void* data, size_t size) {
  if (EVP_DigestUpdate(context_->handle, data, size) != 1) {
    throw Error("[sha256] libcrypto failed in the middle of a digest");
  }
}

Digest Sha256::finish() {
  Digest digest{};
  if (EVP_DigestFinal_ex(context_->handle, digest.data(), nullptr) != 1) {
    throw Error("[sha256] libcrypto failed at the end of a digest");
  }
  return digest;
}

std::string hex(const Digest& digest) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * digest.size());
  for (const uint8_t byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string sha256_hex(const std::string& bytes) {
  Sha256 sum;
  sum.update(bytes);
  return hex(sum.finish());
}

Digest sha256_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) { throw Error("[" + path + "] cannot be opened to compute its digest: " + std::strerror(errno)); }
  Sha256 sum;
  std::vector<char> buffer(1 << 20);
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    sum.update(buffer.data(), static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) { throw Error("[" + path + "] could not be read to its end: " + std::strerror(errno)); }
  return sum.finish();
}

}  // namespace realface
