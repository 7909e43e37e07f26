#include "cluster/metrics/series.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <regex>

namespace realface::cluster {
namespace {

constexpr std::string_view kBucket = "_bucket";

std::string clean(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0 && c != '_'; }, '_');
  return name;
}

double take(std::map<std::string, double>& counters, const std::string& name) {
  const auto found = counters.find(name);
  if (found == counters.end()) { return 0; }
  const double value = found->second;
  counters.erase(found);
  return value;
}

}  // namespace

SeriesName parse_series(const std::string& text) {
  static const std::regex kLabel("([A-Za-z_][A-Za-z0-9_]*)=\"([^\"]*)\"");
  const auto brace = text.find('{');
  SeriesName name{clean(text.substr(0, brace)), {}};
  if (brace == std::string::npos) { return name; }
  const std::string rest = text.substr(brace);
  for (std::sregex_iterator match(rest.begin(), rest.end(), kLabel), end; match != end; ++match) {
    name.labels[(*match)[1]] = (*match)[2];
  }
  return name;
}

std::map<std::string, Histogram> extract_histograms(std::map<std::string, double>& counters) {
  std::map<std::string, Histogram> histograms;
  for (auto item = counters.begin(); item != counters.end();) {
    const auto name = parse_series(item->first);
    const auto bound = name.labels.find("le");
    if (!name.base.ends_with(kBucket) || bound == name.labels.end()) {
      ++item;
      continue;
    }
    const auto base = name.base.substr(0, name.base.size() - kBucket.size());
    histograms[base].cumulative[std::strtod(bound->second.c_str(), nullptr)] = item->second;
    item = counters.erase(item);
  }
  for (auto& [base, histogram] : histograms) {
    histogram.sum = take(counters, base + "_sum");
    histogram.count = take(counters, base + "_count");
  }
  return histograms;
}

}  // namespace realface::cluster
