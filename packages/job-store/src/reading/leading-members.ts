/** The members of a JSON object whose text may have been cut off: those that are there whole. */
export function leadingMembers(text: string): Readonly<Record<string, unknown>> {
  let depth = 0;
  let isInString = false;
  /** Where the last whole member ends. */
  let end = 0;
  for (let position = 0; position < text.length; position += 1) {
    const character = text[position];
    if (isInString) {
      if (character === "\\") position += 1;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (character === "{" || character === "[") depth += 1;
    else if (character === "," && depth === 1) end = position;
    else if (character === "}" || character === "]") {
      depth -= 1;
      if (depth === 0) return JSON.parse(text) as Record<string, unknown>;
    }
  }
  return end === 0 ? {} : (JSON.parse(`${text.slice(0, end)}}`) as Record<string, unknown>);
}
