#include "launcher/bench/trace.h"

#include <torch/csrc/autograd/profiler_kineto.h>

#include <filesystem>
#include <set>

#include "base/error.h"

namespace realface::launcher {

void write_trace(const std::string& path, bool on_gpu, const std::function<void()>& work) {
  using torch::profiler::impl::ActivityType;
  namespace profiler = torch::autograd::profiler;
  std::set<ActivityType> kinds{ActivityType::CPU};
  if (on_gpu) { kinds.insert(ActivityType::CUDA); }
  const torch::profiler::impl::ProfilerConfig config(torch::profiler::impl::ProfilerState::KINETO,
                                                     /*report_input_shapes=*/false, /*profile_memory=*/true);
  profiler::prepareProfiler(config, kinds);
  profiler::enableProfiler(config, kinds);
  work();
  std::filesystem::remove(path);  // an older one would pass for this
  profiler::disableProfiler()->save(path);
  if (!std::filesystem::exists(path)) {
    throw Error("[bench] the trace could not be written to " + path + "; choose a --trace in a folder that exists");
  }
}

}  // namespace realface::launcher
