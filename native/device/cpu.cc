#include "device/cpu.h"

namespace inferlab::device {

Cpu& Cpu::Instance() {
  static Cpu* cpu = new Cpu{CurrentIsa(), ThreadPool::Instance(), memory::Heap::Process()};
  return *cpu;
}

}  // namespace inferlab::device
