import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { fileVersion, watchFile } from "./watch-file.ts";

const PATIENCE = { timeout: 20_000 };

/** A folder with a folder `config` in it, whose file `a.json` is to be watched. */
async function createFolder() {
  const root = await mkdtemp(join(tmpdir(), "millrace-watch-"));
  onTestFinished(() => rm(root, { recursive: true }));
  const folder = join(root, "config");
  await mkdir(folder);
  return { root, folder, path: join(folder, "a.json") };
}

function watched(path: string, recheckMs: number) {
  const onChange = vi.fn<() => Promise<void>>(() => Promise.resolve());
  const warn = vi.fn<(fields: object, message: string) => void>();
  const watch = watchFile({ path, onChange, logger: { warn, error: warn }, recheckMs });
  onTestFinished(() => watch[Symbol.dispose]());
  return { onChange, warn, watch };
}

test("[service.watch.away] a file that is taken away for a while has changed once it is back", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const { path } = await createFolder();
  await writeFile(path, "1");
  const { onChange } = watched(path, 1_000);
  await rm(path);
  vi.advanceTimersByTime(2_000);
  expect(onChange).not.toHaveBeenCalled();
  await writeFile(path, "22");
  vi.advanceTimersByTime(2_000);
  expect(onChange).toHaveBeenCalledTimes(1);
});

test("[service.watch.disposed] nothing is told of a file whose watch has ended", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const { path } = await createFolder();
  await writeFile(path, "1");
  const { onChange, watch } = watched(path, 100);
  await writeFile(path, "22");
  // It has been seen, and the editor is given its time.
  vi.advanceTimersByTime(150);
  watch[Symbol.dispose]();
  vi.advanceTimersByTime(2_000);
  expect(onChange).not.toHaveBeenCalled();
});

test("[service.watch.unreadable] a file that can no longer be looked at is a change, and so is its return", async () => {
  const { path } = await createFolder();
  await writeFile(path, "1");
  const { onChange } = watched(path, 60_000);
  await symlink("a.json", `${path}.new`);
  await rename(`${path}.new`, path);
  await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), PATIENCE);
  onChange.mockClear();
  await writeFile(`${path}.new`, "22");
  await rename(`${path}.new`, path);
  await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), PATIENCE);
});

test("[service.watch.since] a change between the reading of the file and the beginning of its watch is noticed", async () => {
  const { path } = await createFolder();
  await writeFile(path, "1");
  const since = fileVersion(path);
  await writeFile(path, "22");
  const onChange = vi.fn<() => Promise<void>>(() => Promise.resolve());
  const logger = { warn: () => {}, error: () => {} };
  const watch = watchFile({ path, onChange, logger, since, recheckMs: 60_000 });
  onTestFinished(() => watch[Symbol.dispose]());
  await vi.waitFor(() => expect(onChange).toHaveBeenCalledTimes(1), PATIENCE);
});

test("[service.watch.links] a change of what a link leads to in another folder is noticed", async () => {
  const { root, path } = await createFolder();
  const target = join(root, "real.json");
  await writeFile(target, "1");
  await symlink(target, path);
  const { onChange } = watched(path, 20);
  await writeFile(target, "22");
  await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), PATIENCE);
});

test("[service.watch.folders] changes in a folder that took the place of the old one are noticed", async () => {
  const { folder, path } = await createFolder();
  await writeFile(path, "1");
  const { onChange } = watched(path, 20);
  await rm(folder, { recursive: true });
  await mkdir(folder);
  for (const text of ["22", "333"]) {
    onChange.mockClear();
    await writeFile(path, text);
    await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), PATIENCE);
  }
});

test("[service.watch.folders] a folder that cannot be watched is told, and the file is followed all the same", async () => {
  const { folder, path } = await createFolder();
  await rm(folder, { recursive: true });
  const { onChange, warn } = watched(path, 20);
  expect(warn).toHaveBeenCalledWith(
    expect.objectContaining({ path }),
    expect.stringContaining("is not watched") as string,
  );
  await mkdir(folder);
  await writeFile(path, "1");
  await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), PATIENCE);
});
