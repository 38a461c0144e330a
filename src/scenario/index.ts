/**
 * Scenario: one experiment with every default filled in, and the load that routing put on it. Plain types, defaults and
 * rules across fields; reading files is the work of intake/.
 */

export * from './load.ts';
export * from './scenario.ts';
