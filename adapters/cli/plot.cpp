#include "adapters/cli/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <vector>

#include "adapters/cli/table.hpp"
#include "hub/base/clock.hpp"

namespace iro::cli {
namespace json = boost::json;
namespace {

constexpr std::size_t most_bars = 500;
// In pixels of the picture.
constexpr int row = 22;
constexpr int bar_height = 14;
constexpr int head = 64;
constexpr int labels = 230;
constexpr int plot = 640;
constexpr int margin = 24;
constexpr int values = 90;
constexpr std::size_t label_letters = 34;

struct Bar {
  std::string label;
  std::string value;
  double begin = 0;  // along the axis
  double end = 0;
};
struct Axis {
  double from = 0;
  double to = 1;
  std::vector<std::pair<double, std::string>> ticks;
};

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// At most `letters` of it, in whole characters.
std::string shortened(const std::string& text, std::size_t letters) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (++seen > letters) return text.substr(0, i) + "…";
  }
  return text;
}

std::string text_in(const json::value& in, std::string_view name, const Texts& texts) {
  const auto* v = in.is_object() ? in.get_object().if_contains(name) : nullptr;
  return v == nullptr ? std::string() : clean(cell(*v, texts));
}

const json::array* list_in(const json::value& in, std::string_view name) {
  const auto* v = in.is_object() ? in.get_object().if_contains(name) : nullptr;
  return v != nullptr && v->is_array() ? &v->get_array() : nullptr;
}

/// {"bars": [{"label", "value": number}...]}
std::optional<std::vector<Bar>> chart_bars(const json::value& data, const Texts& texts) {
  const auto* bars = list_in(data, "bars");
  if (bars == nullptr) return std::nullopt;
  std::vector<Bar> out;
  for (const auto& bar : *bars) {
    const auto* value = bar.is_object() ? bar.get_object().if_contains("value") : nullptr;
    if (value == nullptr || !value->is_number() || value->to_number<double>() < 0) return std::nullopt;
    out.push_back({text_in(bar, "label", texts), text_in(bar, "value", texts), 0, value->to_number<double>()});
  }
  return out;
}

/// {"items": [{"title", "from": date, "to": date}...]}; the last day is part of it.
std::optional<std::vector<Bar>> timeline_bars(const json::value& data, const Texts& texts) {
  constexpr double day_ms = 86'400'000;
  const auto* items = list_in(data, "items");
  if (items == nullptr) return std::nullopt;
  std::vector<Bar> out;
  for (const auto& item : *items) {
    const std::string from = text_in(item, "from", texts);
    const std::string to = text_in(item, "to", texts);
    const auto begin = parse_time(from + "T00:00:00Z");
    const auto end = parse_time(to + "T00:00:00Z");
    if (!begin || !end || *end < *begin) return std::nullopt;
    out.push_back({text_in(item, "title", texts), fmt::format("{} – {}", from, to), static_cast<double>(begin->value()),
                   static_cast<double>(end->value()) + day_ms});
  }
  return out;
}

/// 1, 2 or 5 times a power of ten, such that at most five steps are needed.
double step_of(double most) {
  for (double power = 1;; power *= 10) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (most <= 5 * factor * power) return factor * power;
    }
  }
}

Axis number_axis(const std::vector<Bar>& bars) {
  Axis axis;
  double most = 1;
  for (const Bar& bar : bars) most = std::max(most, bar.end);
  const double step = step_of(most);
  for (double at = 0; at < most + step; at += step) {
    axis.ticks.emplace_back(at, fmt::format("{:g}", at));
    axis.to = at;
  }
  return axis;
}

Axis date_axis(const std::vector<Bar>& bars) {
  Axis axis;
  if (bars.empty()) return axis;
  axis.from = std::ranges::min(bars, {}, &Bar::begin).begin;
  axis.to = std::ranges::max(bars, {}, &Bar::end).end;
  for (int n = 0; n <= 4; ++n) {
    const double at = axis.from + (axis.to - axis.from) * n / 4;
    axis.ticks.emplace_back(at, format_time(TimeMs(static_cast<std::int64_t>(at))).substr(0, 10));
  }
  return axis;
}

std::string picture(const std::string& title, std::vector<Bar> bars, const Axis& axis, bool dates, const Texts& texts) {
  const std::size_t left_out = bars.size() > most_bars ? bars.size() - most_bars : 0;
  if (left_out > 0) bars.resize(most_bars);
  const int height = head + row * static_cast<int>(bars.size()) + margin + 24;
  const int width = margin + labels + plot + values + margin;
  const auto x = [&](double at) { return margin + labels + (at - axis.from) / (axis.to - axis.from) * plot; };
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" role=\"img\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n<title>{2}</title>\n<rect width=\"{0}\" height=\"{1}\" "
      "fill=\"#fff\"/>\n"
      "<text x=\"{3}\" y=\"28\" font-size=\"16\" font-weight=\"bold\">{2}</text>\n",
      width, height, xml(title), margin);
  const int foot = height - margin - 16;
  for (const auto& [at, label] : axis.ticks) {
    out += fmt::format(
        "<line x1=\"{0:.1f}\" y1=\"{1}\" x2=\"{0:.1f}\" y2=\"{2}\" stroke=\"#ddd\"/>"
        "<text x=\"{0:.1f}\" y=\"{3}\" text-anchor=\"middle\" fill=\"#555\">{4}</text>\n",
        x(at), head - 10, foot, foot + 16, xml(label));
  }
  int y = head;
  for (const Bar& bar : bars) {
    const double end = std::max(x(bar.end), x(bar.begin) + (bar.end > bar.begin ? 1.0 : 0.0));
    out += fmt::format(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" "
        "height=\"{}\" "
        "fill=\"#2b6ca3\"><title>{}: {}</title></rect>",
        margin + labels - 8, y + bar_height - 2, xml(shortened(bar.label, label_letters)), x(bar.begin), y,
        end - x(bar.begin), bar_height, xml(bar.label), xml(bar.value));
    if (!dates)
      out += fmt::format("<text x=\"{:.1f}\" y=\"{}\">{}</text>", end + 6, y + bar_height - 2, xml(bar.value));
    out += '\n';
    y += row;
  }
  if (left_out > 0)
    out += fmt::format("<text x=\"{}\" y=\"48\" fill=\"#a00\">{}</text>\n", margin,
                       xml(texts(Text::plot_left_out, left_out)));
  return out + "</svg>\n";
}

}  // namespace

Result<std::string> plotted(const json::object& answer, const Texts& texts) {
  const json::value whole(answer);
  const std::string kind = text_in(whole, "kind", texts);
  const bool dates = kind == "timeline";
  if (!dates && kind != "chart") return fail(Errc::invalid_argument, texts(Text::plot_kind, kind));
  const json::value* data = answer.if_contains("data");
  auto bars = data == nullptr ? std::nullopt : dates ? timeline_bars(*data, texts) : chart_bars(*data, texts);
  if (!bars) return fail(Errc::invalid_argument, texts(Text::plot_form, kind));
  const Axis axis = dates ? date_axis(*bars) : number_axis(*bars);
  return picture(text_in(whole, name_of(texts.lang()), texts), std::move(*bars), axis, dates, texts);
}

}  // namespace iro::cli
