//! The migrations: written once, for PostgreSQL, and translated for SQLite.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

/// A step from one shape of the tables to the next.
struct Step {
    version: i64,
    description: &'static str,
    /// For PostgreSQL; translated for SQLite.
    sql: &'static str,
    /// What SQLite alone understands, run after the rest. Only the search table needs two texts.
    sqlite: &'static str,
}

/// Every migration, oldest first.
const MIGRATIONS: &[Step] = &[
    Step {
        version: 1,
        description: "articles",
        sql: include_str!("migrations/0001_articles.sql"),
        sqlite: "",
    },
    Step {
        version: 2,
        description: "library",
        sql: include_str!("migrations/0002_library.sql"),
        sqlite: include_str!("migrations/0002_search.sqlite.sql"),
    },
    Step {
        version: 4,
        description: "spending",
        sql: include_str!("migrations/0004_spending.sql"),
        sqlite: "",
    },
    Step {
        version: 5,
        description: "search behind the ends",
        sql: include_str!("migrations/0005_search_lag.sql"),
        sqlite: "",
    },
    Step {
        version: 6,
        description: "searches narrowed by tokens",
        sql: "",
        sqlite: include_str!("migrations/0006_search_narrowing.sqlite.sql"),
    },
    Step {
        version: 7,
        description: "styles and languages of revisions",
        sql: include_str!("migrations/0007_revision_kinds.sql"),
        sqlite: "",
    },
    Step {
        version: 8,
        description: "dead letters",
        sql: include_str!("migrations/0008_dead_letters.sql"),
        sqlite: "",
    },
    Step {
        version: 9,
        description: "costs of a day",
        sql: include_str!("migrations/0009_costs_of_a_day.sql"),
        sqlite: "",
    },
];

/// All migrations in SQLite's dialect.
pub(super) fn for_sqlite() -> Migrator {
    let migration = |step: &Step| {
        Migration::new(
            step.version,
            step.description.into(),
            MigrationType::Simple,
            AssertSqlSafe(to_sqlite(step.sql) + step.sqlite).into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect())
}

/// Translates DDL. Comments are dropped; the result of a released migration has to stay the same
/// to the byte, because its checksum is stored in every database.
fn to_sqlite(sql: &str) -> String {
    let code: Vec<&str> =
        sql.lines().map(|line| line.split("--").next().unwrap_or_default().trim_end()).collect();
    let code = code.join("\n");
    let mut translated = String::with_capacity(code.len());
    for statement in code.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
        let is_table = statement.starts_with("CREATE TABLE");
        for piece in statement.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let end = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let word = match end {
                "UUID" => "BLOB",
                "JSONB" => "TEXT",
                "BIGINT" | "BOOLEAN" => "INTEGER",
                other => other,
            };
            translated.push_str(word);
            translated.push_str(&piece[end.len()..]);
        }
        translated.push_str(if is_table { " STRICT;\n" } else { ";\n" });
    }
    translated
}

#[cfg(test)]
mod tests {
    use super::to_sqlite;

    #[test]
    fn types_become_those_of_strict_tables() {
        let sql = "-- UUID; here\nCREATE TABLE a (\n    id UUID, -- b\n    UUID_x JSONB, n BIGINT\n);\n\
                   CREATE INDEX i ON a (n);\n";
        assert_eq!(
            to_sqlite(sql),
            "CREATE TABLE a (\n    id BLOB,\n    UUID_x TEXT, n INTEGER\n) STRICT;\n\
             CREATE INDEX i ON a (n);\n"
        );
    }
}
