import { assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { isPlainStatement, isSchemaOfDeno } from "../../src/store/database/check_schema.ts";
import { withFolder } from "../support/store_rig.ts";

Deno.test("all statements that this Deno makes are plain", () =>
  withFolder(async (folder) => {
    (await Deno.openKv(`${folder}/meta.kv`)).close();
    using database = new DatabaseSync(`${folder}/meta.kv`);
    const statements = database.prepare("SELECT sql FROM sqlite_schema WHERE sql NOT NULL").all()
      .map(({ sql }) => String(sql));
    assertEquals(statements.length >= 6, true);
    assertEquals(statements.filter((sql) => !isPlainStatement(sql)), []);
    assertEquals(await isSchemaOfDeno(database, `${folder}/meta.kv`), true);
  }));

Deno.test("plain statements have columns, types, keys and constants, and nothing that computes", () => {
  const plain = [
    "CREATE TABLE t (k)",
    "CREATE TABLE t(k integer primary key, v blob not null default -1, unique (k, v)) without rowid, strict",
    "CREATE INDEX i on t (k, v desc)",
    "CREATE UNIQUE INDEX i on t(k)",
  ];
  assertEquals(plain.filter((sql) => !isPlainStatement(sql)), []);
  const odd = [
    "CREATE TABLE t (k, check (k > 0))",
    "CREATE TABLE t (k CHECK(hex(k)))",
    "CREATE TABLE t (k, v as (hex(k)))",
    "CREATE TABLE t (k, v generated always as (1))",
    "CREATE TABLE t (k default (hex(1)))",
    "CREATE TABLE t (k collate nocase)",
    "CREATE TABLE t (k references u (k))",
    "CREATE TABLE t (k) /* more */",
    'CREATE TABLE "t" (k)',
    "CREATE INDEX i on t (hex(k))",
    "CREATE INDEX i on t ((k))",
    "CREATE INDEX i on t (k) where k > 0",
    "CREATE INDEX i on t (k, -hex (k))",
    "CREATE VIRTUAL TABLE t using fts5(k)",
    "CREATE TRIGGER t",
    `CREATE TABLE t (${"k, ".repeat(5000)}k)`,
  ];
  assertEquals(odd.filter(isPlainStatement), []);
});
