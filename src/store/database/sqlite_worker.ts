/**
 * The module of the thread that does what takes SQLite long: that thread waits for SQLite, and the program goes on.
 *
 * A file of its own, since a worker loads its module by URL.
 *
 * @module
 */
import { answerMessages } from "../../words/helper_thread.ts";
import { findDefectHere } from "./check_database.ts";
import { emptyRows } from "./empty_rows.ts";
import { vacuum } from "./free_space.ts";
import type { SqliteTask } from "./sqlite_thread.ts";

answerMessages((task: SqliteTask) => {
  switch (task.do) {
    case "empty":
      return emptyRows(task);
    case "check":
      return findDefectHere(task.path, "whole");
    case "vacuum":
      return vacuum(task);
  }
});
