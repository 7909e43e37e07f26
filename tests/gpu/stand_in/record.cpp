#include "tests/gpu/stand_in/record.h"

#include <chrono>
#include <map>
#include <mutex>
#include <thread>

#include "tests/gpu/stand_in/parts.h"

namespace realface::stand_in {
namespace {

constexpr size_t kMostCalls = 100'000;

struct Record {
  std::mutex mutex;
  Counts counts;
  std::vector<std::string> calls, hazards;
  std::map<const void*, int> streams;
  std::map<std::string, Fault> faults;
  int async_error = 0;
  bool capturing = false;
};

Record& record() {
  static auto* const kept = new Record;  // never destroyed: libtorch's threads may outlive main
  return *kept;
}

}  // namespace

void count(int64_t Counts::*what) {
  const std::lock_guard lock(record().mutex);
  ++(record().counts.*what);
}

void note(const std::string& call, const void* stream) {
  auto& kept = record();
  const std::lock_guard lock(kept.mutex);
  if (kept.calls.size() >= kMostCalls) { return; }
  if (kept.streams.empty()) { kept.streams[nullptr] = 0; }
  const auto number = kept.streams.emplace(stream, static_cast<int>(kept.streams.size())).first->second;
  kept.calls.push_back(call + "@" + std::to_string(number));
}

void note_hazard(const std::string& text) {
  const std::lock_guard lock(record().mutex);
  record().hazards.push_back(text);
}

Counts counts() {
  const std::lock_guard lock(record().mutex);
  return record().counts;
}

std::vector<std::string> calls() {
  const std::lock_guard lock(record().mutex);
  return record().calls;
}

std::vector<std::string> hazards() {
  const std::lock_guard lock(record().mutex);
  return record().hazards;
}

void forget() {
  auto& kept = record();
  const std::lock_guard lock(kept.mutex);
  kept.counts = {};
  kept.calls.clear();
  kept.hazards.clear();
  kept.streams.clear();
}

void make_fail(const std::string& function, Fault fault) {
  const std::lock_guard lock(record().mutex);
  record().faults[function] = fault;
}

void end_faults() {
  const std::lock_guard lock(record().mutex);
  record().faults.clear();
  record().async_error = 0;
}

bool takes_fault(const std::string& function) {
  bool hangs = false;
  {
    const std::lock_guard lock(record().mutex);
    const auto found = record().faults.find(function);
    if (found == record().faults.end()) { return false; }
    hangs = found->second == Fault::hangs;
  }
  while (hangs) { std::this_thread::sleep_for(std::chrono::hours(1)); }
  return true;
}

void set_nccl_async_error(int code) {
  const std::lock_guard lock(record().mutex);
  record().async_error = code;
}

void set_capturing(bool capturing) {
  const std::lock_guard lock(record().mutex);
  record().capturing = capturing;
}

bool is_capturing() {
  const std::lock_guard lock(record().mutex);
  return record().capturing;
}

int nccl_async_error() {
  const std::lock_guard lock(record().mutex);
  return record().async_error;
}

}  // namespace realface::stand_in
