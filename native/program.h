// A program as the loop reads it: parsed from words, and checked, so that no index in it can lead astray.
#pragma once
#include <string>
#include <vector>
#include "engine.h"

enum Width : int32_t { INPUTS, UNITS };
enum Reads : int32_t { READS_INPUTS, READS_UNITS, READS_PARTS };

struct Operand {
  int32_t place, index, part;  // the part counts for buffers alone
};

struct Operation {
  int32_t op;
  Operand to, a, b;
};

// Products of one operand for several sums; sum s adds, over its parts q, map maps[s * parts + q] times part q.
// Where the operand is a row of gradients the maps are applied transposed.
struct Group {
  int32_t buffer, part, reads, parts;
  std::vector<int32_t> sums, maps;
  bool transposed() const { return reads == READS_PARTS; }
};

struct Stage {
  std::vector<Operation> before, ops;  // before: what the sums begin as
  std::vector<Group> groups;
  bool waits = true;  // whether threads that share the units wait for each other after it
};

struct BufferKind {
  int32_t kind, parts, width;
};

struct TtProgram {
  int32_t slots, scalars, vectors, partsums, maps, constants;
  std::vector<BufferKind> buffers;
  std::vector<Stage> stages;
};

// How many numbers of its operand a group reads, and how many its packed weights are
int64_t group_reads(const Group& group, int64_t padded, int64_t units, int64_t inputs);
int64_t group_weights(const Group& group, int64_t padded, int64_t units, int64_t inputs);

// The program that the words say; throws std::invalid_argument with what is wrong.
TtProgram parse_program(const int32_t* words, int64_t count);
