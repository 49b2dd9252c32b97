// What servers and models write must not be able to move the cursor, or retitle the terminal.
// oxlint-disable-next-line no-control-regex -- these are what is to be found
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Text that does nothing but stand there; line feeds and tabs stay. */
export function printable(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(CONTROLS, "");
}

/** The same on one line. */
export function printableLine(text: string): string {
  return printable(text).replaceAll(/\s+/g, " ").trim();
}

/** The text, cut to at most `length` characters. */
export function shortened(text: string, length: number): string {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, Math.max(0, length - 1)).join("")}…`;
}

/** How many characters a text has; wide ones count as one. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}
