import type { ChatCompletionChunk } from "openai/resources/chat/completions";
import type { ToolUseBlock } from "@millrace/contracts";
import { BLOCK_LENGTH } from "../answer-length.ts";
import { readToolInput } from "../tool-input.ts";

type Piece = ChatCompletionChunk.Choice.Delta.ToolCall;

interface OpenCall {
  readonly index: number | undefined;
  id: string;
  name: string;
  json: string;
}

/** Puts tool calls together from the pieces of a stream. */
export class ToolCallPieces {
  /** Of all calls so far, in characters. */
  length = 0;
  readonly #calls: OpenCall[] = [];

  take(piece: Piece): void {
    const call = this.#callOf(piece);
    const before = lengthOf(call);
    call.id ||= piece.id ?? "";
    call.name ||= piece.function?.name ?? "";
    this.length += lengthOf(call) - before;
    const json: unknown = piece.function?.arguments;
    // Some servers send the arguments as an object, whole.
    if (json === undefined || json === null) return;
    const text = typeof json === "string" ? json : JSON.stringify(json);
    call.json += text;
    this.length += text.length;
  }

  /** Ids as the server gave them, or empty. */
  finish(): ToolUseBlock[] {
    return this.#calls.map(({ id, name, json }) => ({ type: "tool_use", id, name, ...readToolInput(json) }));
  }

  /**
   * A piece belongs to the call of its index. Some servers leave the index out, or give it to every call: then a
   * name under another id, or a name without any index, begins the next call.
   */
  #callOf({ index, id, function: named }: Piece): OpenCall {
    const known = this.#calls.findLast((call) => index === undefined || call.index === index);
    const isNamed = (named?.name ?? "") !== "";
    const hasOtherId = Boolean(id) && known?.id !== "" && known?.id !== id;
    const begins = isNamed && (index === undefined || hasOtherId);
    if (known && !begins) return known;
    const call: OpenCall = { index, id: "", name: "", json: "" };
    this.#calls.push(call);
    this.length += BLOCK_LENGTH;
    return call;
  }
}

/** Of what it is called; no server has to send texts. */
function lengthOf({ id, name }: OpenCall): number {
  return `${id}${name}`.length;
}
