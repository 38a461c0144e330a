import { EXIT } from '../../base/index.ts';
import type { CommandEntry } from '../command.ts';

const EXAMPLES = `
Editors that know the YAML language server read it from the first line of a scenario:
  # yaml-language-server: $schema=../schema/scenario.schema.json

Example:
  switchyard schema > schema/scenario.schema.json`;

export const schema: CommandEntry = {
  summary: 'print the JSON Schema of scenario files, for editors',
  declare: (command, act) => {
    command.addHelpText('after', EXAMPLES).action(
      act(async ({ io }) => {
        const { scenarioJsonSchema } = await import('../../intake/index.ts');
        io.out(`${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`);
        return EXIT.done;
      }),
    );
  },
};
