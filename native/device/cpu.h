// The device "cpu": what a program needs of the machine it runs on. Another device is another folder beside this file.
#pragma once
#include "base/isa.h"
#include "base/thread_pool.h"
#include "memory/heap.h"

namespace inferlab::device {

struct Cpu {
  Isa isa;
  ThreadPool& threads;
  memory::Heap& heap;

  static Cpu& Instance();
};

}  // namespace inferlab::device
