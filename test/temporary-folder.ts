import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

/** Around all tests, once: they and the processes that they start write to one folder of their own, which is gone when they have ended. */
export default function ownTemporaryFolder(project: TestProject): (() => void) | undefined {
  if (project !== project.vitest.getRootProject()) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-tests-'));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
