// Makes the files that postmap(1) makes; postmap itself is not on a build machine.
#pragma once

#include <db.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

enum class trailing_nul { yes, no };

inline void write_berkeley_db(const std::string& path, DBTYPE type,
                              const std::vector<std::pair<std::string, std::string>>& entries,
                              trailing_nul nul = trailing_nul::yes) {
    const auto check = [&](int error) {
        if (error != 0)
            throw std::runtime_error(path + ": " + db_strerror(error));
    };
    DB* db = nullptr;
    check(db_create(&db, nullptr, 0));
    check(db->open(db, nullptr, path.c_str(), nullptr, type, DB_CREATE | DB_TRUNCATE, 0644));
    for (auto [key, value] : entries) {
        const std::size_t extra = nul == trailing_nul::yes ? 1 : 0; // the string's own NUL
        DBT db_key{}, db_value{};
        db_key.data = key.data();
        db_key.size = static_cast<u_int32_t>(key.size() + extra);
        db_value.data = value.data();
        db_value.size = static_cast<u_int32_t>(value.size() + extra);
        check(db->put(db, nullptr, &db_key, &db_value, 0));
    }
    check(db->close(db, 0));
}
