//! The migrations: written once, for PostgreSQL, and translated for SQLite.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

/// Version, description and PostgreSQL text of every migration, oldest first.
const MIGRATIONS: &[(i64, &str, &str)] =
    &[(1, "articles", include_str!("migrations/0001_articles.sql"))];

/// All migrations in SQLite's dialect.
pub(super) fn for_sqlite() -> Migrator {
    let migration = |(version, description, sql): &(i64, &'static str, &str)| {
        Migration::new(
            *version,
            (*description).into(),
            MigrationType::Simple,
            AssertSqlSafe(to_sqlite(sql)).into_sql_str(),
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
