#pragma once

#include <limits>
#include <string>
#include <vector>

/// What charts are drawn from: pieces of SVG, and axes. Internal to the charts.
namespace realface::stages::report::charts {

inline constexpr double kWidth = 760, kLeft = 64, kRight = 16, kTop = 24, kBottom = 44;

std::string text(double x, double y, const std::string& css_class, const std::string& words);
std::string rule(double x1, double y1, double x2, double y2, const std::string& css_class);
/// `hint` shows under the pointer.
std::string rectangle(double x, double y, double width, double height, const std::string& css_class,
                      const std::string& hint);
/// The whole picture; one that is narrower than kWidth is shown narrower.
std::string picture(double width, double height, const std::string& title, const std::string& content);

/// A coordinate: one decimal is a tenth of a pixel.
std::string at(double value);

/// From a value to a place on the page, straight or by its logarithm.
struct Axis {
  double low = 0, high = 1, from = 0, to = 1;
  bool logarithmic = false;

  double place(double value) const;
};

/// What finite values lie between.
struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;

  void add(double value);
  bool empty() const { return low > high; }
};

/// Logarithmic, where it may be, for positive values that span over a factor of 20.
Axis axis_over(Range range, double from, double to, bool from_zero, bool may_be_logarithmic);
std::vector<double> axis_ticks(const Axis& axis, int wanted);

}  // namespace realface::stages::report::charts
