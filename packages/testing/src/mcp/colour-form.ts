/** A form of which one field has a default. */
export const COLOUR_FORM = {
  type: "object" as const,
  properties: {
    name: { type: "string" as const },
    colour: { type: "string" as const, default: "green" },
  },
};
