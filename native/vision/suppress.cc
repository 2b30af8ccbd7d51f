// Hard non-maximum suppression of upright boxes, group by group.
//
//   suppress(count, groups, threshold, most; f64[4·count] x, y, width, height; f64[count] scores; i32[count] group;
//            → i32[count] indices kept, best first; i32[1] how many)
//
// A box goes where a better one of its group that was kept overlaps it by more than the threshold. Kept boxes stand in a grid,
// each in every cell it touches. Where boxes overlap by a share of t, the part they have in common is wider than t times
// each: it covers a middle third, or the centre, as t says. So one cell of four, or one, is asked instead of all.
#include <algorithm>
#include <cmath>
#include <vector>

#include "vision/vision.h"

namespace inferlab::vision {
namespace {

constexpr std::int64_t kMostBoxes = std::int64_t{1} << 26;
constexpr int kMostCellsAcross = 256;
// Side of a cell, share of the mean box: 15 % faster than 1, a third faster than 1/3 on 10^4 boxes all over a picture.
constexpr double kCellShare = 0.5;
// A box that would stand in more cells is compared with everyone.
constexpr int kMostCellsPerBox = 64;
// A box that would need more is looked up in all its cells.
constexpr int kMostProbes = 3;
// Share of a side by which a probe is widened, and of an area that rounding of the corners may take: far more than doubles
// round where coordinates are pixels.
constexpr double kWidening = 1e-6, kRounding = 1e-7;

struct Corners {
  double left, top, right, bottom, area;
};

bool Covers(const Corners& a, const Corners& b, double threshold) {
  const double width = std::min(a.right, b.right) - std::max(a.left, b.left);
  if (!(width > 0)) return false;
  const double height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  if (!(height > 0)) return false;
  // Rounded before it is used, as in the reference: never fused into the difference below.
  const volatile double product = width * height;
  const double both = product;
  return both / (a.area + b.area - both) > threshold;
}

// Cells along one axis.
class Axis {
 public:
  void Reset(double low, double high, double cell, int most) {
    low_ = low;
    const double span = high - low, cells = std::ceil(span / cell);
    count_ = cells >= 1 && std::isfinite(span) ? static_cast<int>(std::min(cells, static_cast<double>(most))) : 1;
    per_ = count_ / span;
  }
  int count() const { return count_; }
  int Cell(double at) const {
    if (count_ == 1) return 0;
    const double cell = (at - low_) * per_;
    return !(cell > 0) ? 0 : cell >= count_ ? count_ - 1 : static_cast<int>(cell);
  }
  // Cells in which what covers [low, high] well enough stands in one at least; ascending, their number returned.
  int Probe(double low, double high, int probes, std::int32_t* cells) const {
    int found = 0;
    const auto add = [&](int first, int last) {
      if (found > 0) first = std::max(first, cells[found - 1] + 1);
      for (; first <= last; ++first) cells[found++] = first;
    };
    if (probes > kMostProbes) {
      add(Cell(low), Cell(high));
      return found;
    }
    const double side = high - low;
    for (int k = 1; k <= probes; ++k) {
      const double at = low + side * k / (probes + 1);
      add(Cell(at - side * kWidening), Cell(at + side * kWidening));
    }
    return found;
  }

 private:
  double low_ = 0, per_ = 0;
  int count_ = 1;
};

class Grid {
 public:
  Grid(const std::vector<Corners>& boxes, double threshold) : boxes_(boxes), threshold_(threshold) {}

  // Empties the grid and lays it over the boxes of `members`.
  void Reset(const std::int32_t* members, std::int64_t count) {
    Corners all{INFINITY, INFINITY, -INFINITY, -INFINITY, 0};
    double width = 0, height = 0;
    bool precise = true;
    for (std::int64_t i = 0; i < count; ++i) {
      const Corners& box = boxes_[static_cast<std::size_t>(members[i])];
      all.left = std::min(all.left, box.left);
      all.top = std::min(all.top, box.top);
      all.right = std::max(all.right, box.right);
      all.bottom = std::max(all.bottom, box.bottom);
      const double w = box.right - box.left, h = box.bottom - box.top;
      width += w;
      height += h;
      precise = precise && std::fabs(w * h - box.area) <= kRounding * box.area;
    }
    const double n = static_cast<double>(count);
    const int most = std::clamp(static_cast<int>(std::sqrt(n)) * 2, 1, kMostCellsAcross);
    columns_.Reset(all.left, all.right, kCellShare * width / n, most);
    rows_.Reset(all.top, all.bottom, kCellShare * height / n, most);
    const double probes = precise && threshold_ > 0 ? std::ceil(1 / threshold_) - 1 : INFINITY;
    probes_ = static_cast<int>(std::clamp(probes, 1.0, kMostProbes + 1.0));
    heads_.assign(static_cast<std::size_t>(columns_.count()) * static_cast<std::size_t>(rows_.count()), -1);
    entries_.clear();
    large_.clear();
  }

  void Add(std::int32_t index) {
    const Corners& box = boxes_[static_cast<std::size_t>(index)];
    const int first = columns_.Cell(box.left), last = columns_.Cell(box.right);
    const int top = rows_.Cell(box.top), bottom = rows_.Cell(box.bottom);
    if ((last - first + 1) * (bottom - top + 1) > kMostCellsPerBox) {
      large_.push_back(index);
      return;
    }
    for (int row = top; row <= bottom; ++row)
      for (int column = first; column <= last; ++column) {
        std::int32_t& head = heads_[static_cast<std::size_t>(row * columns_.count() + column)];
        entries_.push_back({index, head});
        head = static_cast<std::int32_t>(entries_.size()) - 1;
      }
  }

  // Whether a box that was added covers this one.
  bool CoversBox(std::int32_t index) const {
    const Corners& box = boxes_[static_cast<std::size_t>(index)];
    for (const std::int32_t other : large_)
      if (Covers(boxes_[static_cast<std::size_t>(other)], box, threshold_)) return true;
    std::int32_t columns[kMostCellsAcross], rows[kMostCellsAcross];
    const int num_columns = columns_.Probe(box.left, box.right, probes_, columns);
    const int num_rows = rows_.Probe(box.top, box.bottom, probes_, rows);
    for (int r = 0; r < num_rows; ++r)
      for (int c = 0; c < num_columns; ++c)
        for (std::int32_t at = heads_[static_cast<std::size_t>(rows[r] * columns_.count() + columns[c])]; at >= 0;) {
          const Entry& entry = entries_[static_cast<std::size_t>(at)];
          if (Covers(boxes_[static_cast<std::size_t>(entry.box)], box, threshold_)) return true;
          at = entry.next;
        }
    return false;
  }

 private:
  struct Entry {
    std::int32_t box, next;
  };
  const std::vector<Corners>& boxes_;
  const double threshold_;
  int probes_ = 0;
  Axis columns_, rows_;
  std::vector<std::int32_t> heads_;  // the last entry of each cell, -1 for none
  std::vector<Entry> entries_;
  std::vector<std::int32_t> large_;
};

}  // namespace

// threshold ≥ 0; NaN, which covers nothing, keeps every box.
Status Suppress(Call& call) {
  const std::int64_t count = call.Integer(0, kMostBoxes), num_groups = call.Integer(0, kMostBoxes);
  const double threshold = call.Number();
  const std::int64_t most = call.Integer(0, kMostBoxes);
  const double* given = call.Input<double>(Element::kF64, count * 4);
  const double* scores = call.Input<double>(Element::kF64, count);
  const std::int32_t* groups = call.Input<std::int32_t>(Element::kI32, count);
  auto* kept = call.Output<std::int32_t>(Element::kI32, count);
  auto* number = call.Output<std::int32_t>(Element::kI32, 1);
  if (!call.ok()) return call.status();
  const auto n = static_cast<std::size_t>(count);
  std::vector<Corners> boxes(n);
  // First box of each group in `members`, and one behind the last.
  std::vector<std::int32_t> begins(static_cast<std::size_t>(num_groups) + 1);
  for (std::size_t i = 0; i < n; ++i) {
    const double *box = given + 4 * i, width = box[2], height = box[3];
    boxes[i] = {box[0], box[1], box[0] + width, box[1] + height, width * height};
    if (groups[i] < 0 || groups[i] >= num_groups) call.Fail("group of a box", groups[i], num_groups - 1);
    if (std::isnan(scores[i])) call.Fail("box whose score is NaN", static_cast<std::int64_t>(i), -1);
    if (!call.ok()) return call.status();
    ++begins[static_cast<std::size_t>(groups[i]) + 1];
  }
  struct Ranked {
    double score;
    std::int32_t index;
  };
  std::vector<Ranked> ranked(n);
  for (std::size_t i = 0; i < n; ++i) ranked[i] = {scores[i], static_cast<std::int32_t>(i)};
  std::sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    return a.score > b.score || (a.score == b.score && a.index < b.index);
  });
  for (std::size_t g = 1; g < begins.size(); ++g) begins[g] += begins[g - 1];
  std::vector<std::int32_t> members(n), ends(begins.begin(), begins.end() - 1);
  for (const Ranked& box : ranked) members[static_cast<std::size_t>(ends[static_cast<std::size_t>(groups[box.index])]++)] = box.index;
  std::vector<char> keeps(n);
  Grid grid(boxes, threshold);
  for (std::size_t g = 0; g + 1 < begins.size(); ++g) {
    grid.Reset(members.data() + begins[g], begins[g + 1] - begins[g]);
    std::int64_t num_kept = 0;
    for (std::int32_t at = begins[g]; at < begins[g + 1] && num_kept < most; ++at) {
      const std::int32_t index = members[static_cast<std::size_t>(at)];
      if (grid.CoversBox(index)) continue;
      grid.Add(index);
      keeps[static_cast<std::size_t>(index)] = 1;
      ++num_kept;
    }
  }
  *number = 0;
  for (std::size_t i = 0; i < n && *number < most; ++i)
    if (keeps[static_cast<std::size_t>(ranked[i].index)]) kept[(*number)++] = ranked[i].index;
  return Status::Ok();
}

}  // namespace inferlab::vision
