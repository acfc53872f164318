// Stands in for libFuzzer where there is no clang: gives the fuzz target the files in the
// directories named, once each, and then files made from them by chance. It knows nothing of the
// code's coverage, so it finds less than libFuzzer, but it runs with every change. A crash leaves
// the input in ./crash-NAME; the files that are made differ in each run.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::string current; // what the target has been given
std::string crash_file;

extern "C" void keep_input(int signal) {
    // Nothing else can be done any more, so it does not matter that this is not signal-safe.
    std::ofstream(crash_file, std::ios::binary) << current;
    std::fprintf(stderr, "signal %d; the input is in %s\n", signal, crash_file.c_str());
    ::_exit(1);
}

void give(std::string bytes) {
    current = std::move(bytes);
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(current.data()), current.size());
}

class mutator {
public:
    explicit mutator(const std::vector<std::string>& seeds)
        : seeds_(seeds), random_(std::random_device{}()) {}

    std::string operator()() {
        std::string bytes = seeds_[below(seeds_.size())];
        for (std::size_t steps = 1 + below(4); steps > 0; --steps)
            step(bytes);
        return bytes;
    }

private:
    std::size_t below(std::size_t end) {
        return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
    }

    void step(std::string& bytes) {
        const std::size_t at = below(bytes.size() + 1);
        const std::size_t length = std::min(bytes.size() - at, 1 + below(16));
        switch (below(6)) {
        case 0: // another byte
            if (at < bytes.size())
                bytes[at] = static_cast<char>(below(256));
            break;
        case 1: // one that means something to somebody
            bytes.insert(at, 1, "\0\n={}: \x80\xff/9"[below(12)]);
            break;
        case 2: // less
            bytes.erase(at, length);
            break;
        case 3: // the same again
            bytes.insert(at, bytes.substr(at, length));
            break;
        case 4: // the end of it is another one's
            bytes = bytes.substr(0, at) + tail();
            break;
        default: // the beginning of it only
            bytes.resize(at);
        }
    }

    std::string tail() {
        const auto& other = seeds_[below(seeds_.size())];
        return other.substr(below(other.size() + 1));
    }

    const std::vector<std::string>& seeds_;
    std::mt19937 random_;
};

} // namespace

int main(int argc, char* argv[]) {
    constexpr std::chrono::seconds limit{2};
    crash_file = "crash-" + std::filesystem::path(argv[0]).filename().string();
    for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS})
        std::signal(signal, keep_input);

    std::vector<std::string> seeds;
    for (int i = 1; i < argc; ++i)
        for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
            std::ifstream file(entry.path(), std::ios::binary);
            seeds.emplace_back(std::istreambuf_iterator<char>(file),
                               std::istreambuf_iterator<char>());
        }
    if (seeds.empty())
        return 1;
    for (const auto& seed : seeds)
        give(seed);
    mutator next(seeds);
    std::size_t made = 0;
    for (const auto end = std::chrono::steady_clock::now() + limit;
         std::chrono::steady_clock::now() < end; ++made)
        give(next());
    std::printf("%zu inputs, and %zu made from them\n", seeds.size(), made);
    return 0;
}
