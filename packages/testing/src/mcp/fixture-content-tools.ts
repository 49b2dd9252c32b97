import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";

/** A PNG of 8 by 8 blue pixels. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mOQz9+CFTEMLQkAT1lQgbiuSowAAAAASUVORK5CYII=";

/** A PDF of one page that says `text`, which must have no brackets and no backslash. */
function pdfSaying(text: string): Buffer {
  const drawing = `BT /F1 24 Tf 20 100 Td (${text}) Tj ET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${drawing.length} >>\nstream\n${drawing}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  let file = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, "0")} 00000 n \n`;
  });
  const size = objects.length + 1;
  const table = `xref\n0 ${size}\n0000000000 65535 f \n${offsets.join("")}`;
  const trailer = `trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF\n`;
  return Buffer.from(file + table + trailer, "latin1");
}

/** Tools whose results hold more than text. */
export function registerContentTools(server: McpServer): void {
  server.registerTool("image", { description: "Returns a small PNG" }, () => ({
    content: [{ type: "image", mimeType: "image/png", data: PNG }],
  }));
  server.registerTool("pdf", { description: "Returns a small PDF as an embedded resource" }, () => {
    const blob = pdfSaying("Millrace fixture").toString("base64");
    const resource = { uri: "fixture://report.pdf", mimeType: "application/pdf", blob };
    return { content: [{ type: "resource", resource }] };
  });
}
