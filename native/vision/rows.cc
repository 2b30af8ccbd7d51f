#include "vision/rows.h"

namespace inferlab::vision::rows {

const Table& Kernels() { INFERLAB_SELECT_TABLE() }

}  // namespace inferlab::vision::rows
