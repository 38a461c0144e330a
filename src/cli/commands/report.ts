import type { CommandEntry } from '../command.ts';

const EXAMPLES = `
Writes index.html, or comparison.html when the only file is a comparison.

Examples:
  switchyard report reports/tiny/result.json
  switchyard report reports/*/result.json --out reports/all
  switchyard report data/experiments/*.json --out reports/experiments`;

export const report: CommandEntry = {
  summary: 'rebuild one page from stored results, comparisons, training runs and experiments',
  declare: (command, act) => {
    command
      .argument('<files...>', 'result.json, comparison.json, training.json and experiment.json files')
      .option('--out <folder>', 'where to write the page (default beside a single file, else reports/combined)')
      .addHelpText('after', EXAMPLES)
      .action(
        act(async (context, common, files: string[], options: { readonly out?: string }) => {
          const { rebuildPage } = await import('../rebuild-page.ts');
          return rebuildPage(context, common, files, options);
        }),
      );
  },
};
