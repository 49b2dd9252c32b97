import type { ToolUseBlock } from "@millrace/contracts";
import { BLOCK_LENGTH } from "../answer-length.ts";
import { readObject, readText } from "../given-values.ts";
import { readToolInput } from "../tool-input.ts";

interface GivenPiece {
  readonly index: unknown;
  readonly id: string;
  readonly name: string;
  readonly json: string;
  /** What Gemini sends along with a call, in JSON; empty without. */
  readonly extra: string;
}

interface OpenCall {
  readonly index: unknown;
  id: string;
  name: string;
  json: string;
  extra: string;
  /** Its first piece had all of its arguments. */
  readonly isWhole: boolean;
}

/** Puts tool calls together from the pieces of a stream. */
export class ToolCallPieces {
  /** How long all calls are together so far, in characters. */
  length = 0;
  readonly #calls: OpenCall[] = [];

  take(piece: Readonly<Record<string, unknown>>): void {
    const given = readPiece(piece);
    const call = this.#callOf(given);
    const before = lengthOf(call);
    call.id ||= given.id;
    call.name ||= given.name;
    call.json += given.json;
    call.extra ||= given.extra;
    this.length += lengthOf(call) - before;
  }

  /** Ids as the server gave them, or empty. */
  finish(): ToolUseBlock[] {
    return this.#calls.map(({ id, name, json, extra }) => ({
      type: "tool_use",
      id,
      name,
      ...readToolInput(json),
      ...(extra === "" ? {} : { extra_content: JSON.parse(extra) as ToolUseBlock["extra_content"] }),
    }));
  }

  /**
   * A piece belongs to the call of its index. Some servers leave the index out, or give it to every call: then a
   * name under another id, or a name without any index, begins the next call. So does a name without any id, when it
   * comes with arguments and those before were whole.
   */
  #callOf({ index, id, name, json }: GivenPiece): OpenCall {
    const known = this.#calls.findLast((call) => index === undefined || call.index === index);
    const hasOtherId = id !== "" && known?.id !== "" && known?.id !== id;
    const comesWhole = id === "" && json !== "" && known?.id === "" && known.isWhole;
    const begins = name !== "" && (index === undefined || hasOtherId || comesWhole);
    if (known && !begins) return known;
    const call: OpenCall = { index, id: "", name: "", json: "", extra: "", isWhole: isWhole(json) };
    this.#calls.push(call);
    this.length += BLOCK_LENGTH;
    return call;
  }
}

function readPiece(piece: Readonly<Record<string, unknown>>): GivenPiece {
  const { name, arguments: json = "" } = readObject(piece["function"]);
  const extra = readObject(piece["extra_content"]);
  return {
    index: piece["index"] ?? undefined,
    id: readText(piece["id"]),
    name: readText(name),
    // Some servers send the arguments as an object, whole.
    json: typeof json === "string" ? json : JSON.stringify(json ?? ""),
    extra: Object.keys(extra).length === 0 ? "" : JSON.stringify(extra),
  };
}

function isWhole(json: string): boolean {
  return json.trim() !== "" && readToolInput(json).malformed_input === undefined;
}

function lengthOf({ id, name, json, extra }: OpenCall): number {
  return id.length + name.length + json.length + extra.length;
}
