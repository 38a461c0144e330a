import { spawnSync } from 'node:child_process';
import type { TestProject } from 'vitest/node';

/** Before all tests, once: builds what has changed of the sources, for the threads and processes that tests start. A type error is shown, and hinders no test. */
export default function build(project: TestProject): void {
  const isFirst = project === project.vitest.getRootProject();
  if (isFirst) spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'tsconfig.node.json'], { stdio: 'inherit' });
}
