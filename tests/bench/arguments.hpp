/// `--name value` pairs of a command line.
#pragma once

#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>

namespace bench {

class arguments {
public:
    arguments(int argc, char* argv[], int first) {
        for (int i = first; i < argc; i += 2) {
            const std::string name = argv[i];
            if (!name.starts_with("--") || i + 1 == argc)
                throw std::runtime_error("expected --name value, not " + name);
            values_[name.substr(2)] = argv[i + 1];
        }
    }
    [[nodiscard]] bool has(const std::string& name) const { return values_.contains(name); }
    [[nodiscard]] std::string text(const std::string& name) const {
        const auto found = values_.find(name);
        if (found == values_.end())
            throw std::runtime_error("--" + name + " is missing");
        return found->second;
    }
    [[nodiscard]] unsigned long number(const std::string& name) const {
        return std::stoul(text(name));
    }
    [[nodiscard]] unsigned long number(const std::string& name, unsigned long otherwise) const {
        return has(name) ? number(name) : otherwise;
    }

private:
    std::map<std::string, std::string> values_;
};

} // namespace bench
