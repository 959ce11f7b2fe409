// Runs natively what `npm run report -- exact` recorded, so that the same bytes can be asked of every build:
//   run_recorded ZOO FOLDER NAME...
// For each NAME it reads FOLDER/NAME/inputs.json and .bin (.scripts/exact_run.mjs says what is in them) and writes
// native.json and .bin: the bytes of each output, or the message of the error that ended the runs.
#include <algorithm>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "format/load.h"
#include "runtime/session.h"
#include "support/files.h"

namespace litequant::test {
namespace {

using nlohmann::json;

// What a signature, or a model without one, is run with.
struct Ports {
  int32_t graph = 0;
  std::vector<std::pair<std::string, int32_t>> inputs, outputs;  // names and tensors
};

Ports ports_of(const Model& model, const std::string& key) {
  Ports ports;
  for (const Signature& signature : model.signatures) {
    if (signature.key != key) continue;
    ports.graph = static_cast<int32_t>(signature.graph);
    for (const auto& entry : signature.inputs)
      ports.inputs.emplace_back(entry.name, static_cast<int32_t>(entry.tensor));
    for (const auto& entry : signature.outputs)
      ports.outputs.emplace_back(entry.name, static_cast<int32_t>(entry.tensor));
    return ports;
  }
  const Graph& graph = model.graphs[0];
  const auto named = [&](int32_t tensor) { return std::pair(graph.tensors[static_cast<size_t>(tensor)].name, tensor); };
  for (const int32_t tensor : graph.inputs) ports.inputs.push_back(named(tensor));
  for (const int32_t tensor : graph.outputs) ports.outputs.push_back(named(tensor));
  return ports;
}

size_t place_of(const std::vector<int32_t>& tensors, int32_t tensor) {
  return static_cast<size_t>(std::find(tensors.begin(), tensors.end(), tensor) - tensors.begin());
}

const json& named(const json& tensors, const std::string& name) {
  for (const json& tensor : tensors) {
    if (tensor["name"] == name) return tensor;
  }
  throw std::runtime_error("the record has no input '" + name + "'");
}

class Runner {
 public:
  Runner(const std::filesystem::path& model_file, const std::filesystem::path& folder)
      : file_(read_file(model_file)), model_(load_model(file_)), data_(read_file(folder / "inputs.bin")) {
    std::ifstream(folder / "inputs.json") >> record_;
  }

  void run() {
    for (const json& entry : record_["runs"]) {
      const std::string key = entry["signature"];
      const Ports ports = ports_of(*model_, key);
      const Graph& graph = model_->graphs[static_cast<size_t>(ports.graph)];
      if (!sessions_.contains(key)) sessions_[key] = session_for(entry, ports, graph);
      Session& session = *sessions_[key];
      if (!record_["isStream"].get<bool>()) session.reset();
      for (const auto& [name, tensor] : ports.inputs) {
        const std::span<std::byte> target = session.input(place_of(graph.inputs, tensor));
        std::memcpy(target.data(), data_.data() + named(entry["inputs"], name)["offset"].get<size_t>(), target.size());
      }
      session.run();
      json outputs = json::array();
      for (const std::string name : entry["results"]) outputs.push_back(output(session, ports, graph, name));
      runs.push_back({{"inputs", json::array()}, {"outputs", std::move(outputs)}});
    }
  }

  json runs = json::array();
  std::vector<std::byte> bytes;

 private:
  std::unique_ptr<Session> session_for(const json& entry, const Ports& ports, const Graph& graph) const {
    std::vector<Shape> shapes(graph.inputs.size());
    for (const auto& [name, tensor] : ports.inputs) {
      Shape& shape = shapes[place_of(graph.inputs, tensor)];
      for (const int32_t dim : named(entry["inputs"], name)["shape"]) shape.push_back(dim);
    }
    return std::make_unique<Session>(Plan::make(model_, ports.graph, shapes, {}));
  }

  json output(const Session& session, const Ports& ports, const Graph& graph, const std::string& name) {
    for (const auto& [own, tensor] : ports.outputs) {
      if (own != name) continue;
      const std::span<const std::byte> result = session.output(place_of(graph.outputs, tensor));
      json entry = {{"name", name}, {"type", "uint8"}, {"shape", {result.size()}}, {"offset", bytes.size()}};
      bytes.insert(bytes.end(), result.begin(), result.end());
      bytes.resize((bytes.size() + 7) / 8 * 8);
      return entry;
    }
    throw std::runtime_error("the model has no output '" + name + "'");
  }

  std::vector<std::byte> file_;
  std::shared_ptr<const Model> model_;
  std::vector<std::byte> data_;
  json record_;
  std::map<std::string, std::unique_ptr<Session>> sessions_;
};

void run_model(const std::filesystem::path& zoo, const std::filesystem::path& folder, const std::string& name) {
  json result = {{"runs", json::array()}};
  std::vector<std::byte> bytes;
  try {
    Runner runner(zoo / (name + ".tflite"), folder / name);
    runner.run();
    result["runs"] = std::move(runner.runs);
    bytes = std::move(runner.bytes);
  } catch (const Error& error) {
    result["failure"] = error.message();
  } catch (const std::exception& error) {
    result["failure"] = error.what();
  }
  std::ofstream(folder / name / "native.bin", std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  std::ofstream(folder / name / "native.json") << result;
}

}  // namespace
}  // namespace litequant::test

int main(int count, char** words) {
  if (count < 3) {
    std::cerr << "usage: run_recorded ZOO FOLDER NAME...\n";
    return 2;
  }
  for (int i = 3; i < count; ++i) {
    std::cerr << words[i] << std::endl;
    litequant::test::run_model(words[1], words[2], words[i]);
  }
  return 0;
}
