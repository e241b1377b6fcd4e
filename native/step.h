// A step of a stream as runs: a copy of each layer's, with the addresses of one call among its buffers.
#pragma once
#include <cstring>
#include "program.h"

class StepRuns {
 public:
  explicit StepRuns(const TtStep& step) : step_(step) {}

  // Whether the layers are one step of the same rows, and their programs know no other buffers than those of a step
  bool fit(void* const* addresses) const {
    if (step_.layers < 1 || step_.states < 1) return false;
    const TtRun& first = *step_.runs[0];
    for (int64_t i = 0; i < 2 + 2 * step_.states; i++)
      if (!addresses[i] && first.rows) return false;
    for (int64_t l = 0; l < step_.layers; l++) {
      const TtRun& r = *step_.runs[l];
      if (r.words != sizeof(TtRun) / 8 || r.steps != 1 || r.first_step || r.order || r.reversed || r.backward) return false;
      if (r.before_count || r.along_count || r.program->partsums) return false;
      if (r.rows != first.rows || r.units != first.units || r.is_double != first.is_double || r.is_bf16 != first.is_bf16 || r.isa != first.isa) return false;
      if (r.threads != first.threads || r.by_units != first.by_units || (l && r.inputs != r.units)) return false;
      if (!knows(r.program->buffers, buffers_of(l))) return false;
    }
    return true;
  }

  int64_t bytes() const {
    int64_t words = 0;
    for (int64_t l = 0; l < step_.layers; l++) words += words_of(l);
    return rounded(words * 8) + (step_.layers > 1) * 2 * output() + (is_whole() ? 0 : step_.states * ring());
  }

  // The runs, in `memory` of so many bytes
  TtRun* place(char* memory, void* const* addresses) const {
    const int64_t S = step_.states, part = first().rows * first().units * size();
    TtRun* runs = reinterpret_cast<TtRun*>(memory);
    int64_t* words = reinterpret_cast<int64_t*>(runs + step_.layers);
    char* outputs = memory + bytes() - (is_whole() ? 0 : S * ring()) - (step_.layers > 1) * 2 * output();
    char* rings = memory + bytes() - S * ring();
    int64_t x = word(addresses[0]);
    for (int64_t l = 0; l < step_.layers; l++) {
      const TtRun& run = runs[l] = *step_.runs[l];
      const int64_t* at = buffers_of(l);
      const int64_t y = word(l + 1 < step_.layers ? outputs + l % 2 * output() : addresses[1]);
      put(words, at[0], x, 0, run.inputs);
      put(words, at[1], y, 0, run.units);
      for (int64_t s = 0; s < S; s++) {
        const int64_t before = word(addresses[2 + s]) + l * part, after = word(addresses[2 + S + s]) + l * part;
        put(words, at[2 + 2 * s], is_whole() ? 0 : word(rings + s * ring()), before, run.units);
        put(words, at[3 + 2 * s], after, after, run.units);  // every row ends: nothing is written for a next step
      }
      runs[l].buffers = words;
      words += 4 * run.program->buffers.size();
      x = y;
    }
    return runs;
  }

 private:
  const TtStep& step_;

  static int64_t rounded(int64_t bytes) { return (bytes + 63) / 64 * 64; }
  static int64_t word(const void* address) { return int64_t(reinterpret_cast<intptr_t>(address)); }
  const TtRun& first() const { return *step_.runs[0]; }
  const int64_t* buffers_of(int64_t layer) const { return step_.buffers + layer * (2 + 2 * step_.states); }
  int64_t words_of(int64_t layer) const { return int64_t(sizeof(TtRun) / 8 + 4 * step_.runs[layer]->program->buffers.size()); }
  int64_t size() const { return first().is_double ? 8 : 4; }
  int64_t output() const { return rounded(first().rows * first().units * size()); }
  bool is_whole() const { return first().units % TT_PANEL == 0; }  // then states are read where they lie
  int64_t ring() const { return 2 * first().rows * whole_panels(first().units) * size(); }

  static void put(int64_t* words, int64_t buffer, int64_t base, int64_t other, int64_t row_stride) {
    if (buffer < 0) return;
    const int64_t given[4] = {base, other, row_stride, 0};
    memcpy(words + 4 * buffer, given, sizeof(given));
  }

  bool knows(const std::vector<BufferKind>& buffers, const int64_t* at) const {
    int64_t known = 0, asked = 0;
    for (const BufferKind& buffer : buffers) asked += buffer.kind != TT_SPILL;
    for (int64_t i = 0; i < 2 + 2 * step_.states; i++) {
      if (at[i] < 0) continue;
      if (at[i] >= int64_t(buffers.size())) return false;
      const BufferKind& buffer = buffers[at[i]];
      if (buffer.kind != (i < 2 ? TT_USER : i % 2 ? TT_NEXT_RING : TT_STATE_RING)) return false;
      if (buffer.parts != 1 || buffer.width != (i ? UNITS : INPUTS)) return false;
      for (int64_t j = 0; j < i; j++)
        if (at[j] == at[i]) return false;
      known++;
    }
    return known == asked;
  }
};
