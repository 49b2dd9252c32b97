import { generateKeyPairSync, sign } from "node:crypto";

/** One value in DER (ITU-T X.690): its tag, the length of its content, and the content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const bytes = length < 128 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
}

const sequence = (...parts: readonly Buffer[]) => der(0x30, ...parts);
const integer = (...bytes: readonly number[]) => der(0x02, Buffer.from(bytes));
const utcTime = (text: string) => der(0x17, Buffer.from(text, "ascii"));
/** 1.3.101.112, Ed25519. */
const ED25519 = sequence(der(0x06, Buffer.from([0x2b, 0x65, 0x70])));
/** 2.5.4.3, the common name. */
const COMMON_NAME = der(0x06, Buffer.from([0x55, 0x04, 0x03]));

/** A certificate for `localhost` that nobody but its own key has signed (RFC 5280), and that key, both as PEM. */
export function createSelfSigned(): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const name = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from("localhost")))));
  const unsigned = sequence(
    der(0xa0, integer(2)),
    integer(1),
    ED25519,
    name,
    sequence(utcTime("200101000000Z"), utcTime("491231235959Z")),
    name,
    publicKey.export({ type: "spki", format: "der" }),
  );
  const signature = der(0x03, Buffer.from([0]), sign(null, unsigned, privateKey));
  const base64 = sequence(unsigned, ED25519, signature).toString("base64");
  const lines = base64.match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n"),
  };
}
