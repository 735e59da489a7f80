/**
 * The module of the threads that `parallel.ts` starts: answers each path with the digest of the file.
 *
 * A file of its own, since a worker loads its module by URL.
 *
 * @module
 */
import { answerMessages } from "../../words/helper_thread.ts";
import { hashFileSync } from "./hash_file.ts";

answerMessages(hashFileSync);
