#include "program.h"

#include <stdexcept>

namespace {

constexpr int32_t MOST = 1 << 16;       // of anything in a program
constexpr int32_t MOST_SUMS = 16;       // of a group
constexpr int32_t MOST_SLOTS = 1 << 10;

class Words {
 public:
  Words(const int32_t* words, int64_t count) : next_(words), end_(words + count) {}

  int32_t take(const char* what, int64_t below, int32_t least = 0) {
    if (next_ == end_) fail("ends before", what);
    int32_t word = *next_++;
    if (word < least || word >= below) fail("has a wrong", what);
    return word;
  }
  bool done() const { return next_ == end_; }
  [[noreturn]] static void fail(const char* how, const char* what) {
    throw std::invalid_argument(std::string("the program ") + how + " " + what);
  }

 private:
  const int32_t *next_, *end_;
};

bool is_unary(int32_t op) {
  return op == TT_COPY || op == TT_NEG || (op >= TT_SIGMOID && op <= TT_SQRT) || op == TT_ROWSUM || op == TT_PARTSUM_ADD ||
         op == TT_MEAN;
}

bool changes_by_row(int32_t kind) { return kind == TT_USER || kind == TT_NEXT || kind == TT_NEXT_RING; }

class Parser {
 public:
  Parser(const int32_t* words, int64_t count) : words_(words, count) {}

  TtProgram program() {
    TtProgram& p = program_;
    if (words_.take("version", INT32_MAX) != TT_VERSION) Words::fail("is of another", "version");
    p.slots = words_.take("number of slots", MOST_SLOTS);
    p.scalars = words_.take("number of scalars", MOST);
    int32_t buffers = words_.take("number of buffers", MOST);
    p.vectors = words_.take("number of vectors", MOST);
    p.partsums = words_.take("number of partsums", MOST);
    p.maps = words_.take("number of maps", MOST);
    p.constants = words_.take("number of constants", MOST);
    int32_t stages = words_.take("number of stages", MOST);
    int32_t recent = 0;
    for (int32_t i = 0; i < buffers; i++) {
      int32_t kind = words_.take("kind of buffer", TT_KINDS), parts = words_.take("number of parts", MOST, 1);
      p.buffers.push_back({kind, parts, words_.take("width", 2, kind == TT_RECENT ? UNITS : INPUTS)});
      if (kind == TT_RECENT && ++recent > 1) Words::fail("has a second", "buffer of recent steps");
      if (changes_by_row(kind) && parts != 1) Words::fail("has several parts in a", "buffer of the user's");
    }
    for (int32_t i = 0; i < stages; i++) p.stages.push_back(stage());
    if (!words_.done()) Words::fail("goes on after", "its last stage");
    for (size_t i = stages; i-- > 0;) {  // of two in a row at least one waits
      const Stage& next = p.stages[(i + 1) % stages];
      p.stages[i].waits = !next.waits || touches_others(next) || is_touched_by_others(p.stages[i]);
    }
    if (stages && !p.stages.back().waits) p.stages.front().waits = true;
    return std::move(program_);
  }

 private:
  Words words_;
  TtProgram program_;

  Stage stage() {
    Stage stage;
    int32_t before = words_.take("number of operations", MOST), groups = words_.take("number of groups", MOST);
    int32_t ops = words_.take("number of operations", MOST);
    for (int32_t i = 0; i < before; i++) stage.before.push_back(operation());
    for (int32_t i = 0; i < ops; i++) stage.ops.push_back(operation());
    for (int32_t i = 0; i < groups; i++) stage.groups.push_back(group());
    return stage;
  }

  // Whether a stage reads what other threads have computed
  static bool touches_others(const Stage& stage) { return !stage.groups.empty() || spreads(stage); }

  // Whether what other threads read in a stage may be written at once after it: memory that is used again at each step
  bool is_touched_by_others(const Stage& stage) const {
    for (const Group& group : stage.groups)
      if (int32_t kind = program_.buffers[group.buffer].kind; kind != TT_STEP && kind != TT_STATE && kind != TT_RECENT) return true;
    return spreads(stage);
  }

  static bool spreads(const Stage& stage) {
    for (const std::vector<Operation>* ops : {&stage.before, &stage.ops})
      for (const Operation& op : *ops)
        if (op.a.place == TT_SCALAR) return true;
    return false;
  }

  Operand operand() {
    int32_t place = words_.take("place", TT_PLACES);
    const int32_t counts[TT_PLACES] = {program_.slots,     int32_t(program_.buffers.size()), program_.vectors,
                                       program_.constants, program_.scalars,                 program_.partsums,
                                       1};
    int32_t index = words_.take("index of an operand", counts[place]);
    int32_t part = words_.take("part of an operand", place == TT_BUFFER ? program_.buffers[index].parts : 1);
    return {place, index, part};
  }

  // What the loop takes for granted of an operation
  Operation operation() {
    int32_t op = words_.take("operation", TT_OPS);
    Operation o{op, operand(), operand(), operand()};
    bool to_scalar = op == TT_ROWSUM || op == TT_ROWDOT, to_partsum = op == TT_PARTSUM_ADD || op == TT_PARTDOT_ADD;
    int32_t to = o.to.place;
    if (to_scalar ? to != TT_SCALAR : to_partsum ? to != TT_PARTSUM : to != TT_SLOT && to != TT_BUFFER)
      Words::fail("has a wrong", "result of an operation");
    if ((o.b.place == TT_NOWHERE) != is_unary(op)) Words::fail("has a wrong", "number of operands");
    for (const Operand* from : {&o.a, &o.b}) {
      const bool is_mean = op == TT_MEAN || op == TT_RSTD;
      bool fits = from->place <= TT_CONSTANT || (from == &o.b && from->place == TT_NOWHERE);
      if (is_mean && from == &o.a) fits = from->place == TT_SCALAR;
      if (op == TT_RSTD && from == &o.b) fits = from->place == TT_CONSTANT;
      if (!fits) Words::fail("has a wrong", "operand");
    }
    if (op != TT_COPY)
      for (const Operand* any : {&o.to, &o.a, &o.b})
        if (any->place == TT_BUFFER && changes_by_row(program_.buffers[any->index].kind))
          Words::fail("computes with", "a buffer whose rows lie apart");
    return o;
  }

  Group group() {
    Group g;
    g.buffer = words_.take("operand of a product", int64_t(program_.buffers.size()));
    g.part = words_.take("part of an operand", program_.buffers[g.buffer].parts);
    g.reads = words_.take("extent of a product", 3);
    int32_t sums = words_.take("number of sums", MOST_SUMS + 1, 1);
    g.parts = words_.take("number of parts", program_.buffers[g.buffer].parts - g.part + 1, 1);
    int32_t width = program_.buffers[g.buffer].width;
    if (g.reads != READS_PARTS && (g.parts != 1 || g.reads != (width == INPUTS ? READS_INPUTS : READS_UNITS)))
      Words::fail("has a wrong", "extent of a product");
    if (g.reads == READS_PARTS && changes_by_row(program_.buffers[g.buffer].kind))
      Words::fail("has a wrong", "operand of a product");
    for (int32_t i = 0; i < sums; i++) g.sums.push_back(words_.take("slot of a sum", program_.slots));
    for (int32_t i = 0; i < sums * g.parts; i++) g.maps.push_back(words_.take("map", program_.maps));
    return g;
  }
};

}  // namespace

TtProgram parse_program(const int32_t* words, int64_t count) { return Parser(words, count).program(); }

int64_t group_reads(const Group& group, int64_t padded, int64_t units, int64_t inputs) {
  if (group.reads == READS_PARTS) return group.parts * padded;
  return group.reads == READS_INPUTS ? inputs : units;
}

int64_t group_weights(const Group& group, int64_t padded, int64_t units, int64_t inputs) {
  return group_reads(group, padded, units, inputs) * int64_t(group.sums.size()) * padded;
}
