#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// Pieces of the report's page. Everything that comes from a run passes through escape().
namespace realface::stages::report::html {

/// Text for element content and attribute values: the five characters of XML are named, control characters dropped.
std::string escape(const std::string& text);

std::string base64(const std::string& bytes);

/// Three significant digits, zeros too, "1.23e-05" below 0.0001 and from a million on; "not known" for a value that is
/// not finite.
std::string number(double value);
std::string tick(double value, int digits = 3);  // without ending zeros: for axes
std::string percent(double share);               // "12.3 %"
std::string count(int64_t value);                // "1 234 567", with narrow no-break spaces
std::string seconds(double seconds);             // "1 h 02 min", "3 min 20 s", "4.2 s"

/// <tag class="...">content</tag>; content is markup already.
std::string element(const std::string& tag, const std::string& css_class, const std::string& content);
std::string paragraph(const std::string& content);

/// A note about missing content. `content` is markup already, like a paragraph's.
std::string missing(const std::string& content);

/// An item of <ul class="tiles">: a figure, what it is, and what to make of it. Plain text.
std::string tile(const std::string& value, const std::string& what, const std::string& hint);

/// A table that scrolls on a narrow page. `caption` and cells are markup already; all columns after the first `words`
/// hold figures. Without a `head`, the first cell of each row is its heading.
std::string table(const std::string& caption, const std::vector<std::string>& head,
                  const std::vector<std::vector<std::string>>& rows, size_t words);

/// The whole page: `title`, plain text, is its heading too.
std::string document(const std::string& title, const std::string& content);

/// <section> with a heading and an anchor.
std::string section(const std::string& id, const std::string& heading, const std::string& content);

/// A picture inside the page. `alternative` is plain text.
std::string image(const std::string& png, const std::string& alternative);

}  // namespace realface::stages::report::html
